"""Statements, tactics and faults for the tests of the Pantograph, and environments that fail as planned."""

import json
import os
import sys
import time
from collections import deque
from pathlib import Path

from lean_ebm.proving.pantograph import Pantograph, PoolSettings
from lean_ebm.proving.statements import Outcome, Request, Statement

SERVE = [sys.executable, str(Path(__file__).with_name("repl_stub.py"))]
FAULTY = [sys.executable, str(Path(__file__).with_name("faulty_repl.py"))]
SWAP = Statement.of("(p q : Prop) : p ∧ q → q ∧ p")
PROOF = "intro h\nexact ⟨h.2, h.1⟩"
FAULTS = (
    "hang",
    "exit",
    "exit after answer",
    "kill",
    "garbage",
    "binary",
    "no object",
    "partial, hang",
    "partial, exit",
    "memory",
    "stderr",
    "wrong ids",
    "twice",
    "stale",
)
TACTICS = (
    "intro h",
    "intro k",
    "constructor",
    "left",
    "right",
    "assumption",
    "cases h with\n| inl a => exact Or.inr a\n| inr b => exact Or.inl b",
    "exact h.1",
    "exact h.2",
    "exact k h",
    "exact h k",
    "apply h",
    "contradiction",
    "nonsense",
)
STATEMENTS = {
    "(p q : Prop) : p ∧ q → q ∧ p": True,
    "(p q : Prop) : p ∨ q → q ∨ p": True,
    "(p q r : Prop) : (p → q ∧ r) → p → q ∧ r": True,
    "(p : Prop) : p → ¬¬p": True,
    "(p : Prop) : ¬¬p → p": False,
    "(p q : Prop) : p ∨ q → p ∧ q": False,
}


def faulty(folder, plan, **settings):
    """An environment whose processes fail as planned: ``{number of the command: fault}``."""
    (folder / "plan.json").write_text(json.dumps(plan))
    limits = {"timeout": 0.6, "tactic_timeout": 0.5, "verify_timeout": 0.5, "start_timeout": 4.0}
    pool = {**limits, "memory": 200, "retries": 3, **settings}
    return Pantograph([*FAULTY, str(folder)], PoolSettings(**pool))


def search(environment, statement, depth=4):
    """Try all tactics in all states, breadth first; returns every state's goals, and the first script that solves."""
    start = environment.start(statement)
    assert start.outcome is Outcome.OK, start.message
    seen, script = [], None
    queue = deque([(start.state, ())])
    while queue:
        state, tactics = queue.popleft()
        steps = environment.apply_many([Request(state, tactic) for tactic in TACTICS])
        for tactic, step in zip(TACTICS, steps, strict=True):
            assert step.outcome not in (Outcome.CRASH, Outcome.TIMEOUT), step.message
            path = (*tactics, tactic)
            seen.append((path, step.outcome, step.state.goals if step.state else None))
            if step.outcome is Outcome.SOLVED:
                return seen, "\n".join(path)
            if step.outcome is Outcome.OK and len(path) < depth:
                queue.append((step.state, path))
    return seen, script


def state_of(pid):
    """The letter that the system gives for the state of a process: Z for a zombie, empty if there is none."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def assert_gone(folder):
    """Assert that all processes were reaped, and that the processes they started ended; returns their number."""
    pids = (folder / "pids").read_text().split()
    assert not any(map(state_of, pids))
    helpers = (folder / "helpers").read_text().split() if (folder / "helpers").exists() else []
    deadline = time.monotonic() + 5  # these are for the system to reap
    while any(state_of(pid) not in ("", "Z") for pid in helpers) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {state_of(pid) for pid in helpers} <= {"", "Z"}
    return len(pids)


def kill(environment):
    """Kill the processes and wait until that is noticed."""
    for slot in environment._client.pool.slots:
        if slot.repl is not None:
            os.kill(slot.repl._process.pid, 9)
            deadline = time.monotonic() + 30
            while slot.repl.alive and time.monotonic() < deadline:
                time.sleep(0.01)
