"""The theorems of the experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lean_ebm.data import ProofChunks
from lean_ebm.experiments.claim.plan import DEVELOPMENT, seed_of_test, theorem_sets
from lean_ebm.experiments.provers_sets import SetsRun, TheoremSet
from lean_ebm.proving.steps.blocks import provide_steps

CHUNK_THEOREMS = 1200
"""Number of theorems of the training data of chunks, as in the recipes."""


@dataclass(frozen=True)
class ClaimTheorems(SetsRun):
    """Makes the training data and draws theorems that are not in the training data of any arm.

    Attributes:
        test: Whether these are the theorems of the test. Otherwise they are the development theorems.
    """

    test: bool = True

    @property
    def path(self) -> Path:
        """The folder of the theorems."""
        return self.folder / self.name / ("test" if self.test else "development")

    @property
    def wanted(self) -> Mapping[str, TheoremSet]:
        """The sets."""
        found = theorem_sets(self.fast)
        development = {"development": found.pop("development")}
        return found if self.test else development

    @property
    def seed(self) -> int:
        """Seed of the theorems. A dry run draws none of the test."""
        return seed_of_test() if self.test and not self.fast else DEVELOPMENT

    def known(self) -> set[int]:
        """Make the training data, and return the numbers of their states."""
        chunks = ProofChunks(theorems=CHUNK_THEOREMS if not self.fast else 40, kinds={"uniform": 1.0})
        blocks = provide_steps(chunks.made_of, chunks.number, self.workers)
        return super().known() | {number for block in blocks for number in block.columns["number"]}
