"""The commands prove and suggest with a checkpoint that a fit has written, and with the guide of the package."""

import re

import pytest

from helpers import quiet_trainer
from lean_ebm.cli.export import main as export
from lean_ebm.cli.proving import main
from lean_ebm.data import ProofSteps
from lean_ebm.energy import AffineChunkEnergy, ChunkProposer, MLPEnergy, ProofEnergy, load_energy, save_energy
from lean_ebm.guides import load
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT, ChunkPolicy, ChunkRanking, PolicyValue, Ranking

SWAP = "(p q : Prop) : p ∧ q → q ∧ p"
GOAL = "(p q : Prop) (h : p ∧ q) : q"
SMALL = {"width": 8, "depth": 1, "heads": 2, "embedding": 6, "hidden": 8}


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """Checkpoints of a small energy and of a small pair after two steps of training, and one of another kind."""
    folder = tmp_path_factory.mktemp("checkpoints")
    chain = Langevin(steps=4, step_size=0.5, bounds="sphere")
    for name, method in (
        ("energy", Ranking(ProofEnergy(**SMALL), chain, temperature=0.7)),
        ("pair", PolicyValue(ProofEnergy(**SMALL), chain)),
        ("chunks", ChunkRanking(AffineChunkEnergy(**SMALL))),
        ("proposer", ChunkPolicy(ChunkProposer(**SMALL))),
        ("digits", EBT(MLPEnergy(shape=(3,), num_classes=2), chain=Langevin(steps=1, graph="last"), sampler=chain)),
    ):
        trainer = quiet_trainer(folder, max_steps=2, limit_val_batches=0, log_every_n_steps=1)
        if name in ("chunks", "proposer", "digits"):
            trainer.strategy.connect(method)
        else:
            trainer.fit(method, ProofSteps(theorems=120, workers=1, batch_size=16))
        trainer.save_checkpoint(folder / f"{name}.ckpt")
    return folder


def test_prove_with_a_checkpoint_and_explain(capsys, checkpoints):
    assert main(["prove", SWAP, "--guide", str(checkpoints / "energy.ckpt"), "--explain"]) == 0
    out = capsys.readouterr().out
    assert f"theorem example_1 {SWAP} := by" in out and "-- verified by kernel" in out
    assert int(re.search(r"applications, (\d+) evaluations", out)[1]) > 0
    assert re.search(r"^-- step 1: ⊢ p ∧ q → q ∧ p   V = \d+\.\d\d$", out, re.MULTILINE)
    assert re.search(r"^--  > E +-?\d+\.\d{3}  p \d\.\d{3}  intro h1$", out, re.MULTILINE)


def test_the_settings_of_chains_and_of_a_policy_are_used(capsys, checkpoints):
    energy, pair = str(checkpoints / "energy.ckpt"), str(checkpoints / "pair.ckpt")
    costs = {}
    for more in (
        [],
        ["--langevin.steps", "8"],
        ["--langevin.chains", "3"],
        ["--langevin.start", "listed"],
        ["--policy", pair],
    ):
        assert main(["suggest", GOAL, "--guide", energy, *more]) == 0
        out = capsys.readouterr().out
        costs[" ".join(more[:1])] = int(re.search(r"-- 3 tactics, (\d+) evaluations", out)[1])
        assert "V = " in out and len(re.findall(r"^E .* p \d", out, re.MULTILINE)) == 3
    assert costs == {
        "": 3,
        "--langevin.steps": 8 * (3 * 8 + 3 + 1),
        "--langevin.chains": 3 * (3 * 4 + 3 + 1),
        "--langevin.start": 8 * (3 * 4 + 3 + 1),
        "--policy": 6,
    }
    assert main(["suggest", GOAL, "--guide", energy, "--langevin.chains", "1", "--langevin.steps", "1"]) == 0
    assert re.search(r"^E        -  p 0.250", capsys.readouterr().out, re.MULTILINE)  # no chain led there
    assert main(["prove", SWAP, "--guide", pair, "--langevin.steps", "2", "--search", "puct"]) == 0


def test_a_checkpoint_of_chunks_proposes_chunks(capsys, checkpoints):
    chunks, proposer = str(checkpoints / "chunks.ckpt"), str(checkpoints / "proposer.ckpt")
    costs = []
    for more in ([], ["--langevin.steps", "2", "--langevin.chains", "1"], ["--policy", proposer]):
        assert main(["suggest", GOAL, "--guide", chunks, "--number", "20", *more]) == 0
        out = capsys.readouterr().out
        assert re.search(r"^E +-?\d+\.\d{3}  p \d\.\d{3}  \S", out, re.MULTILINE) and "V = " in out
        assert re.search(r"^E        -  p \d\.\d{3}  exfalso$", out, re.MULTILINE)  # the tactics one by one
        costs.append(int(re.search(r"tactics, (\d+) evaluations", out)[1]))
    assert len(set(costs)) == 3
    assert main(["prove", SWAP, "--guide", chunks, "--explain"]) == 0
    assert "-- verified by kernel" in capsys.readouterr().out


