"""Everyday Lean: what people write is understood as Lean understands it, or refused by name."""

from __future__ import annotations

from collections import Counter

from helpers import needs_lean
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.statements import Outcome
from proving.everyday_cases import EXTRA, accepted, refused

ACCEPTED, REFUSED = accepted(), refused()
BOUND = 0.05
"""Share of the cases that our logic may refuse as outside of its fragment."""


def test_there_are_enough_cases_and_no_case_twice():
    assert len(ACCEPTED) >= 1000
    assert len(REFUSED) >= 200
    assert max(Counter(case.attempt for case in (*ACCEPTED, *REFUSED)).values()) == 1
    assert {case.feature for case in ACCEPTED} >= EXTRA
    assert sum(case.feature in EXTRA for case in ACCEPTED) <= 0.05 * len(ACCEPTED)


@needs_lean
def test_lean_accepts_and_refuses_what_the_files_say():
    """Every fourth case; `make proving` runs them all."""
    good, bad = ACCEPTED[::4], REFUSED[::4]
    with Lean() as lean:
        reports = lean.check([case.attempt for case in (*good, *bad)])
    usual = (Outcome.TACTIC_ERROR, Outcome.OK, Outcome.PARSE_ERROR)
    wrong = [
        (case.place, report.outcome, report.reason)
        for index, (case, report) in enumerate(zip((*good, *bad), reports, strict=True))
        if report.outcome not in ((Outcome.SOLVED,) if index < len(good) else usual)
    ]
    assert wrong == []


def test_ours_refuses_what_lean_refuses():
    logic = Logic()
    assert [case.place for case in REFUSED if logic.verify(*case.attempt).proved] == []


def test_what_ours_does_not_read_it_names():
    """A tactic error says that Lean refuses the proof: our logic must not say it of a proof that Lean accepts."""
    logic = Logic()
    verdicts = [(case, logic.verify(*case.attempt)) for case in ACCEPTED]
    outside = [(case, verdict) for case, verdict in verdicts if not verdict.proved]
    print(f"outside of the fragment: {len(outside)} of {len(ACCEPTED)} cases")
    unnamed = [
        (case.place, verdict.message)
        for case, verdict in outside
        if verdict.outcome is not Outcome.PARSE_ERROR or not verdict.message.startswith("outside of the fragment")
    ]
    assert unnamed == []
    assert len(outside) <= BOUND * len(ACCEPTED)
