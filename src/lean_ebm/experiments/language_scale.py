"""Computes the cost of training an energy on a large language model, from the shapes in the code.

    python -m lean_ebm.experiments.language_scale

prints a table in Markdown for DeepSeek-Math-7B on 8 GPUs, which ``docs/language.md`` contains. The model is built from
its settings on the device ``meta``, where tensors have shapes and no numbers, and the passes of a training step run
there: weights are counted, what the graph keeps for the backward pass is added up tensor by tensor, and operations are
counted by torch. Nothing is measured on a GPU. It needs the extra ``llm``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from lean_ebm.energy.language.pretrained import DTYPES, add_lora, layers_of, recompute_layers

DEEPSEEK_MATH_7B = {
    "vocab_size": 102_400, "hidden_size": 4096, "intermediate_size": 11_008, "num_hidden_layers": 30,
    "num_attention_heads": 32, "num_key_value_heads": 32, "max_position_embeddings": 4096,
}  # fmt: skip
"""The settings of deepseek-ai/deepseek-math-7b-base (Shao et al. 2024, arXiv 2402.03300), a model of the kind Llama."""

GPU_TERAFLOPS = 400.0
"""Assumed speed of one GPU in bfloat16, 10^12 operations a second: about half of the peak of an H100."""


@dataclass(frozen=True)
class Load:
    """A training step on one GPU.

    Args:
        states: Number of proof states.
        prompt: Tokens of a printed goal.
        listed: Tactics of a state.
        tactic: Tokens of a tactic.
        lora: Rank of the adapters.
        lora_layers: How many of the last layers have adapters; None: all.
        recompute: Whether layers are computed again for gradients.
    """

    states: int = 16
    prompt: int = 256
    listed: int = 16
    tactic: int = 16
    lora: int = 16
    lora_layers: int | None = None
    recompute: bool = True

    @property
    def tokens(self) -> int:
        """Tokens of a step."""
        return self.states * (self.prompt + self.listed * self.tactic)


@dataclass(frozen=True)
class Footprint:
    """The cost of a training step on one GPU.

    Attributes:
        weights: Bytes of the frozen weights.
        trained: Number of trained weights of the adapters; the head is small beside them.
        prompts: Bytes of the keys and values of all prompts.
        kept: Bytes that the graph keeps for the backward pass, prompts included.
        forward: Operations of the forward pass.
        step: Operations of the whole step.
    """

    weights: int
    trained: int
    prompts: int
    kept: int
    forward: int
    step: int

    @property
    def optimizer(self) -> int:
        """Bytes of the trained weights with their gradients and the two averages of AdamW, all float32."""
        return 4 * 4 * self.trained


def footprint(settings: dict[str, Any], load: Load, dtype: str = "bfloat16") -> Footprint:
    """Compute the cost of a training step.

    Args:
        settings: Settings of a model of the kind Llama.
        load: The step.
        dtype: Precision of the frozen weights.
    """
    import transformers  # of the extra, as the passes

    from lean_ebm.energy.language.passes import pack, read, states_of

    config = transformers.LlamaConfig(**settings, attn_implementation="sdpa", dtype=DTYPES[dtype])
    with torch.device("meta"):
        decoder = transformers.AutoModel.from_config(config, dtype=DTYPES[dtype]).requires_grad_(False)
        weights = sum(part.numel() * part.element_size() for part in decoder.parameters())
        add_lora(decoder, load.lora, load.lora_layers)
    decoder.to("meta")
    if load.recompute:
        recompute_layers(decoder)
    trained = sum(part.numel() for part in decoder.parameters() if part.requires_grad)
    mask = torch.ones(load.states, load.prompt, dtype=torch.bool)
    packing = pack(torch.ones(load.states, load.listed, load.tactic, dtype=torch.bool))
    own = {part.untyped_storage()._cdata for part in decoder.parameters()}
    kept: dict[int, int] = {}
    held: list[Tensor] = []  # so that no storage is taken for another one

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage.nbytes()
            held.append(tensor)
        return tensor

    def noted(_: Any, given: tuple[Any, ...]) -> None:
        keep(given[0])

    for layer in layers_of(decoder):  # whose inputs are kept if it is computed again, and not in the graph
        layer.register_forward_pre_hook(noted)
    tokens = torch.zeros(load.states, load.prompt, dtype=torch.int64, device="meta")
    width = settings["hidden_size"]
    embedded = torch.zeros(load.states, load.listed * load.tactic, width, dtype=DTYPES[dtype], device="meta")
    packed = type(packing)(*[part.to("meta") for part in packing])
    with FlopCounterMode(display=False) as forward, saved_tensors_hooks(keep, lambda tensor: tensor):
        prompt = read(decoder, tokens, mask.to("meta"))
        states = states_of(decoder, prompt, embedded, packed)
    with FlopCounterMode(display=False) as backward:
        states.float().sum().backward()
    pairs = 0
    for part in (*prompt.keys, *prompt.values):
        pairs += part.numel() * part.element_size()
        keep(part)
    return Footprint(
        weights,
        trained,
        pairs,
        sum(kept.values()),
        forward.get_total_flops(),
        forward.get_total_flops() + backward.get_total_flops(),
    )


def table(found: Footprint, whole: Footprint, load: Load, gpus: int = 8) -> str:
    """The table in Markdown.

    Args:
        found: What a step takes.
        whole: The same if layers are not computed again.
        load: The step.
        gpus: Number of GPUs.
    """
    seconds = found.step / (GPU_TERAFLOPS * 1e12)
    total = found.weights + found.optimizer + found.kept
    rows = [
        ("frozen weights, bfloat16", f"{found.weights / 1e9:.1f} GB"),
        (
            f"adapters of rank {load.lora} in all layers: {found.trained / 1e6:.0f} million weights, with "
            "their gradients and AdamW's averages, float32",
            f"{found.optimizer / 1e9:.2f} GB",
        ),
        (
            f"keys and values of {load.states} prompts of {load.prompt} tokens, for all {load.listed} tactics",
            f"{found.prompts / 1e9:.1f} GB",
        ),
        ("the same if each tactic had its own copy", f"{load.listed * found.prompts / 1e9:.0f} GB"),
        ("all that the backward pass needs, with `recompute: true`", f"{found.kept / 1e9:.1f} GB"),
        ("the same with `recompute: false`", f"{whole.kept / 1e9:.0f} GB"),
        ("together, with `recompute: true`", f"{total / 1e9:.0f} GB"),
        ("gradients that DDP adds up over GPUs in a step", f"{4 * found.trained / 1e9:.2f} GB"),
        ("what FSDP would gather twice in a step instead", f"{found.weights / 1e9:.1f} GB"),
        (f"operations of a step of {load.tokens:,} tokens", f"{found.step / 1e15:.1f} x 10^15"),
        (f"seconds of a step at {GPU_TERAFLOPS:.0f} x 10^12 operations a second", f"{seconds:.1f}"),
        (f"tokens a second on {gpus} GPUs at that speed", f"{gpus * load.tokens / seconds:,.0f}"),
        (
            f"hours for 1,000,000 states on {gpus} GPUs",
            f"{1e6 / (gpus * load.states) * seconds / 3600:.1f}",
        ),
    ]
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(["| on each of the GPUs | |", "|---|---|", *lines])


def main() -> None:
    """Print the table for DeepSeek-Math-7B on 8 GPUs."""
    load, without = Load(), Load(recompute=False)
    print(table(footprint(DEEPSEEK_MATH_7B, load), footprint(DEEPSEEK_MATH_7B, without), load))


if __name__ == "__main__":
    main()
