"""What Lean's front end does with a source, over the embedded logic: scopes, statements and theorems."""

from __future__ import annotations

import re

from lean_ebm.proving.lexer import plain, tokenize
from lean_ebm.proving.logic.kernel import KernelError
from lean_ebm.proving.logic.logic import check_term, proof_of, root
from lean_ebm.proving.logic.state import LogicState
from lean_ebm.proving.source.binders import groups
from lean_ebm.proving.source.shape import depths
from lean_ebm.proving.statements import Statement
from proving.repl_goals import LOGIC, GoalList, TacticFailure


class ProtocolError(Exception):
    """An error that is answered with ``error`` and ``desc``."""

    def __init__(self, kind: str, description: str) -> None:
        super().__init__(description)
        self.answer = {"error": kind, "desc": description}


class Scope:
    """What the commands of a source opened and declared."""

    def __init__(self) -> None:
        self.levels: set[str] = set()
        self.opened = False

    def read(self, command: str) -> str:
        """Take a command into account; returns an error message, or nothing."""
        word, *rest = command.split()
        if word == "universe":
            if known := self.levels & set(rest):
                return f"a universe level named '{min(known)}' has already been declared"
            self.levels |= set(rest)
        elif word == "open":
            if rest != ["And"]:
                return f"unknown namespace '{' '.join(rest)}'"
            self.opened = True
        return ""

    def statement(self, text: str) -> Statement:
        """Read a statement; the logic knows no universe levels."""
        for level in re.findall(r"(?:Type|Sort) (\w+)", text):
            if level not in self.levels:
                raise ProtocolError("elab", f"unknown universe level `{level}`")
        return _statement(re.sub(r"(Type|Sort) \w+", "Type", text))


def begun(statement: Statement, opened: bool) -> GoalList:
    """The state after the binders of a statement are introduced."""
    state = LOGIC.start(statement).state
    assert isinstance(state, LogicState)
    return GoalList.of(state, opened)


def proof(command: str, scope: Scope) -> str:
    """Check a theorem; returns why Lean would not have it, or nothing."""
    head, _, script = command.partition(":= by\n")
    text = head.partition(" ")[2].strip().partition(" ")[2]
    try:
        given = Statement.of("theorem t " + text)
        statement = scope.statement(f"∀ {given.binders}, {given.proposition}" if given.binders else given.proposition)
        state = begun(statement, scope.opened).run("\n".join(line.removeprefix("  ") for line in script.splitlines()))
    except ProtocolError as error:
        return str(error.answer["desc"])
    except TacticFailure as failure:
        return failure.step.message
    if state.logic.open:
        return "unsolved goals\n" + "\n\n".join(state.texts().values())
    try:
        check_term(root(statement), proof_of(state.logic))
    except KernelError as error:
        return f"(kernel) {error}"
    return ""


def _statement(text: str) -> Statement:
    """Split ``∀ (p q : Prop), p`` into binders, as far as they are in brackets, and proposition."""
    if not text.startswith("∀"):
        return Statement(text)
    rest = plain(text[1:])
    tokens = tokenize(rest)
    found, at = groups(rest, tokens, depths(tokens), 0)
    if not found or tokens[at].text != ",":
        return Statement(text)
    binders = [group._replace(domain=_bare(group.domain)) for group in found]
    return Statement(rest[tokens[at].end :].strip(), " ".join(map(str, binders)))


def _bare(text: str) -> str:
    """A type without brackets around all of it, since the logic reads none there."""
    tokens = tokenize(text)
    levels = depths(tokens)
    around = tokens and tokens[0].text == "(" and all(level > levels[0] for level in levels[1:-1])
    return text[1:-1].strip() if around else text
