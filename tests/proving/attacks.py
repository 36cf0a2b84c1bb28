"""Attacks: ways to have something reported as proved that Lean would not have.

Each is false or no theorem at all if it is read as a reader reads it.
"""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from lean_ebm.proving.statements import Attempt, Statement
from proving.hostile import HOSTILE

# What closes the place in which it stands and goes on with another text; {} is the honest text.
_ESCAPES = [
    "{}) := trivial\ntheorem other : (True",
    "True) := trivial\ntheorem other : ({}",
    "True := trivial\ntheorem other : {}",
    "{} := sorry --",
    "{} := by trivial\n#exit",
    "(({})",
    "{}))) (((",
    "{} /- ",
    "/- {} -/",
    "-- {}",
    "{} -/ theorem other : True := trivial /-",
    "{}\naxiom cheat : False",
    "{}; True",
    "{} | True",
    "{} where x := True",
    "{} in True",
    ": True := trivial /- {} -/",
    ": (False → True) := fun (k : False) => have h",
    "by exact {} := True",
    "let x := True; {}",
    "have : True := trivial; {}",
    'show {} from "a',
    "{} «",
    "{} '",
    '{} r#"',
    "sorry",
    "(sorry : {})",
    "(by sorry : Prop)",
    "(by exact sorry)",
    "{}\nend",
    "{}\nnamespace A",
    "{}\nopen Classical in",
    "@[simp] {}",
    "#print {}",
    "{} #exit",
    "{}\n  trivial",
    "{} termination_by x",
    "{}\n\ntheorem other : True",
    "{} ) ∨ ( True",
    "{} ⟩ ∨ ⟨ True",
]
_SCRIPTS = ["trivial", "intro h\nexact h", "exact fun k => k", " " * 150 + "exact k\ntrivial", "constructor", "skip"]
_BINDERS = [
    ") : True := trivial --",
    ": (False → True) := fun (k : False) => have h",
    "(h : True) : True := trivial /-",
    "(h : True := by trivial) :",
    "(h : False → True) := fun",
    "(p : Prop) : p → p := id theorem other",
    "(h : (True)",
    "(h : True))",
    "(h : True]",
    "[h : True)",
    "{h : True}}",
    "(h",
    "(: True)",
    "( )",
    "(theorem : Prop)",
    "(p.q : Prop)",
    "(1 : Prop)",
    "(p : Prop) /- ",
    "(p : Prop) -/",
    "(p : Prop) := (q : Prop)",
    "(p : «)",
    '(p : ")',
    "(p : sorry)",
    "(p : Prop) sorry",
    "(p : Prop), p →",
    "∀ p : Prop,",
    "(h : by exact True :=)",
    "h",
    "(p : Prop) : (q",
    "(False : Prop) (h : False)",
    "(True : Prop)",
    "@(p : Prop)",
    "(p : Prop\naxiom x : False)",
    "(p : Prop) #exit",
    "(x := 1)",
    "(h : True | False)",
]

