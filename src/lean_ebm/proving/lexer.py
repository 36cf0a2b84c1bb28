"""The lexer of Lean's syntax: text to tokens.

It knows comments, strings, characters, numbers, names, keywords and brackets as Lean 4.35 does. Valid Lean never fails
here: a character that begins nothing known becomes a token of the kind ``other``, which parsers refuse by name.
"""
# ruff: noqa: RUF001 - the letters of Lean

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LENGTH = 200_000
"""Characters in one text; a longer text is refused."""


class SyntaxProblem(Exception):
    """The text is not in the language that this package parses."""


_FIRST = (  # Lean's letters: Latin, Greek without λ Π Σ, letter-like symbols, script and Fraktur
    "A-Za-z_À-ÖØ-öø-ſ\u0391-\u039f\u03a1\u03a2\u03a4-\u03a9\u03b1-\u03ba\u03bc-\u03fb\u1f00-\u1ffe\u2100-\u214f"
    "\U0001d49c-\U0001d59f"
)
_WORD = rf"[{_FIRST}][{_FIRST}0-9'!?₀-₉ₐ-ₜᵢ-ᵪⱼ]*"
_QUOTED = "«[^»]*»"
_SYMBOLS = r"""
    <;> ?_ ... .. := :: => == != -> <-> <- <= >= <|> <| |>. |> || && ++ >>= $> /\ \/ // ↦ → ← ↔ ∧ ∨ ¬ ∀ ∃ λ ≠ ≤ ≥ ▸ ⊢
    ( ) { } [ ] ⟨ ⟩ ⦃ ⦄ ‹ › , : ; | . · @ = < > $ + - * / ^
"""
_TOKENS = re.compile(
    rf"""(?P<space>\ +)|(?P<newline>\r?\n)
    |(?P<line>--[^\n]*)|(?P<doc>/-[-!])|(?P<block>/-)
    |(?P<string>"(?:[^"\\]|\\(?s:.))*")|(?P<raw>r\#*")|(?P<interpolated>[A-Za-z]+!")
    |(?P<name>{_WORD}|{_QUOTED})
    |(?P<projection>\.(?:[0-9]+|{_WORD}|{_QUOTED}))
    |(?P<number>0[xX][0-9A-Fa-f_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
    |(?P<character>'(?:\\(?:x[0-9A-Fa-f]{{2}}|u\{{?[0-9A-Fa-f]+\}}?|.)|[^\\'\n])')
    |(?P<hole>\?(?:{_WORD}|{_QUOTED}))
    |(?P<symbol>{"|".join(map(re.escape, sorted(_SYMBOLS.split(), key=len, reverse=True)))})
    |(?P<open>["«])|(?P<other>(?s:.))""",
    re.VERBOSE,
)
_UNFINISHED = frozenset(["raw", "interpolated", "open", "block", "doc"])
_LONG = frozenset(["string", "character", "name", "projection", "hole", "block", "doc"])  # may have several lines
_BLOCK_PART = re.compile(r"/-|-/")
_INTERPOLATION = re.compile(r'\\(?s:.)|["{]')
_SPELLINGS = {
    "->": "→",
    "<->": "↔",
    "<-": "←",
    "/\\": "∧",
    "\\/": "∨",
    "<=": "≤",
    ">=": "≥",
    "λ": "fun",
    "↦": "=>",
    "forall": "∀",
}
_RESERVED = """
    Prop Sort Type abbrev add_decl_doc assert_not_exists at attribute axiom binder_predicate break builtin_initialize
    by calc catch class coinductive coinductive_fixpoint continue dbg_trace declare_syntax_cat decreasing_by def
    deprecated_module deriving do docs_to_verso elab elab_rules else end eval_prec eval_prio example exists export
    extends finally for forall from fun generalizing grind_pattern have haveI hiding if import in include inductive
    inductive_fixpoint infix infixl infixr init_quot initialize instance leading_parser let letI let_delayed let_fun
    let_tmp local macro macro_rules match matches max_prec meta mut mutual namespace nat_lit nofun nomatch
    noncomputable nonrec notation omit opaque open partial partial_fixpoint postfix prefix private protected public
    recall renaming repeat return scoped seal section set_option show sorry structure suffices suppress_compilation
    syntax tactic_extension termination_by then theorem trailing_parser try unif_hint universe unless unlock_limits
    unsafe unseal unsuppress_compilation using variable where while with without_expected_type
"""
KEYWORDS = frozenset(_RESERVED.split())
"""Words that Lean reserves, so that they cannot be names. Tactics such as ``intro`` are not among them."""

LIBRARY_NAMES = frozenset(["True", "False", "And", "Or", "Not", "Iff", "Exists", "absurd", "trivial"])
"""Names of Lean's library that a variable must not take.

Lean allows it, but then prints two different things under one name.
"""


class Token(NamedTuple):
    """One token.

    Args:
        kind: What it is: ``name``; ``projection``, a dot and a field, also where a term starts with it; ``symbol``,
            keywords included; ``hole``, such as ``?x`` (``?_`` is a symbol); ``number``; ``string``; ``character``;
            ``doc``, a documentation comment; ``other``, what is none of these; or ``end``.
        text: Its text; of the spellings of one symbol or name, always the same one.
        line: Its line, from 0.
        column: Its column, from 0.
        glued: Whether it follows the token before without a space.
        start: Where it starts in the text.
        end: Where it ends in the text.
    """

    kind: str
    text: str
    line: int
    column: int
    glued: bool
    start: int = 0
    end: int = 0


END = Token("end", "the end", 1 << 30, -1, False)
"""Stands after the last token of a text."""


