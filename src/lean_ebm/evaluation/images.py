"""Models of images of classes, judged: their samples and their energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lean_ebm.data.base import Budget, Report
from lean_ebm.data.pictures import is_image
from lean_ebm.distributed import gather
from lean_ebm.evaluation.energy import held_out_precision, judge_energy, unlike_data
from lean_ebm.evaluation.samples import judge_digits
from lean_ebm.methods import Method

if TYPE_CHECKING:
    from lean_ebm.data import TensorDataModule


def judge_images(data: TensorDataModule, method: Method, split: str, budget: Budget) -> Report:
    """The figures of a model of images, as far as they are such; see :class:`~lean_ebm.callbacks.Evaluation`.

    Args:
        data: The data that it was trained on.
        method: The trained method.
        split: ``val`` or ``test``.
        budget: What the evaluation may cost.

    Returns:
        The figures ``energy_*``, ``held_out_auprc``, ``samples_*``, ``real_*`` and ``long_run_*``, and those of samples
        over the number of steps.
    """
    from lean_ebm.data import Digits

    images, labels = (part.to(method.device) for part in data.splits[split])
    figures: dict[str, float] = {}
    curves: dict[int, dict[str, float]] = {}
    if budget.num_images and method.energy.num_classes > 1 and is_image(method.energy.shape):
        some, theirs = images[: budget.num_images], labels[: budget.num_images]
        outliers = unlike_data(some, budget.seed)
        if tuple(some.shape[1:]) == (1, 28, 28) and not isinstance(data, Digits):
            others = torch.cat([part for part, _ in Digits().load().values()])
            outliers["other_digits"] = others[: budget.num_images].to(method.device)
        energy = judge_energy(method.class_energies, some, theirs, outliers)
        figures |= {f"energy_{name}": value for name, value in energy.items()}
        if data.held_out is not None:
            all_images, all_labels = (part.to(method.device) for part in data.load()[split])
            figures["held_out_auprc"] = held_out_precision(method.class_energies, all_images, all_labels, data.held_out)
    if budget.num_samples and method.energy.shape == (1, 28, 28) and method.energy.num_classes == 10:
        real = images, labels
        training = data.splits["train"][0].to(method.device)
        samples = judge_digits(*_sample(method, budget, budget.num_samples), real, training)
        figures |= {f"samples_{name}": value for name, value in samples.items()}
        unseen = data.splits["test" if split == "val" else "val"]
        rows = balanced(unseen[1], budget.num_samples)
        ceiling = judge_digits(unseen[0][rows].to(method.device), unseen[1][rows].to(method.device), real, training)
        figures |= {f"real_{name}": value for name, value in ceiling.items()}
        for steps in budget.steps:
            curves[steps] = judge_digits(*_sample(method, budget, budget.num_samples, steps), real)
        if budget.long_run:
            ends = judge_digits(*_sample(method, budget, budget.long_run_samples, budget.long_run), real)
            figures |= {f"long_run_{name}": ends[name] for name in ("accuracy", "diversity")}
    return Report(figures, curves)


def balanced(labels: Tensor, number: int) -> Tensor:
    """Indices of the first images of each class, ``number`` in all, or what there is of them."""
    classes = labels.unique()
    share = -(-number // len(classes))
    return torch.cat([(labels == label).nonzero().squeeze(1)[:share] for label in classes])[:number]


def _sample(method: Method, budget: Budget, number: int, steps: int | None = None) -> tuple[Tensor, Tensor]:
    """Samples and their classes; each rank makes its share."""
    labels = torch.arange(number, device=method.device) % method.energy.num_classes
    rank, world = method.global_rank, method.trainer.world_size
    generator = torch.Generator(method.device).manual_seed(budget.seed + rank)
    mine = labels[rank::world]
    parts = [
        method.generate(part, steps=steps, generator=generator).x.detach() for part in mine.split(budget.batch_size)
    ]
    everything = gather([(torch.cat(parts).cpu(), mine.cpu())])
    images, labels = (torch.cat(column).to(method.device) for column in zip(*everything, strict=True))
    return images, labels
