"""Goals and their contexts, printed as Lean prints them."""
# ruff: noqa: RUF001, RUF002 - the letters of Lean

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lean_ebm.proving.logic.formulas import Expr, Kind, bound_in, variables
from lean_ebm.proving.logic.kernel import Sort
from lean_ebm.proving.logic.quantifiers import types_in
from lean_ebm.proving.views import Hypothesis

TYPE, SYMBOL, PROOF = "type", "symbol", "proof"


class Local:
    """One entry of a context; immutable.

    Attributes:
        number: Its number in formulas and proofs.
        name: Its name, without dagger.
        accessible: Whether tactics can refer to it by its name, unless a later entry of the same name shadows it.
        what: ``TYPE`` for types of individuals; ``SYMBOL`` for individuals, functions, predicates and propositions;
            ``PROOF`` for hypotheses.
        formula: The formula of a hypothesis; None for other entries.
        sort: The sort of a type or symbol, as in the kernel; None for hypotheses.
        text: The type of a type, such as ``Type u``; empty for other entries.
        raw: ``"iff"`` or ``"exists"`` if ``cases`` made it from an equivalence or from ∃: Lean 4.35 keeps assigned
            unknowns in its type, and ``apply`` and ``contradiction`` do not replace them.
        key: Its part of the key of a goal, remembered by ``state.py``; None if it was not asked for yet.
        seen: What views say of it, remembered by ``state.py``; None if it was not asked for yet.
    """

    __slots__ = ("accessible", "formula", "key", "name", "number", "raw", "seen", "sort", "text", "what")

    key: str | None
    seen: tuple[Hypothesis, Hypothesis] | None

    def __init__(
        self,
        number: int,
        name: str,
        accessible: bool,
        what: str,
        formula: Expr | None = None,
        sort: Sort | None = None,
        text: str = "",
        raw: str = "",
    ) -> None:
        self.number, self.name, self.accessible, self.what = number, name, accessible, what
        self.formula, self.sort, self.text, self.raw = formula, sort, text, raw
        self.key = self.seen = None

    def is_of(self, sort: int) -> bool:
        """Whether this is an individual of a type, or a proposition if that is the sort."""
        return self.sort is not None and self.sort[1] == sort and not self.sort[0]


Context = tuple[Local, ...]


class Goal:
    """One goal; immutable.

    Attributes:
        number: Its number in proofs; if it asks for an individual or a proposition, the number of that unknown.
        context: The entries that it may use, oldest first.
        target: A formula to prove, or the sort of what is asked for (see :func:`.formulas.asked`).
        tag: Lean's ``case`` tag; empty if Lean shows none.
        fresh: A number such that neither it nor any above it was used in a context that led here.
        key: Its key, remembered by ``state.py``; None if it was not asked for yet.
    """

    __slots__ = ("context", "fresh", "key", "number", "tag", "target")

    key: str | None

    def __init__(self, number: int, context: Context, target: Expr, tag: str, fresh: int) -> None:
        self.number, self.context, self.target, self.tag, self.fresh = number, context, target, tag, fresh
        self.key = None


_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class _Named(Protocol):
    """An entry of a context, of whatever world."""

    @property
    def name(self) -> str: ...

    @property
    def accessible(self) -> bool: ...


def displayed(context: Sequence[_Named]) -> list[str]:
    """The names of a context as Lean prints them: inaccessible ones with a dagger, older ones also with a number."""
    names = [local.name for local in context if local.accessible]
    if len(set(names)) == len(context):  # the usual case, in which none is hidden
        return names
    seen: set[str] = set()
    count: dict[str, int] = {}
    names = []
    for local in reversed(context):
        name = local.name
        if not local.accessible or name in seen:
            index = count.get(name, 0)
            count[name] = index + 1
            shown = f"{name}✝{str(index).translate(_SUPERSCRIPT) if index else ''}"
        else:
            shown = name
            seen.add(name)
        names.append(shown)
    return names[::-1]


