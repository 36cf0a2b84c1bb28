"""Applies changed settings of an optimizer and its scheduler when a run resumes.

The state of an optimizer in a checkpoint includes its settings. Without this module, a resumed run that was given other
settings would train with those of the checkpoint.
"""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from lean_ebm.errors import SettingError

RATES = ("lr", "initial_lr")
"""Entries of a parameter group that a scheduler and the guard against divergence change."""
PROGRESS = ("base_lrs", "_last_lr", "last_epoch", "_step_count")
"""Entries of a scheduler's state that are not settings."""


def fuse(optimizer: Optimizer) -> None:
    """Let an optimizer update all parameters by one kernel, if it knows how and they lie on a CUDA device.

    This is torch's setting ``fused``. A value that the caller gave, also for ``foreach``, is left alone.
    """
    for group in optimizer.param_groups:
        chosen = any(group.get(name) for name in ("foreach", "capturable", "differentiable"))
        if group.get("fused", False) is None and not chosen and all(p.is_cuda for p in group["params"]):
            group["fused"] = True


def optimizer_settings(optimizer: Optimizer) -> dict[str, Any]:
    """The settings of an optimizer that was just built: its class, and the settings of each parameter group."""
    groups = [{key: value for key, value in group.items() if key != "params"} for group in optimizer.param_groups]
    return {"optimizer": type(optimizer).__name__, "groups": groups, "scheduler": None, "schedule": {}}


def scheduler_settings(scheduler: Any) -> dict[str, Any]:
    """The settings of a scheduler that was just built: its class, and the numbers and texts of its state."""
    plain = {key: value for key, value in scheduler.state_dict().items() if isinstance(value, bool | int | float | str)}
    settings = {key: value for key, value in plain.items() if key not in PROGRESS}
    return {"scheduler": type(scheduler).__name__, "schedule": settings}


def restored_settings(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """The settings of the optimizer in a checkpoint of lean-ebm 0.1, as far as its state contains them."""
    states = checkpoint.get("optimizer_states") or [{}]
    groups = [
        {key: value for key, value in group.items() if key not in ("params", "initial_lr")}
        | {"lr": group.get("initial_lr", group["lr"])}
        for group in states[0].get("param_groups", [])
    ]
    return {"groups": groups}


def apply_changes(before: dict[str, Any], now: dict[str, Any], optimizer: Optimizer, scheduler: Any | None) -> None:
    """Apply the settings that differ from those of the checkpoint to a restored optimizer and scheduler.

    A changed learning rate multiplies the current rate by the ratio of the new setting to the old one. This holds at
    every point of a schedule, and also if the guard against divergence has lowered the rate.

    Args:
        before: The settings of the run that wrote the checkpoint, as far as it names them.
        now: The settings of this run, as :func:`optimizer_settings` and :func:`scheduler_settings` return them.
        optimizer: The optimizer, with its state restored.
        scheduler: The scheduler, with its state restored; None if there is none.

    Raises:
        SettingError: If the optimizer or the scheduler is of another class, or cannot take the change.
    """
    for kind in ("optimizer", "scheduler"):
        # A run may leave out the scheduler of the checkpoint: its rate is then constant.
        if kind in before and before[kind] != now[kind] and not (kind == "scheduler" and now[kind] is None):
            raise SettingError(
                f"The checkpoint was written with {kind} {before[kind]} and this run has {now[kind]}, which cannot "
                f"take over its state: resume with the {kind} of the checkpoint, or start a run without --ckpt_path."
            )
    pairs = list(zip(before.get("groups", []), now["groups"], strict=False))
    for group, (old, new) in zip(optimizer.param_groups, pairs, strict=False):
        group.update({key: value for key, value in new.items() if key not in RATES and old.get(key, value) != value})
        group.update({key: _scaled(group[key], old, new) for key in RATES if key in group})
        for parameter in group["params"] if group.get("fused") else ():  # which counts steps where the parameter is
            state = optimizer.state.get(parameter, {})
            if "step" in state:
                state["step"] = state["step"].to(parameter.device)
    if scheduler is None:
        if before.get("scheduler") is not None:  # the old scheduler had changed the rate
            for group, new in zip(optimizer.param_groups, now["groups"], strict=True):
                group["lr"] = new["lr"]
        return
    if pairs and hasattr(scheduler, "base_lrs"):
        scheduler.base_lrs = [_scaled(rate, *pair) for rate, pair in zip(scheduler.base_lrs, pairs, strict=True)]
    theirs = before.get("schedule", {})
    changed = {key: value for key, value in now["schedule"].items() if theirs.get(key, value) != value}
    if not changed:
        return
    if not isinstance(scheduler, LambdaLR):
        raise SettingError(
            f"{type(scheduler).__name__} cannot change {', '.join(changed)} on resume, since its rate follows from all "
            "steps before: resume with the settings of the checkpoint, or start a run without --ckpt_path."
        )
    vars(scheduler).update(changed)
    factors = [factor(scheduler.last_epoch) for factor in scheduler.lr_lambdas]
    for group, base, factor in zip(optimizer.param_groups, scheduler.base_lrs, factors, strict=True):
        group["lr"] = base * factor


def _scaled(rate: float, old: dict[str, Any], new: dict[str, Any]) -> float:
    """The rate times the factor between the old and the new setting of the learning rate."""
    return rate if old["lr"] == new["lr"] or not old["lr"] else rate / old["lr"] * new["lr"]
