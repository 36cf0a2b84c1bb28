"""Compiles patterns of ``match``, ``fun``, ``have`` and ``intro`` to proof terms.

The alternatives are rows of patterns, the hypotheses that they match are columns. A column for which the first row has
a constructor is split, for each constructor of its formula, until the first row has only variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lean_ebm.proving.logic.elaborate_formulas import FormulaElaborator
from lean_ebm.proving.logic.formulas import FALSE, Expr, Kind
from lean_ebm.proving.logic.goals import Context, Goal, Local
from lean_ebm.proving.logic.inductive import FIELDS, case_proof, field_formulas
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.parser import Tree

_NAMESPACES = {Kind.AND: "And", Kind.OR: "Or", Kind.IFF: "Iff", Kind.EXISTS: "Exists", Kind.TRUE: "True"}
_CONSTANTS = frozenset({"rfl", "true", "false", "none", "some", "isTrue", "isFalse"})  # no variables in Lean's patterns

_SPLITS = 100  # of hypotheses for which no alternative is left


class Column(NamedTuple):
    """A hypothesis or individual that patterns are matched with.

    Args:
        local: The hypothesis, or the individual, as an entry of a context. Its name is Lean's for ``_``.
        given: Whether it is one that was there before, so that a variable gets a number of its own.
    """

    local: Local
    given: bool


class Row(NamedTuple):
    """An alternative.

    Args:
        number: Its number.
        patterns: A pattern for each column, with the place of its first variable among those of the alternative.
        bound: Place, name and column of each variable that is bound so far; the name ``_`` stands for none.
    """

    number: int
    patterns: tuple[tuple[int, Tree], ...]
    bound: tuple[tuple[int, str, Column], ...] = ()


Leaf = Callable[[int, Context], ProofTerm]
"""Makes the proof for an alternative, by its number, in the context with its variables."""


class PatternCompiler:
    """Compiles one ``match``.

    Args:
        elaborator: The elaborator of the tactic.
        context: The context outside.
        leaf: What makes the proofs of the alternatives.
    """

    def __init__(self, elaborator: FormulaElaborator, context: Context, leaf: Leaf) -> None:
        self.elaborator, self.context, self.leaf = elaborator, context, leaf
        self.used: set[int] = set()
        self.splits = 0
        self.names: set[str] = set()

    def compile(self, columns: tuple[Column, ...], alternatives: tuple[tuple[Tree, ...], ...]) -> ProofTerm:
        """Make the proof.

        Raises:
            TacticError: If an alternative is missing, is not needed or does not fit.
        """
        rows = []
        for index, patterns in enumerate(alternatives):
            if len(patterns) != len(columns):
                raise self.elaborator.run.failure("match: an alternative has the wrong number of patterns")
            _no_name_twice(patterns)
            self.names.update(name for pattern in patterns for name in _names(pattern))
            at, placed = 0, []
            for pattern in patterns:
                placed.append((at, pattern))
                at += _variables(pattern)
            rows.append(Row(index, tuple(placed)))
        proof = self._split(columns, columns, rows)
        if len(self.used) < len(rows):
            raise self.elaborator.run.failure("match: an alternative is not needed")
        return proof

    def _split(self, live: tuple[Column, ...], columns: tuple[Column, ...], rows: list[Row]) -> ProofTerm:
        if not rows:
            return self._missing(live)
        rows = [self._simple(columns, row) for row in rows]
        at = next((at for at, (_, pattern) in enumerate(rows[0].patterns) if pattern[0] == "constructor"), None)
        if at is None:
            return self._found(columns, rows[0])
        column = columns[at]
        formula = column.local.formula
        assert formula is not None
        holes, numbers = [], []
        for constructor, fields in FIELDS[formula.kind]:
            made = tuple(self.elaborator.new_number() for _ in fields)
            locals_ = field_formulas(formula, constructor, fields, (), made)
            new = tuple(Column(_renamed(local, local.number, local.name, local.accessible), False) for local in locals_)
            inner = (*columns[:at], *new, *columns[at + 1 :])
            left = []
            for row in rows:
                place, pattern = row.patterns[at]
                parts: tuple[tuple[int, Tree], ...]
                bound = row.bound
                if pattern[0] == "constructor":
                    if pattern[1] != constructor:
                        continue
                    parts, start = (), place
                    for part in pattern[2]:
                        parts = (*parts, (start, part))
                        start += _variables(part)
                else:
                    parts = tuple((place, ("any",)) for _ in fields)
                    if pattern[0] == "variable":
                        bound = (*bound, (place, pattern[1], column))
                left.append(Row(row.number, (*row.patterns[:at], *parts, *row.patterns[at + 1 :]), bound))
            still = (*(other for other in live if other is not column), *new)
            number = self.elaborator.run.number()
            self.elaborator.run.parts[number] = self._split(still, inner, left)
            holes.append(number)
            numbers.append(made)
        return case_proof(formula, ("hyp", column.local.number), holes, numbers)

    def _missing(self, live: tuple[Column, ...]) -> ProofTerm:
        """The proof where no alternative fits.

        Lean takes all hypotheses apart, and accepts that if what is left in each case contradicts itself.
        """
        for column in live:
            formula = column.local.formula
            constructors = FIELDS.get(formula.kind) if formula is not None else None
            if formula is None or constructors is None:
                continue
            self.splits += 1
            if self.splits > _SPLITS:
                raise Unsupported("a match with so many missing cases")
            holes, numbers = [], []
            for constructor, fields in constructors:
                made = tuple(self.elaborator.new_number() for _ in fields)
                new = tuple(Column(local, False) for local in field_formulas(formula, constructor, fields, (), made))
                number = self.elaborator.run.number()
                still = (*(other for other in live if other is not column), *new)
                self.elaborator.run.parts[number] = self._missing(still)
                holes.append(number)
                numbers.append(made)
            return case_proof(formula, ("hyp", column.local.number), holes, numbers)
        proof = self._contradiction(live)
        if proof is None:
            raise self.elaborator.run.failure("match: missing cases")
        return proof

    def _contradiction(self, live: tuple[Column, ...]) -> ProofTerm | None:
        run = self.elaborator.run
        number = run.number()
        context = tuple(column.local for column in live)
        try:
            run.nested(Goal(number, context, FALSE, "", 0), ("block", (("contradiction",),)))
        except TacticError:
            return None
        return run.parts.pop(number)

    def _found(self, columns: tuple[Column, ...], row: Row) -> ProofTerm:
        self.used.add(row.number)
        bound = list(row.bound)
        for (place, pattern), column in zip(row.patterns, columns, strict=True):
            if pattern[0] == "variable":
                bound.append((place, pattern[1], column))
        context = self.context
        wrapped: list[tuple[int, Expr, int]] = []
        for _, name, column in sorted(bound, key=lambda entry: entry[0]):
            local, number = column.local, column.local.number
            accessible = name != "_"
            if column.given:
                if local.formula is None:
                    raise Unsupported("match of an individual")
                number = self.elaborator.new_number()
                wrapped.append((number, local.formula, local.number))
            context = (*context, _renamed(local, number, name if accessible else local.name, accessible))
        proof = self.leaf(row.number, context)
        for number, formula, of in reversed(wrapped):
            proof = ("let", number, formula, ("hyp", of), proof)
        return proof

    def _simple(self, columns: tuple[Column, ...], row: Row) -> Row:
        patterns = tuple(
            (place, self._pattern(pattern, column.local))
            for (place, pattern), column in zip(row.patterns, columns, strict=True)
        )
        return Row(row.number, patterns, row.bound)

    def _pattern(self, pattern: Tree, local: Local) -> Tree:
        """Turn a pattern into ``("variable", name)``, ``("any",)`` or ``("constructor", name, patterns)``."""
        what = pattern[0]
        if what in ("variable", "any", "constructor"):
            return pattern
        if what == "_" or what == "name":
            name = "_" if what == "_" else str(pattern[1])
            if name in _CONSTANTS:
                raise Unsupported(f"the pattern {name}")
            return ("variable", name)
        if what == "typed":
            if local.formula is None:
                raise Unsupported("a type of an individual in a pattern")
            if not self.names.isdisjoint(_mentioned(pattern[2])):
                raise Unsupported("a type in a pattern that mentions a name of the pattern")
            formula = self.elaborator.formula(pattern[2], self.context)
            if formula.unknown:
                raise Unsupported("a type with holes in a pattern")
            if formula.key is not local.formula.key:
                raise self.elaborator.run.failure("type mismatch in a pattern")
            return self._pattern(pattern[1], local)
        kind = local.formula.kind if local.formula is not None else None
        constructors = dict(FIELDS.get(kind, ())) if kind is not None else {}
        if what == "anonymous":
            if len(constructors) != 1:
                raise self.elaborator.run.failure("invalid ⟨...⟩: the type does not have exactly one constructor")
            ((name, fields),) = constructors.items()
            items = pattern[1]
            if len(items) < len(fields) or (len(items) > len(fields) and len(fields) < 2):
                raise self.elaborator.run.failure(f"invalid ⟨...⟩: the constructor has {len(fields)} fields")
            if len(items) > len(fields):
                items = (*items[: len(fields) - 1], ("anonymous", items[len(fields) - 1 :]))
            return ("constructor", name, items)
        head, arguments = (pattern[1], pattern[2]) if what == "app" else (pattern, ())
        if head[0] == "dot":
            name = head[1]
        elif head[0] == "proj" and head[1][0] == "name" and head[1][1] in _NAMESPACES.values():
            if kind is None or _NAMESPACES.get(kind) != head[1][1]:
                raise self.elaborator.run.failure("type mismatch in a pattern")
            name = head[2]
        else:
            raise Unsupported("such a pattern")
        if name not in constructors:
            raise Unsupported(f"the pattern .{name}")
        if len(arguments) != len(constructors[name]):
            raise self.elaborator.run.failure(f"a pattern with another number of arguments than {name} has")
        if any(argument[0] == "named" for argument in arguments):
            raise Unsupported("a named argument in a pattern")
        return ("constructor", name, arguments)


def _renamed(local: Local, number: int, name: str, accessible: bool) -> Local:
    return Local(number, name, accessible, local.what, local.formula, local.sort, local.text)


def _variables(pattern: Tree) -> int:
    """A bound of the number of variables in a pattern."""
    return len(_names(pattern))


def _names(pattern: Tree) -> list[str]:
    what = pattern[0]
    if what in ("name", "variable"):
        return [pattern[1]]
    if what in ("_", "any"):
        return ["_"]
    if what == "typed":
        return _names(pattern[1])
    parts: tuple[Tree, ...] = ()
    if what == "anonymous":
        parts = pattern[1]
    elif what in ("app", "constructor"):
        parts = pattern[2]
    return [name for part in parts for name in _names(part)]


def _no_name_twice(patterns: tuple[Tree, ...]) -> None:
    names = [name for pattern in patterns for name in _names(pattern) if name != "_"]
    if len(names) != len(set(names)):
        raise TacticError("a variable occurs twice in a pattern")


def _mentioned(tree: Tree) -> set[str]:
    """All texts in a term, and so all names."""
    found: set[str] = set()
    for part in tree:
        if isinstance(part, tuple):
            found |= _mentioned(part)
        elif isinstance(part, str):
            found.add(part)
    return found
