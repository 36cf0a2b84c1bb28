"""Ranking of chunks of tactics: an energy that proposes chunks of three tactics and judges goals."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from lean_ebm.energy.chunks import SLOTS, SlotEnergy
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin
from lean_ebm.methods.base import Method
from lean_ebm.methods.chunk_samplers import GibbsChunks
from lean_ebm.methods.listed import free_energy, surprise
from lean_ebm.methods.slots import SlotProblem, detached, problem_of
from lean_ebm.methods.steps_left import judge_terms, share_right


class KnownChunks(Protocol):
    """``B`` goals with some good chunks, in the form of :class:`lean_ebm.data.proofs.LabelledChunks`."""

    template: Tensor
    tied: Tensor
    chunks: Tensor
    left: Tensor

    @property
    def choices(self) -> Tensor:
        """Which tactics each slot takes, ``(B, 3, K)`` bool."""
        ...

    @property
    def good(self) -> Tensor:
        """Which entries of ``chunks`` are chunks, ``(B, G)`` bool; the others are padding."""
        ...


class ComparedChunks(NamedTuple):
    """Chunks that a loss compares, in the form of lists of candidates: see :class:`~lean_ebm.methods.listed.Listed`.

    Attributes:
        mask: ``(B, N)`` bool, which of them count.
        right: ``(B, N)`` bool, which of them begin shortest proofs.
        left: ``(B,)``, number of tactics that the goals need; infinite for those without a proof.
    """

    mask: Tensor
    right: Tensor
    left: Tensor

    @property
    def wrong(self) -> Tensor:
        """Which chunks do not begin a shortest proof, ``(B, N)`` bool."""
        return self.mask & ~self.right

    @property
    def dead(self) -> Tensor:
        """Which goals have no proof, ``(B,)`` bool."""
        return self.left.isinf()


class ChunkRanking(Method):
    r"""Train one energy that distinguishes chunks that begin shortest proofs from others, and judges goals.

    As :class:`.Ranking`, but chunks of three tactics are too many to list. So some good chunks are compared with some
    50 negatives: good ones with one tactic changed, with two tactics swapped, or with one that points elsewhere; random
    ones; and samples of the energy itself, drawn by Gibbs-with-gradients. Sums over chunks are those over all that are
    compared::

        L  =  contrast * -log p(good chunks | s)    over goals that have a proof
            + anchor * Huber(V(s), steps left)      over the same goals
            + dead * max(0, margin - V(s))          over goals that have none

    Args:
        energy: The energy network.
        sampler: The chain that makes samples.
        temperature: T, in tactics.
        contrast: Weight of the probability of good chunks.
        anchor: Weight of the distance of V to the steps that are left; 0 turns it off, as for the next one.
        dead: Weight of the term that holds V of goals without a proof above the margin.
        margin: That margin, in tactics.
        changed: Number of negatives in which one tactic was changed, for each goal; 0 for none, as for the others.
        pointed: Number of negatives in which one tactic points elsewhere.
        swapped: Number of negatives in which two tactics were swapped.
        random: Number of random negatives.
        own: Number of chains of the energy, of which the last two chunks are negatives each.
        optimizer: Builds the optimizer from parameters. None: AdamW with its defaults.
        lr_scheduler: Builds the scheduler.

    Raises:
        SettingError: If the temperature is not above 0, a weight is negative, or there are no negatives.
    """

    whole_lists = True
    whole_chunks = True
    energy: SlotEnergy

    def __init__(
        self,
        energy: SlotEnergy,
        sampler: Langevin = Langevin(steps=15, step_size=1.0, bounds="sphere"),
        temperature: float = 0.5,
        contrast: float = 1.0,
        anchor: float = 0.5,
        dead: float = 0.1,
        margin: float = 16.0,
        changed: int = 20,
        pointed: int = 8,
        swapped: int = 4,
        random: int = 8,
        own: int = 6,
        optimizer: OptimizerCallable | None = None,
        lr_scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__(energy, sampler, optimizer=optimizer, lr_scheduler=lr_scheduler)
        self.numbers = {"changed": changed, "pointed": pointed, "swapped": swapped, "random": random, "own": own}
        self.weights = {"contrast": contrast, "anchor": anchor, "dead": dead}
        if temperature <= 0 or min(self.weights.values()) < 0 or contrast == 0:
            raise SettingError(
                f"ChunkRanking: temperature is {temperature} and the weights are {self.weights}, expected a "
                "temperature and a contrast above 0, and weights of 0 or more."
            )
        if min(self.numbers.values()) < 0 or not any(self.numbers.values()):
            raise SettingError(f"ChunkRanking: the negatives are {self.numbers}, expected 0 or more of each, and some.")
        self.temperature = temperature
        self.margin = margin

    @property
    def compares_conditions(self) -> bool:
        """Whether ``anchor`` fits the values of goals to the number of tactics left."""
        return self.weights["anchor"] > 0

    def loss(self, batch: tuple[Any, Any]) -> dict[str, Tensor]:
        """The terms above. ``right`` is the share of goals whose best chunk among the compared ones is good."""
        known, goals = batch
        problem = problem_of(self.energy, goals, known)
        negatives, wrong = self.negatives(detached(problem), known)
        chunks = torch.cat([known.chunks.clamp(min=0), negatives], dim=1)
        compared = ComparedChunks(
            torch.cat([known.good, wrong], dim=1), torch.cat([known.good, torch.zeros_like(wrong)], dim=1), known.left
        )
        energies = problem.energies(self.energy, chunks).masked_fill(~compared.mask, torch.inf)
        terms = {
            "contrast": surprise(energies, compared, self.temperature),
            **judge_terms(free_energy(energies, self.temperature), compared, self.margin),
        }
        loss = torch.stack([weight * terms[name] for name, weight in self.weights.items() if weight]).sum()
        return {"loss": loss, **terms, "right": share_right(energies, compared)}

    @torch.no_grad()
    def negatives(self, problem: SlotProblem, known: KnownChunks) -> tuple[Tensor, Tensor]:
        """Draw chunks to compare with good ones.

        Args:
            problem: The goals; nothing is differentiated through it.
            known: Their good chunks.

        Returns:
            Chunks ``(B, N, 3)``, and which of them are not known to be good, nor begin with a tactic that may be as
            good, ``(B, N)`` bool.
        """
        numbers, size, device = self.numbers, len(known.left), known.left.device
        parts = []
        if numbers["own"]:
            chains = GibbsChunks(numbers["own"], updates=_UPDATES, cooling=_COOLING, kept=0)
            draws = chains.draw(self.energy, problem, lambda _, n: torch.rand(size, n, device=device))
            parts.append(draws.chunks.unflatten(1, (numbers["own"], -1))[:, :, -2:].flatten(1, 2))
        near = numbers["changed"] + numbers["pointed"] + numbers["swapped"]
        random = problem.uniform(torch.rand(size, near + numbers["random"], SLOTS, device=device))
        base = _drawn(known, random[:, :near])
        changed, pointed, swapped = base.split([numbers["changed"], numbers["pointed"], numbers["swapped"]], dim=1)
        parts += [
            random[:, near:],
            _changed(changed, random[:, : numbers["changed"]]),
            _pointed(pointed, known),
            _swapped(swapped, known),
        ]
        found = torch.cat(parts, dim=1)
        same = (found[:, :, None] == known.chunks[:, None]).all(dim=3).any(dim=2)
        return found, ~same & ~known.tied.gather(1, found[:, :, 0])

    def real_energies(self, batch: tuple[Any, Any]) -> Tensor:
        """Energies of the good chunks of the data ``(N,)``."""
        known, goals = batch
        energies = problem_of(self.energy, goals, known).energies(self.energy, known.chunks.clamp(min=0))
        return energies[known.good]


_UPDATES, _COOLING = 6, 0.7  # of the chains that make negatives: two for each slot


def _drawn(known: KnownChunks, random: Tensor) -> Tensor:
    """Good chunks ``(B, N, 3)``, drawn at random; random ones for goals without any."""
    good = known.good
    if not good.any() or not random.shape[1]:
        return random
    some = good.any(dim=1)
    weights = good.float()
    weights[~some] = 1.0
    chosen = weights.multinomial(random.shape[1], replacement=True)
    base = known.chunks.gather(1, chosen[:, :, None].expand(-1, -1, SLOTS))
    return torch.where(some[:, None, None], base, random)


def _changed(base: Tensor, random: Tensor) -> Tensor:
    """Chunks with a tactic of random ones in one slot."""
    slot = torch.randint(SLOTS, base.shape[:2], device=base.device)
    return torch.where(torch.arange(SLOTS, device=base.device) == slot[:, :, None], random, base)


def _pointed(base: Tensor, known: KnownChunks) -> Tensor:
    """Chunks with another tactic of the same form in one slot; the same chunk if there is none."""
    if not base.shape[1]:
        return base
    size, number = base.shape[:2]
    forms = known.template.gather(1, base.flatten(1)).reshape(base.shape)
    others = (known.template[:, None, None] == forms[..., None]) & known.choices[:, None]
    others = others.scatter(3, base[..., None], False)  # (B, N, 3, K)
    some = others.any(dim=3)
    some |= ~some.any(dim=2, keepdim=True)
    slot = some.float().flatten(0, 1).multinomial(1).reshape(size, number, 1)
    chosen = others.gather(2, slot[..., None].expand(-1, -1, -1, others.shape[3])).squeeze(2)
    same = base.gather(2, slot)
    chosen = chosen.scatter(2, same, ~chosen.any(dim=2, keepdim=True))
    return base.scatter(2, slot, chosen.float().flatten(0, 1).multinomial(1).reshape(size, number, 1))


def _swapped(base: Tensor, known: KnownChunks) -> Tensor:
    """Chunks with two tactics swapped: in every other chunk the first two, if the first slot takes the second one."""
    found = base[:, :, [0, 2, 1]]
    first = base[:, :, [1, 0, 2]]
    fits = known.choices[:, 0].gather(1, base[:, :, 1])
    fits[:, ::2] = False
    return torch.where(fits[:, :, None], first, found)
