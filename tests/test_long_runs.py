"""Runs of thousands of steps take no more memory and time a step than short ones."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import DIGITS, METHODS, TINY_RUN

WORKER = Path(__file__).with_name("long_worker.py")
LONG = [
    "--trainer.max_epochs=-1",
    "--trainer.max_steps=3000",
    "--trainer.limit_train_batches=100",
    "--trainer.log_every_n_steps=10",
    "--data.batch_size=32",
    "--model.energy.width=64",
    "--trainer.gradient_clip_val=1.0",
    "--guard.check_every=100000",  # these small models diverge, but must not be rolled back
]
"""Thirty epochs, each with a validation, samples and a checkpoint, under all the callbacks of a run."""


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_memory_and_time_of_3000_steps_stay_flat(name, tmp_path, record_property):
    looks = tmp_path / "looks.json"
    command = [sys.executable, str(WORKER), str(looks), "fit", *METHODS[name], *DIGITS, *TINY_RUN, *LONG]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    peaks, seconds = zip(*json.loads(looks.read_text()), strict=True)
    assert len(peaks) == 3000
    growth = peaks[-1] / peaks[999]
    # The smallest processor time of a step, since other work of the machine only adds to it.
    early, late = (statistics.quantiles(part, n=10)[0] for part in (seconds[500:1000], seconds[2500:]))
    record_property("peak memory after 3,000 steps over that after 1,000", f"{growth:.3f}")
    record_property(
        "milliseconds a step, steps 500 to 1,000 and 2,500 to 3,000", f"{1e3 * early:.2f}, {1e3 * late:.2f}"
    )
    assert growth < 1.02
    assert late < 1.2 * early
