"""Generators of theorems with proofs, and the files that hold them."""
