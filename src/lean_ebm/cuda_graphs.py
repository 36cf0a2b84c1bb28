"""CUDA graphs: work that a GPU repeats is captured once, and then replayed as a whole.

A step of a chain is some fifty short kernels. Launched one by one they keep the host busy for a millisecond, however
small the batch, and the GPU waits. A replayed graph has all launches of a chain in one.

:func:`replayed` calls a function like any other. The first call of a kind runs as usual, which also warms up the
libraries. The second one is captured, and from then on the graph is replayed with new inputs. Work that will be
differentiated is captured at its first call: a graph adds up gradients in another order than usual, and a run that is
resumed shall go on bit for bit. A kind is everything that a graph holds fixed: the function, the shapes of its inputs,
the modes of torch. The weights of a network are read where they lie, so that a replay sees what an optimizer or an
average changed in place; if they moved, the work is captured anew.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._pytree import TreeSpec, tree_flatten, tree_unflatten

from lean_ebm.cuda_capture import Graph

Work = Callable[[Any, torch.Generator | None], tuple[Tensor, ...]]
"""``(inputs, generator) -> outputs``: work without any step on the host that depends on what tensors hold."""

KINDS = 64
"""Largest number of kinds of work that are remembered of a network; the one that was used longest ago is forgotten."""

COPIES = 8
"""Largest number of graphs of one kind, of which several are needed if several calls are differentiated at once."""


def can_replay(device: torch.device) -> bool:
    """Whether work on this device can be captured and is not being captured already."""
    return device.type == "cuda" and not torch.cuda.is_current_stream_capturing()


def network_of(function: Callable[..., Any]) -> nn.Module | None:
    """The network that a function belongs to: a module, or the module whose method it is; None for other functions.

    Only of a network is it known which tensors it reads besides its inputs.
    """
    owner = getattr(function, "__self__", function)
    return owner if isinstance(owner, nn.Module) else None


def replayed(
    work: Work,
    network: nn.Module,
    inputs: Any,
    kind: Hashable,
    generator: torch.Generator | None = None,
    differentiable: bool = False,
) -> tuple[Tensor, ...]:
    """Call a function of a network by replaying a graph of it; without a graph, call it normally.

    Args:
        work: The work; all outputs are tensors.
        network: The network whose parameters and buffers it reads.
        inputs: Any collection of tensors and plain values.
        kind: What distinguishes this work from other work of the network, besides its inputs.
        generator: Source of the random numbers, passed on to the work; a replay draws the same numbers as a usual
            call, and advances the generator as far. None: the generator of the device.
        differentiable: Whether outputs may depend on tensors that require a gradient. Such outputs can be
            differentiated once; a second derivative through them is not possible.

    Returns:
        The outputs, which belong to the caller.
    """
    leaves, structure = tree_flatten(inputs)
    plain = tuple(None if isinstance(leaf, Tensor) else leaf for leaf in leaves)
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    # Nobody knows what a function among the inputs reads, and a graph would hold a number in main memory fixed.
    known = all(leaf is None or isinstance(leaf, bool | int | float | str) for leaf in plain)
    if not known or any(tensor.device != tensors[0].device for tensor in tensors):
        return work(inputs, generator)
    shapes = tuple((tensor.shape, tensor.dtype, tensor.device, tensor.requires_grad) for tensor in tensors)
    trains = tuple(parameter.requires_grad for parameter in network.parameters()) if differentiable else ()
    key = (kind, str(structure), plain, shapes, trains, generator is None, network.training, *_modes())
    kinds = _kinds.setdefault(network, OrderedDict())
    graphs = kinds.get(key)
    kinds[key] = graphs = _Graphs() if graphs is None else graphs
    kinds.move_to_end(key)
    if len(kinds) > KINDS:
        kinds.popitem(last=False)
    graphs.calls += 1
    if graphs.refused or (graphs.calls == 1 and not differentiable):
        return work(inputs, generator)
    recording = graphs.idle(network)
    if recording is None:
        if len(graphs.recordings) == COPIES:
            return work(inputs, generator)
        if graphs.calls == 1:
            _warm_up(work, network, leaves, structure, generator)
        try:
            recording = Recording(work, network, leaves, structure, generator is not None, differentiable)
        except RuntimeError as error:
            graphs.refused = True
            warnings.warn(
                f"Work of {type(network).__name__} cannot be captured as a CUDA graph and runs step by step, which is "
                f"slower: {str(error).splitlines()[0]}. A network must not wait for the GPU (.item(), .cpu(), "
                "boolean masks); compile: false turns the capture off.",
                stacklevel=2,
            )
            return work(inputs, generator)
        graphs.recordings.append(recording)
    return recording(tensors, network, generator)


def _warm_up(
    work: Work, network: nn.Module, leaves: list[Any], structure: TreeSpec, generator: torch.Generator | None
) -> None:
    """Do work and its backward pass for nothing: libraries allocate in a first call what they cannot in a capture."""
    leaves = [leaf.detach().requires_grad_(leaf.requires_grad) if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    device = tensors[0].device
    state = None if generator is None else generator.get_state()
    with torch.random.fork_rng([] if device.index is None else [device.index]):
        outputs = work(tree_unflatten(leaves, structure), generator)
    if generator is not None and state is not None:
        generator.set_state(state)
    ends = [output for output in outputs if output.requires_grad]
    sources = [tensor for tensor in (*tensors, *network.parameters()) if tensor.requires_grad]
    if ends and sources:
        with torch.autocast(device.type, enabled=False):
            torch.autograd.grad(ends, sources, [torch.zeros_like(end) for end in ends], allow_unused=True)


class Recording:
    """A graph of some work and, if its outputs can be differentiated, one of the backward pass.

    Its inputs, outputs and their gradients lie at fixed addresses. What comes from the caller is copied to them, and
    what goes to the caller is a copy.

    Args:
        work: The work.
        network: The network whose parameters it reads.
        leaves: The inputs in a list: tensors and plain values.
        structure: The collection that these inputs form.
        draws: Whether the caller names a generator.
        differentiable: Whether outputs may depend on tensors that require a gradient.
    """

    def __init__(
        self, work: Work, network: nn.Module, leaves: list[Any], structure: TreeSpec, draws: bool, differentiable: bool
    ) -> None:
        fixed = [
            leaf.detach().clone().requires_grad_(leaf.requires_grad) if isinstance(leaf, Tensor) else leaf
            for leaf in leaves
        ]
        self.inputs = [leaf for leaf in fixed if isinstance(leaf, Tensor)]
        device = self.inputs[0].device
        # The graph works on aliases of the weights, which share their memory and nothing of autograd: a gradient of the
        # weights themselves would be added up on the stream where they were used first, outside the capture.
        self.weights = {
            name: parameter.detach().requires_grad_(parameter.requires_grad)
            for name, parameter in network.named_parameters()
        }
        self.buffers = [buffer.detach() for buffer in network.buffers()]
        self.generator = torch.Generator(device) if draws else None
        self.outputs: list[Tensor] = []
        self.gradients: list[Tensor | None] = []
        self._turn = 0
        self._use: ReferenceType[_Use] | None = None
        # Activations wait for the backward pass while other graphs run, so they cannot share memory with these.
        pool = Graph.new_pool() if differentiable else Graph.shared_pool(device)
        run = _Run(network)
        weights = {f"network.{name}": weight for name, weight in self.weights.items()}
        arguments = tree_unflatten(fixed, structure)

        def forward() -> None:
            self.outputs = list(functional_call(run, weights, (work, arguments, self.generator)))

        self._forward = Graph(forward, device, pool, self.generator)
        self.differentiable: list[bool] = [output.requires_grad for output in self.outputs]
        self._backward: Graph | None = None
        if not any(self.differentiable):
            return
        self.output_gradients = [torch.zeros_like(output) for output in self.outputs if output.requires_grad]
        leaves = [*self.inputs, *self.weights.values()]
        sources = [leaf for leaf in leaves if leaf.requires_grad]

        def backward() -> None:
            for leaf in sources:
                leaf.grad = None
            with torch.autocast(device.type, enabled=False):
                torch.autograd.backward(
                    [output for output in self.outputs if output.requires_grad], self.output_gradients, inputs=sources
                )
            self.gradients = [leaf.grad for leaf in leaves]

        self._backward = Graph(backward, device, pool)

    def fits(self, network: nn.Module) -> bool:
        """Whether the parameters and buffers of the network are still at the addresses that the graph reads."""
        ours = [*self.weights.values(), *self.buffers]
        theirs = [*network.parameters(), *network.buffers()]
        return len(ours) == len(theirs) and all(
            mine.data_ptr() == other.data_ptr() for mine, other in zip(ours, theirs, strict=True)
        )

    @property
    def idle(self) -> bool:
        """Whether all outputs of the last replay were differentiated or freed."""
        return self._use is None or self._use() is None

    def __call__(
        self, inputs: list[Tensor], network: nn.Module, generator: torch.Generator | None
    ) -> tuple[Tensor, ...]:
        """Replay with new inputs."""
        if self._backward is None:
            return self.replay(inputs, generator)
        outputs: tuple[Tensor, ...] = _Replay.apply(self, generator, *inputs, *network.parameters())
        return outputs

    @torch.no_grad()
    def replay(self, inputs: Any, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        """Replay the graph on new inputs and return copies of the outputs."""
        self._turn += 1
        torch._foreach_copy_([mine.detach() for mine in self.inputs], list(inputs))
        if self.generator is not None and generator is not None:
            self.generator.set_state(generator.get_state())
        self._forward.replay()
        if self.generator is not None and generator is not None:
            generator.set_state(self.generator.get_state())
        return tuple(output.detach().clone() for output in self.outputs)

    def begin_use(self) -> _Use:
        """A token that prevents another replay until the outputs were differentiated."""
        use = _Use(self._turn)
        self._use = ref(use)
        return use

    @torch.no_grad()
    def differentiate(self, use: _Use | None, gradients: list[Tensor]) -> list[Tensor | None]:
        """Compute the gradients of inputs and parameters from the gradients of the outputs."""
        if use is None or use.turn != self._turn or self._backward is None:
            raise RuntimeError(
                "A replayed chain can be differentiated once: call backward once for all losses, or set compile: false."
            )
        self._turn += 1  # the backward pass overwrites the activations
        torch._foreach_copy_(self.output_gradients, gradients)
        self._backward.replay()
        found = [gradient for gradient in self.gradients if gradient is not None]
        copies = [torch.empty_like(gradient) for gradient in found]
        torch._foreach_copy_(copies, found)
        remaining = iter(copies)
        return [None if gradient is None else next(remaining) for gradient in self.gradients]


class _Use:
    """Lives as long as outputs of a replay can be differentiated."""

    def __init__(self, turn: int) -> None:
        self.turn = turn


class _Graphs:
    """All graphs of one kind of work."""

    def __init__(self) -> None:
        self.calls = 0
        self.refused = False
        self.recordings: list[Recording] = []

    def idle(self, network: nn.Module) -> Recording | None:
        """Find a recording that fits and is not in use. Recordings that no longer fit are dropped."""
        self.recordings = [recording for recording in self.recordings if recording.fits(network)]
        return next((recording for recording in self.recordings if recording.idle), None)


class _Run(nn.Module):
    """Calls a function of a network, so that ``functional_call`` can replace the weights of the network meanwhile."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, work: Work, inputs: Any, generator: torch.Generator | None) -> tuple[Tensor, ...]:
        return work(inputs, generator)


