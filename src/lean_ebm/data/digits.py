"""Scanned digits that come with scikit-learn: real data without a download."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.data.tensors import TensorDataModule, to_signed_unit


class Digits(TensorDataModule):
    """The 1,797 8x8 digits of scikit-learn (Alpaydin and Kaynak 1998), enlarged to the 28x28 of MNIST.

    Each is enlarged to 20x20 and centred on a 28x28 canvas, as MNIST's digits are. 1,397 are to train on, 200 to
    validate and 200 to test.

    Args:
        split_seed: Seed of the split.
        batch_size: Batch size on each device.
        samples_per_class: Number of samples that ``predict`` makes of each class.
        predict_batch_size: Number of chains that ``predict`` runs at once.
        on_device: Hold the training set on the accelerator, which spares copying every batch.
        held_out: A class left out of training and validation, to see whether the energy notices it; null for none.
    """

    num_classes = 10
    shape = (1, 28, 28)

    def __init__(
        self,
        split_seed: int = 0,
        batch_size: int = 64,
        samples_per_class: int = 10,
        predict_batch_size: int = 250,
        on_device: bool = False,
        held_out: int | None = None,
    ) -> None:
        super().__init__(batch_size, samples_per_class, predict_batch_size, on_device, held_out)
        self.split_seed = split_seed

    def load(self) -> dict[str, tuple[Tensor, Tensor]]:
        """The three splits."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        small = torch.from_numpy(digits.images).float()[:, None]
        images = F.interpolate(small, size=(20, 20), mode="bicubic", antialias=True).clamp(0, 16)
        images = to_signed_unit(F.pad(images, (4, 4, 4, 4)), 16.0)
        labels = torch.from_numpy(digits.target).long()
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(self.split_seed))
        parts = dict(zip(("train", "val", "test"), (order[:1397], order[1397:1597], order[1597:]), strict=True))
        return {name: (images[index], labels[index]) for name, index in parts.items()}
