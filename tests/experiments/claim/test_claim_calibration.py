"""The map that takes values of any scale to tactics that are left."""

import pytest
import torch

from lean_ebm.data import ProofSteps
from lean_ebm.energy import ProofEnergy
from lean_ebm.experiments.claim.calibration import CalibratedGuide, MonotoneMap, isotonic
from lean_ebm.guides import NetworkGuide
from lean_ebm.methods import Ranking
from lean_ebm.proving import Logic, Statement
from lean_ebm.proving.search import first_goal


def test_a_monotone_relation_is_found_and_continued():
    x = torch.linspace(-10, 0, 4001)
    found = MonotoneMap.fitted(x, torch.exp(x / 5))
    inner = torch.linspace(-9, -1, 33)
    torch.testing.assert_close(found(inner), torch.exp(inner / 5), rtol=5e-3, atol=5e-3)
    line = MonotoneMap.fitted(x, 3 + 2 * x)
    torch.testing.assert_close(line(torch.tensor([-20.0, -5.0, 5.0])), torch.tensor([-37.0, -7.0, 13.0]))


def test_the_map_never_falls():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(800, generator=generator)
    found = MonotoneMap.fitted(x, -x + torch.randn(800, generator=generator))
    assert (found(torch.linspace(-4, 4, 200)).diff() >= -1e-6).all()


def test_isotonic_regression_pools_what_falls():
    assert isotonic(torch.tensor([1.0, 3.0, 2.0, 4.0])).tolist() == [1.0, 2.5, 2.5, 4.0]
    assert isotonic(torch.tensor([3.0, 2.0, 1.0, 6.0])).tolist() == [2.0, 2.0, 2.0, 6.0]
    assert isotonic(torch.tensor([2.0, 4.0, 0.0])).tolist() == [2.0, 2.0, 2.0]


def test_values_are_mapped_and_keep_their_order():
    torch.manual_seed(0)
    method = Ranking(ProofEnergy(width=8, depth=1, heads=2, embedding=6, hidden=8), anchor=0.0, dead=0.0)
    data = ProofSteps(theorems=60, workers=1)
    data.prepare_data()
    data.setup("fit")
    guide = CalibratedGuide(method, data)
    with Logic() as logic:
        goals = [
            first_goal(logic, logic.start(Statement.of(text)).state)[0]
            for text in ("(p q : Prop) (h : p ∧ q) : q", "(p q r : Prop) : (p ∧ q → r) ↔ (p → q → r)")
        ]
    plain, mapped = NetworkGuide(method, judges=True).advise(goals), guide.advise(goals)
    assert [advice.log_priors for advice in plain] == [advice.log_priors for advice in mapped]
    # The mean over validation states is that of the tactics that are left, which random values are not near to.
    tactics, states = next(iter(data.sample("val", 10_000, 0, 10_000)))
    with torch.inference_mode():
        values = method.assess(states, tactics).values
    live = tactics.left.isfinite()
    assert float(guide.map(values[live]).mean()) == pytest.approx(float(tactics.left[live].mean()), rel=0.2)
