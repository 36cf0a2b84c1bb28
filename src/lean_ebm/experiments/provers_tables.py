"""The tables of the report on provers, its picture, and which targets hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from statistics import mean
from typing import Any

from lean_ebm.experiments.provers_searches import BASELINES, CONTESTANTS, RECIPES
from lean_ebm.experiments.provers_sets import SETS
from lean_ebm.experiments.runs import Figures
from lean_ebm.experiments.tables import Estimate, bootstrapped, draw_picture, interval, table
from lean_ebm.proving.theorems.propl import hardest

COUNTING = (
    "*A tactic that is tried in a goal is an application, whether it fails or not. All have the same number of them "
    "for a theorem.*"
)
"""The counting rule, which stands above every table of solve rates."""

SIZES = ("16", "32", "64", "128", "256")
TODAY = ("best-first-narrow", "best-first-wide")
"""Best-first search as it was before there were guides."""

_HARD = (16, 31, 64, 256)
_CURVE = (1, 2, 4, 8, 16, 23, 31, 45, 64, 91, 128, 181, 256)


@dataclass(frozen=True)
class Searched:
    """The results of all contestants.

    Attributes:
        records: The records of each contestant, one for each seed.
        theorems: The record of the theorems.
    """

    records: Mapping[str, Sequence[Mapping[str, Any]]]
    theorems: Mapping[str, Any]

    @property
    def names(self) -> list[str]:
        """The contestants that have searched, in the order of the report."""
        return [name for name in CONTESTANTS if self.records.get(name)]

    def solved(self, name: str, of: str, applications: int, only_hardest: bool = False) -> list[list[float]]:
        """Whether a contestant proved each theorem of a set (0 or 1), for each of its seeds.

        Args:
            name: The contestant.
            of: The set.
            applications: Number of applications that count, at most as many as were allowed.
            only_hardest: Whether to keep only the hardest theorems.
        """
        chosen = hardest(self.theorems["lengths"][of]) if only_hardest else range(len(self.theorems["lengths"][of]))
        rows = []
        for record in self.records.get(name, ()):
            if of in record["sets"]:
                counts = record["sets"][of]["applications"]
                rows.append([float(counts[i] is not None and counts[i] <= applications) for i in chosen])
        return rows

    def rate(self, name: str, of: str, applications: int, only_hardest: bool = False) -> Estimate | None:
        """The solve rate of a contestant; None if it was not tried."""
        rows = self.solved(name, of, applications, only_hardest)
        return bootstrapped(rows) if rows else None

    def share(self, name: str, of: str, applications: int, only_hardest: bool = False) -> float:
        """The solve rate of a contestant without an interval; NaN if it was not tried."""
        rows = self.solved(name, of, applications, only_hardest)
        return mean(map(mean, rows)) if rows else nan

    def better(self, of: str, applications: int) -> str | None:
        """The contestant of :data:`TODAY` that proves more theorems of a set; None if there is none."""
        rates = {name: self.share(name, of, applications) for name in TODAY if self.solved(name, of, applications)}
        return max(rates, key=rates.__getitem__) if rates else None

    def gain(self, name: str, other: str, of: str, applications: int) -> Estimate | None:
        """The gain of a contestant over an untrained one on the same theorems. None if one of them is missing."""
        rows, theirs = self.solved(name, of, applications), self.solved(other, of, applications)
        if not rows or not theirs:
            return None
        return bootstrapped([[a - b for a, b in zip(row, theirs[0], strict=True)] for row in rows])


def tables(trained: Mapping[str, Figures], searched: Searched, speed: Any, lean: Any, picture: Path) -> list[str]:
    """Write the paragraphs of the report, and draw the picture.

    Args:
        trained: The figures of the trainings of each recipe.
        searched: The searches.
        speed: The record of the speed; None if there is none.
        lean: The record of what Lean says; None if there is none.
        picture: File of the picture.
    """
    _draw(searched, picture)
    counts, lengths = searched.theorems["sets"], searched.theorems["lengths"]
    numbers = ", ".join(f"{len(lengths[name])} of {SETS[name].title}" for name in SIZES)
    undecided = sum(found["undecided"] for name, found in counts.items())
    known = sum(found["known"] for name, found in counts.items())
    return [
        f"Theorems: {numbers} (uniform formulas over five propositions, True and False, as in PropL, of those that the "
        f"decision procedure proves within 2 seconds; {undecided} took longer), {len(lengths['first-order'])} "
        f"first-order ones from random proofs, {len(lengths['families'])} of the families of the ILTP library. No two "
        f"differ only in names, and none occurs in the training data ({known} that did were left out). The *hardest* "
        "are the fifth of a set with the longest proofs by the decision procedure. The judge of the embedded logic has "
        f"checked every proof that counts{_refused(searched)}. {_lean(lean)} A search ends after "
        f"{SETS['64'].seconds:g} seconds at the latest.",
        *_targets(trained, searched, speed),
        "## States",
        "Test split. *Right*: the best of all tactics begins a shortest proof that was found; *far*: where at least "
        "three tactics are left; *end of a chain*: the same of the tactic nearest to it. *Rank*: Spearman correlation "
        "of V and the tactics that are left. *Dead*: AUROC of goals without a proof against goals with one, both from "
        "wrong turns. *Thorough*: on states of other theorems that are not in the training data, searched with ten "
        "times the expansions. Minutes are of one processor and of training. Intervals are over seeds (Student's t).",
        table(
            [
                "",
                "right",
                "far",
                "end of a chain",
                "rank",
                "dead",
                "rank, thorough",
                "dead, thorough",
                "minutes",
                "seeds",
            ],
            [_states(name, trained[name], searched) for name in RECIPES if name in trained],
        ),
        "## PropL-16",
        f"Solve rates. {COUNTING}",
        table(
            ["", "hardest at 31", "all at 31"],
            [
                [CONTESTANTS[name].title, _rate(searched, name, "16", 31, True), _rate(searched, name, "16", 31)]
                for name in _full(searched)
            ],
        ),
        "For scale, and comparable in order only: TrialMaster (a 7B model, An et al. 2024) proves .887 of the top "
        "fifth by proof length with about 18 checks of its own steps.",
        "## 64 connectives, the hardest",
        f"Solve rates, and evaluations of (goal, tactic) pairs by the guide for a theorem at 256 over all theorems. "
        f"{COUNTING}",
        table(
            ["", *map(str, _HARD), "evaluations"],
            [_hard(searched, name) for name in searched.names],
        ),
        "## Sizes that were never trained on",
        f"Solve rates at 64 applications by the number of connectives; training has 8 to 28. {COUNTING}",
        table(
            ["", *SIZES],
            [
                [CONTESTANTS[name].title, *(_rate(searched, name, size, 64) for size in SIZES)]
                for name in _full(searched)
            ],
        ),
        f"![Solve rates]({picture.name})",
        "## First-order theorems",
        f"Solve rates. {COUNTING}",
        table(
            ["", "31", "64"],
            [
                [CONTESTANTS[name].title, *(_rate(searched, name, "first-order", number) for number in (31, 64))]
                for name in searched.names
            ],
        ),
        "## Families of the ILTP library",
        f"Number of formulas up to size 10 that are proved at {SETS['families'].applications:,} applications, a mean "
        f"over seeds. {COUNTING}",
        table(["", *_families(searched), "all"], [_by_family(searched, name) for name in _full(searched)]),
        *_speed(speed),
        *_from_nothing(trained, searched),
    ]


def _full(searched: Searched) -> list[str]:
    """The contestants that were tried on all theorems."""
    return [name for name in searched.names if CONTESTANTS[name].sets is None]


def _rate(searched: Searched, name: str, of: str, applications: int, only_hardest: bool = False) -> str:
    rate = searched.rate(name, of, applications, only_hardest)
    return "-" if rate is None else rate.text()


def _hard(searched: Searched, name: str) -> list[str]:
    rates = [_rate(searched, name, "64", number, True) for number in _HARD]
    spent = [record["sets"]["64"] for record in searched.records[name]]
    each = mean(one["evaluations"] / len(one["applications"]) for one in spent)
    return [CONTESTANTS[name].title, *rates, f"{each:.0f}" if each else ""]


def _states(name: str, figures: Figures, searched: Searched) -> list[str]:
    judged = [record["states"] for record in searched.records.get(name, ()) if "states" in record]
    split = [interval(figures.metric(key)) for key in ("top_1", "top_1_far", "chain_top_1", "value_rank", "dead_auroc")]
    thorough = [interval([found[key] for found in judged]) for key in ("value_rank", "dead_auroc")]
    minutes = interval(figures.processor_minutes, 1)
    return [CONTESTANTS[name].title, *split, *thorough, minutes, str(len(figures.runs))]


def _families(searched: Searched) -> list[str]:
    return list(dict.fromkeys(searched.theorems["families"]))


def _by_family(searched: Searched, name: str) -> list[str]:
    rows = searched.solved(name, "families", SETS["families"].applications)
    families = searched.theorems["families"]
    cells = []
    for wanted in (*_families(searched), None):
        chosen = [index for index, family in enumerate(families) if wanted in (family, None)]
        solved = [sum(row[index] for index in chosen) for row in rows]
        cells.append(f"{mean(solved):.3g} of {len(chosen)}" if solved else "-")
    return [CONTESTANTS[name].title, *cells]


def _refused(searched: Searched) -> str:
    refused = sum(
        found["refused"] for records in searched.records.values() for one in records for found in one["sets"].values()
    )
    return f", and refused {refused} that a search took for a proof" if refused else ", and refused none"


def _lean(lean: Any) -> str:
    if lean is None:
        return "No real Lean has checked them."
    return (
        f"{lean['verifier']} checked {lean['checked']} of these {lean['proofs']:,} proofs, drawn at random, and "
        f"refused {len(lean['refused'])}."
    )


def _speed(speed: Any) -> list[str]:
    if speed is None:
        return []
    rate = speed["theorems"] / speed["seconds"]
    return [
        "## Speed",
        f"{rate:.0f} theorems a second: one energy searched for proofs of {speed['theorems']:,} theorems of 64 "
        f"connectives at 64 applications in {speed['seconds']:.1f} s ({speed['proved']:,} proved), in two processes at "
        "once, each 64 theorems in lock step, network and judge included; "
        f"{speed['processor_seconds']:.1f} s of processors. The machine has {speed['cores']} cores.",
    ]


def _from_nothing(trained: Mapping[str, Figures], searched: Searched) -> list[str]:
    minutes = _minutes(trained, searched)
    if minutes is None:
        return []
    data, fit = minutes
    return [
        "## From nothing",
        "`lean-ebm fit --config proving/energy` makes the data and trains the energy: "
        f"{data:.1f} minutes to make the data with {searched.theorems['data']['workers']} processes, and {fit:.1f} "
        "minutes of one processor to train.",
    ]


def _minutes(trained: Mapping[str, Figures], searched: Searched) -> tuple[float, float] | None:
    """Minutes for the data, and for the training of one energy; None if the data were in the cache already."""
    spent, data = trained["energy"].processor_minutes if "energy" in trained else [], searched.theorems["data"]
    return None if data["cached"] or not spent else (data["seconds"] / 60, mean(spent))


def _targets(trained: Mapping[str, Figures], searched: Searched, speed: Any) -> list[str]:
    """The targets of one energy, and whether they hold; nothing if it was not trained."""
    if "energy" not in trained or not searched.records.get("energy"):
        return []
    figures = trained["energy"]
    judged = [record["states"] for record in searched.records["energy"]]
    rows: list[tuple[str, float, float]] = [
        ("right tactic, unseen states", mean(figures.metric("top_1") or [0.0]), 0.92),
        ("where at least three tactics are left", mean(figures.metric("top_1_far") or [0.0]), 0.88),
        ("V against tactics left, thorough", mean(found["value_rank"] for found in judged), 0.85),
        ("dead against live, thorough", mean(found["dead_auroc"] for found in judged), 0.98),
        ("PropL-16, hardest, at 31", searched.share("energy", "16", 31, True), 0.97),
        *[
            (f"64 connectives, hardest, at {number}", searched.share("energy", "64", number, True), least)
            for number, least in ((31, 0.85), (64, 0.92), (256, 0.97))
        ],
        ("128 connectives at 64", searched.share("energy", "128", 64), 0.6),
        ("theorems a second", speed["theorems"] / speed["seconds"] if speed else nan, 50.0),
    ]
    lines = [[text, f"at least {least:g}", f"{value:.3f}", _yes(value >= least)] for text, value, least in rows]
    for of, least, text in [
        *[(size, 0.0, f"{size} connectives at 64") for size in SIZES[1:]],
        ("first-order", 0.05, "first-order at 64"),
    ]:
        today = searched.better(of, 64)
        gain = today and searched.gain("energy", today, of, 64)
        if gain:
            wanted = f"above today's best-first by {least:g}, the interval above 0"
            lines.append([text, wanted, gain.text(signed=True), _yes(gain.value >= least and gain.low > 0)])
    families = _ahead(searched)
    if families:
        lines.append(["families, up to size 10", "above today's, by family", families[0], _yes(families[1])])
    minutes = _minutes(trained, searched)
    if minutes:
        lines.append(["from nothing", "at most 15 minutes", f"{sum(minutes):.1f}", _yes(sum(minutes) <= 15)])
    return ["## Targets", "Of one energy, in and-or-best-first.", table(["", "target", "measured", "holds"], lines)]


def _ahead(searched: Searched) -> tuple[str, bool] | None:
    """In how many families one energy proves more than the better of today's searches, and whether in all."""
    number = SETS["families"].applications
    ours = searched.solved("energy", "families", number)
    theirs = [rows[0] for name in TODAY if (rows := searched.solved(name, "families", number))]
    if not theirs:
        return None
    families = searched.theorems["families"]
    above = 0
    for wanted in _families(searched):
        chosen = [index for index, family in enumerate(families) if family == wanted]
        best = max(sum(row[index] for index in chosen) for row in theirs)
        above += mean(sum(row[index] for index in chosen) for row in ours) > best
    return f"above in {above} of {len(_families(searched))}", above == len(_families(searched))


