"""Tactics tried one by one or many at a time in the Lean of the wheel, compared with whole scripts."""

import contextlib
import os
import random
import signal

import pytest

from helpers import needs_lean
from lean_ebm.cli.proving import main
from lean_ebm.errors import SettingError
from lean_ebm.proving.lean import Lean, LeanEnvironment
from lean_ebm.proving.lean.probes import Probe
from lean_ebm.proving.lean.session import LeanSession
from lean_ebm.proving.numbers.levels import LEVELS, find_level, levels
from lean_ebm.proving.numbers.texts import TextTactics
from lean_ebm.proving.processes import ProcessFailedError
from lean_ebm.proving.search import BestFirst, SearchBudget
from lean_ebm.proving.statements import Attempt, Outcome, Request, State, Statement

pytestmark = needs_lean

SWAP = find_level("add_comm").statement


@pytest.fixture(scope="module")
def environment():
    with LeanEnvironment(Lean(world="numbers")) as environment:
        yield environment


def after(environment, statement, *tactics):
    state = environment.start(statement).state
    for tactic in tactics:
        state = environment.apply(state, tactic).state
    return state


def compared(environment, state: State, tactics: list[str], goal: int = 0) -> list[Outcome]:
    """Try tactics together, and check that each leaves what it leaves at the end of a whole script."""
    steps = environment.apply_many([Request(state, tactic, goal) for tactic in tactics])
    around = ([f"rotate_left {goal}"], [f"rotate_right {goal}"]) if goal else ([], [])
    before = [state.handle.script] if state.handle.script else []
    scripts = ["\n".join([*before, *around[0], tactic, *around[1]]) for tactic in tactics]
    reports = environment.lean.check([Attempt(state.handle.statement, script) for script in scripts])
    for tactic, step, report in zip(tactics, steps, reports, strict=True):
        assert step.outcome.succeeded == report.outcome.succeeded, (tactic, step, report)
        if step.state is not None:
            assert (step.outcome, step.state.goals) == (report.outcome, report.goals), tactic
        else:
            assert step.message, tactic
    return [step.outcome for step in steps]


TRICKY = [
    "rw [add_zero]",
    "rw [← add_zero]",
    "rw [← add_zero a]",
    "rw [mul_comm]",
    "rw [add_comm]",
    "symm",
    "rfl",
    "induction a",
    "induction a with | zero => ?_ | succ a ihb => ?_",
    "induction a with\n| zero => rfl\n| succ a ihb => skip",
    "cases a with\n| zero => skip\n| succ m => skip",
    "cases a with | inl x => ?_ | inr y => ?_",
    "cases a with | zero => ?_ | succ n => ?_ | more => ?_",
    "cases a with | zero => ?_ | zero => ?_ | succ n => ?_",
    "cases a with | zero => ?_ | succ n m k => ?_",
    "cases a with | zero => rw [mul_comm] | succ n => ?_",
    "cases a with | zero => exact nothing | succ n => ?_",
    "cases a with | zero => nothing | succ n => ?_",
    "induction a with | zero => ?_",
    "induction a using Nat.rec with | zero => ?_ | succ n ih => ?_",
    "induction a generalizing nothing",
    "induction a + b",
    "obtain ⟨c, h⟩ := a",
    "obtain ⟨c, d, e, h⟩ := add_zero a",
    "rcases a with _ | _ | _ | _",
    "rcases nothing with h | h",
    "exact (add_comm · b) a",
    "exact add_zero (nothing a)",
    "exact add_zero (a := nothing)",
    "exact @add_zero",
    "exact add_zero a a a",
    "refine add_zero ?x",
    "have h := nothing a",
    "have h : nothing a := ?_",
    "have h (x : nothing) : a = a := ?_",
    "rw [nothing]",
    "rw [add_zero, nothing]",
    "rw [add_zero] at nothing",
    "rw [add_zero a, add_zero (nothing b)]",
    "show nothing a",
    "change a = nothing",
    "exists nothing",
    "use 0, 1, 2",
    "specialize a 0",
    "subst nothing",
    "clear nothing",
    "revert nothing",
    "unfold nothing",
    "intro h h h h h h h",
    "injection a with x y z",
    "replace a := nothing",
    "left; right",
    "constructor; skip",
    "exact absurd rfl (by decide)",
    "have h : a = 0 := by rw [zero_add]",
    "have h : a = a := by rfl",
    "have h : a = a := rfl",
    "have h : a = 0 := ?_",
    "refine Eq.trans ?_ ?_",
    "refine Eq.trans (b := ?x) ?_ ?_",
    "exact Eq.trans rfl _",
    "rename_i k",
    "rename_i",
    "next => skip",
    "case zero => skip",
    "(rw [add_succ])",
    "rw [add_succ] <;>",
    "rw [add_succ] <;> skip",
    "skip | skip",
    "skip\n| skip",
    "first | rw [zero_add] | skip",
    "all_goals skip",
    "any_goals rfl",
    "· rfl",
    "at h",
    "| skip",
    "  skip",
    "exact (",
    "exact h ▸",
    "exact h ▸ rfl",
    "intro",
    "intro x",
    "apply add_zero",
    "exact fun h => h",
    "constructor",
    "exfalso",
    "contradiction",
    "exact sorry",
    "trivial",
    "show _ = _",
    "decide",
    "simp only [add_succ]",
    "dsimp only",
    "calc\n  a = a := rfl",
    "obtain h | h := a",
    "exists 0",
    "omega",
    "exact?",
    "done",
    "fail",
    "trace_state",
    "skip -- a comment",
]