_OPERATOR = {
    Kind.AND: (" ∧ ", 35, 36, 35, "And"),
    Kind.OR: (" ∨ ", 30, 31, 30, "Or"),
    Kind.IFF: (" ↔ ", 20, 21, 21, "Iff"),
    Kind.IMPLIES: (" → ", 25, 26, 25, ""),
}


LONGEST = 5_000
"""Parts of a formula; a longer one is printed as ``⋯``, as Lean does it."""


class Printer:
    """Writes formulas as text; one of more than 5,000 parts is written as ``⋯``.

    Args:
        names: Names of types and free variables, by number.
        unknown: Names of unknowns, by number.
        prefix: Whether to write ``And p q`` in place of ``p ∧ q``, for a Lean without its library.
        typed: Whether to write ``∃ (x : α), p`` in place of ``∃ x, p``, which Lean prints but cannot always read back.
    """

    def __init__(
        self,
        names: dict[int, str],
        unknown: dict[int, str] | None = None,
        prefix: bool = False,
        typed: bool = False,
    ) -> None:
        self.names, self.unknown = names, unknown or {}
        self.prefix, self.typed = prefix, typed
        self._taken = set(names.values())
        self._hidden: list[str] = []

    def formula(self, node: Expr, bound: tuple[str, ...] = (), minimum: int = 0) -> str:
        """Write a formula.

        Args:
            node: The formula.
            bound: Names of the bound variables, innermost first.
            minimum: The lowest precedence that needs no brackets where the text is put.
        """
        kind = node.kind
        if node.length > LONGEST:
            return "⋯"
        if kind in (Kind.ALL, Kind.EXISTS):
            return self._bracket(self._quantifier(node, bound), minimum > 1023)
        if kind is Kind.NOT:
            if self.prefix:
                return self._bracket(f"Not {self.formula(node.a, bound, 1024)}", minimum > 1023)
            text = "¬" + self.formula(node.a, bound, 40)
            return self._bracket(text, minimum == 1024 and self._ends_open(node))
        if kind in _OPERATOR:
            symbol, own, first, second, name = _OPERATOR[kind]
            if self.prefix and name:
                a, b = self.formula(node.a, bound, 1024), self.formula(node.b, bound, 1024)
                return self._bracket(f"{name} {a} {b}", minimum > 1023)
            # A quantifier at the end of the left part would swallow the operator.
            a = self.formula(node.a, bound, 1024 if self._ends_open(node.a) else first)
            hides = kind is Kind.IMPLIES and bool(types_in(node.b))
            if hides:  # to Lean `p → q` binds a name, which quantifiers in `q` must not take
                self._hidden.append(self._fresh(node.name or "a", node.b, bound, bound_in(node.b)))
            b = self.formula(node.b, bound, second)
            if hides:
                self._hidden.pop()
            return self._bracket(a + symbol + b, own < minimum)
        if kind is Kind.TRUE:
            return "True"
        if kind is Kind.FALSE:
            return "False"
        if kind is Kind.INDIVIDUALS:
            return self.sort(node.a)
        if kind is Kind.PROPOSITIONS:
            return "Prop"
        return self.individual(node, bound, minimum)

    def _ends_open(self, node: Expr) -> bool:
        kind = node.kind
        if kind in (Kind.ALL, Kind.EXISTS):
            return True
        if kind is Kind.NOT:
            return not self.prefix and node.a.kind not in _OPERATOR and self._ends_open(node.a)
        if kind not in _OPERATOR or (self.prefix and kind is not Kind.IMPLIES):
            return False
        inner = _OPERATOR.get(node.b.kind)
        return (inner is None or inner[1] >= _OPERATOR[kind][3]) and self._ends_open(node.b)

    def sort(self, sort: int) -> str:
        """Write a type, or ``Prop``."""
        return self.names.get(sort, "α") if sort else "Prop"

    def individual(self, node: Expr, bound: tuple[str, ...] = (), minimum: int = 0) -> str:
        """Write an individual, or a symbol with its arguments."""
        kind = node.kind
        if kind is Kind.BOUND or kind is Kind.BOUND_PROPOSITION:
            return bound[int(node.a)]
        if kind in (Kind.UNKNOWN, Kind.HOLE):
            return "?" + self.unknown.get(node.a, f"m.{node.a}")
        name = self.names[node.a]
        if kind is Kind.VARIABLE or not node.b:
            return name
        text = " ".join([name, *(self.individual(part, bound, 1024) for part in node.b)])
        return self._bracket(text, minimum > 1023)

    def _quantifier(self, node: Expr, bound: tuple[str, ...]) -> str:
        kind, names = node.kind, []
        groups: list[tuple[int, list[str]]] = []
        while node.kind is kind:
            name = self._fresh(node.name or "x", node.a, bound, bound_in(node))
            names.append(name)
            if not groups or groups[-1][0] != node.b:
                groups.append((node.b, []))
            groups[-1][1].append(name)
            bound = (name, *bound)
            node = node.a
            if self.prefix and kind is Kind.EXISTS:
                break
        body = self.formula(node, bound)
        binders = " ".join([f"({' '.join(group)} : {self.sort(sort)})" for sort, group in groups])
        if kind is Kind.ALL:
            return f"∀ {binders}, {body}"
        if self.prefix:
            return f"Exists fun {binders} => {body}"
        return f"∃ {binders}, {body}" if self.typed else f"∃ {' '.join(names)}, {body}"

    def _fresh(self, name: str, body: Expr, bound: tuple[str, ...], indices: frozenset[int]) -> str:
        """The name of a bound variable, or another one if its body uses that name for something else.

        Args:
            name: The name.
            body: The body.
            bound: Names of the bound variables around it.
            indices: The indices of those that occur in the body.
        """
        if name not in self._taken and name not in bound and name not in self._hidden:
            return name
        used = {self.names.get(number) for number in variables(body) | types_in(body)}
        used |= {bound[index] for index in indices}
        if name not in used:
            return name
        taken, index = self._taken.union(bound, self._hidden), 1
        while f"{name}_{index}" in taken:
            index += 1
        return f"{name}_{index}"

    @staticmethod
    def _bracket(text: str, bracket: bool) -> str:
        return f"({text})" if bracket else text


