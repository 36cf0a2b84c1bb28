# ruff: noqa: RUF001 - the letters of Lean
import time

import pytest

from helpers import needs_lean
from lean_ebm.cli.proving import main
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.lean.environment import LeanEnvironment
from lean_ebm.proving.statements import Attempt, Outcome, Request, State, Statement
from proving.attacks import ENDLESS
from proving.hostile import HOSTILE

SWAP = Statement.of("(p q : Prop) : p ∧ q → q ∧ p")
PROOF = "intro h\nexact ⟨h.2, h.1⟩"


@pytest.fixture(scope="module")
def lean():
    with Lean() as lean:
        yield lean


def one(lean, statement, script):
    (report,) = lean.check([Attempt(Statement.of(statement), script)])
    return report


@needs_lean
def test_version(lean):
    assert lean.verifier == "Lean 4.35.0"


@needs_lean
@pytest.mark.parametrize(
    ("statement", "script"),
    [
        ("(p q : Prop) : p ∧ q → q ∧ p", PROOF),
        ("(p q : Prop) : And p q → And q p", "intro h\nexact And.intro (And.right h) (And.left h)"),
        ("(p q : Prop) : p ∧ q → q ∧ p", "intro ⟨a, b⟩\nconstructor\nexact b\nexact a"),
        (
            "(p q : Prop) : p ∨ q → q ∨ p",
            "intro h\ncases h with\n| inl a => exact .inr a\n| inr b =>\n  left\n  exact b",
        ),
        ("(p q : Prop) : p ∨ q → q ∨ p", "intro h; cases h\n· right; assumption\n· left; assumption"),
        ("(p : Prop) : ¬(p ↔ ¬p)", "intro h\nhave n : ¬p := fun a => (h.mp a) a\nexact n (h.mpr n)"),
        ("(p q : Prop) : p → ¬p → q", "intro a n\ncontradiction"),
        ("(p q : Prop) : p → ¬p → q", "intro a n\nexfalso\napply n\nexact a"),
        ("(α : Type) (P : α → Prop) (a : α) : P a → ∃ x, P x", "intro h\nexists a"),
        (
            "(α : Type) (P Q : α → Prop) : (∃ x, P x ∧ Q x) → (∃ x, Q x) ∧ ¬∀ x, ¬P x",
            "intro ⟨x, h⟩\nrefine ⟨⟨x, h.2⟩, ?_⟩\nintro n\nexact n x h.1",
        ),
        ("(α : Type u) (P : α → Prop) : (∀ x, P x) → ∀ x, P x", "exact id"),
        ("(p : Prop) : p → ∃ q : Prop, q ∧ True", "intro h\nrefine ⟨p, ?_⟩\nhave := h\ntrivial"),
    ],
)
def test_proofs_are_accepted(lean, statement, script):
    assert lean.verify(Statement.of(statement), script).proved


@needs_lean
@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ("intro h\nexact ⟨h.1, h.2⟩", Outcome.TACTIC_ERROR),
        ("intro h\nexact h", Outcome.TACTIC_ERROR),
        ("intro h\ncontradiction", Outcome.TACTIC_ERROR),
        ("intro h\nexact nonsense", Outcome.TACTIC_ERROR),
        ("intro h", Outcome.OK),
        ("", Outcome.OK),
        ("intro h\nconstructor\n· skip\n· exact h.1", Outcome.TACTIC_ERROR),
        ("intro h\nexact ⟨h.2, h.1⟩\nexact h", Outcome.TACTIC_ERROR),
        ("frobnicate", Outcome.PARSE_ERROR),
        ("exact (fun h", Outcome.PARSE_ERROR),
        ("exact )", Outcome.PARSE_ERROR),
        ("exact sorry", Outcome.FORBIDDEN),
    ],
)
def test_what_is_no_proof_is_not(lean, script, outcome):
    report = one(lean, str(SWAP), script)
    assert report.outcome is outcome
    assert not report.verdict(lean.verifier).proved
    assert report.reason


