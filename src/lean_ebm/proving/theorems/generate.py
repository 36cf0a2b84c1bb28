"""Data sets of theorems with proofs: random, distinct up to renaming, graded by difficulty, and split.

Theorems come from random formulas that the decision procedure proves, and from random normal proof terms. The data set
depends only on the settings and the number of theorems, whatever the number of processes (:mod:`.blocks`).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from lean_ebm.errors import SettingError
from lean_ebm.proving.lexer import MAX_LENGTH
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.logic import Logic, check_term, root
from lean_ebm.proving.logic.render import script
from lean_ebm.proving.search.budget import SearchBudget
from lean_ebm.proving.search.provers import BreadthFirst
from lean_ebm.proving.theorems.renaming import hash_of, renamed, renumbered
from lean_ebm.proving.theorems.signature import PROPOSITIONS, Signature
from lean_ebm.proving.theorems.terms import random_theorem

VERSION = 1
"""Version of the generator: with another one, the same seed gives other theorems."""

_BLOCK = 200  # tries in a block


@dataclass(frozen=True)
class TheoremSettings:
    """Which theorems to generate.

    Args:
        seed: Seed.
        minimum_size: Fewest connectives, quantifiers and atoms of a random formula, at least 1.
        maximum_size: Most of them.
        propositions: Number of propositions from which formulas are made, 1 to 5.
        first_order: Fraction of proof terms with quantifiers, 0 to 1.
        terms: Fraction of theorems from proof terms, 0 to 1; the others are from formulas.
        bound: Tactic applications that the search for a shortest script may use; 0 for no search.
        large: Theorems of at least this size are held out as the split ``large``.

    Raises:
        SettingError: If a setting is out of its range.
    """

    seed: int = 0
    minimum_size: int = 3
    maximum_size: int = 24
    propositions: int = 4
    first_order: float = 0.5
    terms: float = 0.5
    bound: int = 100
    large: int = 22

    def __post_init__(self) -> None:
        if not 1 <= self.minimum_size <= self.maximum_size:
            raise SettingError(
                f"minimum_size is {self.minimum_size} and maximum_size is {self.maximum_size}: expected at "
                "least 1, and at least minimum_size."
            )
        for name, fraction in (("first_order", self.first_order), ("terms", self.terms)):
            if not 0 <= fraction <= 1:
                raise SettingError(f"{name} is {fraction}: expected a fraction from 0 to 1.")
        if not 1 <= self.propositions <= len(PROPOSITIONS):
            raise SettingError(f"propositions is {self.propositions}: expected 1 to {len(PROPOSITIONS)}.")
        if self.bound < 0:
            raise SettingError(f"bound is {self.bound}: expected a number of applications, or 0 for no search.")

    def block(self, index: int) -> list[Theorem]:
        """Generate the theorems of a block of tries.

        Args:
            index: Number of the block, at least 0.
        """
        return _block(self, index)


@dataclass(frozen=True)
class Theorem:
    """One line of a data set.

    Args:
        statement: Binders and proposition.
        script: A verified script; a shortest one if ``difficulty`` is given.
        difficulty: Number of tactics of a shortest script, each applied to the main goal, found by exhaustive search;
            None if the search ended at its bound.
        size: Number of connectives, quantifiers and atoms.
        split: ``train``, ``validation`` or ``test``, chosen by the hash; or ``large``, chosen by the size.
        hash: Hash of the statement, equal for theorems that differ only in names.
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

    @property
    def keys(self) -> tuple[str]:
        """Equal for theorems that differ only in names."""
        return (self.hash,)


def _block(settings: TheoremSettings, index: int) -> list[Theorem]:
    """The theorems of one block of tries."""
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
    digest = hash_of(statement)
    if digest in found:
        return None
    if proof is None and (proof := prove(formula)) is None:
        return None
    goal = root(statement)
    proof = renumbered(proof, canonical)
    check_term(goal, proof)
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
