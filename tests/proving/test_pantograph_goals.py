"""Goals that survive, sleep, move and are closed on the way, and all other shapes of the protocol's answers."""
# ruff: noqa: F811, RUF001 - fixtures that are imported, and the letters of Lean

import json
import time

import pytest

from lean_ebm.errors import SettingError
from lean_ebm.proving.pantograph import AsyncPantograph, PoolSettings
from lean_ebm.proving.statements import Outcome, Statement
from proving.local_repl import LocalRepl, local, run  # noqa: F401 - a fixture
from proving.repl_stub import Server

AND = Statement.of("(p q r : Prop) (a : p) (b : q) (c : r) : p ∧ q ∧ r")
WITNESS = Statement.of("(α : Type) (P : α → Prop) (x : α) (h : P x) : ∃ y, P y")
BUSY = 0.05


def targets(step):
    return [goal.splitlines()[-1].removeprefix("⊢ ") for goal in step.state.goals]


@pytest.mark.parametrize("tactic", ["skip", "try exact b", "all_goals skip", "try skip", "skip\nskip"])
def test_a_goal_that_survives_stays(local, tactic):
    environment = local()
    step = run(environment, AND, tactic)
    assert step.outcome is Outcome.OK
    assert targets(step) == ["p ∧ q ∧ r"]
    step = run(environment, AND, "constructor", tactic)
    assert targets(step) == ["p", "q ∧ r"]
    step = run(environment, AND, "constructor", (tactic, 1))
    assert targets(step) == ["p", "q ∧ r"]
    assert not environment.verify(AND, tactic).proved


@pytest.mark.parametrize(
    ("tactics", "left"),
    [
        (["case right => exact ⟨b, c⟩"], ["p"]),
        (["case left => exact a"], ["q ∧ r"]),
        (["case' right => constructor"], ["q", "r", "p"]),
        (["swap"], ["q ∧ r", "p"]),
        (["swap", "constructor"], ["q", "r", "p"]),
        (["swap", "constructor", "rotate_left"], ["r", "p", "q"]),
        (["swap", "constructor", "rotate_right"], ["p", "q", "r"]),
        (["swap", "constructor", "pick_goal 3"], ["p", "q", "r"]),
        (["any_goals constructor"], ["p", "q", "r"]),
        (["any_goals assumption"], ["q ∧ r"]),
        (["all_goals try assumption"], ["q ∧ r"]),
        (["on_goal 2 => constructor"], ["p", "q", "r"]),
        ([("constructor", 1)], ["p", "q", "r"]),
        ([("constructor", 1), ("assumption", 1)], ["p", "r"]),
        ([("constructor", 1), "rotate_left"], ["q", "r", "p"]),  # as the list is here, and not as it came about
        ([("constructor", 1), ("skip", 2), "swap"], ["q", "p", "r"]),
        (["· exact a"], ["q ∧ r"]),
    ],
)
def test_goals_are_where_lean_has_them(local, tactics, left):
    environment = local()
    step = run(environment, AND, "constructor", *tactics)
    assert targets(step) == left
    for number in range(len(left), 0, -1):  # nothing was lost, and nothing is solved before its time
        assert step.outcome is Outcome.OK
        assert len(step.state.goals) == number
        step = environment.apply(step.state, "exact ⟨b, c⟩" if targets(step)[0] == "q ∧ r" else "assumption")
    assert step.outcome is Outcome.SOLVED


@pytest.mark.parametrize("tactic", ["swap", "case left => exact a", "pick_goal 2", "on_goal 2 => skip"])
def test_a_tactic_on_another_goal_sees_that_goal_alone(local, tactic):
    environment = local()
    step = run(environment, AND, "constructor")
    assert environment.apply(step.state, tactic, 1).outcome is Outcome.TACTIC_ERROR
    assert targets(run(environment, AND, "constructor", ("all_goals constructor", 1))) == ["p", "q", "r"]


def test_a_goal_that_another_one_closes_is_gone(local):
    environment = local()
    step = run(environment, WITNESS, "apply Exists.intro")
    assert [goal.partition("\n")[0] for goal in step.state.goals] == ["case h", "case w"]
    assert environment.apply(step.state, "exact h").outcome is Outcome.SOLVED
    step = environment.apply(step.state, "swap")
    assert environment.apply(step.state, "exact h", 1).outcome is Outcome.SOLVED  # woken, but closed by then
    step = environment.apply(step.state, "exact x")
    assert targets(step) == ["P x"]


def test_a_goal_that_is_listed_no_more_is_not_solved(local):
    environment = local()
    for tactics in (["lose"], ["constructor", "lose", "exact ⟨b, c⟩"]):
        step = run(environment, AND, *tactics[:-1])
        step = environment.apply(step.state, tactics[-1])
        assert step.outcome is Outcome.TACTIC_ERROR
        assert "holes" in step.message
        assert not environment.verify(AND, "\n".join(tactics)).proved


