"""Energies on language models: one reading of a prompt, packed candidates, gradients, and what a checkpoint holds."""

from types import SimpleNamespace

import pytest
import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor
from torch.nn import functional as F

from lean_ebm.characters import characters
from lean_ebm.energy import LanguageModelEnergy, LanguageModelLikelihood, load_energy, save_energy
from lean_ebm.errors import SettingError
from lean_ebm.gradient import energy_gradient
from lean_ebm.langevin import Langevin, LangevinMixin, langevin
from tiny_language import make_language_model

GOALS = ["p q : Prop\nh1 : p ∧ q\n⊢ q", "p : Prop\n⊢ p ∨ ¬p", "p q r : Prop\nh1 : p → q\nh2 : q → r\nh3 : p\n⊢ r"]
TACTICS = [
    ["cases h1 with | intro h2 h3 => ?_", "exfalso", "have h2 : p := ?_"],
    ["left", "right", "exfalso"],
    ["exact h1", "", ""],
]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_language_model(tmp_path_factory.mktemp("a model"))


@pytest.fixture(scope="module")
def energy(base):
    torch.manual_seed(0)
    return LanguageModelEnergy(base, tokens=8, hidden=16)


@pytest.fixture(scope="module")
def batch():
    text = torch.stack([F.pad(row, (0, 40 - row.shape[1]), value=-1) for row in map(characters, TACTICS)])
    return SimpleNamespace(text=characters(GOALS)), SimpleNamespace(text=text, mask=(text >= 0).any(dim=2))


def one(prompt, row):
    return apply_to_collection(prompt, Tensor, lambda part: part[row : row + 1])


def whole_states(network, goal, tokens):
    """The last states of a goal and a tactic that the library reads in one piece."""
    prompt = network.tokenizer(network.prompt.format(goal=goal))["input_ids"]
    numbers = torch.tensor([[*prompt, *tokens.tolist()]])
    return network.decoder(input_ids=numbers).last_hidden_state[0], len(prompt)


def test_energies_are_those_of_the_whole_text(energy, batch):
    """Goals are read once, in a batch and filled up; tactics are packed. Each energy is that of one whole text."""
    goals, tactics = batch
    encoded = energy.encode(goals)
    points = energy.encode_candidates(tactics, encoded)
    found = energy.rank(encoded, points)
    assert found.dtype == torch.float32 and found.shape == (3, 3)
    for row, goal in enumerate(GOALS):
        for column, tactic in enumerate(TACTICS[row]):
            if tactic:
                tokens = energy.tokens_of([tactic])[0]
                assert tokens[-1] == energy.end
                states, begin = whole_states(energy, goal, tokens)
                pooled = F.layer_norm(torch.cat([states[begin:].mean(dim=0), states[-1]]), (2 * energy.width,))
                expected = energy.last(F.silu(energy.first(pooled))).item()
                assert found[row, column].item() == pytest.approx(expected, abs=1e-5)
                alone = energy(energy.points(tokens)[None], one(encoded, row))
                assert alone.item() == pytest.approx(expected, abs=1e-5)


def test_an_energy_does_not_depend_on_what_is_beside_it(energy, batch):
    goals, tactics = batch
    encoded = energy.encode(goals)
    points = energy.encode_candidates(tactics, encoded)
    found = energy.rank(encoded, points)
    longer = F.pad(points, (0, 0, 0, 5))
    torch.testing.assert_close(energy.rank(encoded, longer), found, atol=1e-6, rtol=0)
    turned = energy.rank(encoded, points.flip(1)).flip(1)
    torch.testing.assert_close(turned, found, atol=1e-6, rtol=0)
    with pytest.MonkeyPatch.context() as patch:  # one tactic in a row of packed tokens
        patch.setattr("lean_ebm.energy.language.network.PACKED", 1)
        torch.testing.assert_close(energy.rank(encoded, points), found, atol=1e-6, rtol=0)
    for row, goal in enumerate(GOALS):
        alone = energy.rank(energy.read([energy.prompt.format(goal=goal)]), points[row : row + 1])
        torch.testing.assert_close(alone, found[row : row + 1], atol=1e-6, rtol=0)
    assert found.std() > 1e-3  # it does depend on the goal and on the tactic


