"""The base of runs that use models trained with a seed."""

from __future__ import annotations

from pathlib import Path


class SeededRun:
    """A run of models that were trained with a seed, with a folder of its own among those of the report.

    Attributes:
        folder: Folder of all runs of the report.
        seed: The seed.
    """

    folder: Path
    seed: int

    @property
    def name(self) -> str:
        """Name of the folder of all seeds."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.name}, seed {self.seed}"

    @property
    def path(self) -> Path:
        """Folder of this run."""
        return self.folder / self.name / f"seed-{self.seed}"

    def check(self) -> None:
        """Nothing can be wrong before the models are trained."""