class _Replay(torch.autograd.Function):
    """A replay whose backward pass is a replay too."""

    @staticmethod
    def forward(
        ctx: Any, recording: Recording, generator: torch.Generator | None, *inputs: Tensor
    ) -> tuple[Tensor, ...]:
        outputs = recording.replay(inputs[: len(recording.inputs)], generator)
        ctx.recording, ctx.use = recording, recording.begin_use()
        ctx.mark_non_differentiable(
            *(output for output, has in zip(outputs, recording.differentiable, strict=True) if not has)
        )
        return outputs

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        recording, use = ctx.recording, ctx.use
        ctx.use = None  # the recording can be replayed, even if the outputs live on
        wanted = [g for g, has in zip(gradients, recording.differentiable, strict=True) if has]
        return (None, None, *recording.differentiate(use, wanted))


_kinds: WeakKeyDictionary[nn.Module, OrderedDict[Hashable, _Graphs]] = WeakKeyDictionary()


def _modes() -> tuple[Hashable, ...]:
    """The modes of torch that decide which kernels a graph has."""
    return (
        torch.is_autocast_enabled("cuda"),
        torch.get_autocast_dtype("cuda"),
        torch.backends.cuda.matmul.fp32_precision,
        torch.backends.cudnn.conv.fp32_precision,  # type: ignore[attr-defined] # made when torch is imported
        torch.backends.cudnn.benchmark,
        torch.are_deterministic_algorithms_enabled(),
    )
