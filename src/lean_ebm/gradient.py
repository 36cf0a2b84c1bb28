"""The gradient of an energy with respect to its candidate. Only this file computes it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from typing import Any

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from lean_ebm.cuda_graphs import can_replay, network_of, replayed
from lean_ebm.errors import SettingError


def energy_gradient(
    energy: Callable[[Tensor, Any], Any],
    x: Tensor,
    condition: Any,
    *,
    create_graph: bool = False,
    compile: bool | None = False,
    has_aux: bool = False,
) -> tuple[Tensor, ...]:
    """Compute the energies of candidates, and their gradients with respect to the candidates.

    Works in every gradient mode of the caller, ``torch.inference_mode`` included.

    With ``create_graph`` attention (``torch.nn.functional.scaled_dot_product_attention``) is computed without fused
    kernels, which cannot be differentiated twice.

    Args:
        energy: The energy function.
        x: ``(B, ...)`` candidates.
        condition: What the energy is conditioned on; tensors with first dimension ``B``.
        create_graph: Whether both results can be differentiated again, with respect to the parameters of the energy and
            to ``x``.
        compile: Compile the energy and the gradient as one, see :class:`~lean_ebm.langevin.Langevin`.
        has_aux: Whether ``energy`` returns the energies and further tensors that it computed on the way.

    Returns:
        Energies ``(B,)``, gradients of the shape of ``x`` and, with ``has_aux``, the further tensors. They are detached
        unless ``create_graph`` is set.

    Raises:
        SettingError: If the energy does not return one value for each candidate.
    """
    with torch.inference_mode(False), torch.enable_grad():
        x, condition = apply_to_collection((x, condition), Tensor, leave_inference_mode)
        network = network_of(energy)
        if compile is False or network is None or not can_replay(x.device):
            return plain_energy_gradient(energy, x, condition, create_graph, bool(compile), has_aux)

        def work(inputs: tuple[Tensor, Any], _: torch.Generator | None) -> tuple[Tensor, ...]:
            return plain_energy_gradient(energy, *inputs, create_graph, False, has_aux)

        kind = "gradient", getattr(energy, "__func__", None), create_graph, has_aux
        return replayed(work, network, (x, condition), kind, differentiable=create_graph)


def plain_energy_gradient(
    energy: Callable[[Tensor, Any], Any],
    x: Tensor,
    condition: Any,
    create_graph: bool,
    compile: bool,
    has_aux: bool = False,
) -> tuple[Tensor, ...]:
    """:func:`energy_gradient` for callers that have enabled gradients and hold no tensor of inference mode."""
    # The fused kernels of attention have no second derivative.
    attention = sdpa_kernel(SDPBackend.MATH) if create_graph else nullcontext()
    if compile:
        with torch.set_grad_enabled(create_graph), attention:
            return _compiled_energy_gradient()(energy, x if create_graph else x.detach(), condition, has_aux)
    if not (create_graph and x.requires_grad):
        x = x.detach().requires_grad_()
    with attention:
        values, *aux = energy(x, condition) if has_aux else (energy(x, condition),)
    if values.dim() != 1 or len(values) != len(x):
        raise SettingError(
            f"An energy returned shape {tuple(values.shape)} for candidates of shape {tuple(x.shape)}, expected "
            f"{(len(x),)}: one energy for each candidate, so sum over all dimensions but the first."
        )
    (gradient,) = torch.autograd.grad(values, x, torch.ones_like(values), create_graph=create_graph)
    results = (values, gradient, *aux)
    return results if create_graph else tuple(result.detach() for result in results)


@cache
def _compiled_energy_gradient() -> Callable[[Callable[[Tensor, Any], Any], Tensor, Any, bool], tuple[Tensor, ...]]:
    """Compiled :func:`energy_gradient`; its results can be differentiated if gradients are enabled around the call."""

    def values_and_gradient(
        energy: Callable[[Tensor, Any], Any], x: Tensor, condition: Any, has_aux: bool
    ) -> tuple[Tensor, ...]:
        def total(x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
            values, *aux = energy(x, condition) if has_aux else (energy(x, condition),)
            return values.sum(), (values, *aux)

        # Compiled code can be differentiated only once: this gradient is taken inside it, that of the chain outside.
        gradient, (_, (values, *aux)) = torch.func.grad_and_value(total, has_aux=True)(x)
        return values, gradient, *aux

    # While torch compiles for a candidate within a chain, it reads the candidate's .grad, and then warns about its own
    # access.
    warnings.filterwarnings("ignore", "The .grad attribute of a Tensor that is not a leaf", UserWarning)
    return torch.compile(values_and_gradient)


def leave_inference_mode(tensor: Tensor) -> Tensor:
    """Clone a tensor from inference mode, because such a tensor cannot be saved for a backward pass.

    Any other tensor is returned as it is.
    """
    return tensor.clone() if tensor.is_inference() else tensor
