"""Sources of training theorems: kinds of random theorems, and files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from lean_ebm.errors import SettingError
from lean_ebm.proving.candidates.sequents import Sequent, sequent_of
from lean_ebm.proving.candidates.templates import Candidate
from lean_ebm.proving.files import read_lines
from lean_ebm.proving.logic.formulas import Expr
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.logic.unify import Unsupported
from lean_ebm.proving.search.find import read_statement
from lean_ebm.proving.search.worlds import LOGIC, World
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.steps.countermodels import Countermodels
from lean_ebm.proving.steps.sampling import Thoroughness
from lean_ebm.proving.steps.theory import LogicTheory, Theory
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
        goal: The same as a goal of its world.
        path: The tactics of a proof that is known, none of which leaves several goals; empty if none is known.
        lemmas: Number of theorems of its world, from the first, that a proof may use.
    """

    kind: str
    statement: Statement
    goal: Any
    path: tuple[Candidate, ...] = ()
    lemmas: int = 0


class Benchmark(NamedTuple):
    """Statements on which provers are compared.

    Args:
        statements: The statements.
        applications: Tactics that may be tried for each, failed ones included.
        world: The world in which they are proved.
    """

    statements: list[Statement]
    applications: int
    world: World


class Source(ABC):
    """A source of theorems of a world."""

    @property
    @abstractmethod
    def kinds(self) -> Mapping[str, float]:
        """The default shares of the kinds of theorems."""

    @property
    def thoroughness(self) -> Thoroughness:
        """How thoroughly theorems are searched by default."""
        return Thoroughness()

    @property
    def shortest(self) -> int:
        """The default number of tactics from which all theorems are kept."""
        return 5

    @abstractmethod
    def draw(self, random: Random, kind: str) -> Drawn | None:
        """Draw a statement of a kind. None if the draw gives no statement, or no theorem."""

    @abstractmethod
    def read(self, statement: str) -> Drawn:
        """Read a statement.

        Raises:
            SettingError: If it is not one of the world.
        """

    def benchmarks(self, number: int) -> dict[str, Benchmark]:
        """Statements on which provers are compared, by the name of the benchmark; none unless the world has some.

        Args:
            number: Number of statements of each benchmark, at most.
        """
        return {}

    @abstractmethod
    def theory(self) -> Theory:
        """The theory that answers questions about the goals of a theorem."""

    @abstractmethod
    def world(self, lemmas: Mapping[str, int]) -> World:
        """The world, for searches.

        Args:
            lemmas: The number of theorems of the world, from the first, that a proof of a statement may use.
        """


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


class LogicSource(Source):
    """Theorems of the embedded logic.

    Args:
        connectives: Smallest and largest number of connectives of a uniform formula.
    """

    def __init__(self, connectives: tuple[int, int]) -> None:
        self.connectives = connectives

    @property
    def kinds(self) -> Mapping[str, float]:
        """All kinds but families."""
        return {"uniform": 0.5, "formula": 0.15, "term": 0.1, "first_order": 0.25}

    def draw(self, random: Random, kind: str) -> Drawn | None:
        """Draw a statement; see :func:`draw`."""
        return draw(random, kind, self.connectives)

    def read(self, statement: str) -> Drawn:
        """Read a statement."""
        try:
            found = read_statement(statement)
            return Drawn("file", found, sequent_of(root(found)))
        except Unsupported as error:
            raise SettingError(str(error)) from error

    def theory(self) -> Theory:
        """The theory of sequents."""
        return LogicTheory()

    def world(self, lemmas: Mapping[str, int]) -> World:
        """The world of logic, which has no lemmas."""
        return LOGIC


def draw(random: Random, kind: str, connectives: tuple[int, int]) -> Drawn | None:
    """Draw a statement of a kind. None without a statement, or if a small model refutes it.

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


def read_theorems(path: Path, source: Source) -> list[Drawn]:
    """Read the statements of a file of JSON lines.

    Raises:
        SettingError: If it cannot be read, or a statement is not one of the world of the source.
    """
    found = []
    for number, record in enumerate(read_lines(path), 1):
        try:
            found.append(source.read(record["statement"]))
        except SettingError as error:
            raise SettingError(f"{path}, theorem {number}: {error}") from error
    return found
