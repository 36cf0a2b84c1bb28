"""Goals about numbers, printed as Lean prints them (with each entry in one line)."""

from __future__ import annotations

from typing import NamedTuple

from lean_ebm.proving.logic.goals import displayed
from lean_ebm.proving.numbers.terms import Term, TermKind

TYPE = "MyNat"
"""The type of numbers."""


class NumberLocal(NamedTuple):
    """An entry of a context.

    Args:
        name: Its name, without dagger.
        number: The number of a variable; -1 for a hypothesis.
        formula: The formula of a hypothesis; None for a variable.
        accessible: Whether tactics can refer to it by its name, unless a later entry of the same name shadows it.
    """

    name: str
    number: int = -1
    formula: Term | None = None
    accessible: bool = True


class NumberGoal:
    """A goal; immutable.

    Attributes:
        context: The variables and hypotheses, oldest first.
        target: The formula to prove.
        tag: Lean's ``case`` tag; empty if Lean shows none.
    """

    __slots__ = ("context", "tag", "target")

    def __init__(self, context: tuple[NumberLocal, ...], target: Term, tag: str = "") -> None:
        self.context, self.target, self.tag = context, target, tag

    def proving(self, target: Term) -> NumberGoal:
        """The same goal with another target."""
        return NumberGoal(self.context, target, self.tag)

    def fresh(self) -> int:
        """The smallest number that is not used by a variable of the context."""
        taken = {local.number for local in self.context}
        number = 0
        while number in taken:
            number += 1
        return number

    def sizes(self) -> tuple[int, int]:
        """Count the parts of the target, and of the hypotheses together."""
        return self.target.size, sum([local.formula.size for local in self.context if local.formula is not None])

    def __str__(self) -> str:
        names = displayed(self.context)
        printer = printer_of(self.context, names)
        lines = [f"case {self.tag}"] if self.tag else []
        group: list[str] = []
        for index, (local, name) in enumerate(zip(self.context, names, strict=True)):
            group.append(name)
            after = self.context[index + 1] if index + 1 < len(names) else None
            if after is None or after.formula is not local.formula:
                lines.append(f"{' '.join(group)} : {TYPE if local.formula is None else printer.text(local.formula)}")
                group = []
        lines.append(f"⊢ {printer.text(self.target)}")
        return "\n".join(lines)


_OPERATORS = {
    TermKind.ADD: (" + ", 65, 65, 66),
    TermKind.MUL: (" * ", 70, 70, 71),
    TermKind.POW: (" ^ ", 75, 76, 75),
    TermKind.EQUALS: (" = ", 50, 51, 51),
    TermKind.IMPLIES: (" → ", 25, 26, 25),
}


class NumberPrinter:
    """Writes terms and formulas.

    Args:
        names: The names of free variables, by number.
    """

    def __init__(self, names: dict[int, str]) -> None:
        self.names = names
        self._taken = set(names.values())

    def text(self, term: Term, minimum: int = 0, bound: tuple[str, ...] = ()) -> str:
        """Write a term or formula.

        Args:
            term: The term.
            minimum: The lowest precedence that needs no brackets where the text is put; 1024 for an argument.
            bound: Names of the bound variables, innermost first.
        """
        kind = term.kind
        if kind is TermKind.VARIABLE:
            return self.names[term.a]
        if kind is TermKind.NUMERAL:
            return str(term.a)
        if kind is TermKind.SUCC:
            return _bracketed(f"succ {self.text(term.a, 1024, bound)}", minimum > 1023)
        if kind in _OPERATORS:
            symbol, own, first, second = _OPERATORS[kind]
            # A quantifier at the end of the left part would swallow the operator.
            left = self.text(term.a, 1024 if term.a.kind is TermKind.ALL else first, bound)
            return _bracketed(left + symbol + self.text(term.b, second, bound), minimum > own)
        if kind is TermKind.ALL:
            return _bracketed(self._quantified(term, bound), minimum > 1023)
        return bound[term.a] if kind is TermKind.BOUND else "zero" if kind is TermKind.ZERO else f"?{term.a}"

    def _quantified(self, formula: Term, bound: tuple[str, ...]) -> str:
        names = []
        while formula.kind is TermKind.ALL:
            name = self._fresh(formula, bound)
            names.append(name)
            bound = (name, *bound)
            formula = formula.a
        return f"∀ ({' '.join(names)} : {TYPE}), {self.text(formula, 0, bound)}"

    def _fresh(self, formula: Term, bound: tuple[str, ...]) -> str:
        """The name of a bound variable, or another one if its body uses that name for something else."""
        name = str(formula.b)
        if name not in self._taken and name not in bound:
            return name
        used = {self.names[number] for number in formula.variables}
        used |= {bound[index] for index in _free(formula)}
        if name not in used:
            return name
        taken, index = self._taken.union(bound), 1
        while f"{name}_{index}" in taken:
            index += 1
        return f"{name}_{index}"


def printer_of(context: tuple[NumberLocal, ...], names: list[str] | None = None) -> NumberPrinter:
    """The printer of a context."""
    shown = displayed(context) if names is None else names
    pairs = zip(context, shown, strict=True)
    return NumberPrinter({local.number: name for local, name in pairs if local.formula is None})


def _bracketed(text: str, brackets: bool) -> str:
    return f"({text})" if brackets else text


def _free(term: Term, depth: int = 0) -> set[int]:
    """The bound variables that are free in a term, by their indices outside of it."""
    if term.loose <= depth:
        return set()
    if term.kind is TermKind.BOUND:
        return {term.a - depth}
    found = _free(term.a, depth + (term.kind is TermKind.ALL))
    return found | _free(term.b, depth) if type(term.b) is Term else found
