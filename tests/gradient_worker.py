"""Gradients of one global batch, by one process of several: ``gradient_worker.py FOLDER RANK PROCESSES``.

Every draw is made for the whole batch, and each process takes its rows of it; so the processes together do what one
does alone.
"""

import sys
from itertools import product
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from helpers import labels
from lean_ebm.energy import ConvEnergy, EnergyNetwork, MixerEnergy, MLPEnergy, ResidualEnergy
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Method, annealing, ebt

SHAPE, CLASSES, BATCH = (1, 8, 8), 3, 12

NETWORKS = {
    "MLPEnergy": lambda landscapes: MLPEnergy(SHAPE, CLASSES, width=8, depth=2, landscapes=landscapes),
    "ConvEnergy": lambda landscapes: ConvEnergy(SHAPE, CLASSES, width=4, depth=2, landscapes=landscapes),
    "ResidualEnergy": lambda landscapes: ResidualEnergy(
        SHAPE, CLASSES, width=4, depth=1, num_features=8, landscapes=landscapes
    ),
    "MixerEnergy": lambda landscapes: MixerEnergy(
        SHAPE, CLASSES, width=8, depth=1, token_width=4, hidden=8, landscapes=landscapes
    ),
}


def learned(energy: EnergyNetwork, **settings) -> Method:
    step_size, graph = settings.pop("step_size", 0.5), settings.pop("graph")
    chain = Langevin(steps=3, step_size=step_size, noise_scale=0.1, bounds=(-2.0, 2.0), graph=graph)
    return EBT(energy, chain, learn_step_size=True, cross_entropy=0.1, **settings)


CHAIN = Langevin(steps=3, step_size=0.5, noise_scale=0.1, bounds=(-1.0, 1.0))
DESCENT = Langevin(steps=2, step_size=1.0, monotone=True)
METHODS = {
    "CD": lambda energy: ContrastiveDivergence(energy, CHAIN, CHAIN, buffer_size=6, fresh_fraction=0.0),
    "EBT, last step": lambda energy: learned(energy, graph="last"),
    "EBT, two steps": lambda energy: learned(energy, graph=2),
    "EBT, all steps": lambda energy: learned(energy, graph="all"),
    "EBT, every output": lambda energy: learned(energy, graph="last", supervise="every"),
    "EBT, from noise": lambda energy: learned(energy, graph="all", start="noise", step_size=5.0),
    "IRED": lambda energy: IRED(energy, DESCENT, DESCENT, cross_entropy=0.1),
}
CASES = [f"{method} | {network}" for method, network in product(METHODS, NETWORKS)]


def build(case: str) -> Method:
    method, network = case.split(" | ")
    torch.manual_seed(1)
    return METHODS[method](NETWORKS[network](4 if method == "IRED" else 0))


def batch() -> tuple[Tensor, Tensor]:
    return torch.linspace(-1, 1, BATCH * 64).sin().reshape(BATCH, *SHAPE), labels(BATCH, CLASSES)


def draw_for_all(rank: int, processes: int) -> None:
    """Make torch's draws those of the global batch."""
    share = BATCH // processes
    rows = slice(rank * share, (rank + 1) * share)
    normal, uniform, whole = torch.randn, torch.rand, torch.randint

    def of_all(draw):
        def mine(*size, device=None, dtype=None, generator=None):
            size = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
            return draw(BATCH, *size[1:])[rows]

        return mine

    torch.randn, torch.rand = of_all(normal), of_all(uniform)
    torch.randn_like = lambda x: torch.randn(*x.shape)
    torch.Tensor.normal_ = lambda x, mean=0, std=1, generator=None: x.copy_(mean + std * torch.randn(*x.shape))
    torch.randint = lambda high, size, device=None: whole(high, (BATCH,))[rows]
    stratified = ebt.stratified
    ebt.stratified = annealing.stratified = lambda size, device: _whole(stratified, uniform, device)[rows]


def _whole(stratified, uniform, device: torch.device) -> Tensor:
    mine, torch.rand = torch.rand, uniform
    try:
        return stratified(BATCH, device)
    finally:
        torch.rand = mine


def gradients(method: Method, rank: int, processes: int) -> dict[str, Tensor]:
    method.forward = lambda rows: method.loss(rows)["loss"]
    model = DistributedDataParallel(method) if processes > 1 else method
    share = BATCH // processes
    rows = slice(rank * share, (rank + 1) * share)
    if getattr(method, "buffer", None) is not None:
        method.buffer.chains.fill_(0.5)
    torch.manual_seed(2)
    model(tuple(part[rows] for part in batch())).backward()
    return {name: p.grad for name, p in method.named_parameters()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder, rank, processes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    if processes > 1:
        torch.distributed.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=processes)
    methods = {case: build(case) for case in CASES}
    draw_for_all(rank, processes)
    found = {case: gradients(method, rank, processes) for case, method in methods.items()}
    torch.save(found, folder / f"{processes}-{rank}.pt")
    if processes > 1:
        torch.distributed.destroy_process_group()
