"""Proof steps of the world of numbers: the source of the theorems, and facts about their goals."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from random import Random
from typing import Any

from lean_ebm.errors import SettingError
from lean_ebm.proving.candidates.goals import Listing
from lean_ebm.proving.candidates.templates import Candidate
from lean_ebm.proving.numbers.benchmarks import benchmarks
from lean_ebm.proving.numbers.graphs import number_listing
from lean_ebm.proving.numbers.lemmas import Lemmas, lemmas_of
from lean_ebm.proving.numbers.levels import Level, levels
from lean_ebm.proving.numbers.normal import TooLargeError, alike
from lean_ebm.proving.numbers.reading import goal_of
from lean_ebm.proving.numbers.terms import TermKind
from lean_ebm.proving.numbers.world import NUMBERS, NumberProblem, NumberWorld
from lean_ebm.proving.search.worlds import World
from lean_ebm.proving.steps.sampling import Thoroughness
from lean_ebm.proving.steps.sources import Benchmark, Drawn, Source
from lean_ebm.proving.steps.theory import Bounds, Theory
from lean_ebm.proving.theorems.walks import Walk, level_numbers, random_walk, statement_of

_FEWER = 0.25  # the share of theorems for whose proofs not all lemmas are there that they might use


class NumberTheory(Theory):
    """The world of numbers, whose goals are :class:`.NumberProblem`.

    No goal is refuted, and lower bounds say nothing: what is found need not be a shortest proof.
    """

    exact = False

    def key(self, goal: NumberProblem) -> Hashable:
        """A key that is equal for equivalent goals."""
        return goal.key

    def tactics(self, goal: NumberProblem) -> Sequence[Candidate]:
        """The wide set."""
        return goal.tactics

    def after(self, goal: NumberProblem, tactic: Candidate) -> Sequence[Any] | None:
        """The goals that a tactic leaves; None if it fails."""
        return goal.after(tactic)

    def refutes(self, goal: NumberProblem) -> bool:
        """Nothing is refuted."""
        return False

    def bounds(self, goal: NumberProblem) -> Bounds:
        """Estimate how many tactics a goal needs: one if ``rfl`` proves it, else more for larger targets."""
        target = goal.goal.target
        try:
            if target.kind is TermKind.EQUALS and alike(target.a, target.b):
                return Bounds(1.0, 1.0, 1.0)
        except TooLargeError:
            pass
        return Bounds(1.0, 1.0 + 0.3 * target.size)

    def listing(self, goal: NumberProblem, tactics: Sequence[Candidate]) -> Listing:
        """A goal and its tactics as integers."""
        return number_listing(goal.goal, list(tactics))

    def size(self, goal: NumberProblem) -> int:
        """Number of the parts of the target and the hypotheses."""
        return sum(goal.sizes())


class NumberSource(Source):
    """Random equations between numbers, none of which is a level.

    Args:
        steps: Smallest and largest number of steps of a walk.
        held_out: Names of lemmas that nothing uses.

    Raises:
        SettingError: If there is no such lemma.
    """

    def __init__(self, steps: tuple[int, int], held_out: tuple[str, ...] = ()) -> None:
        if unknown := set(held_out) - {level.name for level in levels()}:
            raise SettingError(f"held_out has {sorted(unknown)[0]!r}, which is not a level of the world of numbers.")
        self.steps, self.held_out = steps, frozenset(held_out)

    @property
    def kinds(self) -> Mapping[str, float]:
        """``walk``: all lemmas may be used; ``theory``: only those before the last one that the walk used, or fewer."""
        return {"walk": 0.5, "theory": 0.5}

    @property
    def thoroughness(self) -> Thoroughness:
        """Few wrong turns, because each leads to a goal that needs at most one more tactic."""
        return Thoroughness(expansions=80, turns=1.0, turn_expansions=5, tie_expansions=0)

    @property
    def shortest(self) -> int:
        """Two, because in this world proofs of three tactics can already be hard to find."""
        return 2

    def lemmas(self, count: int | None = None) -> Lemmas:
        """The lemmas among the first levels that may be used. None for all levels."""
        return lemmas_of(self._chosen(count))

    def _chosen(self, count: int | None) -> tuple[Level, ...]:
        return tuple([level for level in levels()[:count] if level.name not in self.held_out])

    def draw(self, random: Random, kind: str) -> Drawn | None:
        """Draw an equation; None if the walk got stuck or ended at a level."""
        theory = kind == "theory"
        steps = random.choice((1, 1, 2, 3)) if theory else random.randint(*self.steps)
        walk = random_walk(random, self.lemmas(), steps, *((5, 12) if theory else ()))
        if walk is None or walk.number in level_numbers():
            return None
        if not theory:
            return self._drawn(kind, walk, len(levels()), walk.path)
        number = max(_last_used(walk), _definitions())
        if random.random() < _FEWER:
            number = random.randint(_definitions(), number)
        return self._drawn(kind, walk, number, ())

    def _drawn(self, kind: str, walk: Walk, count: int, path: tuple[Candidate, ...]) -> Drawn:
        return Drawn(kind, statement_of(walk.goal), NumberProblem(walk.goal, self.lemmas(count)), path, count)

    def read(self, statement: str) -> Drawn:
        """Read a statement.

        Raises:
            SettingError: If it is not an equation between numbers.
        """
        found = NUMBERS.read(statement)
        return Drawn("file", found, NumberProblem(goal_of(found), self.lemmas()), (), len(levels()))

    def theory(self) -> Theory:
        """The theory of numbers."""
        return NumberTheory()

    def benchmarks(self, number: int) -> dict[str, Benchmark]:
        """The levels that are equations, and walks of several lengths; see :mod:`.benchmarks`."""
        return benchmarks(number, sorted(self.held_out))

    def world(self, lemmas: Mapping[str, int]) -> World:
        """The world of numbers. Proofs of statements may use the given number of levels."""
        return NumberWorld(lambda statement: self._chosen(lemmas.get(str(statement))))


@cache
def _definitions() -> int:
    """Number of the levels that define the operations and numerals, which come first."""
    return sum(level.kind == "definition" for level in levels())


def _last_used(walk: Walk) -> int:
    names = [level.name for level in levels()]
    return max(names.index(name) for name in walk.used)
