"""Random tactics for a goal, as texts; most make sense, some do not."""

from __future__ import annotations

from random import Random

from lean_ebm.proving.logic.formulas import FALSE, TRUE, Expr, Kind, conjunction, disjunction, implication
from lean_ebm.proving.logic.goals import Goal, Local, Printer, displayed


class TacticSampler:
    """Makes random tactics for a goal.

    Args:
        random: The random generator.
        noise: Probability that a term is made without regard to what it should prove.
    """

    def __init__(self, random: Random, noise: float = 0.12) -> None:
        self.random, self.noise = random, noise

    def tactic(self, goal: Goal) -> str:
        """Make a tactic for the goal."""
        self._prepare(goal)
        random, target = self.random, goal.target
        kind = random.choice(
            ("intro", "intro", "exact", "exact", "apply", "apply", "apply", "refine", "refine", "cases", "cases",
             "cases", "have", "constructor", "side", "assumption", "contradiction", "exfalso", "exists", "sensible",
             "sensible", "sensible", "sensible")
        )  # fmt: skip
        if kind == "sensible":
            kind = {
                Kind.IMPLIES: "intro", Kind.NOT: "intro", Kind.ALL: "intro", Kind.AND: "constructor",
                Kind.IFF: "constructor", Kind.EXISTS: "exists", Kind.OR: "side",
            }.get(target.kind, "apply")  # fmt: skip
        if kind == "intro":
            return " ".join(["intro", *(self._name() for _ in range(random.choice((0, 1, 1, 1, 2))))])
        if kind == "side":
            return random.choice(("left", "right"))
        if kind == "exact":
            return f"exact {self.term(target, 2, False)}"
        if kind == "refine":
            return f"refine {self.term(target, 2, True)}"
        if kind == "apply":
            return f"apply {self._applied(target)}"
        if kind == "exists":
            return f"exists {self._individual()}"
        if kind == "have":
            return self._have()
        if kind == "cases":
            return self._cases()
        return kind

    def _prepare(self, goal: Goal) -> None:
        self.goal = goal
        shown = displayed(goal.context)
        self.printer = Printer(
            # Without daggers, which no tactic can write: a name may then refer to something else, or to nothing.
            {local.number: local.name for local in goal.context},
            typed=True,
        )
        self.callable = [local for local, name in zip(goal.context, shown, strict=True) if local.name == name]
        self.proofs = [local for local in self.callable if local.formula is not None]
        self.individuals = [
            local.name for local in self.callable if local.sort is not None and not local.sort[0] and local.sort[1] > 0
        ]
        self.propositions = [local.name for local in self.callable if local.is_of(0)]

    def _name(self) -> str:
        return self.random.choice(("h", "h", "g", "k", "m", "x", "y", "a", "p", "_", "this"))

    def _individual(self) -> str:
        if not self.individuals or self.random.random() < 0.08:
            return self.random.choice(("a", "x", "p", "h"))
        name = self.random.choice(self.individuals)
        return f"(f {name})" if self.random.random() < 0.15 else name

    def term(self, target: Expr, depth: int, holes: bool) -> str:
        """Make a term that may prove the target."""
        random = self.random
        if holes and random.random() < 0.3:
            return "?_"
        if random.random() < 0.03:
            return "_"
        if random.random() < self.noise or target.kind < Kind.ATOM:
            return self._any(depth)
        matching = [local for local in self.proofs if local.formula is not None and local.formula.key is target.key]
        if matching and random.random() < 0.7:
            return random.choice(matching).name
        if depth <= 0:
            return "?_" if holes else self._any(0)
        if random.random() < 0.25:
            return self._elimination(target, depth, holes)
        return self._introduction(target, depth, holes)

    def _introduction(self, target: Expr, depth: int, holes: bool) -> str:
        random, kind = self.random, target.kind
        if kind in (Kind.IMPLIES, Kind.NOT):
            b = target.b if kind is Kind.IMPLIES else FALSE
            name = self._name()
            binder = f"({name} : {self.printer.formula(target.a)})" if random.random() < 0.2 else name
            if target.loose or target.unknown:
                binder = name
            return f"(fun {binder} => {self.term(b, depth - 1, holes)})"
        if kind is Kind.AND:
            a, b = self.term(target.a, depth - 1, holes), self.term(target.b, depth - 1, holes)
            return f"⟨{a}, {b}⟩" if random.random() < 0.7 else f"(And.intro {a} {b})"
        if kind is Kind.IFF:
            a = self.term(implication(target.a, target.b), depth - 1, holes)
            b = self.term(implication(target.b, target.a), depth - 1, holes)
            return f"⟨{a}, {b}⟩" if random.random() < 0.7 else f"(Iff.intro {a} {b})"
        if kind is Kind.OR:
            left = random.random() < 0.5
            inner = self.term(target.a if left else target.b, depth - 1, holes)
            return f"(Or.{'inl' if left else 'inr'} {inner})"
        if kind is Kind.EXISTS:
            witness = random.choice(("_", "?_")) if random.random() < 0.25 else self._individual()
            return f"⟨{witness}, {self._any(depth - 1) if random.random() < 0.5 or not holes else '?_'}⟩"
        if kind is Kind.ALL:
            return f"(fun {self._name()} => {'?_' if holes else self._any(depth - 1)})"
        if kind is Kind.TRUE:
            return random.choice(("True.intro", "⟨⟩", "trivial"))
        return self._any(depth)

    def _elimination(self, target: Expr, depth: int, holes: bool) -> str:
        random = self.random
        kind = random.choice(("absurd", "False.elim", "Or.elim", "elim", "use", "use", "use"))
        a = self._some_proof()
        if kind == "absurd":
            return f"(absurd {a} {'?_' if holes else self._some_proof()})"
        if kind == "False.elim":
            return f"(False.elim {'?_' if holes and random.random() < 0.5 else self._use(depth)})"
        if kind == "Or.elim":
            left, right = ("?_" if holes and random.random() < 0.6 else self._any(depth - 1) for _ in range(2))
            return f"(Or.elim {a} {left} {right})"
        if kind == "elim":
            left, right = ("?_" if holes and random.random() < 0.6 else self._any(depth - 1) for _ in range(2))
            return f"({a}.elim {left} {right})" if random.random() < 0.7 else f"{a}.elim"
        return self._use(depth, holes)

    def _some_proof(self) -> str:
        return self.random.choice(self.proofs).name if self.proofs else "h"

    def _use(self, depth: int, holes: bool = False) -> str:
        """Make a term from a hypothesis: with the arguments that it takes, or a projection."""
        if not self.proofs:
            return "h"
        local = self.random.choice(self.proofs)
        text, formula = local.name, local.formula
        assert formula is not None
        for _ in range(3):
            kind = formula.kind
            if self.random.random() < 0.15:
                break
            if kind in (Kind.AND, Kind.IFF) and " " not in text:
                first = self.random.random() < 0.5
                names = ("left", "right") if kind is Kind.AND else ("mp", "mpr")
                text += "." + (self.random.choice(("12"[not first], names[not first])))
                if kind is Kind.IFF:
                    formula = implication(formula.a, formula.b) if first else implication(formula.b, formula.a)
                else:
                    formula = formula.a if first else formula.b
            elif kind in (Kind.IMPLIES, Kind.NOT):
                text += " " + self._argument(formula.a, depth - 1, holes)
                formula = formula.b if kind is Kind.IMPLIES else FALSE
            elif kind is Kind.ALL:
                text += " " + ("_" if self.random.random() < 0.3 else self._individual())
                formula = formula.a
            else:
                break
        return f"({text})" if " " in text else text

    def _argument(self, target: Expr, depth: int, holes: bool) -> str:
        if target.loose:
            return self._some_proof()
        return self.term(target, depth, holes)

    def _any(self, depth: int) -> str:
        random = self.random
        kind = random.choice(("use", "use", "use", "name", "pair", "fun", "inl", "individual", "true", "typed"))
        if kind == "use":
            return self._use(depth)
        if depth > 0 and kind == "pair":
            return f"⟨{self._any(depth - 1)}, {self._any(depth - 1)}⟩"
        if depth > 0 and kind == "fun":
            return f"(fun {self._name()} => {self._any(depth - 1)})"
        if depth > 0 and kind == "inl":
            return f"({random.choice(('Or.inl', 'Or.inr', 'False.elim'))} {self._any(depth - 1)})"
        if kind == "individual":
            return self._individual()
        if kind == "typed" and self.proofs:
            local = random.choice(self.proofs)
            assert local.formula is not None
            if not local.formula.unknown:
                return f"({local.name} : {self.printer.formula(local.formula)})"
        return "True.intro" if kind == "true" else self._some_proof()

    def _applied(self, target: Expr) -> str:
        random = self.random
        if random.random() < 0.25:
            return random.choice(
                ("And.intro", "Or.inl", "Or.inr", "Iff.intro", "Exists.intro", "absurd", "False.elim", "And.left",
                 "And.right", "Or.elim", "Iff.mp", "Iff.mpr", "True.intro", f"absurd {self._some_proof()}",
                 f"Or.elim {self._some_proof()}", f"{self._some_proof()}.elim", f"Exists.intro {self._individual()}",
                 f"And.intro {self._some_proof()}", "And.intro ?_ ?_", "Or.inl ?_")
            )  # fmt: skip
        if random.random() < 0.6 or not self.proofs:
            return self._some_proof()
        return self._use(1, holes=random.random() < 0.3)

    def _have(self) -> str:
        random = self.random
        name = random.choice(("", f" {self._name()}", f" {self._name()}"))
        if random.random() < 0.5 or not self.proofs:
            return f"have{name} := {self._use(2)}"
        formula = self._some_formula()
        return f"have{name} : {self.printer.formula(formula)} := {self.term(formula, 2, True)}"

    def _some_formula(self) -> Expr:
        random = self.random
        formulas = [local.formula for local in self.proofs if local.formula is not None and not local.formula.unknown]
        if not self.goal.target.unknown and self.goal.target.kind >= Kind.ATOM:
            formulas.append(self.goal.target)
        formula = random.choice(formulas or [TRUE])
        while formula.kind in (Kind.AND, Kind.OR, Kind.IMPLIES, Kind.IFF) and random.random() < 0.6:
            formula = random.choice((formula.a, formula.b))
        if random.random() < 0.3:
            formula = random.choice((conjunction, disjunction, implication))(formula, random.choice(formulas or [TRUE]))
        return formula

    def _cases(self) -> str:
        random = self.random
        inductive = [
            local for local in self.proofs
            if local.formula is not None
            and local.formula.kind in (Kind.AND, Kind.OR, Kind.IFF, Kind.EXISTS, Kind.FALSE, Kind.TRUE)
        ]  # fmt: skip
        local: Local | None = None
        if inductive and random.random() < 0.75:
            local = random.choice(inductive)
            target, formula = local.name, local.formula
        else:
            target, formula = self._use(1).strip("()"), None
        if random.random() < 0.4 or formula is None:
            return f"cases {target}"
        if formula.kind is Kind.OR:
            rights = ("?_", "?_", "assumption", f"exact {self._any(1)}", "contradiction")
            alternatives = [f"inl {self._name()} => ?_", f"inr {self._name()} => {random.choice(rights)}"]
            if random.random() < 0.2:
                alternatives.reverse()
            if random.random() < 0.05:
                alternatives.pop()
        else:
            names = " ".join(self._name() for _ in range(random.choice((0, 1, 2, 2, 2, 2, 3))))
            alternatives = [f"intro {names} => ?_"]
        return f"cases {target} with\n| " + "\n| ".join(alternatives)