def test_automatic_mode_and_dormant_goals():
    """In the protocol, and with goals woken by name, in another order, after one of them was closed."""
    server = Server()

    def ask(command, **payload):
        return server.answer(f"{command} {json.dumps(payload)}")

    ask("goal.start", expr="∀ (p q : Prop), p → q → p ∧ q")
    ask("goal.tactic", stateId=0, tactic="intro p q")
    ask("goal.tactic", stateId=1, tactic="intro a b")
    both = ask("goal.tactic", stateId=2, tactic="constructor")
    names = [goal["name"] for goal in both["goals"]]
    kept = ask("goal.tactic", stateId=3, goalId=1, tactic="exact b", autoResume=True)
    assert [goal["name"] for goal in kept["goals"]] == names[:1]
    first = ask("goal.tactic", stateId=3, goalId=1, tactic="skip")
    assert [goal["name"] for goal in first["goals"]] == names[::-1]  # the goal of the tactic comes first
    ask("options.set", automaticMode=False)
    alone = ask("goal.tactic", stateId=3, goalId=1, tactic="exact b")
    assert alone["goals"] == []
    assert ask("goal.print", stateId=alone["nextStateId"], rootExpr=True)["rootHasMVar"] is True
    woken = ask("goal.continue", target=alone["nextStateId"], goals=names[::-1])
    assert [goal["name"] for goal in woken["goals"]] == names[:1]
    assert ask("goal.continue", target=0, goals=names)["error"] == "arguments"
    assert ask("goal.continue", target=3, goals=["_uniq.99"])["error"] == "structure"
    assert ask("goal.continue", target=77, goals=names)["error"] == "index"


def test_the_default_of_the_process_does_not_matter(local, monkeypatch):
    """Whether dormant goals are woken is said with each tactic."""
    monkeypatch.setattr(Server, "_set_options", lambda server, _: server._options.update(automaticMode=False) or {})
    step = run(local(), AND, "constructor", ("constructor", 1), ("exact c", 2), "exact a")
    assert targets(step) == ["q"]


@pytest.mark.parametrize(
    ("wake", "reason"),
    [
        (lambda woken, payload: {"error": "structure", "desc": "not in scope"}, "not in scope"),
        (lambda woken, payload: woken(payload | {"goals": payload["goals"][::-1]}), "woke the goals"),
        (lambda woken, payload: woken(payload | {"goals": payload["goals"][:1]}), "woke the goals"),
    ],
)
def test_a_wrong_list_of_woken_goals_costs_the_process(local, wake, reason):
    environment = local(processes=1, retries=0)
    step = run(environment, AND, "constructor")
    commands = environment._client.pool.slots[0].repl._server._commands
    woken = commands["goal.continue"]
    commands["goal.continue"] = lambda payload: wake(woken, payload)
    step = environment.apply(step.state, "constructor", 1)
    assert step.outcome is Outcome.CRASH
    assert reason in step.message


def test_conversions_are_lines_of_the_script(local):
    environment = local()
    lines = ["conv =>", "  lhs", "  skip", "exact a"]
    step = run(environment, AND, "constructor", *lines[:2])
    assert step.state.goals[0].endswith("\n| p")
    assert targets(step)[1] == "q ∧ r"
    step = environment.apply(environment.apply(step.state, lines[2]).state, lines[3])
    assert targets(step) == ["q ∧ r"]
    assert environment.verify(AND, "\n".join(["constructor", *lines, "exact ⟨b, c⟩"])).proved
    step = run(environment, AND, "constructor", ("conv =>", 1), ("  rhs", 1), ("exact ⟨b, c⟩", 1), "exact a")
    assert step.outcome is Outcome.SOLVED


@pytest.mark.parametrize(
    ("tactics", "wrong"),
    [
        ([], "  skip"),
        ([], "   "),
        (["conv =>"], "skip"),
        (["conv =>"], " lhs"),
        (["conv =>"], "   lhs"),
        (["conv =>"], "  lhs\nskip"),
    ],
)
def test_what_could_not_be_a_line_of_the_script_is_refused(local, tactics, wrong):
    environment = local()
    step = environment.apply(run(environment, AND, *tactics).state, wrong)
    assert step.outcome is Outcome.PARSE_ERROR
    assert "expected" in step.message
    assert not environment.verify(AND, "\n".join([*tactics, wrong])).proved


