"""Expert iteration: a prover practises, learns from its own proofs and dead ends, and practises again.

The name is that of Anthony, Tian and Barber (2017, "Thinking Fast and Slow with Deep Learning and Tree Search", arXiv
1705.08439): the search is the expert, and the network learns what the search found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from lightning.pytorch import Trainer, seed_everything
from lightning.pytorch.loggers import TensorBoardLogger

from lean_ebm.callbacks import EMA, DivergenceGuard
from lean_ebm.data import ProofSteps
from lean_ebm.errors import SettingError
from lean_ebm.experiments.provers_searches import search_all
from lean_ebm.experiments.provers_sets import TheoremSet, known_states, make
from lean_ebm.experiments.tables import Estimate, bootstrapped
from lean_ebm.files import write_whole
from lean_ebm.guides import NetworkGuide, load
from lean_ebm.methods import Method
from lean_ebm.proving import GuidedProver, Logic, SearchBudget, Statement
from lean_ebm.proving.candidates import listing_of
from lean_ebm.proving.candidates.invariants import invariant
from lean_ebm.proving.steps.columns import Columns
from lean_ebm.proving.steps.found import add_search, write_columns
from lean_ebm.proving.steps.sampling import Thoroughness
from lean_ebm.proving.steps.sources import LogicSource, read_theorems
from lean_ebm.proving.theorems.propl import HARDEST, hardest

EXPLORED = Thoroughness(tie_expansions=1)
"""How thoroughly the searches are explored: to try all cuts of large goals would take most of the time."""

LEAST = 10
"""Fewest theorems to practise on, and to measure with."""


@dataclass(frozen=True)
class Improvement:
    """The settings of expert iteration.

    Attributes:
        guide: Checkpoint of the prover; None for the one that comes with the package.
        output: Folder for the checkpoints, the states that are found, and the figures; a new one.
        theorems: File of JSON lines with theorems; None for random ones of propositional logic, of which the hardest
            fifth is kept.
        connectives: Number of connectives of random theorems.
        rounds: Number of rounds.
        practice: Number of theorems to practise on in each round.
        held_out: Number of theorems that measure the gain, on which the prover never practises.
        applications: Tactics that a search may try for a theorem.
        remembered: Number of theorems of the recipes' data that are learned again beside the new states.
        epochs: Number of times that a round learns from all states.
        seed: Seed of theorems and training.

    Raises:
        SettingError: If a number is out of its range, or the folder has figures already.
    """

    guide: Path | None
    output: Path
    theorems: Path | None = None
    connectives: int = 64
    rounds: int = 2
    practice: int = 300
    held_out: int = 200
    applications: int = 31
    remembered: int = 2000
    epochs: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (
            ("connectives", 1), ("rounds", 1), ("practice", LEAST), ("held_out", LEAST), ("applications", 1),
            ("remembered", 1), ("epochs", 1), ("seed", 0),
        ):  # fmt: skip
            if getattr(self, name) < least:
                raise SettingError(f"{name} is {getattr(self, name)}, expected {least} or more.")
        if (self.output / "improvement.json").exists():
            raise SettingError(f"{self.output} has the figures of another run: name a new folder.")


@dataclass(frozen=True)
class Round:
    """The result of one round.

    Attributes:
        practised: Number of theorems on which the prover practised.
        proved: Number of those that it proved.
        learned: Number of those from whose searches it learned: the others were proved without a wrong turn.
        states: Number of states that these searches gave.
        solved: Share of the held-out theorems that the prover proves after the round.
        gain: By how much that is more than before the first round, on the same theorems.
    """

    practised: int
    proved: int
    learned: int
    states: int
    solved: float
    gain: Estimate


def improve(settings: Improvement, tell: Callable[[str], None] = print) -> list[Round]:
    """Improve a prover with the proofs and dead ends that it finds itself, and measure the gain.

    Each round writes ``round-N.steps``, the states that were found, and ``round-N.ckpt``, the prover that has learned
    from those of all rounds. The gain is a mean over held-out theorems with a 95% interval (bootstrap).

    Args:
        settings: The settings.
        tell: Called with a line of text about each part.

    Raises:
        SettingError: If there are too few theorems, or the guide cannot be loaded.
    """
    method = load(settings.guide).method
    seed_everything(settings.seed, verbose=False)
    settings.output.mkdir(parents=True, exist_ok=True)
    ProofSteps(theorems=settings.remembered).prepare_data()
    held_out, practice = _theorems(settings)
    before = _solved(method, held_out, settings)
    tell(f"before: {_share(before)} held-out theorems proved at {settings.applications} applications")
    rounds: list[Round] = []
    for number in range(1, settings.rounds + 1):
        chosen = practice(number)
        columns, proved = _practised(method, chosen, settings, number)
        write_columns(settings.output / f"round-{number}.steps", columns)
        tell(
            f"round {number}: {proved} of {len(chosen)} theorems proved; {len(columns)} states of the "
            f"{len(columns.theorems)} searches with wrong turns"
        )
        path = settings.output / f"round-{number}.ckpt"
        _train(method, settings, number, path)
        method = load(path).method
        after = _solved(method, held_out, settings)
        gain = bootstrapped([[new - old for new, old in zip(after, before, strict=True)]])
        rounds.append(Round(len(chosen), proved, len(columns.theorems), len(columns), sum(after) / len(after), gain))
        tell(f"round {number}: {_share(after)} held-out theorems proved, gain {gain.text(signed=True)}; {path}")
        described = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(settings).items()}
        record = {
            "settings": described, "before": sum(before) / len(before), "rounds": [asdict(one) for one in rounds],
        }  # fmt: skip
        write_whole(settings.output / "improvement.json", json.dumps(record, indent=2) + "\n")
    return rounds


def _theorems(settings: Improvement) -> tuple[list[Statement], Callable[[int], list[Statement]]]:
    """The held-out theorems, and a function that gives the theorems to practise on in a round."""
    if settings.theorems is not None:
        given = read_theorems(settings.theorems, LogicSource((settings.connectives,) * 2))
        found = {invariant(listing_of(one.goal, []).graph): one.statement for one in given}
        shuffled = Random(settings.seed).sample(list(found.values()), len(found))
        count = min(settings.held_out, len(shuffled) // 3)
        if count < LEAST:
            raise SettingError(
                f"{settings.theorems} has {len(found)} theorems that differ in more than names, expected at least "
                f"{3 * LEAST}."
            )
        held_out, others = shuffled[:count], shuffled[count:]
        size = min(settings.practice, len(others))
        return held_out, lambda number: Random(f"{settings.seed} {number}").sample(others, size)
    known = known_states(settings.remembered)

    def drawn(name: str, number: int) -> list[Statement]:
        one = TheoremSet(name, round(number / HARDEST), settings.applications, settings.connectives)
        lines, _ = make(name, one, known, settings.seed)
        known.update([line["number"] for line in lines])
        return [Statement.of(lines[index]["statement"]) for index in hardest([line["length"] for line in lines])]

    return drawn("held-out", settings.held_out), lambda number: drawn(f"round {number}", settings.practice)


def _practised(
    method: Method, statements: Sequence[Statement], settings: Improvement, number: int
) -> tuple[Columns, int]:
    """Search, and explore what the searches have found; returns the states, and the number of proofs."""
    columns, proved = Columns(), 0
    with Logic() as logic:
        prover, budget = GuidedProver(NetworkGuide(method)), SearchBudget(settings.applications)
        for index, result in prover.prove_many(logic, statements, budget):
            proved += result.proved
            if result.graph is not None and (not result.proved or result.applications > len(result.steps)):
                add_search(columns, statements[index], result.graph, settings.seed + number, EXPLORED)
    return columns, proved


def _train(method: Method, settings: Improvement, number: int, path: Path) -> None:
    """Train on the states of all rounds and on those of the recipes, and write a checkpoint."""
    found = [str(settings.output / f"round-{n}.steps") for n in range(1, number + 1)]
    trainer = Trainer(
        max_epochs=settings.epochs,
        callbacks=[EMA(0.998), DivergenceGuard()],
        logger=TensorBoardLogger(settings.output, name=None, version=f"round-{number}", default_hp_metric=False),
        gradient_clip_val=1.0,
        limit_val_batches=0,
        log_every_n_steps=10,
        devices=1,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
    )
    trainer.fit(method.train(), ProofSteps(theorems=settings.remembered, found=found))
    trainer.save_checkpoint(path)


def _solved(method: Method, statements: Sequence[Statement], settings: Improvement) -> list[float]:
    """Whether each theorem is proved, 0 or 1."""
    with Logic() as logic:
        found = search_all(GuidedProver(NetworkGuide(method)), logic, statements, SearchBudget(settings.applications))
    return [float(search.proved) for search in found]


def _share(solved: Sequence[float]) -> str:
    return f"{sum(solved):.0f} of {len(solved)}"
