# ruff: noqa: RUF001 - the letters of Lean
import asyncio
import json
import os
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import pytest

from lean_ebm.proving.lean import LeanNotFoundError
from lean_ebm.proving.logic.logic import Logic
from lean_ebm.proving.pantograph import AsyncPantograph, Pantograph, PoolSettings, find_repl
from lean_ebm.proving.pantograph.protocol import binder_names, printed_goal
from lean_ebm.proving.pantograph.repl import Repl, ReplLostError
from lean_ebm.proving.statements import Outcome, Request, State, Statement
from proving.hostile import HOSTILE
from proving.repl_stub import Server

SERVE = [sys.executable, str(Path(__file__).with_name("repl_stub.py"))]
FAULTY = [sys.executable, str(Path(__file__).with_name("faulty_repl.py"))]
SWAP = Statement.of("(p q : Prop) : p ∧ q → q ∧ p")
PROOF = "intro h\nexact ⟨h.2, h.1⟩"
FAULTS = (
    "hang",
    "exit",
    "exit after answer",
    "kill",
    "garbage",
    "binary",
    "no object",
    "partial, hang",
    "partial, exit",
    "memory",
    "stderr",
    "wrong ids",
    "twice",
    "stale",
)
TACTICS = (
    "intro h",
    "intro k",
    "constructor",
    "left",
    "right",
    "assumption",
    "cases h with\n| inl a => exact Or.inr a\n| inr b => exact Or.inl b",
    "exact h.1",
    "exact h.2",
    "exact k h",
    "exact h k",
    "apply h",
    "contradiction",
    "nonsense",
)
STATEMENTS = {
    "(p q : Prop) : p ∧ q → q ∧ p": True,
    "(p q : Prop) : p ∨ q → q ∨ p": True,
    "(p q r : Prop) : (p → q ∧ r) → p → q ∧ r": True,
    "(p : Prop) : p → ¬¬p": True,
    "(p : Prop) : ¬¬p → p": False,
    "(p q : Prop) : p ∨ q → p ∧ q": False,
}


@pytest.fixture(scope="module")
def served():
    with Pantograph(SERVE) as environment:
        yield environment


def faulty(folder, plan, **settings):
    """An environment whose processes fail as planned: ``{number of the command: fault}``."""
    (folder / "plan.json").write_text(json.dumps(plan))
    limits = {"timeout": 0.6, "tactic_timeout": 0.5, "verify_timeout": 0.5, "start_timeout": 4.0}
    pool = {**limits, "memory": 200, "retries": 3, **settings}
    return Pantograph([*FAULTY, str(folder)], PoolSettings(**pool))


def search(environment, statement, depth=4):
    """Try all tactics in all states, breadth first; returns every state's goals, and the first script that solves."""
    start = environment.start(statement)
    assert start.outcome is Outcome.OK, start.message
    seen, script = [], None
    queue = deque([(start.state, ())])
    while queue:
        state, tactics = queue.popleft()
        steps = environment.apply_many([Request(state, tactic) for tactic in TACTICS])
        for tactic, step in zip(TACTICS, steps, strict=True):
            assert step.outcome not in (Outcome.CRASH, Outcome.TIMEOUT), step.message
            path = (*tactics, tactic)
            seen.append((path, step.outcome, step.state.goals if step.state else None))
            if step.outcome is Outcome.SOLVED:
                return seen, "\n".join(path)
            if step.outcome is Outcome.OK and len(path) < depth:
                queue.append((step.state, path))
    return seen, script


