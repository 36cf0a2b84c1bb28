"""What only a GPU can show: that it computes what a CPU does, and that a replayed graph is the chain."""

import copy
import dataclasses
import gc
import logging
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from helpers import TINY_RUN, quiet_trainer, without_waiting
from lean_ebm import cuda_graphs
from lean_ebm.cli.training import main
from lean_ebm.data import Digits
from lean_ebm.energy import ConvEnergy, EnergyNetwork, MixerEnergy, MLPEnergy, ResidualEnergy
from lean_ebm.langevin import Langevin, langevin
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Method

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]

CHAIN = Langevin(6, 5.0, noise_scale=0.01, grad_clamp=0.5, bounds=(-1.0, 1.0))
NETWORKS = {
    "ConvEnergy": lambda: ConvEnergy(width=8),
    "ResidualEnergy": lambda: ResidualEnergy(width=16, depth=1),
    "MixerEnergy": lambda: MixerEnergy(width=16, depth=2, token_width=16, hidden=32),
}


@pytest.fixture(autouse=True)
def full_precision():
    """Float32 without TensorFloat-32, so that results compare with those of a CPU."""
    matrices, convolutions = torch.get_float32_matmul_precision(), torch.backends.cudnn.conv.fp32_precision
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.conv.fp32_precision = "ieee"
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision(matrices)
    torch.backends.cudnn.conv.fp32_precision = convolutions


def starts(size: int = 6) -> Tensor:
    return torch.linspace(-1, 1, size * 784).sin().reshape(size, 1, 28, 28)


def run(energy: EnergyNetwork, settings: Langevin, seed: int | None = None) -> tuple[Tensor, Tensor, list[Tensor]]:
    """The ends of chains, their energies, and the gradients of a loss on the ends."""
    device = next(energy.parameters()).device
    energy.zero_grad()
    generator = None if seed is None else torch.Generator(device).manual_seed(seed)
    start, condition = starts().to(device), torch.arange(6, device=device)
    out = langevin(energy, start, condition, settings, generator=generator)
    if out.x.requires_grad:
        (out.x * starts(1).to(device)).sum().backward()
    gradients = [parameter.grad.cpu().clone() for parameter in energy.parameters() if parameter.grad is not None]
    return out.x.detach().cpu(), out.energies.cpu(), gradients


def draw() -> Tensor:
    """The next random numbers of the device's generator."""
    return torch.rand(4, device="cuda").cpu()


