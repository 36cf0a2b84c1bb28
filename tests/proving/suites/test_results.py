"""Files of results are continued where they end, and nothing is done twice."""

import json

import pytest
from suite_stubs import FINE, WRONG, StubEquipment, job

from lean_ebm.errors import RunError, SettingError
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.statements import Outcome, Verdict
from lean_ebm.proving.suites.attempts import DISPUTED, PROVED, UNPROVED, Worker, record_of
from lean_ebm.proving.suites.executor import Executor
from lean_ebm.proving.suites.results import ResultsWriter, read_results
from lean_ebm.proving.suites.runs import Attempts, fingerprint, finish, make_attempts

PROBLEMS = [job(FINE, name).problem for name in "abc"]
RUN = {"suite": "s", "problems": 3, "attempts": 2, "stop_early": False, "axioms": ("x",)}


class Recorder(Executor):
    """Proves b in every attempt and a in the second, the last job first."""

    def __init__(self):
        self.jobs = []

    def run(self, jobs):
        jobs = list(jobs)
        self.jobs += [(job.problem.name, job.attempt) for job in jobs]
        for one in reversed(jobs):
            proved = one.problem.name == "b" or (one.problem.name, one.attempt) == ("a", 2)
            yield record_of(one, PROVED if proved else UNPROVED, script="exact fun h => h" if proved else "")

    def lane(self):
        raise AssertionError("no worker is started")

    def ready(self, lanes, seconds):
        raise AssertionError("no worker is waited for")

    def close(self):
        pass


def run(path, executor, attempts=None, second=lambda: None):
    with ResultsWriter(path, RUN) as results:
        make_attempts(PROBLEMS, attempts or Attempts(2), executor, results)
        finish(PROBLEMS, results, second)


def test_what_a_file_has_is_not_done_again_and_the_whole_is_the_same(tmp_path):
    whole = tmp_path / "whole.jsonl"
    run(whole, Recorder())
    text = whole.read_text()
    assert [json.loads(line)["problem"] for line in text.splitlines()[1:]] == list("aabbcc")
    lines = text.splitlines(keepends=True)
    for kept, cut in ((1, ""), (3, ""), (3, lines[3][:40]), (7, "")):
        path = tmp_path / f"{kept}.jsonl"
        path.write_text("".join(lines[:kept]) + cut)
        executor = Recorder()
        run(path, executor)
        assert path.read_text() == text and len(executor.jobs) == 7 - kept
    assert read_results(whole).complete and not read_results(path.with_name("3.jsonl")).records[0].proved


def test_each_line_is_whole_as_soon_as_its_attempt_has_ended(tmp_path):
    path = tmp_path / "a.jsonl"
    with ResultsWriter(path, RUN) as results:
        for count, name in enumerate("abc", 1):
            results.append(record_of(job(FINE, name), PROVED))
            assert len(read_results(path).records) == count and not read_results(path).complete
        with pytest.raises(RunError, match="Another process writes"):
            ResultsWriter(path, RUN)
    with ResultsWriter(path, RUN) as results:  # the lock is free again
        assert len(results.records) == 3


def test_an_early_stop_makes_no_attempt_at_what_is_proved(tmp_path):
    executor = Recorder()
    run(tmp_path / "a.jsonl", executor, Attempts(3, stop_early=True))
    assert executor.jobs == [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("c", 2), ("c", 3)]


def test_seeds_differ_between_problems_and_attempts_and_are_the_same_again():
    jobs = [Attempts(2, seed).job(problem, number) for seed in (0, 1) for problem in PROBLEMS for number in (1, 2)]
    assert len({one.seed for one in jobs}) == len(jobs) and Attempts(9, 0).job(PROBLEMS[0], 1) == jobs[0]
    with pytest.raises(SettingError, match="number of attempts is 0"):
        Attempts(0)


def test_a_file_of_another_run_or_kind_is_left_alone(tmp_path):
    path = tmp_path / "a.jsonl"
    run(path, Recorder())
    before = path.read_bytes()
    with pytest.raises(SettingError, match=r"another run \(attempts was 2 and is now 5\)"):
        ResultsWriter(path, RUN | {"attempts": 5})
    assert path.read_bytes() == before
    for text in ("", "{}\n", '{"run": {}}\n{"problem": "a"}\n', "[]\n"):
        path.write_text(text)
        with pytest.raises(SettingError, match="is not a file of results"):
            ResultsWriter(path, RUN)
        assert path.read_text() == text
    with pytest.raises(SettingError, match="Cannot read"):
        read_results(tmp_path / "none")
    assert fingerprint(PROBLEMS) != fingerprint(PROBLEMS[:2]) == fingerprint(PROBLEMS[:2])


class Refusing(Judge):
    def verify(self, statement, script):
        return Verdict(False, "the strict one", "no", Outcome.TACTIC_ERROR)


class Accepting(Judge):
    def verify(self, statement, script):
        return Verdict(True, "the second one", outcome=Outcome.SOLVED)


def test_a_sample_of_proofs_gets_a_second_judge(tmp_path, monkeypatch):
    monkeypatch.setattr("lean_ebm.proving.suites.runs.SAMPLE", 2)
    path = tmp_path / "a.jsonl"
    run(path, Recorder(), second=Accepting)
    found = read_results(path).records
    assert sum(record.second == "the second one" for record in found) == 2 and sum(each.proved for each in found) == 3
    run(path, Recorder(), second=Refusing)  # nobody is asked again
    assert read_results(path).records == found
    path.unlink()
    run(path, Recorder(), second=Refusing)
    found = read_results(path).records
    disputed = [record for record in found if record.outcome == DISPUTED]
    assert len(disputed) == 2 and disputed[0].reason == "the strict one refuses the script: no"


def test_a_proof_counts_only_if_all_judges_accept_it(tmp_path):
    record = Worker(StubEquipment(tmp_path)).attempt(job(FINE))
    assert record.proved and record.verifier.startswith("kernel of lean-ebm") and record.second == ""
    assert record.applications == 0 and record.seconds > 0  # the stub applies nothing
    assert not Worker(StubEquipment(tmp_path)).attempt(job(WRONG)).proved
    record = Worker(StubEquipment(tmp_path, second=Accepting, fresh=Logic)).attempt(job(FINE))
    assert record.proved and record.second == "the second one"
    for more, said in (({"fresh": Refusing}, "a new process of the strict one"), ({"second": Refusing}, "the strict")):
        record = Worker(StubEquipment(tmp_path, **more)).attempt(job(FINE))
        assert record.outcome == DISPUTED and record.tried and record.reason.startswith(said)
