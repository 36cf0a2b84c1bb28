"""Measures how fast the engine of numbers applies tactics; ``python -m proving.numbers.measured_engine`` prints it.

The states are those of random walks from the levels; in each, all tactics of the wide set are applied once. It prints
the tactics that were legal, in a second of the processor: as searches apply them, by their structure; the same with the
time to list them; and as texts that were not parsed before.
"""

from __future__ import annotations

import time
from random import Random

from lean_ebm.proving.numbers.candidates import NumberWriter, number_candidates, number_goals_after
from lean_ebm.proving.numbers.engine import Numbers, NumberState
from lean_ebm.proving.numbers.lemmas import Lemmas
from lean_ebm.proving.numbers.levels import levels

_WALKS, _STEPS, _LARGEST = 3, 12, 40


def main() -> None:
    """Measure and print."""
    random, engine, lemmas = Random(0), Numbers(levels()), Lemmas(levels())
    seconds = {"listed": 0.0, "structure": 0.0, "texts": 0.0}
    legal = 0
    for level in [level for _ in range(_WALKS) for level in levels()]:
        state = engine.start(level.statement).state
        for _ in range(_STEPS):
            if not isinstance(state, NumberState):
                break
            goal = state.open[0]
            begun = time.process_time()
            tactics = number_candidates(goal, lemmas)
            listed = time.process_time()
            made = [number_goals_after(goal, tactic) for tactic in tactics]
            applied = time.process_time()
            writer = NumberWriter(goal, lemmas)
            texts = [writer.write(tactic) for tactic in tactics]
            written = time.process_time()
            steps = [engine.apply(state, text) for text in texts]
            seconds["texts"] += time.process_time() - written
            seconds["structure"] += applied - listed
            seconds["listed"] += applied - begun
            legal += sum(goals is not None for goals in made)
            following = [
                step.state for step in steps if isinstance(step.state, NumberState) and step.state.open
                and step.state.open[0].target.size < _LARGEST
            ]  # fmt: skip
            state = random.choice(following) if following else None
    for way, spent in seconds.items():
        print(f"{way}: {legal / spent:.0f} legal applications a second of the processor ({legal} in all)")


if __name__ == "__main__":
    main()