@pytest.mark.parametrize("graph", ["none", "last", "all"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_chain_is_the_same_on_a_cpu_and_replayed_on_a_gpu(name, graph):
    energy, settings = NETWORKS[name](), dataclasses.replace(CHAIN, noise_scale=0.0, graph=graph)
    x, energies, gradients = run(energy, settings)
    energy.cuda()
    for _ in range(3):
        ours = run(energy, settings)
        torch.testing.assert_close(ours[0], x, rtol=0, atol=1e-4)
        torch.testing.assert_close(ours[1], energies, rtol=1e-4, atol=1e-4)
        assert len(ours[2]) == len(gradients)
        for mine, theirs in zip(ours[2], gradients, strict=True):
            assert (mine - theirs).norm() <= 1e-3 * theirs.norm() + 1e-6


@pytest.mark.parametrize("seed", [3, None], ids=["own generator", "the device's generator"])
@pytest.mark.parametrize("graph", ["none", "last"])
def test_a_replay_draws_the_noise_of_an_eager_chain(graph, seed):
    energy, settings = NETWORKS["ConvEnergy"]().cuda(), dataclasses.replace(CHAIN, graph=graph)
    ends = []
    for compile in (False, None, None, None):
        torch.manual_seed(8)
        ends.append(run(energy, dataclasses.replace(settings, compile=compile), seed)[0])
        ends[-1] = torch.cat([ends[-1].flatten(), draw()])  # the device's generator is where it should be
    for end in ends[1:]:
        torch.testing.assert_close(end, ends[0], rtol=0, atol=1e-4)


@pytest.mark.parametrize("own", [False, True])
def test_noise_differs_from_replay_to_replay(own):
    energy, start = NETWORKS["ConvEnergy"]().cuda(), starts().cuda()
    generator = torch.Generator("cuda").manual_seed(0) if own else None
    condition = torch.arange(6, device="cuda")
    ends = [langevin(energy, start, condition, CHAIN, generator=generator).x for _ in range(5)]
    for i, mine in enumerate(ends):
        assert all((mine - other).abs().max() > 1e-3 for other in ends[:i])


def test_a_replay_sees_weights_that_change_in_place_or_move():
    energy = NETWORKS["ResidualEnergy"]().cuda()
    settings = dataclasses.replace(CHAIN, noise_scale=0.0)
    for change in ("nothing", "in place", "moved"):
        with torch.no_grad():
            for parameter in energy.parameters():
                if change == "in place":
                    parameter.add_(0.05 * torch.randn_like(parameter))
                elif change == "moved":
                    parameter.data = parameter.data + 0.05 * torch.randn_like(parameter)
        expected = run(energy, dataclasses.replace(settings, compile=False))[0]
        for _ in range(3):
            torch.testing.assert_close(run(energy, settings)[0], expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("graph", ["none", "last"])
def test_a_replay_under_autocast_is_the_eager_chain(graph):
    energy = NETWORKS["ResidualEnergy"]().cuda().to(memory_format=torch.channels_last)
    settings = dataclasses.replace(CHAIN, noise_scale=0.0, graph=graph)
    with torch.autocast("cuda", torch.bfloat16):
        expected = run(energy, dataclasses.replace(settings, compile=False))
        for _ in range(3):
            x, _, gradients = run(energy, settings)
            torch.testing.assert_close(x, expected[0], rtol=0, atol=0.02)
            for mine, theirs in zip(gradients, expected[2], strict=True):
                assert (mine - theirs).norm() <= 0.05 * theirs.norm() + 1e-6


def method(name: str, compile: bool | None) -> Method:
    torch.manual_seed(0)
    energy = MixerEnergy(width=16, depth=1, token_width=16, hidden=32, landscapes=4 if name == "IRED" else 0)
    if name == "ContrastiveDivergence":
        chain = dataclasses.replace(CHAIN, compile=compile)
        return ContrastiveDivergence(ConvEnergy(width=8), chain, buffer_size=100, start="moments").cuda()
    if name == "IRED":
        mining = Langevin(2, monotone=True, compile=compile)
        return IRED(energy, mining=mining, cross_entropy=0.01).cuda()
    steps = 3 if name == "EBT, every" else 1
    chain = Langevin(steps, 1.0, graph="last", compile=compile)
    if name == "EBT, every":
        return EBT(energy, chain, supervise="every", learn_step_size=True).cuda()
    return EBT(energy, chain, cross_entropy=0.01).cuda()


@pytest.mark.parametrize("name", ["ContrastiveDivergence", "EBT", "EBT, every", "IRED"])
def test_replayed_chains_teach_the_same(name):
    batch = starts(12).cuda(), torch.arange(12, device="cuda") % 10
    found: list[list[float]] = []
    for compile in (False, None):
        taught = method(name, compile).train()
        optimizer = torch.optim.SGD(taught.parameters(), lr=1e-3)
        losses = []
        for step in range(5):
            torch.manual_seed(step)
            loss = taught.loss(batch)["loss"]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        found.append(losses)
    assert all(math.isfinite(loss) for loss in found[0])
    assert found[1] == pytest.approx(found[0], rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", ["ContrastiveDivergence", "EBT", "EBT, every", "IRED"])
def test_the_host_never_waits_for_a_loss(name):
    taught = method(name, None).train()
    batch = starts(12).cuda(), torch.arange(12, device="cuda") % 10
    for _ in range(4):
        taught.loss(batch)["loss"].backward()
    with without_waiting():
        taught.loss(batch)["loss"].backward()


def test_a_network_that_waits_for_the_gpu_runs_step_by_step():
    class Waits(MLPEnergy):
        def forward(self, x, condition):
            return super().forward(x, condition) * (1.0 if float(x.detach().sum()) > 1e9 else 2.0)

    energy, other = Waits((1, 28, 28), width=8, depth=1).cuda(), NETWORKS["ConvEnergy"]().cuda()
    settings, stream = dataclasses.replace(CHAIN, noise_scale=0.0), torch.cuda.current_stream()
    for _ in range(3):
        run(other, CHAIN)
    expected = run(energy, dataclasses.replace(settings, compile=False))[0]
    assert torch.equal(run(energy, settings)[0], expected)
    with pytest.warns(UserWarning, match="Waits cannot be captured"):
        assert torch.equal(run(energy, settings)[0], expected)
    assert torch.equal(run(energy, settings)[0], expected)
    assert torch.cuda.current_stream() == stream
    # The failed capture left no trace: neither in random numbers, nor for older graphs or new ones.
    ends = []
    new = copy.deepcopy(other)
    for network, compile in ((other, False), (other, None), (new, None), (new, None), (new, None)):
        torch.manual_seed(4)
        ends.append(torch.cat([run(network, dataclasses.replace(CHAIN, compile=compile))[0].flatten(), draw()]))
    for end in ends[1:]:
        torch.testing.assert_close(end, ends[0], rtol=0, atol=1e-4)


def test_graphs_are_captured_after_all_others_are_gone():
    cuda_graphs._kinds.clear()
    for _ in range(3):
        energy = NETWORKS["ConvEnergy"]().cuda()
        for graph in ("none", "last"):
            for _ in range(3):
                run(energy, dataclasses.replace(CHAIN, graph=graph))
        del energy
        gc.collect()


def test_memory_does_not_grow_from_capture_to_capture():
    """Weights that move make each chain a new capture."""
    energy, taken = NETWORKS["ResidualEnergy"]().cuda(), []
    for turn in range(12):
        for parameter in energy.parameters():
            parameter.data = parameter.data.clone()
        for graph in ("none", "last"):
            for _ in range(2):
                run(energy, dataclasses.replace(CHAIN, graph=graph))
        gc.collect()
        torch.cuda.empty_cache()
        if turn in (5, 11):
            taken.append(torch.cuda.memory_reserved())
    assert taken[1] <= taken[0] + 2**22


GPU_RUN = [argument for argument in TINY_RUN if "accelerator" not in argument and "limit_train" not in argument]
FIT = [
    "fit",
    "--trainer.accelerator=gpu",
    "--trainer.devices=1",
    "--model=ContrastiveDivergence",
    "--model.energy=ResidualEnergy",
    "--model.energy.width=8",
    "--model.chain.steps=3",
    "--model.chain.grad_clamp=0.03",
    "--model.sampler.steps=3",
    "--model.buffer_size=100",
    "--model.start=moments",
    "--data=Digits",
    "--data.batch_size=32",
    "--data.on_device=true",
    *GPU_RUN,
]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_fit_resumes_with_its_chains_as_if_it_had_not_been_interrupted(precision, tmp_path, monkeypatch):
    """With deterministic kernels bit for bit, although the resumed run captures anew what the whole run replays."""
    monkeypatch.chdir(tmp_path)
    length = [
        "--trainer.deterministic=true",
        "--trainer.max_epochs=2",
        "--trainer.limit_train_batches=5",
        f"--trainer.precision={precision}",
    ]
    saves = ["--checkpoint.every_n_train_steps=2", "--checkpoint.save_top_k=-1", "--checkpoint.save_last=false"]
    command = [*FIT, *length, *saves]
    main([*command, "--trainer.default_root_dir=whole"])
    (middle,) = Path("whole").rglob("*step=4.ckpt")
    main([*command, "--trainer.default_root_dir=other", f"--ckpt_path={middle}"])
    whole, other = (
        torch.load(next(Path(folder).rglob("*step=10.ckpt")), weights_only=True, map_location="cpu")
        for folder in ("whole", "other")
    )
    for part in ("state_dict", "current_model_state", "optimizer_states"):
        torch.testing.assert_close(other[part], whole[part], rtol=0, atol=0, equal_nan=True)
    assert 0 < whole["state_dict"]["buffer.chains"].isfinite().float().mean() < 1
    assert whole["optimizer_states"][0]["param_groups"][0]["fused"] is True


def test_a_fit_on_a_gpu_warns_of_nothing(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.INFO):
        main([*FIT, "--trainer.max_steps=3"])
    assert torch.get_float32_matmul_precision() == "high"
    assert "set_float32_matmul_precision" not in caplog.text
    main(["test", "--ckpt_path=last", *(a for a in FIT[1:] if "samples" not in a), "--trainer.limit_test_batches=1"])


def test_a_checkpoint_of_a_gpu_resumes_on_a_cpu_and_back(tmp_path):
    def fit(accelerator, steps, ckpt):
        torch.manual_seed(0)
        model = ContrastiveDivergence(MLPEnergy((1, 28, 28), width=8, depth=1), CHAIN, CHAIN, buffer_size=50)
        from lean_ebm.callbacks import Resume

        trainer = quiet_trainer(
            tmp_path, accelerator=accelerator, devices=1, max_steps=steps, limit_val_batches=0, callbacks=[Resume()]
        )
        torch.set_float32_matmul_precision("high")  # of which Lightning reminds otherwise
        trainer.fit(model, datamodule=Digits(batch_size=32), ckpt_path=ckpt)
        path = tmp_path / f"{accelerator}{steps}.ckpt"
        trainer.save_checkpoint(path)
        assert trainer.global_step == steps
        return path

    path = None
    for steps, accelerator in enumerate(("gpu", "cpu", "gpu"), start=1):
        path = fit(accelerator, 2 * steps, path)