@pytest.mark.parametrize(
    ("statement", "tactics", "goal"),
    [
        (str(SWAP), (), 0),
        ("(a b : MyNat) : ∃ x, x = a + b", ("refine ⟨?_, ?_⟩",), 1),
        ("(a b : MyNat) (h : a ≤ b) : a = b ∨ succ a ≤ b", (), 0),
    ],
)
def test_what_is_tried_together_is_what_whole_scripts_do(environment, statement, tactics, goal):
    outcomes = compared(environment, after(environment, Statement.of(statement), *tactics), TRICKY, goal)
    assert {Outcome.OK, Outcome.TACTIC_ERROR, Outcome.PARSE_ERROR, Outcome.FORBIDDEN} <= set(outcomes)


@pytest.mark.slow
def test_random_tactics_in_random_states(environment):
    draw = random.Random(0)
    count = 0
    while count < 400:
        level = draw.choice(levels())
        state = environment.start(level.statement).state
        listed = TextTactics(level.statement)
        for _ in range(4):
            tactics = listed(state)
            chosen = draw.sample(tactics, min(20, len(tactics)))
            compared(environment, state, chosen)
            count += len(chosen)
            steps = [environment.apply(state, tactic) for tactic in chosen[:5]]
            left = [step.state for step in steps if step.outcome is Outcome.OK]
            if not left:
                break
            state = draw.choice(left)


def test_an_error_that_is_lost_is_no_success(environment):
    """Of these, the first complains and goes on; Lean's complaint is undone with the tactic."""
    state = after(environment, SWAP)
    tactics = ["rename_i k", "have h : a = 0 := by rw [mul_zero]", "exact (by exact zero_add a)", "rw [zero_add]"]
    steps = environment.apply_many([Request(state, tactic) for tactic in tactics])
    assert [step.outcome for step in steps] == [Outcome.TACTIC_ERROR] * 4


def test_later_levels_are_refused_at_every_step(environment):
    state = after(environment, SWAP)
    tactics = ["have h := mul_comm a b", "rw [add_comm]", "have h := succ_add a b", "have h := MyNat.add_assoc a b"]
    steps = environment.apply_many([Request(state, tactic) for tactic in tactics])
    forbidden, ok = Outcome.FORBIDDEN, Outcome.OK
    assert [step.outcome for step in steps] == [forbidden, forbidden, ok, forbidden]


def test_what_finds_something_does_not_find_it_for_the_others(environment):
    """Two goals share what is to be found: each tactic is undone before the next one."""
    state = after(environment, Statement.of("(a b : MyNat) : ∃ x, x = a"), "refine ⟨?_, ?_⟩")
    steps = environment.apply_many([Request(state, f"exact {name}") for name in ("a", "b", "a", "b")])
    assert [step.state.goals[0].rpartition("⊢ ")[2] for step in steps] == ["a = a", "b = a", "a = a", "b = a"]


def test_scripts_of_a_search_are_whole_scripts(environment):
    level = find_level("zero_le")
    result = BestFirst(tactics=TextTactics(level.statement)).prove(
        environment, level.statement, SearchBudget(applications=300)
    )
    assert result.proved
    assert result.script == "exists x\nrw [zero_add]"


def test_texts_are_listed_for_what_lean_prints(environment):
    statement = find_level("le_antisymm").statement
    listed = TextTactics(statement)(after(environment, statement))
    assert listed[0] == "rfl"
    assert "cases h₁ with | intro ch₁ h1 => ?_" in listed
    assert "apply le_trans" in listed
    assert not [tactic for tactic in listed if "le_antisymm" in tactic or "mul" in tactic.split()[:2]]


# Processes.


def test_a_process_that_dies_is_started_again(environment):
    with LeanEnvironment(Lean(world="numbers")) as own:
        state = after(own, SWAP)
        (session,) = own._sessions
        os.kill(session._process.pid, signal.SIGKILL)
        requests = [Request(state, "rw [add_zero]"), Request(state, "symm"), Request(state, "rw [← add_zero (a + b)]")]
        expected = [Outcome.TACTIC_ERROR, Outcome.OK, Outcome.OK]
        assert [step.outcome for step in own.apply_many(requests)] == expected
        assert [step.outcome for step in own.apply_many(requests)] == expected


