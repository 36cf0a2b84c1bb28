"""Checks the theorems of a file separately. A theorem that uses earlier ones is checked after them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from lean_ebm.proving.judge import Judge
from lean_ebm.proving.source.files import FileEntry, LeanFile
from lean_ebm.proving.statements import Verdict


@dataclass(frozen=True)
class CheckedEntry:
    """The result for one entry of a file.

    Args:
        entry: The entry.
        verdict: The judge's verdict; None if the judge was not asked.
        problem: Why it was not asked; empty if it was.
    """

    entry: FileEntry
    verdict: Verdict | None
    problem: str = ""

    def __str__(self) -> str:
        title = self.entry.title
        if self.verdict is None:
            where = f" (line {self.entry.line})" if self.entry.name else ""
            return f"{title}{where}: not read: {self.problem}"
        if self.verdict.proved:
            return f"{title}: proved ({self.verdict.verifier})"
        return f"{title}: not proved: {self.verdict.message}"


def check_file(
    file: LeanFile,
    judge: Judge,
    header: str = "",
    progress: Callable[[int], None] = lambda _: None,
    known: Collection[str] = (),
) -> list[CheckedEntry]:
    """Let a judge check every theorem of a file.

    Args:
        file: The file.
        judge: The judge.
        header: Lean source to stand before everything that the file has.
        progress: Called with the number of entries that are done.
        known: Full names of theorems that the judge has itself, so that later ones take them from there.

    Returns:
        A result for each entry, in the order of the file.
    """
    results: dict[int, CheckedEntry] = {}
    left: list[int] = []
    for index, entry in enumerate(file.entries):
        if entry.problem:
            results[index] = CheckedEntry(entry, None, entry.problem)
        else:
            left.append(index)
    readable = {entry.name for entry in file.entries if not entry.problem}
    proved = {entry.name: False for entry in file.entries if entry.theorem and entry.name not in readable}
    while left:
        ready = [index for index in left if all(name in proved for name in file.entries[index].uses)]
        asked: list[int] = []
        for index in ready:
            entry = file.entries[index]
            if missing := [name for name in entry.uses if not proved[name]]:
                reason = f"uses the earlier theorem {missing[0]}, which is not proved"
                results[index] = CheckedEntry(entry, None, reason)
            else:
                asked.append(index)
        attempts = [file.attempt(file.entries[index], header, known) for index in asked]
        for index, verdict in zip(asked, judge.verify_many(attempts), strict=True):
            results[index] = CheckedEntry(file.entries[index], verdict)
        for index in ready:
            verdict_ = results[index].verdict
            proved[file.entries[index].name] = verdict_ is not None and verdict_.proved
        left = [index for index in left if index not in results]
        progress(len(results))
    return [results[index] for index in range(len(file.entries))]
