import runpy
import sys

import torch
from safetensors.torch import load_file

import lean_ebm.data
from lean_ebm.data import Digits
from lean_ebm.evaluation import train
from lean_ebm.evaluation.evaluator import DigitEvaluator


def test_the_command_trains_an_evaluator_and_saves_it(tmp_path, monkeypatch, capsys):
    """On scikit-learn's digits, which are always there."""
    monkeypatch.setattr(lean_ebm.data, "MNIST", Digits)
    monkeypatch.setattr(sys, "argv", ["train", str(tmp_path / "evaluator.safetensors")])
    monkeypatch.delitem(sys.modules, "lean_ebm.evaluation.train")
    runpy.run_module("lean_ebm.evaluation.train", run_name="__main__")
    said = capsys.readouterr().out
    assert said.count("epoch") == 12
    assert float(said.split("test accuracy ")[1]) > 0.9
    evaluator = DigitEvaluator()
    evaluator.load_state_dict(load_file(tmp_path / "evaluator.safetensors"))
    digits = Digits()
    digits.setup("test")
    images, labels = digits.splits["test"]
    assert train._accuracy(evaluator, images, labels) > 0.9


def test_images_move_by_up_to_two_pixels_a_side():
    torch.manual_seed(0)
    images = torch.full((200, 1, 28, 28), -1.0)
    images[:, :, 10, 20] = 1.0
    moved = train._shift(images)
    assert torch.equal(moved.flatten(1).sum(1), images.flatten(1).sum(1))
    places = moved.flatten(1).argmax(dim=1)
    assert {(int(p) // 28 - 10, int(p) % 28 - 20) for p in places} == {
        (row, column) for row in range(-2, 3) for column in range(-2, 3)
    }
