"""Energy-based models with one energy backbone and one differentiable Langevin sampler."""

from importlib.metadata import version

__version__ = version("lean-ebm")
