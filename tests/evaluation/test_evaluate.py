import json

import pytest
import torch

from helpers import DIGITS, METHODS, TINY_RUN, TINY_TEST, TINY_VALIDATE, events, newest
from lean_ebm.callbacks import Evaluation
from lean_ebm.cli.training import main
from lean_ebm.data import MNIST, DataModule, Digits
from lean_ebm.evaluation import (
    DigitEvaluator,
    Effort,
    EvaluationResult,
    evaluate,
    evaluate_digits,
    load_evaluator,
)
from lean_ebm.methods import Method

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
    figures = evaluate_digits(*real, real, training)
    assert set(figures) == NAMES
    assert figures["coverage"] == 1 and figures["frechet"] == pytest.approx(0, abs=1e-3)
    assert figures["diversity"] == pytest.approx(1) and figures["novelty"] == pytest.approx(1)
    read = random_evaluator.logits(random_evaluator(real[0])).argmax(dim=1)
    assert figures["accuracy"] == pytest.approx((read == real[1]).float().mean().item())

    copies = evaluate_digits(training[:200], splits["train"][1][:200], real, training)
    assert copies["novelty"] < 0.05
    noise = evaluate_digits(torch.rand(200, 1, 28, 28) * 2 - 1, real[1], real, training)
    assert noise["frechet"] > copies["frechet"] and noise["coverage"] < copies["coverage"]


def evaluated(subcommand: str, *flags: str) -> dict:
    tiny = TINY_VALIDATE if subcommand == "validate" else TINY_TEST
    main([subcommand, *METHODS["ContrastiveDivergence"], *DIGITS, *tiny, "--evaluation.num_samples=20", *flags])
    return json.loads(newest("evaluation.json").read_text())


@pytest.mark.parametrize(("subcommand", "split"), [("test", "test"), ("validate", "val")])
def test_samples_and_energy_are_judged_on_the_split_of_the_subcommand(
    subcommand, split, random_evaluator, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    seen = []
    judge = evaluate_digits
    monkeypatch.setattr("lean_ebm.evaluation.images.evaluate_digits", lambda *args: seen.append(args) or judge(*args))
    figures = evaluated(subcommand)["metrics"]
    expected = {f"{split}/{kind}_{name}" for kind in ("samples", "real") for name in NAMES}
    expected |= {f"{split}/energy_{name}" for name in ("accuracy", "calibration_error", "auroc_noise", "auroc_rotated")}
    assert expected | {f"{split}/loss", f"{split}/accuracy"} <= set(figures)
    assert set(figures) <= set(events(newest("evaluation.json").parent).Tags()["scalars"])
    assert not any("long_run" in name or "held_out" in name for name in figures)
    (samples, labels, real, training), (unseen, unseen_labels, _, _) = seen
    splits = Digits().load()
    assert torch.equal(real[0], splits[split][0]) and torch.equal(training, splits["train"][0])
    assert len(samples) == 20 and labels.tolist() == 2 * list(range(10))
    # the ceiling is of digits that were not trained on, and that are not those compared with
    other = splits["val" if split == "test" else "test"]
    assert len(unseen) == 20 and unseen_labels.bincount().tolist() == [2] * 10
    assert all((image == other[0]).flatten(1).all(dim=1).any() for image in unseen)
    # and the same samples each time
    assert evaluated(subcommand)["metrics"] == figures


def test_curves_over_steps_and_long_chains(random_evaluator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lengths = []
    generate = Method.generate
    spy = lambda self, condition, steps=None, **k: lengths.append(steps) or generate(self, condition, steps=steps, **k)
    monkeypatch.setattr(Method, "generate", spy)
    flags = ["--evaluation.steps=[4,1]", "--evaluation.long_run=7", "--evaluation.long_run_samples=20"]
    report = evaluated("test", *flags)
    assert lengths == [None, 1, 4, 7]
    assert set(report["compute"]) == {"1", "4"} and set(report["compute"]["4"]) == NAMES - {"novelty"}
    assert {"test/long_run_accuracy", "test/long_run_diversity"} <= set(report["metrics"])
    curve = events(newest("evaluation.json").parent).Scalars("compute/frechet")
    assert [(point.step, point.value) for point in curve] == [
        (int(steps), pytest.approx(report["compute"][steps]["frechet"])) for steps in ("1", "4")
    ]


def test_a_class_held_out_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = ["--data.held_out=3", "--evaluation.num_samples=0"]
    for subcommand, split in (("test", "test"), ("validate", "val")):
        precision = evaluated(subcommand, *flags)["metrics"][f"{split}/held_out_auprc"]
        assert 0.02 < precision < 0.9  # by chance, since the energy is untrained


def test_nothing_is_sampled_for_a_fit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["fit", *METHODS["ContrastiveDivergence"], *DIGITS, *TINY_RUN])
    assert not list(tmp_path.rglob("evaluation.json"))


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match="num_samples is 19, expected 20 or more"):
        Evaluation(num_samples=19)
    with pytest.raises(ValueError, match="long_run_samples is 5"):
        Evaluation(long_run_samples=5)


def test_shipped_evaluator_reads_real_digits(real_mnist):
    data = MNIST(root=str(real_mnist), download=False)
    images, label = data.load()["test"]
    evaluator = load_evaluator()
    with torch.no_grad():
        read = evaluator.logits(evaluator(images[:2000])).argmax(dim=1)
    assert (read == label[:2000]).float().mean() > 0.985
    assert not evaluator.training and not any(p.requires_grad for p in evaluator.parameters())


def test_own_data_get_their_evaluation_by_registering_it():
    class Own(DataModule):
        """A data module that the package does not know."""

    assert evaluate(Own(), None, "test", Effort()) == EvaluationResult()

    @evaluate.register(Own)
    def _(data: DataModule, method: Method, split: str, effort: Effort) -> EvaluationResult:
        return EvaluationResult({f"{split}_figure": float(effort.num_samples)})

    assert evaluate(Own(), None, "test", Effort(7)).figures == {"test_figure": 7.0}