def test_statements_reach_the_process_as_they_are_verified(local):
    environment = local()
    step = environment.start(Statement(r"p /\ q -> q /\ p -- and nothing else", "(p q : Prop)"))
    assert step.state.goals == ("p q : Prop\n⊢ p ∧ q → q ∧ p",)
    started = [payload["expr"] for command, payload, _ in LocalRepl.log if command == "goal.start"]
    for wrong in ("True) ∧ (True", "p →", ""):
        assert environment.start(Statement(wrong, "(p : Prop)")).outcome is Outcome.PARSE_ERROR
    assert environment.start(Statement("p", "(p : Prop) (h : p")).outcome is Outcome.PARSE_ERROR
    assert started == ["∀ (p q : (Prop)), " + started[0].partition(", ")[2]]


def test_levels_header_and_options_hold_everywhere(local):
    text = "(α : Type u_1) (P : α → Prop) (p q : Prop) (a : p) (b : q) : p ∧ q"
    statement, script = Statement.of(text), "exact intro a b"
    with_header = local(header="open And", levels=("u_1",), core_options=("maxRecDepth=2000",))
    assert run(with_header, statement, script).outcome is Outcome.SOLVED
    assert with_header.verify(statement, script).proved
    plain = local()
    assert plain.start(statement).outcome is Outcome.PARSE_ERROR
    assert not plain.verify(statement, script).proved
    statement = Statement.of(text.replace("u_1", "u"))
    assert plain.apply(plain.start(statement).state, script).outcome is not Outcome.SOLVED
    assert not plain.verify(statement, script).proved
    assert plain.verify(statement, "exact And.intro a b").proved
    texts = [payload["file"] for command, payload, _ in LocalRepl.log if command == "frontend.process"]
    assert any("set_option maxRecDepth 2000\nuniverse u_1\nopen And\n" in text for text in texts)


def test_wrong_settings_are_said_in_words(local):
    with pytest.raises(SettingError, match="unknown namespace"):
        local(header="open Nowhere")
    with pytest.raises(SettingError, match="u_1"):
        PoolSettings(levels=("u",))
    with pytest.raises(SettingError, match="maxRecDepth=2000"):
        PoolSettings(core_options=("maxRecDepth",))
    with pytest.raises(SettingError, match="verify_timeout"):
        PoolSettings(verify_timeout=0)


def test_core_options_are_arguments_of_the_repl_too(tmp_path):
    program = tmp_path / "repl"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    client = AsyncPantograph(program, PoolSettings(imports=("Init", "Std"), core_options=("maxHeartbeats=0",)))
    assert client.pool.command == client.judges.command == [str(program), "Init", "Std", "--maxHeartbeats=0"]


def test_sorries_of_a_source_are_starts_of_proofs(local):
    environment = local()
    source = "theorem one (p : Prop) : p → p := sorry\ntheorem two (q : Prop) (h : q) : q := sorry\n"
    one, two = environment.load_sorry(source)
    assert one.state.goals == ("p : Prop\n⊢ p → p",)
    assert environment.apply(two.state, "exact h").outcome is Outcome.SOLVED
    step = environment.apply(one.state, "intro h")
    for slot in environment._client.pool.slots:  # the states are made again
        if slot.repl is not None:
            slot.repl.lose("killed")
    assert environment.apply(step.state, "exact h").outcome is Outcome.SOLVED
    (refused,) = environment.load_sorry("nonsense")
    assert refused.outcome is Outcome.PARSE_ERROR
    assert "unexpected nonsense" in refused.message
    environment.close()


def test_errors_without_words_and_slow_tactics_keep_the_process(local):
    environment = local(processes=1, retries=0, tactic_timeout=BUSY, timeout=5.0)
    state = run(environment, AND).state
    number = environment._client.pool.slots[0].repl.number
    assert environment.apply(state, "silent").outcome is Outcome.TACTIC_ERROR
    assert environment.apply(state, "deep").message == "maximum recursion depth"
    assert environment.apply(state, "slow").outcome is Outcome.TIMEOUT
    assert targets(environment.apply(state, "constructor")) == ["p", "q ∧ r"]
    assert environment._client.pool.slots[0].repl.number == number


def test_a_slow_script_ends_by_its_own_limit_and_costs_no_state(local):
    environment = local(processes=1, retries=0, verify_timeout=BUSY)
    state = run(environment, AND, "constructor").state
    number = environment._client.pool.slots[0].repl.number
    began = time.monotonic()
    verdict = environment.verify(AND, "slow\nexact ⟨a, b, c⟩")
    assert verdict.outcome is Outcome.TIMEOUT
    assert "gave up the script after 0.05 seconds" in verdict.message
    assert time.monotonic() - began < 5
    assert environment.verify(AND, "exact ⟨a, b, c⟩").proved
    assert environment.apply(state, "exact a").outcome is Outcome.OK
    assert environment._client.pool.slots[0].repl.number == number
    asked = [command for command, payload, _ in LocalRepl.log if "exact ⟨a, b, c⟩" in str(payload)]
    assert asked == ["frontend.process"] * 2
