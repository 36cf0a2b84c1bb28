"""Evaluates answers to problems: their quality, and the computation that they take."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lean_ebm.data import ReasoningDataModule
from lean_ebm.evaluation.judgement import chosen_by_energy, share_of_the_way, surest, wrong_auroc
from lean_ebm.evaluation.results import Effort, EvaluationResult
from lean_ebm.langevin import Stop
from lean_ebm.methods import Method
from lean_ebm.randomness import derived_seed

STEPS = (1, 5, 10, 20, 40, 80)
"""Numbers of steps if none are given."""

PERCENT = (25, 50, 75)
"""Percentages of the answers that are given if the others are withheld."""


@dataclass(frozen=True)
class Answers:
    """The answers of a method to N problems.

    Attributes:
        figures: Figures ``(N,)`` by name.
        errors: Errors ``(N,)``.
        steps: Gradient steps ``(N,)``.
        energies: Final energies ``(N,)``.
        residuals: Residuals ``(N,)``; None if the family has none.
        seconds: Time for all of them.
    """

    figures: dict[str, Tensor]
    errors: Tensor
    steps: Tensor
    energies: Tensor
    residuals: Tensor | None
    seconds: float


@torch.no_grad()
def evaluate_answers(data: ReasoningDataModule, method: Method, split: str, effort: Effort) -> EvaluationResult:
    """Compute every figure of a method that answers problems.

    Args:
        data: The family of the problems.
        method: The trained method.
        split: ``val`` or ``test``: problems as hard as those trained on. Harder problems are added, different ones for
            each split.
        effort: ``num_samples`` is the number of problems of each difficulty. They are answered with the method's own
            number of steps, and again with each number in ``steps``.

    Returns:
        Figures of problems as hard as those trained on, called ``same_*``, and of harder ones, called ``harder_*``:

        * the means of the figures of :meth:`~lean_ebm.data.reasoning.ReasoningDataModule.measure`, and as
          ``*_without_thinking`` the family's main figure for the answers that need no learning;
        * ``evaluations``: gradient steps for a problem; ``seconds``: time for a problem;
        * ``fixed_*``, if chains may stop early: the main figure and the evaluations if no chain stops early;
        * ``energy_rank``: rank correlation of the final energy and the error, and ``residual_rank`` that of the
          problem's own residual, for families that have one;
        * ``wrong_auroc``: probability that a wrong answer has a higher energy than a right one to another problem, for
          families whose figures have ``solved``; NaN with fewer than 50 of either;
        * ``surest_25_*``, ``surest_50_*`` and ``surest_75_*``: the main figure over this percentage of the answers,
          those with the lowest energies;
        * if ``draws`` is above 1: ``best_of_draws_*``, the main figure if each problem is answered ``draws`` times and
          the energy chooses as in ``generate`` with as many ``candidates``, and ``best_of_draws_share``, how far this
          gets from the first draw to the best.

        If chains may stop early there is also ``difficulty_rank``, the rank correlation of the steps taken with the
        difficulty, over all problems; ``difficulty_rank_low`` and ``difficulty_rank_high`` are the ends of its
        bootstrap interval. The curves hold the means by number of steps. The values hold the main figure of each
        problem, under the names above and after the largest number of steps as ``*_at_most_steps``.
    """
    if not effort.num_samples:
        return EvaluationResult()
    number = min(effort.num_samples, data.sizes[split])
    figures: dict[str, float] = {}
    values: dict[str, Tensor] = {}
    curves: dict[int, dict[str, float]] = {steps: {} for steps in effort.steps or STEPS}
    taken, difficulties = [], []
    beyond_test = 0 if split == "test" else data.sizes["harder"]
    for name, part, start in (("same", split, 0), ("harder", "harder", beyond_test)):
        target, problem = (tensor.to(method.device) for tensor in data.batch(part, start, number))
        main = f"{name}_{data.figure}"
        answers = _answer(data, method, effort, problem, target)
        values[main] = answers.figures[data.figure]
        figures |= {f"{name}_{key}": float(column.mean()) for key, column in answers.figures.items()}
        figures |= {f"{name}_evaluations": float(answers.steps.float().mean())}
        figures |= {f"{name}_seconds": answers.seconds / number}
        figures[f"{name}_energy_rank"] = float(spearman(answers.energies, answers.errors))
        if answers.residuals is not None:
            figures[f"{name}_residual_rank"] = float(spearman(answers.residuals, answers.errors))
        for percent in PERCENT:
            share = surest(answers.energies, answers.figures[data.figure], percent / 100)
            figures[f"{name}_surest_{percent}_{data.figure}"] = share
        if "solved" in answers.figures:
            figures[f"{name}_wrong_auroc"] = wrong_auroc(answers.energies, answers.figures["solved"] < 1)
        if effort.draws > 1:
            more = [
                _answer(
                    data,
                    method,
                    replace(effort, seed=derived_seed(effort.seed, "draw", draw)),
                    problem,
                    target,
                    again=True,
                )
                for draw in range(1, effort.draws)
            ]
            draws = [answers, *more]
            energies = torch.stack([draw.energies for draw in draws], dim=1)
            enough = -math.log(method.acceptance) if method.verification else -math.inf  # as `generate` does
            values[f"{name}_best_of_draws_{data.figure}"] = chosen_by_energy(
                energies, torch.stack([draw.figures[data.figure] for draw in draws], dim=1), enough
            )
            errors = torch.stack([draw.errors for draw in draws], dim=1)
            figures[f"{name}_best_of_draws_share"] = share_of_the_way(energies, errors, enough)
        simple = data.measure(data.without_thinking(problem), problem, target)[data.figure]
        figures[f"{main}_without_thinking"] = float(simple.mean())
        taken.append(answers.steps)
        difficulties.append(data.difficulty(problem, target))
        if method.sampler.stop.enabled:
            sampler = method.sampler
            method.sampler = replace(sampler, stop=Stop())
            fixed = _answer(data, method, effort, problem, target)
            method.sampler = sampler
            figures[f"{name}_fixed_{data.figure}"] = float(fixed.figures[data.figure].mean())
            figures[f"{name}_fixed_evaluations"] = float(fixed.steps.float().mean())
        for length in curves:
            at = _answer(data, method, effort, problem, target, length)
            curves[length] |= {f"{name}_{key}": float(column.mean()) for key, column in at.figures.items()}
            values[f"{main}_at_most_steps"] = at.figures[data.figure]  # the last length is the largest
    if method.sampler.stop.enabled:
        rank, low, high = bootstrapped_spearman(torch.cat(taken), torch.cat(difficulties), effort.seed)
        figures |= {"difficulty_rank": rank, "difficulty_rank_low": low, "difficulty_rank_high": high}
    figures |= {name: float(column.mean()) for name, column in values.items() if "best_of_draws" in name}
    return EvaluationResult(figures, curves, {name: column.tolist() for name, column in values.items()})


def _answer(
    data: ReasoningDataModule,
    method: Method,
    effort: Effort,
    problem: Tensor,
    target: Tensor,
    steps: int | None = None,
    again: bool = False,
) -> Answers:
    """Answer problems; only the answers count for the time."""
    generator = torch.Generator(method.device).manual_seed(effort.seed)
    start = time.perf_counter()
    parts = [
        method.generate(part, steps=steps, generator=generator, again=again)
        for part in problem.split(effort.batch_size)
    ]
    answers, taken = torch.cat([part.x.detach() for part in parts]), torch.cat([part.steps for part in parts])
    taken.cpu()  # waits for the accelerator
    seconds = time.perf_counter() - start
    pairs = zip(answers.split(effort.batch_size), problem.split(effort.batch_size), strict=True)
    energies = torch.cat([method.candidate_energy(x, part) for x, part in pairs])
    figures, errors = data.measure(answers, problem, target), data.errors(answers, problem, target)
    return Answers(figures, errors, taken, energies, data.residual(answers, problem), seconds)


def spearman(first: Tensor, second: Tensor) -> Tensor:
    """Rank correlation of two tensors ``(N,)``; equal values share a rank. NaN if one of them is constant."""
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
