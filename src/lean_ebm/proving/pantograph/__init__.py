"""Lean through PyPantograph's REPL: a client that keeps a pool of processes and survives their loss."""

from lean_ebm.proving.pantograph.client import AsyncPantograph, Pantograph, find_repl
from lean_ebm.proving.pantograph.pool import PoolSettings

__all__ = ["AsyncPantograph", "Pantograph", "PoolSettings", "find_repl"]
