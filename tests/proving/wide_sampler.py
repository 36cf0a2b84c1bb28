"""Random tactics with all features of the fragment: structuring tactics, nested tactics, lemmas, terms of all kinds."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from lean_ebm.proving.logic.formulas import FALSE, Expr, Kind, implication
from lean_ebm.proving.logic.goals import Goal
from lean_ebm.proving.logic.lemmas import LEMMAS
from proving.pattern_sampler import PatternSampler

_FIELDS = ("symm", "elim", "imp", "trans", "resolve_left", "comm", "imp_left", "imp_right", "1.2", "2.1", "1", "mp")
_ENDING = (
    "intro",
    "intro h",
    "constructor",
    "assumption",
    "left",
    "right",
    "rintro ⟨h, k⟩",
    "contradiction",
    "trivial",
)


class WideSampler(PatternSampler):
    """Makes random tactics of all kinds; arguments as in :class:`~proving.tactic_sampler.TacticSampler`."""

    level = 0  # of terms of other kinds inside each other

    def tactic(self, goal: Goal) -> str:
        """Make a tactic for the goal."""
        if self.random.random() < 0.3:
            return super().tactic(goal)
        self._prepare(goal)
        return self._tactic(2)

    def _tactic(self, depth: int) -> str:
        random = self.random
        kinds = [
            self._intro_pattern, self._intros, self._rintro, self._rcases, self._rcases, self._have_pattern,
            self._match,
            self._show, self._suffices, self._specialize, self._on_names, self._exact, self._exact, self._exact,
            self._closing, self._wide_have, self._lemma, self._wide_cases,
        ]  # fmt: skip
        if depth > 0:
            kinds += [lambda: self._structured(depth - 1)] * 7
        return random.choice(kinds)()

    def _simple(self) -> str:
        """A tactic that makes sense, on one line."""
        random, target = self.random, self.goal.target
        return random.choice(
            ("assumption", "constructor", "intro", "intro h", "left", "right", "contradiction", "trivial", "skip",
             "rfl",
             "exfalso", f"exact {self._some_proof()}", f"apply {self._some_proof()}", f"cases {self._some_proof()}",
             f"exact {self.term(target, 1, False)}", f"intro {self._name()}", "intros", "exact ⟨‹_›, ‹_›⟩", "done",
             f"refine {self.term(target, 1, True)}", f"have := {self._use(1)}", "nofun", "fail")
        )  # fmt: skip

    def _structured(self, depth: int) -> str:
        random = self.random
        a, b = (self._tactic(depth) if random.random() < 0.4 else self._simple() for _ in range(2))
        a, b = (text if "\n" not in text else self._simple() for text in (a, b))
        tags = [goal for goal in (self.goal.tag, "left", "right", "inl", "inr", "mp", "h", "intro", "refine_1") if goal]
        tag, names = random.choice(tags), " ".join(self._name() for _ in range(random.choice((0, 0, 1, 2))))
        head = random.choice(("constructor", "cases " + self._some_proof(), "refine ⟨?_, ?_⟩", a))
        return random.choice(
            (
                f"first | {a} | {b}",
                f"first\n  | {a}\n  | {b}",
                f"try {a}",
                f"try ({a}; {b})",
                f"{head} <;> {b}",
                f"{head} <;> try {b}",
                f"({head} <;> {a}) <;> {b}",
                f"all_goals {b}",
                f"{head}; all_goals {b}",
                f"{head}; any_goals {b}",
                f"{head}; any_goals first | {a} | {b}",
                f"repeat {random.choice(_ENDING)}",
                f"repeat first | {random.choice(_ENDING)} | {random.choice(_ENDING)}",
                f"repeat ({random.choice(_ENDING)}; {b})",
                f"({a}; {b})",
                f"({head}; · {b})",
                f"{head}\n· {b}",
                f"{head}\n· {a}\n· {b}",
                f"{{ {a}; {b} }}",
                f"{head}; case {tag} {names} => {b}",
                f"{head}; case' {tag} => {b}",
                f"{head}; next {names} => {b}",
                f"{head}; rename_i {names or 'k'}",
                f"{head}; rotate_left; {b}",
                f"{head}; rotate_right",
                f"focus {a}",
                f"{a}; {b}",
                f"{a}; skip; done",
                f"{a}  -- a remark\n/- and\n   another -/\n{b}",
            )
        )

    def _alternatives(self, formula: Expr | None, right: str | None) -> str:
        """Alternatives of a match, with a term or (``right``) tactics."""
        random = self.random
        if formula is not None and formula.kind is Kind.OR:
            patterns = []
            for name, part in (("inl", formula.a), ("inr", formula.b)):
                inner = self._pattern(part, 1)
                patterns.append(f"{random.choice(('.', 'Or.'))}{name} {inner}")
            if random.random() < 0.15:
                patterns.append(self._name())
            if random.random() < 0.2:
                patterns.pop(random.randrange(len(patterns)))
        else:
            patterns = [self._pattern(formula) if formula is not None else self._name()]
        return " ".join(f"| {pattern} => {right or self.term(self.goal.target, 1, False)}" for pattern in patterns)

    def _match(self) -> str:
        term, formula = self._taken()
        right = self.random.choice(("assumption", "contradiction", "simple", "simple", "simple"))
        return f"match {term} with {self._alternatives(formula, self._simple() if right == 'simple' else right)}"

    def _show(self) -> str:
        formula = self.goal.target if self.random.random() < 0.7 else self._some_formula()
        if formula.unknown or formula.kind < Kind.ATOM:
            return "show True"
        if formula.kind is Kind.NOT and self.random.random() < 0.5:
            formula = implication(formula.a, FALSE)
        text = self.printer.formula(formula)
        if formula.kind in (Kind.AND, Kind.OR) and self.random.random() < 0.2:
            text = f"_ {'∧' if formula.kind is Kind.AND else '∨'} {self.printer.formula(formula.b, (), 36)}"
        return f"{self.random.choice(('show', 'show', 'change'))} {text}"

    def _suffices(self) -> str:
        formula = self._some_formula()
        name = self.random.choice(("", "h : ", "k : "))
        used = name[:1] or "this"
        use = self.random.choice((used, f"{used}.1", f"{used}.2", self.term(self.goal.target, 1, False)))
        end = f"from {use}" if self.random.random() < 0.7 else f"by {self._simple()}"
        return f"suffices {name}{self.printer.formula(formula)} {end}"

    def _specialize(self) -> str:
        return f"specialize {self._use(1).strip('()')}"

    def _on_names(self) -> str:
        word = self.random.choice(("clear", "revert", "revert", "rename_i"))
        names = [
            self.random.choice([local.name for local in self.callable] or ["h"])
            for _ in range(self.random.choice((1, 1, 2)))
        ]
        return f"{word} {' '.join(names)}"

    def _exact(self) -> str:
        word = self.random.choice(("exact", "exact", "exact", "refine"))
        return f"{word} {self._wide(self.goal.target, 2, word == 'refine')}"

    def _closing(self) -> str:
        return self.random.choice(
            ("trivial", "rfl", "nofun", f"nomatch {self._some_proof()}", "assumption", "contradiction")
        )

    def _wide_have(self) -> str:
        formula = self._some_formula()
        text = self.printer.formula(formula)
        name = self._name()
        return self.random.choice(
            (
                f"have {name} : {text} := by {self._simple()}",
                f"have {name} : {text} := by\n  {self._simple()}\n  {self._simple()}",
                f"have {name} : {text} :=\n  {self._wide(formula, 1, False)}",
                f"have {name} := {self._use(1)} |> id",
                f"replace {name} := {self._use(1)}",
                f"replace {self._some_proof()} := {self._use(1)}",
                f"replace {self._some_proof()} : {text} := {self._wide(formula, 1, False)}",
                f"have {name} (x : {text}) : {text} := x",
                f"have {name} (h k : {text}) : {text} ∧ p := ⟨h, {self._any(1)}⟩",
                f"have {name} := show {text} from {self.term(formula, 1, False)}",
            )
        )

    def _lemma(self) -> str:
        name = self.random.choice(("id", "mt", "And.symm", "Iff.trans", "Or.imp", "And.imp", *LEMMAS))
        arguments = " ".join(
            self.random.choice(("_", "?_", self._some_proof(), "id", "p"))
            for _ in range(self.random.choice((0, 0, 1, 2)))
        )
        head = "@" if self.random.random() < 0.05 else ""
        word = self.random.choice(("exact", "apply", "apply", "refine", "have :="))
        return f"{word} {head}{name} {arguments}".strip()

    def _wide_cases(self) -> str:
        term, _ = self._taken()
        names = " ".join(self._name() for _ in range(self.random.choice((0, 1, 2))))
        right = self.random.choice(("?_", "?_", self._simple(), self._simple()))
        return self.random.choice(
            (
                f"cases {term} with\n| inl {self._name()} | inr {self._name()} => {right}",
                f"cases {term} with\n| inl {self._name()} => {right}\n| _ {names} => {right}",
                f"cases {term} with\n| _ {names} => {right}",
                f"cases {term} with | intro {names} => {right}",
            )
        )

    def _wide(self, target: Expr, depth: int, holes: bool) -> str:
        """A term of a kind that the other sampler has not."""
        random = self.random
        inner = self.term(target, depth - 1, holes)
        term, formula = self._taken()
        other = self._some_formula()
        text = self.printer.formula(other)
        name = self._name()
        kinds = [
            f"by {self._simple()}",
            f"(by {self._simple()})",
            f"have {name} := {self._use(1)}; {inner}",
            f"have {name} : {text} := {self.term(other, 1, holes)}; {inner}",
            f"have {name} : {text} := {self.term(other, 1, holes)}\n  {inner}",
            f"suffices h : {text} from {inner}; {self.term(other, 1, False)}",
            f"match {term} with {self._alternatives(formula, None)}",
            f"have {'⟨h, k⟩' if formula is None else self._pattern(formula)} := {term}; {inner}",
            f"nomatch {term}",
            "nofun",
            f"{inner} |> id",
            f"id <| {inner}",
            f"{self._some_proof()} <| {self._any(1)}",
            f"{self._any(1)} |> {self._some_proof()}",
            f"{self._some_proof()}.{random.choice(_FIELDS)}",
            f"{self._some_proof()}.{random.choice(_FIELDS)} {self._any(1)}",
            f"({term}).{random.choice(_FIELDS)} {self._any(1)} {self._any(1)}",
            f"{term} |>.{random.choice(('1', '2', 'symm', 'elim id id'))}",
            f"And.intro (right := {self._any(1)}) {self._any(1)}",
            f"And.intro (left := {self._any(1)}) {self._any(1)}",
            f"@And.intro _ _ {self._any(1)} {self._any(1)}",
            f"Or.inl (b := {text}) {self._any(1)}",
            f"@Or.inr {text} _ {self._any(1)}",
            f"(fun {self._name()} => {inner}) {self._some_proof()}",
            "‹_›",
            f"‹{text}›",
            inner,
        ]
        if not target.unknown and target.kind >= Kind.ATOM:
            shown = self.printer.formula(target)
            kinds += [f"show {shown} from {inner}", f"show {shown} by {self._simple()}", f"(show {shown} from {inner})"]
        if target.kind is Kind.OR:
            left = random.random() < 0.5
            kinds += [f".{'inl' if left else 'inr'} {self.term(target.a if left else target.b, depth - 1, holes)}"] * 5
        if target.kind in (Kind.AND, Kind.IFF, Kind.EXISTS):
            kinds += [f".intro {self._any(1)} {self._any(1)}", f"⟨{self._inner(target)}, by {self._simple()}⟩"] * 3
        if target.kind in (Kind.IMPLIES, Kind.NOT):
            result = target.b if target.kind is Kind.IMPLIES else FALSE
            body = self.term(result, depth - 1, holes)
            kinds += [
                f"fun {self._pattern(target.a)} => {body}",
                f"fun {self._alternatives(target.a, None)}",
                f"fun {self._name()} => by {self._simple()}",
            ] * 3
        return random.choice(kinds)

    def _inner(self, target: Expr) -> str:
        return self._individual() if target.kind is Kind.EXISTS else self._any(1)

    def term(self, target: Expr, depth: int, holes: bool) -> str:
        """Make a term that may prove the target."""
        if depth == 0 or self.level > 1 or self.random.random() > 0.2:
            return super().term(target, depth, holes)
        self.level += 1
        try:
            return f"({self._wide(target, depth, holes)})"
        finally:
            self.level -= 1
