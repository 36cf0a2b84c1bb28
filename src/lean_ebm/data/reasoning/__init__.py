"""The reasoning problems of IRED (Du, Mao and Tenenbaum 2024), generated on the fly. Answers can be checked."""

from lean_ebm.data.reasoning.base import ReasoningDataModule
from lean_ebm.data.reasoning.graphs import Connectivity, ShortestPath
from lean_ebm.data.reasoning.matrices import LowRankCompletion, MatrixAddition, MatrixInverse
from lean_ebm.data.reasoning.sudoku import Sudoku

__all__ = [
    "Connectivity",
    "LowRankCompletion",
    "MatrixAddition",
    "MatrixInverse",
    "ReasoningDataModule",
    "ShortestPath",
    "Sudoku",
]
