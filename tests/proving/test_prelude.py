# ruff: noqa: RUF001 - the letters of Lean
from dataclasses import replace
from pathlib import Path

import pytest

from helpers import needs_lean
from lean_ebm.files import cache_folder
from lean_ebm.proving.lean import Lean, worlds
from lean_ebm.proving.lean.prelude import provide_modules
from lean_ebm.proving.logic import Logic
from lean_ebm.proving.statements import Attempt, Outcome, Statement

pytestmark = needs_lean


class Compiler:
    """Stands for Lean: counts its calls."""

    def __init__(self):
        self.calls = 0

    def __call__(self, module: str, source: str, target: Path):
        self.calls += 1
        target.write_bytes(b"compiled")


@pytest.fixture
def compiler():
    return Compiler()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "a cache"
    monkeypatch.setenv("LEAN_EBM_CACHE", str(folder))
    return folder


def provided(tmp_path, compiler):
    target = tmp_path / "Judge.olean"
    target.unlink(missing_ok=True)
    provide_modules(tmp_path, worlds.LOGIC, compiler)
    return target.read_bytes()


def test_it_is_compiled_once(cache, tmp_path, compiler):
    assert [provided(tmp_path, compiler) for _ in range(3)] == [b"compiled"] * 3
    assert compiler.calls == 1
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("damaged", [b"", b"short", b"x" * 100])
def test_a_damaged_one_is_compiled_anew(cache, tmp_path, compiler, damaged):
    provided(tmp_path, compiler)
    (kept,) = cache.iterdir()
    kept.write_bytes(damaged)
    assert provided(tmp_path, compiler) == b"compiled"
    assert compiler.calls == 2
    assert provided(tmp_path, compiler) == b"compiled"
    assert compiler.calls == 2


def test_another_prelude_is_another_file(cache, tmp_path, compiler, monkeypatch):
    provided(tmp_path, compiler)
    monkeypatch.setattr(worlds, "LOGIC", replace(worlds.LOGIC, modules=(("Judge", lambda: "prelude"),)))
    provided(tmp_path, compiler)
    assert compiler.calls == 2
    assert len(list(cache.iterdir())) == 2


def test_a_module_depends_on_those_before_it(cache, tmp_path, compiler):
    for first in ("prelude", "prelude -- changed"):
        modules = (("Judge", lambda first=first: first), ("Levels", lambda: "import Judge"))
        provide_modules(tmp_path, replace(worlds.LOGIC, modules=modules), compiler)
    assert compiler.calls == 4
    assert len(list(cache.iterdir())) == 4


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, compiler, monkeypatch):
    blocked = tmp_path / "a file"
    blocked.touch()
    monkeypatch.setenv("LEAN_EBM_CACHE", str(blocked))
    assert provided(tmp_path, compiler) == b"compiled"
    monkeypatch.setenv("LEAN_EBM_CACHE", str(blocked / "below it"))
    assert provided(tmp_path, compiler) == b"compiled"
    assert compiler.calls == 2


