"""PyPantograph's REPL without processes: the stand-in of ``repl_stub.py`` in this process, with faults at random."""

import asyncio
import itertools
import json
from random import Random
from typing import ClassVar

import pytest

from lean_ebm.proving.pantograph import Pantograph, PoolSettings
from lean_ebm.proving.pantograph.repl import Repl, ReplLostError
from lean_ebm.proving.statements import Outcome
from proving.repl_stub import Server

FAULTS = ("die", "die late", "hang", "silent", "interrupt")


class LocalRepl(Repl):
    """A process that is none: the server in this one, without the pipes, that fails as its random generator says."""

    random = Random(0)
    rate = 0.0
    log: ClassVar[list] = []
    _numbers = itertools.count(10**6)

    def __init__(self):
        self.number = next(self._numbers)
        self.created = self.skipped = self.checked = 0
        self._lost = None
        self._server = Server()

    @classmethod
    async def start(cls, command, **limits):
        return cls()

    async def ask(self, command, payload, timeout):
        await asyncio.sleep(0)
        if self._lost is not None:
            raise self._lost
        fault = self.random.choice(FAULTS) if self.random.random() < self.rate else ""
        self.log.append((command, payload, fault))
        if fault in ("die", "hang"):
            raise self.lose(fault, timeout=fault == "hang")
        if fault == "interrupt" and command == "goal.tactic":
            return {"error": "internal", "desc": "interrupt"}
        answer = json.loads(json.dumps(self._server.answer(f"{command} {json.dumps(payload)}")))
        if fault == "die late":
            raise self.lose(fault)
        if fault == "silent" and command == "goal.tactic":  # the state was made, and could not be printed
            return {"error": "exception"}
        return answer

    def lose(self, reason, *, timeout=False):
        self._lost = self._lost or ReplLostError(reason, timeout=timeout)
        return self._lost

    async def close(self):
        self.lose("it was closed")


@pytest.fixture
def local(monkeypatch):
    """Environments whose processes are :class:`LocalRepl`."""
    monkeypatch.setattr("lean_ebm.proving.pantograph.pool.Repl", LocalRepl)
    monkeypatch.setattr(LocalRepl, "rate", 0.0)
    monkeypatch.setattr(LocalRepl, "log", [])
    made = []

    def environment(**settings):
        made.append(Pantograph(["none"], PoolSettings(**{"retries": 30, **settings})))
        return made[-1]

    yield environment
    for environment in made:
        environment.close()


def run(environment, statement, *tactics):
    """Apply tactics; each is a text for goal 0, or a pair of text and goal. Returns the last step."""
    step = environment.start(statement)
    assert step.outcome is Outcome.OK, step.message
    for tactic in tactics:
        text, goal = tactic if isinstance(tactic, tuple) else (tactic, 0)
        step = environment.apply(step.state, text, goal)
        assert step.state is not None, (text, step.message)
    return step
