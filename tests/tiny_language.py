"""A language model with random weights and a tokenizer that was trained on a few goals, both made in a moment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # no test asks a hub

TEXTS = (
    "p q r : Prop\nh1 : p ∧ q → r\nh2 : ¬p\n⊢ q ∨ p", "exact h1", "intro h2", "left", "right", "exfalso",
    "cases h1 with | intro h2 h3 => ?_", "refine h1 ?_", "replace h1 := h1 ?_", "have h3 : p ∧ q := ?_",
    "specialize h1 h2", "constructor", "refine absurd ?_ h2", "exact absurd h1 h2",
)  # fmt: skip


def make_language_model(folder: Path, hidden_size: int = 16, tied: bool = True, kind: str = "llama") -> str:
    """Write a model of random weights; returns its folder."""
    pytest.importorskip("peft", reason="needs the extra llm: pip install 'lean-ebm[llm]'")
    pytest.importorskip("transformers", reason="needs the extra llm: pip install 'lean-ebm[llm]'")
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=["<end>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS * 5, trainer)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")
    transformers.utils.logging.disable_progress_bar()
    sizes = {
        "vocab_size": len(fast), "eos_token_id": 0, "bos_token_id": None, "pad_token_id": None,
        "tie_word_embeddings": tied, "initializer_range": 0.3,
    }  # fmt: skip
    if kind == "gpt2":
        config = transformers.GPT2Config(n_embd=hidden_size, n_layer=2, n_head=2, n_positions=256, **sizes)
    else:
        config = transformers.LlamaConfig(
            hidden_size=hidden_size, intermediate_size=2 * hidden_size, num_hidden_layers=3, num_attention_heads=4,
            num_key_value_heads=2, **sizes,
        )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = transformers.AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return str(folder)
