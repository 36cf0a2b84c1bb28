"""The world of numbers in Lean: what its tactics do, which theorems a proof may use, and what is no proof."""
# ruff: noqa: RUF001 - the letters of Lean

import resource

import pytest

from helpers import needs_lean
from lean_ebm.errors import SettingError
from lean_ebm.proving.lean import Lean, LeanNotFoundError, LeanReport
from lean_ebm.proving.lean.worlds import NUMBERS_WORLD, world_of
from lean_ebm.proving.numbers.levels import find_level, lemmas, levels, worlds
from lean_ebm.proving.numbers.world import NUMBERS
from lean_ebm.proving.search import SearchResult
from lean_ebm.proving.source.binders import parse_binders
from lean_ebm.proving.statements import Attempt, Outcome, Statement, Verdict
from proving.attacks import PRINTING, TEXTS

pytestmark = needs_lean


@pytest.fixture(scope="module")
def lean():
    with Lean(world="numbers") as lean:
        yield lean


def checked(lean: Lean, table: list[tuple[str, str]]) -> list[tuple[str, str, LeanReport]]:
    reports = lean.check([Attempt(Statement.of(statement), script) for statement, script in table])
    return [(*entry, report) for entry, report in zip(table, reports, strict=True)]


WORKING = [
    ("(a : MyNat) : a + 0 = a", "rfl"),
    ("(a b : MyNat) (h : a = b) : b = a", "rw [h]"),
    ("(a b : MyNat) (h : a = b) : b = a", "rw [← h]"),
    ("(a b : MyNat) (h : a = b) : b = a", "rewrite [h]\nrfl"),
    ("(a b : MyNat) (h : a = b) : b = a", "exact h ▸ rfl"),
    ("(a b : MyNat) (h : a + 0 = b) : a = b", "rw [add_zero] at h\nexact h"),
    ("(a b : MyNat) (h : b = a) (g : a = 0) : b = 0", "rwa [h]"),
    ("(a b : MyNat) (h : b = a) (g : a = 0) : b = 0", "rwa [← h] at g"),
    ("(a b : MyNat) : a + b = b + a + 0", "rw [add_comm a, add_zero (b + a)]"),
    ("(a b c : MyNat) : a + b + c = c + (b + a)", "rw (occs := .pos [2]) [add_comm]\nrw [add_comm]"),
    ("(n : MyNat) : 0 + n = n", "induction n with\n| zero => rfl\n| succ n ih => rw [add_succ, ih]"),
    ("(n : MyNat) : 0 + n = n + 0", "induction n\n· rfl\n· rename_i n ih\n  rw [add_succ, ih]\n  rfl"),
    ("(a b : MyNat) : succ a + b = succ (a + b) + 0",
     "induction b generalizing a with\n| zero => rfl\n| succ b ih => rw [add_succ, ih]\n               rfl"),
    ("(n : MyNat) : n = 0 ∨ ∃ m, n = succ m",
     "cases n with\n| zero => exact .inl rfl\n| succ m => exact .inr ⟨m, rfl⟩"),
    ("(n : MyNat) : n = 0 ∨ ∃ m, n = succ m", "match n with\n| 0 => exact .inl rfl\n| succ m => exact .inr ⟨m, rfl⟩"),
    ("(a b c : MyNat) (h : a = b) (g : b = c) : a = c", "calc\n  a = b := h\n  _ = c := g"),
    ("(a b c : MyNat) (h : a ≤ b) (g : b = c) : a ≤ c", "calc\n  a ≤ b := h\n  _ = c := g"),
    ("(a b : MyNat) (h : a ≤ b) : ∃ c, b = a + c", "rcases h with ⟨c, rfl⟩\nexact ⟨c, rfl⟩"),
    ("(a b : MyNat) (h : a ≤ b) : ∃ c, b = a + c", "obtain ⟨c, h⟩ := h\nexact ⟨c, h⟩"),
    ("(a b : MyNat) : a ≤ b → ∃ c, b = a + c", "rintro ⟨c, h⟩\nexact ⟨c, h⟩"),
    ("(a : MyNat) : a ≤ a + 0", "exists 0"),
    ("(a : MyNat) : ∃ b c : MyNat, b + c = a", "exists a, 0"),
    ("(a : MyNat) : ∃ b c : MyNat, b + c = a", "use a, 0"),
    ("(a : MyNat) : a ≤ a + 0", "refine ⟨0, ?_⟩\nrfl"),
    ("(a b : MyNat) : a = b → b = a", "intro h\nsymm\nexact h"),
    ("(a b : MyNat) : a = b → b = a", "intros h\nrevert h\nexact Eq.symm"),
    ("(a b : MyNat) (h : a = b) : b = a", "symm at h\nexact h"),
    ("(a b : MyNat) (h : a ≠ b) : b ≠ a", "symm\nexact h"),
    ("(a b : MyNat) (h : succ (succ a) = succ (succ b)) : a = b", "injections"),
    ("(a b : MyNat) (h : succ (succ a) = succ (succ b)) : a = b", "injection h with h\ninjection h"),
    ("(a b : MyNat) (h : succ (succ a) = succ (succ b)) : a = b", "apply succ_inj\napply succ_inj\nexact h"),
    ("(a b : MyNat) (h : a = b) : a + a = a + b", "have g : a + a = a + b := by rw [h]\nexact g"),
    ("(a b : MyNat) (h : a = b) : a + a = a + b", "suffices g : b = a by rw [g]\nrw [h]"),
    ("(a b : MyNat) (h : a = b) : a + a = a + b", "subst h\nrfl"),
    ("(a b : MyNat) (h : a = b) : succ a = succ b", "congr"),
    (": 2 + 2 = (4 : MyNat) + 0", "decide"),
    (": (2 : MyNat) ≤ 4", "decide"),
    (": ¬(5 : MyNat) < 4", "decide"),
    ("(a : MyNat) (h : 0 = succ a) : a = 37", "contradiction"),
    ("(a : MyNat) (h : 0 = succ a) : a = 37", "exfalso\ncases h"),
    ("(a : MyNat) (h : 0 = succ a) : a = 37", "nomatch h"),
    ("(a : MyNat) : ¬0 = succ a", "nofun"),
    ("(a b : MyNat) : a = b ∨ True", "right\ntrivial"),
    ("(a b : MyNat) (h : a = b) : a = b ∨ True", "left\nassumption"),
    ("(a : MyNat) : a = a ∧ True", "and_intros <;> trivial"),
    ("(a : MyNat) : a + 0 = a ∧ a * 0 = 0", "constructor\n· rfl\n· rfl"),
    ("(a : MyNat) : a + 0 = a ∧ a * 0 = 0", "constructor\ncase left => rfl\ncase right => rfl"),
    ("(a : MyNat) : a + 0 = a ∧ a * 0 = 0", "constructor\nnext => rfl\nany_goals rfl"),
    ("(a : MyNat) : a + 0 = a ∧ a * 0 = 0", "constructor\nall_goals rfl"),
    ("(a : MyNat) : a + 0 + 0 = a", "show a + 0 = a\nchange a = a\nrfl"),
    ("(f : MyNat → MyNat) (h : ∀ x, f x = 0) : f 3 = 0", "specialize h 3\nexact h"),
    ("(a b : MyNat) (h : a = b) (g : b = a → b = 5) : b = 5", "replace h := h.symm\nexact g h"),
    ("(a b : MyNat) (h : a = b) : True", "clear h\ntrivial"),
    ("(a : MyNat) : a + 1 = succ a", "generalize a = b\nrfl"),
    ("(a b : MyNat) (h : a = b) : a * 2 = b * 2", "repeat rw [h]"),
    ("(a : MyNat) : a + 0 + 0 = a", "first | rw [zero_mul] | rfl"),
    ("(a : MyNat) : a + 0 + 0 = a", "try rw [zero_mul]\nrfl"),
    ("(a : MyNat) : a = 0 ∨ a ≠ 0", "by_cases h : a = 0\n· exact .inl h\n· exact .inr h"),
    ("(a b : MyNat) (h : a + 0 + 0 = b) : a = b", "simp only [add_zero] at h\nexact h"),
    ("(a b : MyNat) (h : b + 0 = a) : b = a", "simpa [add_zero] using h"),
    ("(a b : MyNat) (h : a < b) : succ a ≤ b", "unfold LT.lt at h\nexact h"),
    ("(a b : MyNat) : (a ≥ b ↔ b ≤ a) ∧ (a > b ↔ b < a)", "exact ⟨Iff.rfl, Iff.rfl⟩"),
    ("(a b : MyNat) : a <= b ↔ b >= a", "exact Iff.rfl"),
]  # fmt: skip


