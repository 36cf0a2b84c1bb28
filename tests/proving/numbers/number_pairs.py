"""A differential test of the engine of numbers against Lean: the same tactics on the same states, in both.

Both must refuse the tactic, or both must accept it with the same goals: hypotheses, names, tags, order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from lean_ebm.proving.numbers.engine import Numbers, NumberState
from lean_ebm.proving.numbers.reading import Lemma
from lean_ebm.proving.statements import Outcome
from proving.differential import Pair
from proving.numbers.number_sampler import NumberSampler


def number_pairs(seed: int, number: int, lemmas: Sequence[Lemma]) -> Iterator[Pair]:
    """Make random pairs of a state and a tactic, which depend only on the seed and the lemmas.

    Args:
        seed: Seed.
        number: Number of pairs.
        lemmas: The lemmas that both sides know.
    """
    random = Random(seed)
    engine = Numbers(lemmas)
    sampler = NumberSampler(random, lemmas)
    made = 0
    while made < number:
        statement = sampler.statement()
        state = engine.start(statement).state
        assert isinstance(state, NumberState), engine.start(statement).message
        script: tuple[str, ...] = ()
        for _ in range(random.randrange(1, 13)):
            tactic = sampler.tactic(state.open[0])
            step = engine.apply(state, tactic)
            goals = step.state.goals if step.state is not None else ()
            yield Pair(statement, script, tactic, step.outcome, goals)
            made += 1
            if made >= number:
                return
            if step.outcome is Outcome.OK:
                assert isinstance(step.state, NumberState)
                state, script = step.state, (*script, tactic)
