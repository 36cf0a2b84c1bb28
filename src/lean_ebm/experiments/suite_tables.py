"""Tables of results on suites: one run a split, and runs compared problem by problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lean_ebm.errors import SettingError
from lean_ebm.experiments.tables import Estimate, table
from lean_ebm.proving.suites.attempts import DISPUTED, LOST, NEEDS, UNREAD, AttemptRecord
from lean_ebm.proving.suites.estimates import Interval, difference, pass_at, share
from lean_ebm.proving.suites.results import Results, by_problem

_KS = (1, 8, 32, 128, 512)  # numbers of attempts that tables have, beside all of them

_FEW = 50  # problems of a split for which an interval says little


def named(results: Results) -> str:
    """The name of a run: its prover and its file."""
    return f"{results.run['prover']} ({results.path.name})"


def shown_ks(results: Results) -> list[int]:
    """The values of k for which pass@k is shown. After an early stop only k = all attempts can be estimated."""
    attempts = int(results.run["attempts"])
    if results.run["stop_early"]:
        return [attempts]
    return sorted({k for k in _KS if k < attempts} | {attempts})


def passes(results: Results, k: int, split: str = "") -> dict[str, float]:
    """The estimate of pass@k for each problem that could be tried.

    Args:
        results: The results.
        k: Number of attempts.
        split: The split; empty for all.
    """
    found = {}
    for problem, attempts in by_problem(results.records).items():
        if attempts[0].tried and split in ("", attempts[0].split):
            proved = sum(record.proved for record in attempts)
            whole = results.run["stop_early"]  # the attempts ended with the first proof
            found[problem] = float(proved > 0) if whole else pass_at(min(k, len(attempts)), len(attempts), proved)
    return found


def summary(results: Results) -> str:
    """The table of a run: a line for each split, and the budget above it."""
    splits = list(dict.fromkeys(record.split for record in results.records))
    ks = shown_ks(results)
    header = ["split", "problems", *_strange(results), "tried", "solved", *(f"pass@{k}" for k in ks)]
    rows = [_row(results, split, ks) for split in splits]
    if len(splits) > 1:
        rows.append(_row(results, "", ks))
    return f"{budget(results)}\n\n{table([*header, 'applications', 'evaluations', 'seconds'], rows)}"


def budget(results: Results) -> str:
    """Describe the budget and judge of a run, and the columns of :func:`summary`."""
    run = results.run
    evaluations = "any number of" if run["evaluations"] is None else run["evaluations"]
    early = ", fewer if one proves it" if run["stop_early"] else ""
    texts = [
        f"{run['suite']} by {run['prover']}. Attempts at a problem: {run['attempts']}{early}. Limits of an attempt: "
        f"{run['applications']} applications of tactics, {evaluations} evaluations, {run['seconds']:g} seconds."
    ]
    proofs = [record for record in results.records if record.proved]
    if proofs:
        verifiers = ", ".join(dict.fromkeys(record.verifier for record in proofs))
        seconds = [record.second for record in proofs if record.second]
        second = f"; {len(seconds)} of {len(proofs)} also by {', '.join(dict.fromkeys(seconds))}" if seconds else ""
        texts.append(f"Proofs were checked by {verifiers}{second}.")
    if any(not record.tried for record in results.records):
        texts.append("pass@k is over the problems that could be tried.")
    texts.append("The last columns are means of an attempt.")
    texts.append(f"Versions: {', '.join(f'{name} {version}' for name, version in run['versions'].items())}.")
    if not results.complete:
        texts.append(f"**Not complete: {len(results.records)} attempts were made so far.**")
    return " ".join(texts)


def _strange(results: Results) -> list[str]:
    """The outcomes of a run that have a column of their own only if there are some."""
    there = {record.outcome for record in results.records}
    return [outcome for outcome in (NEEDS, UNREAD, LOST, DISPUTED) if outcome in there]


def _row(results: Results, split: str, ks: Sequence[int]) -> list[str]:
    attempts = {
        problem: records for problem, records in by_problem(results.records).items() if split in ("", records[0].split)
    }
    strange = [sum(any(record.outcome == outcome for record in records) for records in attempts.values())
               for outcome in _strange(results)]  # fmt: skip
    tried = [record for records in attempts.values() for record in records if record.tried]
    solved = sum(any(record.proved for record in records) for records in attempts.values())
    count = len({record.problem for record in tried})
    rates = [_estimate(share(values)) if (values := list(passes(results, k, split).values())) else "-" for k in ks]
    means = [_used(tried, name) for name in ("applications", "evaluations", "seconds")]
    numbers = [len(attempts), *strange, count, solved]
    return [split or "all", *map(str, numbers), *rates, *means]


def _used(records: Sequence[AttemptRecord], name: str) -> str:
    """The mean of what attempts used."""
    if not records:
        return "-"
    mean = sum(getattr(record, name) for record in records) / len(records)
    return f"{mean:.3f}" if name == "seconds" else f"{mean:.0f}"


def used(results: Results, name: str) -> str:
    """The mean costs of an attempt.

    Args:
        results: The results.
        name: ``applications``, ``evaluations`` or ``seconds``.
    """
    return _used([record for record in results.records if record.tried], name)


def checked(results: Results) -> str:
    """How many proofs a second judge has checked as well, and how many of them it refused."""
    asked = [record for record in results.records if record.second]
    refused = sum(record.outcome == DISPUTED for record in asked)
    return f"{len(asked)}, {refused} refused" if asked else "0"


def solved_by_split(results: Results, splits: Sequence[str]) -> list[str]:
    """For each split the share of proved problems with its interval; for few problems the number.

    Args:
        results: The results.
        splits: The splits.
    """
    found = []
    for split in splits:
        values = list(passes(results, int(results.run["attempts"]), split).values())
        few = len(values) < _FEW
        found.append(f"{sum(values):.0f} of {len(values)}" if few else _estimate(share(values)))
    return found


def comparison(all_results: Sequence[Results]) -> str:
    """Compare runs with the first run, on the problems that both could try.

    Args:
        all_results: Two runs or more on the same problems.

    Raises:
        SettingError: If they are on different problems.
    """
    first, *others = all_results
    rows = []
    for other in others:
        if other.run["fingerprint"] != first.run["fingerprint"]:
            raise SettingError(
                f"{other.path} and {first.path} are results on different problems, so that they cannot be compared: "
                "expected the same suite, data, --problems and --split."
            )
        k = min(int(results.run["attempts"]) for results in (first, other))
        early = any(results.run["stop_early"] and results.run["attempts"] != k for results in (first, other))
        if early:
            raise SettingError(
                f"{other.path} and {first.path} have different numbers of attempts, and --stop-early leaves only that "
                "of all attempts to compare."
            )
        before, after = passes(first, k), passes(other, k)
        both = [problem for problem in before if problem in after]
        if not both:
            rows.append([named(other), f"pass@{k}", "0", "-", "-", "-", "-", "-"])
            continue
        values = [before[problem] for problem in both], [after[problem] for problem in both]
        gained = sum(there > here for here, there in zip(*values, strict=True))
        lost = sum(there < here for here, there in zip(*values, strict=True))
        means = [f"{sum(part) / len(part):.3f}" for part in values]
        change = _estimate(difference(*values), signed=True)
        rows.append([named(other), f"pass@{k}", str(len(both)), *means, change, str(gained), str(lost)])
    header = ["run", "", "problems", named(first), "this run", "difference", "better on", "worse on"]
    return table(header, rows)


def _estimate(interval: Interval, signed: bool = False) -> str:
    return Estimate(*interval).text(signed=signed)


def same_budget(all_results: Sequence[Results]) -> bool:
    """Whether runs have the same budget; otherwise a difference says nothing about the provers."""
    keys = ("attempts", "applications", "evaluations", "seconds")
    budgets: list[list[Any]] = [[results.run[key] for key in keys] for results in all_results]
    return all(each == budgets[0] for each in budgets)
