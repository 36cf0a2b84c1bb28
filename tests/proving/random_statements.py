"""Random statements with random scripts, as texts: what the embedded logic proves must be what Lean proves.

The statements are over several types, with functions and predicates of all signatures, all kinds of binders,
quantifiers with and without types, over types and over propositions, and names that shadow others. Many are provable,
and get a script that a search found; some of those are changed. Some statements and scripts make no sense.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from lean_ebm.proving.forbidden import refuse
from lean_ebm.proving.lean import Lean, LeanReport
from lean_ebm.proving.logic.logic import Logic
from lean_ebm.proving.logic.state import LogicState
from lean_ebm.proving.search.provers import BestFirst, SearchBudget
from lean_ebm.proving.statements import Attempt, Outcome, Statement
from proving.differential import mutated
from proving.tactic_sampler import TacticSampler

PROP = "Prop"
_BRACKETS = [pair for pair in ("()", "()", "()", "{}", "⦃⦄") if refuse(pair[0] + pair[1]) is None]
_POOLS = {"type": "αβγ", "prop": "pqr", "pred": "PQR", "func": "fg", "ind": "abxy", "hyp": "hk"}


@dataclass(frozen=True)
class Entry:
    """A name in scope.

    Args:
        name: The name.
        sorts: The types of its arguments, as entries or ``PROP``.
        result: The type of the result; None for a type, and for a hypothesis, which has a formula instead.
        hypothesis: Whether it is a hypothesis.
    """

    name: str
    sorts: tuple[Entry | str, ...] = ()
    result: Entry | str | None = None
    hypothesis: bool = False


@dataclass(frozen=True)
class Scope:
    """The names in scope, oldest first; a later one hides earlier ones of the same name."""

    entries: tuple[Entry, ...] = field(default=())

    def visible(self) -> list[Entry]:
        """The entries that no later one hides."""
        last = {entry.name: entry for entry in self.entries}
        return [entry for entry in self.entries if last[entry.name] is entry]

    def types(self) -> list[Entry]:
        """The types that have a name."""
        return [entry for entry in self.visible() if entry.result is None and not entry.hypothesis]

    def of(self, sort: Entry | str) -> list[Entry]:
        """The symbols whose result is of a sort."""
        return [entry for entry in self.visible() if entry.result is not None and entry.result is sort]

    def plus(self, *entries: Entry) -> Scope:
        """This scope with more entries."""
        return Scope((*self.entries, *entries))


class Writer:
    """Writes random statements.

    Args:
        random: The random generator.
    """

    def __init__(self, random: Random) -> None:
        self.random = random

    def _name(self, kind: str) -> str:
        if self.random.random() < 0.06:
            kind = self.random.choice(list(_POOLS))
        return self.random.choice(_POOLS[kind])

    def statement(self) -> Statement:
        """Write a statement."""
        random = self.random
        scope, binders = Scope(), []
        count = random.choice((1, 1, 2, 2, 2, 3))
        kinds = ["type"] * count + random.choices(
            ("prop", "pred", "func", "ind", "ind", "hyp", "type"), k=random.randrange(3, 9)
        )
        for kind in kinds:
            made = self._binder(scope, kind)
            if made is not None:
                text, scope = made
                binders.append(text)
        return Statement(self._theorem(scope, random.choice((1, 2, 2, 3))), " ".join(binders))

    def _binder(self, scope: Scope, kind: str) -> tuple[str, Scope] | None:
        random, types = self.random, scope.types()
        names = [self._name(kind) for _ in range(random.choice((1, 1, 1, 2)))]
        sorts: tuple[Entry | str, ...] = ()
        result: Entry | str | None = None
        if kind == "type":
            text = random.choice(("Type", "Type", "Type", "Type u", "Type v"))
        elif kind == "prop":
            text, result = PROP, PROP
        elif kind == "hyp":
            text = self.formula(scope, 2)
        elif not types:
            return None
        else:
            if kind != "ind":
                sorts = tuple(random.choice(types) for _ in range(random.choice((1, 1, 2))))
            result = PROP if kind == "pred" else random.choice(types)
            text = " → ".join([_written(sort) for sort in (*sorts, result)])
        opening, closing = random.choice(_BRACKETS)
        # Names of a group are read one after the other, and a name may hide the type of the next one.
        scope = scope.plus(*(Entry(name, sorts, result, kind == "hyp") for name in names))
        return f"{opening}{' '.join(names)} : {text}{closing}", scope

    def _theorem(self, scope: Scope, depth: int) -> str:
        """Write a proposition that often has a proof."""
        random = self.random
        kind = random.randrange(12)
        a, b = self.formula(scope, depth), self.formula(scope, max(1, depth - 1))
        if kind == 0:
            return f"({a}) → {a}"
        if kind == 1:
            return f"({a}) → ({a}) ∨ ({b})"
        if kind == 2:
            return f"({a}) ∧ ({b}) → {random.choice((a, b, f'({b}) ∧ ({a})'))}"
        if kind == 3:
            return f"({a}) → (({a}) → {b}) → {b}"
        if kind in (4, 5, 6) and scope.types():
            sort = random.choice(scope.types())
            name = self._name("ind")
            inner = self.formula(scope.plus(Entry(name, (), sort)), depth)
            bound = f"∀ {self._bound(name, sort)}, {inner}"
            if kind == 4:
                return f"({bound}) → {bound.replace('∀', '∃', 1)}"
            witness = self.individual(scope, sort, 1)
            other = inner.replace(name, witness)
            if kind == 5:
                return f"({bound}) → {other}"
            return f"({other}) → ∃ {self._bound(name, sort)}, {inner}"
        if kind == 7:
            name = self._name("prop")
            inner = self.formula(scope.plus(Entry(name, (), PROP)), depth)
            other = self.formula(scope, 1)
            bound = f"∀ {self._bound(name, PROP)}, {inner}"
            return f"({bound}) → {inner.replace(name, f'({other})')}"
        if kind == 8:
            return f"∀ {random.choice(('h', 'k', '_', 'p', 'a'))} : {a}, {random.choice((a, b))}"
        if kind == 9:
            return f"({a}) ↔ {random.choice((f'({a})', f'({b})'))}"
        if kind == 10:
            return f"({a}) → ({b}) → {self._theorem(scope, 1)}"
        return self.formula(scope, depth + 1)

    def _bound(self, name: str, sort: Entry | str) -> str:
        """Write a bound variable with its type, or sometimes without."""
        choice = self.random.random()
        if choice < 0.35:
            return name
        return f"{name} : {_written(sort)}" if choice < 0.7 else f"({name} : {_written(sort)})"

    def formula(self, scope: Scope, depth: int) -> str:
        """Write a formula."""
        random = self.random
        kind = random.random()
        if depth <= 0 or kind < 0.25:
            return self._atom(scope)
        if kind < 0.6:
            a, b = self.formula(scope, depth - 1), self.formula(scope, depth - 1)
            return f"({a}) {random.choice(('∧', '∨', '→', '→', '↔'))} ({b})"
        if kind < 0.66:
            return f"¬({self.formula(scope, depth - 1)})"
        if kind < 0.70:
            return f"∀ {self._name('hyp')} : {self.formula(scope, 1)}, {self.formula(scope, depth - 1)}"
        types = scope.types()
        if kind < 0.74 and types:
            return f"{random.choice(types).name} → {self.formula(scope, depth - 1)}"
        symbol = random.choice("∀∃")
        if kind < 0.8 or not types:
            name = self._name("prop")
            return f"{symbol} {name} : Prop, {self.formula(scope.plus(Entry(name, (), PROP)), depth - 1)}"
        sort = random.choice(types)
        name = self._name("ind")
        if random.random() < 0.2:
            other = self._name("ind")
            inner = scope.plus(Entry(name, (), sort), Entry(other, (), sort))
            return f"{symbol} {name} {other} : {sort.name}, {self.formula(inner, depth - 1)}"
        return f"{symbol} {self._bound(name, sort)}, {self.formula(scope.plus(Entry(name, (), sort)), depth - 1)}"

    def _atom(self, scope: Scope) -> str:
        random = self.random
        symbols = scope.of(PROP)
        if random.random() < 0.06 or not symbols:
            return random.choice(("True", "False"))
        return self._applied(scope, random.choice([*symbols, *(s for s in symbols if s.sorts)]), 1)

    def individual(self, scope: Scope, sort: Entry | str, depth: int) -> str:
        """Write an individual, as an argument."""
        symbols = [symbol for symbol in scope.of(sort) if depth or not symbol.sorts]
        if not symbols or self.random.random() < 0.03:
            return self._name("ind")
        text = self._applied(scope, self.random.choice(symbols), depth - 1)
        return f"({text})" if " " in text else text

    def _applied(self, scope: Scope, symbol: Entry, depth: int) -> str:
        return " ".join([symbol.name, *(self.individual(scope, sort, max(0, depth)) for sort in symbol.sorts)])


def _written(sort: Entry | str) -> str:
    return sort if isinstance(sort, str) else sort.name


@dataclass
class StatementComparison:
    """What the embedded logic and Lean said about pairs of a statement and a script.

    Args:
        pairs: Number of pairs.
        lean: Number that Lean accepts.
        both: Number that both accept.
        wrong: Pairs that the embedded logic accepts and Lean refuses.
        missed: Pairs that Lean accepts and the embedded logic does not, with its reason.
    """

    pairs: int
    lean: int
    both: int
    wrong: list[tuple[Attempt, LeanReport]]
    missed: list[tuple[Attempt, str]]

    def add(self, other: StatementComparison) -> None:
        """Add the pairs of another comparison."""
        self.pairs += other.pairs
        self.lean += other.lean
        self.both += other.both
        self.wrong += other.wrong
        self.missed += other.missed


def attempts(seed: int, number: int) -> Iterator[Attempt]:
    """Make random statements with scripts, which depend only on the seed.

    Args:
        seed: Seed.
        number: Number of pairs.
    """
    random = Random(f"statements {seed}")
    writer, logic, prover, sampler = Writer(random), Logic(), BestFirst(), TacticSampler(random)
    made = 0
    while made < number:
        statement = writer.statement()
        start = logic.start(statement)
        found = prover.prove(logic, statement, SearchBudget(150, float("inf"))) if start.state is not None else None
        if found is not None and found.proved:
            scripts = [found.script]
            for _ in range(2):
                scripts.append(mutated(random, Attempt(statement, found.script)).script)
        elif random.random() < 0.75:
            continue
        else:
            scripts = [_guess(random, logic, start.state, sampler)]
        for script in scripts[: number - made]:
            changed = random.random() < 0.1
            yield mutated(random, Attempt(statement, script)) if changed else Attempt(statement, script)
            made += 1


_GUESSES = (
    "intro h\nexact h", "intro h k\nexact k h", "intro h\nexact h.1", "intro h\nexact Or.inl h", "constructor",
    "intro h\nassumption", "assumption", "intro h\nexact ⟨_, h⟩", "exact ⟨fun h => h, fun h => h⟩",
)  # fmt: skip


def _guess(random: Random, logic: Logic, start: object, sampler: TacticSampler) -> str:
    """Some tactics, most of which do not fail."""
    if not isinstance(start, LogicState) or random.random() < 0.3:
        return random.choice(_GUESSES)
    state, script = start, []
    for _ in range(12):
        tactic = sampler.tactic(state.open[0])
        step = logic.apply(state, tactic)
        if isinstance(step.state, LogicState):
            script.append(tactic)
            state = step.state
        if step.outcome is Outcome.SOLVED:
            break
    return "\n".join(script) or "intro h"


def compare_statements(found: list[Attempt], lean: Lean) -> StatementComparison:
    """Check pairs with both."""
    logic = Logic()
    result = StatementComparison(len(found), 0, 0, [], [])
    for attempt, report in zip(found, lean.check(found), strict=True):
        ours, theirs = logic.verify(*attempt), report.outcome is Outcome.SOLVED
        result.lean += theirs
        result.both += theirs and ours.proved
        if ours.proved and not theirs:
            result.wrong.append((attempt, report))
        if theirs and not ours.proved:
            result.missed.append((attempt, ours.message))
    return result
