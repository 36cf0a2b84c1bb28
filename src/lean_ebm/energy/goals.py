"""An encoder of goals: formulas without names, hypotheses without order."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lean_ebm.errors import SettingError

KINDS = {"logic": 23, "numbers": 37}
"""Number of kinds of nodes in each world, as :data:`lean_ebm.proving.candidates.KINDS` has it."""

_ROLES = 4  # a node is neither, a hypothesis, the target, or both


class EncodedGoals(NamedTuple):
    """Goals that an encoder has encoded.

    Attributes:
        context: ``(B, 1 + H, D)``, the target and the hypotheses after they attended to each other.
        nodes: ``(B, N, D)``, the formulas and their parts before that; zeros where ``N`` is filled up.
    """

    context: Tensor
    nodes: Tensor

    @property
    def summary(self) -> Tensor:
        """A vector for the whole goal, ``(B, D)``: that of the target, which has attended to the hypotheses."""
        return self.context[:, 0]


class GoalEncoder(nn.Module):
    """Encodes goals, each a graph of formulas and their parts, into vectors.

    A formula is encoded from its parts (as in recursive networks, Socher et al. 2013), each node once although several
    formulas may share it. Propositions have no names, so a node must also learn where it is used: messages go down
    from formulas to their parts, and then a second pass goes up. The roles of hypotheses and target are known from the
    start, so that the first pass already sees that a premise is a hypothesis. Then hypotheses and target attend to each
    other. Renaming and reordering change nothing.

    Args:
        width: D, the length of the vectors; a multiple of ``heads``.
        depth: Number of layers of attention.
        heads: Attention heads of a layer.
        world: The world of the goals, ``logic`` or ``numbers``.

    Raises:
        SettingError: If ``width`` is not a multiple of ``heads``, or there is no such world.
    """

    def __init__(self, width: int = 64, depth: int = 2, heads: int = 4, world: str = "logic") -> None:
        super().__init__()
        if width % heads:
            raise SettingError(f"GoalEncoder: width is {width}, expected a multiple of heads={heads}.")
        if world not in KINDS:
            raise SettingError(f"GoalEncoder: world is {world!r}, expected one of {', '.join(KINDS)}.")
        self.width, self.depth, self.heads, self.world = width, depth, heads, world
        self.kind = nn.Embedding(KINDS[world], width)
        self.role = nn.Embedding(_ROLES, width)
        self.up = nn.ModuleList([_Up(width) for _ in range(2)])
        self.down = _Down(width)
        self.layers = nn.ModuleList([_Attention(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)

    def fresh(self) -> GoalEncoder:
        """Make an encoder with the same settings and new weights."""
        return GoalEncoder(self.width, self.depth, self.heads, self.world)

    def forward(self, goals: Any) -> EncodedGoals:
        """Encode goals.

        Args:
            goals: A :class:`lean_ebm.data.proofs.GoalBatch`.
        """
        graph = _Graph(goals)
        start = self.kind(graph.kinds) + self.role(graph.roles)
        h = self.up[0](start, graph)
        h = self.up[1](start + self.down(h, graph), graph)
        context, there = graph.context(h)
        for layer in self.layers:
            context = layer(context, there)
        return EncodedGoals(self.norm(context), graph.padded(h))


class _Graph:
    """The nodes of all goals of a batch, ``M`` in all, those of the same level next to each other, lowest level first.

    Node ``M`` stands for a part that is not there.

    Attributes:
        kinds: ``(M,)``.
        roles: ``(M,)``, 1 for hypotheses, 2 for targets, 3 for nodes that are both, 0 for others.
        parts: ``(M, 2)``, the numbers of both parts.
        bounds: Where each level begins, and the end.
        roots: ``(B, 1 + H)``, the targets, then the hypotheses; ``M`` where there is none.
    """

    def __init__(self, goals: Any) -> None:
        there = goals.kinds >= 0
        size, count = there.shape
        order = goals.levels[there].argsort(stable=True)
        total = len(order)
        place = torch.empty_like(order)
        place[order] = torch.arange(total, device=order.device)
        # The last column is that of parts that are not there, whose number is -1.
        numbers = torch.full((size, count + 1), total, device=order.device)
        numbers[:, :count][there] = place
        self._there, self._place = there, place

        def numbered(nodes: Tensor) -> Tensor:
            return numbers.gather(1, torch.where(nodes < 0, count, nodes))

        self.kinds = goals.kinds[there][order]
        self.parts = torch.stack([numbered(part)[there][order] for part in (goals.first, goals.second)], dim=1)
        self.roots = torch.cat([numbered(goals.target[:, None]), numbered(goals.hypotheses)], dim=1)
        roles = torch.zeros(total + 1, dtype=torch.int64, device=order.device)
        roles[self.roots[:, 1:]] = 1
        roles[self.roots[:, 0]] += 2
        self.roles = roles[:-1]
        self.bounds = [0, *goals.levels[there].bincount().cumsum(0).tolist()]

    def context(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors ``(B, 1 + H, D)`` of target and hypotheses, and their mask ``(B, 1 + H)``."""
        there = self.roots < len(h)
        return F.pad(h, (0, 0, 0, 1))[self.roots], there

    def padded(self, h: Tensor) -> Tensor:
        """Vectors ``(M, D)`` as ``(B, N, D)``, padded with zeros."""
        whole = h.new_zeros(*self._there.shape, h.shape[1])
        whole[self._there] = h[self._place]
        return whole


class _Up(nn.Module):
    """From the lowest level to the highest, each node is encoded from itself and its two parts."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.own = nn.Linear(width, 2 * width)
        self.parts = nn.Linear(2 * width, 2 * width, bias=False)
        self.out = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, start: Tensor, graph: _Graph) -> Tensor:
        """Vectors ``(M, D)`` of the nodes, from their first ones ``(M, D)``."""
        own = self.own(start)
        # Each level is written once, before higher levels read it, so that this buffer can be differentiated.
        h = start.new_zeros(len(start) + 1, start.shape[1])
        for begin, end in zip(graph.bounds, graph.bounds[1:], strict=False):
            level = slice(begin, end)
            hidden = own[level]
            if begin:
                hidden = hidden + self.parts(h.index_select(0, graph.parts[level].flatten()).view(end - begin, -1))
            h[level] = self.norm(start[level] + self.out(F.silu(hidden))).to(h.dtype)
        return h[:-1]


class _Down(nn.Module):
    """Each node hears from the formulas of which it is a part."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.told = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, h: Tensor, graph: _Graph) -> Tensor:
        """What the nodes hear, ``(M, D)``."""
        told = F.silu(self.told(h)).view(-1, h.shape[1])  # what a node tells its first part, then its second part
        heard = told.new_zeros(len(h) + 1, h.shape[1]).index_add(0, graph.parts.flatten(), told)
        out: Tensor = self.out(heard[:-1])
        return out


class _Attention(nn.Module):
    """A layer of a transformer encoder, with pre-normalization."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(2)])
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.widen = nn.Linear(width, 2 * width)
        self.narrow = nn.Linear(2 * width, width)

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        """Tokens ``(B, T, D)`` after they attended to those that are there, ``(B, T)``."""
        parts = self.project(self.norms[0](x)).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=there[:, None, None, :])
        x = x + self.join(attended.transpose(1, 2).flatten(2))
        out: Tensor = x + self.narrow(F.silu(self.widen(self.norms[1](x))))
        return out
