"""Computes the cost of the experiment on miniF2F with a language model of 7 billion weights.

``python -m lean_ebm.experiments.claim.larger`` prints the table of ``docs/claim.md``. Operations are counted in the
code, see :mod:`~lean_ebm.experiments.language_scale`; the rest is assumed, below. It needs the extra ``llm``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lean_ebm.experiments.claim.arms import ARMS, ONCE, TRAININGS
from lean_ebm.experiments.claim.plan import BUDGETS, SEEDS
from lean_ebm.experiments.language_scale import DEEPSEEK_MATH_7B, GPU_TERAFLOPS, Footprint, Load, footprint
from lean_ebm.experiments.tables import table

ASSUMED = {
    "states": 259_580.0,
    "epochs": 2.0,
    "theorems": 244.0,
    "goals": 40.0,
    "lean": 0.1,
    "expansions": 30.0,
}
"""What is assumed.

``states`` are the tactics of LeanDojo Benchmark 4 (Yang et al. 2023), one state each; ``theorems`` the test split of
miniF2F. A search asks about ``goals`` goals of a theorem, Lean takes ``lean`` processor seconds for a tactic with
Mathlib, and the tactics that are left are found by a search of ``expansions`` goals for each state.
"""


@dataclass(frozen=True)
class Hours:
    """The cost of the experiment in hours.

    Attributes:
        training: Hours of a GPU for all trainings.
        guiding: Hours of a GPU for the evaluations of all searches.
        labels: Hours of a processor in which Lean finds how many tactics are left, for all states.
        searching: Hours of a processor in which Lean tries the tactics of all searches.
    """

    training: float
    guiding: float
    labels: float
    searching: float


def networks() -> int:
    """Number of networks that are trained with each seed; a policy and a value without a common trunk are two."""
    return sum(
        2 if model in ("pair", "twice") else 1
        for model in TRAININGS
        if model not in ONCE and not model.startswith("chunk")
    )


def searches() -> int:
    """Number of arms that search with listed tactics and with models of each seed."""
    return sum(
        bool(arm.models) and arm.first is None for arm in ARMS.values() if not set(arm.models) & {"chunks", *ONCE}
    )


def hours(step: Footprint, load: Load, assumed: Mapping[str, float] = ASSUMED) -> Hours:
    """Compute the cost of the experiment, without the chunks.

    Args:
        step: What a training step takes.
        load: The step.
        assumed: The assumptions, see :data:`ASSUMED`.
    """
    speed = GPU_TERAFLOPS * 1e12 * 3600
    tried = assumed["theorems"] * SEEDS * searches()
    return Hours(
        training=step.step / load.states * assumed["states"] * assumed["epochs"] * networks() * SEEDS / speed,
        guiding=step.forward / load.states * assumed["goals"] * tried / speed,
        labels=assumed["states"] * assumed["expansions"] * load.listed * assumed["lean"] / 3600,
        searching=tried * BUDGETS[-1] * assumed["lean"] / 3600,
    )


def main() -> None:
    """Print the table."""
    load = Load()
    found = hours(footprint(DEEPSEEK_MATH_7B, load), load)
    rows = [
        [f"training of {networks()} networks with {SEEDS} seeds", f"{found.training:,.0f} GPU hours"],
        ["labels: tactics that are left, and goals without a proof", f"{found.labels:,.0f} processor hours of Lean"],
        [f"searches of {searches()} arms, the guides", f"{found.guiding:,.0f} GPU hours"],
        ["searches, Lean", f"{found.searching:,.0f} processor hours"],
    ]
    print(table(["", ""], rows))


if __name__ == "__main__":
    main()
