"""States of the embedded logic, with their views, sizes and keys computed from the formulas."""

from __future__ import annotations

from lean_ebm.proving.logic.formulas import FALSE, PROPOSITION, Expr, Kind, is_data
from lean_ebm.proving.logic.goals import Goal, displayed, printed
from lean_ebm.proving.logic.kernel import TYPES, ProofTerm
from lean_ebm.proving.logic.unify import TacticRun, Unknown
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
    """

    __slots__ = ("before", "found", "next", "open", "parts", "unknown")

    def __init__(self, goals: list[Goal], run: TacticRun, before: LogicState | None) -> None:
        # The frozen dataclass's own way of setting attributes costs more than most tactics.
        put = object.__setattr__
        put(self, "open", goals)
        put(self, "unknown", run.open_unknowns() if run.found else run.unknown)
        put(self, "next", run.next)
        put(self, "before", before)
        put(self, "parts", run.parts)
        put(self, "found", run.found)

    open: list[Goal]
    unknown: dict[int, Unknown]
    next: int
    before: LogicState | None
    parts: dict[int, ProofTerm]
    found: dict[int, Expr]

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
        if local.formula is not None:
            formula = local.formula
            after = str(id(formula.b.key)) if formula.kind is Kind.IMPLIES else ""
            head = _HEADS.get(formula.kind, "atom")
            applies = _applies(formula, goal.target)
            hypotheses.append(Hypothesis(name, head, str(id(formula.key)), after, applies, _sort(formula)))
        elif local.sort is not None and not local.sort[0] and local.sort[1] >= PROPOSITION:
            individuals.append(Individual(name, str(local.sort[1]) if local.sort[1] else "Prop"))
    target = goal.target
    head = "data" if is_data(target) else _HEADS.get(target.kind, "atom")
    text = str(id(target.key))
    return GoalView(head, text, tuple(hypotheses), tuple(individuals), frozenset(shown), _sort(target))


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
    unknown: dict[int, int] = {}
    return "\n".join(_goal_key(goal, unknown) for goal in state.open)


def _goal_key(goal: Goal, unknown: dict[int, int]) -> str:
    numbers: dict[int, int] = {}
    parts = []
    plain = True  # whether symbols are numbered by their positions, so that a formula's remembered text can be used
    for index, local in enumerate(goal.context, 1):
        number = local.number
        if local.formula is not None:
            formula = local.formula.key
            if plain and not formula.unknown:
                parts.append(formula.memory.get("text") or _text(formula))
            else:
                parts.append(_expr_key(formula, numbers, unknown))
        else:
            numbers[number] = index
            plain = plain and number == index
            sort = local.sort
            if sort is None or sort[1] == TYPES:
                parts.append("#")
            elif plain:
                parts.append(f"{sort[0]}{sort[1]}")
            else:
                arguments = [numbers[part] for part in sort[0]]
                parts.append(f"{tuple(arguments)}{numbers[sort[1]] if sort[1] else 0}")
    target = goal.target.key
    if plain and not target.unknown:
        parts.append(target.memory.get("text") or _text(target))
    else:
        parts.append(_expr_key(target, numbers, unknown))
    if is_data(target):
        parts.append(f"?{unknown.setdefault(goal.number, len(unknown))}")
    return ";".join(parts)


class _Same(dict[int, int]):
    """Maps every number to itself."""

    def __missing__(self, number: int) -> int:
        return number


def _text(formula: Expr) -> str:
    text = formula.memory["text"] = _expr_key(formula, _Same(), {})
    return text


_LETTERS = {
    Kind.AND: "A", Kind.OR: "O", Kind.IFF: "E", Kind.IMPLIES: "I", Kind.NOT: "N", Kind.ALL: "Q", Kind.EXISTS: "X",
    Kind.TRUE: "T", Kind.FALSE: "F", Kind.INDIVIDUALS: "i", Kind.PROPOSITIONS: "p",
}  # fmt: skip


def _expr_key(node: Expr, numbers: dict[int, int], unknown: dict[int, int]) -> str:
    kind = node.kind
    if kind is Kind.BOUND or kind is Kind.BOUND_PROPOSITION:
        return f"b{node.a}"
    if kind is Kind.VARIABLE:
        return f"v{numbers[node.a]}"
    if kind is Kind.UNKNOWN or kind is Kind.HOLE:
        return f"?{unknown.setdefault(node.a, len(unknown))}"
    if kind is Kind.ATOM or kind is Kind.APPLY:
        inner = ",".join([_expr_key(part, numbers, unknown) for part in node.b])
        return f"v{numbers[node.a]}({inner})"
    letter = _LETTERS[kind]
    if node.a is None:
        return letter
    if kind is Kind.INDIVIDUALS:
        return f"{letter}{numbers[node.a]}"
    a = _expr_key(node.a, numbers, unknown)
    if kind is Kind.ALL or kind is Kind.EXISTS:
        return f"{letter}{numbers[node.b] if node.b else 0}({a})"
    return f"{letter}({a})" if node.b is None else f"{letter}({a},{_expr_key(node.b, numbers, unknown)})"
