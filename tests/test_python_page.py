"""The code of docs/python.md runs without a change, in the order of the page."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lean_ebm.__main__ import main

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "python.md").read_text()
PAGE_ON_JUDGING = (Path(__file__).resolve().parents[1] / "docs" / "judging.md").read_text()
WITHOUT_LIGHTNING = "## Load without Lightning"
REFUSING = "import sys\nsys.modules['lightning'] = None  # importing it fails\n"


def run(text: str, names: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run all blocks of a part of the page."""
    blocks = re.findall(r"```(python|sh)\n(.*?)```", text, flags=re.DOTALL)
    for language, block in blocks:
        if language == "python":
            exec(compile(block, "docs/python.md", "exec"), names)
        for line in block.splitlines() if language == "sh" else ():
            monkeypatch.setattr(sys, "argv", shlex.split(line))
            assert main() in (0, None)


@pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty")  # the page resumes into it
def test_every_block_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with_lightning, without = PAGE.split(WITHOUT_LIGHTNING)
    names: dict[str, object] = {"__name__": "page"}
    run(with_lightning, names, monkeypatch)
    resumed = torch.load("run/last.ckpt", weights_only=True)
    assert resumed["epoch"] == 3 and resumed["global_step"] == 4 * (1397 // 64)
    assert names["samples"].shape == names["longer"].shape == (10, 1, 28, 28)
    assert names["energies"].shape == (10, 10)
    assert names["read_as"].shape == names["best"].shape == (10,) and names["best"].max() < 3
    assert names["result"].figures["energy_accuracy"] > 0.5  # chance is a tenth
    assert Path("energy.safetensors").read_bytes() == Path("same.safetensors").read_bytes()

    (block,) = re.findall(r"```python\n(.*?)```", without, flags=re.DOTALL)
    program = REFUSING + block + "assert (chain.energies[:, -1] < chain.energies[:, 0]).all()\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_is_linked():
    assert "](docs/python.md)" in (Path(__file__).resolve().parents[1] / "README.md").read_text()


def test_the_page_on_judging_shows_a_recipe_and_a_verifier_that_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = PAGE_ON_JUDGING
    recipes, (code,) = (re.findall(rf"```{kind}\n(.*?)```", page, flags=re.DOTALL) for kind in ("yaml", "python"))
    quick = ["--trainer.max_steps=2", "--trainer.limit_val_batches=1", "--trainer.accelerator=cpu"]
    for recipe, *data in zip(recipes, ("--data=Connectivity", "--data=Digits"), strict=True):
        (tmp_path / "judged.yaml").write_text(recipe)
        monkeypatch.setattr(sys, "argv", ["lean-ebm", "fit", "--config", "judged.yaml", *data, *quick])
        assert main() in (0, None)
    names: dict[str, object] = {"__name__": "page"}
    exec(compile(code, "docs/judging.md", "exec"), names)
    data = names["LargestError"](3)
    answers, problems = data.batch("val", 0, 2)
    shifted = answers.clone()
    shifted[:, 0, 0] += 2
    torch.testing.assert_close(data.errors(shifted, problems, answers), torch.full((2,), 2.0))