def test_a_process_that_fails_is_no_matter(environment, monkeypatch):
    def failing(self, text):
        raise ProcessFailedError("it died")

    state = after(environment, SWAP)
    monkeypatch.setattr(LeanSession, "messages", failing)
    steps = environment.apply_many([Request(state, "rw [add_zero]"), Request(state, "symm")])
    assert [step.outcome for step in steps] == [Outcome.TACTIC_ERROR, Outcome.OK]
    assert environment.apply(state, "symm").outcome is Outcome.OK


@pytest.mark.parametrize(("setting", "reason"), [({"timeout": 0.2}, "seconds"), ({"memory": 40}, "memory|died")])
def test_a_process_is_killed_at_its_limits(setting, reason):
    with Lean(world="numbers") as lean:
        session = LeanSession(lean._wheel, "Levels", "", lean._environment, **{"timeout": 30.0, "memory": 0} | setting)
        with contextlib.closing(session):
            with pytest.raises(ProcessFailedError, match=reason):
                session.messages("example : True := trivial\n" * 50_000)
            assert session._process is None


def test_texts_do_not_see_each_other():
    with Lean(world="numbers") as lean:
        session = lean.session()
        assert session.messages("theorem one : (1 : MyNat) = 1 := rfl\n#print axioms one\n")[0].line == 1
        (message,) = session.messages("example : (1 : MyNat) = 1 := one\n")
        assert (message.severity, message.line) == ("error", 0)
        assert "one" in message.text
        session.close()


def test_several_processes_say_the_same(environment):
    states = [after(environment, find_level(name).statement) for name in ("zero_add", "mul_add", "le_trans")]
    requests = [Request(state, tactic) for state in states for tactic in TRICKY[:10]]
    with LeanEnvironment(Lean(world="numbers"), processes=2) as two:
        again = [Request(after(two, state.handle.statement), tactic) for state in states for tactic in TRICKY[:10]]
        steps = two.apply_many(again)
    expected = environment.apply_many(requests)
    assert [step.outcome for step in steps] == [step.outcome for step in expected]
    assert [step.state and step.state.goals for step in steps] == [step.state and step.state.goals for step in expected]
    with pytest.raises(SettingError, match="at least 1"):
        LeanEnvironment(processes=0)


def test_nothing_counts_without_its_goals():
    """A tactic of which nothing is printed failed, and if Lean did not come to the end, nothing is known."""
    probe = Probe(Statement("True"), "", [["trivial"], ["fail"]])
    assert probe.goals([]) is None
    assert probe.culprit([]) is None


# The command line.


def test_what_only_lean_reads_is_searched_in_lean(capsys):
    arguments = ["prove", "(n : MyNat) : 0 ≤ n + 1", "--world", "numbers"]
    assert main([*arguments, "--env", "lean", "--applications", "500"]) == 0
    said = capsys.readouterr().out
    assert "theorem example_1 (n : MyNat) : 0 ≤ n + 1 := by" in said and "verified by Lean 4.35.0" in said
    assert main(arguments) == 2
    assert "≤" in capsys.readouterr().err


def test_theorems_of_the_embedded_engine_are_judged_by_lean(capsys):
    assert main(["prove", "(n : MyNat) : 0 + n = n", "--world", "numbers", "--env", "lean"]) == 0
    said = capsys.readouterr().out
    assert "verified by Lean 4.35.0" in said and "applications" in said


def test_levels_can_be_solved_in_a_file(capsys, tmp_path):
    path = tmp_path / "mine.lean"
    path.write_text(
        "theorem zero_add (n : MyNat) : 0 + n = n := by\n"
        "  induction n with\n  | zero => rfl\n  | succ n ih => rw [add_succ, ih]\n"
        "theorem own (a b : MyNat) : a * b + 0 = b * a := by rw [add_zero, mul_comm]\n"
        "theorem mul_comm (a b : MyNat) : a * b = b * a := by exact MyNat.mul_comm a b\n"
        "theorem le_own (a b : MyNat) : a ≤ 0 + (a + b) := ⟨b, zero_add (a + b)⟩\n",
        encoding="utf-8",
    )
    assert main(["check", str(path), "--world", "numbers", "--env", "lean"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == [
        "proved (Lean 4.35.0)", "proved (Lean 4.35.0)", "not proved", "proved (Lean 4.35.0)",
    ]  # fmt: skip
    assert "only what comes before" in lines[2]


@pytest.mark.slow
def test_the_file_of_the_levels_is_a_file_of_the_world(capsys):
    assert main(["check", str(LEVELS), "--world", "numbers", "--env", "lean"]) == 0
    assert capsys.readouterr().out.count(": proved (Lean 4.35.0)") == 94


def test_a_world_needs_its_own_lean(capsys):
    assert (
        main(["prove", "(n : MyNat) : 0 + n = n", "--world", "numbers", "--env", "lean", "--imports", "Mathlib"]) == 2
    )
    assert "wheel" in capsys.readouterr().err
