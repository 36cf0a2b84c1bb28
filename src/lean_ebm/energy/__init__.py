"""Energy networks: ``E(x, condition) -> (B,)``."""

from lean_ebm.energy.base import EnergyNetwork, Landscape
from lean_ebm.energy.board import BoardEnergy
from lean_ebm.energy.chunks import AffineChunkEnergy, ChunkEnergy, ChunkProposer
from lean_ebm.energy.classes import ClassEnergy
from lean_ebm.energy.conv import ConvEnergy
from lean_ebm.energy.field import FieldEnergy
from lean_ebm.energy.files import load_energy, save_energy
from lean_ebm.energy.graph import GraphEnergy
from lean_ebm.energy.language import LanguageModelEnergy, LanguageModelLikelihood
from lean_ebm.energy.matrix import MatrixEnergy
from lean_ebm.energy.mixer import MixerEnergy
from lean_ebm.energy.mlp import MLPEnergy
from lean_ebm.energy.proofs import AffineProofEnergy, ProofEnergy
from lean_ebm.energy.residual import ResidualEnergy
from lean_ebm.energy.transformer import TransformerEnergy
from lean_ebm.energy.vector import VectorEnergy

__all__ = [
    "AffineChunkEnergy",
    "AffineProofEnergy",
    "BoardEnergy",
    "ChunkEnergy",
    "ChunkProposer",
    "ClassEnergy",
    "ConvEnergy",
    "EnergyNetwork",
    "FieldEnergy",
    "GraphEnergy",
    "Landscape",
    "LanguageModelEnergy",
    "LanguageModelLikelihood",
    "MLPEnergy",
    "MatrixEnergy",
    "MixerEnergy",
    "ProofEnergy",
    "ResidualEnergy",
    "TransformerEnergy",
    "VectorEnergy",
    "load_energy",
    "save_energy",
]
