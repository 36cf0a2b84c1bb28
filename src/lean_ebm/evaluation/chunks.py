"""Evaluates a method on chunks of tactics: how often samplers find good chunks, and at what cost."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from lean_ebm.data import ProofChunks
from lean_ebm.data.proofs import GoalBatch, LabelledChunks
from lean_ebm.errors import SettingError
from lean_ebm.evaluation.answers import spearman
from lean_ebm.evaluation.judgement import wrong_auroc
from lean_ebm.evaluation.results import Effort, EvaluationResult
from lean_ebm.methods import ChunkPolicy, ChunkRanking, Method
from lean_ebm.methods.chunk_policy import PolicyChunks
from lean_ebm.methods.chunk_samplers import ChunkSampler, Draws, GibbsChunks, LangevinChunks, RandomChunks, Uniforms
from lean_ebm.methods.listed import free_energy
from lean_ebm.methods.slots import problem_of

BUDGETS = (50, 150, 500, 2000)
"""Evaluations for a goal."""

SAMPLERS: dict[str, ChunkSampler] = {
    "random": RandomChunks(2000),
    "gibbs": GibbsChunks(chains=8, gradients=False),
    "gradient_gibbs": GibbsChunks(chains=56),
    "langevin": LangevinChunks(chains=44),
    "langevin_decoded": LangevinChunks(chains=44, decoded=True),
}
"""The samplers that need no learned proposals, with as many chains as the largest budget allows."""

_BATCH = 16  # goals at once, since exact Gibbs sampling holds all tactics of a slot for each chain


@torch.no_grad()
def evaluate_chunks(data: ProofChunks, method: Method, split: str, effort: Effort) -> EvaluationResult:
    """Compute every figure of a method that chooses chunks of tactics.

    Args:
        data: The data module, set up.
        method: The trained method, :class:`.ChunkRanking` or :class:`.ChunkPolicy`.
        split: ``val`` or ``test``.
        effort: ``num_samples`` is the number of states.

    Returns:
        Of an energy the figures of :func:`measure_samplers` with :data:`SAMPLERS`. Of a policy ``sampled``, the share
        of goals for which one sample is good, and ``most_likely``, that for which the first of a beam of 16 is.

    Raises:
        SettingError: If the method does not choose chunks.
    """
    if isinstance(method, ChunkRanking):
        return EvaluationResult(measure_samplers(data, method, SAMPLERS, split, effort))
    if not isinstance(method, ChunkPolicy):
        raise SettingError(f"{type(method).__name__} does not choose chunks: ChunkRanking and ChunkPolicy do.")
    generator = torch.Generator().manual_seed(effort.seed)
    right: dict[str, list[Tensor]] = {"sampled": [], "most_likely": []}
    for known, goals in _batches(data, method, split, effort):
        problem = problem_of(method.energy, goals, known)
        live = known.good.any(dim=1)
        for name, sampler in (("sampled", PolicyChunks(method, 1)), ("most_likely", PolicyChunks(method, 16, True))):
            draws = sampler.draw(method.energy, problem, _uniforms(known, generator))
            right[name].append(is_good(known, draws.chunks[:, :1]).squeeze(1)[live])
    return EvaluationResult({name: float(torch.cat(parts).double().mean()) for name, parts in right.items()})


@torch.no_grad()
def measure_samplers(
    data: ProofChunks, method: ChunkRanking, samplers: dict[str, ChunkSampler], split: str, effort: Effort
) -> dict[str, float]:
    """Measure how often samplers find good chunks.

    A chunk is good if it is one of those of the data: it applies and stays on a shortest proof that is known.

    Args:
        data: The data module, set up.
        method: The method, whose energy chooses the best chunk that was found.
        samplers: The samplers by name.
        split: ``val`` or ``test``.
        effort: ``num_samples`` is the number of states.

    Returns:
        Over goals that have a proof, for each sampler and each budget N of :data:`BUDGETS`: ``NAME_N``, the share in
        which the chunk of lowest energy that was found is good, if each comparison counts as an evaluation;
        ``NAME_N_weighed``, if it counts as what it costs, :attr:`.SlotEnergy.comparison`; ``NAME_N_free``, if it costs
        nothing; and
        ``NAME_missed``, the share in which after the largest budget a good chunk has a lower energy than all that was
        found, so that the sampler is the limit and not the energy. For ``gradient_gibbs`` also ``value_rank`` and
        ``dead_auroc`` of values over the chunks that were found, as :func:`.evaluate_proofs` has them.
    """
    generator = torch.Generator().manual_seed(effort.seed)
    columns: dict[str, list[Tensor]] = {}
    for known, goals in _batches(data, method, split, effort):
        problem = problem_of(method.energy, goals, known)
        live = known.good.any(dim=1)
        lowest = problem.energies(method.energy, known.chunks.clamp(min=0)).masked_fill(~known.good, torch.inf)
        for name, sampler in samplers.items():
            draws = sampler.draw(method.energy, problem, _uniforms(known, generator))
            for budget in BUDGETS:
                for suffix, comparison in (("", 1.0), ("_weighed", method.energy.comparison), ("_free", 0.0)):
                    costs = draws.costs(comparison)
                    found = is_good(known, best_within(draws, costs, budget)[:, None]).squeeze(1)
                    columns.setdefault(f"{name}_{budget}{suffix}", []).append(found[live])
            least = draws.energies.masked_fill(draws.evaluations > BUDGETS[-1], torch.inf)
            if known.chunks.shape[1]:
                missed = lowest.amin(dim=1) < least.amin(dim=1) - 1e-4
                columns.setdefault(f"{name}_missed", []).append(missed[live])
            if name == "gradient_gibbs":
                columns.setdefault("value", []).append(free_energy(once(draws, least), method.temperature))
                columns.setdefault("left", []).append(known.left)
                columns.setdefault("turn", []).append(known.turn)
    whole = {name: torch.cat(parts) for name, parts in columns.items()}
    figures = {}
    if "value" in whole:
        value, left, turn = (whole.pop(name) for name in ("value", "left", "turn"))
        live = left.isfinite()
        figures = {
            "value_rank": float(spearman(value[live], left[live])),
            "dead_auroc": wrong_auroc(value[turn], ~live[turn]),
        }
    return {name: float(column.double().mean()) for name, column in whole.items()} | figures


def _batches(
    data: ProofChunks, method: Method, split: str, effort: Effort
) -> Iterator[tuple[LabelledChunks, GoalBatch]]:
    for batch in data.sample(split, effort.num_samples, effort.seed, _BATCH):
        known, goals = apply_to_collection(batch, Tensor, lambda part: part.to(method.device))
        yield known, goals


def _uniforms(known: LabelledChunks, generator: torch.Generator) -> Uniforms:
    """Random numbers from one generator, on the device of the goals."""
    size, device = len(known.left), known.left.device
    return lambda _, count: torch.rand(size, count, generator=generator).clamp(1e-6, 1 - 1e-6).to(device)


def best_within(draws: Draws, costs: Tensor, budget: int) -> Tensor:
    """The chunk ``(B, 3)`` with the lowest energy that was found within a budget; -1 if none was found."""
    within = costs <= budget
    best = draws.energies.masked_fill(~within, torch.inf).argmin(dim=1)
    chunks = draws.chunks[torch.arange(len(best), device=best.device), best]
    return chunks.masked_fill(~within.any(dim=1, keepdim=True), -1)


def ended(chunks: Tensor, done: Tensor) -> Tensor:
    """Fill chunks ``(B, C, 3)`` with ``done`` behind their first ``done``, whose numbers are ``(B,)``."""
    over = (chunks[:, :, 1] == done[:, None])[:, :, None] & (torch.arange(3, device=chunks.device) == 2)
    return torch.where(over, done[:, None, None], chunks)


def is_good(known: LabelledChunks, chunks: Tensor) -> Tensor:
    """Which chunks ``(B, C, 3)`` are among the good ones of the data, ``(B, C)`` bool."""
    same = ended(chunks, known.mask.sum(dim=1) - 1)[:, :, None] == known.chunks[:, None]
    return (same.all(dim=3) & known.good[:, None]).any(dim=2)


def once(draws: Draws, energies: Tensor) -> Tensor:
    """Energies ``(B, N)`` with infinity in place of chunks that were found before."""
    seen = energies.clone()
    size = int(draws.chunks.max()) + 1 if draws.chunks.numel() else 1
    keys = (draws.chunks[:, :, 0] * size + draws.chunks[:, :, 1]) * size + draws.chunks[:, :, 2]
    order = keys.argsort(dim=1, stable=True)
    ordered = keys.gather(1, order)
    repeated = torch.zeros_like(ordered, dtype=torch.bool)
    repeated[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    return seen.masked_fill(torch.zeros_like(repeated).scatter(1, order, repeated), torch.inf)
