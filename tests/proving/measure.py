"""Measures what the README claims about proving and writes ``results/proving.md``; ``make proving`` runs it.

Needs the extra ``lean``. Some rows of the table are tests of this folder, which it runs by pytest.
"""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
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
from proving.differential import compare, mutated, pairs
from proving.everyday_cases import accepted, refused
from proving.kripke import Worlds, formulas
from proving.mutants import CONTEXT, try_mutants
from proving.random_statements import StatementComparison, attempts, compare_statements

FOLDER = Path(__file__).resolve().parent
CHECKOUT = FOLDER.parents[1]


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


def main(args: list[str] | None = None) -> int:
    """Measure, print and write the table; returns 1 if a row does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="a tenth of the cases, in about a minute")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (0)")
    parser.add_argument("--output", type=Path, default=Path("results/proving.md"), help="the file to write")
    settings = parser.parse_args(args)
    rows = []
    with Lean() as lean:
        for row in _rows(settings.fast, settings.seed, lean):
            rows.append(row)
            print(f"{'ok ' if row.holds else 'NO '} {row.what}: {row.measured} (reach: {row.reach})", flush=True)
        text = _text(rows, settings.fast, settings.seed, lean.verifier)
    settings.output.parent.mkdir(parents=True, exist_ok=True)
    settings.output.write_text(text, encoding="utf-8")
    return 0 if all(row.holds for row in rows) else 1


def _text(rows: list[Row], fast: bool, seed: int, verifier: str) -> str:
    command = f"PYTHONPATH=tests python -m proving.measure{' --fast' if fast else ''} --seed {seed}"
    lines = [
        "# Where proofs are tried",
        "",
        f"Written by `{command}` (`make proving`), with {verifier} as judge. Times are of one process",
        "on one core of the machine that ran it; other processes may have run there too.",
        "",
        "| | reach | measured | holds |",
        "|---|---|---|---|",
        *(f"| {row.what} | {row.reach} | {row.measured} | {'yes' if row.holds else '**no**'} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _rows(fast: bool, seed: int, lean: Lean) -> Iterator[Row]:
    share = 10 if fast else 1
    yield differential(lean, 6000 // share, seed)
    yield random_statements(lean, 20_000 // share, seed)
    yield mutants(1_000_000 // share, lean, seed)
    yield shared_formulas()
    yield from proofs(lean, 2000 // share, 1200 // share, seed)
    yield everyday(lean)
    yield suite(
        "forbidden constructs and hostile strings", "at least 100, all refused in words, no crash",
        FOLDER / "test_forbidden.py", ("test_hostile_texts_are_refused_in_words",), 100,
    )  # fmt: skip
    yield suite(
        "killed, hung or memory-eating REPL", "50 injected faults, no lost search, no zombie, no wrong \"proved\"",
        FOLDER / "test_pantograph.py",
        ("test_fifty_faults_lose_no_search", "test_a_fault_again_and_again_is_an_outcome"), 15,
        counted="tests (56 faults in one search, and each of 14 again and again)",
    )  # fmt: skip
    yield suite(
        "mock REPL: goals that survive, sleep and move, time-outs, kills", "200 runs, script and state always agree",
        FOLDER / "test_pantograph_random.py",
        ("test_script_and_state_agree_in_random_runs_with_faults", "test_lean_leaves_the_same_goals_in_the_same_order"),
        2, counted="tests (200 runs with faults, compared step by step; 120 scripts, compared with Lean)",
    )  # fmt: skip
    yield decided(5 if fast else 7)
    yield applications(1.0 if fast else 5.0)
    yield cold_start()
    yield generated(300 if fast else 5000, seed)


def differential(lean: Lean, number: int, seed: int) -> Row:
    """Compare the embedded logic with Lean."""
    result = compare(list(pairs(seed, number)), lean)
    compared = result.same + len(result.differing)
    return Row(
        "random states and tactics, embedded logic against Lean",
        "at least 5,000 pairs, same success or failure and same goals, 0 disagreements",
        f"{compared:,} pairs, {result.accepted:,} of them accepted by both, {len(result.differing)} disagreements; "
        f"{result.outside:,} more are outside of the fragment and refused",
        not result.differing,
    )


def random_statements(lean: Lean, number: int, seed: int) -> Row:
    """Compare the embedded logic with Lean on random statements over several types."""
    result = StatementComparison(0, 0, 0, [], [])
    for block in range(-(-number // 2000)):  # in blocks, so that not all texts are held at once
        part = compare_statements(list(attempts(1000 * seed + block, min(2000, number - 2000 * block))), lean)
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
        tests: Their names.
        least: Number of tests, or of cases of parametrized tests, that must pass.
        counted: What the number in the table counts.
    """
    if not path.is_file():
        return Row(what, reach, f"not run: there is no {path} here", False)
    # By node id: a keyword (-k) would also select by the names of the folders that the file lies in.
    selected = [f"{path}::{test}" for test in tests]
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


