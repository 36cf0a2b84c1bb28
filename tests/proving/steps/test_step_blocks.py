"""Data sets of proof steps depend on nothing but their settings, and survive interruptions and damage."""
# ruff: noqa: RUF001 - the letters of Lean

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from lean_ebm.errors import RunError, SettingError
from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.search import read_statement
from lean_ebm.proving.steps import blocks
from lean_ebm.proving.steps.blocks import StepSettings, folder_of, make_block, provide_steps
from lean_ebm.proving.steps.columns import Columns, from_bytes
from lean_ebm.proving.steps.sampling import Thoroughness

QUICK = StepSettings(kinds={"term": 1.0}, thoroughness=Thoroughness(turns=0.5, tie_expansions=0))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAN_EBM_CACHE", str(tmp_path / "a cache"))


def test_a_block_is_what_it_always_was():
    """If this fails after a change of what is generated, set another VERSION in blocks.py, and this digest anew."""
    # ruff: noqa: RUF001 - the letters of Lean
    block = make_block(replace(StepSettings(), thoroughness=Thoroughness(expansions=20, turn_expansions=5)), 3)
    assert {theorem.kind for theorem in block.theorems} == {"uniform", "formula", "term", "first_order"}
    content = json.dumps([[name, list(column)] for name, column in block.columns.items()])
    digest = hashlib.sha256("".join([*[theorem.statement for theorem in block.theorems], content]).encode())
    assert (blocks.VERSION, digest.hexdigest()[:16]) == (1, "70a6bc80686aaef5")


def test_theorems_are_theorems_and_states_are_consistent():
    block = make_block(QUICK, 0)
    assert len(block.theorems) == 40 == len({theorem.number for theorem in block.theorems})
    for theorem in block.theorems:
        assert prove(root(read_statement(theorem.statement)).target) is not None
        assert theorem.steps >= 1 and theorem.kind == "term"
    easy = sum(theorem.steps < QUICK.shortest for theorem in block.theorems)
    assert 0 < easy < 30  # of random theorems of this kind, most are
    columns = block.columns
    assert len(block) == len(columns["left"]) > 100
    assert sum(columns["nodes"]) == len(columns["kind"]) == len(columns["other_part"])
    assert sum(columns["tactics"]) == len(columns["template"]) == len(columns["after"]) and min(columns["tactics"]) > 0
    assert sorted(set(columns["theorem"])) == list(range(40))
    pairs = set(zip(columns["theorem"], columns["number"], strict=True))
    assert len(pairs) == len(block)  # each state of a theorem once


def test_columns_survive_the_way_through_bytes():
    block = make_block(QUICK, 1)
    content = block.to_bytes()
    again = from_bytes(content)
    assert again.theorems == block.theorems and again.columns == block.columns
    assert from_bytes(Columns().to_bytes()).theorems == []
    for damaged in (content[:-1], content[:40], b"", content[:-1] + b"?"):
        assert from_bytes(damaged) is None


def together(made):
    return [block.to_bytes() for block in made]


def test_processes_make_the_same_data_as_one_process(tmp_path, monkeypatch):
    """Their hashes of texts differ, which must not matter."""
    one = together(provide_steps(QUICK, 90))
    monkeypatch.setenv("LEAN_EBM_CACHE", str(tmp_path / "another"))
    told = []
    several = provide_steps(QUICK, 90, workers=2, tell=told.append)
    assert together(several) == one and len(one) == 3
    assert told == sorted(told) and told[-1] == 90
    assert sorted(path.name for path in folder_of(QUICK).glob("*[0-9]"))[:3] == [
        "block-000000", "block-000001", "block-000002",
    ]  # fmt: skip


def test_more_theorems_begin_with_the_same_ones_and_use_the_cache(monkeypatch):
    first = together(provide_steps(QUICK, 30))
    monkeypatch.setattr(blocks, "make_block", None)
    assert together(provide_steps(QUICK, 30)) == first  # nothing is made again
    monkeypatch.undo()


def test_other_settings_have_another_folder():
    folders = {
        folder_of(settings)
        for settings in (
            QUICK, replace(QUICK, seed=1), replace(QUICK, kinds={"uniform": 1.0}), replace(QUICK, connectives=(8, 9)),
            replace(QUICK, shortest=4), replace(QUICK, thoroughness=Thoroughness(states=9)),
        )
    }  # fmt: skip
    assert len(folders) == 6
    both = {"term": 1.0, "uniform": 2.0}
    assert folder_of(replace(QUICK, kinds=both)) == folder_of(replace(QUICK, kinds=dict(reversed(both.items()))))


def test_a_damaged_block_is_made_again():
    first = together(provide_steps(QUICK, 10))
    path = folder_of(QUICK) / "block-000000"
    path.write_bytes(path.read_bytes()[:1000])
    assert together(provide_steps(QUICK, 10)) == first
    assert from_bytes(path.read_bytes()) is not None


def test_two_runs_at_once_do_not_disturb_each_other():
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(provide_steps, QUICK, 60) for _ in range(2)]
        one, other = (together(made.result()) for made in both)
    assert one == other


