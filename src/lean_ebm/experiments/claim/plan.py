"""The numbers of the plan, and the seed that follows from its text."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lean_ebm.experiments.claim.statistics import Question
from lean_ebm.experiments.claim.unsolved import UnsolvedSet
from lean_ebm.experiments.provers_sets import HardSet, TheoremSet

PLAN = Path(__file__).with_name("plan.md")
"""The plan, which was committed before any theorem of the test was drawn."""

THEOREMS = 300
"""Number of theorems of the training data on listed tactics: few, so that the policy alone is not nearly perfect."""

EPOCHS = 12
"""Passes through the training data on listed tactics, three times those of the recipes: there are few theorems."""

LIVE_THEOREMS = 500
"""Number of theorems of the data without dead goals, enough for as many states."""

SEEDS = 5
"""Number of training seeds of each arm."""

BUDGETS = (18, 31, 64, 256)
"""Applications of tactics at which solve rates are reported."""

MAIN = 64
"""The budget of the hypotheses on listed tactics and on chunks."""

DEVELOPMENT = 7
"""Seed of the theorems on which constants are chosen. It has nothing to do with the seed of the test."""

EVALUATIONS = 150
"""Evaluations of a sampler of chunks for a goal, in which a comparison counts as its share of multiplications."""

LISTED_EVALUATIONS = 5_000
"""Evaluations for a theorem at which Langevin dynamics is compared with all listed tactics (H3)."""

TRIALS = 20
"""Settings that are tried on development theorems for each arm that has constants."""

COSTED = 100
"""Number of theorems on which processor seconds are measured."""

CHECKED = 500
"""Number of proofs that Lean checks."""

QUESTIONS = (
    Question("H1", "one energy is not worse than a policy and a value", "E - C", bound=-0.02, refuted=-0.02),
    Question("H2", "comparisons of goals make it a judge", "E - E-", refuted=0.05, least=0.05),
    Question(
        "H3", "where tactics are listed, Langevin dynamics only costs", "F - E", bound=0.02, refuted=0.02, below=True
    ),
    Question("H4", "where they are not listed, gradients pay", "F - H", refuted=0.05, least=0.05),
    Question("H4b", "and make a policy unnecessary", "F - P", bound=-0.05, refuted=-0.05),
    Question("H5", "harder states gain more from more steps", "rank correlation"),
    Question("H6", "learning from failure pays", "E - E0", refuted=0.05, least=0.05),
)
"""The hypotheses; solve rates are shares, so a point is .01."""


def digest() -> str:
    """The SHA-256 of the plan, in hexadecimal digits."""
    return hashlib.sha256(PLAN.read_bytes()).hexdigest()


def seed_of_test() -> int:
    """The seed of all theorems of the test: the first 8 digits of :func:`digest`."""
    return int(digest()[:8], 16)


def theorem_sets(fast: bool) -> dict[str, TheoremSet]:
    """The sets of theorems; with ``fast`` a few of each."""
    few = 4
    return {
        "development": UnsolvedSet("development", few if fast else 150, MAIN, CONNECTIVES),
        "primary": UnsolvedSet("primary", few if fast else 1500, BUDGETS[-1], CONNECTIVES),
        "16": TheoremSet("16 connectives", few if fast else 200, BUDGETS[-1], 16),
        "16, hardest": HardSet("16 connectives, the hardest", few if fast else 200, BUDGETS[-1], 16),
        "first-order": TheoremSet("first-order", few if fast else 200, BUDGETS[-1]),
        "families": TheoremSet("families", few if fast else 59, BUDGETS[-1]),
    }


CONNECTIVES = 128
"""Number of connectives of the primary theorems; training has 8 to 28."""
