"""Measures what docs/proving.md claims about proving and writes ``results/proving.md``; ``make proving`` runs it.

Needs the extra ``lean``. Some rows of the table are tests of this folder, which it runs by pytest.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from lean_ebm.proving.lean import Lean
from proving.attacks import FILES, TEXTS
from proving.measured_judgements import (
    FOLDER,
    Row,
    decided,
    differential,
    everyday,
    mutants,
    proofs,
    random_statements,
    shared_formulas,
    suite,
)
from proving.measured_speed import applications, cold_start, generated, searched


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
    yield differential(lean, 50_000 // share, seed)
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
        FOLDER / "test_pantograph_faults.py",
        ("test_fifty_faults_lose_no_search", "test_a_fault_again_and_again_is_an_outcome"), 15,
        counted="tests (56 faults in one search, and each of 14 again and again)",
    )  # fmt: skip
    yield suite(
        "mock REPL: goals that survive, sleep and move, time-outs, kills", "200 runs, script and state always agree",
        FOLDER / "test_pantograph_random.py",
        ("test_script_and_state_agree_in_random_runs_with_faults", "test_lean_leaves_the_same_goals_in_the_same_order"),
        2, counted="tests (200 runs with faults, compared step by step; 120 scripts, compared with Lean)",
    )  # fmt: skip
    yield suite(
        "attacks on statement, binders, name, script and file, each environment",
        "400 cases, 0 through, no crash, none over 10 s",
        FOLDER / "test_attacks.py", (), 20, counted=f"tests ({len(TEXTS) + len(FILES)} cases)",
    )  # fmt: skip
    yield suite(
        "`check` against Lean's own list of the theorems of a file", "150 files, equal", FOLDER / "test_lean_files.py",
        ("test_the_list_of_theorems_is_leans", "test_verdicts_are_leans"), 2,
        counted="tests (150 files: names and types; 4 files: verdicts)",
    )  # fmt: skip
    yield decided(5 if fast else 7)
    yield applications(1.0 if fast else 5.0)
    yield searched(200 if fast else 2000)
    yield cold_start()
    yield generated(300 if fast else 5000, seed)


if __name__ == "__main__":
    sys.exit(main())
