"""Equipment whose prover misbehaves on request; other processes import this file."""

import os
import signal
import time
from pathlib import Path

from lean_ebm.proving.logic import Logic
from lean_ebm.proving.search import Prover, SearchBudget
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.suites.attempts import Equipment, Job
from lean_ebm.proving.suites.readers import own_problem


class StubProver(Prover):
    """Proves ``p → p``. What it does before depends on its seed, by which a job tells it."""

    seed = 0

    def __init__(self, folder):
        super().__init__()
        self.folder = Path(folder)

    def search(self, spent, start):
        calls = self.folder / f"calls-{self.seed}"
        with calls.open("a") as file:
            file.write("x")
        if self.seed == CRASH or (self.seed == CRASH_ONCE and calls.stat().st_size == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.seed == HANG:
            time.sleep(600)
        if self.seed == RAISE:
            raise ZeroDivisionError("a fault of the user's prover")
        if self.seed == SLOW:
            time.sleep(1.0)
        yield ("exact fun h => h" if self.seed != WRONG else "exact fun h => h.1",)


class Scripted(Prover):
    """Finds the script of an environment variable."""

    def search(self, spent, start):
        yield (os.environ["STUB_SCRIPT"],)


FINE, CRASH, CRASH_ONCE, HANG, RAISE, SLOW, WRONG = range(7)


class StubEquipment(Equipment):
    def __init__(self, folder, judge=Logic, fresh=None, second=None):
        self.folder, self._judge, self._fresh, self._second = folder, judge, fresh, second

    budget = SearchBudget(10, 5.0)
    has_project = False

    def prover(self):
        return StubProver(self.folder)

    def judge(self, problem):
        return self._judge()

    def kind(self, problem):
        return ()

    def stated(self, problem):
        return problem.statement

    def place(self, judge, statement, prover):
        return None, prover

    def fresh(self, problem):
        return self._fresh and self._fresh()

    def second(self, statement):
        return self._second and self._second()


def job(seed, name="a", attempt=1):
    return Job(own_problem(name, "all", Statement.of("(p : Prop) : p → p")), attempt, seed)
