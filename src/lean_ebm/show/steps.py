"""The traces of chains as plain data: a picture, an energy and an outcome of each step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StepTrace:
    """A candidate of a chain, after a step; the first one is the start.

    Args:
        step: Number of steps that were taken before.
        picture: The candidate as a PNG, in a data URI.
        energy: The energy of the candidate, by which the next step descends; None if it was not computed.
        outcome: What the step did that led to it: ``start``, ``accepted``, ``undone`` if it would have raised the
            energy, ``answer`` if it is the end of a part of the chain, or ``result``, what the chain returns.
        stage: The part of the chain, such as a landscape or a noise level; empty if there is one only.
    """

    step: int
    picture: str
    energy: float | None
    outcome: str
    stage: str = ""


@dataclass(frozen=True)
class DrawTrace:
    """One chain. Its end is one of several candidates.

    Args:
        steps: Its steps.
        score: The number by which candidates are compared.
        chosen: Whether its end is the sample.
        measured: How good the end is by the verifier of the data, in words; empty if there is none.
    """

    steps: tuple[StepTrace, ...]
    score: float
    chosen: bool
    measured: str = ""


@dataclass(frozen=True)
class SampleTrace:
    """A sample: several chains for one condition, and the end that was chosen.

    Args:
        condition: The condition in words.
        draws: The chains.
        given: The problem as a PNG, in a data URI; empty if conditions are classes.
        target: The right answer as a PNG, in a data URI; empty if there is none.
    """

    condition: str
    draws: tuple[DrawTrace, ...]
    given: str = ""
    target: str = ""


@dataclass(frozen=True)
class ChainTrace:
    """Samples of a model.

    Args:
        title: Where the model comes from.
        method: The class of the method.
        score: What scores are, such as ``confidence``.
        rule: How a candidate is chosen by its score, in words.
        samples: The samples.
        comparable: Whether energies of different stages of a chain can be compared.
    """

    title: str
    method: str
    score: str
    rule: str
    samples: tuple[SampleTrace, ...]
    comparable: bool = True
