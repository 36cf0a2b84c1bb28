"""Processes that fail, lie or answer late cost a process, and no search."""

import asyncio
import sys

import pytest

from lean_ebm.proving.lean import LeanNotFoundError
from lean_ebm.proving.logic.logic import Logic
from lean_ebm.proving.pantograph import Pantograph, PoolSettings
from lean_ebm.proving.pantograph.repl import Repl, ReplLostError
from lean_ebm.proving.statements import Outcome, Statement
from proving.pantograph_cases import (
    FAULTS,
    SERVE,
    STATEMENTS,
    SWAP,
    assert_gone,
    faulty,
    kill,
    search,
)


def test_a_fault_of_each_kind_loses_no_search(tmp_path):
    """Faults in the middle of searches do not change what the searches see."""
    assert_no_search_is_lost(tmp_path, list(FAULTS))


@pytest.mark.slow
def test_fifty_faults_lose_no_search(tmp_path):
    """Four faults of each kind."""
    kinds = [fault for _ in range(4) for fault in FAULTS]
    assert len(kinds) >= 50
    assert_no_search_is_lost(tmp_path, kinds)


def assert_no_search_is_lost(tmp_path, kinds):
    with Logic() as logic:
        expected = {text: search(logic, Statement.of(text)) for text in STATEMENTS}
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
    assert assert_gone(tmp_path) > 0.7 * len(kinds)  # nearly every fault costs a process


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
