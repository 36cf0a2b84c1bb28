"""States of the embedded logic, with their views, sizes and keys computed from the formulas."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from lean_ebm.proving.logic.formulas import FALSE, PROPOSITION, Expr, Kind, is_data, variables
from lean_ebm.proving.logic.goals import Goal, Local, displayed, printed
from lean_ebm.proving.logic.kernel import TYPES, ProofTerm, Sort
from lean_ebm.proving.logic.quantifiers import types_in
from lean_ebm.proving.logic.unify import Earlier, TacticRun, Unknown
from lean_ebm.proving.statements import State
from lean_ebm.proving.views import GoalView, Hypothesis, Individual


class LogicState(State):
    """A state of the embedded logic. Its goals are printed only when ``goals`` is read.

    Attributes:
        open: The goals.
        unknown: The unknowns in them, by number.
        next: The number last used for a goal or an unknown.
        before: The state to which the tactic was applied; None at the start.
        parts: The proof terms, with holes, that the tactic gave for goals, by number of the goal.
        found: The values that the tactic found for unknowns, by number.
        earlier: The theorems that come before the statement, by name.
        named: The names of all holes such as ``?x`` that were written so far.
    """

    __slots__ = ("before", "earlier", "found", "named", "next", "open", "parts", "unknown")

    def __init__(self, goals: list[Goal], run: TacticRun, before: LogicState | None) -> None:
        # The frozen dataclass's own way of setting attributes costs more than most tactics.
        put = object.__setattr__
        put(self, "open", goals)
        put(self, "unknown", run.open_unknowns() if run.found else run.unknown)
        put(self, "next", run.next)
        put(self, "before", before)
        put(self, "parts", run.parts)
        put(self, "found", run.found)
        put(self, "earlier", run.earlier)
        put(self, "named", run.named)

    open: list[Goal]
    unknown: dict[int, Unknown]
    next: int
    before: LogicState | None
    parts: dict[int, ProofTerm]
    found: dict[int, Expr]
    earlier: Earlier
    named: frozenset[str]

    @property
    def goals(self) -> tuple[str, ...]:
        """The goals as Lean prints them."""
        tags = {goal.number: goal.tag for goal in self.open}
        names = {number: tags.get(number) or unknown.name for number, unknown in self.unknown.items()}
        names = {number: name for number, name in names.items() if name}
        return tuple(printed(goal, names) for goal in self.open)

    def view(self, goal: int = 0) -> GoalView | None:
        """Take a goal apart without printing it."""
        return _view(self.open[goal]) if 0 <= goal < len(self.open) else None

    def sizes(self) -> list[tuple[int, int]]:
        """Count connectives, quantifiers and atoms of each goal: of its target, and of its hypotheses together."""
        return [
            (goal.target.size, sum([local.formula.size for local in goal.context if local.formula is not None]))
            for goal in self.open
        ]


_HEADS = {
    Kind.AND: "and", Kind.OR: "or", Kind.IFF: "iff", Kind.NOT: "not", Kind.IMPLIES: "implies", Kind.ALL: "all",
    Kind.EXISTS: "exists", Kind.TRUE: "True", Kind.FALSE: "False",
}  # fmt: skip


def _view(goal: Goal) -> GoalView:
    shown = displayed(goal.context)
    hypotheses, individuals = [], []
    for local, name in zip(goal.context, shown, strict=True):
        if name != local.name:
            continue
        formula = local.formula
        if formula is not None:
            seen = local.seen or _seen(local, formula)
            hypotheses.append(seen[seen[0].head in _APPLIED and not _applies(formula, goal.target)])
        elif local.sort is not None and not local.sort[0] and local.sort[1] >= PROPOSITION:
            individuals.append(Individual(name, str(local.sort[1]) if local.sort[1] else "Prop"))
    target = goal.target
    head = "data" if is_data(target) else _HEADS.get(target.kind, "atom")
    text = str(id(target.key))
    return GoalView(head, text, tuple(hypotheses), tuple(individuals), frozenset(shown), _sort(target))


_APPLIED = frozenset(("implies", "not", "all"))  # the heads of hypotheses to which it matters what the goal is


def _seen(local: Local, formula: Expr) -> tuple[Hypothesis, Hypothesis]:
    """What views say of a hypothesis if ``apply`` may work with it, and if it fails; remembered."""
    after = str(id(formula.b.key)) if formula.kind is Kind.IMPLIES else ""
    head, text = _HEADS.get(formula.kind, "atom"), str(id(formula.key))
    works, fails = (Hypothesis(local.name, head, text, after, applies, _sort(formula)) for applies in (True, False))
    local.seen = works, fails
    return works, fails


def _sort(formula: Expr) -> str:
    """The sort over which a formula quantifies, or for which a goal asks, as :class:`GoalView` has it."""
    kind = formula.kind
    if kind is Kind.ALL or kind is Kind.EXISTS:
        return str(formula.b) if formula.b else "Prop"
    if kind is Kind.INDIVIDUALS:
        return str(formula.a)
    return "Prop" if kind is Kind.PROPOSITIONS else ""


def _applies(formula: Expr, target: Expr) -> bool:
    """Whether the last conclusion of a formula may be the target."""
    key = target.key
    while formula.key is not key:
        if formula.kind is Kind.IMPLIES:
            formula = formula.b
        elif formula.kind is Kind.NOT:
            return key.unknown or key is FALSE
        else:
            return formula.kind is Kind.ALL or formula.unknown or key.unknown
    return True


def state_key(state: LogicState) -> str:
    """Write a state as a text in which names are replaced by numbers."""
    return goals_key(state.open)


def goals_key(goals: Sequence[Goal]) -> str:
    """Write goals as a text in which names are replaced by numbers."""
    unknown: dict[int, int] = {}
    return "\n".join([goal.key or _plain_key(goal) or _goal_key(goal, unknown) for goal in goals])


def _plain_key(goal: Goal) -> str:
    """The key of a goal whose symbols are numbered by their positions and in which nothing is unknown; remembered.

    Returns:
        What :func:`_goal_key` returns; empty for another goal.
    """
    target = goal.target
    if target.unknown or is_data(target):
        return ""
    parts = []
    for index, local in enumerate(goal.context, 1):
        text = local.key
        if text is None:
            text = local.key = _local_key(local)
        if not text or (local.formula is None and local.number != index):
            return ""
        parts.append(text)
    parts.append(_text(target.key))
    goal.key = ";".join(parts)
    return goal.key


def _local_key(local: Local) -> str:
    """The part of a goal's key that is about an entry if symbols keep their numbers; empty if something is unknown."""
    if local.formula is not None:
        return "" if local.formula.unknown else _text(local.formula.key)
    return "#" if local.sort is None else _sort_key(local.sort, _SAME)


