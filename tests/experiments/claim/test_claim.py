"""The experiment on the claim: its plan, its arms, lines that are resumed, and the numbers of its hypotheses."""

import gzip
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml
from jsonargparse import ArgumentParser

from lean_ebm.experiments.claim.__main__ import CLAIM, plan
from lean_ebm.experiments.claim.arms import ARMS, LISTED, TRAININGS, Constants
from lean_ebm.experiments.claim.costs import dead_share
from lean_ebm.experiments.claim.hours import hours, measured
from lean_ebm.experiments.claim.lines import Line, lines_of
from lean_ebm.experiments.claim.plan import DEVELOPMENT, PLAN, QUESTIONS, digest, seed_of_test, theorem_sets
from lean_ebm.experiments.claim.report import report
from lean_ebm.experiments.claim.results import CHOICES, ClaimResults
from lean_ebm.experiments.claim.searching import ClaimSearch, main, search
from lean_ebm.experiments.claim.theorems import ClaimTheorems
from lean_ebm.experiments.claim.tuning import RememberingGuide, trials
from lean_ebm.methods import Method
from lean_ebm.proving import GuidedProver, Logic, SearchBudget, Statement, UniformGuide
from lean_ebm.proving.search import Advice
from lean_ebm.proving.steps.countermodels import Countermodels

ROOT = Path(__file__).resolve().parents[3]


def line(arm="E", seed=0, theorem=0, proved=True, applications=20, evaluations=900, of="primary", **more):
    usual = {"refused": False, "seconds": 0.1, "expanded": 9, "length": 7 if proved else 0, "value": 8.0}
    return Line(
        digest(), None, arm, seed, of, theorem, proved, applications=applications, evaluations=evaluations,
        **{**usual, **more},
    )  # fmt: skip


def test_the_seed_of_the_test_is_that_of_the_plan():
    text = PLAN.read_bytes()
    assert digest() == hashlib.sha256(text).hexdigest() and seed_of_test() == int(digest()[:8], 16) != DEVELOPMENT
    folder = Path("runs")
    for test, fast, seed in ((True, False, seed_of_test()), (False, False, DEVELOPMENT), (True, True, DEVELOPMENT)):
        run = ClaimTheorems(folder, 10, 0, fast, 1, test)
        assert run.seed == seed  # a dry run draws no theorem of the test
        assert set(run.wanted) == ({"development"} if not test else set(theorem_sets(fast)) - {"development"})


def test_the_results_are_those_of_the_plan():
    """What was committed was run by the plan that is in the repository."""
    runs = ROOT / "results" / "runs" / "claim"
    paths = sorted(runs.glob("search-*/seed-*/*.jsonl.gz"))
    assert paths
    for path in paths:
        assert {json.loads(text)["plan"] for text in gzip.decompress(path.read_bytes()).splitlines()} == {digest()}
    assert sum(path.stat().st_size for path in runs.rglob("*.gz")) < 5_000_000
    assert json.loads((runs / "theorems" / "test" / "theorems.json").read_text())["settings"]["seed"] == seed_of_test()


def test_every_hypothesis_of_the_plan_is_asked():
    text = PLAN.read_text()
    for question in QUESTIONS:
        assert f"| {question.name} |" in text


def parameters(model):
    """The number of parameters of a model with the settings of its training."""
    recipe, flags, _ = TRAININGS[model]
    settings = yaml.safe_load((ROOT / "configs" / "proving" / f"{recipe}.yaml").read_text())
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Method, "model")
    found = parser.parse_object({"model": settings["model"]})
    found = parser.parse_args(list(flags), namespace=found) if flags else found
    method = parser.instantiate_classes(found).model
    return sum(part.numel() for part in method.parameters())


def test_arms_that_are_compared_have_as_many_parameters():
    energy = parameters("energy")
    assert {model: abs(parameters(model) / energy - 1) < 0.02 for model in ("policy", "pair", "shared")} == {
        "policy": True,
        "pair": True,
        "shared": True,
    }
    assert parameters("twice") > 1.8 * energy


def test_arms_have_models_and_choices_are_arms():
    for arm in ARMS.values():
        assert set(arm.models) <= set(TRAININGS) and set(arm.sets) <= set(theorem_sets(False))
    assert {name for names in CHOICES.values() for name in names} <= set(ARMS)
    assert all(ARMS[name].tuned for names in CHOICES.values() for name in names)
    assert {name for arm in ARMS.values() for name in arm.models} == set(TRAININGS)


def test_trials_are_the_same_for_all_and_begin_with_the_usual_constants():
    assert trials() == trials() and trials()[0] == Constants() and len(set(trials())) == 20
    assert all(0.1 <= one.step <= 2 and 0.5 <= one.surprise <= 8 for one in trials())


