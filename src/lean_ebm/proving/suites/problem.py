"""One problem of a suite: a statement to prove, and the place of its proof in the source."""

from __future__ import annotations

from dataclasses import dataclass

from lean_ebm.proving.statements import Statement


@dataclass(frozen=True)
class ProofPlace:
    """The source of a problem, split at the place of its proof.

    Args:
        before: The source above the proof.
        proof: What stands there now, such as ``sorry``.
        after: The source below.
        lead: What stands between ``before`` and the first line of another proof.
        tail: What stands between its last line and ``after``.
        margin: Blanks before each of its lines.
    """

    before: str
    proof: str
    after: str
    lead: str = "\n"
    tail: str = ""
    margin: int = 2

    @property
    def source(self) -> str:
        """The source as it is."""
        return self.before + self.proof + self.after

    def written(self, script: str) -> str:
        """The source with another proof and no other change.

        Args:
            script: The lines after ``by``, not yet indented.
        """
        lines = [f"{' ' * self.margin}{line}" if line else line for line in script.strip("\n").splitlines()]
        return self.before + self.lead + "\n".join(lines) + self.tail + self.after


@dataclass(frozen=True)
class Problem:
    """A statement to prove.

    Args:
        name: Its name, which no other problem of the suite has.
        split: The part of the suite that it belongs to, such as ``test``.
        statement: The statement. Its preamble has everything that stands above the theorem, but imports.
        place: The source, and where the proof stands in it.
        imports: The modules that the source imports.
        axioms: The axioms that the source itself declares, on which a proof may depend beside those of the judge.
        reference: The proof that comes with the problem, as lines after ``by``; empty if there is none. No prover sees
            it.
    """

    name: str
    split: str
    statement: Statement
    place: ProofPlace
    imports: tuple[str, ...] = ()
    axioms: tuple[str, ...] = ()
    reference: str = ""

    @property
    def needs_mathlib(self) -> bool:
        """Whether its source imports Mathlib, or a part of it."""
        return any(module.split(".")[0] == "Mathlib" for module in self.imports)