def _text(formula: Expr) -> str:
    """The text of a formula in which nothing is unknown, with symbols numbered as they are."""
    return formula.memory.get("text") or _expr_key(formula, _SAME, {}, {})


def _goal_key(goal: Goal, unknown: dict[int, int]) -> str:
    numbers: dict[int, int] = {}
    parts = []
    known: dict[Expr, str] = {}
    for index, local in enumerate(goal.context, 1):
        if local.formula is not None:
            parts.append(_key_of(local.formula.key, numbers, unknown, known))
        else:
            numbers[local.number] = index
            parts.append("#" if local.sort is None else _sort_key(local.sort, numbers))
    parts.append(_key_of(goal.target.key, numbers, unknown, known))
    if is_data(goal.target):
        parts.append(f"?{unknown.setdefault(goal.number, len(unknown))}")
    return ";".join(parts)


def _sort_key(sort: Sort, numbers: dict[int, int]) -> str:
    arguments, result = sort
    if result <= PROPOSITION and not arguments:  # a type or a proposition
        return "#" if result == TYPES else ":0"
    return f"{'.'.join([str(numbers[part]) for part in arguments])}:{numbers[result] if result else 0}"


def _key_of(formula: Expr, numbers: dict[int, int], unknown: dict[int, int], known: dict[Expr, str]) -> str:
    """The text of a formula; without unknowns, it is remembered for each choice of numbers."""
    if formula.unknown or formula.kind < Kind.VARIABLE:
        return _expr_key(formula, numbers, unknown, known)
    symbols: tuple[int, ...] | None = formula.memory.get("symbols")
    if symbols is None:
        symbols = formula.memory["symbols"] = tuple(sorted((variables(formula) | types_in(formula)) - {PROPOSITION}))
    others = tuple([numbers[symbol] for symbol in symbols])
    if others == symbols:
        return _text(formula)
    text: str | None = formula.memory.get(others)
    if text is None:
        text = formula.memory[others] = _expr_key(formula, numbers, unknown, {})
    return text


class _Same(dict[int, int]):
    """Maps every number to itself."""

    def __missing__(self, number: int) -> int:
        return number


_SAME = _Same()
_LETTERS = {
    Kind.AND: "A", Kind.OR: "O", Kind.IFF: "E", Kind.IMPLIES: "I", Kind.NOT: "N", Kind.ALL: "Q", Kind.EXISTS: "X",
    Kind.TRUE: "T", Kind.FALSE: "F", Kind.PROPOSITIONS: "p",
}  # fmt: skip
_LONG = 200  # characters of a text; a longer one is replaced by a digest, so that shared parts do not make it grow


def _expr_key(node: Expr, numbers: dict[int, int], unknown: dict[int, int], known: dict[Expr, str]) -> str:
    """Write an expression with other numbers; ``known`` has what was written.

    What contains no unknown is remembered with the expression itself, if numbers stay as they are.
    """
    kind = node.kind
    if kind is Kind.VARIABLE:
        return f"v{numbers[node.a]}"
    if kind is Kind.UNKNOWN or kind is Kind.HOLE:
        return f"?{unknown.setdefault(node.a, len(unknown))}"
    own = numbers is _SAME and not node.unknown
    text: str | None = node.memory.get("text") if own else known.get(node)
    if text is not None:
        return text
    if kind is Kind.ATOM or kind is Kind.APPLY:
        text = f"v{numbers[node.a]}({','.join([_expr_key(part, numbers, unknown, known) for part in node.b])})"
    elif kind is Kind.ALL or kind is Kind.EXISTS:
        sort = numbers[node.b] if node.b else 0
        text = f"{_LETTERS[kind]}{sort}({_expr_key(node.a, numbers, unknown, known)})"
    elif kind is Kind.BOUND or kind is Kind.BOUND_PROPOSITION:
        text = f"b{node.a}"
    elif kind is Kind.INDIVIDUALS:
        text = f"i{numbers[node.a]}"
    elif node.a is None:
        text = _LETTERS[kind]
    else:
        text = f"{_LETTERS[kind]}({_expr_key(node.a, numbers, unknown, known)}"
        text += ")" if node.b is None else f",{_expr_key(node.b, numbers, unknown, known)})"
    if len(text) > _LONG:
        text = blake2b(text.encode(), digest_size=20).hexdigest()
    if own:
        node.memory["text"] = text
    else:
        known[node] = text
    return text
