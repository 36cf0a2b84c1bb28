"""Makes data sets of proof steps in blocks, which are kept in the cache folder.

A data set depends only on its settings and the number of its theorems, whatever the number of processes and whenever
they are interrupted: block n has a random generator of its own, and theorems are counted in the order of the blocks.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from filelock import FileLock

from lean_ebm.errors import RunError, SettingError
from lean_ebm.files import cache_folder, write_whole
from lean_ebm.proving.candidates.chunks import ChunkSpace
from lean_ebm.proving.candidates.goals import Listing
from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.logic.clock import OutOfTimeError, processor_deadline
from lean_ebm.proving.processes import run
from lean_ebm.proving.steps.columns import MOST_NODES, Columns, ProvedTheorem, from_bytes
from lean_ebm.proving.steps.sampling import ProofState, Thoroughness, sample_states
from lean_ebm.proving.steps.sources import KINDS, Drawn, LogicSource, Source, read_theorems
from lean_ebm.proving.steps.theory import Theory

VERSION = 1
"""Version of the data: with another one, the same settings give other states."""

_THEOREMS = 40  # theorems in a block
_TRIES = 60  # statements that are drawn for a theorem at most
_SECONDS = 60.0  # of a processor; random theorems take a hundredth of it, so that no clock decides what is made
_FRUITLESS = 20  # blocks in a row without a new theorem, after which there seem to be no more


@dataclass(frozen=True)
class StepSettings:
    """Which proof steps to make.

    Args:
        kinds: The share of each kind of theorems of the world, any positive numbers; empty for those of the world.
        file: A file of JSON lines with theorems, in place of random ones; empty for none.
        seed: Seed.
        connectives: Smallest and largest number of connectives of ``uniform`` theorems.
        shortest: Number of tactics from which on all theorems are kept; 0 for what suits the world.
        easy: The share of theorems with a shorter proof that is kept, 0 to 1.
        thoroughness: How thoroughly each theorem is searched; None for what suits the world.
        world: ``logic`` or ``numbers``.
        steps: Smallest and largest number of steps of the walks that make equations between numbers.
        held_out: Names of lemmas of the world of numbers that nothing uses.

    Raises:
        SettingError: If a setting is out of its range.
    """

    kinds: Mapping[str, float] = field(default_factory=dict)
    file: str = ""
    seed: int = 0
    connectives: tuple[int, int] = (8, 28)
    shortest: int = 0
    easy: float = 0.25
    thoroughness: Thoroughness | None = None
    world: str = "logic"
    steps: tuple[int, int] = (1, 12)
    held_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.world not in ("logic", "numbers"):
            raise SettingError(f"world is {self.world!r}: expected logic or numbers.")
        if not 1 <= self.steps[0] <= self.steps[1]:
            raise SettingError(f"steps is {self.steps}: expected two numbers of 1 or more, in order.")
        known = KINDS if self.world == "logic" else tuple(self.source.kinds)
        if not self.kinds:
            object.__setattr__(self, "kinds", dict(self.source.kinds))
        object.__setattr__(self, "shortest", self.shortest or self.source.shortest)
        if self.thoroughness is None:
            object.__setattr__(self, "thoroughness", self.effort)
        if not self.kinds.keys() <= set(known) or min(self.kinds.values()) <= 0:
            raise SettingError(f"kinds is {dict(self.kinds)}: expected shares above 0 of {', '.join(known)}.")
        if not 0 <= self.connectives[0] <= self.connectives[1]:
            raise SettingError(f"connectives is {self.connectives}: expected two numbers of 0 or more, in order.")
        if not 0 <= self.easy <= 1:
            raise SettingError(f"easy is {self.easy}: expected a share from 0 to 1.")

    @property
    def effort(self) -> Thoroughness:
        """How thoroughly each theorem is searched."""
        return self.thoroughness or self.source.thoroughness

    @property
    def source(self) -> Source:
        """Where the theorems come from."""
        if self.world == "logic":
            return LogicSource(self.connectives)
        from lean_ebm.proving.numbers.steps import NumberSource  # reads the levels, which other worlds do not need

        return NumberSource(self.steps, self.held_out)


_OF_NUMBERS = ("world", "steps", "held_out")


def folder_of(settings: StepSettings) -> Path:
    """The folder of the blocks of a data set. It may not exist yet."""
    described = {"version": VERSION, "theorems": _THEOREMS, **asdict(settings), "kinds": sorted(settings.kinds.items())}
    if settings.world == "logic":
        described = {name: value for name, value in described.items() if name not in _OF_NUMBERS}
    if not settings.effort.chunks:  # the data are what they were before there were chunks
        del described["thoroughness"]["chunks"]
    if settings.file:
        # What a file says matters, and not what it is called.
        described |= {"file": _digest(Path(settings.file).expanduser()), "kinds": [], "connectives": []}
    key = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:16]
    return cache_folder() / "proof-steps" / key


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SettingError(f"Cannot read {path}: {error.strerror}. Name a file of JSON lines with theorems.") from error


def provide_steps(
    settings: StepSettings, theorems: int, workers: int = 1, tell: Callable[[int], None] = lambda _: None
) -> list[Columns]:
    """Make a data set, or read it from the cache folder.

    Args:
        settings: Which proof steps to make.
        theorems: Number of theorems, no two of which differ only in names; at least 1. Of a file, as many as there are.
        workers: Number of processes, at least 1.
        tell: Called with the number of theorems so far, after each block.

    Returns:
        Blocks of states. The last one may have more theorems than were asked for.

    Raises:
        SettingError: If a setting is out of its range, or a file cannot be read.
        RunError: If there seem to be fewer theorems of this kind.
    """
    if theorems < 1 or workers < 1:
        raise SettingError(f"theorems is {theorems} and workers is {workers}: expected at least 1 of both.")
    blocks: list[Columns] = []
    seen: set[int] = set()
    fruitless = 0
    folder = folder_of(settings)
    last = -(-len(_from_file(settings)) // _THEOREMS) if settings.file else None
    for block in _blocks(settings, folder, workers, last):
        before = len(seen)
        seen.update([theorem.number for theorem in block.theorems])
        blocks.append(block)
        tell(min(len(seen), theorems))
        if len(seen) >= theorems:
            break
        fruitless = fruitless + 1 if len(seen) == before else 0
        if fruitless == _FRUITLESS and last is None:
            raise RunError(
                f"There seem to be only {len(seen)} distinct theorems of these kinds, fewer than {theorems}: ask for "
                "fewer, or for other kinds."
            )
    if not seen:
        raise RunError(f"{settings.file} has no theorem that is proved here.")
    return blocks


def _from_file(settings: StepSettings) -> list[Drawn]:
    return read_theorems(Path(settings.file).expanduser(), settings.source)


def _blocks(settings: StepSettings, folder: Path, workers: int, last: int | None) -> Iterator[Columns]:
    """The blocks one after the other; several processes make those that are not there yet."""
    numbers = iter(range(last)) if last is not None else count()
    if workers == 1:
        yield from (_provided(settings, folder, number) for number in numbers)
        return
    with ThreadPoolExecutor(workers) as pool:
        ahead: list[Future[Columns]] = []
        try:
            for number in numbers:
                ahead.append(pool.submit(_provided_apart, settings, folder, number))
                if len(ahead) > workers:
                    yield ahead.pop(0).result()
            while ahead:
                yield ahead.pop(0).result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _path(folder: Path, number: int) -> Path:
    return folder / f"block-{number:06d}"


def _read(folder: Path, number: int) -> Columns | None:
    path = _path(folder, number)
    return from_bytes(path.read_bytes()) if path.is_file() else None


def _provided(settings: StepSettings, folder: Path, number: int) -> Columns:
    """Read a block or make it. If another process is making it, wait for that."""
    known = _read(folder, number)
    if known is None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{_path(folder, number)}.lock"):
                known = _read(folder, number)
                if known is None:
                    known = make_block(settings, number)
                    write_whole(_path(folder, number), known.to_bytes())
        except OSError as error:
            raise RunError(
                f"Cannot write {folder}: {error.strerror}. Set LEAN_EBM_CACHE to a folder that can be written to."
            ) from error
    return known


_PROGRAM = "from lean_ebm.proving.steps.blocks import serve; serve()"


def _provided_apart(settings: StepSettings, folder: Path, number: int) -> Columns:
    """Read a block, or have a process of its own make it."""
    known = _read(folder, number)
    if known is None:
        package = str(Path(__file__).parents[3])
        paths = [package, *[path for path in (os.environ.get("PYTHONPATH"),) if path]]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        request = json.dumps({"settings": asdict(settings), "folder": str(folder), "number": number})
        status, _, errors = run(
            ["exec", sys.executable, "-c", _PROGRAM], request, timeout=float("inf"), memory=0, environment=environment
        )
        known = _read(folder, number)
        if status or known is None:
            raise RunError(f"A process that makes proof steps ended with status {status}: {errors.strip()[-500:]}")
    return known


def serve() -> None:
    """Make the block that standard input asks for. The processes of :func:`provide_steps` run this."""
    request = json.load(sys.stdin)
    given = request["settings"]
    thoroughness = Thoroughness(**given.pop("thoroughness"))
    pairs: dict[str, Any] = {name: tuple(given.pop(name)) for name in ("connectives", "steps", "held_out")}
    _provided(
        StepSettings(**given, **pairs, thoroughness=thoroughness),
        Path(request["folder"]),
        request["number"],
    )


def make_block(settings: StepSettings, number: int) -> Columns:
    """Make the block of this number."""
    random = Random(f"lean-ebm proof steps {VERSION} {settings.seed} {number}")
    block = Columns(chunks=settings.effort.chunks > 0)
    known: set[int] = set()
    if settings.file:
        for drawn in _from_file(settings)[number * _THEOREMS : (number + 1) * _THEOREMS]:
            _learned(settings, random, drawn, known, block)
        return block
    source = settings.source
    kinds, shares = zip(*sorted(settings.kinds.items()), strict=True)
    for _ in range(_THEOREMS):
        kind = random.choices(kinds, shares)[0]
        for _ in range(_TRIES):
            candidate = source.draw(random, kind)
            if candidate is not None and _learned(settings, random, candidate, known, block):
                break
    return block


def _learned(settings: StepSettings, random: Random, drawn: Drawn, known: set[int], block: Columns) -> bool:
    """Search for a proof of a statement, and add its states to a block; returns whether that was done.

    Args:
        settings: The settings.
        random: The random generator.
        drawn: The statement.
        known: The numbers of the statements that the block has had; this one is added.
        block: The block.
    """
    theory = settings.source.theory()
    first = theory.listing(drawn.goal, [])
    theorem = invariant(first.graph)
    if theorem in known or len(first.graph.kinds) > MOST_NODES:
        return False
    known.add(theorem)
    try:
        with processor_deadline(_SECONDS):
            steps, states = sample_states(drawn.goal, random, settings.effort, theory, drawn.path)
    except (OutOfTimeError, RecursionError):
        return False
    if not states or (steps < settings.shortest and not settings.file and random.random() >= settings.easy):
        return False
    size = theory.size(drawn.goal)
    block.theorems.append(ProvedTheorem(str(drawn.statement), drawn.kind, theorem, size, steps, drawn.lemmas))
    add_states(block, states, theory)
    return True


def add_states(block: Columns, states: list[ProofState], theory: Theory) -> None:
    """Add states of the theorem that was added last to a block, each once."""
    known: set[int] = set()
    for state in states:
        listing = theory.listing(state.goal, state.tactics)
        number = invariant(listing.graph)
        space = ChunkSpace(state.goal, state.tactics) if "chunk" in block.columns else None
        if space is not None:  # its graph has nodes of its own
            listing = Listing(space.listing.graph, *[part[: space.listed] for part in space.listing[1:]])
        if number not in known and len(listing.graph.kinds) <= MOST_NODES:
            known.add(number)
            block.add(number, state, listing)
            if space is not None:
                block.add_chunks(state, space)
