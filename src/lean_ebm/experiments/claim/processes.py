"""Functions that all processes of the experiment share: start, find the models, search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lean_ebm.checkpoints import last_checkpoint
from lean_ebm.errors import RunError
from lean_ebm.experiments.claim.arms import Arm
from lean_ebm.experiments.processes import run_module
from lean_ebm.proving import GuidedProver, Logic, Prover, SearchBudget, SearchResult, Statement


def run_process(folder: Path, arguments: Sequence[str], module: str) -> None:
    """Run a module of this package in a process, with one thread.

    Args:
        folder: The folder of its log.
        arguments: Its arguments.
        module: The module.

    Raises:
        RunError: If it fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told = f"{module} {' '.join(arguments[:2])}"
    print(f"{told}: begun", flush=True)
    run_module(f"lean_ebm.experiments.claim.{module}", arguments, folder / f"{module}.log", told)
    print(f"{told}: done", flush=True)


def checkpoints(folder: Path, arm: Arm, seed: int) -> list[Path]:
    """The checkpoints of the models of an arm.

    Raises:
        RunError: If one is missing.
    """
    found = []
    for model in arm.models:
        path = last_checkpoint(folder / model / f"seed-{seed}", "**/checkpoints/*.ckpt")
        if path is None:
            raise RunError(f"The model {model}, seed {seed}, was not trained: there is no checkpoint of it.")
        found.append(path.resolve())
    return found


def searched(prover: Prover, logic: Logic, statements: Sequence[Statement], budget: SearchBudget) -> list[SearchResult]:
    """Search for the proofs of statements; in parallel if the prover has a guide."""
    if not isinstance(prover, GuidedProver):
        return [prover.prove(logic, statement, budget) for statement in statements]
    found = dict(prover.prove_many(logic, statements, budget))
    return [found[index] for index in range(len(statements))]