def _yes(holds: bool) -> str:
    return "yes" if holds else "**no**"


def _draw(searched: Searched, path: Path) -> None:
    """Draw solve rates over applications, on hard and on first-order theorems, and over the number of connectives."""

    def draw(axes: list[Any]) -> None:
        shown = [name for name in (*BASELINES, *RECIPES) if name in searched.names]
        greys = {name: f"{0.2 + 0.25 * index:.2f}" for index, name in enumerate(BASELINES)}
        colors = greys | {name: f"C{index}" for index, name in enumerate(RECIPES)}
        for name in shown:
            style = {"color": colors[name], "label": CONTESTANTS[name].title, "markersize": 3}
            line = "--o" if name in BASELINES else "-o"
            for axis, of, most in ((axes[0], "64", 256), (axes[1], "first-order", 64)):
                at = [number for number in _CURVE if number <= most]
                rates = [searched.share(name, of, number, of == "64") for number in at]
                axis.plot(at, rates, line, **style)
            rates = [searched.share(name, size, 64) for size in SIZES]
            axes[2].plot([int(size) for size in SIZES], rates, line, **style)
        axes[0].set(title="64 connectives, the hardest", xlabel="applications", xscale="log", ylabel="solved")
        axes[1].set(title="first-order", xlabel="applications", xscale="log")
        axes[2].set(title="64 applications", xlabel="connectives", xscale="log")
        axes[2].set_xticks([int(size) for size in SIZES], SIZES)
        axes[2].minorticks_off()
        axes[2].legend(fontsize=6)

    draw_picture(path, 3, draw)
