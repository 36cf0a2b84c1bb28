"""Rows of the table of ``make proving`` about what is accepted and what is refused."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from lean_ebm.proving.lean import Lean
from lean_ebm.proving.logic import Logic, LogicState
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.goals import Goal
from lean_ebm.proving.logic.kernel import check
from lean_ebm.proving.logic.logic import proof_of, root
from lean_ebm.proving.logic.render import prefixed, script
from lean_ebm.proving.statements import Attempt, Outcome, Statement
from lean_ebm.proving.theorems import TheoremSettings, generate_theorems
from proving.differential import Comparison, compare, mutated, pairs
from proving.everyday_cases import accepted, refused
from proving.kripke import Worlds, formulas
from proving.mutants import CONTEXT, try_mutants
from proving.random_statements import StatementComparison, attempts, compare_statements

FOLDER = Path(__file__).resolve().parent
CHECKOUT = FOLDER.parents[1]
_BLOCK = 2000


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Args:
        what: The quantity.
        reach: The value that it should have.
        measured: The value that was measured.
        holds: Whether that is good enough.
    """

    what: str
    reach: str
    measured: str
    holds: bool


def differential(lean: Lean, number: int, seed: int) -> Row:
    """Compare the embedded logic with Lean, in blocks, so that not all texts are held at once."""
    total = Comparison(0, 0, 0, [])
    for block in range(-(-number // _BLOCK)):
        part = compare(list(pairs(1000 * seed + block, min(_BLOCK, number - _BLOCK * block))), lean)
        total.same += part.same
        total.accepted += part.accepted
        total.outside += part.outside
        total.differing += part.differing
    compared = total.same + len(total.differing)
    return Row(
        "random states and tactics with all features of the fragment, embedded logic against Lean",
        "50,000 pairs, same success or failure and same goals, 0 disagreements",
        f"{compared:,} pairs, {total.accepted:,} of them accepted by both, {len(total.differing)} disagreements; "
        f"{total.outside:,} more are outside of the fragment and refused",
        not total.differing,
    )


def random_statements(lean: Lean, number: int, seed: int) -> Row:
    """Compare the embedded logic with Lean on random statements over several types."""
    result = StatementComparison(0, 0, 0, [], [])
    for block in range(-(-number // _BLOCK)):
        part = compare_statements(list(attempts(1000 * seed + block, min(_BLOCK, number - _BLOCK * block))), lean)
        result.add(part)
    share = result.both / max(1, result.lean)
    return Row(
        "random statements (several types, shadowing, functions, all kinds of binders) and scripts, against Lean",
        "20,000 pairs, none accepted by ours and refused by Lean; Lean accepts a third, ours 90% of those",
        f"{result.pairs:,} pairs, {len(result.wrong)} wrongly accepted; Lean accepts {result.lean:,}, ours {share:.1%} "
        "of those",
        not result.wrong and result.lean >= result.pairs / 3 and share >= 0.9,
    )


def mutants(number: int, lean: Lean, seed: int) -> Row:
    """Offer mutated proof terms to the kernel, and a sample of what it accepts, as scripts, to Lean."""
    result = try_mutants(seed, number)
    written = []
    for proof, formula in result.sample:
        goal = Goal(0, CONTEXT, formula, "", 9)
        written.append(Attempt(prefixed(goal), script(goal, proof, True)))
    refused = sum(report.outcome is not Outcome.SOLVED for report in lean.check(written))
    return Row(
        "mutated kernel terms, with quantifiers over two types and over propositions", "1,000,000, 0 unsound",
        f"{len(result.unsound)} of {result.tried:,} unsound in a finite structure; {result.accepted:,} accepted, "
        f"{result.changed:,} of them changed; of {len(written)} changed ones as scripts Lean refuses {refused}",
        not result.unsound and not refused,
    )  # fmt: skip


def shared_formulas() -> Row:
    """Measure 200 lines that double a formula each."""
    logic, statement = Logic(), Statement("p → True", "(p : Prop)")
    lines = "intro h\n" + "have h := And.intro h h\n" * 200
    start = logic.start(statement).state
    assert start is not None
    state = logic.apply(start, lines).state
    assert state is not None
    times = []
    for work in (lambda: logic.verify(statement, lines + "constructor"), lambda: logic.key(state), lambda: state.goals):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    shown = ", ".join(f"{took:.3f} s" for took in times)
    return Row(
        "200 lines of `have h := And.intro h h`", "under 1 s each in verify, key and printing", shown, max(times) < 1
    )


def proofs(lean: Lean, number: int, mutations: int, seed: int) -> Iterator[Row]:
    """Have Lean check proofs that were found, in three forms, and changed ones."""
    logic = Logic()
    found: list[Attempt] = []
    for index, theorem in enumerate(generate_theorems(TheoremSettings(seed=seed), number)):
        statement = Statement.of(theorem.statement)
        if index % 2:
            found.append(Attempt(statement, theorem.script))
            continue
        goal = root(statement)
        start = logic.start(statement).state
        assert start is not None
        state = logic.apply(start, theorem.script).state
        assert isinstance(state, LogicState)
        prefix = index % 4 == 0
        found.append(Attempt(prefixed(goal) if prefix else statement, script(goal, proof_of(state), prefix)))
    started = time.perf_counter()
    accepted = sum(report.outcome is Outcome.SOLVED for report in lean.check(found))
    took = 1000 * (time.perf_counter() - started) / number
    yield Row(
        "found proofs checked whole by Lean", f"{number:,} of {number:,} accepted",
        f"{accepted:,} of {number:,}: tactic by tactic, structured, and in prefix form", accepted == number,
    )  # fmt: skip
    random = Random(seed)
    changed = [mutated(random, found[index % number]) for index in range(mutations)]
    ours = [logic.verify(*proof).proved for proof in changed]
    theirs = [report.outcome is Outcome.SOLVED for report in lean.check(changed)]
    wrong = sum(mine and not its for mine, its in zip(ours, theirs, strict=True))
    yield Row(
        "proofs with a random mutation", "never accepted by ours where Lean refuses, at least 1,000 tried",
        f"{wrong} of {mutations:,}; Lean refused {mutations - sum(theirs):,}, ours {mutations - sum(ours):,}",
        not wrong,
    )  # fmt: skip
    yield Row("Lean checks, in batches", "under 10 ms a theorem", f"{took:.1f} ms", took < 10)


def everyday(lean: Lean) -> Row:
    """Count the hand-made cases that Lean accepts and the embedded logic does not read."""
    logic = Logic()
    good, bad = ([case.attempt for case in cases] for cases in (accepted(), refused()))
    reports = lean.check([*good, *bad])
    assert [report.outcome is Outcome.SOLVED for report in reports] == [True] * len(good) + [False] * len(bad)
    left = [verdict for verdict in (logic.verify(*case) for case in good) if not verdict.proved]
    unnamed = sum(not verdict.message.startswith("outside of the fragment") for verdict in left)
    wrong = sum(logic.verify(*case).proved for case in bad)
    return Row(
        "everyday Lean that Lean accepts and ours refuses", "under 5% of 1,000 hand-made cases, each named as outside",
        f"{len(left)} of {len(good):,} ({len(left) / len(good):.1%}), {unnamed} of them not named; "
        f"{wrong} of {len(bad)} plausible mistakes accepted",
        len(left) < 0.05 * len(good) and not unnamed and not wrong,
    )  # fmt: skip


def suite(what: str, reach: str, path: Path, tests: Sequence[str], least: int, counted: str = "cases") -> Row:
    """Run tests and report how many pass.

    Args:
        what: As in :class:`Row`.
        reach: As in :class:`Row`.
        path: The file of the tests.
        tests: Their names; none for all of them.
        least: Number of tests, or of cases of parametrized tests, that must pass.
        counted: What the number in the table counts.
    """
    if not path.is_file():
        return Row(what, reach, f"not run: there is no {path} here", False)
    # By node id: a keyword (-k) would also select by the names of the folders that the file lies in.
    selected = [f"{path}::{test}" for test in tests] or [str(path)]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *selected]
    done = subprocess.run(command, capture_output=True, text=True)
    match = re.search(r"(\d+) passed", done.stdout)
    passed = int(match[1]) if match else 0
    shown = path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path
    return Row(what, reach, f"{passed} {counted} pass in `{shown}`", done.returncode == 0 and passed >= least)


def decided(size: int) -> Row:
    """Compare the decision procedure with Kripke models: a proof that the kernel accepts, or a world that refutes."""
    worlds, symbols = Worlds(), {1: ((), 0), 2: ((), 0)}
    proved = refuted = wrong = 0
    for layer in formulas(size):
        for formula in layer:
            proof = prove(formula)
            if proof is not None:
                check(proof, formula, {}, symbols)
            wrong += (proof is None) != worlds.refutes(formula)
            proved += proof is not None
            refuted += proof is None
    return Row(
        f"decision procedure against brute force, all formulas up to size {size} over two atoms", "equal",
        f"equal on {proved + refuted - wrong:,} of {proved + refuted:,}: {proved:,} proofs checked by the kernel, "
        f"{refuted:,} refuted in a Kripke model", not wrong,
    )  # fmt: skip
