"""How good the answers of a method to problems are, and what they cost."""

from __future__ import annotations

import time
from dataclasses import replace

import torch
from torch import Tensor

from lean_ebm.data import ReasoningDataModule
from lean_ebm.evaluation.results import Effort, EvaluationResult
from lean_ebm.langevin import Stop
from lean_ebm.methods import Method

STEPS = (1, 5, 10, 20, 40, 80)
"""Numbers of steps where none are asked for."""


@torch.no_grad()
def evaluate_answers(data: ReasoningDataModule, method: Method, split: str, effort: Effort) -> EvaluationResult:
    """Every figure of a method that answers problems.

    Args:
        data: The family of the problems.
        method: The trained method.
        split: ``val`` or ``test``: problems as hard as those trained on; harder ones join them, others for each split.
        effort: ``num_samples`` problems of each difficulty, answered at ``steps`` besides as the method means to.

    Returns:
        Figures, each of problems as hard as those trained on, ``same_*``, and of ``harder_*``:

        * those of :meth:`~lean_ebm.data.reasoning.ReasoningDataModule.measure`, means; ``*_without_thinking`` the first
          of them for the answers that need no learning;
        * ``evaluations``: gradient steps a problem, and ``seconds``;
        * ``fixed_*``: where chains may stop early, the same if none does;
        * ``energy_rank``: rank correlation of the final energy and the true error.

        ``difficulty_rank``: rank correlation of the steps taken with the difficulty, over all problems, where chains
        may stop early; ``_low`` and ``_high`` are the ends of its bootstrap interval. The curves have the means by
        steps.
    """
    if not effort.num_samples:
        return EvaluationResult()
    number = min(effort.num_samples, data.sizes[split])
    figures: dict[str, float] = {}
    curves: dict[int, dict[str, float]] = {steps: {} for steps in effort.steps or STEPS}
    taken, difficulties = [], []
    beyond_test = 0 if split == "test" else data.sizes["harder"]
    for name, part, start in (("same", split, 0), ("harder", "harder", beyond_test)):
        target, problem = (tensor.to(method.device) for tensor in data.batch(part, start, number))
        measured, steps, seconds, energies = _answer(data, method, effort, problem, target)
        figures |= {f"{name}_{key}": float(values.mean()) for key, values in measured.items()}
        figures |= {f"{name}_evaluations": float(steps.float().mean()), f"{name}_seconds": seconds / number}
        error = -measured[data.grade] if data.higher_is_better else measured[data.grade]
        figures[f"{name}_energy_rank"] = float(spearman(energies, error))
        simple = data.measure(data.without_thinking(problem), problem, target)[data.figure]
        figures[f"{name}_{data.figure}_without_thinking"] = float(simple.mean())
        taken.append(steps)
        difficulties.append(data.difficulty(problem, target))
        if method.sampler.stop.enabled:
            sampler = method.sampler
            method.sampler = replace(sampler, stop=Stop())
            fixed, steps, _, _ = _answer(data, method, effort, problem, target)
            method.sampler = sampler
            figures[f"{name}_fixed_{data.figure}"] = float(fixed[data.figure].mean())
            figures[f"{name}_fixed_evaluations"] = float(steps.float().mean())
        for length in curves:
            at, _, _, _ = _answer(data, method, effort, problem, target, length)
            curves[length] |= {f"{name}_{key}": float(values.mean()) for key, values in at.items()}
    if method.sampler.stop.enabled:
        rank, low, high = bootstrapped_spearman(torch.cat(taken), torch.cat(difficulties), effort.seed)
        figures |= {"difficulty_rank": rank, "difficulty_rank_low": low, "difficulty_rank_high": high}
    return EvaluationResult(figures, curves)


def _answer(
    data: ReasoningDataModule, method: Method, effort: Effort, problem: Tensor, target: Tensor, steps: int | None = None
) -> tuple[dict[str, Tensor], Tensor, float, Tensor]:
    """Figures ``(N,)`` of the answers, steps taken ``(N,)``, seconds, and final energies ``(N,)``."""
    generator = torch.Generator(method.device).manual_seed(effort.seed)
    start = time.perf_counter()
    parts = [method.generate(part, steps=steps, generator=generator) for part in problem.split(effort.batch_size)]
    answers, taken = torch.cat([part.x.detach() for part in parts]), torch.cat([part.steps for part in parts])
    taken_all = taken.cpu()  # waits for the accelerator
    seconds = time.perf_counter() - start
    pairs = zip(answers.split(effort.batch_size), problem.split(effort.batch_size), strict=True)
    energies = torch.cat([method.candidate_energy(x, part) for x, part in pairs])
    return data.measure(answers, problem, target), taken_all.to(taken), seconds, energies


def spearman(first: Tensor, second: Tensor) -> Tensor:
    """Rank correlation of ``(N,)`` and ``(N,)``, equal values sharing their ranks; NaN where one is constant."""
    return _pearson(_ranks(first), _ranks(second))


def bootstrapped_spearman(
    first: Tensor, second: Tensor, seed: int = 0, draws: int = 1000
) -> tuple[float, float, float]:
    """Rank correlation and its 95% interval, by the percentiles of resampled pairs (Efron 1979)."""
    generator = torch.Generator().manual_seed(seed)
    first, second = first.cpu(), second.cpu()
    rows = torch.randint(len(first), (draws, len(first)), generator=generator)
    values = torch.stack([spearman(first[row], second[row]) for row in rows]).nan_to_num(0.0).double()
    low, high = values.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return float(spearman(first, second)), low, high


def _ranks(values: Tensor) -> Tensor:
    _, which, count = values.unique(return_inverse=True, return_counts=True)
    last = count.cumsum(0)
    ranks: Tensor = (last - (count - 1) / 2.0)[which]
    return ranks.double()


def _pearson(first: Tensor, second: Tensor) -> Tensor:
    first, second = first - first.mean(), second - second.mean()
    return (first * second).sum() / (first.square().sum() * second.square().sum()).sqrt()
