"""Trains the pinned evaluator: ``python -m lean_ebm.evaluation.train FILE`` takes ten minutes on two cores."""

from __future__ import annotations

import sys

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.data import MNIST
from lean_ebm.evaluation.evaluator import DigitEvaluator


def train(epochs: int = 12, batch_size: int = 128, seed: int = 0) -> DigitEvaluator:
    """Train on MNIST's training split with random shifts by up to two pixels, Adam and a one-cycle schedule."""
    torch.manual_seed(seed)
    data = MNIST()
    data.prepare_data()
    data.setup("fit")
    images, labels = data.splits["train"]
    evaluator = DigitEvaluator()
    steps = len(images) // batch_size
    optimizer = torch.optim.Adam(evaluator.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=epochs * steps)
    for epoch in range(epochs):
        evaluator.train()
        for index in torch.randperm(len(images))[: steps * batch_size].view(steps, batch_size):
            features = evaluator(_shift(images[index]))
            logits = evaluator.logits(F.dropout(features, 0.3))
            loss = F.cross_entropy(logits, labels[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}: validation accuracy {_accuracy(evaluator, *data.splits['val']):.4f}", flush=True)
    print(f"test accuracy {_accuracy(evaluator, *data.splits['test']):.4f}")
    return evaluator


def _shift(images: Tensor) -> Tensor:
    """Move each image of a batch by up to two pixels in each direction."""
    padded = F.pad(images, (2, 2, 2, 2), value=-1.0)
    rows, columns = torch.randint(0, 5, (2, len(images)))
    windows = padded.unfold(2, 28, 1).unfold(3, 28, 1)
    return windows[torch.arange(len(images)), :, rows, columns]


@torch.no_grad()
def _accuracy(evaluator: DigitEvaluator, images: Tensor, labels: Tensor) -> float:
    evaluator.eval()
    predictions = torch.cat([evaluator.logits(evaluator(batch)).argmax(dim=1) for batch in images.split(500)])
    return (predictions == labels).float().mean().item()


if __name__ == "__main__":
    save_file(train().state_dict(), sys.argv[1])