def test_what_works(lean):
    assert [entry for entry in checked(lean, WORKING) if entry[2].outcome is not Outcome.SOLVED] == []


WITH_AXIOMS = [
    ("(a : MyNat) : a + 0 + 0 = a", "simp only [add_zero]"),
    ("(a : MyNat) : a + 0 + 0 = a ∧ (a = a ∨ False)", "simp [add_zero]"),
    ("(a b : MyNat) (h : b = a) (g : a = 0) : b = 0", "simp_all"),
    ("(a b : MyNat) (h : a + b = 0) : a = 0 ∧ b = 0", "rw [add_eq_zero] at h\nexact h"),
    ("(f g : MyNat → MyNat) (h : ∀ x, f x = g x) : f = g", "funext x\nexact h x"),
]


def test_what_works_with_axioms(lean):
    for _, _, report in checked(lean, WITH_AXIOMS):
        assert (report.outcome, report.reason.partition(" on ")[0]) == (Outcome.FORBIDDEN, "the proof depends")
    with Lean(world="numbers", axioms=("propext", "Quot.sound")) as classical:
        assert {report.outcome for _, _, report in checked(classical, WITH_AXIOMS)} == {Outcome.SOLVED}


BANNED = """
    exact? apply? rw? simp? show_term library_search hint sorry admit stop native_decide bv_decide decide!
    omega ring ring_nf linarith nlinarith norm_num norm_cast positivity aesop grind tauto polyrith ac_rfl conv
"""


