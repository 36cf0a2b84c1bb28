"""Files of energy networks: the loaded network is the written one, and no other code is run."""

import importlib
import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader, TensorDataset

from helpers import labels, quiet_trainer
from lean_ebm import __version__
from lean_ebm.__main__ import main as lean_ebm
from lean_ebm.callbacks import EMA
from lean_ebm.cli.export import main
from lean_ebm.energy import ConvEnergy, EnergyNetwork, MLPEnergy, VectorEnergy, load_energy, save_energy
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin
from lean_ebm.methods import EBT


class Sum(EnergyNetwork):
    """A sum of two networks, so a network with networks among its arguments."""

    def __init__(self, first: EnergyNetwork, second: EnergyNetwork) -> None:
        super().__init__()
        self.shape = first.shape
        self.first, self.second = first, second
        self.second.weight = first.weight  # one tensor under two names

    def forward(self, x, condition):
        return self.first(x, condition) + self.second(x, condition)


mlp = partial(MLPEnergy, (3,), 2, width=4, depth=1)


def energies(network: EnergyNetwork) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(4, *network.shape, generator=generator)
    condition = labels(4) if network.num_classes or isinstance(network, Sum) else torch.ones(4, 2)
    return network(x, condition).detach()


@pytest.mark.parametrize(
    "build",
    [
        mlp,
        lambda: ConvEnergy(width=4),
        lambda: VectorEnergy((3,), (2,), width=4, depth=2),
        lambda: Sum(mlp(), MLPEnergy((3,), 2, width=4, depth=2)),
    ],
)
def test_what_is_saved_is_what_is_loaded(build, tmp_path):
    network = build()
    save_energy(network, tmp_path / "energy.safetensors")
    torch.manual_seed(1)  # otherwise the weights could be equal only because of an equal seed
    loaded = load_energy(tmp_path / "energy.safetensors")
    assert type(loaded) is type(network) and loaded.settings == network.settings and not loaded.training
    assert torch.equal(energies(loaded), energies(network))


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A model whose averaged weights are not its last ones, and its checkpoint."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("trained")
    model = EBT(mlp(), Langevin(2, graph="last"), optimizer=partial(torch.optim.SGD, lr=0.5))
    save = ModelCheckpoint(folder, "model", every_n_train_steps=3)
    callbacks = [EMA(0.9), save]
    trainer = quiet_trainer(folder, max_steps=3, limit_val_batches=0, enable_checkpointing=True, callbacks=callbacks)
    data = DataLoader(TensorDataset(torch.rand(12, 3), labels(12)), 4)
    trainer.fit(model, data, data)
    return folder / "model.ckpt"


def test_export_writes_the_averaged_weights(trained, tmp_path, capsys):
    path = tmp_path / "new" / "energy.safetensors"
    assert main(["export", f"--ckpt_path={trained}", f"--output={path}"]) == 0
    assert capsys.readouterr().out == f"{path}: MLPEnergy, 24 numbers\n"
    state = torch.load(trained, weights_only=True)
    averaged, last = state["state_dict"], state["current_model_state"]
    assert not torch.equal(averaged["energy.weight"], last["energy.weight"])
    assert torch.equal(load_file(path)["weight"], averaged["energy.weight"])
    with safe_open(path, "pt") as file:
        text = json.loads(file.metadata()["lean_ebm"])
    assert (text["version"], text["class_path"]) == (__version__, "lean_ebm.energy.mlp.MLPEnergy")
    model = EBT.load_from_checkpoint(trained).eval()
    assert torch.equal(energies(load_energy(path)), energies(model.energy))


def test_export_takes_what_0_1_wrote(trained, tmp_path):
    """The class as the command line of 0.1 named it, with a setting that was removed."""
    state = torch.load(trained, weights_only=True)
    del state["lean_ebm_version"]
    energy = state["hyper_parameters"]["energy"]
    energy["class_path"] = "lean_ebm.energy.MLPEnergy"
    energy["init_args"]["head"] = "linear"
    torch.save(state, tmp_path / "old.ckpt")
    main(["export", f"--ckpt_path={tmp_path / 'old.ckpt'}", f"--output={tmp_path / 'e'}"])
    assert torch.equal(energies(load_energy(tmp_path / "e")), energies(EBT.load_from_checkpoint(trained).energy))
    energy["init_args"]["head"] = "quadratic"
    torch.save(state, tmp_path / "old.ckpt")
    with pytest.raises(SettingError, match="MLPEnergy: head is quadratic, a setting that lean-ebm does not have"):
        main(["export", f"--ckpt_path={tmp_path / 'old.ckpt'}", f"--output={tmp_path / 'e'}"])


