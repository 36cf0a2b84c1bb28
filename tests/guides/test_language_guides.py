"""A language model learns tactics and proves with them; an energy on one chooses among the listed ones."""

import sys

import pytest
import torch

from language_lesson import PROOF, THEOREM, lesson, proof
from lean_ebm.__main__ import main as command
from lean_ebm.characters import strings
from lean_ebm.cli.guidance import find_guide
from lean_ebm.cli.proving import main
from lean_ebm.data.proofs import batch_of
from lean_ebm.data.proofs.texts import with_texts
from lean_ebm.energy import LanguageModelEnergy, LanguageModelLikelihood, ProofEnergy
from lean_ebm.energy.files import WrittenMethod, write_energy
from lean_ebm.errors import SettingError
from lean_ebm.guides import LangevinGuide, NetworkGuide, ResidualGuide, WritingGuide, load
from lean_ebm.methods import LanguagePolicy, Ranking
from lean_ebm.proving import GuidedProver, Logic, SearchBudget, SizeGuide, Statement
from lean_ebm.proving.candidates import listed_goal
from lean_ebm.proving.candidates.texts import texts_of
from lean_ebm.proving.search import SequentGoal, StateBestFirst, StateGoal
from tiny_language import make_language_model

OTHER = "(p q : Prop) (h : p) : p ∨ q"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_language_model(tmp_path_factory.mktemp("a model"), hidden_size=32)


def texts_of_proof():
    """The right tactics, as goals without names have them."""
    known, _, right = lesson()
    return strings(torch.stack([known.text[row, index] for row, index in enumerate(right)]))


def _untagged(goal):
    """A goal without the line that says which case it is."""
    return goal.partition("\n")[2] if goal.startswith("case ") else goal


@pytest.fixture(scope="module")
def policy(base):
    """A policy that has learned the proof, with the goals of both kinds of searches."""
    torch.manual_seed(0)
    method = LanguagePolicy(LanguageModelLikelihood(base, tokens=24))
    energy = method.energy
    known, goals, _ = lesson()
    printed = [(_untagged(state.goals[0]), tactic) for state, tactic in proof()]
    tokens = energy.tokens_of([tactic for _, tactic in printed])
    optimizer = torch.optim.AdamW([part for part in method.parameters() if part.requires_grad], lr=1e-2)
    for _ in range(60):
        prompts = energy.read([energy.prompt.format(goal=goal) for goal, _ in printed])
        loss = method.loss((known, goals))["loss"] + energy(tokens, prompts).mean() / 5
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return method.eval()


def test_the_loss_is_that_of_the_next_token(base):
    method = LanguagePolicy(LanguageModelLikelihood(base))
    known, goals, right = lesson()
    encoded = method.energy.encode(goals)
    energies = method.energy.rank(encoded, method.energy.encode_candidates(known, encoded))
    chosen = energies.gather(1, torch.tensor(right)[:, None])
    count = (method.energy.tokens_of(list(PROOF)) >= 0).sum()
    terms = method.loss((known, goals))
    assert terms["loss"].item() == pytest.approx(chosen.sum().item() / count.item(), rel=1e-5)
    assert terms["tactic"].item() == pytest.approx(chosen.mean().item(), rel=1e-5)
    dead = known._replace(after=torch.full_like(known.after, torch.inf))
    nothing = method.loss((dead, goals))["loss"]
    nothing.backward()
    assert nothing.item() == 0 and not method.compares_conditions


def test_a_sample_is_a_tactic_that_it_writes(policy):
    _, goals, _ = lesson()
    found = [policy.generate(goals, generator=torch.Generator().manual_seed(seed)).x for seed in (0, 0, 1)]
    assert found[0].shape == (5, 24) and torch.equal(*found[:2]) and not torch.equal(found[0], found[2])
    assert set(policy.energy.texts_of(torch.cat(found))) & set(texts_of_proof())
    energies = policy.candidate_energy(found[0], goals)
    assert energies.shape == (5,) and energies.min() > 0