def test_what_is_refused(lean):
    statement = "(a b : MyNat) : a + b + 0 = b + a"
    for _, script, report in checked(lean, [(statement, script) for script in BANNED.split()]):
        assert report.outcome in (Outcome.FORBIDDEN, Outcome.PARSE_ERROR), script


def test_what_is_missing_is_said_to_be(lean):
    ((_, _, report),) = checked(lean, [("(a b : MyNat) : a + b = b + a", "omega")])
    assert "docs/numbers.md" in report.reason and "--toolchain" not in report.reason


def test_goals_are_printed_with_short_names(lean):
    script = "induction b"
    ((_, _, report),) = checked(lean, [("(a b : MyNat) : a + b = b + a", script)])
    assert report.goals == (
        "case zero\na : MyNat\n⊢ a + 0 = 0 + a",
        "case succ\na n✝ : MyNat\na✝ : a + n✝ = n✝ + a\n⊢ a + succ n✝ = succ n✝ + a",
    )


# Levels.


def names_of(statement: Statement) -> str:
    return " ".join(name for group in parse_binders(statement.binders) for name in group.names)


def test_every_level_is_proved_from_earlier_ones_without_axioms(lean):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    verdicts = lean.verify_many([Attempt(level.statement, level.proof) for level in levels()])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert [
        (level.name, verdict) for level, verdict in zip(levels(), verdicts, strict=True) if not verdict.proved
    ] == []
    assert len(verdicts) == 94
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5.0


def test_no_level_is_proved_by_itself(lean):
    table = [(str(level.statement), f"exact {level.name} {names_of(level.statement)}") for level in levels()]
    for _, script, report in checked(lean, table):
        assert (report.outcome, report.reason) == (
            Outcome.FORBIDDEN,
            f"the proof uses {script.split()[1]}, and only what comes before the theorem may be used",
        )


