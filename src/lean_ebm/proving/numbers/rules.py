"""Rewriting, as Lean's ``rw`` does it.

A rule looks for its first instance in pre-order: a term before its parts, the left part before the right one. That
settles what its unknowns are, and then all instances are rewritten (Lean's ``kabstract``). Terms in which a bound
variable is free are no instances.
"""

from __future__ import annotations

from lean_ebm.proving.numbers.terms import Term, TermKind, filled, make, opened, replaced, unknowns_in

_FAILED = ()


class Rule:
    """An equation that rewrites one side to the other.

    Attributes:
        left: What it looks for, with unknowns.
        right: What comes in its place.
        bare: Whether it looks for an unknown, which Lean refuses.
        lost: Whether its left side lacks some of its unknowns, so that a metavariable would be left.
    """

    __slots__ = ("__weakref__", "_head", "bare", "left", "lost", "right")

    def __init__(self, left: Term, right: Term, unknowns: frozenset[Term]) -> None:
        self.left, self.right = left, right
        self.bare = left.kind is TermKind.UNKNOWN
        self.lost = bool(unknowns - unknowns_in(left))
        self._head = left.kind

    def instance(self, term: Term) -> tuple[Term, Term] | None:
        """Both sides of the instance of the rule that a whole term matches. None if it does not match."""
        if term.kind is not self._head or term.loose:
            return None
        values: dict[Term, Term] = {}
        return (term, filled(self.right, values)) if _fits(self.left, term, values) else None

    def values(self, term: Term) -> dict[Term, Term] | None:
        """The values of the unknowns if a whole term matches the rule. None if it does not match."""
        values: dict[Term, Term] = {}
        return values if _fits(self.left, term, values) else None

    def undone(self, term: Term) -> dict[Term, Term] | None:
        """The values of the unknowns if a whole term matches the right side. None if it does not match."""
        values: dict[Term, Term] = {}
        return values if not term.loose and _fits(self.right, term, values) else None

    def first(self, term: Term) -> tuple[Term, Term] | None:
        """Both sides of the first instance in a term or formula. None without an instance. Results are cached."""
        found: tuple[Term, Term] | tuple[()] | None = term.memory.get(self)
        if found is None:
            found = term.memory[self] = self._search(term) or _FAILED
        return found or None

    def _search(self, term: Term) -> tuple[Term, Term] | None:
        found = self.instance(term)
        if found is None and term.kind >= TermKind.SUCC:
            found = self.first(term.a)
            if found is None and type(term.b) is Term:
                found = self.first(term.b)
        return found

    def rewrite(self, formula: Term) -> Term | None:
        """Rewrite a formula; None if it has no instance."""
        found = self.first(formula)
        return None if found is None else replaced(formula, *found)


def _fits(pattern: Term, term: Term, values: dict[Term, Term]) -> bool:
    """Whether a term is an instance of a pattern; notes what its unknowns are."""
    if not pattern.unknown:
        return pattern is term
    kind = pattern.kind
    if kind is TermKind.UNKNOWN:
        return values.setdefault(pattern, term) is term
    if kind is not term.kind or not _fits(pattern.a, term.a, values):
        return False
    return kind is TermKind.SUCC or _fits(pattern.b, term.b, values)


def rule_of(formula: Term, arguments: tuple[Term | None, ...] = (), backwards: bool = False) -> Rule | None:
    """Read an equation, perhaps behind ``∀``, as a rule. Results are cached.

    Args:
        formula: The formula.
        arguments: Terms for its first variables; None for an unknown one.
        backwards: Whether it rewrites its right side to its left one.

    Returns:
        The rule; None if there are too many arguments, or the formula is no equation then.
    """
    key = ("rule", arguments, backwards)
    if key not in formula.memory:
        body, count, unknowns = formula, 0, set()
        while body.kind is TermKind.ALL:
            value = arguments[count] if count < len(arguments) else None
            if value is None:
                value = make(TermKind.UNKNOWN, count)
                unknowns.add(value)
            body = opened(body.a, value)
            count += 1
        rule = None
        if body.kind is TermKind.EQUALS and count >= len(arguments):
            left, right = (body.b, body.a) if backwards else (body.a, body.b)
            rule = Rule(left, right, frozenset(unknowns))
        formula.memory[key] = rule
    found: Rule | None = formula.memory[key]
    return found
