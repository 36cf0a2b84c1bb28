"""The command ``lean-ebm theorems``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lean_ebm.cli.guidance import applications_of
from lean_ebm.cli.progress import progress_bar
from lean_ebm.errors import SettingError
from lean_ebm.files import write_whole
from lean_ebm.proving.statements import Statement

if TYPE_CHECKING:
    from lean_ebm.proving.theorems import ConjectureSettings, TheoremSettings
    from lean_ebm.proving.theorems.writing import Line

_AUDITED = 1000  # proofs that Lean checks, unless it is asked for otherwise


def add_theorems_arguments(theorems: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    theorems.add_argument(
        "file", type=Path, help="the file to write; an old file is replaced when the new one is complete"
    )
    theorems.add_argument(
        "--kind",
        choices=("random", "conjectures"),
        default="random",
        help="random theorems, or conjectures: new, proved and non-trivial mutations of theorems (default: random)",
    )
    theorems.add_argument("--number", type=int, default=1000, help="number of theorems (default: 1000)")
    theorems.add_argument("--seed", type=int, default=0, help="seed (default: 0)")
    theorems.add_argument(
        "--workers", type=int, default=1, help="processes; the theorems do not depend on it (default: 1)"
    )
    theorems.add_argument(
        "--maximum-size",
        type=int,
        help="largest number of connectives and atoms of a formula (default: 24; for conjectures 40)",
    )
    theorems.add_argument(
        "--first-order", type=float, help="fraction of proof terms with quantifiers (default: 0.5; for conjectures 0.2)"
    )
    theorems.add_argument(
        "--bound", type=int, help="limit of applications for grading a theorem (default: 100; for conjectures 256)"
    )
    theorems.add_argument(
        "--hard",
        type=float,
        help="for conjectures: smallest share that best-first search does not prove with --bound (default: 1/3)",
    )
    theorems.add_argument(
        "--solve-with",
        metavar="GUIDE",
        help="a guide, as for prove: also write the number of applications with which it proves each theorem",
    )
    theorems.add_argument(
        "--format",
        choices=("lines", "chat", "chat-steps"),
        default="lines",
        help="chat: each line also has messages for tools that fine-tune language models, the goal and the whole "
        "proof; chat-steps: the goals before each tactic, and the tactic (default: lines)",
    )
    theorems.add_argument("--card", action="store_true", help="also write FILE.card.md, a description of the data set")
    theorems.add_argument(
        "--audit",
        type=int,
        metavar="N",
        help="for --card: let Lean check N random proofs (default: 1000 if Lean is installed)",
    )


def theorems(settings: argparse.Namespace) -> int:
    """Write a data set of theorems, and its card; returns the exit status."""
    from lean_ebm.proving.theorems import write_theorems

    if settings.audit is not None and (not settings.card or settings.audit < 0):
        raise SettingError(f"--audit is {settings.audit}: expected a number of proofs, 0 or more, and --card.")
    started = time.perf_counter()
    generator = _generator(settings)
    with progress_bar(settings.number) as bar:
        guided = applications_of(settings.solve_with, generator.bound) if settings.solve_with else None

        def more(lines: Sequence[Line]) -> list[Mapping[str, object]]:
            graded = guided(lines) if guided is not None else [{} for _ in lines]
            return [{**entries, **_chat(settings.format, line)} for entries, line in zip(graded, lines, strict=True)]

        wanted = more if guided is not None or settings.format != "lines" else None
        write_theorems(settings.file, generator, settings.number, settings.workers, bar.tell, wanted)
    print(f"{settings.file}: {settings.number} theorems in {time.perf_counter() - started:.1f} s")
    if settings.card:
        _write_card(settings, generator)
    return 0


def _generator(settings: argparse.Namespace) -> TheoremSettings | ConjectureSettings:
    """The settings of the theorems, of which those that are not given keep their defaults."""
    from lean_ebm.proving.theorems import ConjectureSettings, TheoremSettings

    names = ["seed", "maximum_size", "first_order", "bound", "hard"]
    given: dict[str, Any] = {name: value for name in names if (value := getattr(settings, name)) is not None}
    if settings.kind == "conjectures":
        return ConjectureSettings(**given)
    if settings.hard is not None:
        raise SettingError("--hard is for conjectures: add --kind conjectures.")
    return TheoremSettings(**given)


def _chat(form: str, line: Line) -> dict[str, object]:
    """What a format adds to a line."""
    if form == "lines":
        return {}
    from lean_ebm.proving.theorems.chat import step_by_step, whole_proof

    write = whole_proof if form == "chat" else step_by_step
    return {"messages": write(Statement.of(line.statement), line.script)}


def _write_card(settings: argparse.Namespace, generator: TheoremSettings | ConjectureSettings) -> None:
    from lean_ebm.cli.cards import card_text, verification
    from lean_ebm.proving.lean import Lean, LeanNotFoundError
    from lean_ebm.proving.theorems.card import make_card

    started = time.perf_counter()
    number = _AUDITED if settings.audit is None else settings.audit
    try:
        lean = Lean() if number else None
    except LeanNotFoundError:
        if settings.audit is not None:
            raise
        lean = None
    with lean or nullcontext(), progress_bar(settings.number) as bar:
        card = make_card(settings.file, lean, number, settings.workers, settings.seed, bar.tell)
    path = settings.file.with_suffix(".card.md")
    options = ["seed", "maximum_size", "first_order", "bound"]
    options += ["hard"] if settings.kind == "conjectures" else []
    chosen = " ".join(f"--{name.replace('_', '-')} {getattr(generator, name):.4g}" for name in options)
    command = f"lean-ebm theorems {settings.file.name} --kind {settings.kind} --number {settings.number} {chosen}"
    write_whole(path, card_text(card, settings.file.name, command))
    print(f"{path}: the card of {settings.file}, in {time.perf_counter() - started:.1f} s")
    print(verification(card))
