"""Bad arguments in Python give an error that names them; good ones keep chains within bounds and classes."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import Quadratic, labels
from lean_ebm.callbacks import EMA, DivergenceGuard, Evaluation, Interruption
from lean_ebm.data import Digits, TensorDataModule
from lean_ebm.energy import MixerEnergy, MLPEnergy, ResidualEnergy
from lean_ebm.errors import mistake
from lean_ebm.langevin import Langevin, Stop, langevin
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, ReplayBuffer
from lean_ebm.methods.drawing import batch_size
from lean_ebm.methods.ebt import Corruption


def energy(**more):
    return MLPEnergy((3,), 2, **{"width": 4, "depth": 1, **more})


CHAIN = Langevin(steps=1, graph="last")


class Bad(TensorDataModule):
    """Data with a fault."""

    num_classes = 2

    def __init__(self, x: torch.Tensor, label: torch.Tensor) -> None:
        super().__init__()
        self.pair = (x, label)

    def load(self):
        return dict.fromkeys(("train", "val", "test"), self.pair)


NAN = torch.tensor([[0.0, torch.nan]])
CALLS = {
    "steps": (lambda: Langevin(steps=-1), "steps is -1"),
    "final noise": (lambda: Langevin(final_noise_scale=0.1), "both must be more than 0"),
    "graph of no steps": (lambda: Langevin(graph=0), "graph is 0, expected none, last, all or a number of steps"),
    "stop and last": (lambda: Langevin(graph="last", stop=Stop(grad_norm=1)), "with early stopping it is not known"),
    "EBT without a graph": (lambda: EBT(energy(), Langevin()), "chain.graph is none, use last, all"),
    "EBT churn": (lambda: EBT(energy(), CHAIN, churn=2), "churn is 2, expected 0 to 1"),
    "levels": (lambda: Corruption(2, 1), "levels 2 to 1, expected 0 < lowest < highest"),
    "IRED without landscapes": (lambda: IRED(energy()), "landscapes"),
    "CD without classes": (lambda: ContrastiveDivergence(MLPEnergy((3,), 0)), "num_classes of 1 or more"),
    "buffer fraction": (lambda: ReplayBuffer(4, 2, (3,), -0.1), "fresh_fraction is -0.1"),
    "residual shape": (lambda: ResidualEnergy((1, 30, 30)), "multiples of 4: pad them"),
    "mixer shape": (lambda: MixerEnergy((1, 30, 30)), "30x30"),
    "candidates of another shape": (lambda: energy().check_shape(torch.zeros(2, 4)), r"shape \(4,\), expected \(3,\)"),
    "no tensor in a condition": (lambda: batch_size([]), "holds no tensor"),
    "EMA": (lambda: EMA(-0.1), "decay is -0.1"),
    "guard factor": (lambda: DivergenceGuard(lr_factor=0), "lr_factor 0"),
    "evaluation": (lambda: Evaluation(long_run_samples=1), "long_run_samples is 1"),
    "evaluation of fewer than no images": (lambda: Evaluation(num_images=-1), "num_images is -1, expected 0 or more"),
    "evaluation after no step": (lambda: Evaluation(steps=[10, 0]), "steps is 0, expected 1 or more"),
    "evaluation of long chains": (lambda: Evaluation(long_run=-1), "long_run is -1, expected 0 or more"),
    "evaluation of no batch": (lambda: Evaluation(batch_size=0), "batch_size is 0, expected 1 or more"),
    "recoveries": (lambda: DivergenceGuard(max_recoveries=-1), "max_recoveries -1, expected 0 or more"),
    "interruption": (lambda: Interruption(0), "check_every is 0, expected 1 or more"),
    "samples": (lambda: Digits(samples_per_class=0), "samples_per_class is 0"),
    "chains at once": (lambda: Digits(predict_batch_size=-1), "predict_batch_size is -1"),
    "negative held-out class": (lambda: Digits(held_out=-1), "held_out is -1"),
    "NaN pixels": (lambda: Bad(NAN, labels(1)).setup("fit"), "Bad: the train split has .*not finite"),
    "pixels to 255": (
        lambda: Bad(255 * torch.ones(1, 1, 2, 2), labels(1)).setup("fit"),
        "255 to 255, expected -1 to 1: scale",
    ),
    "label out of range": (
        lambda: Bad(torch.zeros(1, 2), labels(1) + 2).setup("fit"),
        "labels from 2 to 2, expected 0 to 1",
    ),
    "labels missing": (lambda: Bad(torch.zeros(2, 2), labels(1)).setup("fit"), "2 images and 1 labels"),
    "no images": (lambda: Bad(torch.zeros(0, 2), labels(0)).setup("fit"), "0 images"),
}


@pytest.mark.parametrize("name", CALLS)
def test_python(name):
    call, message = CALLS[name]
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert mistake(caught.value) == str(caught.value)


# --- whatever numbers come ---------------------------------------------------------------------------------------

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    steps=st.integers(0, 5),
    step_size=st.floats(1e-4, 1e4),
    noise=st.floats(0, 10),
    clamp=st.none() | st.floats(1e-3, 10),
    bounds=st.tuples(st.floats(-3, -0.1), st.floats(0.1, 3)),
    graph=st.sampled_from(["none", "last", "all", 2]),
    monotone=st.booleans(),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 99),
)
def test_chains_stay_within_their_bounds(shape, steps, step_size, noise, clamp, bounds, graph, monotone, dtype, seed):
    chain = Langevin(steps, step_size, noise, grad_clamp=clamp, bounds=bounds, graph=graph, monotone=monotone)
    low, high = bounds
    start = low + (high - low) * torch.rand(4, *shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    out = langevin(Quadratic(tuple(shape), dtype=dtype), start, labels(4), chain)
    assert out.x.shape == start.shape and out.x.dtype == dtype
    assert out.x.isfinite().all() and out.energies.isfinite().all() and out.grad_norms.isfinite().all()
    x = out.x.detach()
    assert (x >= torch.tensor(low, dtype=dtype)).all() and (x <= torch.tensor(high, dtype=dtype)).all()
    assert out.energies.shape == (4, steps) and (out.steps == steps).all()


@quick
@given(
    size=st.integers(3, 40),
    batches=st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=8), max_size=6),
    fresh=st.floats(0, 1),
)
def test_chains_keep_their_class(size, batches, fresh):
    """Chains are marked by their class and noise by -1: a draw is always one of the two."""
    buffer = ReplayBuffer(size, 3, (2,), fresh)
    for batch in batches:
        label = torch.tensor(batch)
        start, slot = buffer.draw(label, torch.full((len(batch), 2), -1.0))
        assert ((start == -1) | (start == label[:, None])).all() and start.shape == (len(batch), 2)
        assert (slot >= 0).all() and (slot < size // 3).all()
        buffer.store(label, slot, label[:, None].expand(-1, 2).float())
