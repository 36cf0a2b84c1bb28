"""Captures work on a GPU as one CUDA graph: its memory, its random numbers, and cleaning up after a failure."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch


class Graph:
    """Captured work on a GPU, which can be replayed in the memory that it used.

    A capture that fails raises the first error, and leaves the process as it was.

    Args:
        work: The work. What it returns is lost: it leaves its results in tensors that it keeps.
        device: The device.
        pool: Memory of this and other graphs, of which only one runs at a time.
        generator: A generator whose numbers differ from replay to replay, besides that of the device.
    """

    def __init__(
        self, work: Callable[[], None], device: torch.device, pool: Any, generator: torch.Generator | None = None
    ) -> None:
        self._graph = torch.cuda.CUDAGraph()
        # A capture marks the state of the device's generator, for good if it fails. So meanwhile that generator has a
        # state of the graph, which each replay sets to the state of the device's generator.
        self._usual = torch.cuda.default_generators[device.index]
        self._own = torch.Generator(device)
        if generator is not None and hasattr(self._graph, "register_generator_state"):
            self._graph.register_generator_state(generator)  # newer releases of torch find generators themselves
        state, collects = self._usual.graphsafe_get_state(), gc.isenabled()
        gc.disable()  # a graph that is collected as garbage meanwhile would spoil the capture
        self._usual.graphsafe_set_state(self._own)
        try:
            with torch.cuda.device(device), torch.cuda.stream(_stream(device)):
                self._capture(work, pool)
        except BaseException:
            _forget_capture(self._graph, device, pool)
            raise
        finally:
            self._usual.graphsafe_set_state(state)
            if collects:
                gc.enable()

    def _capture(self, work: Callable[[], None], pool: Any) -> None:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        # Other threads, such as those of a loader, may go on allocating.
        self._graph.capture_begin(pool, capture_error_mode="thread_local")
        try:
            work()
        except BaseException:
            with suppress(Exception):  # which would only say that there was an error
                self._graph.capture_end()
            raise
        self._graph.capture_end()

    def replay(self) -> None:
        """Replay the work."""
        self._own.set_state(self._usual.get_state())
        self._graph.replay()
        self._usual.set_state(self._own.get_state())

    @staticmethod
    def new_pool() -> Any:
        """Memory for graphs that share nothing with other graphs."""
        return torch.cuda.graph_pool_handle()

    @staticmethod
    def shared_pool(device: torch.device) -> Any:
        """Memory of all graphs whose outputs are copied before another graph runs."""
        if device not in _pools:
            pool = Graph.new_pool()

            def next_to_nothing() -> None:
                torch.zeros(1, device=device)

            # Torch gives a pool up with its last graph, so one graph lives as long as the pool.
            _pools[device] = pool, Graph(next_to_nothing, device, pool)
        return _pools[device][0]


_pools: dict[torch.device, tuple[Any, Graph]] = {}
_streams: dict[torch.device, torch.cuda.Stream] = {}
_failed: list[torch.cuda.CUDAGraph] = []


def _stream(device: torch.device) -> torch.cuda.Stream:
    """The stream on which work of a device is captured."""
    if device not in _streams:
        _streams[device] = torch.cuda.Stream(device)
    return _streams[device]


def _forget_capture(graph: torch.cuda.CUDAGraph, device: torch.device, pool: Any) -> None:
    """Undo what torch leaves of a capture that failed: it goes on serving allocations from the pool of the graph."""
    _failed.append(graph)  # torch asks it even later which allocations are its own
    _streams.pop(device, None)
    _pools.pop(device, None)
    with suppress(RuntimeError):  # the capture failed before this began, or after it ended
        torch._C._cuda_endAllocateToPool(device.index, pool)
        torch._C._cuda_releasePool(device.index, pool)