def test_the_folder_of_caches(monkeypatch):
    monkeypatch.setenv("LEAN_EBM_CACHE", "/here")
    assert cache_folder() == Path("/here")
    monkeypatch.delenv("LEAN_EBM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder() == Path("/caches/lean-ebm")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder() == Path("/home/me/.cache/lean-ebm")


def test_lean_takes_it_from_the_cache(cache, monkeypatch):
    statement = Statement.of("(p : Prop) : p → p")
    with Lean() as first:
        assert first.verify(statement, "exact id").proved
    monkeypatch.setattr(Lean, "_compile", lambda *_: pytest.fail("it was compiled again"))
    with Lean() as second:
        for kept in cache.iterdir():
            kept.unlink()
        assert second.verify(statement, "exact id").proved


@pytest.fixture(scope="module")
def lean():
    with Lean() as lean:
        yield lean


TACTICS = """
    all_goals and_intros any_goals apply assumption by_cases calc case case' cases change classical clear
    congr constructor contradiction decide delta done eq_refl exact exfalso exists expose_names fail
    fail_if_success first focus funext generalize have induction infer_instance injection injections intro
    intros iterate left let match next nofun nomatch obtain rcases refine refine' rename rename_i replace
    revert rewrite rfl right rintro rotate_left rotate_right rw rwa show skip solve specialize subst
    subst_vars suffices symm trivial try unfold
"""


def test_every_tactic_is_known(lean):
    """Without its arguments a tactic fails, but not because it is unknown."""
    scripts = [*TACTICS.split(), "repeat fail", "repeat' fail", "repeat1' fail"]
    attempts = [Attempt(Statement.of("(p : Prop) : p"), script) for script in scripts]
    unknown = [
        attempt.script
        for attempt, report in zip(attempts, lean.check(attempts), strict=True)
        if report.outcome is Outcome.SOLVED or "nknown" in report.reason
    ]
    assert unknown == []


@pytest.mark.parametrize(
    ("statement", "script"),
    [
        ("(p q : Prop) : (p ↔ q) → (q ↔ p)", "intro h\nrw [h]"),
        ("(p q : Prop) : (p ↔ q) → p → q", "intro h k\nrwa [h] at k"),
        ("(p : Prop) : p ∨ ¬p", "by_cases h : p\n· exact .inl h\n· exact .inr h"),
        ("(p : Prop) : ¬¬p → p", "intro h\nexact Classical.byContradiction h"),
        ("(α : Type) (P : α → Prop) : (¬∀ x, P x) → ∃ x, ¬P x", "exact Classical.not_forall.mp"),
        ("(α : Type) (f g : α → α) : (∀ x, f x = g x) → f = g", "exact funext"),
    ],
)
def test_what_needs_axioms_is_reported(lean, statement, script):
    (report,) = lean.check([Attempt(Statement.of(statement), script)])
    assert report.outcome is Outcome.FORBIDDEN
    assert "propext" in report.reason or "Quot.sound" in report.reason


def test_axioms_that_are_allowed_are():
    with Lean(axioms=("propext", "Classical.choice", "Quot.sound")) as lean:
        assert lean.verify(Statement.of("(p : Prop) : p ∨ ¬p"), "exact Classical.em p").proved


@pytest.mark.parametrize(
    ("statement", "script"),
    [
        ("(p : Prop) : p → p", "simp"),
        ("(p : Prop) : p → p", "constructor <;> omega"),
        ("(p : Prop) : p → p", "repeat simp"),
        ("(p : Prop) : p → p", "exact imp_rfl"),
        ("(p q : Prop) : p ∧ q → p", "intro h\nexact h.fst"),
        ("(p q : Prop) : p ∧ q → p", "exact And.fst"),
        ("(a b : Nat) : a + b = b + a", "exact Nat.add_comm a b"),
        ("(a b : Nat) : a ≤ b", "skip"),
        ("(l : List Nat) : True", "trivial"),
    ],
)
def test_what_the_library_has_is_said_to_be_missing(lean, statement, script):
    verdict = lean.verify(Statement.of(statement), script)
    assert not verdict.proved
    assert "has no library" in verdict.message
    assert "--toolchain" in verdict.message


@pytest.mark.parametrize("script", ["repeat", "repeat omega", "repeat' omega", "repeat1' (omega)", "repeat " * 20])
def test_what_cannot_be_parsed_is_not_repeated_for_ever(script):
    with Lean(timeout=5.0) as lean:
        verdict = lean.verify(Statement.of("(p q : Prop) : p ∧ q"), script)
    assert verdict.outcome in (Outcome.TACTIC_ERROR, Outcome.PARSE_ERROR)


@pytest.mark.parametrize("script", ["exact )", "intro h\nexact h", "intro h\ncontradiction", "exact (fun h", "intro"])
def test_what_fails_for_another_reason_says_nothing_of_the_library(lean, script):
    verdict = lean.verify(Statement.of("(p q : Prop) : p → q"), script)
    assert not verdict.proved
    assert "library" not in verdict.message


NAMES = """
    rfl true false none some isTrue isFalse trivial id mt flip absurd True And calc eval_prec eval_prio exists if
    matches max_prec repeat this where while with without_expected_type
"""
PLACES = (
    "intro {}\nexact {}",
    "rintro {}\nexact {}",
    "intro ({} : p ∧ q)\nexact {}",
    "intro ⟨{}, h⟩\nexact ⟨{}, h⟩",
    "exact fun {} => {}",
    "exact fun ⟨{}, h⟩ => ⟨{}, h⟩",
    "intro h\nexact match h with | ⟨{}, k⟩ => ⟨{}, k⟩",
    "intro h\nobtain ⟨{}, k⟩ := h\nexact ⟨{}, k⟩",
    "intro h\nhave ⟨{}, k⟩ := h\nexact ⟨{}, k⟩",
)


def test_a_name_that_lean_takes_otherwise_is_no_variable_of_ours(lean):
    """Such as a word that Lean reserves, or a constant that is a pattern."""
    statement = Statement.of("(p q : Prop) : p ∧ q → p ∧ q")
    attempts = [Attempt(statement, place.replace("{}", name)) for name in NAMES.split() for place in PLACES]
    logic = Logic()
    reports = lean.check(attempts)
    ours = [logic.verify(*attempt).proved for attempt in attempts]
    theirs = [report.outcome is Outcome.SOLVED for report in reports]
    assert [attempt.script for attempt, mine, its in zip(attempts, ours, theirs, strict=True) if mine and not its] == []
    assert sum(theirs) > sum(ours) > 50
    assert not any(its for attempt, its in zip(attempts, theirs, strict=True) if "⟨true" in attempt.script[:12])


LEMMAS = {
    "mt": "∀ {a b : Prop}, (a → b) → ¬b → ¬a",
    "not_not_intro": "∀ {p : Prop}, p → ¬¬p",
    "And.symm": "∀ {a b : Prop}, a ∧ b → b ∧ a",
    "And.comm": "∀ {a b : Prop}, a ∧ b ↔ b ∧ a",
    "and_assoc": "∀ {a b c : Prop}, (a ∧ b) ∧ c ↔ a ∧ b ∧ c",
    "And.imp": "∀ {a c b d : Prop}, (a → c) → (b → d) → a ∧ b → c ∧ d",
    "Or.imp": "∀ {a c b d : Prop}, (a → c) → (b → d) → a ∨ b → c ∨ d",
    "Or.resolve_left": "∀ {a b : Prop}, a ∨ b → ¬a → b",
    "or_imp": "∀ {a b c : Prop}, (a ∨ b → c) ↔ (a → c) ∧ (b → c)",
    "not_or": "∀ {p q : Prop}, ¬(p ∨ q) ↔ ¬p ∧ ¬q",
    "and_imp": "∀ {a b c : Prop}, (a ∧ b → c) ↔ (a → b → c)",
    "Iff.trans": "∀ {a b c : Prop}, (a ↔ b) → (b ↔ c) → (a ↔ c)",
    "iff_of_true": "∀ {a b : Prop}, a → b → (a ↔ b)",
    "not_exists": "∀ {α : Sort u} {p : α → Prop}, (¬∃ x, p x) ↔ ∀ x, ¬p x",
    "exists_imp": "∀ {α : Sort u} {p : α → Prop} {b : Prop}, ((∃ x, p x) → b) ↔ ∀ x, p x → b",
    "Exists.elim": "∀ {α : Sort u} {p : α → Prop} {b : Prop}, (∃ x, p x) → (∀ a, p a → b) → b",
    "forall_and": "∀ {α : Sort u} {p q : α → Prop}, (∀ x, p x ∧ q x) ↔ (∀ x, p x) ∧ ∀ x, q x",
    "Eq.symm": "∀ {α : Sort u} {a b : α}, a = b → b = a",
}


def test_lemmas_are_those_of_the_library(lean):
    attempts = [Attempt(Statement.of(statement), f"exact @{name}") for name, statement in LEMMAS.items()]
    assert [report.reason for report in lean.check(attempts) if report.outcome is not Outcome.SOLVED] == []


def test_the_preludes_have_no_axiom_but_those_of_lean():
    """Others would be reported by `#print axioms`, but no theorem should be able to depend on them."""
    sources = [make() for _, make in worlds.NUMBERS_WORLD.modules[:2]]
    lines = [line.split() for source in sources for line in source.splitlines()]
    axioms = {words[1] for words in lines if words[:1] == ["axiom"]}
    assert axioms == {"propext", "Quot.sound", "Classical.choice", "sorryAx"}
