import asyncio

import pytest

from lean_ebm.proving.logic.logic import Logic
from lean_ebm.proving.pantograph import AsyncPantograph, Pantograph, PoolSettings
from lean_ebm.proving.pantograph.repl import Repl
from lean_ebm.proving.statements import Outcome, Request, State, Statement
from proving.hostile import HOSTILE
from proving.pantograph_cases import (
    PROOF,
    SERVE,
    STATEMENTS,
    SWAP,
    kill,
    search,
)


@pytest.fixture(scope="module")
def served():
    with Pantograph(SERVE) as environment:
        yield environment


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
