"""Makes guides from checkpoints."""

from __future__ import annotations

import inspect
from argparse import ArgumentError
from collections.abc import Mapping
from importlib.resources import as_file, files
from os import PathLike
from pathlib import Path
from typing import Any

import lean_ebm.energy
import lean_ebm.methods
from lean_ebm.checkpoints import read_settings
from lean_ebm.energy import EnergyNetwork, load_energy
from lean_ebm.energy.files import read_method
from lean_ebm.errors import SettingError
from lean_ebm.guides.chunks import ChunkGuide
from lean_ebm.guides.langevin import LangevinGuide
from lean_ebm.guides.language import WritingGuide
from lean_ebm.guides.network import NetworkGuide, TrainedGuide
from lean_ebm.guides.residual import ResidualGuide
from lean_ebm.methods import ChunkPolicy, ChunkRanking, LanguagePolicy, Method, Ranking
from lean_ebm.methods.chunk_policy import PolicyChunks
from lean_ebm.methods.chunk_samplers import LangevinChunks


def load(
    path: str | PathLike[str] | None = None,
    langevin: Mapping[str, Any] | None = None,
    policy: str | PathLike[str] | None = None,
    writing: Mapping[str, Any] | None = None,
) -> TrainedGuide | ChunkGuide | WritingGuide:
    """Make a guide from a checkpoint, or from the energy that comes with this package.

    A checkpoint of :class:`.LanguagePolicy` makes a :class:`.WritingGuide`, unless a policy is to be corrected by it. A
    checkpoint of :class:`.ChunkRanking` makes a :class:`.ChunkGuide`: with Gibbs-with-gradients; with settings of
    chains, by Langevin dynamics whose gradients are those of the nearest chunks; with a policy, of what that proposes.

    Args:
        path: The checkpoint of a method that was trained on proof steps, or a file ``*.safetensors`` that ``lean-ebm
            export`` made of one. None: the energy of this package, which
            ``lean-ebm fit --config proving/energy`` made, and ``lean-ebm export`` wrote.
        langevin: Settings of :class:`.LangevinGuide`, which finds tactics by chains. None: all tactics are scored.
        policy: The checkpoint of a policy, over which the energy is a residual, see :class:`.ResidualGuide`; of
            :class:`.ChunkPolicy` if the energy is one of chunks. None: there is none.
        writing: Settings of :class:`.WritingGuide`, for a language model that writes tactics. None: its defaults.

    Raises:
        SettingError: If a file is not a checkpoint, or one of something else; or if settings do not belong to it.
    """
    method = _shipped() if path is None else method_of(Path(path))
    if policy is not None and langevin is not None:
        raise SettingError("A policy takes the place of chains: leave out the settings of chains, or the policy.")
    if isinstance(method, LanguagePolicy) and policy is None:
        if langevin is not None:
            raise SettingError("A policy that writes tactics has no chains: leave out the settings of chains.")
        return WritingGuide(method, **(writing or {}))
    if writing is not None:
        raise SettingError("--proposals and --sampled are for a language policy, which writes tactics.")
    if isinstance(method, ChunkRanking):
        return _of_chunks(method, langevin, policy)
    if policy is not None:
        return ResidualGuide(method, method_of(Path(policy)))
    return NetworkGuide(method) if langevin is None else LangevinGuide(method, **langevin)


def _of_chunks(
    method: ChunkRanking, langevin: Mapping[str, Any] | None, policy: str | PathLike[str] | None
) -> ChunkGuide:
    """The guide of a method that was trained on chunks."""
    if langevin is not None:
        if langevin.keys() - {"steps", "chains"}:
            raise SettingError(
                "Chains of chunks start from noise: of the settings of chains give steps and chains only."
            )
        return ChunkGuide(method, LangevinChunks(decoded=True, **langevin))
    if policy is None:
        return ChunkGuide(method)
    proposer = method_of(Path(policy))
    if not isinstance(proposer, ChunkPolicy):
        raise SettingError(f"{policy} is a checkpoint of {type(proposer).__name__}: expected ChunkPolicy.")
    return ChunkGuide(method, PolicyChunks(proposer.eval()))


def _shipped() -> Method:
    """The energy of this package, with the settings of :class:`.Ranking` in its recipe, which are the defaults."""
    with as_file(files("lean_ebm.guides") / "default.safetensors") as path:
        return Ranking(load_energy(path))


def _exported(path: Path) -> Method:
    """The method of a file that ``lean-ebm export`` wrote: :class:`.Ranking` if it does not say which."""
    energy, written = load_energy(path), read_method(path)
    name = "Ranking" if written is None else _name(written.settings["class_path"])
    kind = getattr(lean_ebm.methods, name, None)
    if not energy.lists or kind is None:
        raise SettingError(
            f"{path} holds {type(energy).__name__}, which does not choose tactics: give a file of a model that was "
            "trained on proof steps, as lean-ebm fit --config proving/energy makes it."
        )
    arguments = {} if written is None else written.settings["init_args"]
    known = inspect.signature(kind).parameters
    method: Method = kind(energy, **{setting: value for setting, value in arguments.items() if setting in known})
    if written is not None and written.weights:
        method.load_state_dict({**method.state_dict(), **written.weights})
    return method


def method_of(path: Path) -> Method:
    """Load the trained method of a checkpoint, or of a file that ``lean-ebm export`` wrote."""
    if path.suffix == ".safetensors":
        return _exported(path)
    settings = read_settings(path)
    name = _name(settings.get("_class_path"))
    kind = getattr(lean_ebm.methods, name, None)
    if not isinstance(kind, type) or not issubclass(kind, Method):
        raise SettingError(
            f"{path} is a checkpoint of {name or 'a model without settings'}, which is not a method of lean-ebm: give "
            "one that lean-ebm fit wrote, or make the guide in Python, as NetworkGuide(method)."
        )
    energy = _name((settings.get("energy") or {}).get("class_path"))
    known = getattr(lean_ebm.energy, energy, None)
    if isinstance(known, type) and issubclass(known, EnergyNetwork) and not known.lists:
        raise SettingError(
            f"{path} is a checkpoint of {name} with {energy}, which does not choose tactics: give one that was trained "
            "on proof steps, as lean-ebm fit --config proving/energy makes it."
        )
    try:
        method: Method = kind.load_from_checkpoint(path, map_location="cpu")
    except ArgumentError as error:
        raise SettingError(
            f"{path} has settings that this version of lean-ebm does not take: {error.message}"
        ) from error
    return method


def _name(class_path: object) -> str:
    """The name of a class without its module."""
    return str(class_path or "").rpartition(".")[2]
