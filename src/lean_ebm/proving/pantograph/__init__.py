"""Lean through PyPantograph's REPL: a client with a pool of processes, which survives their loss.

With Mathlib, in a Lake project that has it::

    settings = PoolSettings(project="my_project", imports=("Mathlib",), header="open Nat", axioms=STANDARD_AXIOMS)
    with Pantograph("my_checkout/pantograph/pantograph-repl", settings) as environment:
        step = environment.start(Statement.of("(n : Nat) : 0 < n.factorial"))
        step = environment.apply(step.state, "exact factorial_pos n")
        (other,) = environment.load_sorry("theorem square (n : Nat) : n ≤ n * n := sorry")
"""

from lean_ebm.proving.pantograph.client import AsyncPantograph, Pantograph, find_repl
from lean_ebm.proving.pantograph.pool import PoolSettings

__all__ = ["AsyncPantograph", "Pantograph", "PoolSettings", "find_repl"]