def test_a_guide_that_remembers_asks_about_each_goal_once():
    class Goal:
        def __init__(self, key):
            self.key = key

    class Asked:
        def __init__(self):
            self.keys = []

        def advise(self, goals):
            self.keys += [goal.key for goal in goals]
            return [Advice([], [], float(goal.key)) for goal in goals]

    inner = Asked()
    guide = RememberingGuide(inner)
    first = guide.advise([Goal(1), Goal(2), Goal(1)])
    assert [advice.value for advice in first] == [1.0, 2.0, 1.0] and inner.keys == [1, 2]
    assert [advice.value for advice in guide.advise([Goal(3), Goal(2)])] == [3.0, 2.0] and inner.keys == [1, 2, 3]


@pytest.fixture(scope="module")
def theorems(tmp_path_factory):
    found = ClaimTheorems(tmp_path_factory.mktemp("claim"), 40, 0, True, 1)
    found.provide()
    return found


def test_searches_resume_at_the_theorem_where_they_were_interrupted(theorems, tmp_path):
    run = ClaimSearch("A2-narrow", 0, theorems.folder, theorems)
    run.path.mkdir(parents=True)
    search(run)
    whole = run.figures()
    assert set(whole) == set(LISTED["A2-narrow"].sets) and all(len(found) == 4 for found in whole.values())
    assert any(one.proved for found in whole.values() for one in found)
    lines = gzip.decompress(run.whole("primary").read_bytes()).decode().splitlines(keepends=True)
    other = json.loads(lines[2]) | {"plan": "another"}
    run.whole("primary").unlink()
    run.file("primary").write_text(lines[1] + json.dumps(other) + "\n" + lines[3][:40])
    assert run.figures() is None and len(lines_of(run.file("primary"))) == 1
    search(run)
    timeless = {of: sorted(one._replace(seconds=0.0) for one in found) for of, found in whole.items()}
    assert {of: sorted(one._replace(seconds=0.0) for one in found) for of, found in run.figures().items()} == timeless
    main(["A2-narrow", "0", str(theorems.folder), "--fast"])  # the process that does it has nothing left to do
    assert run.figures() is not None and not list(run.path.glob("*.jsonl"))[1:]  # but for that of the proofs


def results(**solved):
    """ClaimResults in which each arm has proved some of 40 theorems at 64 applications, for each of two seeds."""
    lines = {
        (arm, "primary"): [
            [line(arm, seed, index, proved=index < number) for index in range(40)]
            for seed, number in enumerate(numbers)
        ]
        for arm, numbers in solved.items()
    }
    tunings = {
        arm: {"trials": [[0.5, 3.0]], "chosen": [0.5, 3.0], "rates": [[0.1, 0.2, rate]]}
        for arm, rate in (("C", 0.5), ("Cs", 0.4), ("F-gibbs-8", 0.3), ("F-langevin-8", 0.6))
    }
    return ClaimResults(lines, tunings, ())


def test_differences_are_those_of_the_better_arms():
    found = results(E=(30, 34), C=(20, 24), Cs=(39, 39))
    assert found.better("C") == "C" and found.better("F") == "F-langevin-8" and found.better("H") is None
    answers = {answer.question.name: answer for answer in found.answers}
    assert answers["H1"].measured.value == pytest.approx(10 / 40)
    assert answers["H1"].verdict == "supported"
    assert answers["H2"].verdict == answers["H4"].verdict == "undecided, not run"


def test_budgets_are_those_of_the_lines():
    cheap, dear = line(applications=64, evaluations=100), line(theorem=1, applications=65, evaluations=9000)
    found = ClaimResults({("E", "primary"): [[dear, cheap]]}, {}, ())
    assert found.solved("E", "primary") == [[1.0, 0.0]]
    assert found.solved("E", "primary", 256) == [[1.0, 1.0]]
    assert found.solved("E", "primary", 256, 8999) == [[1.0, 0.0]]


def test_the_gain_by_steps_is_compared_with_what_is_left():
    left = [float(index % 10) for index in range(60)]
    gains = {"left": left, "shares": [[0.0] * 60, [part / 10 for part in left]]}
    falls = {"left": left, "shares": [[part / 10 for part in left], [0.0] * 60]}
    for record, sign in ((gains, 1.0), (falls, -1.0)):
        tunings = results().tunings
        found = ClaimResults({}, tunings, [{"samplers": {"F-langevin": record}}] * 2).gain_rank()
        assert found.value == pytest.approx(sign) and torch.allclose(found.draws, torch.tensor(sign).double())


def test_hours_are_those_of_all_seeds_and_theorems(tmp_path):
    parts = dict(hours({"energy": 360.0, "shuffled": 360.0}, {"A2-wide": 0.1, "E-puct": 0.1}))
    assert parts["training: energy"] == 5 * parts["training: shuffled"] == pytest.approx(0.5)
    assert parts["search: E-puct"] == pytest.approx(0.1 * 300 * 5 * 4 / 3600)
    assert parts["search: A2-wide"] == pytest.approx(0.1 * (1500 + 200 + 200 + 200 + 59) * 4 / 3600)
    (tmp_path / "energy" / "seed-0").mkdir(parents=True)
    (tmp_path / "energy" / "seed-0" / "fit.json").write_text('{"seconds": 9.0, "processor_seconds": 7.0}')
    assert measured(tmp_path) == ({"energy": 7.0}, {})


