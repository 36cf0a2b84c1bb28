"""Generators of theorems with proofs: random formulas and proof terms, and mutations of them; data sets with cards."""

from lean_ebm.proving.theorems.conjectures import ConjectureSettings, GradedTheorem
from lean_ebm.proving.theorems.generate import Theorem, TheoremSettings
from lean_ebm.proving.theorems.writing import generate_theorems, write_theorems

__all__ = [
    "ConjectureSettings",
    "GradedTheorem",
    "Theorem",
    "TheoremSettings",
    "generate_theorems",
    "write_theorems",
]
