"""The arms of the experiment: which models are trained, and which prover each arm makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lean_ebm.experiments.claim.calibration import CalibratedGuide
from lean_ebm.experiments.claim.plan import EVALUATIONS
from lean_ebm.guides import ChunkGuide, LangevinGuide, NetworkGuide, ResidualGuide
from lean_ebm.guides.files import method_of
from lean_ebm.methods.chunk_policy import PolicyChunks
from lean_ebm.methods.chunk_samplers import ChunkSampler, GibbsChunks, LangevinChunks, RandomChunks
from lean_ebm.proving import BestFirst, GuidedProver, Prover
from lean_ebm.proving.candidates import wide_tactics
from lean_ebm.proving.search import Guide
from lean_ebm.proving.search.and_or import AndOrBestFirst
from lean_ebm.proving.search.guides import RandomGuide, UniformGuide
from lean_ebm.proving.search.puct import Puct
from lean_ebm.proving.search.searches import STEP, SURPRISE

DATA = "lean_ebm.experiments.claim.data"
"""The module of the data that only this experiment has."""


class Training(NamedTuple):
    """How a model is trained.

    Attributes:
        recipe: The recipe, a file in ``configs/proving``.
        flags: Settings that differ from it.
        data: The class of the data, one of :mod:`.data`; None for that of the recipe.
    """

    recipe: str
    flags: tuple[str, ...] = ()
    data: str | None = None


TRAININGS = {
    "energy": Training("energy"),
    "policy": Training("policy"),
    # The sizes are chosen so that all parameters of an arm together are as many as those of the energy.
    "pair": Training("policy_value", ("--model.energy.width=44", "--model.energy.hidden=224")),
    "shared": Training("policy_value_shared", ("--model.energy.hidden=96", "--model.hidden=64")),
    "twice": Training("policy_value"),
    "live": Training("energy", data="LiveProofSteps"),
    "shuffled": Training("energy", data="ShuffledProofSteps"),
    "chunks": Training("chunks"),
    "chunk_policy": Training("chunk_policy"),
}
"""The models by name."""

ADDED = ("random", "uniform", "P-beam-75")
"""Arms that were added after the plan was committed; ``deviations.md`` says why."""

ONCE = ("shuffled",)
"""Models that are trained with seed 0 only, for a check of the experiment itself."""


class Constants(NamedTuple):
    """What is chosen for an arm on development theorems.

    Attributes:
        step: A constant of :class:`.AndOrBestFirst`.
        surprise: The other one.
    """

    step: float = STEP
    surprise: float = SURPRISE


@dataclass(frozen=True)
class Arm:
    """A prover of the experiment.

    Attributes:
        title: What it is, in the report.
        make: Makes it from the checkpoints of its models.
        models: Names of its models; none for a search without learning.
        tuned: Whether its search has constants that are chosen on development theorems.
        sets: Names of the sets of theorems that it is tried on.
        first: Only this number of theorems of each set; None for all.
        tried: Number of development theorems on which its constants are chosen; None for all.
    """

    title: str
    make: Callable[[Sequence[Path], Constants], Prover]
    models: tuple[str, ...] = ()
    tuned: bool = False
    sets: tuple[str, ...] = ("primary",)
    first: int | None = None
    tried: int | None = None


SECONDARY = ("16", "16, hardest", "first-order", "families")
"""The sets of theorems without hypotheses."""

_EVERY = ("primary", *SECONDARY)


def _guided(guide: Callable[..., Guide], puct: bool = False) -> Callable[[Sequence[Path], Constants], Prover]:
    """Provers with a guide that is made of the methods of all checkpoints."""
    return lambda paths, constants: GuidedProver(
        guide(*map(method_of, paths)), Puct() if puct else AndOrBestFirst(*constants)
    )


def _langevin(steps: int, chains: int) -> Arm:
    """The energy, whose tactics are found by chains."""
    guide = _guided(lambda method: LangevinGuide(method, steps, chains))
    return Arm(f"one energy, {chains} chains of {steps} steps", guide, ("energy",), True, first=SOME, tried=SOME // 5)


SOME = 300
"""Number of theorems of a set for the arms with samplers."""

LISTED = {
    "A2-narrow": Arm("untrained best-first, narrow set", lambda *_: BestFirst(), sets=_EVERY),
    "A2-wide": Arm("untrained best-first, wide set", lambda *_: BestFirst(tactics=wide_tactics), sets=_EVERY),
    "B": Arm("policy", _guided(lambda method: NetworkGuide(method, judges=False)), ("policy",), sets=_EVERY),
    "C": Arm("policy and value", _guided(NetworkGuide), ("pair",), True, _EVERY),
    "Cs": Arm("policy and value, shared encoder", _guided(NetworkGuide), ("shared",), True, _EVERY),
    "C2": Arm("policy and value, twice the parameters", _guided(NetworkGuide), ("twice",), True),
    "D": Arm("energy times policy", _guided(ResidualGuide), ("energy", "policy"), True),
    "E": Arm("one energy", _guided(NetworkGuide), ("energy",), True, _EVERY),
    "E-": Arm("one energy without comparisons of goals", _guided(CalibratedGuide), ("policy",), True),
    "E0": Arm("one energy without dead goals", _guided(NetworkGuide), ("live",), True),
    "C-puct": Arm("policy and value, PUCT", _guided(NetworkGuide, puct=True), ("pair",), first=SOME),
    "E-puct": Arm("one energy, PUCT", _guided(NetworkGuide, puct=True), ("energy",), first=SOME),
    "shuffled": Arm("one energy, shuffled labels", _guided(NetworkGuide), ("shuffled",), sets=_EVERY, first=SOME),
    "random": Arm(
        "the same search, random tactics",
        lambda *_: GuidedProver(RandomGuide(), AndOrBestFirst()),
        sets=_EVERY,
        first=SOME,
    ),
    "uniform": Arm(
        "the same search, all goals and tactics alike",
        lambda *_: GuidedProver(UniformGuide(value=4.0), AndOrBestFirst()),
        sets=_EVERY,
        first=SOME,
    ),
    **{f"F-{steps}x{chains}": _langevin(steps, chains) for steps, chains in ((8, 2), (8, 8), (32, 2))},
}
"""The arms on listed tactics, and untrained ones."""


def _chunks(title: str, sampler: Callable[..., ChunkSampler], *models: str) -> Arm:
    """The energy of chunks with a sampler, which may need a policy; all have the same evaluations for a goal."""

    def guide(method: Any, *policies: Any) -> Guide:
        return ChunkGuide(method, sampler(*policies), EVALUATIONS, comparison=None)

    return Arm(title, _guided(guide), ("chunks", *models), True, first=SOME, tried=SOME // 5)


def _enough(updates: int) -> int:
    """Number of chains of gradients that use up the evaluations."""
    return -(-EVALUATIONS // (3 * updates))


CHUNKS = {
    **{
        f"F-gibbs-{updates}": _chunks(
            f"Gibbs with gradients, {updates} updates",
            lambda updates=updates: GibbsChunks(_enough(updates), updates),
        )
        for updates in (8, 12, 32)
    },
    **{
        f"F-langevin-{steps}": _chunks(
            f"Langevin dynamics, {steps} steps",
            lambda steps=steps: LangevinChunks(_enough(steps), steps, decoded=True),
        )
        for steps in (8, 15, 32)
    },
    "H-random": _chunks("random chunks", lambda: RandomChunks(EVALUATIONS)),
    "H-gibbs": _chunks("exact Gibbs", lambda: GibbsChunks(1, gradients=False)),
    "P-sampled": _chunks("policy, sampled", lambda policy: PolicyChunks(policy, EVALUATIONS // 2), "chunk_policy"),
    "P-beam": _chunks("policy, beam of 8", lambda policy: PolicyChunks(policy, 8, beam=True), "chunk_policy"),
    "P-beam-75": _chunks(
        "policy, beam of 75", lambda policy: PolicyChunks(policy, EVALUATIONS // 2, beam=True), "chunk_policy"
    ),
}
"""The arms on chunks of three tactics."""

ARMS: Mapping[str, Arm] = LISTED | CHUNKS
"""All arms by name."""
