"""The embedded logic: an environment for fast searches, with its own kernel as the judge."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from lean_ebm import __version__
from lean_ebm.errors import SettingError
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.forbidden import refuse
from lean_ebm.proving.lexer import SyntaxProblem, plain
from lean_ebm.proving.logic import clock
from lean_ebm.proving.logic.earlier import EarlierTheorem
from lean_ebm.proving.logic.elaborate import Elaborator
from lean_ebm.proving.logic.elaborate_formulas import type_of
from lean_ebm.proving.logic.formulas import PROPOSITIONS, Expr, replaced
from lean_ebm.proving.logic.goals import PROOF, SYMBOL, TYPE, Context, Goal, Local
from lean_ebm.proving.logic.kernel import TYPES, KernelError, ProofTerm, check
from lean_ebm.proving.logic.lemmas import Scheme
from lean_ebm.proving.logic.state import LogicState, state_key
from lean_ebm.proving.logic.tactics import run_block
from lean_ebm.proving.logic.unify import Earlier, TacticError, TacticRun, Unsupported
from lean_ebm.proving.parser import Tree, parse_tactics, parse_term
from lean_ebm.proving.parser_base import OutsideProblem
from lean_ebm.proving.source.binders import parse_binders
from lean_ebm.proving.source.commands import only_opens, open_namespaces
from lean_ebm.proving.source.files import read_file
from lean_ebm.proving.statements import Outcome, State, Statement, Step, Verdict

VERIFIER = f"kernel of lean-ebm {__version__}"
_TACTICS, _TERMS, _PREAMBLES = 100_000, 1_000, 1_000  # texts that are remembered
_EARLIER = -1_000_000  # numbers of the hypotheses that are earlier theorems; no goal and no constant uses them


class Logic(Environment):
    """Intuitionistic logic over any number of types, with Lean 4's tactics; ``elaborate.py`` lists its terms.

    Args:
        timeout: Seconds, above 0, that one call may take.

    Raises:
        SettingError: If the timeout is out of its range.
    """

    def __init__(self, timeout: float = 30.0) -> None:
        if not timeout > 0:
            raise SettingError(f"Logic: timeout={timeout}; expected more than 0.")
        self.timeout = timeout
        self._preambles: dict[str, tuple[Earlier, dict[int, Expr]]] = {}

    def start(self, statement: Statement) -> Step:
        """Start a proof."""
        try:
            reason = refuse(plain(str(statement)))
            if reason is not None:
                return Step(Outcome.FORBIDDEN, None, reason)
            with clock.deadline(self.timeout):
                earlier, _ = self._earlier(statement.preamble)
                goal = root(statement)
        except (SyntaxProblem, TacticError) as error:
            return Step(Outcome.PARSE_ERROR, None, str(error))
        except Unsupported as error:
            return Step(Outcome.PARSE_ERROR, None, f"outside of the fragment: {error}")
        except RecursionError:
            return Step(Outcome.PARSE_ERROR, None, "nested too deep")
        except clock.OutOfTimeError as error:
            return Step(Outcome.TIMEOUT, None, str(error))
        return Step(Outcome.OK, LogicState([goal], TacticRun(goal.number, {}, earlier=earlier), None))

    def apply(self, state: State, tactic: str, goal: int = 0) -> Step:
        """Apply one tactic, or several lines of them, to one goal."""
        if not isinstance(state, LogicState):
            raise ValueError("the state is of another environment")
        if not 0 <= goal < len(state.open):
            raise ValueError(f"goal is {goal}, expected 0 to {len(state.open) - 1}")
        return self._run(state, tactic, goal)

    def _run(self, state: LogicState, tactic: str, goal: int) -> Step:
        tree = _parse(tactic)
        if isinstance(tree, str):
            outcome, _, reason = tree.partition(": ")
            return Step(Outcome(outcome), None, reason)
        run = TacticRun(state.next, state.unknown, run_block, state.earlier)
        run.named = state.named
        goals = state.open
        before = clock.begin(self.timeout)
        try:
            # The chosen goal comes first; tactics such as `all_goals` see the others too.
            left = run_block(run, [*goals[goal:], *goals[:goal]] if goal else goals, tree)
        except TacticError as error:
            return Step(Outcome.TACTIC_ERROR, None, str(error))
        except Unsupported as error:
            return Step(Outcome.PARSE_ERROR, None, f"outside of the fragment: {error}")
        except RecursionError:
            return Step(Outcome.PARSE_ERROR, None, "outside of the fragment: what is nested so deep")
        except clock.OutOfTimeError as error:
            return Step(Outcome.TIMEOUT, None, str(error))
        finally:
            clock.finish(before)
        if goal:  # the goals before it return to the front
            last = len(left) - sum(other.number not in run.found for other in goals[:goal])
            left = [*left[last:], *left[:last]]
        return Step(Outcome.OK if left else Outcome.SOLVED, LogicState(left, run, state))

    def key(self, state: State) -> str:
        """Compute a text that is equal for two states that differ only in names."""
        if not isinstance(state, LogicState):
            raise ValueError("the state is of another environment")
        try:
            return state_key(state)
        except RecursionError:  # deeper than any formula that a search reaches
            return f"nested too deep {id(state)}"

    def verify(self, statement: Statement, script: str) -> Verdict:
        """Run the whole script and have the kernel check the proof term that it built."""
        try:
            with clock.deadline(self.timeout):
                return self._verify(statement, script)
        except clock.OutOfTimeError as error:
            return Verdict(False, VERIFIER, str(error), Outcome.TIMEOUT)

    def _earlier(self, preamble: str) -> tuple[Earlier, dict[int, Expr]]:
        """Read and prove the theorems of a preamble.

        Returns:
            The theorems as constants, by name, and as hypotheses for the kernel, by number.

        Raises:
            SyntaxProblem: If it cannot be read.
            Unsupported: If it has something else, or a theorem that is not proved, or is about types.
        """
        if preamble not in self._preambles:
            if len(self._preambles) >= _PREAMBLES:
                self._preambles.clear()
            self._preambles[preamble] = self._read_preamble(preamble)
        return self._preambles[preamble]

    def _read_preamble(self, preamble: str) -> tuple[Earlier, dict[int, Expr]]:
        if only_opens(preamble):
            return {}, {}
        file, opened = read_file(preamble), open_namespaces(preamble)
        constants: dict[str, tuple[Scheme, tuple[str, ...]]] = {}
        hypotheses: dict[int, Expr] = {}
        for index, entry in enumerate(file.entries):
            if entry.problem or entry.statement is None:
                raise Unsupported(f"{entry.title}, before the statement, which is not read: {entry.problem}")
            attempt = file.attempt(entry)
            verdict = self.verify(*attempt)
            if not verdict.proved:
                raise Unsupported(f"the earlier theorem {entry.name}, which is not proved: {verdict.message}")
            groups = parse_binders(attempt.statement.binders)
            implicit = {name for group in groups if group.kind != "(" for name in group.names}
            theorem = EarlierTheorem(root(attempt.statement), implicit, _EARLIER - index)
            hypotheses[theorem.number] = theorem.formula
            for prefix in ("", *(f"{namespace}." for namespace in opened)):
                if entry.name.startswith(prefix):
                    constants[entry.name.removeprefix(prefix)] = theorem.scheme, theorem.explicit
        return constants, hypotheses

    def _verify(self, statement: Statement, script: str) -> Verdict:
        made = self.term(statement, script)
        return made if isinstance(made, Verdict) else self.verify_term(statement, made)

    def term(self, statement: Statement, script: str) -> ProofTerm | Verdict:
        """Run a whole script and assemble the proof term that it builds, which :meth:`verify_term` checks.

        Args:
            statement: The statement.
            script: The lines after ``by``.

        Returns:
            The term; if the script builds none, a verdict that says why.
        """
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
            return proof_of(step.state)
        except KernelError as error:
            return Verdict(False, VERIFIER, f"the kernel refuses the proof term: {error}", Outcome.TACTIC_ERROR)

    def verify_term(self, statement: Statement, proof: ProofTerm) -> Verdict:
        """Have the kernel check a proof term of a statement.

        Args:
            statement: The statement, which is read anew.
            proof: The term, as :mod:`.kernel` describes it.
        """
        try:
            with clock.deadline(self.timeout):
                check_term(root(statement), proof, self._earlier(statement.preamble)[1])
        except (SyntaxProblem, TacticError, Unsupported) as error:
            return Verdict(False, VERIFIER, str(error), Outcome.PARSE_ERROR)
        except (KernelError, RecursionError) as error:
            return Verdict(False, VERIFIER, f"the kernel refuses the proof term: {error}", Outcome.TACTIC_ERROR)
        except clock.OutOfTimeError as error:
            return Verdict(False, VERIFIER, str(error), Outcome.TIMEOUT)
        return Verdict(True, VERIFIER, outcome=Outcome.SOLVED)


@lru_cache(_TACTICS)
def _parse(tactic: str) -> Tree | str:
    """Parse a tactic; returns its tree, or a text ``outcome: reason`` if it is refused."""
    try:
        text = plain(tactic)
        reason = refuse(text)
        return parse_tactics(text) if reason is None else f"{Outcome.FORBIDDEN.value}: {reason}"
    except SyntaxProblem as error:
        # Lean may read what this parser does not, so nothing here means that Lean refuses it.
        said = str(error) if isinstance(error, OutsideProblem) else f"outside of the fragment, or not Lean: {error}"
        return f"{Outcome.PARSE_ERROR.value}: {said}"


def check_term(goal: Goal, proof: ProofTerm, earlier: Mapping[int, Expr] = MappingProxyType({})) -> None:
    """Have the kernel check a proof term of a goal.

    Args:
        goal: The goal.
        proof: The term.
        earlier: The earlier theorems that it may use, which were proved, by the number of their hypothesis.

    Raises:
        KernelError: If it does not prove the goal.
    """
    hypotheses = {local.number: local.formula for local in goal.context if local.formula is not None} | dict(earlier)
    symbols = {local.number: local.sort for local in goal.context if local.sort is not None}
    check(proof, goal.target, hypotheses, symbols)


def root(statement: Statement) -> Goal:
    """Make the goal of a statement.

    Raises:
        SyntaxProblem: If its text cannot be parsed.
        TacticError: If a name is unknown, or used as something that it is not.
        Unsupported: If it is not first-order.
    """
    context: Context = ()
    nothing = Goal(0, (), PROPOSITIONS, "", 0)
    elaborator = Elaborator(TacticRun(0, {}), nothing, holes=False)
    number = 0
    for names, domain, kind in parse_binders(statement.binders):
        if kind == "[":
            raise Unsupported("an instance binder")
        if not domain:
            raise Unsupported(f"a binder without a type, {names[0]}")
        tree = _term(domain)
        for name in names:  # as Lean does it, each type is read where the names before it are known
            number += 1
            context = (*context, _local(number, name, tree, context, elaborator))
    target = elaborator.formula(_term(statement.proposition), context)
    if target.unknown or any(local.formula is not None and local.formula.unknown for local in context):
        raise Unsupported("a statement with holes")
    return Goal(0, context, target, "", number + 1)


@lru_cache(_TERMS)
def _term(text: str) -> Tree:
    """Parse a part of a statement. It is needed three times: to begin a proof, to run the script, and by the kernel."""
    return parse_term(text)


_UNIVERSES = ("u", "v", "w")  # those that the judge declares


def _local(number: int, name: str, domain: Tree, context: Context, elaborator: Elaborator) -> Local:
    """The entry of a context that a binder of a statement makes."""
    if domain == ("name", "Type"):
        return Local(number, name, True, TYPE, None, ((), TYPES), "Type")
    if domain[0] == "app" and domain[1] == ("name", "Type") and [tree[0] for tree in domain[2]] == ["name"]:
        universe = domain[2][0][1]
        if universe not in _UNIVERSES:
            raise Unsupported(f"the universe {universe}: expected {', '.join(_UNIVERSES)}")
        return Local(number, name, True, TYPE, None, ((), TYPES), f"Type {universe}")
    arguments: list[int] = []
    end = domain
    while end[0] == "implies":
        sort = type_of(end[1], context)
        if sort is None:
            break
        arguments.append(sort)
        end = end[2]
    result = type_of(end, context)
    while result is None and end[0] == "implies":
        end = end[2]
        if type_of(end, context) is not None:
            raise Unsupported("a function or predicate with arguments that are not individuals")
    if result is None:
        formula = elaborator.domain(domain, context)
        if not isinstance(formula, Expr):
            raise Unsupported("a binder without a type")
        return Local(number, name, True, PROOF, formula)
    if 0 in arguments:
        raise Unsupported("a function or predicate with arguments that are not individuals")
    return Local(number, name, True, SYMBOL, None, (tuple(arguments), result))


def proof_of(state: LogicState) -> ProofTerm:
    """Assemble the proof term of a solved state from the parts that each tactic contributed.

    Raises:
        KernelError: If a part is missing.
    """
    parts: dict[int, ProofTerm] = {}
    found: dict[int, Expr] = {}
    at: LogicState | None = state
    while at is not None:
        parts.update(at.parts)
        found.update(at.found)
        at = at.before

    known: dict[int, ProofTerm] = {}  # by identity: what terms share is assembled once

    def assembled(proof: ProofTerm) -> ProofTerm:
        while proof[0] == "?":
            if proof[1] not in parts:
                raise KernelError("a goal was left without a proof")
            proof = parts[proof[1]]
        whole = known.get(id(proof))
        if whole is None:
            entries = []
            for part in proof:
                if type(part) is tuple:
                    part = assembled(part)
                elif found and isinstance(part, Expr):
                    part = replaced(part, found)
                entries.append(part)
            whole = known[id(proof)] = tuple(entries)
        return whole

    try:
        return assembled(("?", 0))
    except RecursionError as error:
        raise KernelError("the term is nested too deep") from error