ENDLESS = """
from lean_ebm.proving.steps.blocks import StepSettings, provide_steps
from lean_ebm.proving.steps.sampling import Thoroughness
provide_steps(StepSettings(kinds={"term": 1.0}, thoroughness=Thoroughness(turns=0.5, tie_expansions=0)), 10**6, 2)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_killed_run_leaves_no_process_and_is_resumed():
    process = subprocess.Popen([sys.executable, "-c", ENDLESS])
    try:
        path = folder_of(QUICK) / "block-000000"
        until = time.monotonic() + 30
        while not path.exists():
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.05)
        time.sleep(0.3)  # in the middle of another block
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    until = time.monotonic() + 10
    while any(str(folder_of(QUICK)) in environment for environment in _environments()):
        assert time.monotonic() < until
        time.sleep(0.05)
    before = path.read_bytes()
    provide_steps(QUICK, 90)
    assert path.read_bytes() == before


def _environments():
    """The environments of all processes that make proof steps."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                made = b"steps.blocks" in file.read() and int(pid) != os.getpid()
            with open(f"/proc/{pid}/environ", "rb") as file:
                yield (os.environ["LEAN_EBM_CACHE"] in file.read().decode() and made and str(folder_of(QUICK))) or ""
        except (OSError, UnicodeDecodeError):
            continue


def test_theorems_of_a_file(tmp_path):
    path = tmp_path / "mine.jsonl"
    lines = [
        "(p q : Prop) : p ∧ q → q ∧ p", "(a b : Prop) : a ∧ b → b ∧ a", "p ∨ ¬p", "∀ x, P x → ∃ y, P y",
        "(p q r : Prop) (h : p → q) (k : q → r) : p → r",
    ]  # fmt: skip
    path.write_text("".join(json.dumps({"statement": line}) + "\n" for line in lines), encoding="utf-8")
    settings = StepSettings(file=str(path))
    (block,) = provide_steps(settings, 1000, workers=2)
    proved = [(theorem.statement.rpartition(" : ")[2], theorem.steps) for theorem in block.theorems]
    assert proved == [("p ∧ q → q ∧ p", 5), ("∀ x, P x → ∃ y, P y", 4), ("p → r", 4)]
    assert {theorem.kind for theorem in block.theorems} == {"file"}
    folder = folder_of(settings)
    other = path.rename(tmp_path / "renamed.jsonl")
    assert folder_of(StepSettings(file=str(other))) == folder
    other.write_text(json.dumps({"statement": "p → p"}), encoding="utf-8")
    assert folder_of(StepSettings(file=str(other))) != folder
    other.write_text(json.dumps({"statement": "p"}), encoding="utf-8")
    with pytest.raises(RunError, match="no theorem that is proved here"):
        provide_steps(StepSettings(file=str(other)), 10)
    other.write_text(json.dumps({"statement": "p = q"}), encoding="utf-8")
    with pytest.raises(SettingError, match="theorem 1: 'p = q' is not a statement"):
        provide_steps(StepSettings(file=str(other)), 10)
    with pytest.raises(SettingError, match="Cannot read"):
        provide_steps(StepSettings(file=str(tmp_path / "none")), 10)


def test_wrong_settings_are_explained(monkeypatch):
    for wrong, message in (
        ({"kinds": {"term": 0}}, "expected shares above 0 of uniform, formula"),
        ({"kinds": {"chess": 1}}, "kinds is {'chess': 1}"),
        ({"connectives": (5, 4)}, "in order"),
        ({"easy": 1.5}, "a share from 0 to 1"),
    ):
        with pytest.raises(SettingError, match=message):
            StepSettings(**wrong)
    with pytest.raises(SettingError, match="at least 1 of both"):
        provide_steps(QUICK, 0)
    monkeypatch.setattr(blocks, "_FRUITLESS", 2)
    monkeypatch.setattr(blocks, "_THEOREMS", 3)
    with pytest.raises(RunError, match="There seem to be only"):
        provide_steps(StepSettings(kinds={"uniform": 1.0}, connectives=(1, 1), easy=1.0), 1000)


def test_a_process_that_fails_is_reported(monkeypatch):
    monkeypatch.setattr(blocks, "_PROGRAM", "raise SystemExit('no more paper')")
    with pytest.raises(RunError, match="ended with status 1: no more paper"):
        provide_steps(QUICK, 10, workers=2)


def test_a_theorem_that_takes_too_long_is_left_out(tmp_path, monkeypatch):
    """Twenty quantifiers have a million choices of individuals in each model."""
    path = tmp_path / "mine.jsonl"
    names = [f"x{index}" for index in range(24)]
    hard = f"(α : Type) (P : α → Prop) : (∀ {' '.join(names)} : α, {' ∨ '.join(f'P {name}' for name in names)}) → True"
    path.write_text("".join(json.dumps({"statement": line}) + "\n" for line in (hard, "p ∧ q → p")), encoding="utf-8")
    monkeypatch.setattr(blocks, "_SECONDS", 0.3)
    block = make_block(StepSettings(file=str(path)), 0)
    assert [theorem.statement for theorem in block.theorems] == ["(p q : Prop) : p ∧ q → p"]


def test_a_busy_machine_does_not_change_a_block(tmp_path, monkeypatch):
    """The limit counts the processor's time, not that in which the process waits for a processor."""

    def wait(*arguments):
        time.sleep(1.0)
        for _ in range(1000):
            tick()
        return sample_states(*arguments)

    sample_states = blocks.sample_states
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"statement": "p ∧ q → p"}) + "\n", encoding="utf-8")
    monkeypatch.setattr(blocks, "_SECONDS", 0.9)
    monkeypatch.setattr(blocks, "sample_states", wait)
    assert len(make_block(StepSettings(file=str(path)), 0).theorems) == 1


def test_families_are_a_kind_too(monkeypatch):
    monkeypatch.setattr(blocks, "_THEOREMS", 4)
    block = make_block(StepSettings(kinds={"families": 1.0}, thoroughness=Thoroughness(30, 0, 0, 0)), 0)
    assert block.theorems and all(theorem.kind == "families" for theorem in block.theorems)
