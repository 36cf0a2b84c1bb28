"""Measures whether states that are further from their proof gain more from longer chains.

``python -m lean_ebm.experiments.claim.thinking SEED FOLDER`` is the process that measures it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from lean_ebm.data import ProofChunks
from lean_ebm.evaluation.chunks import is_good
from lean_ebm.experiments.claim.arms import ARMS
from lean_ebm.experiments.claim.plan import DEVELOPMENT, digest, seed_of_test
from lean_ebm.experiments.claim.processes import checkpoints, run_process
from lean_ebm.experiments.claim.theorems import CHUNK_THEOREMS
from lean_ebm.experiments.provenance import commit
from lean_ebm.experiments.seeded import SeededRun
from lean_ebm.files import write_whole
from lean_ebm.guides.files import method_of
from lean_ebm.methods import ChunkRanking
from lean_ebm.methods.chunk_samplers import ChunkSampler, GibbsChunks, LangevinChunks
from lean_ebm.methods.slots import problem_of
from lean_ebm.proving.steps.blocks import provide_steps
from lean_ebm.randomness import counted_uniforms, derived_seed

STEPS = (8, 32)
"""Numbers of steps that are compared."""

CHAINS = 16
"""Number of chains for each state, of whose ends the share that is good is counted."""

THEOREMS = 300
"""Number of theorems from which states are taken."""

SAMPLERS: dict[str, Callable[[int], ChunkSampler]] = {
    "F-gibbs": lambda steps: GibbsChunks(CHAINS, steps, kept=0),
    "F-langevin": lambda steps: LangevinChunks(CHAINS, steps, decoded=True),
}
"""The samplers by the beginning of the names of their arms."""

_BATCH = 16


@dataclass(frozen=True)
class Thinking(SeededRun):
    """The ends of chains of all states, with the energy of one seed.

    Attributes:
        seed: The seed.
        folder: Folder of all runs.
        fast: Whether this is a dry run.
    """

    seed: int
    folder: Path
    fast: bool

    stage: ClassVar[int] = 3

    @property
    def name(self) -> str:
        """``thinking``."""
        return "thinking"

    def finish(self, threads: int) -> None:
        """Measure, unless this was done before.

        Raises:
            RunError: If the model is missing, or the process fails.
        """
        if self.figures() is None:
            fast = ["--fast"] if self.fast else []
            run_process(self.path, [str(self.seed), str(self.folder), *fast], "thinking")

    def figures(self) -> dict[str, Any] | None:
        """The record; None if this plan has none yet."""
        path = self.path / "gains.json"
        record: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
        return record if record.get("plan") == digest() else None


class UnseenChunks(ProofChunks):
    """States of theorems that are in no training data. All of them are in the test split.

    Args:
        theorems: Number of theorems.
        data_seed: Seed of the theorems.
        trained: Number of theorems of the training data.
        workers: Number of processes that make data.
    """

    def __init__(self, theorems: int, data_seed: int, trained: int, workers: int = 1) -> None:
        super().__init__(theorems=theorems, kinds={"uniform": 1.0}, data_seed=data_seed, workers=workers)
        self.trained = trained

    def setup(self, stage: str) -> None:
        """Read the data."""
        super().setup(stage)
        usual = ProofChunks(theorems=self.trained, kinds={"uniform": 1.0})
        known = {number for block in provide_steps(usual.made_of, self.trained) for number in block.columns["number"]}
        numbers = [number for block in provide_steps(self.made_of, self.number) for number in block.columns["number"]]
        rows = torch.cat([self._table.rows[split] for split in ("train", "val", "test")]).tolist()
        self._table.rows["test"] = torch.tensor([row for row in rows if numbers[row] not in known], dtype=torch.int64)


@torch.no_grad()
def shares(data: ProofChunks, method: ChunkRanking, sampler: ChunkSampler, number: int, seed: int) -> list[list[float]]:
    """How often the end of a chain is a good chunk, for each state with good chunks.

    Args:
        data: The data, set up.
        method: The method with the energy.
        sampler: The sampler, with :data:`CHAINS` chains.
        number: Number of states, at most.
        seed: Seed of the chains.

    Returns:
        For each state the number of tactics that are left, and the share of chains.
    """
    found: list[list[float]] = []
    for known, goals in data.sample("test", number, seed, _BATCH):
        problem = problem_of(method.energy, goals, known)
        numbers = torch.arange(len(found), len(found) + len(known.left))

        def uniforms(name: str, count: int, numbers: Tensor = numbers) -> Tensor:
            return counted_uniforms(derived_seed(seed, name), numbers, count)

        draws = sampler.draw(method.energy, problem, uniforms)
        ends = draws.chunks.unflatten(1, (CHAINS, -1))[:, :, -1]
        good = is_good(known, ends).double().mean(dim=1)
        live = known.good.any(dim=1)
        found += torch.stack([known.left.double(), good], dim=1)[live].tolist()
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the shares of good ends of chains, and write them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("seed", type=int, help="seed of the models")
    parser.add_argument("folder", type=Path, help="folder of all runs")
    parser.add_argument("--fast", action="store_true", help="a few states")
    given = parser.parse_args(arguments)
    (path,) = checkpoints(given.folder, ARMS["F-gibbs-8"], given.seed)
    method = method_of(path)
    assert isinstance(method, ChunkRanking)
    theorems, trained = (20, 40) if given.fast else (THEOREMS, CHUNK_THEOREMS)
    data = UnseenChunks(theorems, DEVELOPMENT if given.fast else seed_of_test(), trained)
    data.prepare_data()
    data.setup("test")
    number = 30 if given.fast else 10**6
    record: dict[str, Any] = {"plan": digest(), "commit": commit(), "seed": given.seed, "samplers": {}}
    for name, sampler in SAMPLERS.items():
        both = [shares(data, method.eval(), sampler(steps), number, 0) for steps in STEPS]
        record["samplers"][name] = {
            "left": [left for left, _ in both[0]],
            "shares": [[x for _, x in one] for one in both],
        }
        print(f"{name}: {len(both[0])} states", flush=True)
    write_whole(given.folder / "thinking" / f"seed-{given.seed}" / "gains.json", json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
