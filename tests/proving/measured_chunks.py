"""How often samplers find good chunks of tactics, and what searches prove with them, on development data.

    PYTHONPATH=src:tests python -m proving.measured_chunks ENERGY.ckpt --policy POLICY.ckpt --states 300 --theorems 40

The checkpoints are those of the recipes ``proving/chunks`` and ``proving/chunk_policy``; states and theorems are of the
validation split of their data. Prints tables in Markdown.
"""

from __future__ import annotations

import argparse
import time

import torch

from lean_ebm.data import ProofChunks
from lean_ebm.evaluation.chunks import BUDGETS, SAMPLERS, measure_samplers
from lean_ebm.evaluation.results import Effort
from lean_ebm.guides import ChunkGuide
from lean_ebm.methods import ChunkPolicy, ChunkRanking
from lean_ebm.methods.chunk_policy import PolicyChunks
from lean_ebm.methods.chunk_samplers import ChunkSampler, GibbsChunks, LangevinChunks, RandomChunks
from lean_ebm.proving import GuidedProver, Logic, SearchBudget, Statement

APPLICATIONS = (18, 31, 64)
LIMIT = 1000
"""Evaluations for a goal in a search, comparisons included."""


def proposals(policy: ChunkPolicy | None) -> dict[str, ChunkSampler]:
    """Samplers with a learned proposal."""
    if policy is None:
        return {}
    beams: dict[str, ChunkSampler] = {f"beam_{width}": PolicyChunks(policy, width, beam=True) for width in (2, 8)}
    return {"policy": PolicyChunks(policy, 256), **beams}


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("energy")
    parser.add_argument("--policy")
    parser.add_argument("--states", type=int, default=300)
    parser.add_argument("--theorems", type=int, default=0)
    parser.add_argument("--data", type=int, default=1200, help="theorems of the data")
    given = parser.parse_args()
    data = ProofChunks(theorems=given.data, kinds={"uniform": 1.0}, workers=1)
    data.prepare_data()
    data.setup("fit")
    method = ChunkRanking.load_from_checkpoint(given.energy, map_location="cpu").eval()
    policy = None
    if given.policy:
        policy = ChunkPolicy.load_from_checkpoint(given.policy, map_location="cpu").eval()
    learned = proposals(policy)
    known, _ = data.table.batch(data.table.rows["val"])
    sizes = known.choices.sum(dim=2)
    print(f"{len(known.left)} states; slots of {sizes.double().mean(dim=0).round().int().tolist()} tactics on average;")
    print(
        f"chunks, quartiles: {sizes.prod(dim=1).double().quantile(torch.tensor([0.25, 0.5, 0.75]).double()).tolist()};"
    )
    print(f"{float(known.good.sum() / known.good.any(dim=1).sum()):.2f} good ones of a state with a proof\n")
    begun = time.process_time()
    figures = measure_samplers(data, method, SAMPLERS | learned, "val", Effort(num_samples=given.states))
    print(f"| evaluations | {' | '.join(map(str, BUDGETS))} | missed |\n|---{'|---' * len(BUDGETS)}|---|")
    for suffix, what in (("", ""), ("_free", ", comparisons not counted")):
        for name in SAMPLERS | learned:
            row = [f"{figures[f'{name}_{budget}{suffix}']:.2f}" for budget in BUDGETS]
            print(f"| {name}{what} | {' | '.join(row)} | {figures[f'{name}_missed']:.2f} |")
    print(f"\nvalue_rank {figures['value_rank']:.3f}, dead_auroc {figures['dead_auroc']:.3f}, ", end="")
    print(f"{time.process_time() - begun:.0f} CPU seconds")
    if given.theorems:
        searches(method, data, learned, given.theorems)


def searches(method: ChunkRanking, data: ProofChunks, learned: dict[str, ChunkSampler], number: int) -> None:
    """Prove theorems with each sampler, at most :data:`LIMIT` evaluations for a goal."""
    chosen = sorted(data.theorems("val"), key=lambda one: (-one.steps, one.number))[:number]
    statements = [Statement.of(theorem.statement) for theorem in chosen]
    print(f"\n{number} theorems with the longest shortest proofs; {LIMIT} evaluations a goal; and-or-best-first\n")
    print(f"| applications | {' | '.join(map(str, APPLICATIONS))} | seconds |\n|---{'|---' * len(APPLICATIONS)}|---|")
    samplers: dict[str, ChunkSampler] = {
        "random": RandomChunks(LIMIT),
        "gibbs": GibbsChunks(4, gradients=False),
        "gradient_gibbs": GibbsChunks(4),
        "langevin_decoded": LangevinChunks(1, decoded=True),
        **learned,
    }
    for name, sampler in samplers.items():
        begun = time.process_time()
        prover = GuidedProver(ChunkGuide(method, sampler, LIMIT))
        results = [result for _, result in prover.prove_many(Logic(), statements, SearchBudget(max(APPLICATIONS)))]
        solved = [
            sum([result.proved and result.applications <= most for result in results]) / number for most in APPLICATIONS
        ]
        shares = " | ".join(f"{share:.2f}" for share in solved)
        print(f"| {name} | {shares} | {time.process_time() - begun:.0f} |")


if __name__ == "__main__":
    main()
