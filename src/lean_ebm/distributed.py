"""Exchange of data between the processes of a run."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed


def rank_and_world_size() -> tuple[int, int]:
    """The rank of this process and the number of processes; 0 and 1 outside of a distributed run."""
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return 0, 1
    return torch.distributed.get_rank(), torch.distributed.get_world_size()


def gather(parts: list[Any]) -> list[Any]:
    """The lists of all ranks as one list, in the order of the ranks; every rank gets it."""
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return parts
    everywhere: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(everywhere, parts)
    return [part for rank in everywhere for part in rank]
