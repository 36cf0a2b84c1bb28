"""An intuitionistic first-order logic whose tactics are Lean 4's: see :class:`Logic`."""

from lean_ebm.proving.logic.logic import Logic
from lean_ebm.proving.logic.state import LogicState

__all__ = ["Logic", "LogicState"]
