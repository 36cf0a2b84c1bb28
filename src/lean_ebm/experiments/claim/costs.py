"""What searches cost in processor seconds, and how many of the goals that they work on have no proof."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from lean_ebm.experiments.claim.arms import ARMS
from lean_ebm.experiments.claim.plan import COSTED, MAIN, digest
from lean_ebm.experiments.claim.processes import checkpoints, searched
from lean_ebm.experiments.claim.theorems import ClaimTheorems
from lean_ebm.experiments.claim.tuning import constants_of
from lean_ebm.experiments.provers_sets import read_set
from lean_ebm.files import write_whole
from lean_ebm.proving import Logic, SearchBudget, SearchResult
from lean_ebm.proving.search.goals import SequentGoal
from lean_ebm.proving.steps.countermodels import Countermodels


@dataclass(frozen=True)
class ProcessorCosts:
    """Processor seconds of all arms on the first primary theorems, with the models of seed 0, one after the other.

    It also counts dead ends: goals that the search worked on though a small countermodel refutes them.

    Attributes:
        folder: Folder of all runs.
        theorems: The theorems.
        arms: The arms.
    """

    folder: Path
    theorems: ClaimTheorems
    arms: Sequence[str]

    name: ClassVar[str] = "costs"
    stage: ClassVar[int] = 5

    def check(self) -> None:
        """Nothing can be wrong before the models are trained."""

    def finish(self, threads: int) -> None:
        """Measure, unless this was done before."""
        if self.figures() is not None:
            return
        statements = read_set(self.theorems.file("primary"))[:COSTED]
        record: dict[str, Any] = {"plan": digest(), "theorems": len(statements), "seconds": {}, "dead": {}}
        with Logic() as logic:
            for arm in self.arms:
                print(f"costs of {arm}: measuring", flush=True)
                prover = ARMS[arm].make(checkpoints(self.folder, ARMS[arm], 0), constants_of(self.folder, arm))
                begun = time.process_time()
                results = searched(prover, logic, statements, SearchBudget(MAIN))
                record["seconds"][arm] = round(time.process_time() - begun, 2)
                record["dead"][arm] = dead_share(results)
        write_whole(self._record, json.dumps(record) + "\n")

    def figures(self) -> dict[str, Any] | None:
        """The record; None if this plan has none yet."""
        record: dict[str, Any] = json.loads(self._record.read_text()) if self._record.is_file() else {}
        return record if record.get("plan") == digest() else None

    @property
    def _record(self) -> Path:
        return self.folder / "costs" / "costs.json"


def dead_share(results: Sequence[SearchResult]) -> float | None:
    """The share of the goals for which a guide was asked that a small countermodel refutes.

    Args:
        results: The results of searches.

    Returns:
        The share; None of searches without a guide.
    """
    dead = []
    for result in results:
        models = Countermodels()
        for node in result.graph.nodes.values() if result.graph else ():
            if node.advice is not None and isinstance(node.goal, SequentGoal):
                dead.append(models.refutes(node.goal.sequent))
    return sum(dead) / len(dead) if dead else None
