"""Energy networks: ``E(x, condition) -> (B,)``."""

from lean_ebm.energy.base import ClassEnergy, EnergyNetwork, Landscape
from lean_ebm.energy.conv import ConvEnergy
from lean_ebm.energy.mixer import MixerEnergy
from lean_ebm.energy.mlp import MLPEnergy, VectorConditionalMLPEnergy
from lean_ebm.energy.residual import ResidualEnergy

__all__ = [
    "ClassEnergy",
    "ConvEnergy",
    "EnergyNetwork",
    "Landscape",
    "MLPEnergy",
    "MixerEnergy",
    "ResidualEnergy",
    "VectorConditionalMLPEnergy",
]