BY_LATER_ONES = [
    "exact add_comm a b",
    "exact MyNat.add_comm a b",
    "exact _root_.MyNat.add_comm a b",
    "exact @add_comm _ _",
    "exact (add_comm · b) a",
    "apply add_comm",
    "rw [add_comm]",
    "rw [← add_comm]",
    "rw [add_comm a]",
    "refine add_comm ?_ ?_",
    "have swap := add_comm\nexact swap a b",
    "let swap := add_comm\nexact swap a b",
    "have swap (x y : MyNat) : x + y = y + x := add_comm x y\nexact swap a b",
    "obtain swap := add_comm\nexact swap a b",
    "first | exact add_assoc a b | exact add_comm a b",
    "exact Eq.trans (add_right_cancel _ _ 0 (add_right_comm a b 0)) rfl",
    "exact (show ∀ x y : MyNat, x + y = y + x from add_comm) a b",
    "exact by exact by rw [add_comm]",
    "have h : a * b = b * a := mul_comm a b\ninduction b with\n| zero => rw [add_zero, zero_add]\n"
    "| succ b ih => rw [add_succ, succ_add, ih (mul_comm a b)]",
]


def test_later_levels_are_refused_however_they_are_named(lean):
    statements = ("(a b : MyNat) : a + b = b + a", "(a : MyNat) (b : (MyNat)) : ((a + b = b + a))")
    for _, script, report in checked(lean, [(each, script) for each in statements for script in BY_LATER_ONES]):
        assert report.outcome is Outcome.FORBIDDEN, script
        assert "only what comes before" in report.reason, script


def test_a_level_with_other_names_is_the_same_level(lean):
    table = [
        ("(b a : MyNat) : b + a = a + b", "exact add_comm b a"),
        ("(x y : MyNat) : x + y = y + x", "exact add_comm x y"),
        ("(x : MyNat) (add_comm : MyNat) : x + add_comm = add_comm + x", "exact MyNat.add_comm _ _"),
    ]
    assert {report.outcome for *_, report in checked(lean, table)} == {Outcome.FORBIDDEN}


def test_other_theorems_may_use_all_levels(lean):
    table = [("(a b c : MyNat) : a + b = b + a", "exact add_comm a b"), ("(a b : MyNat) : b + a * 1 = a + b",
             "rw [mul_one, add_comm]")]  # fmt: skip
    assert {report.outcome for *_, report in checked(lean, table)} == {Outcome.SOLVED}


def test_a_step_that_uses_a_later_level_is_refused(lean):
    ((_, _, report),) = checked(lean, [("(a b : MyNat) : a + b = b + a", "have h := mul_comm a b")])
    assert report.outcome is Outcome.FORBIDDEN
    ((_, _, report),) = checked(lean, [("(a b : MyNat) : a + b = b + a", "have h := succ_add a b")])
    assert report.outcome is Outcome.OK


def test_levels_are_read_in_order():
    assert list(worlds()) == [
        "Definitions", "Tutorial", "Addition", "Multiplication", "Power", "Implication", "AdvancedAddition",
        "LessOrEqual", "AdvancedMultiplication", "LessThan",
    ]  # fmt: skip
    assert [level for part in worlds().values() for level in part] == list(levels())
    kinds = [level.kind for level in levels()]
    assert [kinds.count(kind) for kind in ("definition", "equation", "other")] == [10, 30, 54]
    level = find_level("zero_add")
    assert (level.world, level.kind, str(level.statement)) == ("Addition", "equation", "(n : MyNat) : 0 + n = n")
    assert level.proof == "induction n with\n| zero => rw [add_zero]\n| succ n ih => rw [add_succ, ih]"
    assert lemmas(level.statement)[-1].name == "two_add_two"
    with pytest.raises(KeyError):
        find_level("add_zero_zero")


def test_no_level_has_a_name_that_lean_could_take_for_another(lean):
    """Of the prelude, for example: with the namespace open, such a name would be ambiguous."""
    table = [(": True", f"have := @_root_.{level.name}\ntrivial") for level in levels()]
    assert [script for _, script, report in checked(lean, table) if report.outcome is Outcome.SOLVED] == []


# What is no proof.

