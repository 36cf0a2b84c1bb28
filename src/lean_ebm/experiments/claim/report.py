"""The report on the experiment."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from pathlib import Path
from statistics import mean
from typing import Any

from lean_ebm.experiments.claim.arms import ARMS, CHUNKS, LISTED, SECONDARY
from lean_ebm.experiments.claim.curves import draw_curves
from lean_ebm.experiments.claim.lines import Line
from lean_ebm.experiments.claim.plan import BUDGETS, LISTED_EVALUATIONS, MAIN, SEEDS, digest, seed_of_test, theorem_sets
from lean_ebm.experiments.claim.results import CHOICES, ClaimResults
from lean_ebm.experiments.claim.statistics import Answer, Bootstrap, Measured
from lean_ebm.experiments.claim.thinking import STEPS
from lean_ebm.experiments.tables import bootstrapped, table

COUNTING = (
    "*An application is a tactic that is tried in a goal, whether it fails or not; a chunk counts each of its tactics. "
    "An evaluation is the energy or the probability of a tactic or a chunk; a gradient counts 3, and a comparison of a "
    "point or a gradient with a tactic its share of multiplications.*"
)
"""How budgets are counted."""

_NEARLY_ALL = BUDGETS[-1] - 2
"""Applications after which a search without a proof has used its budget, of which a part of a chunk may be left."""

_HEADER = ("", "", *map(str, BUDGETS), "evaluations", "goals")


def report(results: ClaimResults, lean: Sequence[Any], costs: Any, picture: Path) -> list[str]:
    """Write the paragraphs of the report, and draw the picture.

    Args:
        results: What came out.
        lean: The records of what Lean says, one for each seed.
        costs: The record of the processor seconds; None if there is none.
        picture: File of the picture.
    """
    draw_curves(results, picture)
    primary = theorem_sets(False)["primary"]
    return [
        "The plan is [plan.md](../src/lean_ebm/experiments/claim/plan.md), with what changed later in "
        "[deviations.md](../src/lean_ebm/experiments/claim/deviations.md). Its SHA-256 is "
        f"`{digest()}`, and the seed of all theorems of the test is {seed_of_test()}, its first eight digits.",
        "## Answers",
        table(
            ["", "hypothesis", "verdict", "measured", "", "supported if", "refuted if", "p for it", "p against it"],
            map(_answer, results.answers),
        ),
        f"Differences of the solve rates of {primary.number:,} theorems of {primary.connectives} connectives that "
        f"search without learning does not prove, at {MAIN} applications (H3: at {LISTED_EVALUATIONS:,} evaluations). "
        "In brackets are the two one-sided 95% bounds, over theorems and training seeds. *Supported if* and *refuted "
        "if* are the rules of the plan: what has to be shown with a p-value of at most .05. The p-values are adjusted "
        "for the seven hypotheses by Holm's procedure.",
        "What the letters stand for:",
        "\n".join(f"- {text}" for text in _letters(results)),
        f"![Solve rates]({picture.name})",
        "## Listed tactics",
        f"Solve rates with 95% intervals, by applications. {COUNTING}",
        table(_HEADER, [_row(results, arm) for arm in _run(results, LISTED)]),
        f"At {LISTED_EVALUATIONS:,} evaluations for a theorem, whatever the number of applications: "
        + "; ".join(
            f"{arm} {_rate(results.solved(arm, 'primary', 10**9, LISTED_EVALUATIONS))}"
            for arm in ("E", *CHOICES["F, listed"])
            if results.solved(arm, "primary")
        )
        + ".",
        f"At {MAIN} applications, by training seed:",
        table(
            ["", *map(str, range(SEEDS))],
            [_by_seed(results, arm) for arm in _run(results, LISTED) if len(results.solved(arm, "primary")) > 1],
        ),
        "## Chunks of three tactics",
        "By applications, of which a chunk counts three.",
        table(_HEADER, [_row(results, arm) for arm in _run(results, CHUNKS)]),
        "## The arms that were not chosen",
        "The plan compares the arm that was best on development theorems. These are the differences with the others, "
        "without verdicts, and with the same bounds.",
        table(
            ["", "difference", "", "bounds"],
            [
                [name, f"{arm} - {other}", f"{measured.value:+.3f}", f"{measured.low:+.3f}, {measured.high:+.3f}"]
                for name, arm, other, measured in results.variants
            ],
        ),
        *_longer(results),
        "## Other theorems",
        f"Solve rates at {MAIN} applications, without hypotheses. The interval of the families is over families.",
        table(
            ["", *SECONDARY],
            [
                [arm, *(_rate(results.solved(arm, of), _groups(results, of)) for of in SECONDARY)]
                for arm in _run(results, LISTED)
                if SECONDARY[0] in ARMS[arm].sets
            ],
        ),
        "## Values",
        "The value that an arm gives to a theorem before it searches, the number of tactics of the shortest proof that "
        "any arm found, and their mean absolute difference.",
        table(["", "value", "shortest proof", "difference"], _values(results)),
        "## Checks of the experiment",
        *_checks(results),
        _refused(results, lean),
        *_costs(costs),
        "## What would change our mind",
        "\n".join(f"- {text}" for text in _doubts(results)),
    ]


_DOUBTS = {
    "H1": {
        "undecided": "more training seeds: those of C and E differ by more than the arms do",
        "supported": "a set of theorems on which values decide more, that is with more dead ends, or a value network "
        "that was given what the energy was not: time, or data of searches",
        "refuted": "an energy of the same size that judges with parameters of its own, or that was trained with "
        "another balance of what it proposes and what it judges. Here one number has to do both",
    },
    "H3": {
        "supported": "sets with so many tactics that listing them costs more than a chain. Here a goal has 150 at most",
    },
    "H4": {
        "supported": "an energy that is not affine in each tactic, of which a gradient is only an approximation, or "
        "tactics with free arguments, such as terms",
    },
    "H4b": {
        "supported": "a policy that was trained for longer, or on searches: it needs fewer evaluations",
    },
    "H5": {
        "refuted": "chains that do not end in the first eight steps what they can reach, as in larger spaces, or a "
        "measure of difficulty other than the number of tactics that are left",
    },
    "H6": {
        "undecided": "theorems with more dead ends; the table of costs has the share of goals without a proof",
        "refuted": "theorems with more dead ends; the table of costs has the share of goals without a proof",
    },
}


def _doubts(results: ClaimResults) -> list[str]:
    texts = [
        f"{answer.question.name} ({answer.verdict}): {text}."
        for answer in results.answers
        if (text := _DOUBTS.get(answer.question.name, {}).get(answer.verdict))
    ]
    return [*texts, "All: Lean with Mathlib, whose tactics fail for reasons that no grammar of goals shows."]


def _letters(results: ClaimResults) -> list[str]:
    """What each hypothesis compares, by the letters of the plan."""
    texts = [f"{arm}: {ARMS[arm].title}" for arm in ("E", "E-", "E0")]
    for name in CHOICES:
        arm = results.better(name)
        if arm is not None:
            others = ", ".join(CHOICES[name])
            letter = name.replace(", listed", " in H3")
            texts.append(f"{letter}: {arm}, {ARMS[arm].title}, the best of {others} on development theorems")
    return texts


def _groups(results: ClaimResults, of: str) -> Sequence[str]:
    return results.families if of == "families" else ()


def _answer(answer: Answer) -> list[str]:
    question, measured = answer.question, answer.measured
    row = [question.name, question.text, f"**{answer.verdict}**"]
    rules = [question.supports, question.refutes]
    if measured is None:
        return [*row, question.number, "-", *rules, "-", "-"]
    return [*row, question.number, _signed(measured), *rules, f"{answer.p:.2g}", f"{answer.p_refuted:.2g}"]


def _run(results: ClaimResults, arms: Any) -> list[str]:
    return [arm for arm in arms if results.solved(arm, "primary")]


def _rate(rows: Sequence[Sequence[float]], groups: Sequence[str] = ()) -> str:
    return bootstrapped(rows, groups=groups).text() if rows else "-"


def _lines(results: ClaimResults, arm: str, of: str = "primary") -> list[Line]:
    return [line for lines in results.lines.get((arm, of), ()) for line in lines]


def _row(results: ClaimResults, arm: str) -> list[str]:
    lines = _lines(results, arm)
    evaluations, goals = mean(line.evaluations for line in lines), mean(line.expanded for line in lines)
    rates = [_rate(results.solved(arm, "primary", most)) for most in BUDGETS]
    return [arm, ARMS[arm].title, *rates, f"{evaluations:,.0f}" if evaluations else "", f"{goals:.0f}" if goals else ""]


def _by_seed(results: ClaimResults, arm: str) -> list[str]:
    return [arm, *(f"{mean(solved):.3f}" for solved in results.solved(arm, "primary"))]


def shortest(results: ClaimResults) -> dict[int, int]:
    """The number of tactics of the shortest proof that any arm found of each primary theorem."""
    found: dict[int, int] = {}
    for arm in ARMS:
        for line in _lines(results, arm):
            if line.proved:
                found[line.theorem] = min(line.length, found.get(line.theorem, line.length))
    return found


_LEFT = ((1, 1), (2, 3), (4, 6), (7, 10), (11, 10**9))
"""Groups of states by the number of tactics that are left, smallest and largest."""


def _longer(results: ClaimResults) -> list[str]:
    """How often chains end in a good chunk after few and after many steps, by the number of tactics that are left."""
    if not results.thinking:
        return []
    states = results.thinking[0]["samplers"]
    rows = []
    for name in states:
        records = [record["samplers"][name] for record in results.thinking]
        row = [name]
        for low, high in _LEFT:
            chosen = [index for index, left in enumerate(states[name]["left"]) if low <= left <= high]
            shares = [
                mean(record["shares"][steps][index] for record in records for index in chosen) if chosen else nan
                for steps in (0, 1)
            ]
            row.append(f"{shares[0]:.3f} / {shares[1]:.3f}")
        rows.append(row)
    groups = [str(low) if low == high else f"{low} or more" if high > 99 else f"{low} to {high}" for low, high in _LEFT]
    number = len(next(iter(states.values()))["left"])
    return [
        "## Longer chains (H5)",
        f"How often the end of a chain is a chunk on a known shortest proof, after {STEPS[0]} / {STEPS[1]} steps, in "
        f"{number:,} states of unseen theorems, by the number of tactics that are left. Means over seeds.",
        table(["", *groups], rows),
    ]


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
    shuffled = {other: results.difference("shuffled", other, "16, hardest") for other in ("uniform", "random")}
    if all(shuffled.values()):
        shown = {other: _signed(measured) for other, measured in shuffled.items() if measured is not None}
        texts.append(
            "An energy that was trained on shuffled labels, from which nothing can be learned, was compared with two "
            f"guides on the hardest theorems of 16 connectives: {shown['uniform']} against one to which all goals and "
            f"tactics are alike, and {shown['random']} against one that proposes random tactics and judges no goals."
        )
    searches = [line for arm in _run(results, ARMS) for line in _lines(results, arm)]
    early = sum(not line.proved and line.applications < _NEARLY_ALL for line in searches)
    texts.append(
        f"Of {len(searches):,} searches for proofs of primary theorems, {early} ended without a proof before "
        f"{_NEARLY_ALL} applications, for lack of time or of tactics."
    )
    rows = results.solved("E", "primary")
    if len(rows) > 2:
        halves = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        bootstrap = Bootstrap(len(rows[0]))
        first, last = (bootstrap.means(half, name) for half, name in zip(halves, ("first", "last"), strict=True))
        gap = Measured(mean(map(mean, halves[0])) - mean(map(mean, halves[1])), first - last)
        texts.append(
            f"Two arms that are the same, the first {len(halves[0])} seeds of E and the others: {_signed(gap)}."
        )
    return texts


def _signed(measured: Measured) -> str:
    return f"{measured.value:+.3f} [{measured.low:+.3f}, {measured.high:+.3f}]"


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
    dead = costs["dead"]
    rows = [
        [arm, f"{seconds:.1f}", "" if dead[arm] is None else f"{dead[arm]:.3f}"]
        for arm, seconds in costs["seconds"].items()
    ]
    return [
        "## Costs and dead ends",
        f"Processor seconds for {costs['theorems']} primary theorems at {MAIN} applications, one process at a time, "
        "with the models of seed 0. *Dead ends*: the share of the goals that the guide was asked about that a small "
        "countermodel refutes, so that they have no proof.",
        table(["", "seconds", "dead ends"], rows),
    ]
