"""What one reading of a prompt saves in chains over soft tokens, and how much memory they take, on the real model.

    make smollm2
    PYTHONPATH=src:tests python -m proving.measured_language --steps 16

Prints processor seconds of chains of 16 soft tokens for 8 states of 200 tokens with the state read once, and read
again at each step, which ends at the same energies; and the largest memory of the process. With ``--ckpt``: what the
ends of the chains of a trained energy are, on development data, for some step sizes of the sampler:

    PYTHONPATH=src:tests python -m proving.measured_language --ckpt last.ckpt --states 50 --step-sizes 10 100 1000
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace

import torch
from torch import Tensor

from lean_ebm.data import ProofSteps
from lean_ebm.energy import LanguageModelEnergy
from lean_ebm.evaluation.language import chain_figures
from lean_ebm.langevin import Langevin, langevin
from lean_ebm.memory import keep_freed_memory
from lean_ebm.methods import Ranking

STATES, PROMPT, TOKENS = 8, 200, 16


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="smollm2")
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--ckpt", help="a checkpoint of the recipe proving/language")
    parser.add_argument("--states", type=int, default=50)
    parser.add_argument("--step-sizes", type=float, nargs="+", default=[10.0, 100.0, 1000.0])
    given = parser.parse_args()
    keep_freed_memory()
    if given.ckpt:
        ends(given.ckpt, given.states, given.step_sizes)
    else:
        chains(LanguageModelEnergy(given.base, tokens=TOKENS), given.steps)


def chains(energy: LanguageModelEnergy, steps: int) -> None:
    """Time chains with the state read once, and at each step."""
    torch.manual_seed(0)
    word = energy.tokenizer(" p", add_special_tokens=False)["input_ids"]
    prompts = [energy.tokenizer.decode(word * (PROMPT // len(word))) for _ in range(STATES)]
    tokens = torch.randint(len(energy.table), (STATES, TOKENS))
    start = energy.points(tokens)
    settings = Langevin(steps=steps, step_size=1.0, bounds="embeddings")

    def again(x: Tensor, texts: Tensor) -> Tensor:
        with torch.no_grad():
            prompt = energy.read([prompts[index] for index in texts.tolist()])
        found: Tensor = energy(x, prompt)
        return found

    begun = time.process_time()
    with torch.no_grad():
        prompt = energy.read(prompts)
    read = time.process_time() - begun
    once = langevin(energy, start, prompt, settings, nearest=energy.nearest)
    first = time.process_time() - begun
    begun = time.process_time()
    each = langevin(again, start, torch.arange(STATES), settings, nearest=energy.nearest)
    second = time.process_time() - begun
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    apart = float((once.energies - each.energies).abs().max())
    length = int(prompt.mask.sum(dim=1).max())
    print(f"{STATES} states of {length} tokens, chains of {TOKENS} soft tokens and {steps} steps\n")
    print(f"| | CPU seconds |\n|---|---|\n| state read once | {first:.1f}, of which the reading {read:.1f} |")
    print(f"| state read at each step | {second:.1f} |\n| ratio | {second / first:.2f} |")
    print(f"\nenergies differ by at most {apart:.1e}; largest memory {most:.2f} GB")


def ends(path: str, states: int, step_sizes: list[float]) -> None:
    """Print what chains of a trained energy end in, for some step sizes."""
    method = Ranking.load_from_checkpoint(path, map_location="cpu").eval()
    data = ProofSteps(theorems=1000, batch_size=8, texts=True)
    data.prepare_data()
    data.setup("fit")
    print(
        "| step size | parses | applies | best listed | nearest is best | nearest is right |\n|---|---|---|---|---|---|"
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
        shown = [
            float(torch.cat(columns[name]).mean()) for name in ("parses", "applies", "best", "nearest_best", "top_1")
        ]
        print(f"| {size:g} | {' | '.join(f'{share:.2f}' for share in shown)} |")


if __name__ == "__main__":
    main()
