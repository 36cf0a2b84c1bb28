"""`make provers`, with one recipe, and the parts of its report."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lean_ebm.cli.training import main
from lean_ebm.errors import RunError
from lean_ebm.experiments import provers_checks, provers_searches
from lean_ebm.experiments.provers import PROVERS, SEVERAL_SEEDS, plan
from lean_ebm.experiments.provers_checks import LeanRun, SpeedRun
from lean_ebm.experiments.provers_searches import CONTESTANTS, RECIPES, SearchRun
from lean_ebm.experiments.provers_sets import SETS, known_states, make, sets
from lean_ebm.experiments.provers_states import UnseenStates
from lean_ebm.experiments.provers_tables import Searched, tables
from lean_ebm.experiments.runs import TrainingRun, execute
from lean_ebm.experiments.tables import bootstrapped
from lean_ebm.proving import Statement
from lean_ebm.proving.candidates import listing_of, sequent_of
from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.lean.toolchain import find_wheel
from lean_ebm.proving.logic.logic import root
from lean_ebm.proving.theorems.propl import hardest, length_of

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "proving"


def test_a_dry_run_trains_searches_checks_and_repeats_nothing(tmp_path, monkeypatch, capsys):
    # Starting a command for each run would take most of the time.
    monkeypatch.setattr(TrainingRun, "_run", lambda self, command, threads, *more: main(self.arguments(command, *more)))
    monkeypatch.setattr(SearchRun, "_run", lambda self, arguments: provers_searches.main(arguments))

    def in_process(self, arguments):
        for part in range(provers_checks.PROCESSES):
            provers_checks.main([*arguments, str(part)])
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()[-provers_checks.PROCESSES :]]

    monkeypatch.setattr(SpeedRun, "_run", in_process)
    monkeypatch.setattr(provers_searches, "sets", lambda fast: {name: sets(fast)[name] for name in ("16", "64")})
    names = ("best-first-narrow", "and-or-narrow", "energy", "energy-residual", "energy-puct")
    monkeypatch.setattr("lean_ebm.experiments.provers.CONTESTANTS", {name: CONTESTANTS[name] for name in names})
    if find_wheel() is None:
        monkeypatch.setattr(LeanRun, "finish", lambda self, threads: None)
    arguments = ["--fast", "--recipes", "energy", f"--folder={tmp_path}", f"--configs={CONFIGS}", "--jobs=1"]
    PROVERS.main(arguments)
    text = (tmp_path / "provers.md").read_text()
    assert "A dry run" in text and "Failures" not in text and "## Targets" in text and "theorems a second" in text
    evaluated = json.loads((tmp_path / "energy/seed-0/evaluation.json").read_text())
    assert f"{evaluated['metrics']['test/top_1']:.3f}" in text
    record = json.loads((tmp_path / "search-energy/seed-0/found.json").read_text())
    assert len(record["sets"]["16"]["applications"]) == 6 and record["states"]["states"] > 20
    assert f"{record['states']['value_rank']:.3f}" in text
    untrained = json.loads((tmp_path / "search-and-or-narrow/seed-0/found.json").read_text())
    assert sum(count is not None for count in untrained["sets"]["16"]["applications"]) > 3
    if find_wheel() is not None:
        checked = json.loads((tmp_path / "lean/lean.json").read_text())
        assert checked["checked"] > 10 and checked["refused"] == [] and f"refused {len(checked['refused'])}" in text
    assert (tmp_path / "provers.png").stat().st_size > 1000 and "provers.png" in text

    # What has to be kept to go on elsewhere are the records, without models, theorems and proofs.
    for path in [*tmp_path.rglob("*.ckpt"), *tmp_path.rglob("*.jsonl"), *tmp_path.glob("theorems/*.gz")]:
        path.unlink()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    PROVERS.main(arguments)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert (tmp_path / "provers.md").read_text() == text

    (theorems,) = [run for run in plan(PROVERS.options(arguments)) if run.stage == 0]
    theorems.provide()  # the files are made again, if they are the same
    assert theorems.file("64").is_file()
    theorems.file("64").unlink()
    record = json.loads((tmp_path / "theorems/theorems.json").read_text())
    record["lengths"]["64"][0] += 1
    (tmp_path / "theorems/theorems.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match="this machine draws others"):
        theorems.provide()


def test_there_are_three_seeds_of_three_recipes_and_searches_with_all_models():
    runs = plan(PROVERS.options([f"--configs={CONFIGS}"]))
    trainings = [run for run in runs if isinstance(run, TrainingRun)]
    others = {"numbers", "numbers_policy_value", "chunks", "chunk_policy"}  # of another world, or of chunks
    others |= {"language", "language_policy", "quickstart"}  # which need a pretrained model, or are for a first run
    assert {run.name for run in trainings} == set(RECIPES) == {path.stem for path in CONFIGS.glob("*.yaml")} - others
    assert len(trainings) == 3 * len(SEVERAL_SEEDS) + len(RECIPES) - len(SEVERAL_SEEDS)
    searches = [run for run in runs if isinstance(run, SearchRun)]
    assert {run.contestant for run in searches} == set(CONTESTANTS)
    assert [run.seed for run in searches if run.contestant == "policy"] == [0, 1, 2]
    assert [run.seed for run in searches if run.contestant == "energy-puct"] == [0]
    assert max(run.stage for run in searches) < next(run.stage for run in runs if isinstance(run, SpeedRun))
    few = plan(PROVERS.options(["--recipes", "policy", f"--configs={CONFIGS}"]))
    assert "search-energy-residual" not in {run.name for run in few} and "speed" not in {run.name for run in few}


def test_a_search_without_its_model_fails_and_the_stages_come_in_order(tmp_path):
    (theorems,) = [run for run in plan(PROVERS.options(["--fast", f"--folder={tmp_path}"])) if run.stage == 0]
    with pytest.raises(RunError, match=r"needs the model of energy, seed 1, of which there is no checkpoint"):
        SearchRun("energy", 1, tmp_path, theorems).finish(1)
    with pytest.raises(RunError, match="No proofs were kept"):
        LeanRun(tmp_path, []).finish(1)
    order = []

    class Pretended:
        name = "some"

        def __init__(self, stage):
            self.stage = stage

        def check(self):
            pass

        def finish(self, threads):
            order.append(self.stage)

    execute([Pretended(stage) for stage in (2, 0, 1, 0)], jobs=3)
    assert order == [0, 0, 1, 2]


def test_theorems_are_new_distinct_and_hard_where_they_should_be():
    small = replace(SETS["16"], number=30)
    lines, counts = make("16", small, set())
    again, _ = make("16", small, set())
    assert lines == again and len(lines) == 30 and counts["refuted"] > 30
    numbers = [invariant(listing_of(sequent_of(root(Statement.of(line["statement"]))), []).graph) for line in lines]
    assert len(set(numbers)) == 30
    others, counts = make("16", small, set(numbers[:10]))
    assert counts["known"] == 10 and [line["statement"] for line in others[:20]] == [
        line["statement"] for line in lines[10:]
    ]
    lengths = [line["length"] for line in lines]
    chosen = hardest(lengths)
    assert len(chosen) == 6 and min(lengths[index] for index in chosen) >= sorted(lengths)[-6]
    families, _ = make("families", SETS["families"], set())
    assert len(families) == 59 and {line["family"] for line in families} >= {"pigeonhole", "korn_kreitz"}


def test_the_length_of_a_proof_counts_each_inference():
    shared = ("pair", ("hyp", 1), ("hyp", 1))
    assert length_of(("hyp", 1)) == 1 and length_of(("pair", shared, shared)) == 7


def test_unseen_states_are_none_of_the_training_data():
    known = known_states(120)
    everything = UnseenStates(8, set())
    everything.prepare_data()
    everything.setup("test")
    count = len(everything.table.rows["test"])
    assert count > 40
    own = {number for number in known_numbers(everything) if number not in known}
    data = UnseenStates(8, known | set(sorted(own)[:10]))
    data.setup("test")
    assert len(data.table.rows["test"]) <= count - 10


def known_numbers(data):
    from lean_ebm.proving.steps.blocks import provide_steps

    return {number for block in provide_steps(data.made_of, data.number) for number in block.columns["number"]}


def test_intervals_are_over_theorems_and_seeds():
    one = bootstrapped([[1.0, 0.0] * 50])
    assert one.value == 0.5 and one.low == pytest.approx(0.4, abs=0.02) and one.high == pytest.approx(0.6, abs=0.02)
    apart = bootstrapped([[1.0] * 100, [0.0] * 100])  # two seeds that disagree on everything
    assert apart.value == 0.5 and (apart.low, apart.high) == (0.0, 1.0)
    assert bootstrapped([[1.0, 0.0, 1.0]]) == bootstrapped([[1.0, 0.0, 1.0]])
    whole = bootstrapped([[1.0] * 50 + [0.0] * 50], groups=["a"] * 50 + ["b"] * 50)  # one group or the other, or both
    assert (whole.value, whole.low, whole.high) == (0.5, 0.0, 1.0)
    each = bootstrapped([[1.0, 0.0] * 50], groups=[str(index) for index in range(100)])
    assert each == one
    assert bootstrapped([[-1.0]]).text(1, signed=True) == "-1.0 [-1.0, -1.0]" and one.text(1).startswith("0.5 [0.4")


def test_targets_say_what_holds(tmp_path):
    def record(share):
        counts = [7 if index < share * 20 else None for index in range(20)]
        return {"sets": {name: {"applications": counts, "evaluations": 0, "refused": 0} for name in SETS}}

    judged = {"states": {"value_rank": 0.9, "dead_auroc": 0.97}}
    theorems = {
        "lengths": {name: list(range(20)) for name in SETS},
        "families": ["a"] * 10 + ["b"] * 10,
        "sets": {name: {"undecided": 0, "known": 0} for name in SETS},
        "data": {"seconds": 60.0, "workers": 2, "cached": False},
    }
    records = {"energy": [record(1) | judged], "best-first-narrow": [record(0.5)], "best-first-wide": [record(0.2)]}
    from lean_ebm.experiments.runs import Figures

    fit = {"seconds": 120.0, "processor_seconds": 120.0}
    trained = {"energy": Figures([{"metrics": {"test/top_1": 0.93, "test/top_1_far": 0.87}, "fit": fit}])}
    speed = {"theorems": 100, "seconds": 1.0, "proved": 90, "processor_seconds": 2.0, "cores": 2}
    text = "\n".join(tables(trained, Searched(records, theorems), speed, None, tmp_path / "picture.png"))
    for row in (
        "| right tactic, unseen states | at least 0.92 | 0.930 | yes |",
        "| where at least three tactics are left | at least 0.88 | 0.870 | **no** |",
        "| V against tactics left, thorough | at least 0.85 | 0.900 | yes |",
        "| dead against live, thorough | at least 0.98 | 0.970 | **no** |",
        "| 64 connectives, hardest, at 256 | at least 0.97 | 1.000 | yes |",
        "| theorems a second | at least 50 | 100.000 | yes |",
        "| families, up to size 10 | above today's, by family | above in 1 of 2 | **no** |",
        "| from nothing | at most 15 minutes | 3.0 | yes |",
        "| untrained best-first, narrow set | 10 of 10 | 0 of 10 | 10 of 20 |",
    ):
        assert row in text
    assert "| first-order at 64 | above today's best-first by 0.05, the interval above 0 | +0.500 [+0." in text
    assert "No real Lean has checked them." in text
    cached = theorems | {"data": theorems["data"] | {"cached": True}}
    assert "From nothing" not in "\n".join(
        tables(trained, Searched(records, cached), None, None, tmp_path / "picture.png")
    )
