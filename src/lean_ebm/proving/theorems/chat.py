r"""Writes theorems as chats, the format of tools for fine-tuning language models.

A chat is a list of messages, each with a ``role`` and a ``content``: the user shows a goal as Lean prints it, and the
assistant answers with what proves it::

    whole_proof(Statement.of("(p : Prop) : p → p"), "intro h\nexact h")
    # user: "p : Prop\n⊢ p → p", assistant: "intro h\nexact h"
"""

from __future__ import annotations

from lean_ebm.errors import RunError
from lean_ebm.proving.logic.logic import Logic, root
from lean_ebm.proving.logic.render import script
from lean_ebm.proving.statements import State, Statement, Verdict

Chat = list[dict[str, str]]
"""Messages, in order."""


def whole_proof(statement: Statement, text: str) -> Chat:
    """A chat of two messages: the goal of a statement, and a script that proves it.

    Args:
        statement: The statement, which the embedded logic reads.
        text: The script.
    """
    state = Logic().start(statement).state
    assert state is not None  # the script was verified
    return [_message("user", shown(state)), _message("assistant", text)]


def step_by_step(statement: Statement, text: str) -> Chat:
    """A chat in which the user shows the open goals, and the assistant answers with a tactic for the first.

    The tactics together are a script, one a line, which proves the statement as the given script does.

    Args:
        statement: The statement.
        text: A script that proves it.

    Raises:
        RunError: If the script does not prove it.
    """
    logic = Logic()
    proof = logic.term(statement, text)
    if isinstance(proof, Verdict):
        raise RunError(f"The script of {statement} proves nothing: {proof.message}. Check the file: lean-ebm check.")
    state = logic.start(statement).state
    messages: Chat = []
    for tactic in script(root(statement), proof, flat=True).splitlines():
        assert state is not None
        messages += [_message("user", shown(state)), _message("assistant", tactic)]
        state = logic.apply(state, tactic).state
    if state is None or state.goals:
        raise RuntimeError(f"a proof did not survive being written step by step: {statement}\n{text}")
    return messages


def shown(state: State) -> str:
    """The goals of a state as Lean prints them, the main one first, with an empty line between two."""
    return "\n\n".join(state.goals)


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}