def printed(goal: Goal, unknown: dict[int, str], prefix: bool = False) -> str:
    """Print a goal as Lean does."""
    names = displayed(goal.context)
    by_number = {local.number: name for local, name in zip(goal.context, names, strict=True)}
    printer = Printer(by_number, unknown, prefix)
    lines = [f"case {goal.tag}"] if goal.tag else []
    group: list[str] = []
    for index, (local, name) in enumerate(zip(goal.context, names, strict=True)):
        group.append(name)
        after = goal.context[index + 1] if index + 1 < len(names) else None
        if after is None or not _same_type(local, after):
            lines.append(f"{' '.join(group)} : {type_text(local, printer)}")
            group = []
    lines.append(f"⊢ {printer.formula(goal.target)}")
    return "\n".join(lines)


def type_text(local: Local, printer: Printer) -> str:
    """Write the type of an entry of a context."""
    if local.formula is not None:
        return printer.formula(local.formula)
    if local.what == TYPE or local.sort is None:
        return local.text
    arguments, result = local.sort
    return " → ".join([printer.sort(sort) for sort in (*arguments, result)])


def _same_type(a: Local, b: Local) -> bool:
    if a.formula is None or b.formula is None:
        return a.formula is b.formula and a.sort == b.sort and a.text == b.text
    return _alike(a.formula, b.formula, set())


def _alike(a: Expr, b: Expr, known: set[tuple[Expr, Expr]]) -> bool:
    """Whether two formulas differ only in names of bound variables; ``¬p`` and ``p → False`` differ in more."""
    if a is b or (a, b) in known:
        return True
    if a.key is not b.key or a.kind is not b.kind or a.kind is Kind.ATOM:
        return False
    for x, y in ((a.a, b.a), (a.b, b.b)):
        if isinstance(x, Expr) and not _alike(x, y, known):
            return False
    known.add((a, b))
    return True
