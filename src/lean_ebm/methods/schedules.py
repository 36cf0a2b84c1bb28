"""Schedules of the learning rate."""

from __future__ import annotations

import math
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from lean_ebm.errors import SettingError


class WarmupCosine(LambdaLR):
    """Linear warm-up, then a cosine from the optimizer's learning rate down to a fraction of it.

    Args:
        optimizer: The optimizer.
        warmup_steps: Number of steps until the full learning rate, at least 0.
        total_steps: Step at which the cosine ends, at least 1. None: the number of steps that the trainer expects to
            take.
        final_fraction: The learning rate at the end, as a fraction of the full one, 0 to 1.

    Raises:
        SettingError: If a setting is out of its range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        warmup_steps: int = 100,
        total_steps: int | None = None,
        final_fraction: float = 0.0,
    ) -> None:
        if warmup_steps < 0 or (total_steps is not None and total_steps < 1) or not 0 <= final_fraction <= 1:
            raise SettingError(
                f"WarmupCosine: warmup_steps={warmup_steps}, total_steps={total_steps} and "
                f"final_fraction={final_fraction}; "
                "expected at least 0, at least 1 or null, and 0 to 1."
            )
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps
        self.final_fraction = final_fraction
        super().__init__(optimizer, self._factor)

    def state_dict(self) -> dict[str, Any]:
        """Return the state without the length of the run, because a resumed run may be longer."""
        return {name: value for name, value in super().state_dict().items() if name != "total_steps"}

    def _factor(self, step: int) -> float:
        warmup = min(1.0, (step + 1) / max(self.warmup_steps, 1))
        if self.total_steps is None:
            return warmup
        progress = (step - self.warmup_steps) / max(self.total_steps - self.warmup_steps, 1)
        cosine = 0.5 * (1 + math.cos(math.pi * min(max(progress, 0.0), 1.0)))
        return warmup * (self.final_fraction + (1 - self.final_fraction) * cosine)
