"""A buffer of persistent chains: a new chain begins where an earlier one ended."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from lean_ebm.errors import SettingError


class ReplayBuffer(nn.Module):
    """Ends of earlier chains by class, for persistent contrastive divergence (Tieleman 2008; Grathwohl et al. 2020).

    The chains are a registered buffer: they are saved in checkpoints and moved with the model. Under DDP every rank has
    its own chains (see :attr:`LOCAL`), and a checkpoint holds those of all ranks, so that a resumed run gives each rank
    its chains back. If it has more processes than before, the additional ranks begin with new chains; if it has fewer,
    the chains of the missing ranks are lost.

    Args:
        size: Number of chains over all classes; rounded down to the same number for each class.
        num_classes: Number of classes.
        shape: Shape of one candidate.
        fresh_fraction: Probability that a drawn chain starts anew from noise.

    Raises:
        SettingError: If there are no classes or fewer chains than classes, or if ``fresh_fraction`` is not within
            [0, 1].
    """

    LOCAL = ("chains",)
    """Names of the buffers that DDP must not overwrite with those of rank 0."""

    chains: Tensor

    def __init__(self, size: int, num_classes: int, shape: tuple[int, ...], fresh_fraction: float) -> None:
        super().__init__()
        if num_classes == 0:
            raise SettingError(
                "A replay buffer is indexed by class: it needs an energy with num_classes of 1 or more. If "
                "conditions are not classes, set buffer_size 0: then every chain has a new start."
            )
        if size < num_classes:
            raise SettingError(
                f"A replay buffer of {size} chains is too small for {num_classes} classes: raise its size."
            )
        if not 0 <= fresh_fraction <= 1:
            raise SettingError(f"fresh_fraction is {fresh_fraction}, expected a probability, 0 to 1.")
        self.fresh_fraction = fresh_fraction
        # NaN marks a slot that no chain has used yet, which saves a second buffer.
        self.register_buffer("chains", torch.full((num_classes, size // num_classes, *shape), torch.nan))

    def draw(self, label: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Draw starts of chains.

        Args:
            label: ``(B,)`` class of each chain.
            noise: ``(B, *shape)`` the starts of chains that start anew.

        Returns:
            Starts ``(B, *shape)`` and their slots ``(B,)``, to be passed to :meth:`store`.
        """
        slot = torch.randint(self.chains.shape[1], label.shape, device=label.device)
        stored = self.chains[label, slot]
        mask_shape = (-1, *[1] * (noise.dim() - 1))
        fresh = (torch.rand(label.shape, device=label.device) < self.fresh_fraction).reshape(mask_shape)
        return torch.where(fresh | stored.isnan(), noise, stored), slot

    def store(self, label: Tensor, slot: Tensor, x: Tensor) -> None:
        """Put ends of chains ``(B, *shape)`` into their slots. A slot is emptied if the end is not finite.

        Of several ends for one slot the last is kept, on every device.
        """
        finite = x.detach().isfinite().flatten(1).all(dim=1).reshape(-1, *[1] * (x.dim() - 1))
        ends = torch.where(finite, x.detach(), torch.nan).to(self.chains.dtype)
        place = label * self.chains.shape[1] + slot
        row = torch.arange(len(x), device=x.device)
        last = torch.zeros(self.chains.shape[:2].numel(), dtype=torch.int64, device=x.device)
        last = last.scatter_reduce(0, place, row, "amax")[place]  # the same for all ends of a slot
        self.chains[label, slot] = ends[last]

    def resume(self, rank: int, chains_of_ranks: Tensor | None) -> None:
        """Restore the chains of this rank, or begin with new chains if the checkpoint has none for it.

        Args:
            rank: The rank of this process.
            chains_of_ranks: ``(ranks, num_classes, chains a class, *shape)``; None if the run had a single process,
                whose chains are loaded with the weights.
        """
        if chains_of_ranks is not None and rank < len(chains_of_ranks):
            self.chains.copy_(chains_of_ranks[rank])
        elif rank > 0:
            self.chains.fill_(torch.nan)

    def entropy(self, chains_per_class: int = 64) -> Tensor:
        """The variety of the chains of each class: the entropy ``(num_classes,)`` of a Gaussian with their variance.

        The entropy is in nats for each component, and the variance is the mean over all components. It is NaN for a
        class with fewer than eight chains, which are too few to estimate it.

        Args:
            chains_per_class: Number of chains looked at in each class.
        """
        chains = self.chains[:, :chains_per_class].flatten(2)
        used = (~chains[:, :, 0].isnan()).sum(dim=1)
        variance = (chains - chains.nanmean(dim=1, keepdim=True)).square().nanmean(dim=(1, 2)).clamp(min=1e-12)
        return torch.where(used < 8, torch.nan, 0.5 * (2 * math.pi * math.e * variance).log())
