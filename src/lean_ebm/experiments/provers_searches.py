"""Searches for proofs of the theorems of a report, and the process that runs them.

``python -m lean_ebm.experiments.provers_searches CONTESTANT FOLDER OUTPUT CHECKPOINT...`` is that process.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from lean_ebm.checkpoints import last_checkpoint
from lean_ebm.errors import RunError
from lean_ebm.experiments.processes import run_module
from lean_ebm.experiments.provers_sets import SetsRun, TheoremSet, read_set, sets
from lean_ebm.experiments.seeded import SeededRun
from lean_ebm.files import write_whole
from lean_ebm.proving import BestFirst, GuidedProver, Logic, Prover, SearchBudget, SearchResult, SizeGuide, Statement
from lean_ebm.proving.candidates import wide_tactics
from lean_ebm.proving.search import SEARCHES

CHAIN_STEPS = 8
"""Steps of the chains that find tactics, as in the recipes."""

SOME = ("64", "first-order")
"""The sets of searches other than and-or-best-first, and of chains, which take ten times as long."""


def _guided(search: str = "and-or-best-first", **settings: Any) -> Callable[..., Prover]:
    def make(checkpoint: Path, policy: Path | None = None) -> Prover:
        from lean_ebm.guides import load  # imports torch, which the others do not need

        return GuidedProver(load(checkpoint, policy=policy, **settings), SEARCHES[search]())

    return make


@dataclass(frozen=True)
class Contestant:
    """A way to search for proofs.

    Attributes:
        title: Its name in the report.
        make: Makes the prover from the checkpoints of its recipes.
        recipes: The recipes whose models guide it; none for a search without learning.
        sets: The theorems on which it is tried; None for all.
    """

    title: str
    make: Callable[..., Prover]
    recipes: tuple[str, ...] = ()
    sets: tuple[str, ...] | None = None


def _trained(title: str, *recipes: str, search: str = "and-or-best-first", **settings: Any) -> Contestant:
    """A contestant whose guide is trained."""
    only = SOME if search != "and-or-best-first" or "langevin" in settings else None
    return Contestant(title, _guided(search, **settings), recipes, only)


BASELINES = {
    "best-first-narrow": Contestant("untrained best-first, narrow set", BestFirst),
    "best-first-wide": Contestant("untrained best-first, wide set", lambda: BestFirst(tactics=wide_tactics)),
    "and-or-narrow": Contestant("untrained AND/OR, narrow set", lambda: GuidedProver(SizeGuide(), narrow=True)),
}
"""Searches that need no learning."""

RECIPES = {
    name: Contestant(title, _guided(), (name,))
    for name, title in {
        "energy": "one energy",
        "policy": "policy",
        "policy_value": "policy and value",
        "affine": "affine energy",
        "policy_value_shared": "policy and value, shared encoder",
        "ebt": "EBT",
        "contrastive": "contrastive divergence",
        "ired": "IRED",
    }.items()
}
"""The recipes of ``configs/proving``, each as a guide that scores all tactics."""

VARIANTS = {
    "energy-chains": _trained(f"one energy, chains of {CHAIN_STEPS} steps", "energy", langevin={"steps": CHAIN_STEPS}),
    "energy-residual": _trained("one energy over the policy", "energy", "policy"),
    **{
        f"energy-{search}": _trained(f"one energy, {search}", "energy", search=search)
        for search in SEARCHES
        if search != "and-or-best-first"
    },
}
"""Other guides and searches with the same models, of seed 0."""

CONTESTANTS = BASELINES | RECIPES | VARIANTS
"""All contestants by their names."""


@dataclass(frozen=True)
class SearchRun(SeededRun):
    """The searches of one contestant, and how the model of a recipe judges unseen states.

    Attributes:
        contestant: Its name in :data:`CONTESTANTS`.
        seed: Seed of the models.
        folder: Folder of all runs of the report.
        theorems: The theorems.
    """

    contestant: str
    seed: int
    folder: Path
    theorems: SetsRun

    stage: ClassVar[int] = 2

    @property
    def name(self) -> str:
        """Name of the folder, beside those of the trainings."""
        return f"search-{self.contestant}"

    def finish(self, threads: int) -> None:
        """Search, unless this was done before.

        Raises:
            RunError: If a model is missing, or the process fails.
        """
        if self.figures() is not None:
            return
        checkpoints = self._checkpoints()
        self.theorems.provide()
        self.path.mkdir(parents=True, exist_ok=True)
        print(f"{self}: searching", flush=True)
        arguments = [self.contestant, str(self.theorems.path), str(self.path), *map(str, checkpoints)]
        self._run([*arguments, *self._effort()])
        write_whole(self.path / "searched.json", json.dumps(self.settings()))
        print(f"{self}: done", flush=True)

    def figures(self) -> dict[str, Any] | None:
        """The figures that the process wrote; None if it did not finish with these settings."""
        marker, found = self.path / "searched.json", self.path / "found.json"
        if not (marker.is_file() and found.is_file() and json.loads(marker.read_text()) == self.settings()):
            return None
        record: dict[str, Any] = json.loads(found.read_text())
        return record

    @property
    def proofs(self) -> Path:
        """The file of the proofs that were found. It is not needed for the tables."""
        return self.path / "proofs.jsonl"

    def _checkpoints(self) -> list[Path]:
        found = []
        for recipe in CONTESTANTS[self.contestant].recipes:
            path = last_checkpoint(self.folder / recipe / f"seed-{self.seed}", "**/checkpoints/*.ckpt")
            if path is None:
                raise RunError(
                    f"{self} needs the model of {recipe}, seed {self.seed}, of which there is no checkpoint."
                )
            found.append(path.resolve())
        return found

    def _effort(self) -> list[str]:
        fast = ["--fast"] if self.theorems.fast else []
        return [f"--theorems={self.theorems.theorems}", f"--states={self.theorems.states}", *fast]

    def settings(self) -> dict[str, Any]:
        """The settings on which the figures depend: the models and the theorems."""
        fits = {}
        for recipe in CONTESTANTS[self.contestant].recipes:
            record = self.folder / recipe / f"seed-{self.seed}" / "fit.json"
            fits[recipe] = json.loads(record.read_text())["fingerprint"] if record.is_file() else None
        return {"fits": fits, "sets": sorted(_sets_of(self.contestant, self.theorems.fast)), "of": self._described()}

    def _described(self) -> str:
        return json.dumps((self.theorems.figures() or {}).get("settings"), sort_keys=True)

    def _run(self, arguments: list[str]) -> None:
        """Run the process, with one thread: a search waits for small batches, which more threads would not speed up."""
        module = "lean_ebm.experiments.provers_searches"
        run_module(module, arguments, self.path / "search.log", f"The searches of {self}")


def _sets_of(contestant: str, fast: bool) -> dict[str, TheoremSet]:
    """The sets on which a contestant is tried."""
    only = CONTESTANTS[contestant].sets
    return {name: one for name, one in sets(fast).items() if only is None or name in only}


def main(arguments: Sequence[str] | None = None) -> None:
    """Search for the proofs of all sets as one contestant, and write ``found.json`` and ``proofs.jsonl``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("contestant", choices=CONTESTANTS, help="who searches")
    parser.add_argument("theorems_folder", type=Path, metavar="FOLDER", help="folder of the theorems")
    parser.add_argument("output", type=Path, help="folder to write to")
    parser.add_argument("checkpoints", type=Path, nargs="*", help="the model of each recipe of the contestant")
    parser.add_argument("--theorems", type=int, required=True, help="number of theorems of the training data")
    parser.add_argument("--states", type=int, required=True, help="number of theorems from which states are judged")
    parser.add_argument("--fast", action="store_true", help="a few theorems")
    given = parser.parse_args(arguments)
    contestant = CONTESTANTS[given.contestant]
    prover = contestant.make(*given.checkpoints)
    record: dict[str, Any] = {"sets": {}}
    proofs: list[str] = []
    begin = time.process_time()
    with Logic() as logic:
        for name, one in _sets_of(given.contestant, given.fast).items():
            statements = read_set(given.theorems_folder / f"{name}.jsonl.gz")
            started = time.process_time()
            found = search_all(prover, logic, statements, SearchBudget(one.applications, one.seconds))
            proved = [search for search in found if search.proved]
            record["sets"][name] = {
                "applications": [search.applications if search.proved else None for search in found],
                "evaluations": sum([search.evaluations for search in found]),
                "refused": sum([search.refused for search in found]),
                "processor_seconds": round(time.process_time() - started, 2),
            }
            proofs += [
                json.dumps({"statement": str(statement), "script": search.script}, ensure_ascii=False)
                for statement, search in zip(statements, found, strict=True)
                if search.proved
            ]
            print(f"{name}: {len(proved)} of {len(found)}", flush=True)
    if given.contestant in RECIPES:
        from lean_ebm.experiments.provers_states import judged_states

        assert isinstance(prover, GuidedProver)
        record["states"] = judged_states(prover.guide, given.theorems, given.states)
    record["processor_seconds"] = round(time.process_time() - begin, 1)
    write_whole(given.output / "proofs.jsonl", "".join(f"{line}\n" for line in proofs))
    write_whole(given.output / "found.json", json.dumps(record) + "\n")


