"""The embedded logic as an environment: thousands of tactics a second, and a kernel of its own as judge."""

from __future__ import annotations

from lean_ebm import __version__
from lean_ebm.proving.environment import Environment, Outcome, State, Statement, Step, Verdict
from lean_ebm.proving.forbidden import refuse
from lean_ebm.proving.logic.basic import current
from lean_ebm.proving.logic.elaborate import Elaborator
from lean_ebm.proving.logic.formulas import INDIVIDUALS, PROPOSITIONS, Kind, Node, replaced
from lean_ebm.proving.logic.goals import PROOF, SYMBOL, TYPE, Context, Goal, Local, printed
from lean_ebm.proving.logic.kernel import KernelError, Proof, check
from lean_ebm.proving.logic.syntax import SyntaxProblem, Tree, parse_binders, parse_tactics, parse_term
from lean_ebm.proving.logic.tactics import run_block
from lean_ebm.proving.logic.unify import Run, TacticError, Unknown, Unsupported

VERIFIER = f"kernel of lean-ebm {__version__}"
_CACHE = 100_000


class LogicState(State):
    """Goals of the embedded logic, printed when somebody looks.

    Attributes:
        open: The goals.
        unknown: What is to be found in them, by number.
        next: The number last used.
        before: The state that the tactic was applied to; None at the start.
        parts: The proofs, with holes, that the tactic gave to goals.
        found: What the tactic found for unknowns.
    """

    __slots__ = ("_printed", "before", "found", "next", "open", "parts", "unknown")

    def __init__(self, goals: list[Goal], run: Run, before: LogicState | None) -> None:
        # Past the frozen dataclass's own way, which costs more than most tactics.
        put = object.__setattr__
        put(self, "open", goals)
        put(self, "unknown", run.unknown)
        put(self, "next", run.next)
        put(self, "before", before)
        put(self, "parts", run.parts)
        put(self, "found", run.found)

    open: list[Goal]
    unknown: dict[int, Unknown]
    next: int
    before: LogicState | None
    parts: dict[int, Proof]
    found: dict[int, Node]

    @property
    def goals(self) -> tuple[str, ...]:
        """The goals as Lean prints them."""
        return self.prints()

    def prints(self, prefix: bool = False) -> tuple[str, ...]:
        """The goals as Lean prints them, with its library or (``prefix``) without."""
        tags = {goal.number: goal.tag for goal in self.open}
        names = {number: tags.get(number) or unknown.name for number, unknown in self.unknown.items()}
        names = {number: name for number, name in names.items() if name}
        return tuple(printed(goal, names, prefix) for goal in self.open)


