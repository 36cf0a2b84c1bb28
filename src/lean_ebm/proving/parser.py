"""The parser of Lean's syntax, for the terms and tactics of the embedded logic: text to trees.

Names in a tree are plain text: what they refer to depends on a context, which the parser does not know.

Terms are tuples whose first entry says what they are::

    ("name", "h")  ("app", f, (a, ...))  ("named", name, a), only as an argument  ("proj", t, "left")  ("dot", "inl")
    ("fun", ((name, type | None), ...), body)  ("alternatives", type | None, (((pattern, ...), body), ...))
    ("anonymous", (a, ...))  ("typed", t, type)  ("_",)  ("?_",)  ("?_", name)  ("explicit", f)  ("by", block)
    ("have", name | None, type | None, value, body)  ("show", type, t)
    ("match", (t, ...), (((pattern, ...), body), ...))  ("nomatch", (t, ...))  ("nofun",)
    ("and", a, b)  ("or", a, b)  ("iff", a, b)  ("implies", a, b)  ("not", a)  ("all" | "exists", name, type | None, a)

where a pattern is a term; and so are tactics::

    ("intro", (name | pattern, ...))  ("exact" | "apply" | "refine" | "specialize" | "show" | "change", t)
    ("cases", t, alternatives | None)  ("match", (t, ...), (((pattern, ...), block), ...))  ("intro_match", as in match)
    ("have" | "replace", name | None, type | None, t)  ("have_pattern", pattern, t)
    ("suffices", name | None, type, t | None)
    ("exists", (t, ...))  ("rcases", t, pattern | None)  ("rintro", (pattern, ...))
    ("intros" | "clear" | "revert" | "rename_i", (name, ...))  ("rotate", number)
    ("block", (tactic, ...))  ("focused" | "paren", block)  ("then", tactic, tactic)  ("first", (block, ...))
    ("try" | "all_goals" | "any_goals" | "repeat" | "focus", block)  ("case", ((tag, (name, ...)), ...), block)
    ("assumption",)  ("constructor",)  and other words that stand alone

An alternative of ``cases`` is ``(constructor, (name, ...), block)``; the block is None if it is written ``?_``. The
name ``_`` stands for a name that Lean makes up. The patterns of ``rcases`` and ``rintro`` are ``("name", name)``,
``("clear",)``, ``("tuple", patterns)``, ``("either", patterns)`` and ``("typed", pattern, type)``.
"""

from __future__ import annotations

from lean_ebm.proving.parser_base import MAX_DEPTH, Tree
from lean_ebm.proving.parser_tactics import TacticParser

__all__ = ["MAX_DEPTH", "Tree", "parse_tactics", "parse_term"]


def parse_term(text: str) -> Tree:
    """Parse a term or a formula.

    Raises:
        SyntaxProblem: If the text is not one.
    """
    parser = TacticParser(text)
    tree = parser.term()
    parser.end()
    return tree


def parse_tactics(text: str) -> Tree:
    """Parse a block of tactics, one a line or separated by ``;``.

    Raises:
        SyntaxProblem: If the text is not one.
    """
    parser = TacticParser(text)
    tree = parser.block()
    parser.end()
    return tree
