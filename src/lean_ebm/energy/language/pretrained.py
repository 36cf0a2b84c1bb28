"""Loads pretrained language models of the library transformers, freezes them and adds adapters."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from lean_ebm.errors import SettingError
from lean_ebm.files import cache_folder

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
"""Precisions of the weights of a pretrained model by name."""

_DROPOUTS = ("attention_dropout", "hidden_dropout", "dropout", "attn_pdrop", "resid_pdrop", "embd_pdrop")

INSTALL = "A language model needs the extra llm: pip install 'lean-ebm[llm]'."
"""What to do if the libraries are not there."""


def models_folder() -> Path:
    """The folder of models that ``make smollm2`` downloads. It may not exist yet."""
    return cache_folder() / "models"


def load_base(base: str, dtype: str, predicts: bool) -> tuple[nn.Module, Any]:
    """Load a causal language model and its tokenizer, with all weights frozen.

    Args:
        base: A folder, the name of a model in :func:`models_folder`, or a name that transformers knows.
        dtype: Precision of the weights, see :data:`DTYPES`.
        predicts: Whether the layer that predicts tokens is needed.

    Raises:
        SettingError: If the libraries or the model are not there, or the precision is not known; says what to do.
    """
    if dtype not in DTYPES:
        raise SettingError(f"dtype is {dtype!r}, expected one of {', '.join(DTYPES)}.")
    try:
        import transformers
    except ImportError as error:
        raise SettingError(INSTALL) from error
    transformers.utils.logging.disable_progress_bar()
    local = models_folder() / base
    place = str(local) if local.is_dir() and not Path(base).is_dir() else base
    kind = transformers.AutoModelForCausalLM if predicts else transformers.AutoModel
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(place)
        config = transformers.AutoConfig.from_pretrained(place)
        for name in _DROPOUTS:
            if hasattr(config, name):  # what is frozen learns nothing from it, and energies must not be random
                setattr(config, name, 0.0)
        model = kind.from_pretrained(place, config=config, dtype=DTYPES[dtype], attn_implementation="sdpa")
    except (OSError, ValueError) as error:
        raise SettingError(
            f"The language model {base} cannot be loaded: {str(error).splitlines()[0]} Give a folder with its files to "
            f"--model.energy.base, or run make smollm2, which writes {models_folder() / 'smollm2'}."
        ) from error
    if tokenizer.eos_token_id is None:
        raise SettingError(f"The tokenizer of {base} has no token for the end of a text, which ends a tactic.")
    model.requires_grad_(False).train()
    return model, tokenizer


def add_lora(decoder: nn.Module, rank: int, layers: int | None) -> None:
    """Add low-rank adapters to all linear layers of a model (LoRA, Hu et al. 2021, equation 3), in place.

    At first they change nothing. Only they are trained.

    Args:
        decoder: The layers of the model, without the one that predicts tokens.
        rank: Their rank, at least 1.
        layers: How many of the last layers get adapters; None: all.

    Raises:
        SettingError: If the library is not there.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise SettingError(INSTALL) from error
    all_layers = layers_of(decoder)
    chosen = list(all_layers)[-layers:] if layers else list(all_layers)
    linear = [module for layer in chosen for module in layer.modules() if isinstance(module, nn.Linear)]
    names = [name for name, module in decoder.named_modules() if any(module is other for other in linear)]
    if not names:
        raise SettingError(f"{type(decoder).__name__} has no linear layers for adapters: set --model.energy.lora 0.")
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=names), decoder)
    for name, parameter in decoder.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.float()


def layers_of(decoder: nn.Module) -> nn.ModuleList:
    """The layers of a transformer, first to last."""
    config: Any = decoder.config
    count = config.get_text_config().num_hidden_layers
    for module in decoder.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise SettingError(f"{type(decoder).__name__} has no list of its {count} layers: take another model.")


def recompute_layers(decoder: nn.Module) -> None:
    """Make a model keep only the inputs of its layers, and compute a layer again when it is differentiated.

    (Chen et al. 2016.) The models' own setting for this gives up the keys and values of the prompt, which are needed.
    """
    for layer in layers_of(decoder):
        layer.forward = partial(_recomputed, layer.forward)


def _recomputed(forward: Any, *args: Any, **kwargs: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*args, **kwargs)
    return checkpoint(forward, *args, use_reentrant=False, preserve_rng_state=False, **kwargs)