def test_what_it_learned_it_proves(policy):
    """It writes for goals without names, of whose listed tactics some are found, and for goals of an environment."""
    for beam in (True, False):
        guide = WritingGuide(policy, proposals=4 if beam else 48, sampled=not beam)
        for narrow in (False, True):
            prover = GuidedProver(guide, StateBestFirst(), narrow=narrow)
            with Logic() as logic:
                result = prover.prove(logic, Statement.of(THEOREM), SearchBudget(applications=40))
            assert result.proved and result.evaluations % 4 == 0, (beam, narrow)
            assert result.applications <= 12
    with Logic() as logic:  # of another theorem it knows nothing, and the search runs out of tactics
        lost = GuidedProver(WritingGuide(policy, 2)).prove(
            logic, Statement.of("(p q r : Prop) : (p → q) ∨ ¬r ∨ (q ∧ r)")
        )
        assert not lost.proved and lost.exhausted


def test_advice_has_the_log_probabilities_of_what_is_listed(policy):
    state = Logic().start(Statement.of(THEOREM)).state
    goal = SequentGoal(listed_goal(state).sequent)
    (advice,) = WritingGuide(policy, proposals=6).advise([goal])
    assert advice.cost == 6 and advice.value is None and advice.tactics[0] in goal.tactics
    assert goal.tactics.index(advice.tactics[0]) == 0  # intro
    _, log_priors, _ = policy.assess(*with_texts(*batch_of([goal.listing()])))
    energies, _, _ = policy.assess(*with_texts(*batch_of([goal.listing()])))
    for tactic, log in zip(advice.tactics, advice.log_priors, strict=True):
        assert log == pytest.approx(-energies[0, goal.tactics.index(tactic)].item(), abs=1e-3)
    assert log_priors.exp().sum().item() == pytest.approx(1.0, abs=1e-5)
    (written,) = WritingGuide(policy, proposals=6).advise([StateGoal(Logic(), state)])
    assert "intro h1" in written.tactics and all(isinstance(text, str) for text in written.tactics)


@pytest.mark.parametrize("sampled", [False, True])
def test_advice_does_not_depend_on_other_goals(policy, sampled):
    states = [state for state, _ in proof()]
    goals = [SequentGoal(listed_goal(state).sequent) for state in states]
    guide = WritingGuide(policy, proposals=3, sampled=sampled, seed=5)
    together = guide.advise(goals)
    for goal, advice in zip(goals, together, strict=True):
        (alone,) = guide.advise([goal])
        assert alone.tactics == advice.tactics
        assert alone.log_priors == pytest.approx(advice.log_priors, abs=2e-4)
    if sampled:
        others = WritingGuide(policy, proposals=3, sampled=True, seed=6).advise(goals)
        assert [one.log_priors for one in others] != [one.log_priors for one in together]


def test_beams_are_those_of_the_library(policy):
    from lean_ebm.energy.language.generation import generate

    energy = policy.energy
    prompts = [energy.prompt.format(goal=goal) for goal in ("p q : Prop\n⊢ p ∧ q → q ∧ p", "p : Prop\nh1 : p\n⊢ p")]
    found = generate(energy, energy.read(prompts), 4)
    torch.testing.assert_close(
        -energy.rank(energy.read(prompts), found.tokens), found.log_probabilities, atol=1e-3, rtol=1e-4
    )
    for row, prompt in enumerate(prompts):
        tokens = energy.tokenizer(prompt, return_tensors="pt")["input_ids"]
        theirs = energy.base.generate(
            tokens, attention_mask=torch.ones_like(tokens), num_beams=4, num_return_sequences=4, max_new_tokens=24,
            do_sample=False, length_penalty=0.0, early_stopping=False, pad_token_id=energy.end,
            return_dict_in_generate=True, output_scores=True,
        )  # fmt: skip
        scores = found.log_probabilities[row].sort(descending=True).values
        assert scores[0].item() == pytest.approx(theirs.sequences_scores[0].item(), abs=1e-3)
        best = energy.texts_of(theirs.sequences[:1, tokens.shape[1] :])
        assert energy.texts_of(found.tokens[row])[int(found.log_probabilities[row].argmax())] == best[0]


