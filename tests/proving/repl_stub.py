"""A stand-in for PyPantograph's REPL: its protocol over the embedded logic, run by the path of this file.

It knows the commands that the client uses, and answers as version 0.3.15 does: ``ready.`` first, then one JSON object a
line. A tactic sees the goal of ``goalId`` alone if ``autoResume`` is false: the others are dormant then. If it is true,
which is the default in ``automaticMode``, the goal is put first and the others follow. Goals are known by the names of
their metavariables; one that a tactic leaves as it is keeps its name. ``repl_goals.py`` says what tactics do,
``repl_source.py`` what a source does.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

sys.path.insert(0, str(Path(__file__).parents[1]))  # also if this file is run by its path

from lean_ebm.proving.logic.logic import VERIFIER
from lean_ebm.proving.logic.state import LogicState
from lean_ebm.proving.statements import Outcome, Statement, Step
from proving.repl_goals import LOGIC, GoalList, Interrupted, TacticFailure
from proving.repl_source import ProtocolError, Scope, begun, proof

Answer = dict[str, Any]
_COMMAND = re.compile(r"^(?=theorem |def |#|set_option |universe |open )", re.MULTILINE)
_HYPOTHESIS = re.compile(r"^([^:⊢|]+) : (.*)$")
_ROOT = "_uniq.0"


@dataclass(frozen=True)
class _Entry:
    """A state in the protocol.

    Args:
        statement: The statement from which it starts.
        goals: Its goals; None before the binders of the statement are introduced.
    """

    statement: Statement
    goals: GoalList | None


class Server:
    """Answers commands."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._next = 0
        self._options = {"automaticMode": True, "timeout": 0}
        self._scope = Scope()
        self._commands: dict[str, Callable[[Answer], Answer]] = {
            "stat": lambda _: {"nGoals": len(self._entries)},
            "options.set": self._set_options,
            "goal.start": self._start,
            "goal.tactic": self._tactic,
            "goal.continue": self._continue,
            "goal.print": self._print,
            "goal.delete": self._delete,
            "frontend.process": self._process,
            "frontend.distil": self._distil,
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

    def _set_options(self, payload: Answer) -> Answer:
        self._options |= {key: payload[key] for key in self._options if key in payload}
        return {}

    def _delete(self, payload: Answer) -> Answer:
        for state in payload.get("stateIds", []):
            self._entries.pop(state, None)
        return {}

    def _start(self, payload: Answer) -> Answer:
        text = payload.get("expr")
        if not isinstance(text, str):
            raise ProtocolError("arguments", "Exactly one of {expr, copyFrom} must be supplied")
        entry = self._entry(self._scope.statement(text))
        return {"stateId": self._keep(entry), "root": _ROOT}

    def _entry(self, statement: Statement) -> _Entry:
        step = LOGIC.start(statement)
        if not isinstance(step.state, LogicState):
            raise ProtocolError("elab", step.message)
        return _Entry(statement, None if statement.binders else GoalList.of(step.state, self._scope.opened))

    def _find(self, number: object) -> _Entry:
        entry = self._entries.get(number) if isinstance(number, int) else None
        if entry is None:
            raise ProtocolError("index", f"Invalid state index {number}")
        return entry

    def _tactic(self, payload: Answer) -> Answer:
        entry = self._find(payload.get("stateId"))
        shapes = [key for key in ("tactic", "mode") if isinstance(payload.get(key), str)]
        if len(shapes) != 1:
            raise ProtocolError("operation", "Exactly one of {tactic, mode, expr, have, let, draft} must be supplied")
        text = payload[shapes[0]]
        if entry.goals is None:
            return self._introduce(entry, text)
        goals = entry.goals
        index, together = payload.get("goalId"), payload.get("autoResume", self._options["automaticMode"])
        if not goals.shown or not 0 <= (index or 0) < len(goals.shown):
            raise ProtocolError("index", f"Invalid goal index {index}")
        name = goals.shown[index or 0]
        others = [other for other in goals.shown if other != name]
        # The end of a conversion makes the other goals dormant in any case.
        goals = goals.focused((name, *others) if together and text != "tactic" else (name,))
        try:
            made = self._mode(goals, text) if shapes == ["mode"] else self._run(goals, text)
        except TacticFailure as failure:
            return _failure(failure.step)
        except Interrupted as interrupted:
            self._wait(interrupted)
            return {"error": "internal", "desc": "interrupt"}
        return self._success(_Entry(entry.statement, made))

    def _run(self, goals: GoalList, text: str) -> GoalList:
        if goals.shown[0] in goals.conversions:
            return goals.convert(text)
        if text in ("silent", "deep"):
            kind = {"error": "exception"} if text == "silent" else {"error": "core", "desc": "maximum recursion depth"}
            error = ProtocolError("", "")
            error.answer = kind
            raise error
        return goals.run(text)

    def _mode(self, goals: GoalList, mode: str) -> GoalList:
        inside = goals.shown[0] in goals.conversions
        if mode not in ("conv", "tactic"):
            raise ProtocolError("command", f"Invalid mode {mode}")
        if inside == (mode == "conv"):
            raise ProtocolError("invalid", "Already in conv state" if inside else "Goal does not have a fragment")
        return goals.end_conversion() if inside else goals.begin_conversion()

    def _wait(self, interrupted: Interrupted) -> None:
        time.sleep(600 if interrupted.stuck else self._options["timeout"] / 1000 or 600)

    def _introduce(self, entry: _Entry, tactic: str) -> Answer:
        """Run the first ``intro``, which is part of the statement in the logic."""
        names = _names(entry.statement)
        if tactic.split() != ["intro", *names]:
            return {"messages": [_message("error", f"expected intro {' '.join(names)} first", 1)], **_FLAGS}
        return self._success(_Entry(entry.statement, begun(entry.statement, self._scope.opened)))

    def _success(self, entry: _Entry) -> Answer:
        return {"nextStateId": self._keep(entry), "goals": _goals(entry), "messages": [], **_FLAGS}

    def _continue(self, payload: Answer) -> Answer:
        entry, names = self._find(payload.get("target")), payload.get("goals")
        if entry.goals is None or not isinstance(names, list):
            raise ProtocolError("arguments", "Exactly one of {branch, goals} must be supplied")
        if unknown := [name for name in names if not entry.goals.knows(name)]:
            raise ProtocolError("structure", f"Goals {unknown} are not in scope")
        made = _Entry(entry.statement, entry.goals.focused(names))
        return {"nextStateId": self._keep(made), "goals": _goals(made)}

    def _print(self, payload: Answer) -> Answer:
        entry = self._find(payload.get("stateId"))
        answer: Answer = {"goals": _goals(entry) if payload.get("goals") else [], "extraMVars": []}
        answer |= {"rootHasSorry": False, "rootHasUnsafe": False, "rootHasMVar": False}
        if entry.goals is not None and (entry.statement.binders or not entry.goals.is_open(_ROOT)):
            answer["rootHasMVar"] = bool(entry.goals.logic.open)
            if payload.get("rootExpr"):
                answer["root"] = {"pp": "fun a => a"}
        return answer

    def _keep(self, entry: _Entry) -> int:
        self._entries[self._next] = entry
        self._next += 1
        return self._next - 1

    def _process(self, payload: Answer) -> Answer:
        text = payload.get("file")
        if not isinstance(text, str):
            raise ProtocolError("arguments", "Exactly one of {fileName, file} must be supplied")
        units, proved, line, position, scope, late = [], set(), 1, 0, Scope(), False
        for command in _COMMAND.split(text):
            messages: list[Answer] = []
            words = [*command.split()[:2], "", ""]
            # Lean skips what comes after a time-out, without a word; a statement by itself proves nothing.
            if late or words[0] == "def" or command.rstrip().endswith(":= sorry"):
                pass
            elif words[0] == "theorem" and ":= @" in command:  # a theorem taken as a proof of its statement
                proved |= {words[1]} if command.split(":= @")[1].strip() in proved else set()
            elif words[0] == "theorem":
                try:
                    reason = proof(command, scope)
                except Interrupted as interrupted:
                    self._wait(interrupted)
                    late = True
                else:
                    proved |= {words[1].rstrip(":")} - ({words[1].rstrip(":")} if reason else set())
                    messages += [_message("error", reason, line)] if reason else []
            elif command.startswith("#print axioms "):
                depends = (
                    "does not depend on any axioms" if command.split()[2] in proved else "depends on axioms: [sorryAx]"
                )
                messages.append(_message("information", f"'{command.split()[2]}' {depends}", line))
            elif command.startswith("#eval Lean.versionString"):
                messages.append(_message("information", json.dumps(VERIFIER), line))
            elif command.strip() and (reason := scope.read(command)):
                messages.append(_message("error", reason, line))
            size = len(command.encode())
            units.append({"boundary": [position, position + size], "messages": messages})
            line += command.count("\n")
            position += size
        if payload.get("inheritEnv"):
            self._scope = scope
        return {"units": units}

    def _distil(self, payload: Answer) -> Answer:
        targets = []
        for command in filter(None, _COMMAND.split(payload["file"])):
            if not command.startswith("theorem ") or not command.rstrip().endswith(":= sorry"):
                raise ProtocolError("io", f"<anonymous>:1:0: error: unexpected {command.strip()[:20]}")
            statement = Statement.of(command.rstrip().removesuffix(":= sorry"))
            self._entry(statement)
            entry = _Entry(statement, begun(statement, self._scope.opened))
            targets.append({"stateId": self._keep(entry), "goals": _goals(entry)})
        return {"targets": targets}


_FLAGS = {"hasSorry": False, "hasUnsafe": False}


def _names(statement: Statement) -> list[str]:
    return re.findall(r"[^\s(){}:]+", " ".join(re.findall(r"[({]([^:]*):", statement.binders)))


def _failure(step: Step) -> Answer:
    if step.outcome is Outcome.PARSE_ERROR:
        return {"parseError": step.message, **_FLAGS}
    return {"messages": [_message("error", step.message, 0)], **_FLAGS}


def _message(severity: str, text: str, line: int) -> Answer:
    position = {"line": line, "column": 0}
    return {"severity": severity, "data": text, "pos": position, "kind": "[anonymous]", "fileName": "<anonymous>"}


def _goals(entry: _Entry) -> list[Answer]:
    if entry.goals is None:
        return [{"name": _ROOT, "fragment": "tactic", "target": {"pp": str(entry.statement)}, "vars": []}]
    return [_goal(name, text, entry.goals) for name, text in entry.goals.texts().items()]


def _goal(name: str, text: str, goals: GoalList) -> Answer:
    """Write a printed goal in the protocol's form."""
    inside = name in goals.conversions
    answer: Answer = {"name": name, "fragment": "conv" if inside else "tactic", "vars": []}
    *hypotheses, target = text.split("\n")
    if hypotheses and hypotheses[0].startswith("case "):
        answer["userName"] = hypotheses.pop(0).removeprefix("case ")
    for hypothesis in hypotheses:
        match = _HYPOTHESIS.match(hypothesis)
        assert match is not None, f"no hypothesis: {hypothesis}"
        for variable in match[1].split():
            hidden = {"isInaccessible": "✝" in variable, "type": {"pp": match[2]}}
            answer["vars"].append({"name": f"_{variable}", "userName": variable, **hidden})
    answer["target"] = {"pp": target[2:]}
    return answer


def main() -> None:
    """Serve standard input."""
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr] # typed as any text stream
    Server().serve(sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
