"""Data modules: batches ``(candidates, conditions)``."""

from lean_ebm.data.base import DataModule
from lean_ebm.data.digits import Digits
from lean_ebm.data.mnist import MNIST
from lean_ebm.data.proofs import ProofChunks, ProofSteps
from lean_ebm.data.reasoning import (
    Connectivity,
    LowRankCompletion,
    MatrixAddition,
    MatrixInverse,
    ReasoningDataModule,
    ShortestPath,
    Sudoku,
)
from lean_ebm.data.tensors import TensorDataModule

__all__ = [
    "MNIST",
    "Connectivity",
    "DataModule",
    "Digits",
    "LowRankCompletion",
    "MatrixAddition",
    "MatrixInverse",
    "ProofChunks",
    "ProofSteps",
    "ReasoningDataModule",
    "ShortestPath",
    "Sudoku",
    "TensorDataModule",
]
