"""Writes proof terms as structured Lean scripts in which everything has a name. It does not check them.

Each branch of a script has its own block, ``cases`` names its hypotheses, and short proofs are written as terms.
"""

from __future__ import annotations

from itertools import chain, count

from lean_ebm.proving.logic.clock import tick
from lean_ebm.proving.logic.formulas import FALSE, Expr, Kind, element, implication, opened
from lean_ebm.proving.logic.goals import LONGEST as LONGEST_FORMULA
from lean_ebm.proving.logic.goals import Goal, Printer, type_text
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.script_parts import PartsOfProof, as_argument, bulleted, with_negations
from lean_ebm.proving.logic.simplify import simplified
from lean_ebm.proving.statements import Statement

LONGEST = 65_000
"""Characters of a script; judges refuse longer ones."""


_TOO_LONG = f"the script of the proof would have more than {LONGEST:,} characters"


class TooLongError(Exception):
    """The script would be longer than judges accept."""


def script(goal: Goal, proof: ProofTerm, prefix: bool = False, flat: bool = False) -> str:
    """Write a proof term as a script, the lines after ``by``.

    Args:
        goal: The goal that it proves; all of its hypotheses must have accessible names.
        proof: The term.
        prefix: Whether to write formulas as ``And p q``, for a Lean without its library.
        flat: Whether each line is a whole tactic, for the main goal that the lines before it leave.

    Raises:
        TooLongError: If the script would have more than ``LONGEST`` characters.
        OutOfTimeError: If the deadline of :mod:`.clock` is over.
    """
    try:
        text = "\n".join(_Renderer(goal, prefix, flat).block(simplified(proof), goal.target, _given(goal)))
    except RecursionError:
        raise TooLongError("the script of the proof would be nested too deep") from None
    if len(text) > LONGEST:
        raise TooLongError(_TOO_LONG)
    return text


def prefixed(goal: Goal) -> Statement:
    """Write a goal as a statement in prefix form, ``And p q``, for a Lean without its library."""
    printer = Printer({local.number: local.name for local in goal.context}, prefix=True, typed=True)
    binders = " ".join(f"({local.name} : {type_text(local, printer)})" for local in goal.context)
    return Statement(printer.formula(goal.target), binders)


def _given(goal: Goal) -> dict[int, Expr]:
    return {local.number: local.formula for local in goal.context if local.formula is not None}