def test_an_energy_chooses_among_listed_tactics(base):
    torch.manual_seed(0)
    method = Ranking(LanguageModelEnergy(base, hidden=8))
    states = [Logic().start(Statement.of(text)).state for text in (THEOREM, OTHER)]
    goals = [SequentGoal(listed_goal(state).sequent) for state in states]
    advices = NetworkGuide(method).advise(goals)
    for goal, advice in zip(goals, advices, strict=True):
        texts = texts_of(goal.listing())
        prompt = method.energy.read([method.energy.prompt.format(goal=texts.goal)])
        energies = method.energy.rank(prompt, method.energy.points(method.energy.tokens_of(texts.tactics))[None])[0]
        assert advice.energies == pytest.approx(energies.tolist(), abs=2e-4)
        assert advice.cost == len(goal.tactics) and advice.value is not None
    with pytest.raises(SettingError, match="leave out the settings of chains"):
        LangevinGuide(method)


def test_guides_are_made_of_files(policy, base, tmp_path, capsys):
    file = tmp_path / "policy.safetensors"
    method = WrittenMethod({"class_path": "lean_ebm.methods.LanguagePolicy", "init_args": {}}, {})
    write_energy(file, policy.energy.settings, policy.energy.state_dict(), method)
    assert file.stat().st_size < 200_000  # adapters, and nothing of the pretrained model
    guide = load(file, writing={"proposals": 4})
    assert isinstance(guide, WritingGuide) and guide.proposals == 4
    for tactics in ("wide", "written"):
        command = ["prove", THEOREM, "--guide", str(file), "--search", "best-first", "--tactics", tactics]
        assert main([*command, "--proposals", "4", "--applications", "40"]) == 0
        assert "verified by" in capsys.readouterr().out
    assert main(["suggest", THEOREM, "--guide", str(file)]) == 0
    assert "p 0." in (shown := capsys.readouterr().out) and "  intro h1" in shown and "8 evaluations" in shown
    small = Ranking(ProofEnergy(width=8, heads=2, embedding=4, hidden=4))
    residual = ResidualGuide(small, guide.method)
    (advice,) = residual.advise([SequentGoal(listed_goal(Logic().start(Statement.of(OTHER)).state).sequent)])
    assert len(advice.tactics) == len(advice.log_priors) > 1
    with pytest.raises(SettingError, match="has no chains"):
        load(file, langevin={"steps": 2})
    for wrong, message in (
        (["--guide", "sizes", "--tactics", "written"], "--tactics written is for a language policy"),
        (["--guide", str(file), "--tactics", "narrow"], "writes its own tactics"),
        (["--guide", "default", "--proposals", "3"], "are for a language policy"),
        (["--guide", "sizes", "--sampled"], "--sampled is for a trained guide"),
    ):
        assert main(["prove", THEOREM, *wrong]) == 2
        assert message in capsys.readouterr().err
    with pytest.raises(SettingError, match="proposals is 0"):
        WritingGuide(policy, 0)
    with pytest.raises(SettingError, match="LanguageModelLikelihood, not LanguageModelEnergy"):
        LanguagePolicy(LanguageModelEnergy(base))
    assert isinstance(find_guide("sizes"), SizeGuide)


@pytest.mark.parametrize("library", ["transformers", "peft"])
def test_a_command_says_what_to_install(library, base, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, library, None)  # an import of it fails
    monkeypatch.setattr(sys, "argv", ["lean-ebm", "fit", "--config=proving/language", f"--model.energy.base={base}"])
    with pytest.raises(SystemExit) as stop:
        raise SystemExit(command())
    said = f"{stop.value.code} {capsys.readouterr().err}"
    assert "needs the extra llm: pip install 'lean-ebm[llm]'" in said and "Traceback" not in said
