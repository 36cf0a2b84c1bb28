"""Data sets of theorems with proofs: random, distinct up to renaming, graded, split.

Theorems come from random formulas that the decision procedure proves, and from random normal proof terms. The result
is a function of the settings and the seed, whatever the number of processes: work is cut into numbered blocks, each
with a generator of its own, and duplicates are removed in the order of the blocks.
"""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from lean_ebm.proving.lexer import MAX_LENGTH
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.formulas import Expr, Kind, atom, make, variable
from lean_ebm.proving.logic.goals import Printer
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.logic import Logic, judge, root
from lean_ebm.proving.logic.render import script
from lean_ebm.proving.search.provers import BreadthFirst, SearchBudget
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.theorems.signature import Signature
from lean_ebm.proving.theorems.terms import random_theorem

VERSION = 1
"""Of the generator: another number means that the same seed gives other theorems."""

_BLOCK = 200
_LETTERS = "pqrstuv"


@dataclass(frozen=True)
class TheoremSettings:
    """What theorems to make.

    Args:
        seed: Seed.
        minimum_size: Fewest connectives, quantifiers and atoms of a random formula.
        maximum_size: Most of them.
        propositions: Propositions that a formula may speak of.
        first_order: Fraction of proof terms with quantifiers.
        terms: Fraction of theorems from proof terms; the others are from formulas.
        bound: Tactic applications that the search for a shortest script may cost; 0 for no search.
        large: Theorems of at least this size are held out as the split ``large``.
    """

    seed: int = 0
    minimum_size: int = 3
    maximum_size: int = 24
    propositions: int = 4
    first_order: float = 0.5
    terms: float = 0.5
    bound: int = 100
    large: int = 22


@dataclass(frozen=True)
class Theorem:
    """One line of a data set.

    Args:
        statement: Binders and proposition.
        script: A verified script: the shortest where ``difficulty`` says so.
        difficulty: Number of tactics of the shortest script, each on the main goal, found by exhaustive search; None
            where the search ended at its bound.
        size: Connectives, quantifiers and atoms.
        split: ``train``, ``validation`` or ``test`` by the hash, or ``large`` by the size.
        hash: Of the theorem up to renaming.
        source: ``formula`` or ``term``.
        seed: The seed.
        version: The generator's version.
    """

    statement: str
    script: str
    difficulty: int | None
    size: int
    split: str
    hash: str
    source: str
    seed: int
    version: int = VERSION


def theorems(settings: TheoremSettings, number: int, workers: int = 1) -> Iterator[Theorem]:
    """Distinct theorems, a function of settings and number alone.

    Args:
        settings: What to make.
        number: How many.
        workers: Processes.
    """
    seen: set[str] = set()
    for block in _blocks(settings, workers):
        for theorem in block:
            if theorem.hash not in seen:
                seen.add(theorem.hash)
                yield theorem
                if len(seen) >= number:
                    return


def _blocks(settings: TheoremSettings, workers: int) -> Iterator[list[Theorem]]:
    if workers <= 1:
        index = 0
        while True:
            yield _block(settings, index)
            index += 1
    with ProcessPoolExecutor(workers) as pool:
        ahead = [pool.submit(_block, settings, index) for index in range(2 * workers)]
        index = len(ahead)
        try:
            while True:
                yield ahead.pop(0).result()
                ahead.append(pool.submit(_block, settings, index))
                index += 1
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _block(settings: TheoremSettings, index: int) -> list[Theorem]:
    """The theorems of one block: those of so many tries."""
    random = Random(f"lean-ebm {VERSION} {settings.seed} {index}")
    logic = Logic()
    found: dict[str, Theorem] = {}
    for _ in range(_BLOCK):
        theorem = _theorem(settings, random, logic, found)
        if theorem is not None:
            found[theorem.hash] = theorem
    return list(found.values())


