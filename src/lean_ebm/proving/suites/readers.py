"""Readers of published benchmarks: folders of Lean files, JSON lines, tasks with regions."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

from lean_ebm.errors import SettingError
from lean_ebm.proving.files import read_lines
from lean_ebm.proving.lexer import SyntaxProblem
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.suites.problem import Problem, ProofPlace
from lean_ebm.proving.suites.sources import SourceTheorem, source_theorems

_MARKER = re.compile(r"^[ \t]*-- !benchmark @(start|end) proof[ \t]*(?:\r?\n|\Z)", re.MULTILINE)


def read_minif2f(path: Path) -> list[Problem]:
    """Read miniF2F: a folder of Lean files, or JSON lines with ``name``, ``split``, ``formal_statement``, ``header``.

    Args:
        path: The folder, or the file. The folder in which a Lean file lies is its split (``Test``, ``Valid``).

    Raises:
        SettingError: If there is nothing to read, or something cannot be read; says which file or line.
    """
    if path.is_file():
        return _checked(path, list(_json_problems(path)))
    found = []
    for file, theorem in _open_theorems(path):
        found.append(_problem(theorem, theorem.name or file.stem, file.parent.name.lower()))
    return _checked(path, found)


def read_lean_folder(path: Path) -> list[Problem]:
    """Read a folder of Lean files, like VeriBench: the problems are theorems whose proof has ``sorry``.

    Args:
        path: The folder. The first folder in it on the way to a file is the file's split.

    Raises:
        SettingError: If there is nothing to read, or a file cannot be read; says which one.
    """
    found = []
    for file, theorem in _open_theorems(path):
        inside = file.relative_to(path)
        name = f"{inside.with_suffix('').as_posix()}:{theorem.name or f'line {theorem.line}'}"
        found.append(_problem(theorem, name, inside.parts[0] if len(inside.parts) > 1 else "all"))
    return _checked(path, found)


def read_verina(path: Path) -> list[Problem]:
    """Read Verina: folders with ``task.json`` and ``task.lean``. The proof is between two markers.

    What stands above the theorem is trusted: the code that is given, and the definitions of what it should do. A proof
    that stands between the markers is the reference. The level in a task's name (``basic``, ``advanced``) is its split.

    Args:
        path: A folder above those of the tasks.

    Raises:
        SettingError: If there is nothing to read, or a task cannot be read; says which one.
    """
    found = []
    for file in _files(path, "task.lean"):
        try:
            name = str(json.loads(_text(file.with_name("task.json")))["id"])
        except (ValueError, KeyError, TypeError) as error:
            raise SettingError(f"{file.with_name('task.json')}: expected a JSON object with an id.") from error
        found.append(_task(file, name))
    return _checked(path, found)


def read_theorems(path: Path) -> list[Problem]:
    """Read JSON lines with a ``statement`` each, as ``lean-ebm theorems`` writes them.

    Raises:
        SettingError: If the file cannot be read.
    """
    found = []
    for number, record in enumerate(read_lines(path), 1):
        statement = Statement.of(record["statement"])
        script = record.get("script")
        found.append(
            own_problem(f"theorem_{number}", str(record.get("split", "all")), statement, script if script else "")
        )
    return found


def own_problem(name: str, split: str, statement: Statement, reference: str = "") -> Problem:
    """Make a problem from a statement without Lean source.

    Args:
        name: Its name.
        split: Its split.
        statement: The statement.
        reference: A proof of it; empty for none.
    """
    head = statement.theorem(re.sub(r"\W", "_", name), "").rstrip()
    return Problem(name, split, statement, ProofPlace(head, "\n  sorry", "\n"), reference=reference)


def _task(file: Path, name: str) -> Problem:
    text = _text(file)
    marks = list(_MARKER.finditer(text))
    if [mark[1] for mark in marks] != ["start", "end"]:
        raise SettingError(f"{file}: expected one line '-- !benchmark @start proof' and one '@end proof' after it.")
    begin, end = marks[0].end(), marks[1].start()
    theorem = _theorems(text[:begin], file)[-1:]
    if not theorem or not theorem[0].is_open:
        raise SettingError(f"{file}: expected a theorem that ends with ':= by' above the marker of the proof.")
    region = text[begin:end]
    place = ProofPlace(text[:begin], region, text[end:], lead="", tail="\r\n" if region.endswith("\r\n") else "\n")
    given = dedent(region.replace("\r\n", "\n")).strip()
    level = re.fullmatch(r"verina_([a-z]+)_\d+", name)
    problem = _problem(theorem[0], name, level[1] if level else "all")
    return replace(problem, place=place, reference="" if re.search(r"\bsorry\b", given) else given)


def _json_problems(path: Path) -> Iterator[Problem]:
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            record: Any = json.loads(line)
            name, split, stated = (str(record[key]) for key in ("name", "split", "formal_statement"))
            header = str(record.get("header") or "")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingError(
                f"{where}: expected a JSON object with name, split, formal_statement and header, found {line:.60}"
            ) from error
        text = header if not header or header.endswith("\n") else f"{header}\n"
        theorems = [theorem for theorem in _theorems(text + stated, where) if theorem.is_open]
        if not theorems:
            raise SettingError(f"{where}: expected a theorem without a proof in formal_statement.")
        yield _problem(theorems[-1], name, split)


def _problem(theorem: SourceTheorem, name: str, split: str) -> Problem:
    return Problem(name, split, theorem.statement, theorem.place, theorem.imports, theorem.axioms)


def _open_theorems(path: Path) -> Iterator[tuple[Path, SourceTheorem]]:
    """The theorems without a proof of all Lean files of a folder, in the order of the files' names."""
    for file in _files(path, "*.lean"):
        for theorem in _theorems(_text(file), file):
            if theorem.is_open:
                yield file, theorem


def _theorems(text: str, where: object) -> list[SourceTheorem]:
    try:
        return source_theorems(text)
    except SyntaxProblem as problem:
        raise SettingError(f"{where}: {problem}.") from problem


def _files(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder by their names; not those in hidden folders, where Lake keeps the packages of a project."""
    if not folder.is_dir():
        raise SettingError(f"There is no folder {folder}: name the folder of the benchmark by --data.")
    found = sorted(folder.rglob(pattern))
    return [file for file in found if not any(part.startswith(".") for part in file.relative_to(folder).parts)]


def _text(file: Path) -> str:
    """The text of a file with its line ends as they are."""
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise SettingError(f"Cannot read {file}: {reason}.") from error


def _checked(path: Path, problems: list[Problem]) -> list[Problem]:
    if not problems:
        raise SettingError(f"{path} has no theorem whose proof is missing: name the folder of the benchmark by --data.")
    repeated = [name for name, count in Counter(problem.name for problem in problems).items() if count > 1]
    if repeated:
        raise SettingError(f"{path} has several problems with the name {repeated[0]}: expected each name once.")
    return problems
