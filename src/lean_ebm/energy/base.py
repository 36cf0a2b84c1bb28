"""The base class of energy networks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Self

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.errors import SettingError
from lean_ebm.settings import RecordsSettings

_SMALLEST = {"num_classes": 0, "landscapes": 0} | dict.fromkeys(
    ("width", "depth", "hidden", "token_width", "num_features", "heads", "side"), 1
)


class Landscape(NamedTuple):
    """A condition together with the index of an energy landscape (IRED's k): 0 is the sharpest, the last the smoothest.

    Attributes:
        condition: The condition itself; any collection of tensors.
        level: ``(B,)`` int64 landscape index of each candidate.
    """

    condition: Any
    level: Tensor


def split_landscape(condition: Any) -> tuple[Any, Tensor | None]:
    """Separate a condition from its landscape index, which is None if the condition has none."""
    return (condition.condition, condition.level) if isinstance(condition, Landscape) else (condition, None)


class EnergyNetwork(RecordsSettings, nn.Module, ABC):
    """An energy ``E(x, condition) -> (B,)``: low if a candidate fits its condition.

    Subclasses must not add a learned constant to the energy (no bias in the last layer). A constant has no effect on
    dE/dx, so a method that trains the gradient would not use it, which DistributedDataParallel reports as an error.

    Attributes:
        shape: Shape of one candidate, without the batch dimension.
        num_classes: Number of classes that the condition can name; 0 if the condition is not a label.
        landscapes: Number of landscapes that :class:`Landscape` can name; 0 if the energy has only one.
        lists: Whether the data list candidates for each condition, for which :meth:`encode_candidates` learns points.
    """

    shape: tuple[int, ...]
    num_classes: int = 0
    landscapes: int = 0
    lists: bool = False

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Create the network and check the counts among its arguments.

        Raises:
            SettingError: If a width, a depth or another count is too small.
        """
        self = super().__new__(cls, *args, **kwargs)
        given = {} if self.settings is None else self.settings["init_args"]
        for name, smallest in _SMALLEST.items():
            if isinstance(given.get(name), int) and given[name] < smallest:
                raise SettingError(f"{cls.__name__}: {name} is {given[name]}, expected {smallest} or more.")
        return self

    @abstractmethod
    def forward(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)``, float32 even under autocast, of candidates ``x`` ``(B, *shape)``.

        Args:
            x: Candidates, as :meth:`encode_candidates` returns them.
            condition: Conditions, as :meth:`encode` returns them; within a :class:`Landscape` if the energy has several
                landscapes.
        """

    def encode(self, condition: Any) -> Any:
        """Encode the condition: the part of the network that does not need the candidate. Identity by default.

        A method calls it once for each batch and passes the result to :meth:`forward`, so that a chain does not encode
        its condition again at each step.

        Args:
            condition: Conditions as the data module gives them.

        Returns:
            Any collection of tensors with first dimension ``B``; it may depend on parameters.
        """
        return condition

    def encode_candidates(self, candidates: Any, condition: Any) -> Tensor:
        """Convert candidates of the data to points for chains; identity by default.

        A network that learns embeddings of its candidates overrides it. A method calls it once for each batch.

        Args:
            candidates: A tensor ``(B, ...)``, one candidate for each condition; or lists of candidates, in the form in
                which the data module gives them.
            condition: Conditions as :meth:`encode` returns them, on which the points may depend.

        Returns:
            Points ``(B, *shape)``, or ``(B, K, *shape)`` of lists.
        """
        points: Tensor = candidates
        return points

    def nearest(self, x: Tensor) -> Tensor:
        """Find the candidates of the data nearest to points ``(B, *shape)``, for chains with ``bounds: embeddings``.

        Raises:
            SettingError: If the network does not know them.
        """
        raise SettingError(
            f"{type(self).__name__} has no table of embeddings: set `bounds` of the chain to sphere, a range or null."
        )

    def rank(self, condition: Any, candidates: Tensor) -> Tensor:
        """Energies ``(B, K)`` of K listed candidates of each condition, in one pass of :meth:`judgement`. Low is good.

        Args:
            condition: Conditions as :meth:`encode` returns them, with first dimension ``B``.
            candidates: ``(B, K, *shape)``, as :meth:`encode_candidates` returns them.
        """
        batch, listed = candidates.shape[:2]
        repeated = apply_to_collection(condition, Tensor, lambda part: part.repeat_interleave(listed, dim=0))
        return self.judgement(candidates.flatten(0, 1), repeated).reshape(batch, listed)

    @property
    def has_judge(self) -> bool:
        """Whether there is a module ``judge``, which only :meth:`judgement` uses."""
        return getattr(self, "judge", None) is not None

    def set_unit(self, unit: float) -> None:
        """Set the unit of the errors that the judge learns. Without a judge this does nothing."""
        judge: Any = getattr(self, "judge", None)
        if judge is not None:
            judge.unit.fill_(unit)

    def judgement(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` for comparing finished candidates. By default the energies that chains descend.

        Args:
            x: Finished candidates ``(B, *shape)``.
            condition: As for :meth:`forward`.
        """
        energies: Tensor = self(x, condition)
        return energies

    def lesson(self, x: Tensor, condition: Any, right: Tensor, label: Tensor) -> Tensor:
        """Loss ``(B,)`` that trains :meth:`judgement` on the errors of candidates: smooth L1 (Huber 1964) by default.

        Args:
            x: Wrong candidates ``(B, *shape)``.
            condition: As for :meth:`forward`.
            right: The right ones ``(B, *shape)``.
            label: The judgements ``(B,)`` to learn.
        """
        return F.smooth_l1_loss(self.judgement(x, condition), label, reduction="none")

    def judged_energies(self, x: Tensor, landscape: Tensor | None = None) -> Tensor:
        """Energies ``(B, num_classes)`` for comparing finished candidates. By default :meth:`energies`."""
        return self.energies(x, landscape)

    def energies(self, x: Tensor, landscape: Tensor | None = None) -> Tensor:
        """Energies ``(B, num_classes)`` of every class, so that ``argmin`` classifies and softmax of -E is p(y|x).

        Args:
            x: ``(B, *shape)`` candidates.
            landscape: ``(B,)`` landscape indices, for an energy that has several.

        Raises:
            SettingError: If the energy is not conditioned on classes.
        """
        if not self.num_classes:
            raise SettingError(f"{type(self).__name__} is not conditioned on classes: there are none to score.")
        columns = []
        for label in range(self.num_classes):
            condition: Any = torch.full((len(x),), label, dtype=torch.int64, device=x.device)
            columns.append(self(x, condition if landscape is None else Landscape(condition, landscape)))
        return torch.stack(columns, dim=1)

    def own_and_all_energies(self, x: Tensor, condition: Any) -> tuple[Tensor, Tensor]:
        """Energies ``(B,)`` under labels ``(B,)``, and those of every class, ``(B, num_classes)``, from one pass."""
        label, landscape = split_landscape(condition)
        energies = self.energies(x, landscape)
        return energies.gather(1, label[:, None]).squeeze(1), energies

    def candidate_shape(self, condition: Any) -> tuple[int, ...]:
        """Shape of one candidate for these conditions. It can differ from :attr:`shape` if problems have any size."""
        return self.shape

    def check_shape(self, x: Tensor) -> None:
        """Raise a SettingError if candidates ``x`` do not have the shape that this network was built for."""
        given = tuple(x.shape[1:])
        if given != tuple(self.shape):
            has_setting = self.settings is None or "shape" in self.settings["init_args"]
            flag = f"--model.energy.shape [{','.join(map(str, given))}]"
            remedy = f"set {flag}" if has_setting else "its settings must be those of the data"
            raise SettingError(
                f"{type(self).__name__} got candidates of shape {given}, expected {tuple(self.shape)}: {remedy}."
            )

    def check_precision(self) -> None:
        """Raise a SettingError if the network has floating-point weights but no float32 weights.

        Parts of a network may have another precision, as long as the network takes and returns float32.
        """
        other: torch.dtype | None = None
        for parameter in self.parameters():
            if parameter.dtype == torch.float32:
                return
            if parameter.is_floating_point():
                other = parameter.dtype
        if other is not None:
            raise SettingError(
                f"{type(self).__name__} has weights of {other}, but candidates and energies are torch.float32: call "
                "model.float(), and use torch.autocast to compute in a lower precision."
            )

    def check(self, x: Tensor, landscape: Tensor | None) -> None:
        """Raise a SettingError if candidates or landscapes are not those that this network was built for."""
        self.check_shape(x)
        if (landscape is not None) != (self.landscapes > 0):
            given = "a" if landscape is not None else "no"
            raise SettingError(
                f"{type(self).__name__} has landscapes={self.landscapes} and got {given} landscape index: "
                "set `landscapes` of the energy network to the number that the method uses (0 for none)."
            )
