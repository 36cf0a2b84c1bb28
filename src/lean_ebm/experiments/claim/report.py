"""The report on the experiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from lean_ebm.experiments.claim.arms import ARMS, CHUNKS, LISTED, SECONDARY
from lean_ebm.experiments.claim.lines import Line
from lean_ebm.experiments.claim.plan import BUDGETS, LISTED_EVALUATIONS, MAIN, digest, seed_of_test, theorem_sets
from lean_ebm.experiments.claim.results import CHOICES, ClaimResults
from lean_ebm.experiments.claim.statistics import Answer
from lean_ebm.experiments.tables import bootstrapped, draw_picture, table

COUNTING = (
    "*An application is a tactic that is tried in a goal, whether it fails or not; a chunk counts each of its tactics. "
    "An evaluation is the energy or the probability of a tactic or a chunk; a gradient counts 3, and a comparison of a "
    "point or a gradient with a tactic its share of multiplications.*"
)
"""How budgets are counted."""

_HEADER = ("", "", *map(str, BUDGETS), "evaluations", "goals")
_CURVE = (2, 4, 8, 12, 18, 24, 31, 45, 64, 91, 128, 181, 256)


def report(results: ClaimResults, lean: Sequence[Any], costs: Any, picture: Path) -> list[str]:
    """Write the paragraphs of the report, and draw the picture.

    Args:
        results: What came out.
        lean: The records of what Lean says, one for each seed.
        costs: The record of the processor seconds; None if there is none.
        picture: File of the picture.
    """
    _draw(results, picture)
    primary = theorem_sets(False)["primary"]
    return [
        "The plan is [plan.md](../src/lean_ebm/experiments/claim/plan.md), with what changed later in "
        "[deviations.md](../src/lean_ebm/experiments/claim/deviations.md). Its SHA-256 is "
        f"`{digest()}`, and the seed of all theorems of the test is {seed_of_test()}, its first eight digits.",
        "## Answers",
        "\n".join(f"- {_answer(answer)}" for answer in results.answers),
        f"Solve rates of {primary.number:,} theorems of {primary.connectives} connectives that search without learning "
        f"does not prove, at {MAIN} applications; differences with one-sided 95% bounds, over theorems and training "
        "seeds, Holm's procedure over the seven hypotheses. "
        + " ".join(
            f"{name} is {results.better(name)} ({ARMS[better].title}), the best of {', '.join(CHOICES[name])} on "
            "development theorems."
            for name in CHOICES
            if (better := results.better(name)) is not None
        ),
        "## Listed tactics",
        f"Solve rates with 95% intervals. {COUNTING}",
        table(_HEADER, [_row(results, arm) for arm in _run(results, LISTED)]),
        f"At {LISTED_EVALUATIONS:,} evaluations for a theorem: "
        + "; ".join(
            f"{arm} {_rate(results.solved(arm, 'primary', 10**9, LISTED_EVALUATIONS))}"
            for arm in ("E", *CHOICES["F, listed"])
            if results.solved(arm, "primary")
        )
        + ".",
        "## Chunks of three tactics",
        table(_HEADER, [_row(results, arm) for arm in _run(results, CHUNKS)]),
        f"![Solve rates]({picture.name})",
        "## Other theorems",
        f"Solve rates at {MAIN} applications, without hypotheses.",
        table(
            ["", *SECONDARY],
            [
                [arm, *(_rate(results.solved(arm, of)) for of in SECONDARY)]
                for arm in _run(results, LISTED)
                if SECONDARY[0] in ARMS[arm].sets
            ],
        ),
        "## Values",
        "What an arm says of a theorem, the shortest proof that any arm found, and the mean absolute difference.",
        table(["", "value", "shortest proof", "difference"], _values(results)),
        "## Checks of the experiment",
        *_checks(results),
        _refused(results, lean),
        *_costs(costs),
        "## What would change our mind",
        "H1: a set of theorems on which values decide more, that is with more dead ends, and a value network that was "
        "given what the energy was not: time, or data of searches. H4: an energy that is not affine in each tactic, of "
        "which a gradient is only an approximation, or spaces in which tactics have free arguments, such as terms. "
        "All: Lean with Mathlib, whose tactics fail for reasons that no grammar of goals shows.",
    ]


def _answer(answer: Answer) -> str:
    question, measured = answer.question, answer.measured
    text = f"**{question.name}: {answer.verdict}**. {question.text[0].upper()}{question.text[1:]}"
    if measured is None:
        return f"{text}."
    number = "{:+.3f}".format
    return (
        f"{text}: {number(measured.value)}, bounds {number(measured.low)} and {number(measured.high)} (adjusted p: "
        f"{answer.p:.3g} that it holds, {answer.p_refuted:.3g} that it does not)."
    )


def _run(results: ClaimResults, arms: Any) -> list[str]:
    return [arm for arm in arms if results.solved(arm, "primary")]


def _rate(rows: Sequence[Sequence[float]]) -> str:
    return bootstrapped(rows).text() if rows else "-"


def _lines(results: ClaimResults, arm: str, of: str = "primary") -> list[Line]:
    return [line for lines in results.lines.get((arm, of), ()) for line in lines]


def _row(results: ClaimResults, arm: str) -> list[str]:
    lines = _lines(results, arm)
    evaluations, goals = mean(line.evaluations for line in lines), mean(line.expanded for line in lines)
    rates = [_rate(results.solved(arm, "primary", most)) for most in BUDGETS]
    return [arm, ARMS[arm].title, *rates, f"{evaluations:,.0f}" if evaluations else "", f"{goals:.0f}" if goals else ""]


def shortest(results: ClaimResults) -> dict[int, int]:
    """The number of tactics of the shortest proof that any arm found of each primary theorem."""
    found: dict[int, int] = {}
    for arm in ARMS:
        for line in _lines(results, arm):
            if line.proved:
                found[line.theorem] = min(line.length, found.get(line.theorem, line.length))
    return found


def _values(results: ClaimResults) -> list[list[str]]:
    known = shortest(results)
    rows = []
    for arm in _run(results, ARMS):
        pairs = [
            (line.value, known[line.theorem])
            for line in _lines(results, arm)
            if line.value is not None and line.theorem in known
        ]
        if pairs:
            value, length = mean(value for value, _ in pairs), mean(length for _, length in pairs)
            difference = mean(abs(value - length) for value, length in pairs)
            rows.append([arm, f"{value:.1f}", f"{length:.1f}", f"{difference:.1f}"])
    return rows


def _checks(results: ClaimResults) -> list[str]:
    known = shortest(results)
    number = theorem_sets(False)["primary"].number
    shares = ", ".join(f"{sum(length <= most for length in known.values()) / number:.3f} at {most}" for most in BUDGETS)
    texts = [
        f"A guide that knew the shortest proof that any arm found would prove {shares} applications. The decision "
        "procedure proves all, by the choice of the theorems."
    ]
    shuffled = results.difference("shuffled", "A2-wide", "16, hardest")
    if shuffled is not None:
        texts.append(
            "An energy that was trained on shuffled labels proves "
            f"{shuffled.value:+.3f} [{shuffled.low:+.3f}, {shuffled.high:+.3f}] more of the hardest theorems of 16 "
            "connectives than the untrained search on the same tactics."
        )
    rows = results.solved("E", "primary")
    if len(rows) > 2:
        halves = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        gap = mean(map(mean, halves[0])) - mean(map(mean, halves[1]))
        texts.append(f"The first and the last seeds of E differ by {gap:+.3f}.")
    return texts


def _refused(results: ClaimResults, lean: Sequence[Any]) -> str:
    refused = sum(line.refused for found in results.lines.values() for lines in found for line in lines)
    text = f"The judge of the embedded logic checked every proof that counts, and refused {refused}."
    if not lean:
        return f"{text} No real Lean has checked them."
    checked, proofs = (sum(record[name] for record in lean) for name in ("checked", "proofs"))
    refused = sum(len(record["refused"]) for record in lean)
    return (
        f"{text} {lean[0]['verifier']} checked {checked} of {proofs:,} proofs, drawn at random, and refused {refused}."
    )


def _costs(costs: Any) -> list[str]:
    if costs is None:
        return []
    rows = [[arm, f"{seconds:.1f}"] for arm, seconds in costs["seconds"].items()]
    return [
        "## Costs",
        f"Processor seconds for {costs['theorems']} primary theorems at {MAIN} applications, one process at a time.",
        table(["", "seconds"], rows),
    ]


def _draw(results: ClaimResults, path: Path) -> None:
    """Draw solve rates over applications, of listed tactics and of chunks."""

    def draw(axes: list[Any]) -> None:
        for axis, arms, title in ((axes[0], LISTED, "listed tactics"), (axes[1], CHUNKS, "chunks of three tactics")):
            for index, arm in enumerate(_run(results, arms)):
                rates = [mean(map(mean, results.solved(arm, "primary", most))) for most in _CURVE]
                style = "--o" if not ARMS[arm].models else "-o"
                axis.plot(_CURVE, rates, style, color=f"C{index % 10}", label=arm, markersize=2)
            axis.set(title=title, xlabel="applications", xscale="log", ylabel="proved")
            if _run(results, arms):
                axis.legend(fontsize=6)

    draw_picture(path, 2, draw)
