"""A model can be built again from its checkpoint, however it was built and whichever version wrote it."""

from functools import partial

import pytest
import torch
import yaml
from torch.utils.data import DataLoader, TensorDataset

from helpers import DIGITS, METHODS, TINY_RUN, labels, newest, quiet_trainer
from lean_ebm.cli.training import main
from lean_ebm.energy import EnergyNetwork, FieldEnergy, MLPEnergy, VectorEnergy
from lean_ebm.langevin import Langevin, Stop
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Denoiser, FeedForward, Method
from lean_ebm.methods.ebt import Corruption
from lean_ebm.methods.ired import Flips
from lean_ebm.settings import plain, updated

ADAM = partial(torch.optim.Adam, lr=0.01, betas=(0.8, 0.9))
CHAIN = Langevin(2, 0.1, bounds=(-1.0, 1.0))


def classes(landscapes: int = 0) -> EnergyNetwork:
    return MLPEnergy((3,), 2, width=4, depth=1, landscapes=landscapes)


def field(landscapes: int = 0) -> FieldEnergy:
    return VectorEnergy((3,), (2,), width=4, depth=2, landscapes=landscapes)


BUILT = {
    "EBT": lambda: EBT(classes(), Langevin(2, graph="last"), corruption=Corruption(0.1, 2.0), optimizer=ADAM),
    "ContrastiveDivergence": lambda: ContrastiveDivergence(classes(), CHAIN, CHAIN, 8, optimizer=torch.optim.SGD),
    "IRED": lambda: IRED(classes(3), Langevin(2, stop=Stop(0.1)), flips=Flips(0.1, None), eta=None),
    "Denoiser": lambda: Denoiser(field(3), Langevin(1)),
    "FeedForward": lambda: FeedForward(field(), optimizer=ADAM),
}


def without_optimizer(settings):
    arguments = settings["init_args"]
    return settings["class_path"], {
        key: arguments[key] for key in arguments if key not in ("optimizer", "lr_scheduler")
    }


def trained(method: Method, folder, **settings):
    condition = labels(4) if method.energy.num_classes else torch.randn(4, 2)
    data = DataLoader(TensorDataset(torch.rand(4, 3), condition), 4)
    trainer = quiet_trainer(folder, **{"max_steps": 1, "limit_val_batches": 0, **settings})
    trainer.fit(method, data, data)
    return trainer


@pytest.mark.parametrize("name", BUILT)
def test_a_model_built_in_python_is_built_again_from_its_checkpoint(name, tmp_path):
    method = BUILT[name]()
    trainer = trained(method, tmp_path)
    trainer.save_checkpoint(tmp_path / "one.ckpt")
    again = type(method).load_from_checkpoint(tmp_path / "one.ckpt")
    assert without_optimizer(again.settings) == without_optimizer(method.settings)
    assert isinstance(trainer.optimizers[0], type(again.configure_optimizers()))
    torch.testing.assert_close(again.state_dict(), method.state_dict(), equal_nan=True)
    # and a second time: the model that was loaded is trained further and saved
    trained(again, tmp_path).save_checkpoint(tmp_path / "two.ckpt")
    twice = type(method).load_from_checkpoint(tmp_path / "two.ckpt", candidates=1) if name == "EBT" else None
    twice = twice or type(method).load_from_checkpoint(tmp_path / "two.ckpt")
    torch.testing.assert_close(twice.state_dict(), again.state_dict(), equal_nan=True)