_THEOREM = Statement.of(
    "(α : Type) (P Q : α → Prop) (p q r : Prop) (a : α) : "
    "(p ∨ q) ∧ (¬p → q) → (∃ x, P x) → (∀ x, P x → Q x) → (p → q → r) → ∃ x, Q x ∧ (q ∨ p)"
)
_PATH = ("intro h g k m", "cases g with | intro w hw => ?_", "refine ⟨w, ?_, ?_⟩", "apply k")
_MIX = (
    (0, "intro h"), (0, "intro h g k m"), (1, "intro x"), (1, "constructor"), (1, "left"), (1, "exfalso"),
    (1, "cases h with | intro b c => ?_"), (1, "cases h.left with | inl b => ?_ | inr b => ?_"),
    (2, "refine ⟨w, ?_, ?_⟩"), (2, "exists w"), (3, "apply k"), (1, "apply m"), (1, "apply h.2"),
    (4, "exact hw"), (3, "exact k w hw"), (1, "exact h"), (3, "exact ⟨k w hw, h.1⟩"), (4, "assumption"),
    (4, "contradiction"), (1, "have u := h.2"),
)  # fmt: skip


def applications(seconds: float) -> Row:
    """Measure tactic applications a second: all tactics of the language, a third of them failing, texts parsed once."""
    logic = Logic()
    states = [logic.start(_THEOREM).state]
    for tactic in _PATH:
        assert states[-1] is not None
        states.append(logic.apply(states[-1], tactic).state)
    mix = [(state, tactic) for index, tactic in _MIX if (state := states[index]) is not None]
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for state, tactic in mix:
            logic.apply(state, tactic)
        count += len(mix)
    rate = count / (time.perf_counter() - started)
    return Row("tactic applications a second, one core", "20,000", f"{rate:,.0f}, goals not printed", rate >= 20_000)


def cold_start() -> Row:
    """Measure ``lean-ebm prove`` from a cold start."""
    command = "import sys; from lean_ebm.cli.proving import main; sys.exit(main(['prove', 'p ∧ q → q ∧ p']))"
    best = _best(lambda: subprocess.run([sys.executable, "-c", command], capture_output=True, check=True))
    return Row("`lean-ebm prove 'p ∧ q → q ∧ p'` from a cold start", "under 2 s", f"{best:.2f} s", best < 2)


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def generated(number: int, seed: int) -> Row:
    """Measure distinct theorems a second."""
    started = time.perf_counter()
    graded = sum(
        theorem.difficulty is not None
        for theorem in generate_theorems(TheoremSettings(seed=seed + 1), number, workers=2)
    )
    took = time.perf_counter() - started
    return Row(
        "distinct theorems in ten minutes, two cores", "100,000",
        f"{number:,} in {took:.1f} s, at that rate {600 * number / took:,.0f}; {graded / number:.0%} have a "
        "shortest script",
        600 * number / took >= 100_000,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
