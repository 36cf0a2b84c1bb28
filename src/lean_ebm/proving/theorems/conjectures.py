"""Data sets of proved conjectures: new and non-trivial mutations of theorems, graded and split.

A block is a population. It begins with a few random theorems; then its theorems are mutated again and again
(:mod:`.mutations`). What comes out is kept if

- it is new: no theorem that was kept is like it (:func:`.likeness`);
- it is proved: by the decision procedure within a number of steps, from the theorems that it was made of if need be, or
  by the search that grades it. The kernel has checked the proof of its script;
- it is not trivial: neither a single tactic after all ``intro`` nor a short random search proves it.

It is graded by what best-first search spent on it. Relatives are in one block, and a block is in one split.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from hashlib import sha256
from random import Random
from typing import NamedTuple

from lean_ebm.errors import SettingError
from lean_ebm.files import cache_folder, write_whole
from lean_ebm.proving.files import json_line
from lean_ebm.proving.logic.formulas import TRUE, Expr, variables
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.logic import Logic, root
from lean_ebm.proving.logic.numbering import with_numbers
from lean_ebm.proving.logic.quantifiers import quantified
from lean_ebm.proving.logic.render import TooLongError, script
from lean_ebm.proving.logic.script_parts import with_negations
from lean_ebm.proving.statements import Verdict
from lean_ebm.proving.theorems.examining import (
    decided,
    derived,
    graded,
    is_trivial,
    refuted,
    searched,
    verified_likeness,
)
from lean_ebm.proving.theorems.mutations import compose, generalise, specialise, strengthen, substituted_in, weaken
from lean_ebm.proving.theorems.renaming import hash_of, renamed, renumbered
from lean_ebm.proving.theorems.signature import Signature
from lean_ebm.proving.theorems.terms import Fact, random_theorem

VERSION = 1
"""Version of the generator: with another one, the same seed gives other theorems."""

BLOCK = 60
"""Theorems in a block."""

_TRIES = 2_000  # conjectures in a block, at most
_FOUNDERS = 8  # theorems in a block before any is mutated
_NEWCOMERS = 0.15  # the share of random theorems after that
_PARTNERS = 10  # theorems that may be composed with a theorem, of which the first that fits is taken
_LONGEST = 4_000  # characters of a script
_SIGNATURE = Signature(5, first_order=True)
_PROPOSITIONS = [_SIGNATURE.number[name] for name in "pqrst"]
_HELD_OUT = {3: "validation", 13: "test"}  # of 20 blocks, those that are not for training
_WEIGHTS = {"generalise": 3, "specialise": 2, "compose": 3, "weaken": 1, "strengthen": 3}

MUTATIONS = tuple(_WEIGHTS)
"""The mutations, by the names that a theorem has as its source."""


@dataclass(frozen=True)
class ConjectureSettings:
    """Which conjectures to make and to keep.

    Args:
        seed: Seed.
        maximum_size: Most connectives, quantifiers and atoms of a conjecture, at least 6.
        first_order: Fraction of random theorems with quantifiers, 0 to 1.
        bound: Tactic applications of best-first search that grade a conjecture, at least 1.
        hard: Share of theorems that this search does not prove, 0 to 1. Others are left out of a block that has enough
            of them.

    Raises:
        SettingError: If a setting is out of its range.
    """

    seed: int = 0
    maximum_size: int = 40
    first_order: float = 0.2
    bound: int = 256
    hard: float = 1 / 3

    def __post_init__(self) -> None:
        if self.maximum_size < 6:
            raise SettingError(f"maximum_size is {self.maximum_size}: expected at least 6.")
        for name, fraction in (("first_order", self.first_order), ("hard", self.hard)):
            if not 0 <= fraction <= 1:
                raise SettingError(f"{name} is {fraction}: expected a fraction from 0 to 1.")
        if self.bound < 1:
            raise SettingError(f"bound is {self.bound}: expected at least 1 application.")

    def block(self, index: int) -> list[GradedTheorem]:
        """Make the theorems of a block, or read them from the cache folder.

        Args:
            index: Number of the block, at least 0.
        """
        described = json.dumps({"version": VERSION, "theorems": BLOCK, **asdict(self)}, sort_keys=True)
        key = sha256(described.encode()).hexdigest()[:16]
        path = cache_folder() / "conjectures" / key / f"block-{index:06d}.jsonl"
        if path.is_file():
            return [GradedTheorem(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]
        made = _Population(self, index).grown()
        write_whole(path, "".join([json_line(asdict(theorem)) for theorem in made]))
        return made


@dataclass(frozen=True)
class GradedTheorem:
    """One line of a data set of proved conjectures.

    Args:
        statement: Binders and proposition.
        script: A script that the kernel has verified.
        applications: Tactic applications with which best-first search proves it, on the narrow set of tactics or, if
            that fails, on the wide one; None if both fail with ``bound`` of them.
        tactics: That set, ``narrow`` or ``wide``; None if the search fails.
        bound: Applications that the search was allowed on each set.
        size: Number of connectives, quantifiers and atoms.
        split: ``train``, ``validation`` or ``test``, chosen by the block, so that relatives share it.
        hash: Hash of the statement, equal for theorems that differ only in names.
        likeness: Equal for theorems that are nearly the same, as :mod:`.likeness` says, as 16 hexadecimal digits.
        source: The mutation that made it; ``formula`` or ``term`` for a random theorem.
        generation: Number of mutations between a random theorem and this one, on the longer line of ancestors.
        seed: The seed.
        version: The generator's version.
    """

    statement: str
    script: str
    applications: int | None
    tactics: str | None
    bound: int
    size: int
    split: str
    hash: str
    likeness: str
    source: str
    generation: int
    seed: int
    version: int = VERSION

    @property
    def keys(self) -> tuple[str, str]:
        """Equal for theorems that differ only in names, and for theorems that are nearly the same."""
        return self.hash, self.likeness


class _Member(NamedTuple):
    """A theorem of a population: its formula, a key, with a proof; and what best-first search spent on it."""

    fact: Fact
    generation: int
    applications: float


class _Conjecture(NamedTuple):
    """What may be a theorem.

    Args:
        source: How it was made.
        formula: The formula, a key.
        given: Theorems from which it may follow.
        generation: Its generation.
    """

    source: str
    formula: Expr
    given: list[Fact]
    generation: int


class _Population:
    """Makes one block."""

    def __init__(self, settings: ConjectureSettings, index: int) -> None:
        self.settings, self.index = settings, index
        self.random = Random(f"lean-ebm conjectures {VERSION} {settings.seed} {index}")
        self.logic = Logic(math.inf)  # no clock has a say in what is kept
        self.members: list[_Member] = []
        self.kept: list[GradedTheorem] = []
        self.easy_left = round((1 - settings.hard) * BLOCK)
        self.tried: set[Expr] = set()
        self.keys: set[str] = set()

    def grown(self) -> list[GradedTheorem]:
        for _ in range(_TRIES):
            if len(self.kept) == BLOCK:
                break
            conjecture = self._conjecture()
            if conjecture is not None and conjecture.formula not in self.tried:
                self.tried.add(conjecture.formula)
                self._examine(conjecture)
        return self.kept

    # Making conjectures

    def _conjecture(self) -> _Conjecture | None:
        random = self.random
        if len(self.members) < _FOUNDERS or random.random() < _NEWCOMERS:
            return self._newcomer()
        (source,) = random.choices(MUTATIONS, list(_WEIGHTS.values()))
        member = self._parent()
        generation = member.generation + 1
        formula, _ = fact = member.fact
        made: Expr | None = None
        given = [fact]
        if source == "generalise":
            spare = [number for number in _PROPOSITIONS if number not in variables(formula)]
            made = generalise(random, formula, spare[0]) if spare else None
        elif source == "specialise":
            special = specialise(random, fact)
            if special is not None:
                made, given = special[0], [special]
        elif source == "compose":
            for other in random.sample(self.members, min(_PARTNERS, len(self.members))):
                composed = compose(random, fact, other.fact)
                if composed is not None and composed[0].size <= self.settings.maximum_size:
                    made, given = composed
                    generation = max(generation, other.generation + 1)
                    break
        elif source == "weaken":
            made = weaken(random, formula)
        else:
            made = strengthen(random, formula, lambda stronger: decided(stronger) is not None)
        return None if made is None else _Conjecture(source, made.key, given, generation)

    def _parent(self) -> _Member:
        """The harder one of two random members."""
        return max(self.random.choices(self.members, k=2), key=lambda member: member.applications)

    def _newcomer(self) -> _Conjecture | None:
        """A random formula, or a random theorem with its proof."""
        random = self.random
        size = random.randint(6, self.settings.maximum_size)
        first_order = random.random() < self.settings.first_order
        # A proof numbers its own individuals above its signature, so with quantifiers there is one signature for all.
        signature = _SIGNATURE if first_order else Signature(random.randint(2, 5))
        if not first_order and random.random() < 0.5:
            source, formula, given = "formula", signature.formula(random, size), []
        else:
            made = random_theorem(random, signature, max(2, size // 2))
            if made is None:
                return None
            source, formula, given = "term", made[0], [made]
        if not first_order:
            numbers = dict(zip(signature.names, _PROPOSITIONS, strict=False))
            formula = with_numbers(formula, numbers)
            given = []
        return _Conjecture(source, formula.key, given, 0)

    # Examining them

    def _examine(self, conjecture: _Conjecture) -> None:
        """Keep a conjecture if it is a theorem that is worth it."""
        formula = with_negations(conjecture.formula, {})
        proof = self._proof(conjecture) if formula.size <= self.settings.maximum_size else None
        if proof is None:
            return
        statement, numbers = renamed(formula, _SIGNATURE, proof)
        hashed = hash_of(statement)
        if hashed in self.keys or is_trivial(self.logic, statement):
            return
        term = renumbered(proof, numbers)
        try:
            text = script(root(statement), term)
        except TooLongError:
            return
        if len(text) > _LONGEST:
            return
        alike = verified_likeness(self.logic, statement, text)
        if isinstance(alike, Verdict):
            # A term with a detour, such as cases of what is an alternative by itself, may have no script of this form.
            if not self.logic.verify_term(statement, term).proved:
                raise RuntimeError(f"a proof is refused: {alike.message}\n{statement}\n{text}")
            return
        if alike in self.keys:
            return
        self.keys |= {hashed, alike}
        applications, tactics = graded(self.logic, statement, self.settings.bound)
        spent = math.inf if applications is None else applications
        self.members.append(_Member((conjecture.formula, proof), conjecture.generation, spent))
        if applications is not None:
            if not self.easy_left:
                return
            self.easy_left -= 1
        settings = self.settings
        split = _HELD_OUT.get(self.index % 20, "train")
        self.kept.append(
            GradedTheorem(
                str(statement), text, applications, tactics, settings.bound, formula.size, split, hashed, alike,
                conjecture.source, conjecture.generation, settings.seed,
            )
        )  # fmt: skip

    def _proof(self, conjecture: _Conjecture) -> ProofTerm | None:
        """A proof; of a formula with quantifiers also from the theorems that are given, or by search."""
        formula = conjecture.formula
        proof = decided(formula)
        if proof is not None or not quantified(formula) or refuted(formula):
            return proof
        if conjecture.given:
            absent = dict.fromkeys(set(_PROPOSITIONS) - variables(formula), TRUE)
            proof = derived(formula, [substituted_in(fact, absent) for fact in conjecture.given])
            if proof is not None:
                return proof
        statement, numbers = renamed(with_negations(formula, {}), _SIGNATURE)
        proof = searched(self.logic, statement, self.settings.bound)
        return None if proof is None else renumbered(proof, {new: old for old, new in numbers.items()})