def tokenize(text: str) -> list[Token]:
    """Split a text into tokens. Comments are left out, except documentation.

    Raises:
        SyntaxProblem: If the text is too long, or a comment, a string or a quoted name does not end.
    """
    return _scan(text)[0]


def plain(text: str) -> str:
    """Replace comments by blanks, and the ASCII spellings of ``∧`` and ``∨`` by these symbols.

    Each token keeps its line and column. Documentation comments stay: Lean refuses them where they document nothing.

    Raises:
        SyntaxProblem: As for :func:`tokenize`.
    """
    tokens, comments = _scan(text)
    changes = [(start, end, re.sub(r"[^\n]", " ", text[start:end])) for start, end in comments]
    if "\\" in text:
        changes += [
            (token.start, token.end, f"{token.text} ")
            for token in tokens
            if token.text in ("∧", "∨") and token.end - token.start == 2
        ]
    parts: list[str] = []
    done = 0
    for start, end, instead in sorted(changes):
        parts += text[done:start], instead
        done = end
    return "".join([*parts, text[done:]])


def is_name(text: str) -> bool:
    """Whether a text is a name that a theorem can have in Lean, such as ``and_comm'`` or ``Foo.«bar baz»``."""
    try:
        first, *rest = tokenize(text)
    except (SyntaxProblem, ValueError):
        return False
    if (first.kind, first.start) != ("name", 0) or first.text == "_" or (rest or [first])[-1].end != len(text):
        return False
    return all(token.kind == "projection" and token.glued and not token.text[1].isdigit() for token in rest)


def _scan(text: str) -> tuple[list[Token], list[tuple[int, int]]]:
    """Split a text into tokens and the places of its comments."""
    if len(text) > MAX_LENGTH:
        raise SyntaxProblem(f"the text has {len(text)} characters, expected at most {MAX_LENGTH}")
    found: list[Token] = []
    comments: list[tuple[int, int]] = []
    position, line, start, glued = 0, 0, 0, False
    while position < len(text):
        match = _TOKENS.match(text, position)
        assert match is not None
        kind, begin, position = str(match.lastgroup), position, match.end()
        word = match[0]
        if kind == "space":
            glued = False
            continue
        if kind == "newline":
            line, start, glued = line + 1, position, False
            continue
        if kind in _UNFINISHED:
            kind, position = _ending(text, kind, begin, position, line)
            word = text[begin:position]
        if kind in ("line", "block"):
            comments.append((begin, position))
            glued = False
        else:
            if word[-1] == "»":
                word = _unquoted(word)
            elif kind == "name" and (word in KEYWORDS or word == "forall"):
                kind, word = "symbol", _SPELLINGS.get(word, word)
            elif kind == "symbol":
                word = _SPELLINGS.get(word, word)
            elif word == "?_":
                kind = "symbol"
            found.append(Token(kind, word, line, begin - start, glued, begin, position))
            glued = True
        if kind in _LONG and (lines := text.count("\n", begin, position)):
            line, start = line + lines, text.rindex("\n", begin, position) + 1
    return found, comments


def _ending(text: str, kind: str, begin: int, position: int, line: int) -> tuple[str, int]:
    """Find the end of a token that is more than a pattern; returns its kind and its end."""
    end: int | None = None
    if kind in ("block", "doc"):
        end = _comment(text, position)
    elif kind == "interpolated":
        end = _interpolated(text, position)
    elif kind == "raw":
        end = _raw(text, begin, position)
    if end is None:
        what = "comment" if kind in ("block", "doc") else "name in «»" if text[begin] == "«" else "string"
        raise SyntaxProblem(f"the {what} that starts in line {line + 1} does not end")
    return kind if kind in ("block", "doc") else "string", end


def _comment(text: str, position: int) -> int | None:
    """The end of a comment, in which others may stand, from after its start; None if it does not end."""
    depth = 1
    while depth:
        part = _BLOCK_PART.search(text, position)
        if part is None:
            return None
        depth += 1 if part[0] == "/-" else -1
        position = part.end()
    return position


def _raw(text: str, begin: int, position: int) -> int | None:
    """The end of a string such as ``r#"..."#``; None if it does not end."""
    fence = '"' + "#" * (position - begin - 2)
    end = text.find(fence, position)
    return None if end < 0 else end + len(fence)


def _interpolated(text: str, position: int) -> int | None:
    """The end of a string with terms in braces, from after its quotation mark; None if it does not end."""
    stack = ['"']  # the strings and braces that are open
    while stack:
        if stack[-1] == '"':
            part = _INTERPOLATION.search(text, position)
            if part is None:
                return None
            position = part.end()
            if part[0] == '"':
                stack.pop()
            elif part[0] == "{":
                stack.append("{")
            continue
        match = _TOKENS.match(text, position)
        if match is None or match.lastgroup == "open":
            return None
        begin, position = position, match.end()
        if match.lastgroup == "interpolated":
            stack.append('"')
        elif match.lastgroup in ("block", "doc", "raw"):
            comment = match.lastgroup != "raw"
            end = _comment(text, position) if comment else _raw(text, begin, position)
            if end is None:
                return None
            position = end
        elif match[0] == "{":
            stack.append("{")
        elif match[0] == "}":
            stack.pop()
    return position


def _unquoted(word: str) -> str:
    """A name without the quotation marks «» that it does not need."""
    dot, inner = word.startswith("."), word.lstrip(".")[1:-1]
    if re.fullmatch(_WORD, inner) and inner not in KEYWORDS and inner != "_":
        return f".{inner}" if dot else inner
    return word
