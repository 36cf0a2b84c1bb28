"""Small Kripke models that refute most sequents without a proof, in a few microseconds.

A sequent that is false in a model has no proof (Kripke 1965, "Semantical analysis of intuitionistic logic I"). All
models here have a root with two worlds above it, and two individuals of each type. There are many of them, which are
evaluated at once: the truth of a formula in a world is an integer with a bit for each model.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from random import Random

from lean_ebm.proving.candidates.sequents import Sequent
from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.logic.formulas import PROPOSITION, Expr, Kind, bound_in

MODELS = 1024
"""Number of models."""

_ALL = (1 << MODELS) - 1

Truth = tuple[int, int, int]
"""The models in which a formula is true, as bits: at the root, and at each of the worlds above it."""

_TRUE: Truth = (_ALL, _ALL, _ALL)
_FALSE: Truth = (0, 0, 0)
_UPWARD: tuple[Truth, ...] = (_FALSE, (0, _ALL, 0), (0, 0, _ALL), (0, _ALL, _ALL), _TRUE)
"""The truths that a proposition can have in a model: what is true at the root is true above it."""

_Environment = tuple[int | Truth, ...]
"""The values of the bound variables, the innermost first: the models in which an individual is the second one."""


class Countermodels:
    """Looks for models in which sequents are false. It caches results, so use one object for one theorem."""

    def __init__(self) -> None:
        self._truths: dict[tuple[Expr, _Environment], Truth] = {}
        self._closed: dict[Expr, Truth] = {}
        self._contexts: dict[frozenset[Expr], Truth] = {}

    def refutes(self, sequent: Sequent) -> bool:
        """Whether a sequent is false in one of the models."""
        root, left, right = self._contexts.get(sequent.known) or self._context(sequent)
        a, b, c = self._closed.get(sequent.target) or self.truth(sequent.target)
        return bool(root & ~a or left & ~b or right & ~c)

    def _context(self, sequent: Sequent) -> Truth:
        """The models in which all hypotheses are true."""
        root = left = right = _ALL
        for formula in sequent.hypotheses:
            a, b, c = self._closed.get(formula) or self.truth(formula)
            root, left, right = root & a, left & b, right & c
        self._contexts[sequent.known] = root, left, right
        return root, left, right

    def truth(self, formula: Expr) -> Truth:
        """The models in which a formula without free bound variables is true."""
        known = self._closed.get(formula)
        if known is None:
            known = self._closed[formula] = self._truth(formula, ())
        return known

    def _truth(self, formula: Expr, environment: _Environment) -> Truth:
        if not formula.loose:
            environment = ()
        place = (formula, tuple([environment[index] for index in sorted(bound_in(formula))]))
        known = self._truths.get(place)
        if known is None:
            tick()
            known = self._truths[place] = self._compute(formula, environment)
        return known

    def _compute(self, formula: Expr, environment: _Environment) -> Truth:
        kind = formula.kind
        if kind is Kind.TRUE:
            return _TRUE
        if kind is Kind.FALSE:
            return _FALSE
        if kind is Kind.BOUND_PROPOSITION:
            value = environment[formula.a]
            assert isinstance(value, tuple)
            return value
        if kind is Kind.ATOM:
            return self._predicate(formula.a, [self._individual(part, environment) for part in formula.b])
        if kind is Kind.ALL or kind is Kind.EXISTS:
            return self._quantified(formula, environment)
        a, d = self._truth(formula.a, environment), self._truth(formula.b, environment)
        if kind is Kind.AND:
            return a[0] & d[0], a[1] & d[1], a[2] & d[2]
        if kind is Kind.OR:
            return a[0] | d[0], a[1] | d[1], a[2] | d[2]
        forth = _implies(a, d)
        if kind is Kind.IMPLIES:
            return forth
        back = _implies(d, a)
        return forth[0] & back[0], forth[1] & back[1], forth[2] & back[2]

    def _quantified(self, formula: Expr, environment: _Environment) -> Truth:
        values: tuple[int | Truth, ...] = _UPWARD if formula.b == PROPOSITION else (0, _ALL)
        truths = [self._truth(formula.a, (value, *environment)) for value in values]
        root, left, right = truths[0]
        for a, b, c in truths[1:]:
            if formula.kind is Kind.ALL:
                root, left, right = root & a, left & b, right & c
            else:
                root, left, right = root | a, left | b, right | c
        return root, left, right

    def _individual(self, term: Expr, environment: _Environment) -> int:
        """The models in which a term is the second individual."""
        if term.kind is Kind.BOUND:
            value = environment[term.a]
            assert isinstance(value, int)
            return value
        if term.kind is Kind.VARIABLE:
            return _random_models("individual", term.a)
        arguments = [self._individual(part, environment) for part in term.b]
        value = 0
        for choice in product((0, 1), repeat=len(arguments)):
            value |= _where(choice, arguments) & _random_models("function", term.a, *choice)
        return value

    def _predicate(self, number: int, arguments: list[int]) -> Truth:
        root = left = right = 0
        for choice in product((0, 1), repeat=len(arguments)):
            there = _where(choice, arguments)
            a, b, c = _random_truth(number, choice)
            root, left, right = root | there & a, left | there & b, right | there & c
        return root, left, right


def _implies(a: Truth, b: Truth) -> Truth:
    left, right = a[1] ^ _ALL | b[1], a[2] ^ _ALL | b[2]
    return (a[0] ^ _ALL | b[0]) & left & right, left, right


def _where(choice: tuple[int, ...], arguments: list[int]) -> int:
    """The models in which arguments are these individuals."""
    there = _ALL
    for second, argument in zip(choice, arguments, strict=True):
        there &= argument if second else argument ^ _ALL
    return there


@lru_cache(4096)
def _random_models(*place: object) -> int:
    """Random models, which depend only on what they are for."""
    return Random(f"lean-ebm {place}").getrandbits(MODELS)


@lru_cache(4096)
def _random_truth(number: int, choice: tuple[int, ...]) -> Truth:
    """A random truth of a predicate of individuals; each of the five that a model allows is as likely."""
    random = Random(f"lean-ebm predicate {number} {choice}")
    truths = [random.randrange(5) for _ in range(MODELS)]
    root, left, right = (
        sum([1 << model for model, truth in enumerate(truths) if _UPWARD[truth][world]]) for world in range(3)
    )
    return root, left, right
