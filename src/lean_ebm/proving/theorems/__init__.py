"""Generators of theorems with proofs: random formulas and proof terms, graded and split into data sets."""

from lean_ebm.proving.theorems.generate import Theorem, TheoremSettings, generate_theorems, write_theorems

__all__ = ["Theorem", "TheoremSettings", "generate_theorems", "write_theorems"]
