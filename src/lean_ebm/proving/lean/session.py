"""The client of a Lean process that keeps running: :mod:`~lean_ebm.proving.lean.server`."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path

from lean_ebm.proving.child import LIBRARIES
from lean_ebm.proving.lean.messages import LeanMessage
from lean_ebm.proving.processes import MemoryWatch, ProcessFailedError, kill_group, limited

_SERVER = Path(__file__).with_name("server.py")
_TICK = 0.5  # seconds between two looks at the memory


class LeanSession:
    """Elaborates texts in a Lean process. It starts with the first text, and again after each failure.

    Args:
        libraries: Folder of Lean's shared libraries.
        module: The module that is imported.
        header: Lean source that stands above each text.
        environment: Environment variables; ``LEAN_PATH`` says where the module is.
        timeout: Seconds that a text may take.
        memory: MiB of resident memory that the process may use; 0 for any amount.
    """

    def __init__(
        self, libraries: Path, module: str, header: str, environment: dict[str, str], timeout: float, memory: int
    ) -> None:
        program = [sys.executable, "-I", "-S", str(_SERVER), module, *(str(libraries / name) for name in LIBRARIES)]
        self._command = limited(memory, ["exec", *program])
        self._environment, self._header, self._timeout, self._memory = environment, header, timeout, memory
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: MemoryWatch | None = None
        self._unread = b""

    def messages(self, text: str) -> list[LeanMessage]:
        """Let Lean elaborate a text.

        Args:
            text: Lean source without imports.

        Returns:
            Lean's messages, their lines counted from 0 at the start of the text.

        Raises:
            ProcessFailedError: If the process died or was killed at a limit. The next text gets a new one.
        """
        end = time.monotonic() + self._timeout
        try:
            if self._process is None:
                self._start()
                self._answer(end)
            assert self._process is not None and self._process.stdin is not None
            self._process.stdin.write(f"{json.dumps(self._header + text)}\n".encode())
            self._process.stdin.flush()
            entries = json.loads(self._answer(end))
        except (OSError, ValueError) as error:
            self.close()
            raise ProcessFailedError(f"it died: {error}") from error
        except BaseException:
            self.close()
            raise
        above = self._header.count("\n") + 1
        return [
            LeanMessage(entry["severity"], entry["data"], entry["pos"]["line"] - above, entry["pos"]["column"])
            for entry in entries
        ]

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            kill_group(process.pid)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                with contextlib.suppress(OSError):  # what was not written yet is for a process that has ended
                    pipe.close()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment,
            start_new_session=True,
            bufsize=-1,
        )
        self._watch = MemoryWatch(self._process.pid)
        self._unread = b""

    def _answer(self, end: float) -> bytes:
        """Wait for a line of the process."""
        assert self._process is not None and self._process.stdout is not None and self._watch is not None
        parts = [self._unread]
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in parts[-1]:
                left = end - time.monotonic()
                if left <= 0:
                    raise ProcessFailedError(f"it ran for more than {self._timeout:.3g} seconds", timeout=True)
                if selector.select(min(left, _TICK)):
                    part = os.read(self._process.stdout.fileno(), 1 << 16)
                    if not part:
                        raise ProcessFailedError("it died")
                    parts.append(part)
                if self._memory and (used := self._watch.used()) > self._memory:
                    raise ProcessFailedError(f"it used {used} MiB of memory, more than the {self._memory} MiB it may")
        line, _, self._unread = b"".join(parts).partition(b"\n")
        return line
