"""Training steps that drop gradients that are not finite."""

from __future__ import annotations

from collections import deque
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torch.optim import Optimizer

from lean_ebm.errors import RunError
from lean_ebm.langevin import LangevinMixin, Trajectory


class FiniteSteps(LangevinMixin, LightningModule):
    """Drops a gradient that is not finite before it changes the weights, and reports where it arose.

    Attributes:
        failure: A message about what was not finite in the last step, whose gradients were dropped; None if all was
            finite. A callback that handles the failure sets it back to None; otherwise the fit ends.
        terms: Terms of the loss of the last batch, detached.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failure: str | None = None
        self.terms: dict[str, Tensor] = {}
        self._norm: Tensor | None = None  # of the gradient of this batch
        # Energies and gradient norms of the chains of this batch. Limited, since only a fit clears them.
        self._chains: deque[tuple[Tensor, Tensor]] = deque(maxlen=32)

    def langevin(self, *args: Any, **settings: Any) -> Trajectory:
        """Run chains on :attr:`energy`; see :func:`~lean_ebm.langevin.langevin`."""
        trajectory = super().langevin(*args, **settings)
        if self.training:
            self._chains.append((trajectory.energies, trajectory.grad_norms))
        return trajectory

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Forget the chains of the previous batch."""
        self._chains.clear()

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Drop the gradients if one of them is not finite, and record the place in :attr:`failure`."""
        self._norm = None
        if getattr(self.trainer.precision_plugin, "scaler", None) is not None:
            return  # float16: the scaler skips such steps by itself; some at its start are normal
        trained = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        norm = torch.nn.utils.get_total_norm([parameter.grad for parameter in trained if parameter.grad is not None])
        if bool(norm.isfinite()):
            self._norm = norm
            return
        self.failure = self._explain()
        for parameter in self.parameters():
            parameter.grad = None

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the gradients as the trainer says. Clipping by norm uses the norm that is already known."""
        norm, self._norm = self._norm, None
        if norm is None or not gradient_clip_val or gradient_clip_algorithm not in (None, "norm"):
            super().configure_gradient_clipping(optimizer, gradient_clip_val, gradient_clip_algorithm)
            return
        trained = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        torch.nn.utils.clip_grads_with_norm_(trained, gradient_clip_val, norm)

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """End the fit if a gradient was not finite and no callback has handled the failure.

        Raises:
            RunError: If the fit ends; says what was not finite.
        """
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise RunError(
                f"{type(self).__name__}, step {self.trainer.global_step}: {failure}. The weights are those of the step "
                "before. Lower the learning rate or the step size of the chain, clamp its gradient (grad_clamp), or "
                "let the guard against divergence roll back and continue (--guard.max_recoveries)."
            )

    def _explain(self) -> str:
        """A message about what was not finite in the last batch."""
        parts = [f"the {name} is {float(value)}" for name, value in self.terms.items() if not value.isfinite().all()]
        for energies, grad_norms in self._chains:
            wrong = ~(energies.isfinite() & grad_norms.isfinite())
            if wrong.any():
                first = int(wrong.any(dim=0).nonzero()[0])
                share = wrong.any(dim=1).float().mean()
                parts.append(f"chains are not finite from step {first} on, {share:.0%} of the batch")
                break
        return "; ".join(["the gradient of the loss is not finite", *parts])
