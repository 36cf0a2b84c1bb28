"""Tests with a real language model. They skip unless `make smollm2` has downloaded it."""

import pytest
import torch
from torch.nn import functional as F

from language_lesson import lesson
from lean_ebm.characters import strings
from lean_ebm.energy import LanguageModelEnergy, LanguageModelLikelihood
from lean_ebm.energy.language.pretrained import models_folder
from lean_ebm.methods import LanguagePolicy

pytest.importorskip("peft", reason="needs the extra llm: pip install 'lean-ebm[llm]'")
pytest.importorskip("transformers", reason="needs the extra llm: pip install 'lean-ebm[llm]'")


def _model() -> str | None:
    """The folder of the model: in the folder of caches of the tests, or in the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        for own in (False, True):
            if own:
                patch.delenv("LEAN_EBM_CACHE", raising=False)
            if (models_folder() / "smollm2" / "config.json").is_file():
                return str(models_folder() / "smollm2")
    return None


MODEL = _model()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(MODEL is None, reason="needs a language model: make smollm2")]


def test_energies_are_those_of_the_whole_text_and_read_once_is_faster():
    from lean_ebm.experiments.language_chains import measure

    torch.manual_seed(0)
    energy = LanguageModelEnergy(MODEL)
    known, goals, right = lesson()
    with torch.no_grad():
        found = energy.rank(energy.encode(goals), energy.encode_candidates(known, None))
        for row, (goal, column) in enumerate(zip(strings(goals.text), right, strict=True)):
            (tactic,) = strings(known.text[row, column, None])
            prompt = energy.tokenizer(energy.prompt.format(goal=goal))["input_ids"]
            whole = torch.tensor([[*prompt, *energy.tokens_of([tactic])[0].tolist()]])
            states = energy.decoder(input_ids=whole).last_hidden_state[0]
            pooled = torch.cat([states[len(prompt) :].mean(dim=0), states[-1]])
            expected = energy.last(F.silu(energy.first(F.layer_norm(pooled, pooled.shape)))).item()
            assert found[row, column].item() == pytest.approx(expected, abs=1e-3)
    measured = measure(energy, steps=4)
    assert measured["apart"] <= 1e-3 and measured["each"] > 1.5 * measured["once"]


def test_a_policy_learns_a_proof_and_writes_what_is_likely():
    from lean_ebm.energy.language.generation import generate

    torch.manual_seed(0)
    network = LanguageModelLikelihood(MODEL, tokens=24, lora_layers=10)
    method = LanguagePolicy(network)
    known, goals, right = lesson()
    optimizer = torch.optim.AdamW([part for part in method.parameters() if part.requires_grad], lr=2e-3)
    losses = []
    for _ in range(25):
        loss = method.loss((known, goals))["loss"]
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0] / 4
    prompts = network.encode(goals)
    written = generate(network, prompts, 4)
    assert written.log_probabilities.diff(dim=1).le(0).all()
    with torch.no_grad():
        energies = network.rank(prompts, written.tokens)
    torch.testing.assert_close(-energies, written.log_probabilities, atol=1e-3, rtol=1e-3)
    best = network.texts_of(written.tokens[:, 0])
    wanted = [strings(known.text[row, column, None])[0] for row, column in enumerate(right)]
    assert sum(one == other for one, other in zip(best, wanted, strict=True)) >= 3