@pytest.mark.parametrize("kind", [LanguageModelEnergy, LanguageModelLikelihood])
def test_goals_with_few_tactics_do_not_wait_for_goals_with_many(base, kind):
    """Each goal gets the energies that it gets when it is asked about singly, and little of a pass fills up."""
    network = kind(base, lora=0)
    counts = [1, 40, 2, 38]
    tactics = [[f"exact h{row}{place}" for place in range(counts[row % 4])] + [""] * 45 for row in range(8)]
    text = torch.stack([F.pad(rows := characters(row[:45]), (0, 12 - rows.shape[1]), value=-1) for row in tactics])
    goals = network.read([f"{row} p q : Prop" * (row + 1) for row in range(8)])
    listed = network.encode_candidates(SimpleNamespace(text=text, mask=(text >= 0).any(dim=2)), None)
    passed = []
    hook = network.decoder.register_forward_pre_hook(
        lambda module, args, inputs: passed.append(inputs["inputs_embeds"].shape[:2].numel()), with_kwargs=True
    )
    found = network.rank(goals, listed)
    hook.remove()
    for row in range(8):
        torch.testing.assert_close(
            network.rank(one(goals, row), listed[row : row + 1])[0], found[row], atol=1e-5, rtol=0
        )
        assert found[row, counts[row % 4] :].eq(0).all() and found[row, : counts[row % 4]].ne(0).all()
    assert sum(passed) <= 1.3 * network.present(listed).sum()


def test_the_gradient_to_soft_tokens_is_the_finite_difference(energy, batch):
    goals, tactics = batch
    encoded = energy.encode(goals)
    x = energy.encode_candidates(tactics, encoded)[:, 0]
    values, gradient = energy_gradient(energy, x, encoded)
    torch.manual_seed(0)
    direction = torch.randn_like(x) * (x != 0)
    step = 1e-3
    with torch.no_grad():
        rise = (energy(x + step * direction, encoded) - energy(x - step * direction, encoded)) / (2 * step)
    torch.testing.assert_close((gradient * direction).sum(dim=(1, 2)), rise, rtol=2e-2, atol=1e-3)
    assert gradient[(x == 0).all(dim=2)].eq(0).all() and gradient.abs().sum(dim=(1, 2)).min() > 0
    torch.testing.assert_close(values, energy.rank(encoded, x[:, None]).squeeze(1), atol=1e-6, rtol=0)


def test_adapters_and_head_learn_and_nothing_else(base, batch):
    goals, tactics = batch
    torch.manual_seed(0)
    kept, again = (LanguageModelEnergy(base, hidden=16, lora=2, lora_layers=2, recompute=value) for value in (0, 1))
    again.load_state_dict(kept.state_dict())
    with torch.no_grad():
        for network in (kept, again):
            for name, parameter in network.named_parameters():
                if "lora_B" in name:  # zeros at first, so that adapters change nothing
                    parameter.copy_(torch.arange(parameter.numel()).reshape(parameter.shape).sin())
    losses = []
    for network in (kept, again):
        encoded = network.encode(goals)
        energies = network.rank(encoded, network.encode_candidates(tactics, encoded))
        losses.append(energies[tactics.mask].square().sum())
        losses[-1].backward()
    assert torch.equal(*losses)
    learned = {name for name, parameter in kept.named_parameters() if parameter.grad is not None}
    assert learned == {name for name, parameter in kept.named_parameters() if parameter.requires_grad}
    assert learned == set(kept.state_dict()) and {"first.weight", "first.bias", "last.weight"} < learned
    adapters = learned - {"first.weight", "first.bias", "last.weight"}
    assert len(adapters) == 2 * 7 * 2 and all("lora" in name and ".layers.0." not in name for name in adapters)
    theirs = dict(again.named_parameters())
    for name, parameter in kept.named_parameters():
        if name in learned:
            assert parameter.grad.abs().sum() > 0, name
            torch.testing.assert_close(theirs[name].grad, parameter.grad)


def test_adapters_begin_as_nothing(base, energy, batch):
    goals, tactics = batch
    with_adapters = LanguageModelEnergy(base, tokens=8, hidden=16, lora=4)
    with_adapters.load_state_dict({**with_adapters.state_dict(), **energy.state_dict()})
    found = [
        network.rank(encoded := network.encode(goals), network.encode_candidates(tactics, encoded))
        for network in (energy, with_adapters)
    ]
    assert torch.equal(*found)


def test_a_file_holds_what_was_learned_and_names_the_model(base, batch, tmp_path):
    goals, tactics = batch
    network = LanguageModelEnergy(base, hidden=16, lora=2)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.normal_()
    save_energy(network, tmp_path / "energy.safetensors")
    assert (tmp_path / "energy.safetensors").stat().st_size < 60_000
    loaded = load_energy(tmp_path / "energy.safetensors")
    found = [
        some.rank(encoded := some.encode(goals), some.encode_candidates(tactics, encoded)) for some in (network, loaded)
    ]
    assert torch.equal(*found)
    broken = {name: value for name, value in network.state_dict().items() if name != "last.weight"}
    with pytest.raises(RuntimeError, match=r"last\.weight"):
        loaded.load_state_dict(broken)


