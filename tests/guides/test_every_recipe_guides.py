"""Each recipe of provers, trained for a moment, guides a search better than the same network with random weights."""

from pathlib import Path

import pytest

from helpers import newest
from lean_ebm.cli.training import main
from lean_ebm.guides import NetworkGuide, load
from lean_ebm.methods import Method
from lean_ebm.proving import GuidedProver, Logic, SearchBudget, Statement
from lean_ebm.proving.theorems import TheoremSettings, generate_theorems

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "proving"
RECIPES = sorted(path for path in FOLDER.glob("*.yaml") if not path.stem.startswith("language"))  # which need a model
SHORT = ["--data.theorems=1000", "--trainer.max_epochs=-1", "--trainer.max_steps=150", "--trainer.accelerator=cpu"]
QUIET = ["--trainer.enable_progress_bar=false", "--trainer.limit_val_batches=0", "--evaluation.theorems=0"]


def statements():
    """Theorems that a search without learning hardly ever proves with sixteen applications of the wide set."""
    made = generate_theorems(TheoremSettings(seed=78, first_order=0.3), 200)
    return [Statement.of(one.statement) for one in sorted(made, key=lambda one: -len(one.statement))[:40]]


def solved(method: Method) -> int:
    with Logic() as logic:
        found = GuidedProver(NetworkGuide(method)).prove_many(logic, statements(), SearchBudget(16))
        return sum([result.proved for _, result in found])


@pytest.mark.slow
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_makes_a_guide_that_beats_random_weights(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["fit", f"--config={path}", *SHORT, *QUIET])
    method = load(newest("*.ckpt")).method
    trained = solved(method)
    random = type(method.energy)(**method.energy.settings["init_args"])
    method.energy.load_state_dict(random.state_dict())
    assert trained >= solved(method) + 10