class _Renderer:
    """Renders one proof. ``names`` has the name of each hypothesis, ``types`` its formula, both by number."""

    def __init__(self, goal: Goal, prefix: bool, flat: bool) -> None:
        self.names = {local.number: local.name for local in goal.context}
        self.prefix, self.flat = prefix, flat
        self.taken = set(self.names.values())
        self.left = LONGEST  # characters that may still be written
        self.known = PartsOfProof()

    def formula(self, formula: Expr) -> str:
        """Write a formula, with ``¬p`` for ``p → False``."""
        if formula.length > LONGEST_FORMULA:
            raise TooLongError("a formula of the proof is too long to be written")
        return self.printer().formula(with_negations(formula, {}))

    def individual(self, node: Expr) -> str:
        """Write an individual, or a formula, as an argument."""
        return self.printer().formula(with_negations(node, {}), minimum=1024)

    def printer(self) -> Printer:
        """A printer that knows the names chosen so far."""
        return Printer(self.names, prefix=self.prefix, typed=True)

    def name(self, number: int, stem: str = "h") -> str:
        """Choose a name that is not taken yet."""
        names = chain((stem,), (f"{stem}{index}" for index in count(1)))
        name = next(name for name in names if name not in self.taken)
        self.taken.add(name)
        self.names[number] = name
        return name

    def block(self, proof: ProofTerm, target: Expr, types: dict[int, Expr]) -> list[str]:
        """Write tactics, one a line, that prove ``target``."""
        tick()
        short = self.term(proof, target, types) if self.known.is_short(proof) else None
        if short is not None and (proof[0] not in ("lam", "all", "exists", "and", "iff") or len(short) < 40):
            return ["constructor"] if short == "True.intro" else [f"exact {short}"]
        rule = proof[0]
        saved, self.taken = self.taken, set(self.taken)
        lines = self._rules(rule, proof, target, types)
        self.taken = saved
        self.left -= len(lines[0])
        if self.left < 0:
            raise TooLongError(_TOO_LONG)
        return lines

    def _rules(self, rule: str, proof: ProofTerm, target: Expr, types: dict[int, Expr]) -> list[str]:
        if rule == "lam":
            names = []
            while proof[0] == "lam":
                a, target = (target.a, target.b) if target.kind is Kind.IMPLIES else (target.a, FALSE)
                names.append(self.name(proof[1]))
                types = {**types, proof[1]: a}
                proof = proof[3]
            return [f"intro {' '.join(names)}", *self.block(proof, target, types)]
        if rule == "all":
            name = self.name(proof[1], target.name or "x")
            return [f"intro {name}", *self.block(proof[2], opened(target.a, element(proof[1], target.b)), types)]
        if rule in ("and", "iff"):
            first = target.a if rule == "and" else implication(target.a, target.b)
            second = target.b if rule == "and" else implication(target.b, target.a)
            return ["constructor", *self.bullet(proof[1], first, types), *self.bullet(proof[2], second, types)]
        if rule in ("inl", "inr"):
            side, part = ("left", target.a) if rule == "inl" else ("right", target.b)
            return [side, *self.block(proof[1], part, types)]
        if rule == "exists":
            body = self.block(proof[2], opened(target.a, proof[1]), types)
            return [f"refine ⟨{self.individual(proof[1])}, ?_⟩", *body]
        if rule == "true":
            return ["constructor"]
        if rule == "false":
            return ["exfalso", *self.block(proof[1], FALSE, types)]
        if rule == "or":
            return self._or(proof, target, types)
        if rule == "elim":
            return self._elim(proof, target, types)
        if rule == "let":
            _, number, formula, value, body = proof
            if value[0] in ("fst", "mp") and body[0] == "let" and body[3][0] in ("snd", "mpr"):
                pair = self._pair(proof, types)
                if pair is not None:
                    line, inner, types = pair
                    return [line, *self.block(inner, target, types)]
            short = self.term(value, formula, types)
            lines = [] if short is not None else self.block(value, formula, types)
            name = self.name(number)
            after = self.block(body, target, {**types, number: formula})
            if short is not None:
                return [f"have {name} : {self.formula(formula)} := {short}", *after]
            return [f"have {name} : {self.formula(formula)} := ?_", *self.bulleted(after), *self.bulleted(lines)]
        if rule == "the":
            return self.block(proof[2], target, types)
        haves: list[tuple[str, Expr, ProofTerm]] = []
        text = self.elimination(proof, types, haves)
        return self.hoisted(haves, [f"exact {text}"], types)

    def _pair(self, proof: ProofTerm, types: dict[int, Expr]) -> tuple[str, ProofTerm, dict[int, Expr]] | None:
        """Write two ``let`` of both parts of a hypothesis as ``cases h with | intro a b``; None if they are others."""
        _, first, a, value, (_, second, b, other, body) = proof
        if value[1] != other[1] or value[1][0] != "hyp" or value[1][1] in self.known.free(body):
            return None
        major = self.names[value[1][1]]
        names = f"{self.name(first)} {self.name(second)}"
        return f"cases {major} with | intro {names} => ?_", body, {**types, first: a, second: b}

    def _or(self, proof: ProofTerm, target: Expr, types: dict[int, Expr]) -> list[str]:
        _, major, left, a, right, b = proof
        haves: list[tuple[str, Expr, ProofTerm]] = []
        text, formula = self.elimination(major, types, haves), self.type(major, types)
        lines, text = self.kept(major, text, (a, b))
        branches = []
        for constructor, number, part, body in (("inl", left, formula.a, a), ("inr", right, formula.b, b)):
            taken = set(self.taken)
            pattern = f"{constructor} {self.name(number)}"
            branches.append((pattern, self.block(body, target, {**types, number: part})))
            self.taken = taken
        return self.hoisted(haves, [*lines, *self.cases(text, branches)], types)

    def _elim(self, proof: ProofTerm, target: Expr, types: dict[int, Expr]) -> list[str]:
        _, major, x, h, body = proof
        haves: list[tuple[str, Expr, ProofTerm]] = []
        text, formula = self.elimination(major, types, haves), self.type(major, types)
        lines, text = self.kept(major, text, (body,))
        name = self.name(x, formula.name or "x")
        pattern = f"intro {name} {self.name(h)}"
        inner = {**types, h: opened(formula.a, element(x, formula.b))}
        lines += self.cases(text, [(pattern, self.block(body, target, inner))])
        return self.hoisted(haves, lines, types)

    def cases(self, text: str, branches: list[tuple[str, list[str]]]) -> list[str]:
        """Write ``cases`` with the pattern and the lines of each branch."""
        if self.flat:
            patterns = " ".join(f"| {pattern} => ?_" for pattern, _ in branches)
            return [f"cases {text} with {patterns}", *chain.from_iterable(lines for _, lines in branches)]
        blocks = ([f"| {pattern} =>", *(f"  {line}" for line in lines)] for pattern, lines in branches)
        return [f"cases {text} with", *chain.from_iterable(blocks)]

    def kept(self, major: ProofTerm, text: str, bodies: tuple[ProofTerm, ...]) -> tuple[list[str], str]:
        """Make a copy of a hypothesis that ``cases`` would clear although it is used later.

        Returns:
            The line that makes the copy, if one is needed, and the name or term that ``cases`` is to take apart.
        """
        if major[0] != "hyp" or not any(major[1] in self.known.free(body) for body in bodies):
            return [], text
        copy = next(name for name in (f"h{index}" for index in count(1)) if name not in self.taken)
        self.taken.add(copy)
        return [f"have {copy} := {text}"], copy

    def elimination(self, proof: ProofTerm, types: dict[int, Expr], haves: list[tuple[str, Expr, ProofTerm]]) -> str:
        """Write an elimination on one line. Its parts that need tactics get names and are added to ``haves``."""
        rule = proof[0]
        if rule == "hyp":
            return self.names[proof[1]]
        if rule in ("fst", "snd", "mp", "mpr"):
            field = {"fst": "1", "snd": "2"}.get(rule, rule)
            return f"{as_argument(self.elimination(proof[1], types, haves))}.{field}"
        if rule == "inst":
            return f"{self.elimination(proof[1], types, haves)} {self.individual(proof[2])}"
        if rule == "app":
            function = self.elimination(proof[1], types, haves)
            domain = self.type(proof[1], types).a
            return f"{function} {as_argument(self._named(proof[2], domain, types, haves))}"
        if rule == "the":
            return self._named(proof, proof[1], types, haves)
        raise ValueError(f"{proof!r:.200} is not an elimination")

    def _named(
        self, proof: ProofTerm, formula: Expr, types: dict[int, Expr], haves: list[tuple[str, Expr, ProofTerm]]
    ) -> str:
        short = self.term(proof, formula, types)
        if short is not None:
            return short
        stem = "h"
        name = next(name for name in (f"{stem}{index}" for index in count(1)) if name not in self.taken)
        self.taken.add(name)
        haves.append((name, formula, proof))
        return name

    def hoisted(self, haves: list[tuple[str, Expr, ProofTerm]], lines: list[str], types: dict[int, Expr]) -> list[str]:
        """Put ``have`` lines before the lines that use them. Lean first asks for the lines, then for the values."""
        for name, formula, proof in reversed(haves):
            value = self.block(proof, formula, types)
            lines = [f"have {name} : {self.formula(formula)} := ?_", *self.bulleted(lines), *self.bulleted(value)]
        return lines

    def bullet(self, proof: ProofTerm, target: Expr, types: dict[int, Expr]) -> list[str]:
        """Write a block under a bullet."""
        return self.bulleted(self.block(proof, target, types))

    def bulleted(self, lines: list[str]) -> list[str]:
        """Put lines under a bullet, if there are blocks."""
        return lines if self.flat else bulleted(lines)

    # Terms

    def term(self, proof: ProofTerm, target: Expr | None, types: dict[int, Expr]) -> str | None:
        """Write a proof as a term on one line; None if it needs tactics."""
        if not self.known.is_term(proof):
            return None
        tick()
        rule = proof[0]
        if rule == "hyp":
            return self.names[proof[1]]
        if rule == "the":
            inner = self.term(proof[2], proof[1], types)
            if inner is None or target is not None:
                return inner
            return f"({inner} : {self.formula(proof[1])})"
        if rule in ("fst", "snd", "mp", "mpr"):
            inner = self.term(proof[1], None, types)
            field = {"fst": "1", "snd": "2"}.get(rule, rule)
            return None if inner is None else f"{as_argument(inner)}.{field}"
        if rule == "app":
            function = self.term(proof[1], None, types)
            if function is None:
                return None
            domain = self.type(proof[1], types).a
            argument = self.term(proof[2], domain, types)
            return None if argument is None else f"{function} {as_argument(argument)}"
        if rule == "inst":
            function = self.term(proof[1], None, types)
            return None if function is None else f"{function} {self.individual(proof[2])}"
        if target is None:
            return None
        return self._introduction(proof, target, types)

    def _introduction(self, proof: ProofTerm, target: Expr, types: dict[int, Expr]) -> str | None:
        rule = proof[0]
        if rule == "true":
            return "True.intro"
        if rule == "false":
            inner = self.term(proof[1], FALSE, types)
            return None if inner is None else f"False.elim {as_argument(inner)}"
        if rule in ("and", "iff"):
            parts = (target.a, target.b)
            if rule == "iff":
                parts = (implication(target.a, target.b), implication(target.b, target.a))
            first, second = (self.term(proof[i + 1], parts[i], types) for i in (0, 1))
            return None if first is None or second is None else f"⟨{first}, {second}⟩"
        if rule in ("inl", "inr"):
            inner = self.term(proof[1], target.a if rule == "inl" else target.b, types)
            return None if inner is None else f"Or.{rule} {as_argument(inner)}"
        if rule == "exists":
            inner = self.term(proof[2], opened(target.a, proof[1]), types)
            return None if inner is None else f"⟨{self.individual(proof[1])}, {inner}⟩"
        if rule in ("lam", "all"):
            taken, self.taken = self.taken, set(self.taken)
            if rule == "lam":
                a, b = (target.a, target.b) if target.kind is Kind.IMPLIES else (target.a, FALSE)
                name = self.name(proof[1])
                inner = self.term(proof[3], b, {**types, proof[1]: a})
            else:
                name = self.name(proof[1], target.name or "x")
                inner = self.term(proof[2], opened(target.a, element(proof[1], target.b)), types)
            self.taken = taken
            if inner is not None and inner.startswith("fun "):
                return f"fun {name} {inner[4:]}"
            return None if inner is None else f"fun {name} => {inner}"
        return None

    def type(self, proof: ProofTerm, types: dict[int, Expr]) -> Expr:
        """The formula that an elimination proves."""
        rule = proof[0]
        if rule == "hyp":
            return types[proof[1]]
        if rule == "the":
            formula: Expr = proof[1]
            return formula
        inner = self.type(proof[1], types)
        if rule == "app":
            return inner.b if inner.kind is Kind.IMPLIES else FALSE
        if rule == "inst":
            return opened(inner.a, proof[2])
        if rule in ("fst", "snd"):
            part: Expr = inner.a if rule == "fst" else inner.b
            return part
        return implication(inner.a, inner.b) if rule == "mp" else implication(inner.b, inner.a)