def state_of(pid):
    """The letter that the system gives for the state of a process: Z for a zombie, empty if there is none."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def assert_gone(folder):
    """Assert that all processes were reaped, and that the processes they started ended; returns their number."""
    pids = (folder / "pids").read_text().split()
    assert not any(map(state_of, pids))
    helpers = (folder / "helpers").read_text().split() if (folder / "helpers").exists() else []
    deadline = time.monotonic() + 5  # these are for the system to reap
    while any(state_of(pid) not in ("", "Z") for pid in helpers) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {state_of(pid) for pid in helpers} <= {"", "Z"}
    return len(pids)


def test_steps_and_goals(served):
    step = served.start(SWAP)
    assert step.state.goals == ("p q : Prop\n⊢ p ∧ q → q ∧ p",)
    step = served.apply(step.state, "intro h")
    step = served.apply(step.state, "constructor")
    assert step.state.goals == ("case left\np q : Prop\nh : p ∧ q\n⊢ q", "case right\np q : Prop\nh : p ∧ q\n⊢ p")
    assert served.apply(step.state, "exact h.1").outcome is Outcome.TACTIC_ERROR
    assert served.apply(step.state, "frobnicate").outcome is Outcome.PARSE_ERROR
    step = served.apply(step.state, "exact h.1", 1)
    assert step.state.goals == ("case left\np q : Prop\nh : p ∧ q\n⊢ q",)
    step = served.apply(step.state, "exact h.2")
    assert (step.outcome, step.state.goals) == (Outcome.SOLVED, ())


def test_new_goals_take_the_place_of_theirs(served):
    """The REPL puts them first."""
    step = served.start(Statement.of("(p q r : Prop) (h : p ∧ q ∧ r) : r ∧ (q ∧ p) ∧ r"))
    step = served.apply(step.state, "refine ⟨?_, ⟨?_, ?_⟩, ?_⟩")
    step = served.apply(step.state, "exact h.2.1", 1)
    assert [goal.splitlines()[0] for goal in step.state.goals] == ["case refine_1", "case refine_3", "case refine_4"]
    step = served.start(Statement.of("(p q r : Prop) (h : p ∧ q ∧ r) : r ∧ (q ∧ p)"))
    step = served.apply(step.state, "constructor")
    step = served.apply(step.state, "constructor", 1)
    assert [goal.splitlines()[-1] for goal in step.state.goals] == ["⊢ r", "⊢ q", "⊢ p"]
    step = served.apply(step.state, "exact h.2.2")
    assert [goal.splitlines()[-1] for goal in step.state.goals] == ["⊢ q", "⊢ p"]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_it_is_the_logic_behind_a_wire(served, statement):
    with Logic() as logic:
        assert search(served, Statement.of(statement), 3) == search(logic, Statement.of(statement), 3)


def test_verify_is_the_only_judge(served):
    verdict = served.verify(SWAP, PROOF)
    assert verdict.proved
    assert "kernel" in verdict.verifier
    for script in ("intro h", "", "intro h\nexact h", "intro h\nconstructor\nexact h.2", "nonsense", "exact (("):
        assert not served.verify(SWAP, script).proved
    assert not served.verify(Statement.of("(p : Prop) : ¬¬p → p"), "intro h\nassumption").proved
    assert served.verify(SWAP, "exact sorry").outcome is Outcome.FORBIDDEN


def test_hostile_texts_reach_no_process(served, monkeypatch):
    state = served.start(SWAP).state
    monkeypatch.setattr(Repl, "ask", lambda *_: pytest.fail("a process was asked"))
    for name, text in HOSTILE.items():
        if name not in ("line comment", "block comment"):  # which are blanked: the rest is a proof
            assert served.apply(state, text).outcome in (Outcome.FORBIDDEN, Outcome.PARSE_ERROR)
            assert served.verify(SWAP, text).outcome in (Outcome.FORBIDDEN, Outcome.PARSE_ERROR)
    assert served.start(Statement("sorry")).outcome is Outcome.FORBIDDEN


def test_wrong_calls_are_said_in_words(served):
    state = served.start(SWAP).state
    with pytest.raises(ValueError, match="no goal 1"):
        served.apply(state, "intro h", 1)
    with pytest.raises(ValueError, match="not one of Pantograph"):
        served.apply(State(("⊢ p",)), "intro h")
    served.release([state])
    with pytest.raises(ValueError, match="released"):
        served.apply(state, "intro h")
    assert served.start(Statement("p →")).outcome is Outcome.PARSE_ERROR
    with pytest.raises(ValueError, match="live longer"):
        PoolSettings(timeout=1.0, tactic_timeout=2.0)
    with pytest.raises(ValueError, match="processes=0"):
        PoolSettings(processes=0)


def test_released_states_are_deleted_there():
    async def main():
        client = AsyncPantograph(SERVE, PoolSettings(processes=1))
        await client.open()
        start = await client.start(SWAP)
        states = [(await client.apply(start.state, "intro h")).state for _ in range(10)]
        repl = client.pool.slots[0].repl
        full = (await repl.ask("stat", {}, 5.0))["nGoals"]
        client.release(states[:9])
        assert (await client.apply(states[9], "constructor")).outcome is Outcome.OK
        left = (await repl.ask("stat", {}, 5.0))["nGoals"]
        await client.close()
        return full, left

    full, left = asyncio.run(main())
    assert left == full - 9 + 1


def test_a_released_ancestor_does_not_matter():
    with Pantograph(SERVE, PoolSettings(processes=1)) as environment:
        first = environment.start(SWAP)
        second = environment.apply(first.state, "intro h")
        environment.release([first.state])
        kill(environment)
        assert environment.apply(second.state, "exact ⟨h.2, h.1⟩").outcome is Outcome.SOLVED


def kill(environment):
    """Kill the processes and wait until that is noticed."""
    for slot in environment._client.pool.slots:
        if slot.repl is not None:
            os.kill(slot.repl._process.pid, 9)
            deadline = time.monotonic() + 30
            while slot.repl.alive and time.monotonic() < deadline:
                time.sleep(0.01)


def test_states_survive_their_process():
    with Pantograph(SERVE, PoolSettings(processes=1)) as environment:
        step = environment.apply(environment.start(SWAP).state, "intro h")
        old = environment._client.pool.slots[0].repl.number
        kill(environment)
        other = environment.start(Statement.of("(p : Prop) : p → p"))  # takes the numbers that the others had
        assert environment._client.pool.slots[0].repl.number != old
        assert environment.apply(step.state, "exact ⟨h.2, h.1⟩").outcome is Outcome.SOLVED
        assert environment.apply(other.state, "intro h").state.goals == ("p : Prop\nh : p\n⊢ p",)


def test_a_state_of_many_tactics_is_made_again():
    with Pantograph(SERVE, PoolSettings(processes=1)) as environment:
        state = environment.start(SWAP).state
        for _ in range(100):
            state = environment.apply(state, "have t := True.intro").state
        kill(environment)
        assert environment.apply(state, "intro h").outcome is Outcome.OK


def test_a_process_is_replaced_after_its_share_of_states():
    with Pantograph(SERVE, PoolSettings(processes=1, recycle=5)) as environment:
        state = environment.start(SWAP).state
        numbers = set()
        for _ in range(12):
            assert environment.apply(state, "intro h").outcome is Outcome.OK
            numbers.add(environment._client.pool.slots[0].repl.number)
        assert len(numbers) >= 3


def test_a_pool_works_at_the_same_time():
    with Pantograph(SERVE, PoolSettings(processes=2)) as environment:
        state = environment.start(SWAP).state
        steps = environment.apply_many([Request(state, "intro h")] * 20)
        assert {step.outcome for step in steps} == {Outcome.OK}
        assert all(slot.repl is not None and slot.repl.created > 3 for slot in environment._client.pool.slots)


def test_fifty_faults_lose_no_search(tmp_path):
    """Four faults of each kind, in the middle of searches, do not change what the searches see."""
    with Logic() as logic:
        expected = {text: search(logic, Statement.of(text)) for text in STATEMENTS}
    kinds = [fault for _ in range(4) for fault in FAULTS]
    plan = {12 + 9 * index: fault for index, fault in enumerate(kinds)}
    environment = faulty(tmp_path, plan, retries=6)
    rounds = 0
    with environment:
        while rounds == 0 or len((tmp_path / "done").read_text().splitlines()) < len(plan):
            rounds += 1
            assert rounds < 20
            for text, provable in STATEMENTS.items():
                statement = Statement.of(text)
                seen, script = search(environment, statement)
                assert (seen, script) == expected[text]
                assert (script is not None) == provable
                assert environment.verify(statement, script or "intro h\nassumption").proved == provable
    assert sorted((tmp_path / "done").read_text().splitlines()) == sorted(kinds)
    assert len(kinds) >= 50
    assert assert_gone(tmp_path) > 40  # nearly every fault costs a process


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_again_and_again_is_an_outcome(tmp_path, fault):
    """Without a retry, and at each command after the first ones."""
    patience = 5.0 if fault == "memory" else 0.9  # a busy machine takes a while to fill the memory
    plan = dict.fromkeys(range(7, 60), fault)
    with faulty(tmp_path, plan, processes=1, retries=0, timeout=patience) as environment:
        start = environment.start(SWAP)  # commands 4 to 6
        assert start.outcome is Outcome.OK
        step = environment.apply(start.state, "intro h")
        verdict = environment.verify(SWAP, "intro h")
    if fault == "stderr":
        assert step.outcome is Outcome.OK
    elif fault == "exit after answer":
        assert step.outcome in (Outcome.OK, Outcome.CRASH)
    else:
        assert step.outcome is (Outcome.TIMEOUT if "hang" in fault else Outcome.CRASH)
        assert step.message
    assert not verdict.proved
    assert_gone(tmp_path)


def test_a_server_that_claims_everything_proves_nothing(tmp_path):
    with faulty(tmp_path, dict.fromkeys(range(7, 60), "solved"), processes=1) as environment:
        state = environment.start(SWAP).state
        assert environment.apply(state, "intro h").outcome is Outcome.SOLVED  # so it says
        assert not environment.verify(SWAP, "intro h").proved


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"error": "internal", "desc": "interrupt"}, Outcome.TIMEOUT),
        ({"error": "core", "desc": "(deterministic) timeout at `whnf`, maximum number of heartbeats"}, Outcome.TIMEOUT),
        ({"error": "exception", "desc": "unknown tactic state"}, Outcome.TACTIC_ERROR),
        ({"messages": [{"severity": "error", "data": "no"}]}, Outcome.TACTIC_ERROR),
        ({"error": "io", "desc": "interrupt"}, Outcome.TIMEOUT),
        ({"error": "exception"}, Outcome.TACTIC_ERROR),
        ({"error": "io", "desc": "could not execute cadical"}, Outcome.TACTIC_ERROR),
        ({"error": "exception", "desc": "no interrupt : Prop here"}, Outcome.TACTIC_ERROR),
        ({"parseError": "no"}, Outcome.PARSE_ERROR),
        ({"error": "index", "desc": "Invalid state index 1"}, Outcome.CRASH),
        ({"error": "main", "desc": "no"}, Outcome.CRASH),
        ({"error": "command"}, Outcome.CRASH),
        ({"goals": [], "nextStateId": 2, "hasSorry": True}, Outcome.FORBIDDEN),
        ({"goals": [], "nextStateId": 2, "hasUnsafe": True}, Outcome.FORBIDDEN),
        ({"goals": [], "nextStateId": "2"}, Outcome.CRASH),
        ({"goals": [{"name": "a"}], "nextStateId": 2}, Outcome.CRASH),
        ({"goals": 5, "nextStateId": 2}, Outcome.CRASH),
        ({}, Outcome.CRASH),
    ],
)
def test_answers_are_read_as_the_protocol_means_them(monkeypatch, answer, outcome):
    with Pantograph(SERVE, PoolSettings(processes=1, retries=0)) as environment:
        state = environment.start(SWAP).state
        asked = Repl.ask

        async def ask(repl, command, payload, timeout):
            return answer if payload.get("tactic") == "skip" else await asked(repl, command, payload, timeout)

        monkeypatch.setattr(Repl, "ask", ask)
        step = environment.apply(state, "skip")
        assert step.outcome is outcome
        assert step.state is None
        lost = environment._client.pool.slots[0].repl
        assert lost.alive is (outcome is not Outcome.CRASH)
        if "error" in answer:  # the number of a state may have gone with it
            assert environment.apply(state, "intro h").outcome is Outcome.OK


def test_a_number_may_be_left_out_after_an_error_and_at_no_other_time(monkeypatch):
    with Pantograph(SERVE, PoolSettings(processes=1, retries=0)) as environment:
        state = environment.start(SWAP).state
        asked, waste = Repl.ask, True

        async def ask(repl, command, payload, timeout):
            if payload.get("tactic") != "skip":
                return await asked(repl, command, payload, timeout)
            answer = await asked(repl, command, {**payload, "tactic": "intro h"}, timeout)
            return {"error": "exception", "desc": "could not print it"} if waste else answer | {"nextStateId": 99}

        monkeypatch.setattr(Repl, "ask", ask)
        assert environment.apply(state, "skip").outcome is Outcome.TACTIC_ERROR
        assert environment.apply(state, "intro h").outcome is Outcome.OK
        waste = False
        assert environment.apply(state, "skip").outcome is Outcome.CRASH


def test_a_state_that_comes_out_otherwise_is_not_taken_for_the_lost_one(monkeypatch):
    with Pantograph(SERVE, PoolSettings(processes=1, retries=0)) as environment:
        state = environment.apply(environment.start(SWAP).state, "intro h").state
        kill(environment)
        asked = Repl.ask

        async def ask(repl, command, payload, timeout):
            return await asked(
                repl, command, payload | {"tactic": payload.get("tactic", "").replace("h", "g")}, timeout
            )

        monkeypatch.setattr(Repl, "ask", ask)
        step = environment.apply(state, "assumption")
        assert step.outcome is Outcome.CRASH
        assert "did not make a state again" in step.message


def test_a_late_answer_is_nobodys():
    """If a request is given up, its process is killed, or its answer would be taken for that of the next request."""

    async def main():
        repl = await Repl.start(SERVE)
        task = asyncio.create_task(repl.ask("stat", {}, 5.0))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not repl.alive
        with pytest.raises(ReplLostError, match="given up"):
            await repl.ask("stat", {}, 5.0)
        await repl.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import time; time.sleep(60)", "did not answer"),
        ("print('hello', flush=True); import time; time.sleep(60)", "did not begin with"),
        ("import sys; sys.exit('no Lean here')", "no Lean here"),
        ("print('ready.', flush=True)", "is not PyPantograph"),
    ],
)
def test_what_is_no_repl_is_said_in_words(program, reason):
    with pytest.raises(LeanNotFoundError, match=reason):
        Pantograph([sys.executable, "-c", program], PoolSettings(start_timeout=1.0, retries=0))


def test_finding_the_repl(tmp_path, monkeypatch):
    with pytest.raises(LeanNotFoundError, match="no program"):
        find_repl(tmp_path / "nothing")
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "pantograph"
    package.mkdir()
    (package / "__init__.py").touch()
    with pytest.raises(LeanNotFoundError, match="another project"):
        find_repl()
    program = package / "pantograph-repl"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_repl() == program


def test_goals_are_printed_as_lean_prints_them():
    def variable(name, kind, value=None):
        return {"userName": name, "type": {"pp": kind}} | ({"value": {"pp": value}} if value else {})

    goal = {
        "name": "_uniq.1",
        "userName": "inl",
        "target": {"pp": "q"},
        "vars": [variable("p", "Prop"), variable("q", "Prop"), variable("x", "Nat", "1"), variable("h✝", "p")],
    }
    assert printed_goal(goal) == "case inl\np q : Prop\nx : Nat := 1\nh✝ : p\n⊢ q"


def test_names_of_binders():
    assert binder_names(
        "(p q : Prop) {α : Type} (P : α → (α → Prop)) [Inhabited α] [i : Nonempty α] (h : ∀ x, P x x)"
    ) == (["p", "q", "α", "P", "_", "i", "h"])


def test_the_server_speaks_the_protocol():
    """The answers and errors have the shape of version 0.3.15."""
    server = Server()
    assert server.answer('goal.start {"expr": "∀ (p : Prop), p → p"}') == {"stateId": 0, "root": "_uniq.0"}
    answer = server.answer('goal.tactic {"stateId": 0, "goalId": 0, "tactic": "intro p", "autoResume": true}')
    assert answer["nextStateId"] == 1
    assert answer["goals"][0]["vars"][0] == {
        "name": "_p",
        "userName": "p",
        "isInaccessible": False,
        "type": {"pp": "Prop"},
    }
    assert "parseError" in server.answer('goal.tactic {"stateId": 1, "tactic": "frob"}')
    assert server.answer('goal.tactic {"stateId": 1, "tactic": "assumption"}')["messages"]
    assert server.answer('goal.tactic {"stateId": 9, "tactic": "skip"}')["error"] == "index"
    assert server.answer('goal.tactic {"stateId": 1, "goalId": 9, "tactic": "skip"}')["error"] == "index"
    assert server.answer('goal.tactic {"stateId": 1}')["error"] == "operation"
    assert server.answer("goal.tactic {")["error"] == "command"
    assert server.answer("frobnicate {}")["error"] == "command"
    assert server.answer("stat {}") == {"nGoals": 2}
    assert server.answer('goal.delete {"stateIds": [0]}') == {}
    assert server.answer("stat") == {"nGoals": 1}


def test_nothing_here_needs_torch():
    program = (
        "import sys, lean_ebm.proving.pantograph, lean_ebm.proving.lean\n"
        "assert not {'torch', 'lightning', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
