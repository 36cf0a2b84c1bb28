"""A guard against divergence: it rolls a run back and continues with a lower learning rate."""

from __future__ import annotations

import copy
import math
from collections import deque
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor

from lean_ebm.callbacks.ema import EMA
from lean_ebm.errors import RunError, SettingError
from lean_ebm.methods import Method


class DivergenceGuard(Callback):
    """Watches for divergence, rolls back to the last good state, and lowers the learning rate.

    Signs of divergence are a loss or a gradient that is not finite and, if the method logs them:

    * ``energy_gap``, the energy of negatives above that of data: chains that no longer reach low energies;
    * ``energy_magnitude``, the largest energy of a batch: energies that grow without bound;
    * ``buffer_entropy``, the entropy of the persistent chains of the least varied class: chains that are all alike;
    * ``grad_norm_chain``, the norm of dE/dx along chains: chains on a plateau, from which they do not come back.

    A snapshot holds the weights and buffers of the method (the replay buffer included), the state of the optimizer and
    the weight average. One is taken every ``snapshot_every`` steps as long as there is no sign. A rollback restores the
    last but one, since the last may already be spoiled. Data and schedules are not rolled back, so that a run does not
    take longer. Random numbers are not rolled back either, since they depend only on the place in the run.

    Args:
        max_gap: Largest healthy ``energy_gap``; null for any.
        max_energy: Largest healthy ``energy_magnitude``; null for any.
        min_entropy: Smallest healthy ``buffer_entropy``; null for any. The default is the entropy of chains whose
            standard deviation is 0.05.
        min_gradient: Smallest healthy ``grad_norm_chain``; null for any.
        grace: Number of steps before the logged signs count, since chains and energies can have any values at first.
        check_every: Number of steps between two checks.
        patience: Number of bad checks in a row that count as divergence. For a value that is not finite, one check is
            enough.
        snapshot_every: Number of steps between two snapshots, which are kept in main memory.
        lr_factor: Factor by which a rollback multiplies the learning rate.
        max_recoveries: Largest number of rollbacks; the next divergence ends the run with an error. 0 turns the guard
            off.

    Raises:
        SettingError: If a number is out of its range.
    """

    def __init__(
        self,
        max_gap: float | None = 2.0,
        max_energy: float | None = 1000.0,
        min_entropy: float | None = -1.5,
        min_gradient: float | None = None,
        grace: int = 500,
        check_every: int = 10,
        patience: int = 3,
        snapshot_every: int = 100,
        lr_factor: float = 0.5,
        max_recoveries: int = 5,
    ) -> None:
        if min(check_every, patience, snapshot_every) < 1 or not 0 < lr_factor <= 1:
            raise SettingError(
                f"DivergenceGuard: check_every is {check_every}, patience {patience}, snapshot_every {snapshot_every} "
                f"and lr_factor {lr_factor}, expected numbers of 1 or more, and a factor above 0 and at most 1."
            )
        if min(grace, max_recoveries) < 0:
            raise SettingError(
                f"DivergenceGuard: grace is {grace} and max_recoveries {max_recoveries}, expected 0 or more."
            )
        self.largest = {"energy_gap": max_gap, "energy_magnitude": max_energy}
        self.smallest = {"buffer_entropy": min_entropy, "grad_norm_chain": min_gradient}
        self.grace = grace
        self.check_every = check_every
        self.patience = patience
        self.snapshot_every = snapshot_every
        self.lr_factor = lr_factor
        self.max_recoveries = max_recoveries
        self.recoveries = 0
        self._bad_looks = 0
        self._snapshots: deque[dict[str, Any]] = deque(maxlen=2)

    def state_dict(self) -> dict[str, Any]:
        """Return the number of recoveries. The lowered learning rates are in the states of optimizer and scheduler."""
        return {"recoveries": self.recoveries}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the number of recoveries."""
        self.recoveries = state_dict["recoveries"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the first snapshot."""
        self._bad_looks = 0
        self._snapshots.clear()
        if self.max_recoveries > 0:
            self._snapshots.append(_snapshot(trainer, pl_module))

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: STEP_OUTPUT, batch: Any, batch_idx: int
    ) -> None:
        """Look for signs of divergence; then roll back, or take a snapshot if one is due."""
        if self.max_recoveries == 0:
            return
        if isinstance(pl_module, Method) and pl_module.failure is not None:
            failure, pl_module.failure = pl_module.failure, None  # the rollback handles it
            self._recover(trainer, pl_module, failure)
            return
        if trainer.global_step % self.check_every:
            return
        sign, at_once = self._sign(trainer, outputs)
        # Either all ranks roll back or none.
        bad = trainer.strategy.reduce_boolean_decision(sign is not None, all=False)
        at_once = trainer.strategy.reduce_boolean_decision(at_once, all=False)
        self._bad_looks = self._bad_looks + 1 if bad else 0
        if at_once or self._bad_looks >= self.patience:
            self._recover(trainer, pl_module, sign or "another process diverged")
        elif not bad and trainer.global_step >= self._snapshots[-1]["step"] + self.snapshot_every:
            self._snapshots.append(_snapshot(trainer, pl_module))

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Free the snapshots."""
        self._snapshots.clear()

    def _sign(self, trainer: Trainer, outputs: STEP_OUTPUT) -> tuple[str | None, bool]:
        """The first sign of divergence, as a message or None, and whether it requires a rollback at once."""
        loss = outputs if isinstance(outputs, Tensor) else outputs["loss"] if outputs else None
        if loss is not None and not bool(loss.isfinite()):
            return f"the loss is {float(loss)}", True
        if trainer.global_step <= self.grace:
            return None, False
        for name, limit in (self.largest | self.smallest).items():
            logged = trainer.callback_metrics.get(f"train/{name}")
            if logged is None or limit is None:
                continue
            value, word = float(logged), name.replace("_", " ")
            if not math.isfinite(value):
                return f"the {word} is {value}", True
            if name in self.largest and value > limit:
                return f"the {word} is {value:.3g}, healthy is at most {limit:g}", False
            if name in self.smallest and value < limit:
                return f"the {word} is {value:.3g}, healthy is at least {limit:g}", False
        return None, False

    def _recover(self, trainer: Trainer, pl_module: LightningModule, sign: str) -> None:
        step = trainer.global_step
        groups = [group for optimizer in trainer.optimizers for group in optimizer.param_groups]
        rates = [{key: group[key] for key in ("lr", "initial_lr") if key in group} for group in groups]
        if self.recoveries >= self.max_recoveries:
            raise RunError(
                f"Training diverged at step {step}: {sign}; {self.recoveries} rollbacks did not help. The learning "
                f"rate is down to {max(rate['lr'] for rate in rates):.2g}. Start with a lower one, or let the chains "
                "of negatives reach further: more steps (model.chain.steps), a larger step size or gradient clamp. "
                "--guard.max_recoveries allows more rollbacks."
            )
        self.recoveries += 1
        self._bad_looks = 0
        good = self._snapshots[0]
        self._snapshots.clear()
        self._snapshots.append(good)
        _restore(trainer, pl_module, good)
        # The factor applies to the current rates, since the schedule has moved on since the snapshot.
        groups = [group for optimizer in trainer.optimizers for group in optimizer.param_groups]
        for group, rate in zip(groups, rates, strict=True):
            group.update({key: value * self.lr_factor for key, value in rate.items()})
        for config in trainer.lr_scheduler_configs:
            config.scheduler.base_lrs = [rate * self.lr_factor for rate in config.scheduler.base_lrs]
        rank_zero_info(
            f"Divergence at step {step}: {sign}. Back to the state of step {good['step']}, learning rate times "
            f"{self.lr_factor:g} (recovery {self.recoveries} of {self.max_recoveries})."
        )
        pl_module.log("train/recoveries", float(self.recoveries), rank_zero_only=True)


def _snapshot(trainer: Trainer, pl_module: LightningModule) -> dict[str, Any]:
    average = _average(trainer)
    return {
        "step": trainer.global_step,
        "model": _copy(pl_module.state_dict()),
        "average": None if average is None else _copy(average.state_dict()),
        "optimizers": [_copy(optimizer.state_dict()) for optimizer in trainer.optimizers],
        "precision": _copy(trainer.precision_plugin.state_dict()),
    }


def _restore(trainer: Trainer, pl_module: LightningModule, state: dict[str, Any]) -> None:
    pl_module.load_state_dict(state["model"])
    average = _average(trainer)
    if average is not None:
        average.load_state_dict(state["average"])
    for optimizer, saved in zip(trainer.optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(_copy(saved))
    trainer.precision_plugin.load_state_dict(state["precision"])


def _average(trainer: Trainer) -> torch.nn.Module | None:
    for callback in trainer.callbacks:  # type: ignore[attr-defined] # Lightning sets it later
        if isinstance(callback, EMA):
            return callback.average
    return None


def _copy(state: Any) -> Any:
    """A deep copy in main memory."""
    return copy.deepcopy(torch.utils._pytree.tree_map_only(Tensor, lambda tensor: tensor.detach().cpu().clone(), state))
