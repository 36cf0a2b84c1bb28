"""Makes data sets in blocks, independently of the number of processes and of interruptions.

The work is cut into numbered blocks, each with a random generator of its own, and duplicates are left out in the order
of the blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import count, islice
from typing import Protocol, TypeVar

from lean_ebm.errors import RunError, SettingError

_FRUITLESS = 20  # blocks in a row without anything new, after which there seems to be no more


class Distinct(Protocol):
    """An entry of a data set that contains each entry only once."""

    @property
    def keys(self) -> Sequence[Hashable]:
        """The keys of the entry. Two entries are the same if they share a key in the same position."""
        ...


Made = TypeVar("Made", bound=Distinct)
MadeCo = TypeVar("MadeCo", bound=Distinct, covariant=True)
In = TypeVar("In")
Out = TypeVar("Out")


class Blocks(Protocol[MadeCo]):
    """Settings that determine the content of each block."""

    def block(self, index: int) -> Sequence[MadeCo]:
        """Make the block of an index, at least 0."""
        ...


def distinct(block: Callable[[int], Sequence[Made]], number: int, workers: int = 1) -> Iterator[Made]:
    """Collect distinct entries from blocks until there are enough.

    Args:
        block: Makes the block of an index; a function that can be pickled.
        number: How many to take, at least 1.
        workers: Number of processes, at least 1.

    Raises:
        SettingError: If a number is out of its range.
        RunError: If there seem to be fewer.
    """
    if number < 1 or workers < 1:
        raise SettingError(f"number is {number} and workers is {workers}: expected at least 1 of both.")
    return _distinct(block, number, workers)


def _distinct(block: Callable[[int], Sequence[Made]], number: int, workers: int) -> Iterator[Made]:
    seen: set[tuple[int, Hashable]] = set()
    found = fruitless = 0
    for made in in_order(block, count(), workers):
        before = found
        for one in made:
            keys = set(enumerate(one.keys))
            if seen.isdisjoint(keys):
                seen |= keys
                found += 1
                yield one
                if found >= number:
                    return
        fruitless = fruitless + 1 if found == before else 0
        if fruitless == _FRUITLESS:
            raise RunError(
                f"There seem to be only {found} distinct theorems of this kind, fewer than {number}: ask for "
                "fewer, or for a larger maximum_size or number of propositions."
            )


def in_order(work: Callable[[In], Out], tasks: Iterable[In], workers: int = 1) -> Iterator[Out]:
    """Run tasks in several processes, a few tasks ahead, and yield the results in the order of the tasks.

    Args:
        work: What is done with each task; a function that can be pickled.
        tasks: The tasks, which may be endless.
        workers: Number of processes; with 1 the work is done here.
    """
    if workers <= 1:
        yield from map(work, tasks)
        return
    waiting = iter(tasks)
    with ProcessPoolExecutor(workers) as pool:
        ahead: list[Future[Out]] = [pool.submit(work, task) for task in islice(waiting, 2 * workers)]
        try:
            while ahead:
                yield ahead.pop(0).result()
                ahead += [pool.submit(work, task) for task in islice(waiting, 1)]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
