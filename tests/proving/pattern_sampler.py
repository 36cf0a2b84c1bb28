"""Random patterns of ``match`` and ``rcases``, and tactics that take them."""

from __future__ import annotations

from lean_ebm.proving.logic.formulas import FALSE, Expr, Kind, implication
from proving.tactic_sampler import TacticSampler

_SPLIT = {Kind.AND: 2, Kind.IFF: 2, Kind.EXISTS: 2, Kind.OR: 1}


class PatternSampler(TacticSampler):
    """Makes random patterns that fit formulas, mostly."""

    def _pattern(self, formula: Expr | None, depth: int = 2) -> str:
        """A pattern of ``match`` for a formula."""
        random = self.random
        kind = formula.kind if formula is not None else None
        if formula is None or kind not in _SPLIT or depth == 0 or random.random() < 0.25:
            if kind is Kind.TRUE and random.random() < 0.5:
                return "⟨⟩"
            if random.random() < 0.1 and formula is not None and not formula.loose and not formula.unknown:
                return f"({self._name()} : {self.printer.formula(formula)})"
            return self._name()
        if kind is Kind.OR:
            left = random.random() < 0.5
            name = random.choice((".inl", "Or.inl") if left else (".inr", "Or.inr"))
            return f"({name} {self._pattern(formula.a if left else formula.b, depth - 1)})"
        parts = self._parts(formula)
        texts = [self._pattern(part, depth - 1) for part in parts]
        if random.random() < 0.05:
            texts.append(self._name())
        if random.random() < 0.2:
            return f"(.intro {' '.join(texts)})"
        if texts[1].startswith("⟨") and random.random() < 0.5:
            texts[1] = texts[1][1:-1] or "⟨⟩"
        return f"⟨{', '.join(texts)}⟩"

    @staticmethod
    def _parts(formula: Expr) -> tuple[Expr | None, Expr | None]:
        if formula.kind is Kind.EXISTS:
            return None, formula.a
        if formula.kind is Kind.IFF:
            return implication(formula.a, formula.b), implication(formula.b, formula.a)
        return formula.a, formula.b

    def _rpattern(self, formula: Expr | None, depth: int = 2) -> str:
        """A pattern of ``rcases`` for a formula."""
        random = self.random
        kind = formula.kind if formula is not None else None
        if formula is None or kind not in _SPLIT or depth == 0 or random.random() < 0.2:
            if random.random() < 0.1:
                return "-"
            if kind in (Kind.TRUE, Kind.FALSE) and random.random() < 0.5:
                return "⟨⟩"
            if random.random() < 0.05 and formula is not None and not formula.loose and not formula.unknown:
                return f"({self._name()} : {self.printer.formula(formula)})"
            return self._name()
        if kind is Kind.OR:
            texts = [self._rpattern(part, depth - 1) for part in (formula.a, formula.b)]
            if random.random() < 0.05:
                texts = texts[:1]
            if random.random() < 0.05:
                texts.append(self._name())
            text = " | ".join(texts)
            return f"({text})"
        texts = [self._rpattern(part, depth - 1) for part in self._parts(formula)]
        if random.random() < 0.08:
            texts = texts[: random.randrange(3)]
        return f"⟨{', '.join(texts)}⟩"

    def _domains(self, count: int) -> list[Expr | None]:
        target, found = self.goal.target, []
        for _ in range(count):
            if target.kind in (Kind.IMPLIES, Kind.NOT):
                found.append(target.a)
                target = target.b if target.kind is Kind.IMPLIES else FALSE
            elif target.kind is Kind.ALL:
                found.append(None)
                target = target.a
            else:
                break
        return found or [None]

    def _intro_pattern(self) -> str:
        domains = self._domains(self.random.choice((1, 1, 2, 3)))
        return "intro " + " ".join(self._pattern(domain) for domain in domains)

    def _rintro(self) -> str:
        domains = self._domains(self.random.choice((1, 1, 2, 3)))
        return "rintro " + " ".join(self._rpattern(domain) for domain in domains)

    def _intros(self) -> str:
        return " ".join(["intros", *(self._name() for _ in range(self.random.choice((0, 0, 1, 2))))])

    def _taken(self) -> tuple[str, Expr | None]:
        """A term to take apart, and its formula if that is known."""
        able = [local for local in self.proofs if local.formula is not None and local.formula.kind in _SPLIT]
        if able and self.random.random() < 0.8:
            local = self.random.choice(able)
            return local.name, local.formula
        if self.proofs and self.random.random() < 0.5:
            local = self.random.choice(self.proofs)
            return local.name, local.formula
        return self._use(1).strip("()"), None

    def _guessed(self, formula: Expr | None) -> str:
        return (
            self.random.choice(("⟨h, k⟩", "h", "h | k", "⟨x, h⟩", "_")) if formula is None else self._rpattern(formula)
        )

    def _rcases(self) -> str:
        term, formula = self._taken()
        pattern = self._guessed(formula)
        if self.random.random() < 0.5:
            return f"obtain {pattern} := {term}"
        return f"rcases {term} with {pattern}" if self.random.random() < 0.9 else f"rcases {term}"

    def _have_pattern(self) -> str:
        term, formula = self._taken()
        pattern = "⟨h, k⟩" if formula is None else self._pattern(formula)
        word = "let" if self.random.random() < 0.1 and pattern.startswith("⟨") else "have"
        return f"{word} {pattern} := {term}"