class Ended(NamedTuple):
    """The record of a search.

    Attributes:
        proved: Whether the judge of the embedded logic accepts the proof that was found.
        refused: Whether it refuses it.
        applications: Number of applications of tactics.
        evaluations: Number of evaluations by the guide.
        script: The proof; empty if there is none.
    """

    proved: bool
    refused: bool
    applications: int
    evaluations: int
    script: str


def search_all(prover: Prover, logic: Logic, statements: Sequence[Statement], budget: SearchBudget) -> list[Ended]:
    """Search for proofs of statements; in parallel if the prover has a guide.

    Args:
        prover: The prover.
        logic: The embedded logic.
        statements: The statements.
        budget: The limits for each.
    """
    results = (
        prover.prove_many(logic, statements, budget)
        if isinstance(prover, GuidedProver)
        else ((index, prover.prove(logic, statement, budget)) for index, statement in enumerate(statements))
    )
    # Of each result only this is kept: graphs of thousands of searches would fill the memory.
    found = {index: _ended(result) for index, result in results}
    return [found[index] for index in range(len(statements))]


def _ended(result: SearchResult) -> Ended:
    refused = result.verdict is not None and not result.proved
    return Ended(result.proved, refused, result.applications, result.evaluations, result.script)


if __name__ == "__main__":
    main()
