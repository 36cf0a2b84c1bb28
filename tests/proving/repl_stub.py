"""A stub of PyPantograph's REPL: the embedded logic behind its protocol, run by the path of this file.

It knows the commands that the client uses, and answers as version 0.3.15 does: ``ready.`` first, then one JSON object a
line.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

from lean_ebm.proving.logic.logic import VERIFIER, Logic
from lean_ebm.proving.logic.state import LogicState
from lean_ebm.proving.statements import Outcome, Statement, Step

Answer = dict[str, Any]
_COMMAND = re.compile(r"^(?=theorem |#|set_option )", re.MULTILINE)
_HYPOTHESIS = re.compile(r"^([^:⊢]+) : (.*)$")


@dataclass(frozen=True)
class _Entry:
    """A state in the protocol.

    Args:
        state: The state of the logic; None before the binders of a statement are introduced.
        shown: Numbers of the goals that tactics may be applied to, in the order of the protocol.
        statement: The statement that is to be introduced.
    """

    state: LogicState | None
    shown: tuple[int, ...] = ()
    statement: Statement | None = None


class ProtocolError(Exception):
    """An error that is answered with ``error`` and ``desc``."""

    def __init__(self, kind: str, description: str) -> None:
        super().__init__(description)
        self.answer = {"error": kind, "desc": description}


class Server:
    """Answers commands."""

    def __init__(self) -> None:
        self._logic = Logic()
        self._entries: dict[int, _Entry] = {}
        self._next = 0
        self._automatic = True
        self._commands: dict[str, Callable[[Answer], Answer]] = {
            "reset": self._reset,
            "stat": self._stat,
            "options.set": self._set_options,
            "goal.start": self._start,
            "goal.tactic": self._tactic,
            "goal.delete": self._delete,
            "frontend.process": self._process,
        }

    def answer(self, line: str) -> Answer:
        """Answer one line, ``command {...}``."""
        name, _, text = line.strip().partition(" ")
        command = self._commands.get(name)
        if command is None:
            return {"error": "command", "desc": f"Unknown command {name}"}
        try:
            payload = json.loads(text) if text else {}
            if not isinstance(payload, dict):
                raise ProtocolError("command", "Unable to parse json: expected an object")
            return command(payload)
        except ProtocolError as error:
            return error.answer
        except (ValueError, RecursionError) as error:
            return {"error": "command", "desc": f"Unable to parse json: {error}"}

    def serve(self, source: TextIO, sink: TextIO) -> None:
        """Answer lines until an empty one."""
        print("ready.", file=sink, flush=True)
        while (line := source.readline()).strip():
            print(json.dumps(self.answer(line), ensure_ascii=False), file=sink, flush=True)

    def _reset(self, _: Answer) -> Answer:
        count = len(self._entries)
        self._entries.clear()
        self._next = 0
        return {"nGoals": count}

    def _stat(self, _: Answer) -> Answer:
        return {"nGoals": len(self._entries)}

    def _set_options(self, payload: Answer) -> Answer:
        self._automatic = bool(payload.get("automaticMode", self._automatic))
        return {}

    def _delete(self, payload: Answer) -> Answer:
        for state in payload.get("stateIds", []):
            self._entries.pop(state, None)
        return {}

    def _start(self, payload: Answer) -> Answer:
        text = payload.get("expr")
        if not isinstance(text, str):
            raise ProtocolError("arguments", "Exactly one of {expr, copyFrom} must be supplied")
        statement = _statement(text)
        step = self._logic.start(statement)
        if not isinstance(step.state, LogicState):
            raise ProtocolError("elab", step.message)
        if statement.binders:
            number = self._keep(_Entry(None, (), statement))
        else:
            number = self._keep(_Entry(step.state, tuple(goal.number for goal in step.state.open)))
        return {"stateId": number, "root": "_uniq.0"}

    def _tactic(self, payload: Answer) -> Answer:
        entry = self._entries.get(payload.get("stateId", -1))
        if entry is None:
            raise ProtocolError("index", f"Invalid state index {payload.get('stateId')}")
        tactic, goal = payload.get("tactic"), payload.get("goalId", 0)
        if not isinstance(tactic, str):
            raise ProtocolError("operation", "Exactly one of {tactic, mode, expr, have, let, draft} must be supplied")
        if entry.state is None:
            return self._introduce(entry, tactic)
        if not isinstance(goal, int) or not 0 <= goal < len(entry.shown):
            raise ProtocolError("index", f"Invalid goal index {goal}")
        numbers = [goal.number for goal in entry.state.open]
        step = self._logic.apply(entry.state, tactic, numbers.index(entry.shown[goal]))
        if not isinstance(step.state, LogicState):
            return _failure(step)
        left = [goal.number for goal in step.state.open]
        shown = [number for number in left if number not in numbers]
        if payload.get("autoResume", self._automatic):
            shown += [number for number in entry.shown if number in left and number not in shown]
        return self._success(step.state, tuple(shown))

    def _introduce(self, entry: _Entry, tactic: str) -> Answer:
        """Run the first ``intro``, which is part of the statement in the logic."""
        assert entry.statement is not None
        names = re.findall(r"[^\s(){}:]+", " ".join(re.findall(r"[({]([^:]*):", entry.statement.binders)))
        if tactic.split() != ["intro", *names]:
            return {"messages": [_message("error", f"expected intro {' '.join(names)} first", 1)]}
        state = self._logic.start(entry.statement).state
        assert isinstance(state, LogicState)
        return self._success(state, tuple(goal.number for goal in state.open))

    def _success(self, state: LogicState, shown: tuple[int, ...]) -> Answer:
        texts = {goal.number: text for goal, text in zip(state.open, state.goals, strict=True)}
        goals = [_goal(number, texts[number]) for number in shown]
        number = self._keep(_Entry(state, shown))
        return {"nextStateId": number, "goals": goals, "messages": [], "hasSorry": False, "hasUnsafe": False}

    def _keep(self, entry: _Entry) -> int:
        self._entries[self._next] = entry
        self._next += 1
        return self._next - 1

    def _process(self, payload: Answer) -> Answer:
        text = payload.get("file")
        if not isinstance(text, str):
            raise ProtocolError("arguments", "Exactly one of {fileName, file} must be supplied")
        units, proved, line, position = [], set(), 1, 0
        for command in _COMMAND.split(text):
            messages: list[Answer] = []
            name = command.split()[1].rstrip(":") if len(command.split()) > 1 else ""
            if command.startswith("theorem "):
                head, _, script = command.partition(":= by\n")
                lines = [part.removeprefix("  ") for part in script.splitlines()]
                verdict = self._logic.verify(Statement.of(head), "\n".join(lines))
                if verdict.proved:
                    proved.add(name)
                else:
                    messages.append(_message("error", verdict.message, line + 1))
            elif command.startswith("#print axioms "):
                name = command.split()[2]
                depends = "does not depend on any axioms" if name in proved else "depends on axioms: [sorryAx]"
                messages.append(_message("information", f"'{name}' {depends}", line))
            elif command.startswith("#eval Lean.versionString"):
                messages.append(_message("information", json.dumps(VERIFIER), line))
            size = len(command.encode())
            units.append({"boundary": [position, position + size], "messages": messages})
            line += command.count("\n")
            position += size
        return {"units": units}


def _statement(text: str) -> Statement:
    """Split ``∀ (p q : Prop), p`` into binders, as far as they are in brackets, and proposition."""
    match = re.match(r"∀\s*((?:\([^()]*\)\s*|\{[^{}]*\}\s*)+),", text)
    return Statement(text[match.end() :].strip(), match[1].strip()) if match else Statement(text)


def _failure(step: Step) -> Answer:
    if step.outcome is Outcome.PARSE_ERROR:
        return {"parseError": step.message}
    return {"messages": [_message("error", step.message, 0)]}


def _message(severity: str, text: str, line: int) -> Answer:
    position = {"line": line, "column": 0}
    return {"severity": severity, "data": text, "pos": position, "kind": "[anonymous]", "fileName": "<anonymous>"}


def _goal(number: int, text: str) -> Answer:
    """Write a printed goal in the protocol's form."""
    answer: Answer = {"name": f"_uniq.{number}", "fragment": "tactic", "vars": []}
    *hypotheses, target = text.split("\n")
    if hypotheses and hypotheses[0].startswith("case "):
        answer["userName"] = hypotheses.pop(0).removeprefix("case ")
    for hypothesis in hypotheses:
        match = _HYPOTHESIS.match(hypothesis)
        assert match is not None, f"no hypothesis: {hypothesis}"
        for name in match[1].split():
            answer["vars"].append(
                {"name": f"_{name}", "userName": name, "isInaccessible": "✝" in name, "type": {"pp": match[2]}}
            )
    answer["target"] = {"pp": target.removeprefix("⊢ ")}
    return answer


def main() -> None:
    """Serve standard input."""
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr] # typed as any text stream
    Server().serve(sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