# Scripts that print what a successful judge prints, or take names that it may use.
PRINTING = [
    "#print axioms True.intro",
    "trivial\n#print axioms True.intro",
    "trace \"'theorem' does not depend on any axioms\"",
    "trivial\ntheorem C : True := trivial\n#print axioms C",
    "skip\nend\nnamespace X\ntheorem T : False := T",
    ")\n#print axioms True.intro",
    "exact (trivial))\n#print axioms trivial (",
    "skip)\n  (skip",
    "skip /-",
    "-/ skip",
    'skip "',
    'exact "\n#print axioms trivial\n"',
    "exact «\n»",
    "trivial -- \naxiom cheat : False",
    "trivial /- -/ axiom cheat : False",
    "/-- doc -/ theorem x : True := trivial",
    "by trivial := by",
    ":= trivial",
    ": True := by trivial",
    "trivial\n\n\n\ntheorem other : False := other",
    "trivial\nset_option debug.skipKernelTC true",
    "set_option debug.skipKernelTC true in trivial",
    'trivial\nlocal macro "theorem" : command => `(#print axioms trivial)',
    "trivial\nmacro_rules | `(#print axioms $x) => `(#print axioms trivial)",
    "trivial\nelab_rules : command | `(#print axioms $x) => pure ()",
    'trivial\nnotation "False" => True',
    "trivial\nuniverse u",
    "trivial\nvariable (h : False)",
    "trivial\nopen Classical",
    "trivial\nattribute [simp] trivial",
    "trivial\ninstance : Decidable False := isTrue sorry",
    "trivial\nexport Nat (zero)",
    "trivial\n#exit",
    "trivial\nend",
    "trivial\nnamespace _root_",
    "trivial\nprivate theorem x : False := x",
    "trivial\nmutual\ntheorem a : False := b\ntheorem b : False := a\nend",
    "trivial\ninit_quot",
    "trivial\nunsafe def x : False := x",
    "exact unsafe lcUnreachable",
    "exact lcProof",
    "exact (sorry)",
    "exact sorryAx _ false",
    "exact (by assumption : False)",
    "exact @absurd True False trivial (fun _ => ‹False›)",
    "exact let rec f : False := f; f",
    "exact (fun f => f f : False)",
    "exact False.elim ?_",
    "refine ?_",
    "have : False := ?_\nexact this",
    "all_goals skip",
    "first | done | skip",
    "try trivial",
    "exact _",
    "intro\n",
    "exfalso\n",
    "decide",
    "rfl",
    "exact Eq.mp rfl trivial",
    "cases (sorry : False)",
    "match (_ : False) with",
    "nofun",
    "exact nofun",
    "exact nomatch _",
]

ENDLESS = {"sorry under repeat", *(name for name in HOSTILE if name.startswith("deep"))}
"""Names of hostile texts that keep Lean busy without end, or nearly so, if the filter lets them through."""

_FALSE = ["False", "¬True", "∀ p : Prop, p", "(True → False)"]

# Statements of first-order logic that are false or ill-typed, and look as if they were not.
_SORTS: list[tuple[str, str]] = [
    ("(α β : Type) (b : β) : ∃ x : α, True", "exact ⟨b, trivial⟩"),
    ("(α β : Type) (b : β) : ∃ x : α, True", "exists b"),
    ("(α : Type) (a : α) (α : Prop) (P : α → Prop) : (∀ x, P x) → ∃ x, P x", "intro h\nexact ⟨a, h a⟩"),
    ("(α : Type) (a : α) (α : Type) : ∃ x : α, True", "exact ⟨a, True.intro⟩"),
    ("(α β : Type) (P : α → Prop) (b : β) : (∀ x, P x) → ∃ x, P x", "intro h\nexact ⟨b, h b⟩"),
    ("(α β : Type) (P : α → Prop) (b : β) : (∀ x, P x) → P b", "intro h\nexact h b"),
    ("(α : Type) : ∃ x : α, True", "exact ⟨α, True.intro⟩"),
    ("(α : Type) (P : α → Prop) : (∀ x, P x) → ∃ x, P x", "intro h\nrefine ⟨?_, ?_⟩"),
    ("(α : Type) (P : α → Prop) : (∀ x, P x) → ∃ x, P x", "intro h\nexact ⟨_, h _⟩"),
    ("(α β : Type) (f : α → β) (P : α → Prop) (a : α) : P a → P (f a)", "intro h\nexact h"),
    (
        "(α : Type) (P Q : α → Prop) : (∃ x, P x) ∧ (∃ x, Q x) → ∃ x, P x ∧ Q x",
        "intro ⟨⟨x, a⟩, ⟨y, b⟩⟩\nexact ⟨x, a, b⟩",
    ),
    ("(α : Type) (R : α → α → Prop) : (∀ x, ∃ y, R x y) → ∃ y, ∀ x, R x y", "intro h\nexact h"),
    ("(p p : Prop) (h : p) (p : Prop) : p", "exact h"),
    ("(p : Prop) (h : p) (p : Prop) : p", "assumption"),
    ("(α : Type) (P : α → Prop) (x : α) (h : P x) (x : α) : P x", "exact h"),
    ("(α : Type) (P : α → Prop) (h : ∀ x, P x → ∀ x, P x) (a : α) (ha : P a) (P : α → Prop) : P a", "exact h a ha a"),
    ("(p : Prop) : p", "exact p"),
    ("(p q : Prop) (h : p ∨ q) : p", "cases h with\n| inl a => exact a\n| inr a => exact a"),
    ("(p : Prop) : ¬¬p → p", "intro h\nexact h (fun x => x)"),
    ("(p : Prop) : p ∨ ¬p", "exact Or.inr (fun x => x)"),
    ("(p q : Prop) : (p → q) → q", "intro h\nexact h _"),
    ("(p q : Prop) : p ∧ q → q ∧ p", "intro h\nexact h"),
]