@needs_lean
def test_goals_are_as_lean_prints_them(lean):
    assert one(lean, "(p q : Prop) : p ∧ ¬q → (∃ r : Prop, r ↔ p)", "intro h").goals == (
        "p q : Prop\nh : p ∧ ¬q\n⊢ ∃ r, r ↔ p",
    )
    report = one(lean, "(p q : Prop) : p ∨ q → q ∨ p", "intro h\ncases h")
    assert report.goals == ("case inl\np q : Prop\nh✝ : p\n⊢ q ∨ p", "case inr\np q : Prop\nh✝ : q\n⊢ q ∨ p")
    report = one(lean, "(α : Type) (P : α → Prop) : ∃ x, P x", "refine ⟨?_, ?_⟩")
    assert report.goals == (
        "case refine_1\nα : Type\nP : α → Prop\n⊢ α",
        "case refine_2\nα : Type\nP : α → Prop\n⊢ P ?refine_1",
    )


@needs_lean
def test_a_bad_proof_does_not_touch_its_neighbours(lean):
    bad = [
        "exact (((",
        "cases h with\n| inl a =>",
        "intro",
        "",
        "exact fun",
        "·",
        "exact ⟨",
        "have : p :=",
        "skip;",
        "foo",
    ]
    reports = lean.check([Attempt(SWAP, script) for text in bad for script in (PROOF, text)])
    assert [report.outcome for report in reports[::2]] == [Outcome.SOLVED] * len(bad)
    assert Outcome.SOLVED not in [report.outcome for report in reports[1::2]]


@needs_lean
def test_messages_are_placed_within_their_proof(lean):
    reports = lean.check([Attempt(SWAP, PROOF), Attempt(SWAP, "intro h\nskip\nexact nonsense"), Attempt(SWAP, PROOF)])
    error = reports[1].messages[0]
    assert (error.severity, error.line, error.column) == ("error", 3, 8)
    assert "nonsense" in error.text


@needs_lean
def test_a_wrong_statement_says_so(lean):
    report = one(lean, "(p : Prop) : p → q", "intro h")
    assert report.outcome is Outcome.PARSE_ERROR
    assert "q" in report.reason
    assert one(lean, "(p : Prop) : p → → p", "intro h").outcome is Outcome.PARSE_ERROR


@needs_lean
def test_a_proof_cannot_use_another_that_failed(lean, monkeypatch):
    monkeypatch.setattr("lean_ebm.proving.lean.messages.secrets.token_hex", lambda _: "known")
    false = Statement.of("(p : Prop) : p")
    reports = lean.check([Attempt(false, "exact nonsense"), Attempt(false, "exact Ttknown_0 p")])
    assert reports[1].outcome is Outcome.FORBIDDEN
    assert "sorryAx" in reports[1].reason


@needs_lean
def test_lean_refuses_what_the_first_check_lets_through(lean, monkeypatch):
    """Without the first check, no hostile text proves a falsehood."""
    monkeypatch.setattr("lean_ebm.proving.lean.messages.refuse", lambda _: None)
    texts = [text.encode(errors="ignore").decode() for name, text in HOSTILE.items() if name not in ENDLESS]
    false = Statement.of("(p h : Prop) : p")
    reports = lean.check([Attempt(false, text) for text in texts if len(text) < 1_000])
    assert Outcome.SOLVED not in {report.outcome for report in reports}
    reasons = [report.reason for report in reports if report.outcome is Outcome.FORBIDDEN]
    assert len(reasons) >= 5  # sorry and its kin get as far as the axioms
    assert all("depends on" in reason for reason in reasons)
    begun = [report for report in reports if "begins a command" in report.reason]
    assert len(begun) >= 50 and {report.outcome for report in begun} == {Outcome.PARSE_ERROR}


