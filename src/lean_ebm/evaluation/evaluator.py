"""The network that evaluates samples of digits. Training an energy does not use it."""

from __future__ import annotations

from importlib.resources import as_file, files

from safetensors.torch import load_file
from torch import Tensor, nn


class DigitEvaluator(nn.Module):
    """A small classifier of 28x28 digits, whose last hidden layer is the feature space of sample metrics.

    Attributes:
        num_features: Size of the feature space; torchmetrics looks for this name.
    """

    num_features = 128

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(1, 16),
            nn.MaxPool2d(2),
            *_convolution(16, 32),
            *_convolution(32, 32),
            nn.MaxPool2d(2),
            *_convolution(32, 64),
            *_convolution(64, 64),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * 9, self.num_features),
            nn.ReLU(),
        )
        self.head = nn.Linear(self.num_features, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Features ``(B, 128)`` of images float ``(B, 1, 28, 28)`` in [-1, 1]."""
        features: Tensor = self.body(images)
        return features

    def logits(self, features: Tensor) -> Tensor:
        """Class scores ``(B, 10)`` of features ``(B, 128)``."""
        scores: Tensor = self.head(features)
        return scores


def load_evaluator() -> DigitEvaluator:
    """Load the pinned evaluator with the weights in the package; ``python -m lean_ebm.evaluation.train`` made these."""
    evaluator = DigitEvaluator()
    with as_file(files("lean_ebm.evaluation") / "evaluator.safetensors") as path:
        evaluator.load_state_dict(load_file(path))
    return evaluator.eval().requires_grad_(False)


def _convolution(in_channels: int, out_channels: int) -> list[nn.Module]:
    convolution = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(out_channels), nn.ReLU()]
