"""Energy-based models that share one kind of energy network and one differentiable Langevin sampler.

Each name below is imported when it is first used, so that ``import lean_ebm`` takes no time::

    import torch
    from lean_ebm import EBT, Langevin, MLPEnergy

    method = EBT(MLPEnergy((1, 28, 28)), Langevin(steps=2, graph="last"), Langevin(steps=20, bounds=(-1.0, 1.0)))
    samples = method.generate(torch.arange(10)).x  # (10, 1, 28, 28), of an energy that is not trained yet

The function ``langevin`` is in the module of its name, ``lean_ebm.langevin``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers and editors; _HOMES says the same at run time
    from lean_ebm.data import (
        MNIST,
        Connectivity,
        DataModule,
        Digits,
        LowRankCompletion,
        MatrixAddition,
        MatrixInverse,
        ReasoningDataModule,
        ShortestPath,
        Sudoku,
        TensorDataModule,
    )
    from lean_ebm.energy import (
        BoardEnergy,
        ClassEnergy,
        ConvEnergy,
        EnergyNetwork,
        FieldEnergy,
        GraphEnergy,
        Landscape,
        MatrixEnergy,
        MixerEnergy,
        MLPEnergy,
        ResidualEnergy,
        TransformerEnergy,
        VectorEnergy,
        load_energy,
        save_energy,
    )
    from lean_ebm.errors import RunError, SettingError
    from lean_ebm.evaluation import Effort, EvaluationResult, evaluate
    from lean_ebm.gradient import energy_gradient
    from lean_ebm.langevin import Langevin, Stop, Trajectory
    from lean_ebm.methods import (
        EBT,
        IRED,
        ContrastiveDivergence,
        Denoiser,
        FeedForward,
        Method,
        Verification,
        WarmupCosine,
        think,
    )

    __version__: str

_HOMES = {
    "data": (
        "MNIST", "Connectivity", "DataModule", "Digits", "LowRankCompletion", "MatrixAddition", "MatrixInverse",
        "ReasoningDataModule", "ShortestPath", "Sudoku", "TensorDataModule",
    ),
    "energy": (
        "BoardEnergy", "ClassEnergy", "ConvEnergy", "EnergyNetwork", "FieldEnergy", "GraphEnergy", "Landscape",
        "MLPEnergy", "MatrixEnergy", "MixerEnergy", "ResidualEnergy", "TransformerEnergy", "VectorEnergy",
        "load_energy", "save_energy",
    ),
    "errors": ("RunError", "SettingError"),
    "evaluation": ("Effort", "EvaluationResult", "evaluate"),
    "gradient": ("energy_gradient",),
    "langevin": ("Langevin", "Stop", "Trajectory"),
    "methods": (
        "EBT", "IRED", "ContrastiveDivergence", "Denoiser", "FeedForward", "Method", "Verification", "WarmupCosine",
        "think",
    ),
}  # fmt: skip

__all__ = [
    "EBT",
    "IRED",
    "MNIST",
    "BoardEnergy",
    "ClassEnergy",
    "Connectivity",
    "ContrastiveDivergence",
    "ConvEnergy",
    "DataModule",
    "Denoiser",
    "Digits",
    "Effort",
    "EnergyNetwork",
    "EvaluationResult",
    "FeedForward",
    "FieldEnergy",
    "GraphEnergy",
    "Landscape",
    "Langevin",
    "LowRankCompletion",
    "MLPEnergy",
    "MatrixAddition",
    "MatrixEnergy",
    "MatrixInverse",
    "Method",
    "MixerEnergy",
    "ReasoningDataModule",
    "ResidualEnergy",
    "RunError",
    "SettingError",
    "ShortestPath",
    "Stop",
    "Sudoku",
    "TensorDataModule",
    "Trajectory",
    "TransformerEnergy",
    "VectorEnergy",
    "Verification",
    "WarmupCosine",
    "__version__",
    "energy_gradient",
    "evaluate",
    "load_energy",
    "save_energy",
    "think",
]


if not TYPE_CHECKING:  # otherwise a type checker would accept every name as one of the package

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            return import_module("lean_ebm.version").version()
        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"lean_ebm.{home}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