_NUMBER_ATTACKS = [
    "trivial\ninstance : Add MyNat := ⟨fun _ _ => 0⟩",
    "let inst : Add MyNat := ⟨fun _ _ => 0⟩\nrfl",
    "letI : Add MyNat := ⟨fun _ _ => 0⟩\nrfl",
    "haveI : OfNat MyNat 1 := ⟨0⟩\nrfl",
    "have inst : Decidable ((0 : MyNat) = 1) := isTrue ‹_›\ndecide",
    "let succ : MyNat → MyNat := fun _ => 0\nrfl",
    "have add_comm : ∀ a b : MyNat, a = b := ‹_›\nexact add_comm 0 1",
    "exact MyNat.noConfusion rfl",
    "exact congrArg pred rfl",
    "exact MyNat.rec rfl (fun _ h => h) 0",
    "exact MyNat.ofNat 0",
    "unfold OfNat.ofNat\nrfl",
    "exact (Nat.rec rfl (fun _ h => h) 0 : (0 : Nat) = 1) ▸ rfl",
    "trivial\nlocal infixl:65 \" + \" => fun a b => a",
    "trivial\nnotation \"0\" => 1",
    "trivial\nopen Nat",
    "trivial\nexport MyNat (succ)",
    "trivial\naxiom MyNat.cheat : (0 : MyNat) = 1",
    "trivial\ndef MyNat.zero_eq_one : (0 : MyNat) = 1 := MyNat.zero_eq_one",
    "trivial\nattribute [simp] add_comm",
    "rw [zero_ne_one]",
    "simp",
    "simp [*] at *",
    "decide",
    "injection (rfl : (0 : MyNat) = 0)",
    "exact absurd rfl zero_ne_one",
]  # fmt: skip


@pytest.mark.parametrize("filtered", [True, False])
def test_nothing_false_is_proved(lean, monkeypatch, filtered):
    """With the filter of words, and without it."""
    if not filtered:
        monkeypatch.setattr("lean_ebm.proving.lean.messages.refuse", lambda _: None)
    false = ["(0 : MyNat) = 1", "∀ a b : MyNat, a + b = a", "(2 : MyNat) + 2 = 5", "∃ a : MyNat, a < 0"]
    attempts = [Attempt(Statement(each), text) for each in false for text in [*_NUMBER_ATTACKS, *PRINTING]]
    attempts += TEXTS[::7]
    for attempt, report in zip(attempts, lean.check(attempts), strict=True):
        assert report.outcome is not Outcome.SOLVED, attempt
        assert report.outcome is not Outcome.CRASH, (attempt, report.reason)


def test_the_logic_has_no_numbers():
    with Lean() as logic:
        (report,) = logic.check([Attempt(Statement.of("(a : MyNat) : a = a"), "rfl")])
    assert report.outcome is Outcome.PARSE_ERROR


def test_worlds_have_names():
    assert world_of("numbers") is NUMBERS_WORLD
    with pytest.raises(SettingError, match="expected one of logic, numbers"):
        Lean(world="letters")
    with pytest.raises(SettingError, match="expected no toolchain"):
        Lean("lean", world="numbers")


# What searches have found.


def claimed(*tactics: str) -> SearchResult:
    """What a search says that believes in a proof."""
    return SearchResult(Verdict(True, "the search", outcome=Outcome.SOLVED), tactics)


@pytest.mark.parametrize("judge", ["Lean", "numbers"])
def test_lean_has_the_last_word_on_what_was_found(monkeypatch, judge):
    """The embedded engine has it where there is no Lean."""
    if judge == "numbers":

        def missing(**_):
            raise LeanNotFoundError("There is no Lean.")

        monkeypatch.setattr("lean_ebm.proving.lean.Lean", missing)
    with NUMBERS.judge() as judging:
        assert judging.verify(find_level("add_zero").statement, "rfl").verifier.startswith(judge)
    statements = [find_level(name).statement for name in ("zero_add", "add_comm", "mul_one", "two_mul")]
    proof = tuple(find_level("zero_add").proof.split("\n"))
    results = {0: claimed(*proof), 1: claimed("rw [add_comm]"), 2: SearchResult(None), 3: claimed("rfl")}
    assert NUMBERS.confirmed(statements, results) == [1.0, 0.0, 0.0, 0.0]
