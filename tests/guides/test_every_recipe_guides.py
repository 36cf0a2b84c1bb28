"""Each recipe of provers, trained for a moment, guides a search better than the same networks with random weights."""

import copy
from functools import partial
from pathlib import Path

import pytest

from helpers import newest
from lean_ebm.cli.training import main
from lean_ebm.guides import ChunkGuide, LangevinGuide, NetworkGuide, ResidualGuide
from lean_ebm.guides.files import method_of
from lean_ebm.methods.chunk_policy import PolicyChunks
from lean_ebm.proving import GuidedProver, SearchBudget, Statement
from lean_ebm.proving.numbers.benchmarks import walks
from lean_ebm.proving.numbers.world import NUMBERS
from lean_ebm.proving.search import LOGIC
from lean_ebm.proving.theorems import TheoremSettings, generate_theorems

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "proving"
SHORT = ["--data.theorems=1000", "--trainer.max_epochs=-1", "--trainer.max_steps=150", "--trainer.accelerator=cpu"]
QUIET = ["--trainer.enable_progress_bar=false", "--trainer.limit_val_batches=0", "--evaluation.theorems=0"]

SINGLE = sorted(path.stem for path in FOLDER.glob("*.yaml") if not path.stem.startswith(("chunk", "language")))
"""The recipes whose networks choose among listed tactics; those of language models need a model."""

GUIDES = {
    **{stem: ((stem,), NetworkGuide) for stem in SINGLE},
    "chains": (("energy",), partial(LangevinGuide, steps=8, chains=4)),
    "residual": (("energy", "policy"), ResidualGuide),
    "chunks": (("chunks",), ChunkGuide),
    "chunks of a policy": (
        ("chunks", "chunk_policy"),
        lambda method, policy: ChunkGuide(method, PolicyChunks(policy, 8)),
    ),
}
"""The recipes of each guide, and how it is made of their methods."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Gives the method of a recipe, trained once."""
    known = {}

    def method(stem):
        if stem not in known:
            folder = tmp_path_factory.mktemp(stem)
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(folder)
                main(["fit", f"--config={FOLDER / stem}.yaml", *SHORT, *QUIET])
                known[stem] = method_of(newest("*.ckpt").resolve())
        return known[stem]

    return method


def statements():
    """Theorems that a search without learning hardly ever proves with sixteen applications of the wide set."""
    made = generate_theorems(TheoremSettings(seed=78, first_order=0.3), 200)
    return [Statement.of(one.statement) for one in sorted(made, key=lambda one: -len(one.statement))[:40]]


def solved(guide, world):
    with world.environment() as environment:
        tried = walks(8, 40, seed=0) if world is NUMBERS else statements()
        found = GuidedProver(guide, world=world).prove_many(environment, tried, SearchBudget(16))
        return sum([result.proved for _, result in found])


def with_random_weights(method):
    other = copy.deepcopy(method)
    other.energy.load_state_dict(type(method.energy)(**method.energy.settings["init_args"]).state_dict())
    return other


@pytest.mark.slow
@pytest.mark.parametrize("name", GUIDES)
def test_a_trained_guide_beats_random_weights(name, trained):
    stems, make = GUIDES[name]
    methods = [trained(stem) for stem in stems]
    world = NUMBERS if stems[0].startswith("numbers") else LOGIC
    proved = solved(make(*methods), world)
    if name == "chunks of a policy":  # a trained energy chooses among random chunks
        methods = [methods[0], with_random_weights(methods[1])]
    else:
        methods = [with_random_weights(method) for method in methods]
    assert proved >= solved(make(*methods), world) + 10
