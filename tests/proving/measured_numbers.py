"""Measures how fast tactics are tried in the world of numbers in Lean.

``PYTHONPATH=tests python -m proving.measured_numbers`` prints applications in a second of the processor, Python's share
included, and in a second of the clock: by one process and by two, all tactics in one call, those of one state in a
call, and one by one. The states are the starts of the 30 levels that are equations, and what the first tactic of their
proofs leaves; the tactics are ``rfl``, ``symm`` and all rewritings by earlier levels, most of which fail.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from lean_ebm.proving.lean import Lean, LeanEnvironment
from lean_ebm.proving.numbers.levels import lemmas, levels
from lean_ebm.proving.statements import Request


def requests(environment: LeanEnvironment) -> list[list[Request]]:
    """The tactics to try, those of each state together."""
    found = []
    for level in levels():
        if level.kind != "equation":
            continue
        start = environment.start(level.statement).state
        assert start is not None
        first = level.proof.split("\n")[0]
        second = environment.apply(start, first.removesuffix(" with")).state
        names = [earlier.name for earlier in lemmas(level.statement)]
        tactics = ["rfl", "symm", *(f"rw [{arrow}{name}]" for name in names for arrow in ("", "← "))]
        states = [state for state in (start, second) if state is not None and state.goals]
        found += [[Request(state, tactic) for tactic in tactics] for state in states]
    return found


def processor_seconds(environment: LeanEnvironment) -> float:
    """Seconds of the processor that this process and those of the environment have used."""
    total = time.process_time()
    for session in environment._sessions:
        if session._process is not None:
            fields = Path(f"/proc/{session._process.pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def measured(environment: LeanEnvironment, calls: Sequence[Sequence[Request]]) -> tuple[float, float]:
    """Applications in a second of the processor and of the clock."""
    number = sum(map(len, calls))
    used, started = processor_seconds(environment), time.perf_counter()
    for call in calls:
        environment.apply_many(call)
    return number / (processor_seconds(environment) - used), number / (time.perf_counter() - started)


def main() -> None:
    """Measure and print."""
    for processes in (1, 2):
        with LeanEnvironment(Lean(world="numbers"), processes) as environment:
            groups = requests(environment)
            every = [request for group in groups for request in group]
            ways = {
                "one call": [every],
                "a call for each state": groups,
                "one by one": [[each] for each in every[::20]],
            }
            for way, calls in ways.items():
                processor, clock = measured(environment, calls)
                print(
                    f"{processes} processes, {way}: {processor:.0f} a second of the processor, {clock:.0f} of the clock"
                )


if __name__ == "__main__":
    main()