def test_the_guide_of_the_package_proves_with_few_applications(capsys, tmp_path):
    hard = "(p q r : Prop) : (p ∧ q → r) ↔ (p → q → r)"
    assert main(["prove", hard, "--guide", "default", "--applications", "20"]) == 0
    assert "-- verified by" in capsys.readouterr().out
    assert main(["prove", hard, "--guide", "sizes", "--applications", "20"]) == 1
    path = tmp_path / "th.jsonl"
    assert main(["theorems", str(path), "--number", "3", "--bound", "30", "--solve-with", "default"]) == 0
    assert path.read_text().count('"guide": "default"') == 3


def test_an_exported_model_is_the_same_guide(capsys, checkpoints, tmp_path):
    said = {}
    for name in ("energy", "pair"):
        file = tmp_path / f"{name}.safetensors"
        assert export(["export", "--ckpt_path", str(checkpoints / f"{name}.ckpt"), "--output", str(file)]) == 0
        assert ("of PolicyValue" in capsys.readouterr().out) == (name == "pair")
        for guide in (checkpoints / f"{name}.ckpt", file):
            assert main(["suggest", GOAL, "--guide", str(guide)]) == 0
            said[guide.suffix] = capsys.readouterr().out
        assert said[".ckpt"] == said[".safetensors"] and "V = " in said[".ckpt"]
    assert load(tmp_path / "energy.safetensors").method.temperature == 0.7
    assert isinstance(load(tmp_path / "pair.safetensors").method, PolicyValue)
    assert set(load_energy(tmp_path / "pair.safetensors").state_dict()) == set(ProofEnergy(**SMALL).state_dict())
    save_energy(MLPEnergy(shape=(3,), num_classes=2), tmp_path / "digits.safetensors")
    assert main(["suggest", GOAL, "--guide", str(tmp_path / "digits.safetensors")]) == 2
    assert "holds MLPEnergy, which does not choose tactics" in capsys.readouterr().err
    assert main(["suggest", GOAL, "--guide", str(tmp_path / "none.safetensors")]) == 2
    assert "there is no such checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--guide", "digits.ckpt"], "EBT with MLPEnergy, which does not choose tactics"),
        (["--guide", "torn.ckpt"], "torn.ckpt"),
        (["--guide", "energy.ckpt", "--tactics", "narrow"], "leave out --tactics narrow"),
        (["--guide", "energy.ckpt", "--langevin.steps", "0"], "expected at least 1 step"),
        (["--guide", "energy.ckpt", "--policy", "none.ckpt"], "--policy none.ckpt: there is no such checkpoint"),
        (["--guide", "energy.ckpt", "--policy", "pair.ckpt", "--langevin.steps", "2"], "leave out the settings of"),
        (["--guide", "chunks.ckpt", "--langevin.start", "listed"], "give steps and chains only"),
        (
            ["--guide", "chunks.ckpt", "--policy", "pair.ckpt"],
            "pair.ckpt is a checkpoint of PolicyValue: expected Chunk",
        ),
        (["--guide", "proposer.ckpt"], "ChunkPolicy chooses chunks of tactics, and this guide takes single ones"),
        (["--guide", "sizes", "--langevin.chains", "2"], "--langevin.chains is for a trained guide"),
        (["--guide", "sizes", "--policy", "pair.ckpt"], "--policy is for a trained guide"),
        (["--langevin.steps", "2"], "add --guide"),
    ],
)
def test_what_is_wrong_with_a_checkpoint_is_said_in_one_sentence(capsys, checkpoints, monkeypatch, wrong, said):
    monkeypatch.chdir(checkpoints)
    (checkpoints / "torn.ckpt").write_bytes((checkpoints / "energy.ckpt").read_bytes()[:2000])
    assert main(["prove", SWAP, *wrong]) == 2
    error = capsys.readouterr().err
    assert error.startswith("lean-ebm: error: ") and said in error and len(error.splitlines()) == 1


def test_a_goal_outside_of_what_a_guide_reads_is_said(capsys):
    assert main(["prove", "(n : Nat) : n = n", "--guide", "default"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_loaded_guide_has_the_weights_of_its_checkpoint(checkpoints):
    first, again = (load(checkpoints / "energy.ckpt").method for _ in range(2))
    for one, other in zip(first.state_dict().values(), again.state_dict().values(), strict=True):
        assert one.equal(other)
    assert first.energy.last.weight.shape == (1, 8) and not first.training