def test_likelihoods_are_those_of_the_library(base, batch):
    goals, tactics = batch
    for tied in (True, False):
        network = LanguageModelLikelihood(base, lora=0)
        if not tied:
            network.base.lm_head.weight = torch.nn.Parameter(torch.randn(network.table.shape))
        encoded = network.encode(goals)
        tokens = network.encode_candidates(tactics, encoded)
        found = network.rank(encoded, tokens)
        for row, goal in enumerate(GOALS):
            for column, tactic in enumerate(TACTICS[row]):
                own = network.tokens_of([tactic])[0] if tactic else torch.zeros(0, dtype=torch.int64)
                states, begin = whole_states(network, goal, own)
                logs = network.base.lm_head(states).log_softmax(dim=1)
                expected = -sum(logs[begin - 1 + index, token].item() for index, token in enumerate(own))
                assert found[row, column].item() == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_another_architecture_with_learned_places(tmp_path, batch):
    goals, tactics = batch
    energy = LanguageModelEnergy(make_language_model(tmp_path / "gpt2", kind="gpt2"), hidden=8)
    energy.train()  # GPT-2 drops entries out while it is trained; what is frozen does not
    encoded = energy.encode(goals)
    found = energy.rank(encoded, energy.encode_candidates(tactics, encoded))
    tokens = energy.tokens_of([TACTICS[2][0]])[0]
    states, begin = whole_states(energy, GOALS[2], tokens)
    pooled = F.layer_norm(torch.cat([states[begin:].mean(dim=0), states[-1]]), (2 * energy.width,))
    assert found[2, 0].item() == pytest.approx(energy.last(F.silu(energy.first(pooled))).item(), abs=1e-5)


def test_the_nearest_texts(energy):
    tokens = energy.tokens_of(["exact h1", "left"])
    points = F.pad(energy.points(tokens), (0, 0, 0, 2))
    torch.manual_seed(0)
    near = points + 0.01 * torch.randn_like(points) * (points != 0)
    assert torch.equal(energy.nearest_tokens(near)[:, : tokens.shape[1]], tokens)
    torch.testing.assert_close(energy.nearest(near), points)
    assert energy.texts_of(energy.nearest_tokens(near)) == ["exact h1", "left"]
    # What comes after the first end is nothing; a text that has room and no end gets one.
    ended = points.clone()
    ended[0, 0] = energy.points(torch.tensor([energy.end]))[0]
    assert energy.texts_of(energy.nearest_tokens(ended))[0] == ""
    length = int((tokens[0] >= 0).sum())
    open_end = points.clone()
    open_end[0, length - 1 :] = 0
    assert energy.nearest_tokens(open_end)[0, : length + 1].tolist() == [*tokens[0, : length - 1].tolist(), 0, -1]
    x = near.requires_grad_()
    (gradient,) = torch.autograd.grad(energy.nearest(x).sum(), x)
    assert gradient.eq(1).all()


def test_chains_end_in_texts_and_go_down(energy, batch):
    goals, _ = batch
    encoded = energy.encode(goals)

    class Chains(LangevinMixin):
        def __init__(self):
            self.energy = energy

    torch.manual_seed(0)
    start = energy.nearest(torch.randn(3, *energy.shape))
    for every in (1, 3):
        seen = []
        settings = Langevin(steps=8, step_size=300.0, bounds="embeddings", project_every=every, monotone=every == 1)
        found = Chains().langevin(start, encoded, settings, on_step=lambda _, x, seen=seen: seen.append(x))
        texts = [torch.allclose(x, energy.nearest(x.clone()), atol=1e-5) for x in seen]
        assert all(texts[every - 1 :: every]) and texts[-1]
        assert texts.count(False) == 0 if every == 1 else not any(texts[0:2])
        if every == 1:  # a step that would raise the energy is undone, so texts get better
            assert (energy(found.x, encoded) <= energy(start, encoded)).all()
            assert not torch.allclose(found.x, start)
    with pytest.raises(SettingError, match="bounds is embeddings"):
        langevin(energy, start, encoded, Langevin(steps=1, bounds="embeddings"))


def test_mistakes_are_said_in_a_sentence(base, energy, tmp_path, monkeypatch):
    for wrong, message in (
        ({"tokens": 0}, "tokens is 0"),
        ({"lora": -1}, "lora is -1"),
        ({"lora_layers": -2}, "lora_layers is -2"),
        ({"prompt": "prove it"}, "expected a text with {goal}"),
        ({"dtype": "int4"}, "dtype is 'int4', expected one of float32, bfloat16"),
        ({"base": str(tmp_path / "nothing")}, "nothing cannot be loaded: .*--model.energy.base, or run make smollm2"),
    ):
        with pytest.raises(SettingError, match=message):
            LanguageModelEnergy(**{"base": base, **wrong})
    with pytest.raises(SettingError, match=r"these data have none: set --data.texts true"):
        energy.encode(SimpleNamespace(text=None))
    for library in ("transformers", "peft"):
        with monkeypatch.context() as patch:
            patch.setitem(__import__("sys").modules, library, None)
            with pytest.raises(SettingError, match=r"needs the extra llm: pip install 'lean-ebm\[llm\]'"):
                LanguageModelEnergy(base, lora=1)
