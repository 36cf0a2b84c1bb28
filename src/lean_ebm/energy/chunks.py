"""Energies of chunks of three tactics: low if they begin a shortest proof of a goal."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.energy.proofs import TEMPLATES, TacticEnergy, sum_of_products

SLOTS = 3
"""Number of tactics of a chunk, as :data:`lean_ebm.proving.candidates.LENGTH` has it."""


class SlotEnergy(TacticEnergy):
    """The base class of energies of chunks.

    Conditions are goals, candidates the tactics for all slots (:class:`lean_ebm.data.proofs.SlotBatch`). Each tactic
    has an embedding for each slot, so :meth:`encode_candidates` gives points ``(B, K, 3, embedding)``. A chunk is the
    embedding of its first tactic for the first slot, that of its second for the second, and so on: a point
    ``(3, embedding)``, each row on its own sphere. :meth:`rank` scores C chunks ``(B, C, 3, embedding)``.

    Args:
        query: Length of what energies depend on besides the chunk.
        width: Length of the vectors of the encoder of goals; a multiple of ``heads``.
        depth: Its layers of attention.
        heads: Attention heads of a layer.
        embedding: Length of the embedding of a tactic for a slot.

    Attributes:
        affine: Whether the energy is affine in each slot, so that one gradient gives those of all tactics for a slot.
    """

    affine = False

    def __init__(self, query: int, width: int, depth: int, heads: int, embedding: int) -> None:
        super().__init__((SLOTS, embedding), query, width, depth, heads, 0, "logic", TEMPLATES["logic"] + 1)
        self.pointers = nn.ModuleList([nn.Linear(width, width, bias=False) for _ in range(2)])
        self.slot = nn.Parameter(torch.randn(SLOTS, width) / width**0.5)
        self.mix = nn.Linear(width, embedding)

    @property
    @abstractmethod
    def products(self) -> int:
        """Number of multiplications of the energy of a chunk, whose tactics and goal are encoded."""

    @property
    def comparison(self) -> float:
        """The cost of comparing a point of a slot with a tactic, as a share of the cost of an energy."""
        return self.shape[1] / self.products

    def embed(self, template: Tensor, nodes: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """``W silu(t + P a + Q b + s)`` ``(M, 3, embedding)`` of a template t, nodes a and b, and each slot s."""
        h = self.template(template)
        for pointer, project_node in zip((first, second), self.pointers, strict=True):
            h = h + project_node(nodes)[pointer]
        z: Tensor = self.mix(F.silu(h[:, None] + self.slot))
        return z


class AffineChunkEnergy(SlotEnergy):
    r"""An energy that is affine in each tactic of a chunk.

    ``E(s, z) = R^(-1/2) sum_r prod_i (A_i z_i + B_i h(s))_r`` of the embeddings ``z = (z_1, z_2, z_3)`` of the tactics
    and the encoding h(s) of the goal. The products have terms of three tactics, of pairs and of single ones. What is
    not linear lies in how tactics are embedded. See :class:`.AffineProofEnergy`, whose factors are the parts of a
    tactic.

    Args:
        width: Length of the vectors of the encoder of goals; a multiple of ``heads``.
        depth: Its layers of attention.
        heads: Attention heads of a layer.
        embedding: Length of the embedding of a tactic for a slot.
        hidden: R, the number of products.

    Raises:
        SettingError: If ``width`` is not a multiple of ``heads``.
    """

    affine = True

    def __init__(self, width: int = 64, depth: int = 2, heads: int = 4, embedding: int = 48, hidden: int = 128) -> None:
        super().__init__(SLOTS * hidden, width, depth, heads, embedding)
        self.maps = nn.Parameter(torch.randn(SLOTS, embedding, hidden) / embedding**0.5)

    @property
    def products(self) -> int:
        """Multiplications of one map for each slot, and of the products of the results."""
        return self.maps.numel() + (SLOTS - 1) * self.maps.shape[2]

    def energy(self, x: Tensor, query: Tensor) -> Tensor:
        """Energies ``(...)`` of chunks ``(..., 3, embedding)`` for queries ``(..., 3 hidden)``."""
        scale: float = self.maps.shape[2] ** -0.5
        return scale * sum_of_products(x, self.maps, query)


class ChunkEnergy(SlotEnergy):
    """``E(s, z) = w . silu(C silu(A z + B h(s)))`` of the embeddings z of the tactics of a chunk; affine in none.

    Args:
        width: Length of the vectors of the encoder of goals; a multiple of ``heads``.
        depth: Its layers of attention.
        heads: Attention heads of a layer.
        embedding: Length of the embedding of a tactic for a slot.
        hidden: Hidden units of both layers.

    Raises:
        SettingError: If ``width`` is not a multiple of ``heads``.
    """

    def __init__(self, width: int = 64, depth: int = 2, heads: int = 4, embedding: int = 48, hidden: int = 128) -> None:
        super().__init__(hidden, width, depth, heads, embedding)
        self.tactics = nn.Linear(SLOTS * embedding, hidden, bias=False)
        self.middle = nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, 1, bias=False)

    @property
    def products(self) -> int:
        """Multiplications of three layers."""
        return sum([layer.weight.numel() for layer in (self.tactics, self.middle, self.last)])

    def energy(self, x: Tensor, query: Tensor) -> Tensor:
        """Energies ``(...)`` of chunks ``(..., 3, embedding)`` for queries ``(..., hidden)``."""
        h = F.silu(self.middle(F.silu(self.tactics(x.flatten(-2)) + query)))
        with torch.autocast(x.device.type, enabled=False):
            return F.linear(h.float(), self.last.weight).squeeze(-1)


class ChunkProposer(SlotEnergy):
    """Minus the logits of a policy over chunks, one slot after the other: ``E(s, z) = -sum_i w_i(s, z_<i) . z_i``.

    The probability of a tactic for a slot is the softmax over its candidates of the products with ``w_i``. By default
    w depends on the tactics before it, so the policy is autoregressive; otherwise slots are independent.

    Args:
        width: Length of the vectors of the encoder of goals; a multiple of ``heads``.
        depth: Its layers of attention.
        heads: Attention heads of a layer.
        embedding: Length of the embedding of a tactic for a slot.
        hidden: Hidden units for each slot.
        marginal: Whether slots are independent.

    Raises:
        SettingError: If ``width`` is not a multiple of ``heads``.
    """

    def __init__(
        self,
        width: int = 64,
        depth: int = 2,
        heads: int = 4,
        embedding: int = 48,
        hidden: int = 96,
        marginal: bool = False,
    ) -> None:
        super().__init__(SLOTS * hidden, width, depth, heads, embedding)
        self.marginal = marginal
        before = 0 if marginal else embedding
        self.earlier = nn.ModuleList([nn.Linear(i * before, hidden, bias=False) for i in range(1, SLOTS) if before])
        self.weights = nn.ModuleList([nn.Linear(hidden, embedding) for _ in range(SLOTS)])

    @property
    def products(self) -> int:
        """Multiplications of the layers of all slots, and of the products with embeddings."""
        maps = sum([layer.weight.numel() for layer in (*self.earlier, *self.weights)], 0)
        return int(maps) + SLOTS * self.shape[1]

    def weight(self, slot: int, before: Tensor, query: Tensor) -> Tensor:
        """``w_i`` ``(..., embedding)`` for a slot.

        Args:
            slot: The index of the slot.
            before: The embeddings ``(..., slot, embedding)`` of the tactics before it.
            query: ``(..., 3 hidden)``.
        """
        h = query.unflatten(-1, (SLOTS, -1))[..., slot, :]
        if slot and not self.marginal:
            h = h + self.earlier[slot - 1](before.flatten(-2))
        weight: Tensor = self.weights[slot](F.silu(h))
        return weight

    def energy(self, x: Tensor, query: Tensor) -> Tensor:
        """Energies ``(...)`` of chunks ``(..., 3, embedding)`` for queries ``(..., 3 hidden)``."""
        terms = [(self.weight(slot, x[..., :slot, :], query) * x[..., slot, :]).sum(dim=-1) for slot in range(SLOTS)]
        return -torch.stack(terms).float().sum(dim=0)

    def slot_energies(self, encoded: Any, points: Tensor, slot: int, before: Tensor) -> Tensor:
        """Minus the logits ``(B, C, K)`` of all tactics for a slot.

        Args:
            encoded: Goals, as :meth:`encode` returns them.
            points: Embeddings ``(B, K, 3, embedding)`` of the tactics for all slots.
            slot: The index of the slot.
            before: Embeddings ``(B, C, slot, embedding)`` of the tactics before it, of C chunks for each goal.
        """
        weight = self.weight(slot, before, encoded.query[:, None].expand(-1, before.shape[1], -1))
        return -torch.einsum("bce,bke->bck", weight.float(), points[:, :, slot])
