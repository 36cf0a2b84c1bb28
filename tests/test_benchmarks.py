"""The whole benchmark runs at a small size, at which its figures mean nothing."""

import json
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    threads = torch.get_num_threads()
    yield pytest.importorskip("benchmarks.__main__")
    torch.set_num_threads(threads)


@pytest.mark.parametrize("torchebm", [False, True])
def test_every_row_is_measured(torchebm, benchmarks, tmp_path, monkeypatch, capsys):
    from benchmarks import peers, rows, scale

    if torchebm and not peers.TORCHEBM:
        pytest.skip("torchebm is not installed: pip install -e '.[bench]'")
    monkeypatch.setattr(peers, "TORCHEBM", torchebm)
    only = ["chain/ConvEnergy"] if torchebm else []
    benchmarks.main(["--smoke", "--output", str(tmp_path), *(["--only", *only] if only else [])])
    results = json.loads((tmp_path / "results.json").read_text())
    assert list(results["rows"]) == [row for row in rows.all_rows(scale.SMOKE) if not only or row.startswith(only[0])]
    assert results["machine"]["torch"] in torch.__version__
    chain = results["rows"]["chain/ConvEnergy/4/1"]["result"]
    assert chain["floor"]["ratio"] == 1 and ("TorchEBM" in chain) == torchebm
    printed = capsys.readouterr().out
    assert (tmp_path / "results.md").read_text().strip() in printed
    assert ("TorchEBM is not installed" in printed) != torchebm
    if not only:
        assert (tmp_path / "growth.png").is_file()
        assert results["rows"]["graph/ConvEnergy/all"]["result"]["gradient error"] < 1e-4


def test_rows_are_measured_anew_alone(benchmarks, tmp_path):
    benchmarks.main(["--smoke", "--output", str(tmp_path), "--only", "data", "memory"])
    first = json.loads((tmp_path / "results.json").read_text())["rows"]
    benchmarks.main(["--smoke", "--output", str(tmp_path), "--only", "data"])
    second = json.loads((tmp_path / "results.json").read_text())["rows"]
    assert list(first) == list(second) == ["data", "memory"]
    assert first["memory"] == second["memory"] and first["data"] != second["data"]
    benchmarks.main(["--smoke", "--output", str(tmp_path), "--only", "data", "--missing"])
    assert json.loads((tmp_path / "results.json").read_text())["rows"] == second


def test_peers_walk_where_we_do(benchmarks):
    """The same network and, without noise, the same chain: only then is a comparison one of speed."""
    from dataclasses import replace

    from benchmarks import peers, scale
    from lean_ebm.langevin import langevin

    energy = scale.SMOKE.network("ConvEnergy")
    twin = peers.plain(energy)
    assert not any(isinstance(layer, peers.CandidateConv2d) for layer in twin.modules())
    x, y = scale.SMOKE.batch(6)
    torch.testing.assert_close(twin(x, y), energy(x, y))
    chain = replace(scale.CHAIN, steps=3, noise_scale=0.0)
    torch.testing.assert_close(peers.textbook(twin, x, y, chain), langevin(energy, x, y, chain).x)
    free = replace(chain, step_size=1.0, grad_clamp=None, bounds=None)
    torch.testing.assert_close(peers.floor(twin, x, y, 3), langevin(energy, x, y, free).x)
    if peers.TORCHEBM:
        close = replace(chain, noise_scale=1e-9, grad_clamp=None)
        torch.testing.assert_close(peers.torchebm_chain(twin, close)(x, y), langevin(energy, x, y, close).x)


def test_a_busy_machine_is_measured_in_processor_time(benchmarks):
    """Contenders that only wait take no processor time, and the table says how it was measured."""
    import time

    from benchmarks import report, scale

    busy = scale.SMOKE.busy()
    assert busy.threads == (1,)
    work = lambda: sum(range(200_000))
    times = busy.time({"works": work, "works and waits": lambda: (work(), time.sleep(0.1))}, "works")
    assert times["works and waits"]["seconds"] < 0.1
    assert scale.SMOKE.time({"waits": lambda: time.sleep(0.01)}, "waits")["waits"]["seconds"] >= 0.01
    row = {"seconds": 1.0, "result": {"batch": 4, "bytes": {"all": {"1": 1e6}}}}
    texts = [
        report.text({"machine": benchmarks.machine(busy.device), "rows": {"memory": row | {"clock": clock}}})
        for clock in ("perf_counter", "process_time")
    ]
    assert ["beside other work" in text for text in texts] == [False, True]


def test_memory_is_counted_as_tensors_come_and_go(benchmarks):
    from benchmarks.timing import peak_memory

    def run():
        first = torch.ones(1000, 1000)
        second = first + 1
        del first
        return second + 1

    assert 8e6 <= peak_memory(run, torch.device("cpu")) < 8.1e6


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_the_check_of_a_gpu_says_that_there_is_none(benchmarks, capsys):
    from benchmarks import gpu

    assert gpu.main([]) == gpu.WITHOUT
    assert capsys.readouterr().out.count("\n") == 1


def test_a_fit_tells_its_pace_to_the_program_that_started_it(benchmarks, tmp_path, monkeypatch):
    from benchmarks.pace import Pace
    from helpers import TINY_RUN
    from lean_ebm.cli.training import main

    monkeypatch.setattr(Pace, "milliseconds", float("nan"))
    run = [*TINY_RUN, "--trainer.limit_train_batches=60", "--trainer.limit_val_batches=0", "--data.batch_size=4"]
    timed = ["--trainer.callbacks+=benchmarks.pace.Pace", f"--trainer.default_root_dir={tmp_path}"]
    main(["fit", "--config=quickstart", *run, *timed])
    assert 0 < Pace.milliseconds < 60_000
