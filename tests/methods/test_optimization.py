"""If a resumed run changes settings of its optimizer or scheduler, they are applied or refused."""

import copy

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR

from helpers import DIGITS, METHODS, TINY_RUN, newest
from lean_ebm.cli.training import main
from lean_ebm.methods import WarmupCosine
from lean_ebm.methods.optimization import (
    apply_changes,
    optimizer_settings,
    restored_settings,
    scheduler_settings,
)


def built(lr, weight_decay=0.0, schedule=None):
    """An optimizer, its scheduler, and their settings."""
    optimizer = torch.optim.AdamW([nn.Parameter(torch.zeros(2))], lr=lr, weight_decay=weight_decay)
    settings = optimizer_settings(optimizer)
    scheduler = None if schedule is None else schedule(optimizer)
    return optimizer, scheduler, settings | (scheduler_settings(scheduler) if scheduler else {})


def resumed(first, second, steps=5, lowered=1.0):
    """The second optimizer with the state of the first, which has taken some steps and whose rate was lowered."""
    optimizer, scheduler, before = first
    for _ in range(steps):
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    for group in optimizer.param_groups:
        group.update({key: lowered * group[key] for key in ("lr", "initial_lr") if key in group})
    other, schedule, now = second
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    if scheduler is not None:
        scheduler.base_lrs = [lowered * rate for rate in scheduler.base_lrs]
        if schedule is not None:
            schedule.load_state_dict(copy.deepcopy(scheduler.state_dict()))
    apply_changes(before, now, other, schedule)
    return other, schedule


def cosine(warmup=2, total=20):
    return lambda optimizer: WarmupCosine(optimizer, warmup_steps=warmup, total_steps=total)


def test_what_is_not_changed_stays_as_it_was():
    optimizer, _ = resumed(built(0.5, 0.1), built(0.5, 0.1), lowered=0.25)
    assert optimizer.param_groups[0]["lr"] == 0.125 and optimizer.param_groups[0]["weight_decay"] == 0.1
    optimizer, scheduler = resumed(built(0.5, schedule=cosine()), built(0.5, schedule=cosine()), lowered=0.5)
    assert scheduler.base_lrs == [0.25] and scheduler.last_epoch == 5
    assert optimizer.param_groups[0]["initial_lr"] == 0.25


@pytest.mark.parametrize("lowered", [1.0, 0.5])
def test_a_new_rate_takes_the_place_of_the_old_one(lowered):
    optimizer, _ = resumed(built(0.005), built(0.1, weight_decay=0.3), lowered=lowered)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * lowered)
    assert optimizer.param_groups[0]["weight_decay"] == 0.3
    optimizer, scheduler = resumed(built(0.005, schedule=cosine()), built(0.1, schedule=cosine()), lowered=lowered)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * lowered * scheduler._factor(5))
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * lowered * scheduler._factor(6))


def test_a_new_schedule_is_followed_from_where_the_run_is():
    optimizer, scheduler = resumed(built(0.5, schedule=cosine(2)), built(0.5, schedule=cosine(10)))
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.5 * 0.6) and scheduler.warmup_steps == 10
    optimizer, _ = resumed(built(0.5, schedule=cosine(2)), built(0.25))
    assert optimizer.param_groups[0]["lr"] == 0.25  # without a schedule


def test_what_cannot_be_applied_is_refused():
    with pytest.raises(ValueError, match="scheduler None and this run has WarmupCosine"):
        resumed(built(0.5), built(0.5, schedule=cosine()))
    steps = [built(0.5, schedule=lambda optimizer, size=size: StepLR(optimizer, size)) for size in (3, 4)]
    with pytest.raises(ValueError, match="StepLR cannot change step_size on resume"):
        resumed(*steps)


def test_another_optimizer_is_refused():
    _, _, before = built(0.5)
    sgd = torch.optim.SGD([nn.Parameter(torch.zeros(2))], lr=0.1)
    with pytest.raises(ValueError, match=r"written with optimizer AdamW and this run has SGD.* without --ckpt_path"):
        apply_changes(before, optimizer_settings(sgd), sgd, None)


def test_a_checkpoint_of_0_1_tells_its_settings_by_its_state():
    optimizer, scheduler, _ = built(0.5, 0.1, cosine(4))
    before = restored_settings({"optimizer_states": [optimizer.state_dict()]})
    assert optimizer.param_groups[0]["lr"] == 0.125  # in warm-up
    _, _, now = built(1.0, 0.1, cosine(4))
    apply_changes(before, now, optimizer, scheduler)
    assert optimizer.param_groups[0]["lr"] == 0.25 and scheduler.base_lrs == [1.0]


@pytest.mark.parametrize("scheduler", [[], ["--model.lr_scheduler=lean_ebm.methods.WarmupCosine"]])
def test_a_resumed_run_trains_with_the_rate_that_it_announces(scheduler, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model = [*METHODS["ContrastiveDivergence"], *DIGITS, *TINY_RUN, "--model.optimizer=torch.optim.Adam", *scheduler]
    main(["fit", *model, "--model.optimizer.lr=0.005"])
    main(["fit", *model, "--trainer.max_epochs=2", "--ckpt_path=last", "--model.optimizer.lr=0.125"])
    assert "Setting: model.optimizer.lr is 0.125; the checkpoint had 0.005" in capsys.readouterr().err
    saved = torch.load(newest("epoch=1*.ckpt"), weights_only=True)
    (group,) = saved["optimizer_states"][0]["param_groups"]
    assert group.get("initial_lr", group["lr"]) == 0.125
    assert saved["optimizer_settings"]["groups"][0]["lr"] == 0.125
