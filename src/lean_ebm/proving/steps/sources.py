"""Where the theorems come from whose proofs are learned: kinds of random theorems, and files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from lean_ebm.errors import SettingError
from lean_ebm.proving.candidates.sequents import Sequent, sequent_of
from lean_ebm.proving.files import read_lines
from lean_ebm.proving.logic.formulas import Expr
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.logic.unify import Unsupported
from lean_ebm.proving.search.find import read_statement
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.steps.countermodels import Countermodels
from lean_ebm.proving.theorems.families import FAMILIES
from lean_ebm.proving.theorems.renaming import renamed
from lean_ebm.proving.theorems.signature import Signature
from lean_ebm.proving.theorems.terms import random_theorem
from lean_ebm.proving.theorems.uniform import uniform_formula


class Drawn(NamedTuple):
    """A statement that may be a theorem.

    Args:
        kind: Where it comes from.
        statement: The statement.
        sequent: The same as a sequent.
    """

    kind: str
    statement: Statement
    sequent: Sequent


_Made = tuple[Expr, Signature, ProofTerm | None]


def _uniform(random: Random, connectives: tuple[int, int]) -> _Made:
    return uniform_formula(random, random.randint(*connectives)), Signature(5), None


def _formula(random: Random, _: tuple[int, int]) -> _Made:
    signature = Signature(random.randint(1, 5))
    return signature.formula(random, random.randint(6, 30)), signature, None


def _term(random: Random, _: tuple[int, int], first_order: bool = False) -> _Made | None:
    signature = Signature(random.randint(1, 4), first_order)
    made = random_theorem(random, signature, random.randint(3, 14))
    return None if made is None else (made[0], signature, made[1])


def _first_order(random: Random, connectives: tuple[int, int]) -> _Made | None:
    return _term(random, connectives, first_order=True)


_RANDOM: dict[str, Callable[[Random, tuple[int, int]], _Made | None]] = {
    "uniform": _uniform,
    "formula": _formula,
    "term": _term,
    "first_order": _first_order,
}
_LARGEST = 6  # size of the formulas of families

KINDS = (*_RANDOM, "families")
"""Kinds of theorems.

``uniform``: propositional formulas with a number of connectives, all as likely (those of PropL); ``formula``:
propositional formulas with more implications than other connectives, and equivalences and negations; ``term``:
propositional theorems made from random proofs; ``first_order``: the same with quantifiers; ``families``: the provable
families of :data:`.FAMILIES`, up to size 6.
"""


def draw(random: Random, kind: str, connectives: tuple[int, int]) -> Drawn | None:
    """Draw a statement of a kind; None if it is none, or if a small model shows that it is no theorem.

    Args:
        random: The random generator.
        kind: One of :data:`KINDS`.
        connectives: Smallest and largest number of connectives of a uniform formula.
    """
    if kind == "families":
        family = random.choice([family for family in FAMILIES.values() if family.provable])
        statement = family.statement(random.randint(family.smallest, _LARGEST))
    else:
        made = _RANDOM[kind](random, connectives)
        if made is None:
            return None
        formula, signature, proof = made
        if proof is None and Countermodels().refutes(Sequent((), formula.key)):
            return None
        statement = renamed(formula, signature, proof)[0]
    return Drawn(kind, statement, sequent_of(root(statement)))


def read_theorems(path: Path) -> list[Drawn]:
    """Read the statements of a file of JSON lines.

    Raises:
        SettingError: If it cannot be read, or a statement is not one of the embedded logic.
    """
    found = []
    for number, record in enumerate(read_lines(path), 1):
        try:
            statement = read_statement(record["statement"])
            found.append(Drawn("file", statement, sequent_of(root(statement))))
        except (SettingError, Unsupported) as error:
            raise SettingError(f"{path}, theorem {number}: {error}") from error
    return found
