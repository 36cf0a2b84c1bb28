"""PyPantograph's protocol: the answers of the REPL of version 0.3.15 as steps, goals and messages.

An answer that breaks the protocol ends the process that gave it: after that, nothing it says can be trusted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lean_ebm.proving.lean.messages import LeanMessage
from lean_ebm.proving.pantograph.repl import Repl
from lean_ebm.proving.source.binders import parse_binders
from lean_ebm.proving.statements import Outcome, Step

Answer = dict[str, Any]

_SLOW = re.compile(r"\(deterministic\) timeout|maximum number of heartbeats")
_STOPPED = re.compile(r"(?:\w+ )?interrupt(?:ed)?")
_OURS = ("main", "command", "arguments", "operation", "index", "structure")  # errors that no text can cause
_UNKNOWN = re.compile(r"\?[\w.✝]+")


def source_command(text: str, *, keep: bool = False) -> Answer:
    """The payload of ``frontend.process`` that has Lean check a source.

    Args:
        text: The source; it imports nothing.
        keep: Whether the process keeps what the source defines and opens, for statements and tactics.
    """
    return {"file": text, "readHeader": False, "inheritEnv": keep, "newConstants": False}


def read_messages(answer: Answer, repl: Repl, header: str = "") -> list[LeanMessage]:
    """Read the messages in an answer to ``frontend.process``.

    Args:
        answer: The answer.
        repl: The process that gave it.
        header: What stands above the line from which lines are counted.

    Raises:
        ReplLostError: If the answer breaks the protocol.
    """
    first = header.count("\n") + 1
    try:
        return [
            LeanMessage(
                str(message["severity"]),
                str(message["data"]),
                int(message["pos"]["line"]) - first,
                int(message["pos"]["column"]),
            )
            for unit in answer["units"]
            for message in unit["messages"]
        ]
    except (KeyError, TypeError, ValueError):
        raise repl.lose(f"it answered frontend.process with {str(answer)[:200]}") from None


def read_failure(answer: Answer, outcome: Outcome, repl: Repl) -> Step:
    """Read an answer that contains neither a new state nor messages on a source.

    Errors have a kind and mostly a description. A tactic that Lean gave up is an error of the kind ``internal`` or
    ``io`` (interrupted), ``core`` (too many steps), or a message.

    Args:
        answer: The answer.
        outcome: The outcome if the answer does not name a more specific one.
        repl: The process that gave it.

    Raises:
        ReplLostError: If the answer breaks the protocol, or is about the process and not about the text.
    """
    if "error" in answer:
        kind, text = str(answer["error"]), str(answer.get("desc") or answer["error"])
        if kind in _OURS:
            raise repl.lose(f"it answered {kind}: {text}")
        repl.skipped += 1
        return Step(Outcome.TIMEOUT if _STOPPED.fullmatch(text) or _SLOW.search(text) else outcome, message=text)
    if "parseError" in answer:
        return Step(Outcome.PARSE_ERROR, message=str(answer["parseError"]))
    messages = answer.get("messages")
    if not isinstance(messages, list):
        raise repl.lose(f"it answered {str(answer)[:200]}")
    text = "\n".join(
        str(message.get("data", message)) if isinstance(message, dict) else str(message) for message in messages
    )
    return Step(Outcome.TIMEOUT if _SLOW.search(text) else outcome, message=text)


def read_number(answer: Answer, key: str, repl: Repl) -> int:
    """Read the number of a new state.

    The REPL numbers its states in order, and :attr:`Repl.created` counts them: any other number belongs to another
    answer.

    Raises:
        ReplLostError: If it is another number, or none.
    """
    number = answer.get(key)
    if not isinstance(number, int) or not 0 <= number - repl.created <= repl.skipped:
        raise repl.lose(f"it numbered a new state {number}, expected {repl.created}")
    repl.created, repl.skipped = number + 1, 0
    return number


def read_goals(answer: Answer, repl: Repl) -> list[Answer]:
    """Read the goals in an answer; each has a name of its own.

    Raises:
        ReplLostError: If they do not have the shape that the protocol gives them.
    """
    goals: Any = answer.get("goals")
    try:
        printed = [printed_goal(goal) for goal in goals]
        if isinstance(goals, list) and len({goal["name"] for goal in goals}) == len(printed):
            return goals
    except (KeyError, TypeError, AttributeError):
        pass
    raise repl.lose(f"it answered with the goals {str(goals)[:200]}")


def printed_goal(goal: Answer) -> str:
    """Print a goal like Lean: neighbouring hypotheses of the same type share a line."""
    lines = [f"case {goal['userName']}"] if goal.get("userName") else []
    names: list[str] = []
    kind = ""
    for variable in goal["vars"]:
        text = variable["type"]["pp"]
        value = variable.get("value")
        if names and (value or text != kind):
            lines.append(f"{' '.join(names)} : {kind}")
            names = []
        if value:
            lines.append(f"{variable['userName']} : {text} := {value['pp']}")
        else:
            names.append(variable["userName"])
            kind = text
    if names:
        lines.append(f"{' '.join(names)} : {kind}")
    return "\n".join([*lines, ("| " if goal.get("fragment") == "conv" else "⊢ ") + goal["target"]["pp"]])


def binder_names(binders: str) -> list[str]:
    """List the names that binders bind, in order; ``_`` for an instance without a name."""
    return [name for group in parse_binders(binders) for name in group.names or ("_",)]


def same_goals(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether two lists of printed goals are equal up to the names that Lean invents for unknowns."""
    return [_UNKNOWN.sub("?", goal) for goal in before] == [_UNKNOWN.sub("?", goal) for goal in after]
