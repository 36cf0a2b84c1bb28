"""Lean 4 as a judge (:class:`Lean`) and as an environment (:class:`LeanEnvironment`)."""

from lean_ebm.proving.lean.environment import LeanEnvironment
from lean_ebm.proving.lean.judge import Lean
from lean_ebm.proving.lean.messages import STANDARD_AXIOMS, LeanMessage, LeanReport
from lean_ebm.proving.lean.toolchain import LeanNotFoundError

__all__ = ["STANDARD_AXIOMS", "Lean", "LeanEnvironment", "LeanMessage", "LeanNotFoundError", "LeanReport"]