def _theorem(settings: TheoremSettings, random: Random, logic: Logic, found: dict[str, Theorem]) -> Theorem | None:
    from_term = random.random() < settings.terms
    quantified = from_term and random.random() < settings.first_order
    propositions = random.randrange(1, settings.propositions + 1)
    signature = Signature(propositions, first_order=quantified)
    size = random.randrange(settings.minimum_size, settings.maximum_size + 1)
    proof: ProofTerm | None
    if from_term:
        made = random_theorem(random, signature, max(2, size // 2))
        if made is None:
            return None
        formula, proof = made
    else:
        formula = signature.formula(random, size)
        proof = None
    statement, canonical = renamed(formula, signature, proof)
    digest = hashlib.sha256(str(statement).encode()).hexdigest()[:32]
    if digest in found:
        return None
    if proof is None and (proof := prove(formula)) is None:
        return None
    goal = root(statement)
    proof = _renumbered(proof, canonical)
    judge(goal, proof)
    difficulty: int | None = None
    text = ""
    if settings.bound:
        result = BreadthFirst().prove(logic, statement, SearchBudget(settings.bound, float("inf")))
        if result.proved:
            difficulty, text = len(result.tactics), result.script
    if not text:
        text = script(goal, proof)
        if len(text) > MAX_LENGTH:
            return None
        verdict = logic.verify(statement, text)
        if not verdict.proved:
            raise RuntimeError(f"a proof did not survive printing: {verdict.message}\n{statement}\n{text}")
    split = _split(digest, formula.size, settings.large)
    source = "term" if from_term else "formula"
    return Theorem(str(statement), text, difficulty, formula.size, split, digest, source, settings.seed)


def _split(digest: str, size: int, large: int) -> str:
    if size >= large:
        return "large"
    share = int(digest[:8], 16) % 100
    return "train" if share < 90 else "validation" if share < 95 else "test"


def renamed(formula: Expr, signature: Signature, proof: ProofTerm | None = None) -> tuple[Statement, dict[int, int]]:
    """The statement with names by first occurrence, and only those that occur; which numbers became which.

    Two formulas that differ in names only, of symbols or of bound variables, give the same statement. What only the
    proof speaks of is declared too: an individual, say, that shows that there is one.
    """
    order: list[int] = []
    _occurrences(formula, order)
    if proof is not None and signature.first_order:
        _spoken_of(proof, order)
    order = [number for number in order if number in signature.names]
    kinds: dict[str, list[int]] = {"Prop": [], "1": [], "2": [], "f": [], "a": []}
    for number in order:
        name = signature.names[number]
        kind = {"P": "1", "Q": "1", "R": "2", "f": "f", "a": "a"}.get(name, "Prop")
        kinds[kind].append(number)
    needs_type = signature.first_order and (len(order) > len(kinds["Prop"]) or _quantified(formula))
    groups: list[tuple[list[str], str]] = [(["α"], "Type")] if needs_type else []
    numbers: dict[int, int] = {}
    following = 2 if needs_type else 1
    names: dict[int, str] = {}
    for kind, letters, text in (
        ("1", "PQ", "α → Prop"), ("2", "R", "α → α → Prop"), ("f", "f", "α → α"), ("a", "a", "α"),
        ("Prop", _LETTERS, "Prop"),
    ):  # fmt: skip
        if kinds[kind]:
            groups.append((list(letters[: len(kinds[kind])]), text))
            for letter, number in zip(letters, kinds[kind], strict=False):
                numbers[number] = following
                names[following] = letter
                following += 1
    canonical = _named(_with_numbers(formula, numbers), 0)
    binders = " ".join(f"({' '.join(letters)} : {text})" for letters, text in groups)
    return Statement(Printer(names, typed=True).formula(canonical), binders), numbers


def _occurrences(node: Expr, order: list[int]) -> None:
    if node.kind in (Kind.ATOM, Kind.APPLY, Kind.VARIABLE) and node.a not in order:
        order.append(node.a)
    parts = node.b if node.kind in (Kind.ATOM, Kind.APPLY) else (node.a, node.b)
    for part in parts:
        if isinstance(part, Expr):
            _occurrences(part, order)


def _spoken_of(proof: ProofTerm, order: list[int]) -> None:
    for part in proof:
        if isinstance(part, Expr):
            _occurrences(part, order)
        elif isinstance(part, tuple):
            _spoken_of(part, order)


def _quantified(node: Expr) -> bool:
    if node.kind in (Kind.ALL, Kind.EXISTS):
        return True
    return node.kind > Kind.ATOM and any(_quantified(part) for part in (node.a, node.b) if isinstance(part, Expr))


def _with_numbers(node: Expr, numbers: dict[int, int]) -> Expr:
    kind = node.kind
    if kind is Kind.VARIABLE:
        return variable(numbers.get(node.a, node.a))
    if kind is Kind.APPLY:
        arguments = tuple(_with_numbers(part, numbers) for part in node.b)
        return make(kind, numbers.get(node.a, node.a), arguments)
    if kind is Kind.ATOM:
        return atom(numbers.get(node.a, node.a), *(_with_numbers(part, numbers) for part in node.b))
    if not isinstance(node.a, Expr):
        return node
    b = None if node.b is None else _with_numbers(node.b, numbers)
    return make(kind, _with_numbers(node.a, numbers), b, node.name)


def _named(node: Expr, depth: int) -> Expr:
    """Bound variables called by depth, so that names do not tell theorems apart."""
    kind = node.kind
    if kind in (Kind.ALL, Kind.EXISTS):
        return make(kind, _named(node.a, depth + 1), None, "xyzuvw"[depth] if depth < 6 else f"x{depth}")
    if kind <= Kind.ATOM or not isinstance(node.a, Expr):
        return node
    return make(kind, _named(node.a, depth), None if node.b is None else _named(node.b, depth))


_APART = 10_000_000


def _renumbered(proof: ProofTerm, numbers: dict[int, int]) -> ProofTerm:
    """The proof about renamed symbols; its own hypotheses and individuals move out of the way."""

    def moved(part: object) -> object:
        if isinstance(part, Expr):
            return _with_numbers(part, _Moved(numbers))
        if isinstance(part, tuple):
            return tuple(moved(inner) for inner in part)
        return part + _APART if isinstance(part, int) else part

    result: ProofTerm = tuple(moved(part) for part in proof)
    return result


class _Moved(dict[int, int]):
    """Renamed symbols; individuals of the proof move as its hypotheses do."""

    def get(self, number: int, default: object = None) -> int:
        return self[number] if number in self else number + _APART


def write(
    path: Path, settings: TheoremSettings, number: int, workers: int, tell: Callable[[int], None] = lambda _: None
) -> int:
    """Write a data set as JSON lines; returns how many.

    Args:
        path: The file.
        settings: What to make.
        number: How many.
        workers: Processes.
        tell: Called with the count after each theorem.
    """
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for count, theorem in enumerate(theorems(settings, number, workers), 1):
            file.write(json.dumps(asdict(theorem), ensure_ascii=False) + "\n")
            tell(count)
    return count
