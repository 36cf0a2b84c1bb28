"""Workers that die, hang and raise cost a try, and no result of another attempt."""

import multiprocessing
import time

import pytest
from suite_stubs import CRASH, CRASH_ONCE, FINE, HANG, RAISE, SLOW, StubEquipment, job

from lean_ebm.errors import SettingError
from lean_ebm.proving.suites.attempts import LOST, PROVED
from lean_ebm.proving.suites.executor import LocalExecutor


def calls(folder, seed):
    file = folder / f"calls-{seed}"
    return file.stat().st_size if file.exists() else 0


def test_a_worker_that_dies_costs_one_try_and_no_result(tmp_path):
    seeds = [FINE, CRASH, FINE, CRASH_ONCE, HANG, FINE]
    jobs = [job(seed, f"problem-{index}") for index, seed in enumerate(seeds)]
    with LocalExecutor(StubEquipment(tmp_path), workers=2, limit=4.0) as executor:
        records = {record.problem: record for record in executor.run(jobs)}
    outcomes = [records[f"problem-{index}"].outcome for index in range(len(seeds))]
    assert outcomes == [PROVED, LOST, PROVED, PROVED, LOST, PROVED]
    assert records["problem-1"].reason == "its worker was lost 2 times, the last time because it ended with -9"
    assert records["problem-4"].reason.endswith("because it did not answer for 4 seconds")
    assert [calls(tmp_path, seed) for seed in (CRASH, CRASH_ONCE, HANG)] == [2, 2, 2]


def test_what_a_prover_raises_is_raised_with_its_place_and_ends_the_workers(tmp_path):
    executor = LocalExecutor(StubEquipment(tmp_path), workers=2)
    with executor, pytest.raises(ZeroDivisionError, match="of the user's prover") as error:
        list(executor.run([job(RAISE), *(job(SLOW, str(index)) for index in range(20))]))
    assert "suite_stubs.py" in error.value.__notes__[0]
    assert calls(tmp_path, SLOW) < 20
    assert not multiprocessing.active_children()


def test_two_workers_work_at_the_same_time(tmp_path):
    with LocalExecutor(StubEquipment(tmp_path), workers=2) as executor:
        list(executor.run([job(FINE, "a"), job(FINE, "b")]))  # both have started
        begun = time.monotonic()
        records = list(executor.run([job(SLOW, name) for name in "abcd"]))
        assert time.monotonic() - begun < 3.7  # 4 s one after the other
    assert sorted(record.problem for record in records) == list("abcd")


def test_there_is_at_least_one_process(tmp_path):
    with pytest.raises(SettingError, match="number of workers is 0"):
        LocalExecutor(StubEquipment(tmp_path), 0)
