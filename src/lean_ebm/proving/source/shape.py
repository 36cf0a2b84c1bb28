"""Checks the shape of a text: matching brackets, and nothing that ends a term or proof or begins a command."""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

from collections.abc import Sequence

from lean_ebm.proving.lexer import SyntaxProblem, Token, tokenize

BRACKETS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⦃": "⦄", "‹": "›"}
"""Each bracket that opens, and the one that closes it."""
_CLOSING = frozenset(BRACKETS.values())

_DECLARATIONS = "theorem def abbrev example axiom opaque inductive coinductive structure class instance"
_MODIFIERS = "private protected public noncomputable partial nonrec local scoped meta"
_OTHERS = """
    namespace section end export import variable universe include omit attribute mutual deriving macro macro_rules
    syntax notation infix infixl infixr prefix postfix elab elab_rules declare_syntax_cat initialize
    builtin_initialize binder_predicate unif_hint init_quot add_decl_doc tactic_extension docs_to_verso grind_pattern
    deprecated_module assert_not_exists recall seal unseal suppress_compilation unsuppress_compilation unlock_limits
"""
MODIFIERS = frozenset(_MODIFIERS.split())
"""Keywords that stand before a declaration."""
COMMANDS = frozenset(f"{_DECLARATIONS} {_OTHERS}".split()) | MODIFIERS
"""Keywords that begin a command wherever they stand: Lean reads no further after an error than to the next of them."""


def depths(tokens: Sequence[Token]) -> list[int]:
    """Count, for each token, the brackets around it.

    Raises:
        SyntaxProblem: If a bracket is not closed by its own kind.
    """
    found: list[int] = []
    stack: list[Token] = []
    for token in tokens:
        if token.text in _CLOSING and token.kind == "symbol":
            if not stack or BRACKETS[stack[-1].text] != token.text:
                raise SyntaxProblem(f"{token.text!r} in line {token.line + 1} closes no bracket")
            stack.pop()
        found.append(len(stack))
        if token.text in BRACKETS and token.kind == "symbol":
            stack.append(token)
    if stack:
        raise SyntaxProblem(f"{stack[-1].text!r} in line {stack[-1].line + 1} is not closed")
    return found


def check_shape(text: str, what: str) -> None:
    """Check that a text cannot affect Lean source outside of its place.

    This is no filter of words, which :mod:`~lean_ebm.proving.forbidden` is. It holds without that filter.

    Args:
        text: A term or a proof.
        what: What it is, for the message.

    Raises:
        SyntaxProblem: If a bracket, a comment or a string does not end in it, or if it has a command.
    """
    tokens = tokenize(text)
    depths(tokens)
    for at, token in enumerate(tokens):
        command = token.kind == "symbol" and token.text in COMMANDS
        if command or token.kind == "doc" or token.text == "#":
            raise SyntaxProblem(f"{token.text!r:.20} in line {token.line + 1} begins a command; expected {what}")
        if token.text == "@" and at + 1 < len(tokens) and tokens[at + 1].text == "[":
            raise SyntaxProblem(f"'@[' in line {token.line + 1} begins a command; expected {what}")
