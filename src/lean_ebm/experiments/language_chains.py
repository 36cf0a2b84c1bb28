"""Measures what chains over soft tokens save when the state is read once.

``python -m lean_ebm.experiments.language_chains OUTPUT`` writes a file of JSON. Chains of 16 soft tokens move for 8
states of 200 tokens, once with the states read once and once with the states read again at each step.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from lean_ebm.energy import LanguageModelEnergy
from lean_ebm.files import write_whole
from lean_ebm.langevin import Langevin, langevin
from lean_ebm.memory import keep_freed_memory

STATES, PROMPT, TOKENS, STEPS = 8, 200, 16, 16
"""Number of states, tokens of a state, soft tokens of a chain, and steps of a chain."""


def measure(energy: LanguageModelEnergy, steps: int = STEPS) -> dict[str, float]:
    """Time chains with the states read once, and with the states read at each step.

    Args:
        energy: The energy.
        steps: Steps of a chain.

    Returns:
        Processor seconds of both (``once``, ``each``) and of one reading (``reading``), the largest difference of the
        energies at the ends (``apart``), the number of tokens of a state (``tokens``), and the largest memory of this
        process in GB (``memory``).
    """
    torch.manual_seed(0)
    word = energy.tokenizer(" p", add_special_tokens=False)["input_ids"]
    prompts = [energy.tokenizer.decode(word * (PROMPT // len(word))) for _ in range(STATES)]
    start = energy.points(torch.randint(len(energy.table), (STATES, TOKENS)))
    settings = Langevin(steps=steps, step_size=1.0, bounds="embeddings")

    def again(x: Tensor, texts: Tensor) -> Tensor:
        with torch.no_grad():
            prompt = energy.read([prompts[index] for index in texts.tolist()])
        found: Tensor = energy(x, prompt)
        return found

    begun = time.process_time()
    with torch.no_grad():
        prompt = energy.read(prompts)
    reading = time.process_time() - begun
    once = langevin(energy, start, prompt, settings, nearest=energy.nearest)
    first = time.process_time() - begun
    begun = time.process_time()
    each = langevin(again, start, torch.arange(STATES), settings, nearest=energy.nearest)
    return {
        "once": first,
        "reading": reading,
        "each": time.process_time() - begun,
        "apart": float((once.energies - each.energies).abs().max()),
        "tokens": int(prompt.mask.sum(dim=1).max()),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write a file of JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("output", type=Path, help="the file")
    parser.add_argument("--base", default="smollm2", help="the language model (default: smollm2)")
    given = parser.parse_args(arguments)
    keep_freed_memory()
    write_whole(given.output, json.dumps(measure(LanguageModelEnergy(given.base, tokens=TOKENS))) + "\n")


if __name__ == "__main__":
    main()
