"""Runs the chains of a trained model for a few conditions, and records every step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from lean_ebm.data import DataModule, ReasoningDataModule
from lean_ebm.energy.base import split_landscape
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin, Trajectory
from lean_ebm.methods import Denoiser, Method
from lean_ebm.methods.annealing import Annealed
from lean_ebm.randomness import derived_seed
from lean_ebm.show.pictures import data_uri, picture, problem_picture
from lean_ebm.show.steps import ChainTrace, DrawTrace, SampleTrace, StepTrace

FRAMES = 80
"""Number of steps of a chain that a trace keeps, at most, evenly spread."""


@dataclass(frozen=True)
class ShowSettings:
    """The settings of what is shown of a model.

    Args:
        samples: Number of conditions.
        candidates: Number of chains for each of them; None: as many as the method draws, and at least 2.
        steps: Number of gradient steps of a chain; None: as the method's sampler says.
        seed: Seed of the chains.

    Raises:
        SettingError: If a number is below 1.
    """

    samples: int = 4
    candidates: int | None = None
    steps: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("samples", "candidates", "steps"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SettingError(f"--{name} is {value}: expected at least 1.")


@dataclass
class _State:
    """A candidate of a chain, and what led to it."""

    x: Tensor
    energy: float | None
    outcome: str
    stage: str = ""


@dataclass
class _Recorded:
    """What one chain did, which may consist of several parts."""

    states: list[_State] = field(default_factory=list)
    answers: list[Tensor] = field(default_factory=list)
    parts: int = 0


@torch.no_grad()
def trace_chains(method: Method, data: DataModule, settings: ShowSettings | None = None, title: str = "") -> ChainTrace:
    """Run chains and record their steps.

    Each condition is sampled by itself, as ``generate`` does with as many candidates, except that all of them are
    drawn, also after one that is accepted.

    Args:
        method: The trained method.
        data: Its data module; of images it need not be set up.
        settings: What is shown.
        title: Where the model comes from.

    Raises:
        SettingError: If conditions are neither classes nor problems.
    """
    settings = settings or ShowSettings()
    method.energy.check_precision()
    name, rule = _scale(method)
    samples = [
        _sample(method, data, settings, index, *condition)
        for index, condition in enumerate(_conditions(method, data, settings.samples))
    ]
    comparable = not isinstance(method, Annealed) or isinstance(method, Denoiser)
    return ChainTrace(title, type(method).__name__, name, rule, tuple(samples), comparable)


def _scale(method: Method) -> tuple[str, str]:
    """What the scores of candidates are called, and how one is chosen."""
    accepted = f"the first that reaches {method.acceptance:g}, or else the largest"
    if method.energy.num_classes > 1:
        return "p(class | sample)", f"Chosen by p(class | sample): {accepted}."
    if method.verification is not None:
        return "confidence", f"Chosen by the confidence exp(-E) of the judge: {accepted}."
    return "-E", "Chosen by the energy: the lowest, so the largest -E."


def _conditions(method: Method, data: DataModule, number: int) -> Iterator[tuple[str, Tensor, Tensor | None]]:
    """Conditions ``(1, ...)`` in words, as tensors, and their right answers."""
    classes = method.energy.num_classes
    if classes:
        number = min(number, classes)
        for label in torch.linspace(0, classes - 1, number).round().int().tolist():
            yield f"class {label}", torch.tensor([label], device=method.device), None
    elif isinstance(data, ReasoningDataModule):
        for index in range(number):
            target, problem = (part.to(method.device) for part in data.batch("test", index, 1))
            yield f"problem {index}", problem, target
    else:
        raise SettingError(
            f"{type(data).__name__} has neither classes nor problems, so its chains cannot be shown: expected a run of "
            "images or of a family of problems."
        )


def _sample(
    method: Method,
    data: DataModule,
    settings: ShowSettings,
    index: int,
    words: str,
    condition: Tensor,
    target: Tensor | None,
) -> SampleTrace:
    """All chains for one condition."""
    generator = torch.Generator(method.device).manual_seed(derived_seed(settings.seed, "show", index))
    encoded = method.energy.encode(condition)
    draws = []
    for number in range(settings.candidates or max(method.candidates, 2)):
        with _recording(method) as record:
            chain = method.sample_again if number else method.sample
            found = chain(encoded, settings.steps, generator, lambda _, x: record.answers.append(x.clone()))
        if not record.states or isinstance(method, Denoiser):
            # It follows no energy on the way, so its answers are judged.
            energies = [float(method.candidate_energy(x, condition)) for x in record.answers]
            record.states = [_State(x, e, "answer") for x, e in zip(record.answers, energies, strict=True)]
        states = [*_some(record.states), _State(found.x, None, "result")]
        steps = tuple(
            StepTrace(
                step, data_uri(picture(data, state.x, condition, target)), state.energy, state.outcome, state.stage
            )
            for step, state in enumerate(states)
        )
        score = float(method.score(found.x, condition))
        as_shown = math.exp(score) if method.energy.num_classes > 1 or method.verification is not None else score
        draws.append(DrawTrace(steps, as_shown, False, _measured(data, found.x, condition, target)))
    chosen = _chosen([draw.score for draw in draws], method)
    return SampleTrace(
        words,
        tuple(replace(draw, chosen=number == chosen) for number, draw in enumerate(draws)),
        "" if target is None else data_uri(problem_picture(data, condition)),
        "" if target is None else data_uri(picture(data, target, condition, target)),
    )


def _chosen(scores: list[float], method: Method) -> int:
    """Which draw ``generate`` would keep."""
    if method.energy.num_classes > 1 or method.verification is not None:
        accepted = [number for number, score in enumerate(scores) if score >= method.acceptance]
        if accepted:
            return accepted[0]
    return max(range(len(scores)), key=lambda number: scores[number] if scores[number] == scores[number] else -math.inf)


def _measured(data: DataModule, x: Tensor, condition: Tensor, target: Tensor | None) -> str:
    """How good an answer is, in words."""
    if target is None:
        return ""
    figures = data.measure(x, condition, target)
    return ", ".join(f"{name} {float(values[0]):.3g}" for name, values in figures.items())


def _some(states: list[_State]) -> list[_State]:
    """At most :data:`FRAMES` states, evenly spread, with the first and the last."""
    if len(states) <= FRAMES:
        return states
    return [states[round(at)] for at in torch.linspace(0, len(states) - 1, FRAMES).tolist()]


@contextmanager
def _recording(method: Method) -> Iterator[_Recorded]:
    """Record the chains that a method runs, of one candidate each."""
    record = _Recorded()
    original = method.langevin

    def recorded(x: Tensor, condition: Any, settings: Langevin, **rest: Any) -> Trajectory:
        path = [x.detach().clone()]
        told = rest.pop("on_step", None)

        def on_step(step: int, now: Tensor) -> None:
            path.append(now.clone())
            if told is not None:
                told(step, now)

        part = original(x, condition, settings, on_step=on_step, **rest)
        taken = int(part.steps[0])
        level = split_landscape(condition)[1]
        record.parts += 1
        stage = f"part {record.parts}" if level is None else f"landscape {int(level[0])}"
        energies = [*part.energies[0, :taken].tolist(), float(method.energy(part.x.detach(), condition))]
        _add(record.states, path[: taken + 1], energies, stage, settings.monotone)
        return part

    method.langevin = recorded  # type: ignore[method-assign] # of this method only
    try:
        yield record
    finally:
        del method.langevin


def _add(states: list[_State], path: list[Tensor], energies: list[float], stage: str, monotone: bool) -> None:
    """Add the states of a part of a chain; its start only if it is not where the part before ended."""
    for number, (x, energy) in enumerate(zip(path, energies, strict=True)):
        if number == 0:
            if states and torch.equal(states[-1].x, x):
                states[-1].energy = energy
                continue
            outcome = "start"
        else:
            outcome = "undone" if monotone and torch.equal(path[number - 1], x) else "accepted"
        states.append(_State(x, energy, outcome, stage))
