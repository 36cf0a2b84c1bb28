"""What a large language model takes: the figures of the page are those of the code's shapes."""

from pathlib import Path

import pytest

from lean_ebm.experiments.language_scale import DEEPSEEK_MATH_7B, Load, footprint, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "language.md"
TINY = {
    "vocab_size": 100, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2,
}  # fmt: skip


def test_a_small_model_is_counted_as_by_hand():
    pytest.importorskip("peft", reason="needs the extra llm")
    load = Load(states=3, prompt=10, listed=2, tactic=4, lora=2, recompute=False)
    found = footprint(TINY, load)
    layer = 16 * 16 * 2 + 16 * 8 * 2 + 3 * 16 * 32  # queries and outputs, keys and values, and the three of the middle
    assert found.weights == 2 * (100 * 16 + 2 * layer + 5 * 16)  # two bytes; two norms a layer, and one at the end
    assert found.trained == 2 * 2 * (4 * 16 + 2 * (16 + 8) + 3 * (16 + 32))
    assert found.optimizer == 16 * found.trained
    assert found.prompts == 2 * 2 * (3 * 10 * 2 * 4) * 2  # keys and values of two layers
    tokens = load.tokens
    assert tokens == 3 * 18
    products = 2 * tokens * (2 * layer + found.trained)
    assert products <= found.forward < 1.5 * products  # and attention
    assert 1.5 * found.forward < found.step < 3.2 * found.forward  # frozen weights need no gradients
    less = footprint(TINY, Load(states=3, prompt=10, listed=2, tactic=4, lora=2))
    assert less.prompts < less.kept < found.kept and less.step > found.step
    lines = table(less, found, load).splitlines()
    assert len(lines) == 15 and all(line.count("|") == 3 for line in lines)


@pytest.mark.slow
def test_the_page_has_the_table_of_the_code():
    pytest.importorskip("peft", reason="needs the extra llm")
    found, whole = footprint(DEEPSEEK_MATH_7B, Load()), footprint(DEEPSEEK_MATH_7B, Load(recompute=False))
    assert table(found, whole, Load()) in PAGE.read_text(encoding="utf-8")
