"""A first look at a trained prover: held-out theorems with and without its energy, and a page of one search.

``make quickstart-proofs`` trains the energy of ``configs/proving/quickstart.yaml`` and then runs this module.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from lean_ebm.checkpoints import last_checkpoint
from lean_ebm.data import ProofSteps
from lean_ebm.errors import SettingError, mistake
from lean_ebm.files import write_whole
from lean_ebm.guides import NetworkGuide
from lean_ebm.guides.files import method_of
from lean_ebm.proving.search import (
    LOGIC,
    FoundProof,
    Guide,
    GuidedProver,
    SearchBudget,
    SizeGuide,
    find_proofs,
)
from lean_ebm.proving.statements import Statement
from lean_ebm.show import search_page, trace_search
from lean_ebm.show.runs import data_of

RUNS = Path("lightning_logs/quickstart-proofs")
"""The folder of the runs of the recipe."""

_READABLE = 60  # goals in the search that is shown, if there is one with so few


@dataclass(frozen=True)
class QuickProofs:
    """The results of the searches.

    Args:
        statements: The theorems.
        without: The searches that prefer small goals, by the index of the theorem.
        guided: The searches that the energy guides.
    """

    statements: Sequence[Statement]
    without: dict[int, FoundProof]
    guided: dict[int, FoundProof]

    def shown(self) -> int | None:
        """The index of the theorem to show: one that only the energy proves if there is one, with a long proof.

        Returns:
            The index; None if the energy proves none.
        """
        proved = [index for index, found in self.guided.items() if found.proved]
        proved = [index for index in proved if not self.without[index].proved] or proved
        proved = [index for index in proved if _size(self.guided[index]) <= _READABLE] or proved
        return max(proved, key=lambda index: (_steps(self.guided[index]), -index), default=None)


def _size(found: FoundProof) -> int:
    return 0 if found.search is None or found.search.graph is None else len(found.search.graph.nodes)


def _steps(found: FoundProof) -> int:
    return 0 if found.search is None else len(found.search.steps)


def prove_held_out(data: ProofSteps, guide: Guide, number: int, applications: int) -> QuickProofs:
    """Prove theorems of the test split, by the same search with and without a trained guide.

    Args:
        data: The data module, set up.
        guide: The guide that has learned.
        number: Number of theorems, at most.
        applications: Tactics that may be tried for a theorem.
    """
    theorems = data.theorems("test")
    chosen = Random(0).sample(theorems, min(number, len(theorems)))
    statements = [Statement.of(theorem.statement) for theorem in chosen]

    def searched(guide: Guide) -> dict[int, FoundProof]:
        with LOGIC.environment() as logic:
            return dict(find_proofs(statements, logic, GuidedProver(guide), SearchBudget(applications), logic))

    return QuickProofs(statements, searched(SizeGuide()), searched(guide))


def main(args: Sequence[str] | None = None) -> int:
    """Prove held-out theorems, print the two rates, and write the page.

    Args:
        args: The arguments; None takes those of the process.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m lean_ebm.experiments.quickstart", description=__doc__)
    parser.add_argument("--run", type=Path, default=RUNS, help=f"the folder of the run (default: {RUNS})")
    parser.add_argument("--theorems", type=int, default=200, help="largest number of theorems (default: 200)")
    parser.add_argument(
        "--applications", type=int, default=32, help="number of tactics to try for each theorem (default: 32)"
    )
    settings = parser.parse_args(args)
    try:
        _run(settings.run, settings.theorems, settings.applications)
    except Exception as error:
        told = mistake(error)
        if told is None:
            raise
        print(f"error: {told}", file=sys.stderr)
        return 2
    return 0


def _run(folder: Path, number: int, applications: int) -> None:
    checkpoint = last_checkpoint(folder)
    if checkpoint is None:
        raise SettingError(f"{folder} has no checkpoint: run make quickstart-proofs, which trains first.")
    data = data_of(checkpoint)
    if not isinstance(data, ProofSteps):
        raise SettingError(f"{checkpoint} was trained on {type(data).__name__}: expected a run of ProofSteps.")
    data.prepare_data()
    data.setup("test")
    guide = NetworkGuide(method_of(checkpoint))
    proofs = prove_held_out(data, guide, number, applications)
    count = len(proofs.statements)
    print(f"{count} theorems that were not trained on, at most {applications} tactics tried for each:")
    for name, found in (("without learning, small goals first", proofs.without), ("with the energy", proofs.guided)):
        solved = sum(result.proved for result in found.values())
        print(f"  {name + ':':37}{solved} proved, {100 * solved / max(count, 1):.1f}%")
    index = proofs.shown()
    if index is None:
        return
    with LOGIC.environment() as logic:
        start = logic.start(proofs.statements[index]).state
        assert start is not None  # it was searched
        trace = trace_search(proofs.guided[index], GuidedProver(guide), start)
    page = checkpoint.parent.parent / "proof.html"
    write_whole(page, search_page(trace))
    print(f"The search for a proof of {trace.statement}\nis in {page}: open it in a browser.")


if __name__ == "__main__":
    sys.exit(main())
