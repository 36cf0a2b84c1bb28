"""Energies of tactics in proof states: low if a tactic is a good next one."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.bounds import project
from lean_ebm.energy.base import EnergyNetwork, split_landscape
from lean_ebm.energy.goals import GoalEncoder

TEMPLATES = {"logic": 15, "numbers": 20}
"""Number of forms of tactics in each world, as :data:`lean_ebm.proving.candidates.TEMPLATES` has it."""


class EncodedState(NamedTuple):
    """A batch of goals, encoded for an energy of tactics.

    Attributes:
        query: ``(B, Q)``, what energies depend on besides the tactic.
        summary: ``(B, D)``, the goal as a whole, see :class:`.GoalEncoder`.
        nodes: ``(B, N, D)``, the formulas and their parts, to which tactics point.
    """

    query: Tensor
    summary: Tensor
    nodes: Tensor


class TacticEnergy(EnergyNetwork):
    """The base class of energies of tactics.

    Conditions are goals (:class:`lean_ebm.data.proofs.GoalBatch`), candidates are tactics listed for them
    (:class:`lean_ebm.data.proofs.TacticBatch`): a template with at most two pointers to formulas. Points for chains
    are embeddings of tactics whose vectors lie on a sphere, see :data:`~lean_ebm.bounds.Bounds`.

    Args:
        shape: Shape of an embedding.
        query: Q, the length of what energies depend on besides the tactic.
        width: Length of the vectors of the encoder.
        depth: Its layers of attention.
        heads: Attention heads of a layer.
        landscapes: Number of landscapes (IRED); each shifts the query. 0 for a single one.
        world: The world of the goals.
        templates: Number of forms of tactics; None for those of the world.
    """

    lists = True

    def __init__(
        self,
        shape: tuple[int, ...],
        query: int,
        width: int,
        depth: int,
        heads: int,
        landscapes: int,
        world: str,
        templates: int | None = None,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.landscapes = landscapes
        self.world = world
        self.encoder = GoalEncoder(width, depth, heads, world)
        self.template = nn.Embedding(templates or TEMPLATES[world], width)
        self.spread = nn.Linear(width, width, bias=False)
        self.query = nn.Linear(width, query)
        self.shift = nn.Embedding(landscapes, query) if landscapes else None

    @abstractmethod
    def embed(self, template: Tensor, nodes: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """Embeddings ``(M, *shape)`` of ``M`` tactics, before they are projected to the sphere.

        Args:
            template: ``(M,)`` int64, their forms.
            nodes: ``(R, D)``, what tactics point to; the last row, of zeros, stands for pointers that are not there.
            first: ``(M,)`` int64, the nodes to which the first pointers point.
            second: ``(M,)`` int64, the same of the second pointers.
        """

    @abstractmethod
    def energy(self, x: Tensor, query: Tensor) -> Tensor:
        """Energies ``(...)``, float32, of embeddings ``(..., *shape)`` for queries ``(..., Q)``."""

    def encode(self, condition: Any) -> EncodedState:
        """Encode goals, once for all of their tactics."""
        context, nodes = encoded = self.encoder(condition)
        # Target and hypotheses are also nodes, to which tactics point.
        roots = torch.cat([condition.target[:, None], condition.hypotheses], dim=1)
        told = self.spread(context).masked_fill((roots < 0)[..., None], 0.0).to(nodes.dtype)
        nodes = nodes.scatter_add(1, roots.clamp(min=0)[..., None].expand_as(told), told)
        return EncodedState(self.query(encoded.summary), encoded.summary, nodes)

    def encode_candidates(self, candidates: Any, condition: Any) -> Tensor:
        """Embeddings ``(B, K, *shape)`` of listed tactics; padding has zeros.

        Args:
            candidates: Tactics ``(B, K)``.
            condition: Their goals, as :meth:`encode` returns them.
        """
        nodes = condition.nodes
        size, count, width = nodes.shape
        mask = candidates.template >= 0
        rows = torch.arange(size, device=nodes.device)[:, None] * count
        pointers = [torch.where(part < 0, size * count, rows + part)[mask] for part in candidates[1:3]]
        embedded = self.embed(candidates.template[mask], F.pad(nodes.reshape(-1, width), (0, 0, 0, 1)), *pointers)
        points = embedded.new_zeros(*mask.shape, *self.shape, dtype=torch.float32)
        points[mask] = project(embedded.float(), "sphere")
        return points

    def forward(self, x: Tensor, condition: Any) -> Tensor:
        """Energies ``(B,)`` of embeddings ``(B, *shape)`` for goals, plain or in a :class:`.Landscape`."""
        state, landscape = split_landscape(condition)
        self.check(x, landscape)
        return self.energy(x, self._query(state, landscape))

    def rank(self, condition: Any, candidates: Tensor) -> Tensor:
        """Energies ``(B, K)`` of listed tactics, from their embeddings ``(B, K, *shape)``."""
        state, landscape = split_landscape(condition)
        self.check(candidates.flatten(0, 1), landscape)
        return self.energy(candidates, self._query(state, landscape)[:, None])

    def _query(self, state: EncodedState, landscape: Tensor | None) -> Tensor:
        return state.query if self.shift is None else state.query + self.shift(landscape)


class ProofEnergy(TacticEnergy):
    """``E(s, z) = w . silu(A z + B h(s))`` of a tactic's embedding z and a goal's encoding h(s), both learned.

    The embedding is a function of the template and of the encodings of what the tactic points to.

    Args:
        width: Length of the vectors of the encoder of goals; a multiple of ``heads``.
        depth: Its layers of attention.
        heads: Attention heads of a layer.
        embedding: Length of z.
        hidden: Hidden units of the energy.
        landscapes: Number of landscapes (IRED); 0 for a single one.
        world: The world of the goals, ``logic`` or ``numbers``.

    Raises:
        SettingError: If ``width`` is not a multiple of ``heads``, or there is no such world.
    """

    def __init__(
        self,
        width: int = 64,
        depth: int = 2,
        heads: int = 4,
        embedding: int = 64,
        hidden: int = 128,
        landscapes: int = 0,
        world: str = "logic",
    ) -> None:
        super().__init__((embedding,), hidden, width, depth, heads, landscapes, world)
        self.pointers = nn.ModuleList([nn.Linear(width, width, bias=False) for _ in range(2)])
        self.mix = nn.Linear(width, embedding)
        self.tactic = nn.Linear(embedding, hidden, bias=False)
        self.last = nn.Linear(hidden, 1, bias=False)

    def embed(self, template: Tensor, nodes: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """``W silu(t + P a + Q b)`` ``(M, embedding)`` of a template t and nodes a and b."""
        h = self.template(template)
        for pointer, project_node in zip((first, second), self.pointers, strict=True):
            h = h + project_node(nodes)[pointer]
        z: Tensor = self.mix(F.silu(h))
        return z

    def energy(self, x: Tensor, query: Tensor) -> Tensor:
        """Energies ``(...)`` of embeddings ``(..., embedding)`` for queries ``(..., hidden)``."""
        h = F.silu(self.tactic(x) + query)
        with torch.autocast(x.device.type, enabled=False):  # energies are float32, and so are their differences
            return F.linear(h.float(), self.last.weight).squeeze(-1)


class AffineProofEnergy(TacticEnergy):
    r"""An energy that is affine in each of the three factors of a tactic: its template and its two pointers.

    ``E(s, z) = sum_r prod_f (A_f z_f + B_f h(s))_r`` of factors ``z = (z_1, z_2, z_3)``, each on its own sphere, and of
    a goal's encoding h(s). What is not linear lies in how factors are embedded. One gradient therefore gives the energy
    of every candidate c for a factor, the others unchanged: ``E(z) + dE/dz_f . (c - z_f)``. For discrete samplers this
    makes the approximation of Gibbs-with-gradients exact (Grathwohl et al. 2021, equation 2).

    Args:
        width: Length of the vectors of the encoder of goals; a multiple of ``heads``.
        depth: Its layers of attention.
        heads: Attention heads of a layer.
        embedding: Length of the embedding of each factor.
        hidden: Number of products in the sum.
        landscapes: Number of landscapes (IRED); 0 for a single one.
        world: The world of the goals, ``logic`` or ``numbers``.

    Raises:
        SettingError: If ``width`` is not a multiple of ``heads``, or there is no such world.
    """

    def __init__(
        self,
        width: int = 64,
        depth: int = 2,
        heads: int = 4,
        embedding: int = 32,
        hidden: int = 64,
        landscapes: int = 0,
        world: str = "logic",
    ) -> None:
        super().__init__((3, embedding), 3 * hidden, width, depth, heads, landscapes, world)
        self.form = nn.Linear(width, embedding)
        self.pointers = nn.ModuleList(
            [
                nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, embedding, bias=False))
                for _ in range(2)
            ]
        )
        self.maps = nn.Parameter(torch.randn(3, embedding, hidden) / embedding**0.5)

    def embed(self, template: Tensor, nodes: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """Factors ``(M, 3, embedding)``. Each depends on only one part of the tactic."""
        parts = [project_node(nodes)[at] for at, project_node in zip((first, second), self.pointers, strict=True)]
        return torch.stack([self.form(self.template(template)), *parts], dim=1)

    def energy(self, x: Tensor, query: Tensor) -> Tensor:
        """Energies ``(...)`` of factors ``(..., 3, embedding)`` for queries ``(..., 3 hidden)``."""
        return sum_of_products(x, self.maps, query)


def sum_of_products(x: Tensor, maps: Tensor, query: Tensor) -> Tensor:
    """``sum_r prod_f (x_f maps_f + query_f)_r`` ``(...)``, float32, which is affine in each factor of x.

    Args:
        x: Factors ``(..., F, E)``.
        maps: ``(F, E, R)``.
        query: ``(..., F R)``.
    """
    factors = torch.einsum("...fe,fer->...fr", x, maps) + query.unflatten(-1, (len(maps), -1))
    with torch.autocast(x.device.type, enabled=False):
        energies: Tensor = factors.float().prod(dim=-2).sum(dim=-1)
    return energies