@pytest.mark.parametrize("name", METHODS)
def test_a_model_of_the_command_line_is_trained_further_in_python(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(
        ["fit", *METHODS[name], "--model.optimizer=torch.optim.Adam", "--model.optimizer.lr=0.125", *DIGITS, *TINY_RUN]
    )
    kind = {"EBT": EBT, "ContrastiveDivergence": ContrastiveDivergence, "IRED": IRED}[name]
    for source in (newest("epoch*.ckpt"), tmp_path / "further.ckpt"):
        model = kind.load_from_checkpoint(source)
        data = DataLoader(TensorDataset(torch.rand(4, 1, 28, 28), labels(4)), 4)
        trainer = quiet_trainer(tmp_path, max_steps=1, limit_val_batches=0)
        trainer.fit(model, data, data)
        assert isinstance(trainer.optimizers[0], torch.optim.Adam)  # also for the model that was saved from Python
        assert trainer.optimizers[0].param_groups[0]["lr"] == 0.125
        trainer.save_checkpoint(tmp_path / "further.ckpt")


def test_settings_replace_those_of_the_checkpoint(tmp_path):
    trained(BUILT["EBT"](), tmp_path).save_checkpoint(tmp_path / "one.ckpt")
    assert EBT.load_from_checkpoint(tmp_path / "one.ckpt", candidates=3).candidates == 3


OLD = {"distance": "mse", "step_size_spread": 1.0, "step_size_lr_factor": 1.0, "min_steps": None, "best_of": 1}
OLD |= {"buffer_size": 0, "buffer_fraction": 0.25}


def as_written_by_0_1(method: Method, tmp_path, **changed):
    """A checkpoint of this version with the additional settings that 0.1 wrote."""
    trainer = trained(method, tmp_path)
    trainer.save_checkpoint(tmp_path / "new.ckpt")
    checkpoint = torch.load(tmp_path / "new.ckpt", weights_only=True)
    del checkpoint["lean_ebm_version"]
    checkpoint["hyper_parameters"] |= OLD | changed
    checkpoint["hyper_parameters"]["energy"]["init_args"]["head"] = changed.pop("head", "linear")
    torch.save(checkpoint, tmp_path / "old.ckpt")
    return tmp_path / "old.ckpt"


def test_a_checkpoint_of_0_1_loads(tmp_path):
    method = BUILT["EBT"]()
    path = as_written_by_0_1(method, tmp_path)
    for source in (path, str(path)):
        torch.testing.assert_close(EBT.load_from_checkpoint(source).state_dict(), method.state_dict())
    with path.open("rb") as file:
        torch.testing.assert_close(EBT.load_from_checkpoint(file).state_dict(), method.state_dict())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"best_of": 4}, "EBT: best_of is 4, a setting that lean-ebm does not have any more: remove it, .*best_of=1"),
        ({"buffer_size": 20}, "EBT: buffer_size is 20"),
        ({"head": "quadratic"}, "MLPEnergy: head is quadratic"),
    ],
)
def test_a_checkpoint_of_0_1_that_uses_what_is_gone_is_refused(changed, message, tmp_path):
    path = as_written_by_0_1(BUILT["EBT"](), tmp_path, **changed)
    with pytest.raises(ValueError, match=message):
        EBT.load_from_checkpoint(path)


def saved_by_0_1(folder, **changed):
    """Settings of a run as 0.1 saved them, only those of the model."""
    energy = {
        "class_path": "lean_ebm.energy.MLPEnergy",
        "init_args": {"shape": [1, 28, 28], "width": 4, "head": "linear"},
    }
    model = {"class_path": "lean_ebm.methods.EBT", "init_args": {"energy": energy, **OLD, **changed}}
    path = folder / "config_fit.yaml"
    path.write_text(yaml.safe_dump({"model": model, "data": {"class_path": "lean_ebm.data.Digits"}}))
    return path


def test_saved_settings_of_0_1_train(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["fit", f"--config={saved_by_0_1(tmp_path)}", *TINY_RUN])
    assert "best_of" not in newest("config_fit.yaml").read_text()


def test_saved_settings_of_0_1_that_use_what_is_gone_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="EBT: best_of is 4, a setting that lean-ebm does not have"):
        main(["fit", f"--config={saved_by_0_1(tmp_path, best_of=4)}", *TINY_RUN])


def test_a_network_that_is_gone_is_named():
    with pytest.raises(ValueError, match=r"VectorConditionalMLPEnergy is not part .* train a VectorEnergy instead"):
        updated({"energy": {"class_path": "lean_ebm.energy.VectorConditionalMLPEnergy", "init_args": {}}})


def test_plain_data_are_numbers_texts_lists_and_dictionaries(tmp_path):
    assert plain((1, 2.0, None, True, "a", [tmp_path])) == [1, 2.0, None, True, "a", [str(tmp_path)]]
    assert plain(Stop(0.5)) == {"energy_change": 0.5, "grad_norm": None}
    assert plain(ADAM) == {"class_path": "torch.optim.adam.Adam", "init_args": {"lr": 0.01, "betas": [0.8, 0.9]}}
    assert BUILT["FeedForward"]().settings["init_args"]["energy"] == {
        "class_path": "lean_ebm.energy.vector.VectorEnergy",
        "init_args": {
            "shape": [3],
            "condition_shape": [2],
            "width": 4,
            "depth": 2,
            "landscapes": 0,
            "predicts": "field",
            "judge": 0,
        },
    }
    assert "optimizer" not in EBT(classes(), optimizer=lambda parameters: None).settings["init_args"]