@needs_lean
def test_hostile_texts_never_reach_lean(lean, monkeypatch):
    monkeypatch.setattr(Lean, "_process", lambda *_: pytest.fail("Lean was started"))
    comments = ("line comment", "block comment")  # which are left out
    reports = lean.check([Attempt(SWAP, text) for name, text in HOSTILE.items() if name not in comments])
    unfinished = [report for report in reports if report.outcome is not Outcome.FORBIDDEN]
    assert all(report.outcome is Outcome.PARSE_ERROR for report in unfinished)
    assert len(unfinished) <= 5
    assert one(lean, "(p : Prop) : sorry", "skip").outcome is Outcome.FORBIDDEN


@needs_lean
def test_the_prelude_lacks_nothing_that_tactics_ask_for(lean):
    """Lean reports an unknown constant if it looks for one that the prelude does not declare."""
    scripts = ["exact h h", "exact 1", "cases nonsense", "exact nonsense", "exists 1", "trivial", "rfl", "exact ()"]
    scripts += ["intro a\ncases a with\n| nope => skip", "have := nonsense", "exact fun x y z => x y", "apply p"]
    reports = lean.check([Attempt(SWAP, script) for script in scripts])
    texts = [message.text for report in reports for message in report.messages]
    assert not [text for text in texts if "unknown constant" in text.lower() or "internal exception" in text]


@needs_lean
def test_speed(lean):
    proofs = [Attempt(SWAP, PROOF), Attempt(SWAP, "intro h\nexact h")] * 150
    start = time.perf_counter()
    reports = lean.check(proofs)
    assert (time.perf_counter() - start) / len(proofs) < 0.050  # other tests run beside this one
    assert [report.outcome is Outcome.SOLVED for report in reports] == [True, False] * 150


@needs_lean
def test_environment():
    with LeanEnvironment() as environment:
        step = environment.start(SWAP)
        assert step.state.goals == ("p q : Prop\n⊢ p ∧ q → q ∧ p",)
        step = environment.apply(step.state, "intro h")
        step = environment.apply(step.state, "constructor")
        assert [goal.splitlines()[0] for goal in step.state.goals] == ["case left", "case right"]
        second = environment.apply(step.state, "exact h.1", 1)
        assert [goal.splitlines()[0] for goal in second.state.goals] == ["case left"]
        solved, wrong, garbled, refused, empty = environment.apply_many(
            [Request(second.state, tactic) for tactic in ("exact h.2", "exact h", "frob", "sorry", " ")]
        )
        assert solved.outcome is Outcome.SOLVED
        assert solved.state.goals == ()
        assert (wrong.outcome, garbled.outcome) == (Outcome.TACTIC_ERROR, Outcome.PARSE_ERROR)
        assert (refused.outcome, empty.outcome) == (Outcome.FORBIDDEN, Outcome.PARSE_ERROR)
        assert wrong.state is None
        assert environment.verify(SWAP, PROOF).proved
        assert not environment.verify(SWAP, "intro h").proved
        with pytest.raises(ValueError, match="no goal 5"):
            environment.apply(second.state, "skip", 5)
        with pytest.raises(ValueError, match="not one of LeanEnvironment"):
            environment.apply(State(("⊢ True",)), "skip")


@needs_lean
def test_any_statement_of_lean_can_be_searched(capsys, tmp_path):
    """One that the embedded logic does not read is searched in Lean itself."""
    assert main(["prove", "(p : Prop) [Decidable p] : p → p", "--env", "lean", "--seconds", "30"]) == 0
    assert "theorem example_1 (p : Prop) [Decidable p] : p → p := by" in capsys.readouterr().out
    header, file = tmp_path / "header.lean", tmp_path / "a.lean"
    header.write_text("def Two (p : Prop) : Prop := p ∧ p\n")
    file.write_text("theorem a (p : Prop) : Two p → p := fun h => h.1\n")
    assert main(["check", str(file), "--env", "lean", "--header", str(header)]) == 0
    assert main(["check", str(file), "--header", str(header)]) == 1
