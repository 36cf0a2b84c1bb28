"""Section variables: finds those that a theorem gets as binders, by Lean 4's rule.

It gets those that its statement mentions, those that their types mention, and each instance whose variables are all
among them. What its proof mentions does not count. A variable too many would be a hypothesis too many, so whatever may
be bound in the statement itself, by a notation that is not known here, is refused.
"""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from lean_ebm.proving.lexer import SyntaxProblem, Token, tokenize
from lean_ebm.proving.source.binders import Binder
from lean_ebm.proving.source.shape import BRACKETS, depths

# What may bind names in ways that are not followed here.
_UNSURE = frozenset(["let", "have", "letI", "haveI", "match", "do", "by", "if", "suffices", "where", *"∑∏∐∫∮⋃⋂⨆⨅⨁⨂ΣΠ"])
_BOUND_AFTER = frozenset(["fun", *"∀∃,⟨|@!ᶠᵐ({⦃[)}⦄]"])
_LONGEST = 4000


@dataclass(frozen=True)
class Variable:
    """A section variable.

    Args:
        name: Its name; empty for an instance without one.
        domain: Its type.
        kind: Its bracket, as in :class:`~.binders.Binder`.
        group: The number of its command and group; neighbours with the same one are written together.
    """

    name: str
    domain: str
    kind: str
    group: tuple[int, int]


def declared(variables: Sequence[Variable], groups: Sequence[Binder], number: int) -> tuple[Variable, ...]:
    """The variables after a command ``variable``.

    Args:
        variables: Those before it.
        groups: Its groups of binders. One without a type changes the brackets of a variable that exists.
        number: A number of the command that no other has.

    Raises:
        SyntaxProblem: If a group without a type names no variable.
    """
    found = list(variables)
    for at, (names, domain, kind) in enumerate(groups):
        if domain:
            found += [Variable(name, domain, kind, (number, at)) for name in names or ("",)]
            continue
        for name in names:
            index = max((index for index, variable in enumerate(found) if variable.name == name), default=None)
            if index is None:
                raise SyntaxProblem(f"the variable {name} has no type")
            found[index] = replace(found[index], kind=kind, group=(number, index))
    return tuple(found)


def included(variables: Sequence[Variable], groups: Sequence[Binder], proposition: str) -> list[Binder]:
    """The section variables that a theorem gets, as binders in their order.

    Args:
        variables: All of them.
        groups: The theorem's own binders.
        proposition: Its proposition.

    Raises:
        SyntaxProblem: If it is not clear whether the statement mentions a variable.
    """
    if not variables:
        return []
    names = {variable.name for variable in variables} - {"", "_"}
    sure: set[str] = set()
    unsure: set[str] = set()
    bound: set[str] = set()
    for group in groups:
        _mentions(group.domain, names - bound, sure, unsure)
        bound |= set(group.names)
    _mentions(proposition, names - bound, sure, unsure)
    last = {variable.name: index for index, variable in enumerate(variables)}
    needs = [_needs(variables, index) for index in range(len(variables))]
    used = {last[name] for name in sure}
    for index in reversed(range(len(variables))):
        if index in used:
            used |= needs[index][0]
    for index, variable in enumerate(variables):
        if variable.kind == "[" and needs[index][0] <= used:
            used.add(index)
    doubtful = {name for name in unsure if last[name] not in used}
    doubtful |= {name for index in used for name in needs[index][1]}
    if doubtful:
        raise SyntaxProblem(
            f"{min(doubtful)} is a section variable, and the statement may bind another {min(doubtful)}; rename one"
        )
    found: list[Binder] = []
    before: Variable | None = None
    for index in sorted(used):
        variable = variables[index]
        if before is not None and before.group == variable.group and variable.kind != "[":
            found[-1] = found[-1]._replace(names=(*found[-1].names, variable.name))
        else:
            found.append(Binder((variable.name,) if variable.name else (), variable.domain, variable.kind))
        before = variable
    return found


def _needs(variables: Sequence[Variable], index: int) -> tuple[set[int], set[str]]:
    """The variables that the type of one mentions, and the names for which that is not clear."""
    earlier = {variable.name: at for at, variable in enumerate(variables[:index]) if variable.name not in ("", "_")}
    sure: set[str] = set()
    unsure: set[str] = set()
    _mentions(variables[index].domain, earlier, sure, unsure)
    return {earlier[name] for name in sure}, unsure - sure


def _mentions(text: str, names: Collection[str], sure: set[str], unsure: set[str]) -> None:
    """Find which names a term mentions outside of its own binders; ``unsure`` gets those that it may bind itself."""
    if not names:
        return
    tokens = tokenize(text)
    if len(tokens) > _LONGEST:
        raise SyntaxProblem(f"a statement under section variables has more than {_LONGEST} words")
    levels = depths(tokens)
    scopes: list[tuple[int, frozenset[str]]] = []  # level of brackets, and what is bound to their end
    doubt = False
    at = 0
    while at < len(tokens):
        token = tokens[at]
        while scopes and levels[at] < scopes[-1][0]:
            scopes.pop()
        if token.kind == "symbol" and token.text in ("∀", "∃", "fun"):
            end, fresh = _bound(tokens, levels, at)
            for index in range(at + 1, end):  # the types among the binders
                if tokens[index].kind == "name" and tokens[index].text in names and not _binds(tokens, index):
                    _count(tokens[index].text, scopes, doubt or tokens[index].text in fresh, sure, unsure)
            scopes.append((levels[at], fresh))
            doubt = doubt or (token.text == "fun" and tokens[min(at + 1, len(tokens) - 1)].text == "|")
            at = end + 1
            continue
        doubt = doubt or (token.kind != "name" and token.text in _UNSURE)
        if token.kind == "name" and token.text in names:
            _count(token.text, scopes, doubt or _may_bind(tokens, at), sure, unsure)
        at += 1


def _count(
    name: str, scopes: Sequence[tuple[int, frozenset[str]]], doubt: bool, sure: set[str], unsure: set[str]
) -> None:
    if not any(name in fresh for _, fresh in scopes):
        (unsure if doubt else sure).add(name)


def _bound(tokens: Sequence[Token], levels: Sequence[int], at: int) -> tuple[int, frozenset[str]]:
    """The end of the binders of a quantifier or ``fun``, and the names that they bind."""
    stop = "=>" if tokens[at].text == "fun" else ","
    end = at + 1
    while end < len(tokens) and not (tokens[end].text == stop and levels[end] == levels[at]):
        if levels[end] < levels[at]:
            break
        end += 1
    return end, frozenset(
        tokens[index].text for index in range(at + 1, end) if tokens[index].kind == "name" and _binds(tokens, index)
    )


def _binds(tokens: Sequence[Token], at: int) -> bool:
    """Whether a name among the binders of a quantifier is bound: no colon or other symbol before it in its group."""
    for back in range(at - 1, -1, -1):
        token = tokens[back]
        if token.kind != "name":
            return token.text in _BOUND_AFTER
    return False


def _may_bind(tokens: Sequence[Token], at: int) -> bool:
    """Whether a name may be bound where it stands, as in ``{x | p}``, ``(x := a)`` or ``∑ x in s``."""
    first = last = at
    while first > 0 and tokens[first - 1].kind == "name":
        first -= 1
    while last + 1 < len(tokens) and tokens[last + 1].kind == "name":
        last += 1
    before = tokens[first - 1].text if first else ""
    after = tokens[last + 1].text if last + 1 < len(tokens) else ""
    if after in (":", ":=", "|", "=>", "←"):
        return before in BRACKETS or before in (",", "|")
    return before == "{" or after == "in"
