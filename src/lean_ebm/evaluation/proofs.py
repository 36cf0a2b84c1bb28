"""Evaluates a method on states of proofs: the tactics that it chooses, and its values of goals."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from random import Random

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from lean_ebm.data import ProofSteps
from lean_ebm.data.proofs import GoalBatch, LabelledTactics
from lean_ebm.energy import LanguageModelEnergy, LanguageModelLikelihood
from lean_ebm.evaluation.answers import spearman
from lean_ebm.evaluation.judgement import wrong_auroc
from lean_ebm.evaluation.language import chain_figures
from lean_ebm.evaluation.results import Effort, EvaluationResult
from lean_ebm.evaluation.trees import tree_picture
from lean_ebm.guides import NetworkGuide
from lean_ebm.methods import Method
from lean_ebm.proving import GuidedProver, SearchBudget, Statement
from lean_ebm.proving.search import Guide, Search
from lean_ebm.proving.steps.sources import Benchmark

APPLICATIONS = 64
"""Tactics that a search may try for a theorem."""

FAR = 3
"""Steps left from which on a goal counts as far from its end."""


@torch.no_grad()
def evaluate_proofs(data: ProofSteps, method: Method, split: str, effort: Effort) -> EvaluationResult:
    """Compute every figure of a method that chooses tactics.

    Args:
        data: The data module, set up.
        method: The trained method.
        split: ``val`` or ``test``.
        effort: ``num_samples`` is the number of states, ``theorems`` that of theorems to prove.

    Returns:
        Figures over goals that have a proof, none of which was trained on:

        * ``top_1``: how often the best of all tactics that are listed begins a shortest proof that was found;
          ``top_1_far``, the same where at least three tactics are left; ``top_1_chance``, if one is drawn at random;
        * ``chain_top_1``: the same if the tactic is the one whose embedding is nearest to the end of a chain of the
          method's own sampler; of a language model also what the texts are in which chains end, see
          :func:`.chain_figures`; not of a policy that writes tactics;
        * ``value_rank``: rank correlation of the values of goals and the tactics that are left.

        And over goals to which wrong turns led: ``dead_auroc``, the probability that one without a proof has a higher
        value than one with a proof. ``goal_milliseconds`` is the time for a goal with its tactics. If there are
        theorems to prove, also the figures and the picture of :func:`prove_theorems`, and of the test split
        ``solved_NAME``, the share of the statements of each benchmark of the world that was proved, as
        :func:`prove_benchmark` does it.
    """
    proved = prove_theorems(data, method, split, effort.theorems, effort.seed)
    benchmarks = data.benchmarks(effort.theorems) if split == "test" and effort.theorems else {}
    solved = {name: prove_benchmark(benchmark, NetworkGuide(method)) for name, benchmark in benchmarks.items()}
    shares = {f"solved_{name}": sum(values) / len(values) for name, values in solved.items()}
    proved = replace(proved, figures=proved.figures | shares)
    if not effort.num_samples:
        return replace(proved, values=solved)
    seconds = 0.0
    count = 0
    generator = torch.Generator(method.device).manual_seed(effort.seed)
    columns: dict[str, list[Tensor]] = {}
    for cpu_batch in data.sample(split, effort.num_samples, effort.seed, effort.batch_size):
        tactics, goals = apply_to_collection(cpu_batch, Tensor, lambda part: part.to(method.device))
        start = time.perf_counter()
        energies, _, values = method.assess(goals, tactics)
        values.cpu()  # waits for the accelerator
        seconds += time.perf_counter() - start
        count += len(values)
        found = {
            "right": _right(tactics, energies),
            **_chains(method, tactics, goals, energies, generator),
            "chance": tactics.right.sum(dim=1) / tactics.mask.sum(dim=1),
            "value": values,
            "left": tactics.left,
            "turn": tactics.turn,
        }
        for name, column in found.items():
            columns.setdefault(name, []).append(column.cpu())
    whole = {name: torch.cat(parts) for name, parts in columns.items()}
    left, turn, values = whole["left"], whole["turn"], whole["value"]
    live = left.isfinite()
    figures = {
        "top_1": _mean(whole["right"][live]),
        "top_1_far": _mean(whole["right"][live & (left >= FAR)]),
        "top_1_chance": _mean(whole["chance"][live]),
        **{name: _mean(column[live]) for name, column in whole.items() if name.startswith("chain_")},
        "value_rank": float(spearman(values[live], left[live])),
        "dead_auroc": wrong_auroc(values[turn], ~live[turn]),
        "goal_milliseconds": 1000 * seconds / max(count, 1),
    }
    return replace(proved, figures=figures | proved.figures, values=solved)


def prove_theorems(data: ProofSteps, method: Method, split: str, number: int, seed: int) -> EvaluationResult:
    """Prove theorems of a split in parallel, with the method as the guide of a search (and-or-best-first).

    Args:
        data: The data module, set up.
        method: The trained method.
        split: ``val`` or ``test``.
        number: Number of theorems, drawn at random; all of them if there are not as many. 0: none.
        seed: Seed of the draw.

    Returns:
        The figures ``solved``, the share that was proved with at most 64 applications of tactics, by the judge's
        verdict, and ``theorems_per_second``; and the picture ``search``, what the search for a proof of the first
        theorem found, see :func:`.tree_picture`. Nothing if there are no theorems to prove.
    """
    theorems = Random(seed).sample(found := data.theorems(split), min(number, len(found))) if number else []
    if not theorems:
        return EvaluationResult()
    statements = [Statement.of(theorem.statement) for theorem in theorems]
    begun = time.perf_counter()
    world = data.world()
    with world.environment() as environment:
        prover = GuidedProver(NetworkGuide(method), world=world)
        results = dict(prover.prove_many(environment, statements, SearchBudget(applications=APPLICATIONS)))
    seconds = time.perf_counter() - begun
    solved = sum([result.proved for result in results.values()])
    graph = results[0].graph
    return EvaluationResult(
        {"solved": solved / len(theorems), "theorems_per_second": len(theorems) / seconds},
        pictures={} if graph is None else {"search": tree_picture(graph)},
    )


def prove_benchmark(benchmark: Benchmark, guide: Guide, search: Search | None = None) -> list[float]:
    """Prove the statements of a benchmark in parallel.

    Args:
        benchmark: The statements, with the limit for each.
        guide: The guide of the search.
        search: The search. None: and-or-best-first.

    Returns:
        For each statement, 1 if it was proved, as the world's judge says, and else 0.
    """
    statements, applications, world = benchmark
    with world.environment() as environment:
        prover = GuidedProver(guide, search, world=world)
        results = dict(prover.prove_many(environment, statements, SearchBudget(applications, seconds=math.inf)))
    return world.confirmed(statements, results)


def _right(tactics: LabelledTactics, energies: Tensor) -> Tensor:
    """Whether the tactic of the lowest energy is right, ``(B,)`` float32."""
    return tactics.right.gather(1, energies.argmin(dim=1, keepdim=True)).squeeze(1).float()


def _chains(
    method: Method, tactics: LabelledTactics, goals: GoalBatch, energies: Tensor, generator: torch.Generator
) -> dict[str, Tensor]:
    """Figures ``(B,)`` of the ends of chains by name, as far as the network has chains."""
    if isinstance(method.energy, LanguageModelLikelihood):
        return {}
    if isinstance(method.energy, LanguageModelEnergy):
        found = chain_figures(method, tactics, goals, energies, generator)
    else:
        found = {"top_1": _right(tactics, _distances(method, tactics, goals, generator))}
    return {f"chain_{name}": column for name, column in found.items()}


def _distances(method: Method, tactics: LabelledTactics, goals: GoalBatch, generator: torch.Generator) -> Tensor:
    """The squared distances ``(B, K)`` of the embeddings of tactics to the ends of chains."""
    ends = method.generate(goals, generator=generator).x
    points = method.listed_points(tactics, method.energy.encode(goals))
    distances = (points - ends[:, None]).square().flatten(2).sum(dim=2)
    return distances.masked_fill(~tactics.mask, torch.inf)


def _mean(values: Tensor) -> float:
    return float(values.double().mean())