def test_nothing_of_it_needs_lightning(trained, tmp_path):
    """Neither exporting nor loading nor a chain on the loaded network imports Lightning."""
    program = """
import sys
from lean_ebm.__main__ import main
sys.argv = ["lean-ebm", "export", "--ckpt_path", sys.argv[1], "--output", sys.argv[2]]
assert main() == 0
import torch
from lean_ebm.energy import load_energy
from lean_ebm.langevin import Langevin, langevin
energy = load_energy(sys.argv[-1])
x = langevin(energy, torch.rand(4, 3), torch.arange(4) % 2, Langevin(steps=2)).x
assert x.shape == (4, 3) and x.isfinite().all()
print(sorted({"lightning", "torchmetrics", "jsonargparse"} & set(sys.modules)))
"""
    command = [sys.executable, "-c", program, str(trained), str(tmp_path / "energy.safetensors")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda state: None, "There is no checkpoint"),
        (lambda state: b"not a checkpoint", "is not a complete checkpoint|more than tensors"),
        (
            lambda state: {**state, "hyper_parameters": {}},
            "does not say how its energy network was built: load the model",
        ),
    ],
)
def test_export_tells_in_one_sentence_what_it_cannot_read(change, expected, trained, tmp_path, monkeypatch, capsys):
    path, output = tmp_path / "model.ckpt", tmp_path / "energy.safetensors"
    changed = change(torch.load(trained, weights_only=True))
    if isinstance(changed, bytes):
        path.write_bytes(changed)
    elif changed is not None:
        torch.save(changed, path)
    output.write_text("an old file")
    monkeypatch.setattr(sys, "argv", ["lean-ebm", "export", "--ckpt_path", str(path), "--output", str(output)])
    assert lean_ebm() == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and re.search(expected, error)
    assert output.read_text() == "an old file"


def test_arguments_are_explained(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["export", "--output=e"])
    assert stop.value.code == 2
    assert "the following arguments are required: --ckpt_path" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main(["export", "--help"])
    assert stop.value.code == 0 and "--ckpt_path" in capsys.readouterr().out


# --- files that are not to be trusted ----------------------------------------------------------------------------


def write(path: Path, settings: object) -> Path:
    save_file({"weight": torch.zeros(2)}, path, {} if settings is None else {"lean_ebm": json.dumps(settings)})
    return path


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (None, "is not the file of an energy network"),
        ([], "does not say which network it holds"),
        ({"class_path": "lean_ebm.energy.MLPEnergy"}, "does not say which network it holds"),
        (
            {"class_path": "os.system", "init_args": {"command": "touch ran"}},
            "os.system, which is not an energy network",
        ),
        ({"class_path": "system", "init_args": {}}, "import its module first"),
        ({"class_path": "lean_ebm.energy.gone.Gone", "init_args": {}}, "this version of lean-ebm does not have"),
        ({"class_path": "lean_ebm.energy.nn", "init_args": {}}, "not an energy network"),
        ({"class_path": "lean_ebm.energy.EnergyNetwork", "init_args": {}}, "not an energy network that can be built"),
        ({"class_path": "lean_ebm.energy.MLPEnergy", "init_args": {"color": 1}}, "other arguments than .*'color'"),
        (mlp().settings, "The weights in .* are not those of MLPEnergy"),
    ],
)
def test_a_file_that_cannot_be_built_is_explained(settings, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingError, match=expected):
        load_energy(write(tmp_path / "energy.safetensors", settings))
    assert not Path("ran").exists()


@pytest.mark.parametrize("content", [None, b"", b"not safetensors"])
def test_other_files_are_explained(content, tmp_path):
    path = tmp_path / "energy.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingError, match="that save_energy or lean-ebm export wrote"):
        load_energy(path)


def test_a_file_does_not_choose_what_is_imported(tmp_path, monkeypatch):
    """The class of a network may be the caller's own if the caller has imported it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("own_energy.py").write_text(
        "from pathlib import Path\nfrom lean_ebm.energy import MLPEnergy\n\n"
        "Path('imported').touch()\n\nclass Own(MLPEnergy):\n    pass\n"
    )
    network = mlp()
    network.settings = {**network.settings, "class_path": "own_energy.Own"}
    save_energy(network, "energy.safetensors")
    with pytest.raises(SettingError, match=r"own_energy\.Own: import own_energy first, if you trust it"):
        load_energy("energy.safetensors")
    assert not Path("imported").exists()
    own = importlib.import_module("own_energy")
    assert type(load_energy("energy.safetensors")) is own.Own
    monkeypatch.delitem(sys.modules, "own_energy")


def test_a_class_within_a_function_is_refused(tmp_path):
    class Local(MLPEnergy):
        pass

    with pytest.raises(SettingError, match=r"Local cannot be imported by that name.* at the top of a module"):
        save_energy(Local((3,), 2, width=4, depth=1), tmp_path / "energy.safetensors")
    assert not list(tmp_path.iterdir())
