"""`make language`, with a tiny language model, and the parts of its report."""

import json
from pathlib import Path

import pytest

import forked
from lean_ebm.cli.cards import verification
from lean_ebm.errors import RunError
from lean_ebm.experiments.language import LANGUAGE, body, plan
from lean_ebm.experiments.language_runs import COMPARED, ConjecturesRun, OwnFolder, ProveRun
from lean_ebm.experiments.runs import Figures, TrainingRun
from lean_ebm.proving.theorems.card import DataCard
from lean_ebm.proving.theorems.oversight import Audit
from tiny_language import make_language_model

CARD = f"""# Data card

Text.

## Verification

{verification(DataCard([{}] * 50_000, ["0"] * 50_000, Audit(50_000, 1000, ((None, None),) * 2, "Lean 4.35.0")))}
"""
CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "proving"


def _program(folder, module, arguments, accepted=(0,)):
    done = forked.run("-m", module, *arguments)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.log").write_text(done.stdout + done.stderr)
    if done.returncode not in accepted:
        raise RunError(f"failed: {done.stderr}")


@pytest.mark.slow
def test_a_dry_run_makes_every_part_and_repeats_nothing(tmp_path, monkeypatch, capsys):
    base = make_language_model(tmp_path / "model")
    monkeypatch.setattr(
        TrainingRun,
        "_run",
        lambda self, command, _, *more: _program(self.path, "lean_ebm", self.arguments(command, *more)),
    )
    monkeypatch.setattr(
        OwnFolder,
        "run",
        lambda self, module, arguments, _, accepted=(0,): _program(self.path, module, arguments, accepted),
    )
    arguments = ["--fast", f"--base={base}", f"--folder={tmp_path}", f"--configs={CONFIGS}"]
    LANGUAGE.main(arguments)
    text = (tmp_path / "language.md").read_text()
    assert "A dry run" in text and "Failures" not in text
    for title in ("States", "Ends of chains", "Theorems", "Reading a state once", "Conjectures", "Verification"):
        assert f"# {title}\n" in text
    assert text.count("\n# ") == 0 and "### Sources" in text  # the title of the card is left out
    assert all(prover.title in text for prover in COMPARED.values())
    evaluated = json.loads((tmp_path / "language/seed-0/evaluation.json").read_text())["metrics"]
    assert f"{evaluated['test/top_1']:.3f}" in text and f"{evaluated['test/chain_parses']:.3f}" in text
    chains = json.loads((tmp_path / "chains/record.json").read_text())
    assert chains["apart"] < 1e-3 and chains["each"] > chains["once"]
    capsys.readouterr()
    LANGUAGE.main(arguments)
    assert "begun" not in capsys.readouterr().out


def test_the_targets_are_compared_with_the_figures(tmp_path, monkeypatch):
    found = {
        "language": Figures(
            [{"metrics": {"test/top_1": 0.4, "test/top_1_chance": 0.1}, "fit": {"seconds": 2000}, "values": {}}]
        ),
        "language_policy": Figures([]),
        "energy": Figures([]),
    }
    monkeypatch.setattr("lean_ebm.experiments.language.finished", lambda _: found)
    options = LANGUAGE.options([f"--folder={tmp_path}"])
    runs = plan(options)
    conjectures = next(run for run in runs if isinstance(run, ConjecturesRun))
    beam = next(run for run in runs if isinstance(run, ProveRun) and run.prover == "beam")
    for run, figures in (
        (conjectures, {"hard": 16_000, "seconds": 1500, "card": CARD}),
        (beam, {"proved": [1] * 30 + [0] * 70, "seconds": 600}),
    ):
        run.path.mkdir(parents=True)
        run.record.write_text(json.dumps({"settings": run.settings(), **figures}))
    texts = body(options, runs)
    assert "| best tactic right, in multiples of chance | 3 | 4.0 | yes |" in texts[2]
    assert "| minutes for 50,000 conjectures | at most 30 | 25.0 | yes |" in texts[2]
    assert "| of these not proved by best-first search | a third | 0.320 | no |" in texts[2]
    assert "| their proofs that the kernel accepts | all | 50,000 of 50,000 | yes |" in texts[2]
    assert "| refused by Lean of a sample of these proofs | 0 | 2 of 1,000 | no |" in texts[2]
    assert any("| language policy, beam of 8, best-first | 0.30 [" in text for text in texts)
    assert CARD.partition("\n\n")[2].replace("## ", "### ").strip() in texts
    with pytest.raises(RunError, match="language_policy: it was not trained"):
        beam.command()
