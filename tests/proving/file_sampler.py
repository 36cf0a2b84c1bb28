"""Random Lean files of theorems, with what stands around theorems in files of users."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

_PROPOSITIONS = [
    ("{a} → {a}", ["fun h => h", "id", "by\n  intro h\n  exact h", "by intro h; assumption", "fun h => by\n  exact h"]),
    ("{a} ∧ {b} → {b}", ["fun h => h.2", "And.right", "by\n  intro ⟨_, h⟩\n  exact h", "fun h =>\nh.2"]),
    ("{a} → {a} ∨ {b}", ["Or.inl", "fun h => .inl h", "by\n  intro h\n  left\n  assumption"]),
    ("({a} → {b}) → ¬{b} → ¬{a}", ["fun f n h => n (f h)", "by\n  intro f n h\n  apply n\n  exact f h"]),
    ("∀ h : {a}, {a}", ["fun h => h", "by\n  intro k\n  exact k"]),
    ("(∀ x, P x ∧ {a}) → ∀ x, P x", ["fun h x => (h x).1", "by\n  intro h x\n  exact (h x).left"]),
    ("∃ q : Prop, q ∧ ({a} → {a})", ["⟨True, trivial, id⟩"]),
    ("∀ {a} : Prop, {a} → {a}", ["fun _ h => h"]),
    ("{a}", ["fun h => h", "by assumption", "by\nassumption"]),  # false, and a tactic that does not belong to it
    ("(fun x => P x) = fun y => P y", ["rfl", "by rfl"]),
    ("True", ["trivial", "by\n  constructor", "True.intro -- a comment", "by /- a -/ trivial"]),
]
_BETWEEN = [
    "",
    "-- theorem hidden : False := nonsense",
    "/- theorem hidden : False := nonsense -/",
    "-- fix the lemmas in /- ... below",
    "/- a /- nested -/ theorem hidden : False := nonsense -/",
    "/-! # A title with theorem in it -/",
    "#check True",
    'def words := "theorem hidden : False := -- no comment /- "',
    "def letter := '\"'",
    "example : True := trivial",
    "abbrev Own := True",
    "set_option linter.all false",
]
_VARIABLES = [
    "variable (p q r : Prop)",
    "variable {p q : Prop} (r : Prop)",
    "variable (p : Prop)\nvariable {q r : Prop}",
    "variable (p q r : Prop) [Decidable p] [i : Decidable (q ∧ r)]",
    "variable (p q r : Prop)\nvariable {p} (q)",
    "variable (p q r : Prop) (given : p) -- (of : q)",
    "variable ⦃p : Prop⦄ (q : Prop) {r : Prop}",
]
_BEFORE = [
    "",
    "",
    "",
    "/-- What it says: theorem hidden. -/\n",
    "@[simp] ",
    "private ",
    "protected ",
    "/-- d -/ @[simp]\n",
]


@dataclass
class SampledFile:
    """A file.

    Args:
        text: Its text.
        names: The full names of its theorems, in order.
        lines: The line of each, from 1.
    """

    text: str = ""
    names: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


def sample_file(random: Random, theorems: int = 4) -> SampledFile:
    """Make a file."""
    file = SampledFile()
    scopes: list[tuple[str, str]] = []

    def write(text: str) -> None:
        file.text += f"{text}\n"

    if random.random() < 0.3:
        write("universe u' v'")
    write(random.choice(_VARIABLES))
    write("variable {α : Type u} (P : α → Prop)")
    plain: list[str] = []  # theorems of the same propositional statement that later ones may use
    for number in range(theorems):
        write(random.choice(_BETWEEN))
        if random.random() < 0.3:
            scope = random.choice([("namespace", f"N{number}"), ("section", ""), ("section", f"S{number}")])
            scopes.append(scope)
            write(" ".join(scope))
        if random.random() < 0.15:
            write(random.choice(["open And", "open Or Iff", "variable (s : Prop) (hs : s)", "variable {r}"]))
        statement, proofs = random.choice(_PROPOSITIONS)
        letters = {"a": random.choice("pqr"), "b": random.choice("pqr")}
        own = random.choice(
            ["", "", "", " (t : Prop)", " {t : Prop} (k : t ∧ p)", " (p : Prop)", " (p : Prop) (k : p)"]
        )
        proof = random.choice(proofs)
        if plain and random.random() < 0.2:
            statement, own, proof = "True → True", "", f"fun _ => {random.choice(plain)}"
        spaces = [name for kind, name in scopes if kind == "namespace"]
        name = ".".join([*spaces, f"t{number}"])
        before = random.choice(_BEFORE)
        if before == "protected " and not spaces:
            before = ""
        start = random.choice(["open And in\n", "open Or in "]) if random.random() < 0.1 else ""
        text = f"{start}{before}theorem t{number}{own} : {statement.format(**letters)} := {proof}"
        file.names.append(name)
        file.lines.append(file.text.count("\n") + 1 + text[: text.index("theorem t")].count("\n"))
        write(text)
        if statement == "True":
            plain.append(name)
        if scopes and random.random() < 0.4:
            write(f"end {scopes.pop()[1]}".strip())
    while scopes:
        write(f"end {scopes.pop()[1]}".strip())
    return file
