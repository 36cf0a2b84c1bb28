"""Energies that are the squared norm of a field, as in IRED; a field has the shape of a candidate."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.base import EnergyNetwork, split_landscape

LARGEST_ZOOM = 4.0
"""Largest value of :func:`log_odds`, at which an entry says clearly which answer it is."""


class FieldEnergy(EnergyNetwork):
    r"""``E(x, y, k) = |f(x, y, k)|^2`` for a candidate x, a problem y and a landscape k (Du et al. 2024, section 3).

    The field f has the shape of x. Subclasses compute a function g(x, y, k) of this shape:

    * ``predicts: field``: ``f = g``, as in the paper. The network sees x only together with the problem.
    * ``predicts: answer``: ``f = c_k (x - a_k g)``, with ``x = a_k answer + s_k noise`` in landscape k. Here g is the
      answer that the network expects, which is the same in all landscapes. The first value of c_k is
      ``(2 s_k)^(-1/2)``, for which the gradient of the energy is the noise if g is the answer.

    Besides the energy that candidates descend, a network may have a judge: an energy of finished answers, computed from
    the same features, which is never descended. :class:`~lean_ebm.methods.Verification` trains it.

    Args:
        shape: Shape of one candidate.
        landscapes: Number of landscapes; 0 for a single one.
        predicts: What g is, see above.
        num_features: Number of features of each entry, see :meth:`features`.
        judge: Hidden units of the judge; 0 for none.
        rows: Rows of the judge's matrix, see :class:`JudgeHead`; None for as many as hidden units.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        landscapes: int,
        predicts: Literal["field", "answer"],
        num_features: int,
        judge: int,
        rows: int | None = None,
    ) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.landscapes = landscapes
        angle = landscape_angles(landscapes) if landscapes else torch.tensor([math.pi / 2])
        self.scale = nn.Parameter((2 * angle.sin()) ** -0.5) if predicts == "answer" else None
        self.register_buffer("share", angle.cos() if landscapes else torch.ones(1), persistent=False)
        self.register_buffer("noise_level", angle.sin(), persistent=False)
        self.judge = JudgeHead(num_features, judge, rows or judge) if judge else None

    share: Tensor
    noise_level: Tensor
    last: nn.Linear
    """The last layer, which maps features to g."""

    @abstractmethod
    def features(self, x: Tensor, problem: Any, landscape: Tensor | None) -> Tensor:
        """Features ``(B, ..., num_features)`` of the entries of candidates ``(B, *shape)``, or of whole candidates.

        Args:
            x: Candidates.
            problem: Their problems.
            landscape: Their landscapes ``(B,)``, if there are several.
        """

    def judged_features(self, x: Tensor, problem: Any, landscape: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return :meth:`features`, and the features for the judge: by default the same."""
        features = self.features(x, problem, landscape)
        return features, features

    def correction(self, x: Tensor, problem: Any, landscape: Tensor | None) -> Tensor:
        """G ``(B, *shape)`` of candidates ``(B, *shape)``, linear in their :meth:`features`."""
        return self._corrected(self.features(x, problem, landscape), x)

    def field(self, x: Tensor, condition: Any) -> Tensor:
        """F ``(B, ...)``, float32, of candidates ``(B, ...)``."""
        problem, landscape = split_landscape(condition)
        self.check(x, landscape)
        return self._field(self.features(x, problem, landscape), x, landscape)

    def noise(self, x: Tensor, condition: Any) -> Tensor:
        """Predict the noise ``(B, ...)`` in noisy candidates ``(B, ...)`` by the field, without a gradient.

        With ``predicts: answer`` this is ``(x - a_k g) / s_k`` if c_k has its first value.
        """
        field = self.field(x, condition)
        if self.scale is None:
            return field
        return (2 / self._of(self.noise_level, split_landscape(condition)[1], x)).sqrt() * field

    def forward(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` of candidates ``(B, ...)`` for problems, plain or in a :class:`Landscape`."""
        return self.field(x, condition).square().flatten(1).sum(dim=1)

    def judgement(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` for comparing finished answers: those of the judge if the network has one."""
        if self.judge is None:
            return super().judgement(x, condition)
        problem, landscape = split_landscape(condition)
        self.check(x, landscape)
        features, seen = self.judged_features(x, problem, landscape)
        energies: Tensor = self.judge(seen, self._field(features, x, landscape))
        return energies

    def _field(self, features: Tensor, x: Tensor, landscape: Tensor | None) -> Tensor:
        g = self._corrected(features, x).float()
        if self.scale is None:
            return g
        scale, share = (self._of(values, landscape, x) for values in (self.scale, self.share))
        return scale * (x.float() - share * g)

    def _corrected(self, features: Tensor, x: Tensor) -> Tensor:
        g: Tensor = self.last(features)
        return g.reshape(x.shape)

    @staticmethod
    def _of(values: Tensor, landscape: Tensor | None, x: Tensor) -> Tensor:
        """The values ``(B, 1, ...)`` of the landscapes of candidates ``(B, ...)``."""
        return (values if landscape is None else values[landscape]).reshape(-1, *[1] * (x.dim() - 1))


GAIN = 3.0
"""Factor of the logarithms of errors, which span ten and more, so that small weights reach them soon."""


class JudgeHead(nn.Module):
    r"""An energy ``log(1 + error / unit)`` of the features of an answer, where the error is a sum of three parts.

    * ``mean_i |W h_i|^2``, with a learned matrix W and the features h_i of entry i: by how much the network expects
      the entry to be off. Errors much smaller than the features are within its reach.
    * ``unit * sum_i exp(3 b_i)``, with a small network b of the features of entry i: errors with no such sign, for
      example of a cell with a wrong number.
    * ``unit * exp(3 b) (mean |f|^2 / unit)^(3 a)``, with learned a and b and the field f: a finished answer should not
      be moved any more. The judge does not teach the field itself.

    Args:
        num_features: Number of features of an entry.
        hidden: Hidden units of b.
        rows: Rows of W. For features of a whole candidate it takes one for each entry to see every error.

    Attributes:
        unit: The unit of errors; :class:`~lean_ebm.methods.Verification` says it.
    """

    unit: Tensor

    def __init__(self, num_features: int, hidden: int, rows: int) -> None:
        super().__init__()
        self.register_buffer("unit", torch.ones(()))
        self.hidden = nn.Linear(num_features, hidden)
        self.out = nn.Linear(hidden, 1)
        self.off = nn.Linear(num_features, rows, bias=False)
        self.field = nn.Linear(1, 1)
        nn.init.constant_(self.out.bias, -4.0 / GAIN)  # at first no entry seems wrong
        nn.init.constant_(self.field.weight, 1 / GAIN)
        nn.init.zeros_(self.field.bias)

    def forward(self, features: Tensor, field: Tensor) -> Tensor:
        """Energies ``(B,)``, float32, of features ``(B, ..., num_features)`` and fields ``(B, *shape)``."""
        entries = self.out(F.silu(self.hidden(features))).float().flatten(1)
        off = self.off(features).float().square().flatten(1).mean(dim=1, keepdim=True)
        moved = field.detach().square().flatten(1).mean(dim=1, keepdim=True)
        off, moved = ((part / self.unit).clamp(min=1e-12).log() for part in (off, moved))
        parts = [GAIN * entries, off, GAIN * self.field(moved.to(self.field.weight)).float()]
        return F.softplus(torch.cat(parts, dim=1).logsumexp(dim=1))  # log(1 + sum exp)


def landscape_angles(landscapes: int) -> Tensor:
    """Angles t ``(K,)`` of the landscapes of IRED: candidates are near ``cos(t) * answer + sin(t) * noise``."""
    return torch.linspace(0, 0.98 * math.pi / 2, landscapes + 1)[1:]


def log_odds(landscapes: int) -> Tensor:
    """Factors ``(K,)`` that turn a noisy entry (-1 or 1) into half of the log-odds of 1, clamped."""
    angle = landscape_angles(landscapes)
    return (angle.cos() / angle.sin().square()).clamp(max=LARGEST_ZOOM)
