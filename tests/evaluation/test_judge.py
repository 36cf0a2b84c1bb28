import json

import pytest
import torch

from helpers import DIGITS, METHODS, TINY_TEST, events, newest
from lean_ebm.cli import main
from lean_ebm.data import MNIST, Digits
from lean_ebm.evaluation import DigitEvaluator, judge_digits, load_evaluator

NAMES = {"accuracy", "frechet", "density", "coverage", "diversity", "novelty"}


@pytest.fixture
def random_evaluator(monkeypatch) -> DigitEvaluator:
    """Any features tell equal images from different ones."""
    evaluator = DigitEvaluator().eval().requires_grad_(False)
    monkeypatch.setattr("lean_ebm.evaluation.samples.load_evaluator", lambda: evaluator)
    return evaluator


def test_real_digits_are_judged_perfect_and_copies_are_seen(random_evaluator):
    splits = Digits().load()
    real, training = splits["test"], splits["train"][0]
    figures = judge_digits(*real, real, training)
    assert set(figures) == NAMES
    assert figures["coverage"] == 1 and figures["frechet"] == pytest.approx(0, abs=1e-3)
    assert figures["diversity"] == pytest.approx(1) and figures["novelty"] == pytest.approx(1)
    read = random_evaluator.logits(random_evaluator(real[0])).argmax(dim=1)
    assert figures["accuracy"] == pytest.approx((read == real[1]).float().mean().item())

    copies = judge_digits(training[:200], splits["train"][1][:200], real, training)
    assert copies["novelty"] < 0.05
    noise = judge_digits(torch.rand(200, 1, 28, 28) * 2 - 1, real[1], real, training)
    assert noise["frechet"] > copies["frechet"] and noise["coverage"] < copies["coverage"]


def test_test_judges_samples(random_evaluator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["test", *METHODS["ContrastiveDivergence"], *DIGITS, *TINY_TEST, "--evaluation.num_samples=20"])
    figures = json.loads(newest("evaluation.json").read_text())
    assert {f"test/samples_{name}" for name in NAMES} | {"test/loss", "test/accuracy"} <= set(figures)
    assert set(figures) <= set(events(newest("evaluation.json").parent).Tags()["scalars"])


def test_shipped_evaluator_reads_real_digits(real_mnist):
    data = MNIST(root=str(real_mnist), download=False)
    images, label = data.load()["test"]
    evaluator = load_evaluator()
    with torch.no_grad():
        read = evaluator.logits(evaluator(images[:2000])).argmax(dim=1)
    assert (read == label[:2000]).float().mean() > 0.985
    assert not evaluator.training and not any(p.requires_grad for p in evaluator.parameters())
