"""Families of propositional formulas of growing size: provable ones, and similar unprovable ones.

They are the problems SYJ201 to SYJ212 of the ILTP library (Raths, Otten, Kreitz 2007, "The ILTP problem library for
intuitionistic logic"), after Dyckhoff (1997), "Some benchmark formulae for intuitionistic propositional logic"::

    statement = FAMILIES["pigeonhole"].statement(3)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lean_ebm.errors import SettingError
from lean_ebm.proving.logic.infer import statement as with_binders
from lean_ebm.proving.statements import Statement


@dataclass(frozen=True)
class Family:
    """A family of formulas, one for each size.

    Args:
        name: Its name.
        problem: The number of its problems in the ILTP library.
        provable: Whether its formulas have proofs in intuitionistic logic. Those of the other families are classical
            tautologies, and from size 2 on without a proof.
        formula: Writes the formula of a size.
        smallest: The smallest size.
    """

    name: str
    problem: str
    provable: bool
    formula: Callable[[int], str]
    smallest: int = 1

    def statement(self, size: int) -> Statement:
        """Make the statement of a size.

        Raises:
            SettingError: If the size is too small.
        """
        if size < self.smallest:
            raise SettingError(f"The size of a formula of {self.name} is {size}: expected {self.smallest} or more.")
        return with_binders(self.formula(size))


def _all(parts: Iterable[str]) -> str:
    return " ∧ ".join(f"({part})" for part in parts)


def _any(parts: Iterable[str]) -> str:
    return " ∨ ".join(f"({part})" for part in parts)


def _ring(m: int) -> str:
    """If any two neighbours in a ring of ``m`` propositions are equivalent, then all of them hold."""
    everything = _all(f"p{i}" for i in range(1, m + 1))
    return _all(f"(p{i} ↔ p{i % m + 1}) → {everything}" for i in range(1, m + 1))


def _de_bruijn(n: int) -> str:
    return f"{_ring(2 * n + 1)} → {_all(f'p{i}' for i in range(1, 2 * n + 2))}"


def _de_bruijn_even(n: int) -> str:
    return f"{_ring(2 * n)} → p0 ∨ ({_all(f'p{i}' for i in range(1, 2 * n + 1))}) ∨ ¬p0"


def _shared_hole(n: int) -> str:
    """Two of ``n + 1`` pigeons sit in one of ``n`` holes."""
    pigeons = range(1, n + 2)
    return _any(f"o{i}_{hole} ∧ o{j}_{hole}" for hole in range(1, n + 1) for i in pigeons for j in pigeons if i < j)


def _pigeonhole(n: int) -> str:
    holes = range(1, n + 1)
    return f"{_all(_any(f'o{pigeon}_{hole}' for hole in holes) for pigeon in range(1, n + 2))} → {_shared_hole(n)}"


def _pigeonhole_unsure(n: int) -> str:
    def places(pigeon: int) -> str:
        return _any([*(f"o{pigeon}_{hole}" for hole in range(1, n)), f"¬¬o{pigeon}_{n}"])

    return f"{_all(places(pigeon) for pigeon in range(1, n + 2))} → {_shared_hole(n)}"


def _contractions(n: int) -> str:
    numbers = range(1, n + 1)
    return f"((({_all(f'p{i}' for i in numbers)}) ∨ {_any(f'p{i} → f' for i in numbers)}) → f) → f"


def _contractions_unsure(n: int) -> str:
    cases = ["¬¬p1 → f", *(f"p{i} → f" for i in range(2, n + 1))]
    return f"((({_all(f'p{i}' for i in range(1, n + 1))}) ∨ {_any(cases)}) → f) → f"


def _exponential(n: int) -> str:
    return f"{_all([f'p{n}', *(f'p{i} → p{i} → p{i - 1}' for i in range(1, n + 1))])} → p0"


def _exponential_unsure(n: int) -> str:
    return f"{_all([f'¬¬p{n}', *(f'p{i} → p{i} → p{i - 1}' for i in range(1, n + 1))])} → p0"


def _korn_kreitz(n: int) -> str:
    ends = ["a0 → f", f"(b{n} → b0) → a{n}"]
    steps = [f"(b{i - 1} → a{i}) → a{i - 1}" for i in range(1, n + 1)]
    return f"({_all([*ends, *steps])} → f) ∧ ({_all([*steps[::-1], *ends[::-1]])} → f)"


def _korn_kreitz_unsure(n: int) -> str:
    steps = [f"(¬¬b{i - 1} → a{i}) → a{i - 1}" for i in range(1, n + 1)]
    return f"{_all(['a0 → f', f'(¬¬b{n} → b0) → a{n}', *steps])} → f"


def _chain(first: str, n: int) -> str:
    left, right = first, "p1"
    for i in range(2, n + 1):
        left, right = f"({left} ↔ p{i})", f"(p{i} ↔ {right})"
    return f"{left} ↔ {right}"


FAMILIES = {
    family.name: family
    for family in (
        Family("de_bruijn", "SYJ201", True, _de_bruijn),
        Family("pigeonhole", "SYJ202", True, _pigeonhole),
        Family("contractions", "SYJ203", True, _contractions),
        Family("exponential", "SYJ204", True, _exponential),
        Family("korn_kreitz", "SYJ205", True, _korn_kreitz),
        Family("equivalences", "SYJ206", True, lambda n: _chain("p1", n), 2),
        Family("de_bruijn_even", "SYJ207", False, _de_bruijn_even),
        Family("pigeonhole_unsure", "SYJ208", False, _pigeonhole_unsure),
        Family("contractions_unsure", "SYJ209", False, _contractions_unsure),
        Family("exponential_unsure", "SYJ210", False, _exponential_unsure),
        Family("korn_kreitz_unsure", "SYJ211", False, _korn_kreitz_unsure),
        Family("equivalences_unsure", "SYJ212", False, lambda n: _chain("¬¬p1", n), 2),
    )
}
"""The families by name."""
