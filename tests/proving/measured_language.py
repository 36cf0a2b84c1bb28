"""Where chains of a trained language model end, on development data, for some step sizes of the sampler.

PYTHONPATH=src:tests python -m proving.measured_language last.ckpt --states 50 --step-sizes 10 100 1000
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import torch
from torch import Tensor

from lean_ebm.data import ProofSteps
from lean_ebm.evaluation.language import chain_figures
from lean_ebm.memory import keep_freed_memory
from lean_ebm.methods import Ranking


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ckpt", help="a checkpoint of the recipe proving/language")
    parser.add_argument("--states", type=int, default=50)
    parser.add_argument("--step-sizes", type=float, nargs="+", default=[10.0, 100.0, 1000.0])
    given = parser.parse_args()
    keep_freed_memory()
    ends(given.ckpt, given.states, given.step_sizes)


def ends(path: str, states: int, step_sizes: list[float]) -> None:
    """Print what chains of a trained energy end in, for some step sizes."""
    method = Ranking.load_from_checkpoint(path, map_location="cpu").eval()
    data = ProofSteps(theorems=1000, batch_size=8, texts=True)
    data.prepare_data()
    data.setup("fit")
    print(
        "| step size | parses | applies | best listed | lower than all listed | nearest is best | nearest is right |\n"
        "|---|---|---|---|---|---|---|"
    )
    for size in step_sizes:
        method.sampler = replace(method.sampler, step_size=size)
        columns: dict[str, list[Tensor]] = {}
        generator = torch.Generator().manual_seed(0)
        for tactics, goals in data.sample("val", states, 0, 8):
            with torch.no_grad():
                energies = method.rank(goals, tactics)
            for name, column in chain_figures(method, tactics, goals, energies, generator).items():
                columns.setdefault(name, []).append(column)
        names = ("parses", "applies", "best", "lower", "nearest_best", "top_1")
        shown = [float(torch.cat(columns[name]).mean()) for name in names]
        print(f"| {size:g} | {' | '.join(f'{share:.2f}' for share in shown)} |", flush=True)


if __name__ == "__main__":
    main()
