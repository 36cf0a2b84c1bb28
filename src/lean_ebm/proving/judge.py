"""The interface of judges, which check whole scripts. Only a judge may say "proved"."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from lean_ebm.proving.statements import Attempt, Statement, Verdict


class Judge(ABC):
    """Checks whole scripts.

    :meth:`verify` does not raise for a bad script: it returns a verdict that says what is wrong with it. A judge is a
    context manager that closes itself.
    """

    @abstractmethod
    def verify(self, statement: Statement, script: str) -> Verdict:
        """Check the whole script from the statement. Nothing else may say "proved"."""

    def verify_many(self, attempts: Sequence[Attempt]) -> list[Verdict]:
        """Check many scripts independently. The verdicts are in the order of the attempts.

        Judges that can check several at a time override this.
        """
        return [self.verify(*attempt) for attempt in attempts]

    def close(self) -> None:  # noqa: B027 - a judge without resources has none to free
        """End the processes of the judge. May be called twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
