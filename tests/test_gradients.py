"""The same mathematics on more processes, in smaller batches and in lower precision."""

from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader, TensorDataset

import forked
from gradient_worker import BATCH, CASES, METHODS, batch, build
from helpers import quiet_trainer
from lean_ebm.energy import Landscape
from lean_ebm.langevin import Trajectory
from lean_ebm.methods import Method, annealing, ebt

WORKER = Path(__file__).with_name("gradient_worker.py")


@pytest.fixture(scope="module")
def gradients(tmp_path_factory) -> dict[str, dict]:
    """Gradients by case, of one process and of each of two."""
    folder = tmp_path_factory.mktemp("gradients")
    runs = [("0", "1"), ("0", "2"), ("1", "2")]
    started = [forked.Program(str(WORKER), str(folder), *run) for run in runs]
    done = [program.wait() for program in started]
    assert [program.returncode for program in done] == [0, 0, 0], [program.stderr for program in done]
    return {f"{rank} of {of}": torch.load(folder / f"{of}-{rank}.pt", weights_only=True) for rank, of in runs}


@pytest.mark.parametrize("case", CASES)
def test_two_processes_have_the_gradients_of_one(case, gradients):
    one, first, second = (gradients[who][case] for who in ("0 of 1", "0 of 2", "1 of 2"))
    assert any(gradient.abs().max() > 1e-3 for gradient in one.values())
    for name, gradient in one.items():
        assert gradient.abs().max() > 0, f"{name} has no gradient"
        torch.testing.assert_close(first[name], gradient, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(second[name], first[name], atol=0, rtol=0)


def without_chance(patch: pytest.MonkeyPatch) -> None:
    """Each draw depends only on its place in half a batch."""
    half = BATCH // 2

    def repeated(draw):
        def mine(*size, device=None, dtype=None, generator=None):
            size = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
            rows = draw(half, *size[1:], generator=torch.Generator().manual_seed(7))
            return rows.repeat(size[0] // half, *[1] * (len(size) - 1))

        return mine

    patch.setattr(torch, "randn", repeated(torch.randn))
    patch.setattr(torch, "rand", repeated(torch.rand))
    patch.setattr(torch, "randn_like", lambda x: torch.randn(*x.shape))
    draw = lambda x, mean=0, std=1, generator=None: x.copy_(mean + std * torch.randn(*x.shape))
    patch.setattr(torch.Tensor, "normal_", draw)
    for module in (ebt, annealing):
        patch.setattr(module, "stratified", lambda size, device: torch.linspace(0.1, 0.9, half).repeat(size // half))


def after_one_step(folder: Path, case: str, size: int, **settings) -> torch.Tensor:
    """Weights after one optimizer step, on data in batches of a size."""
    method = build(case)
    method.optimizer = lambda parameters: torch.optim.SGD(parameters, lr=0.1)
    if getattr(method, "buffer", None) is not None:
        method.buffer.fresh_fraction = 1.0  # otherwise the second half would start where the first one ended
    trainer = quiet_trainer(folder, max_epochs=1, limit_val_batches=0, **settings)
    loader = DataLoader(TensorDataset(*batch()), batch_size=size)
    with pytest.MonkeyPatch.context() as patch:
        without_chance(patch)
        trainer.fit(method, loader, loader)
    assert trainer.global_step == 1
    return torch.nn.utils.parameters_to_vector(method.parameters()).detach()


@pytest.mark.parametrize("method", METHODS)
def test_accumulated_gradients_are_those_of_the_whole_batch(method, tmp_path):
    case = f"{method} | MLPEnergy"
    once = after_one_step(tmp_path, case, BATCH)
    twice = after_one_step(tmp_path, case, BATCH // 2, accumulate_grad_batches=2)
    start = torch.nn.utils.parameters_to_vector(build(case).parameters())
    assert (once - start).abs().max() > 1e-4
    torch.testing.assert_close(twice, once, atol=1e-6, rtol=1e-5)


def recorded(method: Method) -> list[Trajectory]:
    """The chains that the method is going to run."""
    chains, plain = [], method.langevin

    def record(*arguments, **settings):
        chains.append(plain(*arguments, **settings))
        return chains[-1]

    method.langevin = record
    return chains


def given(method: Method):
    y = batch()[1]
    return Landscape(y, torch.zeros_like(y)) if method.energy.landscapes else y


@pytest.mark.parametrize("case", CASES)
def test_bfloat16_learns_what_float32_does(case):
    """Activations in bfloat16; energies, chains and gradients in float32."""
    found = {}
    for precision in (torch.float32, torch.bfloat16):
        method = build(case)
        chains = recorded(method)
        torch.manual_seed(2)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision is torch.bfloat16):
            energies = method.energy(batch()[0], given(method))
            loss = method.loss(batch())["loss"]
        loss.backward()
        gradients = torch.cat([p.grad.flatten() for p in method.parameters()])
        dtypes = {energies.dtype, loss.dtype, gradients.dtype}
        dtypes |= {part.dtype for chain in chains for part in (chain.x, chain.energies, chain.grad_norms)}
        assert chains and dtypes == {torch.float32}
        found[precision] = energies.detach(), loss.detach(), gradients
    (energies, loss, gradients), (rough_energies, rough_loss, rough_gradients) = found.values()
    assert not torch.equal(energies, rough_energies)  # so autocast was on
    torch.testing.assert_close(rough_loss, loss, rtol=0.1, atol=0.02)
    assert torch.cosine_similarity(gradients, rough_gradients, dim=0) > 0.95


class DoublesRefused(TorchDispatchMode):
    """As on Apple's GPUs, which have no float64."""

    def __torch_dispatch__(self, operation, types, arguments=(), settings=None):
        result = operation(*arguments, **(settings or {}))
        for part in result if isinstance(result, (tuple, list)) else [result]:
            assert not (isinstance(part, torch.Tensor) and part.dtype == torch.float64), operation
        return result


@pytest.mark.parametrize("case", CASES)
def test_no_device_needs_float64(case):
    method = build(case)
    with DoublesRefused():
        method.loss(batch())["loss"].backward()
        method.generate(batch()[1], steps=4)
        method.class_energies(batch()[0])
    with pytest.raises(AssertionError), DoublesRefused():
        torch.zeros(2, dtype=torch.float64)
