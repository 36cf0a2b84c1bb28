"""A differential test of the embedded logic against Lean: the same tactics on the same states, in both.

A pair is a state, reached by a random walk, and a random tactic, which may make no sense. Both must refuse the tactic,
or both must accept it with the same goals: hypotheses, names, tags, order. Names of unknowns are compared up to
renaming, since Lean makes some of them up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from lean_ebm.proving.lean import Lean, LeanReport
from lean_ebm.proving.logic.goals import Printer
from lean_ebm.proving.logic.logic import Logic
from lean_ebm.proving.logic.state import LogicState
from lean_ebm.proving.search.tactics import legal_tactics
from lean_ebm.proving.statements import Attempt, Outcome, Statement
from lean_ebm.proving.theorems.signature import Signature
from lean_ebm.proving.theorems.terms import random_theorem
from proving.wide_sampler import WideSampler

_UNKNOWN = re.compile(r"\?[\w✝⁰¹²³⁴⁵⁶⁷⁸⁹.]+")


@dataclass(frozen=True)
class Pair:
    """A tactic on a state, and its result in the embedded logic.

    Args:
        statement: The theorem.
        script: Tactics that lead to the state.
        tactic: The tactic.
        outcome: Its outcome; ``PARSE_ERROR`` if it is outside of the fragment.
        goals: The goals after it.
    """

    statement: Statement
    script: tuple[str, ...]
    tactic: str
    outcome: Outcome
    goals: tuple[str, ...] = ()

    @property
    def proof(self) -> Attempt:
        """The attempt that Lean checks."""
        return Attempt(self.statement, "\n".join([*self.script, self.tactic]))


@dataclass
class Comparison:
    """The result of comparing pairs.

    Args:
        same: Pairs on which both agree.
        accepted: Those of them that both accept.
        outside: Pairs that the embedded logic refuses as outside of its fragment, which are not compared.
        differing: Pairs on which they differ, with Lean's report.
    """

    same: int
    accepted: int
    outside: int
    differing: list[tuple[Pair, LeanReport]]


def pairs(seed: int, number: int, first_order: float = 0.5) -> Iterator[Pair]:
    """Make random pairs, which depend only on the seed.

    Args:
        seed: Seed.
        number: Number of pairs.
        first_order: Fraction of the theorems with quantifiers.
    """
    random = Random(seed)
    logic = Logic()
    sampler = WideSampler(random)
    made = 0
    while made < number:
        signature = Signature(3, first_order=random.random() < first_order)
        theorem = random_theorem(random, signature, random.randrange(3, 12)) if random.random() < 0.5 else None
        formula = theorem[0] if theorem is not None else signature.formula(random, random.randrange(3, 14))
        printer = Printer(signature.names, typed=True)
        statement = Statement(printer.formula(formula), signature.binders)
        state = logic.start(statement).state
        script: tuple[str, ...] = ()
        for _ in range(random.randrange(1, 13)):
            assert isinstance(state, LogicState)
            legal = legal_tactics(state) if random.random() < 0.4 else []
            tactic = random.choice(legal) if legal else sampler.tactic(state.open[0])
            step = logic.apply(state, tactic)
            goals = step.state.goals if step.state is not None else ()
            yield Pair(statement, script, tactic, step.outcome, goals)
            made += 1
            if made >= number:
                return
            if step.outcome is Outcome.OK:
                state, script = step.state, (*script, tactic)


def compare(found: list[Pair], lean: Lean) -> Comparison:
    """Run pairs in Lean and compare the results."""
    inside = [pair for pair in found if pair.outcome is not Outcome.PARSE_ERROR]
    result = Comparison(0, 0, len(found) - len(inside), [])
    for pair, report in zip(inside, lean.check([pair.proof for pair in inside]), strict=True):
        if _agree(pair, report):
            result.same += 1
            result.accepted += pair.outcome.succeeded
        else:
            result.differing.append((pair, report))
    return result


def _agree(pair: Pair, report: LeanReport) -> bool:
    if pair.outcome is Outcome.SOLVED:
        return report.outcome is Outcome.SOLVED
    if pair.outcome is Outcome.OK:
        return report.outcome is Outcome.OK and _normal(pair.goals) == _normal(report.goals)
    return report.outcome in (Outcome.TACTIC_ERROR, Outcome.PARSE_ERROR)


def _normal(goals: tuple[str, ...]) -> str:
    """Write goals with one line for each entry, and with numbers for unknowns."""
    names: dict[str, str] = {}
    text = re.sub(r"\s*\n\s+", " ", "\n\n".join(goals))
    return _UNKNOWN.sub(lambda match: names.setdefault(match[0], f"?{len(names)}"), text)


_WORD = re.compile(r"[A-Za-z_][\w']*|[.][12]|[∧∨→↔¬⟨⟩]")
_SWAPS = {
    "inl": "inr", "inr": "inl", "left": "right", "right": "left", ".1": ".2", ".2": ".1", "mp": "mpr", "mpr": "mp",
    "∧": "∨", "∨": "∧", "→": "∧", "↔": "→", "exact": "apply", "apply": "exact", "And": "Or", "Or": "And",
}  # fmt: skip


def mutated(random: Random, proof: Attempt) -> Attempt:
    """Change a word, a line, the layout or the statement of an attempt. Most results are wrong, some are not."""
    statement, script = proof
    kind = random.random()
    if kind > 0.85:
        return Attempt(statement, _laid_out(random, script))
    if kind < 0.2:
        return Attempt(Statement(_word_changed(random, statement.proposition), statement.binders), script)
    lines = script.splitlines()
    place = random.randrange(len(lines))
    if kind < 0.35 and len(lines) > 1:
        del lines[place]
    elif kind < 0.45:
        lines.insert(place, random.choice(lines))
    elif kind < 0.55 and len(lines) > 1:
        other = random.randrange(len(lines))
        lines[place], lines[other] = lines[other], lines[place]
    else:
        lines[place] = _word_changed(random, lines[place], re.findall(r"\bh\w*|\bx\w*", script))
    return Attempt(statement, "\n".join(lines))


def _laid_out(random: Random, script: str) -> str:
    """Change the indentation of a script, or break or join a line."""
    lines = script.splitlines()
    place = random.randrange(len(lines))
    line, kind = lines[place], random.randrange(4)
    if kind == 0:
        lines[place] = " " * random.randrange(1, 4) + line
    elif kind == 1:
        lines[place] = line[1:] if line.startswith(" ") else f" {line}"
    elif kind == 2 and place + 1 < len(lines):
        lines[place] = line + random.choice((" ", ";", "; ")) + lines.pop(place + 1).strip()
    else:
        words = line.split(" ")
        cut = random.randrange(len(words))
        lines[place] = " ".join(words[:cut]) + "\n" + " " * random.randrange(9) + " ".join(words[cut:])
    return "\n".join(lines)


def _word_changed(random: Random, text: str, names: list[str] | None = None) -> str:
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = random.choice(words)
    swap = _SWAPS.get(word[0])
    if swap is None:
        swap = random.choice(names or [other[0] for other in words])
    return text[: word.start()] + swap + text[word.end() :]