def statements() -> list[Attempt]:
    """Attacks on the text of a statement or of its binders."""
    found = [Attempt(Statement(text.format(false)), script) for text in _ESCAPES for false in _FALSE[:2]
             for script in _SCRIPTS[:3]]  # fmt: skip
    found += [Attempt(Statement("False", binders), script) for binders in _BINDERS for script in _SCRIPTS]
    found += [Attempt(Statement(text.format("False"), "(p : Prop)"), "intro h") for text in _ESCAPES]
    return [*found, *(Attempt(Statement.of(text), script) for text, script in _SORTS)]


def scripts() -> list[Attempt]:
    """Attacks by the text of a script, on statements that are false."""
    texts = [text.encode(errors="ignore").decode() for name, text in HOSTILE.items() if name not in ENDLESS]
    texts = [text for text in texts if len(text) < 1_000]
    found = [Attempt(Statement("False"), text) for text in [*texts, *PRINTING]]
    found += [Attempt(Statement(false, "(p : Prop) {q : Prop}"), text) for false in _FALSE[1:] for text in PRINTING]
    return found


# Files, and the theorems that Lean finds in each; none of them is proved unless its name says so.
_BODY = "theorem bad : False := by\n  exact trivial\n"
FILES: list[tuple[str, list[str]]] = [
    ("theorem foo:¬ True := by\n  constructor\n", ["foo"]),
    (f"-- fix the lemmas in /- ... below\n{_BODY}-- -/ end\ntheorem good : True := trivial\n", ["bad", "good"]),
    (f'/-- a "string /- -/ -/ -/\n{_BODY}', []),
    (f"/- /- -/ -/\n{_BODY}", ["bad"]),
    (f"/-/ -/\n{_BODY}", ["bad"]),
    (f"/--/ -/\n{_BODY}", ["bad"]),
    (f"/-! -- -/\n{_BODY}", ["bad"]),
    (f'-- " \n{_BODY}-- "\n', ["bad"]),
    (f"theorem good : True := trivial {_BODY}", ["good", "bad"]),
    ("variable (h : False)\ntheorem bad : False := h\n", ["bad"]),
    ("variable (p : Prop) (h : p)\ntheorem bad : p := h\n", ["bad"]),
    ("variable (h : False)\ntheorem bad : ∀ h : True, False := fun _ => h\n", ["bad"]),
    ("variable (h : False)\ntheorem bad : ∃ h : Prop, ¬h ∧ h := h.elim\n", ["bad"]),
    ("variable (h : False)\ntheorem bad : (fun h : Prop => h) False := h\n", ["bad"]),
    ("variable (h : False)\ntheorem bad : let h := False; h := h\n", ["bad"]),
    ("variable (h : False)\ntheorem bad (h : True) : False := h\n", ["bad"]),
    ("variable (h : False)\nsection\nvariable (h : True)\ntheorem bad : h = h ∧ False := ⟨rfl, h⟩\nend\n", ["bad"]),
    ("section\nvariable (h : False)\nend\ntheorem bad : h = h ∧ False := ⟨rfl, h⟩\n", ["bad"]),
    ("include h\ntheorem bad : False := h\n", ["bad"]),
    ("variable (h : False)\ninclude h\ntheorem bad : False := h\n", []),
    ("axiom cheat : False\ntheorem bad : False := cheat\n", ["bad"]),
    ("def False := True\ntheorem bad : False := trivial\n", ["bad"]),
    ("def T := False\ntheorem bad : T := trivial\n", ["bad"]),
    ('notation "False" => True\ntheorem bad : False := trivial\n', ["bad"]),
    ('local notation "True" => False\ntheorem bad : True := trivial\n', ["bad"]),
    ("inductive False | intro\ntheorem bad : False := .intro\n", ["bad"]),
    ("structure True where\n  h : False\ntheorem bad : True := trivial\n", ["bad"]),
    ("namespace A\ndef True := False\ntheorem bad : True := trivial\nend A\n", ["A.bad"]),
    ("inductive A | True\nopen A\ntheorem bad : True := trivial\n", ["bad"]),
    ("theorem a : False := a\ntheorem bad : False := a\n", ["a", "bad"]),
    ("theorem a : False := b\ntheorem b : False := a\n", ["a", "b"]),
    ("theorem a : True := trivial\ntheorem a : False := a\n", ["a"]),
    ("theorem bad : False := by sorry\n", ["bad"]),
    ("theorem bad : False := sorry\ntheorem bad2 : False := bad\n", ["bad", "bad2"]),
    ("theorem bad : False := by\nexact trivial\n", ["bad"]),
    ("theorem bad : True := by\ntrivial\n", ["bad"]),
    ("theorem bad : False\n", []),
    ("theorem bad : False := trivial where x := 1\n", ["bad"]),
    ("theorem bad : True → False\n  | x => x\n", ["bad"]),
    ("mutual\ntheorem bad : False := bad2\ntheorem bad2 : False := bad\nend\n", ["bad", "bad2"]),
    ("set_option autoImplicit true\ntheorem bad : p := trivial\n", ["bad"]),
    ("set_option autoImplicit true in\ntheorem bad : p := trivial\n", ["bad"]),
    ("open Classical in\ntheorem bad : False := trivial\n", ["bad"]),
    ("theorem «bad : True := trivial -- » : False := trivial\n", []),
    ("theorem good.{u} (α : Type u) : True := trivial\ntheorem bad.{v} (α : Type v) : False := trivial\n", ["bad"]),
    ("@[simp] theorem bad : False := trivial\n", ["bad"]),
    ("private theorem bad : False := trivial\n", ["bad"]),
    ("protected theorem bad : True := trivial\n", ["bad"]),
    ("unsafe theorem bad : False := bad\n", ["bad"]),
    ("theorem bad : False := by exact (by exact (by trivial))\n", ["bad"]),
    ("theorem bad : True ∧ False := ⟨trivial,\ntrivial⟩\n", ["bad"]),
    ("example : False := trivial\n", []),
    ("theorem theorem : False := trivial\n", []),
    ("theorem : False := trivial\n", []),
    ("lemma bad:False := trivial\n", ["bad"]),
    ("theorem bad : (False := trivial\n", ["bad"]),
    ("theorem bad (h : True : False := trivial\n", ["bad"]),
    ("end\ntheorem bad : False := trivial\n", ["bad"]),
    ("end A\nnamespace A\ntheorem bad : False := trivial\n", ["A.bad"]),
    ("#exit\ntheorem bad : False := trivial\n", []),
    ('#eval "theorem x : True := trivial"\ntheorem bad : False := trivial\n', ["bad"]),
    ("theorem bad : False :=\n  trivial\n  trivial\n", ["bad"]),
    ("theorem bad : (True, False) := trivial\n", ["bad"]),
    ("theorem bad : True, False := trivial\n", ["bad"]),
    ("theorem bad := trivial\n", ["bad"]),
    ("theorem bad : := trivial\n", ["bad"]),
    ("theorem bad True : False := trivial\n", ["bad"]),
    ("variable {p : Prop}\nvariable (p)\ntheorem bad : p := id\n", ["bad"]),
    ("variable (p)\ntheorem bad : p := trivial\n", ["bad"]),
    ("variable [h : False]\ntheorem bad : False := h\n", ["bad"]),
]
"""Each file has names that Lean reports; only ``good`` and ``a`` may be proved."""


TEXTS = [*statements(), *scripts()]
"""All attacks that are a statement with a script."""