class Logic(Environment):
    """Intuitionistic first-order logic with Lean 4's tactics; ``logic/elaborate.py`` says which terms it reads."""

    def __init__(self) -> None:
        self._tactics: dict[str, Tree | str] = {}

    def start(self, statement: Statement) -> Step:
        """The state whose one goal is the statement."""
        reason = refuse(str(statement))
        if reason is not None:
            return Step(Outcome.FORBIDDEN, None, reason)
        try:
            goal = root(statement)
        except (SyntaxProblem, TacticError, Unsupported) as error:
            return Step(Outcome.PARSE_ERROR, None, str(error))
        return Step(Outcome.OK, LogicState([goal], Run(goal.number, {}), None))

    def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic, or several lines of them, to one goal."""
        if not isinstance(state, LogicState):
            raise ValueError("the state is of another environment")
        if not 0 <= goal < len(state.open):
            raise ValueError(f"goal is {goal}, expected 0 to {len(state.open) - 1}")
        return self._run(state, tactic, goal)

    def _run(self, state: LogicState, tactic: str, goal: int) -> Step:
        tree = self._tactics.get(tactic)
        if tree is None:
            tree = self._parse(tactic)
        if isinstance(tree, str):
            outcome, _, reason = tree.partition(": ")
            return Step(Outcome(outcome), None, reason)
        run = Run(state.next, state.unknown)
        goals = state.open
        try:
            left = run_block(run, [goals[goal]], tree)
        except TacticError as error:
            return Step(Outcome.TACTIC_ERROR, None, str(error))
        except Unsupported as error:
            return Step(Outcome.PARSE_ERROR, None, f"outside of the fragment: {error}")
        except RecursionError:
            return Step(Outcome.TACTIC_ERROR, None, "nested too deep")
        if len(goals) > 1:
            left = [*goals[:goal], *left, *goals[goal + 1 :]]
            if run.found:
                left = current(run, left)
        return Step(Outcome.OK if left else Outcome.SOLVED, LogicState(left, run, state))

    def _parse(self, tactic: str) -> Tree | str:
        """The tree of a tactic, or an outcome and why; remembered."""
        tree: Tree | str
        reason = refuse(tactic)
        if reason is not None:
            tree = f"{Outcome.FORBIDDEN.value}: {reason}"
        else:
            try:
                tree = parse_tactics(tactic)
            except SyntaxProblem as error:
                tree = f"{Outcome.PARSE_ERROR.value}: {error}"
        if len(self._tactics) >= _CACHE:
            self._tactics.clear()
        self._tactics[tactic] = tree
        return tree

    def key(self, state: State) -> str:
        """A text that two states share where they differ only in names."""
        if not isinstance(state, LogicState):
            raise ValueError("the state is of another environment")
        return state_key(state)

    def verify(self, statement: Statement, script: str) -> Verdict:
        """Run the whole script and have the kernel check the proof term that it built."""
        step = self.start(statement)
        if step.state is None:
            return Verdict(False, VERIFIER, step.message, step.outcome)
        assert isinstance(step.state, LogicState)
        step = self._run(step.state, script, 0)
        if step.outcome is Outcome.OK:
            return Verdict(False, VERIFIER, "goals are left", Outcome.TACTIC_ERROR)
        if step.state is None:
            return Verdict(False, VERIFIER, step.message, step.outcome)
        assert isinstance(step.state, LogicState)
        try:
            judge(root(statement), proof_of(step.state))
        except KernelError as error:
            return Verdict(False, VERIFIER, f"the kernel refuses the proof term: {error}", Outcome.TACTIC_ERROR)
        return Verdict(True, VERIFIER, outcome=Outcome.SOLVED)


def judge(goal: Goal, proof: Proof) -> None:
    """Have the kernel check a proof term of a goal.

    Raises:
        KernelError: If it is none.
    """
    hypotheses = {local.number: local.formula for local in goal.context if local.formula is not None}
    symbols = {local.number: local.sort for local in goal.context if local.sort is not None}
    check(proof, goal.target, hypotheses, symbols)


def root(statement: Statement) -> Goal:
    """The goal of a statement.

    Raises:
        SyntaxProblem: If its text is not of this language.
        TacticError: If a name is unknown or not used as what it is.
        Unsupported: If it is not first-order.
    """
    context: Context = ()
    nothing = Goal(0, (), PROPOSITIONS, "", 0)
    elaborator = Elaborator(Run(0, {}), nothing, holes=False)
    number = 0
    for names, domain in parse_binders(statement.binders):
        what, sort, formula, text = _domain(domain, context, elaborator)
        for name in names:
            number += 1
            context = (*context, Local(number, name, True, what, formula, sort, text))
    target = elaborator.formula(parse_term(statement.proposition), context)
    if target.unknown or any(local.formula is not None and local.formula.unknown for local in context):
        raise Unsupported("a statement with holes")
    return Goal(0, context, target, "", number + 1)


def _domain(
    domain: str, context: Context, elaborator: Elaborator
) -> tuple[str, tuple[bool, int] | None, Node | None, str]:
    if domain == "Type":
        if any(local.what == TYPE for local in context):
            raise Unsupported("more than one type of individuals")
        return TYPE, None, None, "Type"
    *arguments, last = [part.strip() for part in domain.replace("->", "→").split("→")]
    types = {local.name for local in context if local.what == TYPE and local.accessible}
    if all(part in types for part in arguments) and (last == "Prop" or last in types):
        return SYMBOL, (last == "Prop", len(arguments)), None, " → ".join([*arguments, last])
    return PROOF, None, elaborator.formula(parse_term(domain), context), ""


def proof_of(state: LogicState) -> Proof:
    """The proof term of a solved state, assembled from what every tactic on the way gave.

    Raises:
        KernelError: If a part is missing.
    """
    parts: dict[int, Proof] = {}
    found: dict[int, Node] = {}
    at: LogicState | None = state
    while at is not None:
        parts.update(at.parts)
        found.update(at.found)
        at = at.before

    def assembled(proof: Proof, depth: int) -> Proof:
        if depth > 2000:
            raise KernelError("the term is nested too deep")
        while proof[0] == "?":
            if proof[1] not in parts:
                raise KernelError("a goal was left without a proof")
            proof = parts[proof[1]]
        return tuple(
            assembled(part, depth + 1)
            if isinstance(part, tuple)
            else (replaced(part, found) if isinstance(part, Node) else part)
            for part in proof
        )

    try:
        return assembled(("?", 0), 0)
    except RecursionError as error:
        raise KernelError("the term is nested too deep") from error


def state_key(state: LogicState) -> str:
    """The canonical text of a state: formulas with numbers for names."""
    unknown: dict[int, int] = {}
    return "\n".join(_goal_key(goal, unknown) for goal in state.open)


def _goal_key(goal: Goal, unknown: dict[int, int]) -> str:
    numbers: dict[int, int] = {}
    parts = []
    plain = True  # whether numbers are positions, so that the texts of formulas can be remembered
    for index, local in enumerate(goal.context, 1):
        number = local.number
        if local.formula is not None:
            formula = local.formula.key
            if plain and not formula.unknown:
                parts.append(formula.memory.get("text") or _text(formula))
            else:
                parts.append(_node_key(formula, numbers, unknown))
        else:
            numbers[number] = index
            plain = plain and number == index
            parts.append("#" if local.sort is None else f"{local.sort[0]:d}{local.sort[1]}")
    target = goal.target.key
    if plain and not target.unknown:
        parts.append(target.memory.get("text") or _text(target))
    else:
        parts.append(_node_key(target, numbers, unknown))
    if target is INDIVIDUALS or target is PROPOSITIONS:
        parts.append(f"?{unknown.setdefault(goal.number, len(unknown))}")
    return ";".join(parts)


class _Same(dict[int, int]):
    """Every number for itself."""

    def __missing__(self, number: int) -> int:
        return number


def _text(formula: Node) -> str:
    text = formula.memory["text"] = _node_key(formula, _Same(), {})
    return text


_LETTERS = {
    Kind.AND: "A", Kind.OR: "O", Kind.IFF: "E", Kind.IMPLIES: "I", Kind.NOT: "N", Kind.ALL: "Q", Kind.EXISTS: "X",
    Kind.TRUE: "T", Kind.FALSE: "F", Kind.INDIVIDUALS: "i", Kind.PROPOSITIONS: "p",
}  # fmt: skip


def _node_key(node: Node, numbers: dict[int, int], unknown: dict[int, int]) -> str:
    kind = node.kind
    if kind is Kind.BOUND:
        return f"b{node.a}"
    if kind is Kind.VARIABLE:
        return f"v{numbers[node.a]}"
    if kind is Kind.UNKNOWN or kind is Kind.HOLE:
        return f"?{unknown.setdefault(node.a, len(unknown))}"
    if kind is Kind.ATOM or kind is Kind.APPLY:
        inner = ",".join([_node_key(part, numbers, unknown) for part in node.b])
        return f"v{numbers[node.a]}({inner})"
    letter = _LETTERS[kind]
    if node.a is None:
        return letter
    a = _node_key(node.a, numbers, unknown)
    return f"{letter}({a})" if node.b is None else f"{letter}({a},{_node_key(node.b, numbers, unknown)})"
