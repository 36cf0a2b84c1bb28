"""Flags and files mean the same: a flag takes every value that YAML takes."""

import sys

import pytest
import yaml

from lean_ebm.cli.parser import Parser
from lean_ebm.cli.training import LeanEBMCLI, main
from lean_ebm.langevin import Stop
from lean_ebm.methods import Method

MODEL = ["--model=ContrastiveDivergence", "--model.energy=MLPEnergy", "--model.energy.shape=[3]"]
SET = {
    "chain": {"grad_clamp": 0.5, "final_noise_scale": 0.01, "bounds": [-2.0, 2.0], "stop": {"energy_change": 0.1}},
    "sampler": {"steps": 3, "grad_clamp": 0.5, "bounds": [-2.0, 2.0], "stop": {"grad_norm": 0.1}},
    "lr_scheduler": {"class_path": "lean_ebm.methods.WarmupCosine", "init_args": {"total_steps": 9}},
}
"""Settings of a file, none of which is null."""


@pytest.fixture(scope="module")
def parser():
    parser = Parser()
    parser.add_argument("--config", action="config")
    parser.add_subclass_arguments(Method, "model")
    return parser


@pytest.fixture
def parse(parser, tmp_path):
    def parse(*flags: str, settings: dict = SET) -> dict:
        """The settings of the model, of a file and the flags after it."""
        file = tmp_path / "file.yaml"
        file.write_text(yaml.safe_dump({"model": {"init_args": settings}}))
        return parser.parse_args([*MODEL, f"--config={file}", *flags]).model.init_args.as_dict()

    return parse


def at(settings: dict, key: str):
    for part in key.split("."):
        settings = settings[part]
    return settings


@pytest.mark.parametrize("form", ["two arguments", "one argument", "within its group", "with init_args"])
@pytest.mark.parametrize(
    "key",
    [
        "chain.grad_clamp",
        "chain.final_noise_scale",
        "chain.stop.energy_change",
        "sampler.bounds",
        "sampler.stop.grad_norm",
        "lr_scheduler.init_args.total_steps",
        "lr_scheduler",
    ],
)
def test_null(key, form, parse):
    assert at(parse(), key) is not None
    group, _, name = key.rpartition(".")
    flags = {
        "two arguments": [f"--model.{key}", "null"],
        "one argument": [f"--model.{key}=null"],
        "within its group": [f"--model.{group}={{{name}: null}}"]
        if group
        else [f"--model={{init_args: {{{name}: null}}}}"],
        "with init_args": [f"--model.init_args.{key}=null"],
    }[form]
    assert at(parse(*flags), key) is None


@pytest.mark.parametrize("key", ["chain.stop", "sampler.stop", "sampler"])
def test_null_for_a_group_is_its_defaults(key, parse, parser):
    """Null in a flag and in a file; the model can be built from it."""
    changed, flag = parse(), parse(f"--model.{key}=null")
    group, _, name = key.rpartition(".")
    file = parse(settings={group: {**SET[group], name: None}} if group else {name: None})
    assert at(changed, key) != at(flag, key) == at(file, key)
    assert at(flag, key) == at(parse(settings={}), key)
    model = parser.instantiate(parser.parse_args([*MODEL, f"--model.{key}=null"])).model
    assert model.sampler.stop == Stop()


@pytest.mark.parametrize(
    ("flag", "key", "value"),
    [
        ("--model.chain.bounds=[-1, 2e-3]", "chain.bounds", (-1.0, 0.002)),
        ("--model.chain.grad_clamp=.inf", "chain.grad_clamp", float("inf")),
        ("--model.chain={step_size: 1e-3, grad_clamp: null, graph: all}", "chain.step_size", 1e-3),
        ("--model.chain={step_size: 1e-3, grad_clamp: null, graph: all}", "chain.graph", "all"),
        ("--model.energy.shape=[2, 3]", "energy.init_args.shape", (2, 3)),
        ("--model.chain.compile=true", "chain.compile", True),
    ],
)
def test_other_values(flag, key, value, parse):
    assert at(parse(flag), key) == value


def test_null_where_a_number_is_needed_is_refused(parse, capsys):
    with pytest.raises(SystemExit):
        parse("--model.chain.steps=null")
    assert "expected int. Got value: null" in capsys.readouterr().err


@pytest.mark.parametrize(("first", "built"), [("fit", 1), ("--config=ebt", 4)])
def test_parsers_are_built_only_for_the_subcommand_that_comes_first(first, built, monkeypatch):
    """Settings may come before the subcommand; then it is not known until they are parsed."""
    parsers = []
    monkeypatch.setattr(LeanEBMCLI, "_add_arguments", lambda self, parser: parsers.append(parser))
    monkeypatch.setattr(LeanEBMCLI, "parse_arguments", lambda self, *given: sys.exit(0))
    with pytest.raises(SystemExit):
        main([first, "fit"])
    assert len(parsers) == built
