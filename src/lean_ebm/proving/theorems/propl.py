"""The theorems of PropL: random theorems with 16 connectives, and those with the longest proofs.

After An et al. 2024, "Learn from Failure" (arXiv 2404.07382), section 3: formulas of exactly 16 connectives over five
propositions, True and False, all as likely, of which those are kept that intuitionistic logic proves. The fifth with
the longest proofs is out of distribution. Lengths are those of proofs by our decision procedure, and not of theirs.
"""

from __future__ import annotations

from random import Random

from lean_ebm.errors import SettingError
from lean_ebm.proving.logic.decide import prove
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.theorems.renaming import renamed
from lean_ebm.proving.theorems.signature import Signature
from lean_ebm.proving.theorems.uniform import uniform_formula

CONNECTIVES = 16
"""Number of connectives of a theorem of PropL."""

HARDEST = 0.2
"""The share of theorems that is out of distribution, those with the longest proofs."""

_PROPOSITIONS = 5


def propl_theorems(number: int, seed: int) -> tuple[list[Statement], list[Statement]]:
    """Draw theorems of PropL. No two differ only in names.

    Args:
        number: Number of theorems in and out of distribution each, at least 1.
        seed: Seed.

    Returns:
        The theorems in distribution and those out of distribution, each in the order in which they were drawn. Five
        times the number are drawn: the fifth with the longest proofs is out of distribution, and of the others some are
        taken at random.

    Raises:
        SettingError: If the number is out of its range.
    """
    if number < 1:
        raise SettingError(f"The number of theorems is {number}: expected at least 1.")
    random = Random(f"lean-ebm propl {seed}")
    signature = Signature(_PROPOSITIONS)
    lengths: dict[Statement, int] = {}
    while len(lengths) < round(number / HARDEST):
        formula = uniform_formula(random, CONNECTIVES, _PROPOSITIONS)
        proof = prove(formula)
        if proof is not None:
            lengths.setdefault(renamed(formula, signature, None)[0], length_of(proof))
    statements = list(lengths)
    outside = set(hardest(list(lengths.values())))
    inside = random.sample([index for index in range(len(statements)) if index not in outside], number)
    return [statements[index] for index in sorted(inside)], [statements[index] for index in sorted(outside)]


def hardest(lengths: list[int]) -> list[int]:
    """The indices of the theorems with the longest proofs, in their order.

    Args:
        lengths: The lengths of their proofs.
    """
    ranked = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    return sorted(ranked[: max(1, round(HARDEST * len(lengths)))])


def length_of(proof: ProofTerm) -> int:
    """The number of inferences of a proof term."""
    sizes: dict[int, int] = {}  # by identity: terms may share parts

    def size(term: object) -> int:
        if not isinstance(term, tuple):
            return 0
        if id(term) not in sizes:
            sizes[id(term)] = 1 + sum(map(size, term))
        return sizes[id(term)]

    return size(proof)