def test_the_report_begins_with_the_answers(tmp_path):
    costs = {"theorems": 2, "seconds": {"A2-wide": 3.0, "E": 4.0}, "dead": {"A2-wide": None, "E": 0.25}}
    texts = report(results(E=(30, 34), C=(20, 24), Cs=(10, 14)), [], costs, tmp_path / "claim.png")
    text = "\n\n".join(texts)
    first = "| H1 | one energy is not worse than a policy and a value | **supported** | E - C | +0.250 ["
    assert text.index(first) < text.index("## Listed tactics")
    assert "| above -0.02 | below -0.02 |" in text and "| at least 0.05, and above 0 | below 0.05 | - | - |" in text
    assert "| F - E | - | below 0.02 | above 0.02 |" in text
    assert "| E | 0.750 | 0.850 |" in text  # by seed
    assert "| E | one energy | 0.000 [0.000, 0.000] | 0.800" in text and (tmp_path / "claim.png").is_file()
    assert "| H1 | E - Cs | +0.500 | " in text and "| H1 | E - C |" not in text  # C is the one that was chosen
    assert "| A2-wide | 3.0 |  |" in text and "| E | 4.0 | 0.250 |" in text
    assert "- H1 (supported): a set of theorems" in text and "H2 (" not in text


def test_the_checks_compare_shuffled_labels_and_equal_arms(tmp_path):
    of = "16, hardest"
    numbers = {"shuffled": 12, "uniform": 12, "random": 2}
    lines = {
        (arm, of): [[line(arm, 0, index, proved=index < number, of=of) for index in range(40)]]
        for arm, number in numbers.items()
    }
    found = ClaimResults(lines | results(E=(30, 34, 26, 30)).lines, {}, ())
    text = "\n\n".join(report(found, [], None, tmp_path / "claim.png"))
    assert "connectives: +0.000 [" in text and "tactics are alike, and +0.250 [" in text
    assert "the first 2 seeds of E and the others: +0.100 [" in text
    guide, goal = UniformGuide(value=4.0), SimpleNamespace(tactics=["left", "right"])
    assert [advice.value for advice in guide.advise([goal])] == [4.0]


def test_the_report_has_the_ends_of_longer_chains_by_what_is_left(tmp_path):
    record = {"left": [1.0, 1.0, 3.0, 12.0], "shares": [[0.5, 0.25, 0.5, 0.25], [1.0, 0.5, 0.25, 0.5]]}
    found = ClaimResults({}, {}, [{"samplers": {"F-gibbs": record}}] * 2)
    text = "\n\n".join(report(found, [], None, tmp_path / "claim.png"))
    assert "| F-gibbs | 0.375 / 0.750 | 0.500 / 0.250 | nan / nan | nan / nan | 0.250 / 0.500 |" in text


def test_the_interval_of_the_families_is_over_families(tmp_path):
    lines = {
        ("C", of): [[line("C", 0, index, proved=index < 20, of=of) for index in range(40)]]
        for of in ("primary", "16", "families")
    }
    found = ClaimResults(lines, {}, (), ["a"] * 20 + ["b"] * 20)
    text = "\n\n".join(report(found, [], None, tmp_path / "claim.png"))
    assert "| C | 0.500 [0.350, 0.650] | - | - | 0.500 [0.000, 1.000] |" in text


def test_dead_ends_are_goals_that_a_countermodel_refutes():
    class Indifferent:
        def advise(self, goals):
            return [Advice(goal.tactics, [0.0] * len(goal.tactics), 1.0) for goal in goals]

    statement = Statement.of("(p q : Prop) (hp : p) : p ∨ q")
    with Logic() as logic:
        result = GuidedProver(Indifferent()).prove(logic, statement, SearchBudget(40))
    goals = [node.goal.sequent for node in result.graph.nodes.values() if node.advice is not None]
    assert any(map(Countermodels().refutes, goals)) and len(goals) > 2
    assert dead_share([result]) == pytest.approx(sum(map(Countermodels().refutes, goals)) / len(goals))
    assert dead_share([]) is None


@pytest.mark.slow
def test_a_dry_run_of_all_arms(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    output = tmp_path / "claim.md"
    CLAIM.main(["--fast", "--seeds", "2", "--jobs", "1", "--folder", str(tmp_path / "runs"), "--output", str(output)])
    text = output.read_text()
    assert "## Failures" not in text and "not run" not in text
    options = CLAIM.options(["--fast", "--seeds", "2", "--folder", str(tmp_path / "runs"), "--output", str(output)])
    assert all(run.figures() is not None for run in plan(options))
