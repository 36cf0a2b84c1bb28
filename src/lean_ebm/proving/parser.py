"""The parser of Lean's syntax, for the terms and tactics of the embedded logic: text to trees.

Names in a tree are plain text: what they refer to depends on a context, which the parser does not know.

Terms are tuples whose first entry says what they are::

    ("name", "h")  ("app", f, (a, ...))  ("proj", t, "left")  ("fun", ((name, type | None), ...), body)
    ("anonymous", (a, ...))  ("typed", t, type)  ("_",)  ("?_",)
    ("and", a, b)  ("or", a, b)  ("iff", a, b)  ("implies", a, b)  ("not", a)  ("all" | "exists", name, type | None, a)

and so are tactics::

    ("intro", (name, ...))  ("exact" | "apply" | "refine", t)  ("cases", t, alternatives | None)
    ("have", name | None, type | None, t)  ("exists", (t, ...))  ("block", (tactic, ...))
    ("assumption",)  ("constructor",)  ("left",)  ("right",)  ("exfalso",)  ("contradiction",)

An alternative of ``cases`` is ``(constructor, (name, ...), tactics)``; tactics are None if they are written ``?_``. The
name ``_`` stands for a name that Lean makes up.
"""

from __future__ import annotations

from typing import Any

from lean_ebm.proving.lexer import END, LIBRARY_NAMES, SyntaxProblem, Token, tokenize

Tree = tuple[Any, ...]
"""A term or a tactic; the first entry says which one."""

MAX_DEPTH = 64
"""Depth of nesting of terms and tactics; a deeper text is refused."""

_BINARY = {"→": (25, 26, 25, "implies"), "↔": (20, 21, 21, "iff"), "∨": (30, 31, 30, "or"), "∧": (35, 36, 35, "and")}


class _Parser:
    """A recursive-descent parser.

    Attributes:
        tokens: The tokens, :data:`END` last.
        at: Index of the next token.
        depth: Depth of nesting so far.
        column: Column of the tactic block that is being parsed; -1 outside of blocks.
    """

    def __init__(self, text: str) -> None:
        self.tokens = [*tokenize(text), END]
        self.at = 0
        self.depth = 0
        self.column = -1

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def inside(self) -> bool:
        """Whether the next token still belongs to the tactic that is being parsed."""
        token = self.tokens[self.at]
        return token.column > self.column or (self.at > 0 and token.line == self.tokens[self.at - 1].line)

    def peek(self, text: str) -> bool:
        token = self.tokens[self.at]
        return token.text == text and token.kind == "symbol" and self.inside()

    def accept(self, text: str) -> bool:
        if self.peek(text):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise self.problem(f"expected {text!r}")

    def problem(self, message: str) -> SyntaxProblem:
        if self.next is END:
            return SyntaxProblem(f"{message}, found the end")
        return SyntaxProblem(f"{message}, found {self.next.text!r} in line {self.next.line + 1}")

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise SyntaxProblem(f"nested deeper than {MAX_DEPTH}")

    def name(self) -> str:
        token = self.next
        if token.kind != "name" or not self.inside():
            raise self.problem("expected a name")
        if token.text in LIBRARY_NAMES:
            raise self.problem("expected a name that is not taken")
        self.at += 1
        return token.text

    def end(self) -> None:
        if self.next is not END:
            raise self.problem("expected the end")

    # Terms

    def term(self, minimum: int = 0) -> Tree:
        self.enter()
        left, precedence = self.leading()
        while True:
            operator = _BINARY.get(self.next.text) if self.next.kind == "symbol" and self.inside() else None
            if operator is None:
                break
            own, first, second, what = operator
            if own < minimum or precedence < first:
                break
            self.at += 1
            left, precedence = (what, left, self.term(second)), own
        self.depth -= 1
        return left

    def leading(self) -> tuple[Tree, int]:
        if self.accept("fun"):
            binders = self.binders("=>")
            self.expect("=>")
            return ("fun", binders, self.term()), 1024
        for symbol, what in (("∀", "all"), ("∃", "exists")):
            if self.accept(symbol):
                binders = self.binders(",")
                self.expect(",")
                body = self.term()
                for name, domain in reversed(binders):
                    body = (what, name, domain, body)
                return body, 1023
        if self.accept("¬"):
            return ("not", self.term(40)), 1024
        head = self.argument()
        if head is None:
            raise self.problem("expected a term")
        arguments: list[Tree] = []
        while self.inside() and not self.next.glued:
            if self.peek("¬") or self.peek("fun"):
                arguments.append(self.leading()[0])
                continue
            argument = self.argument()
            if argument is None:
                break
            arguments.append(argument)
        return (("app", head, tuple(arguments)), 1023) if arguments else (head, 1024)

    def argument(self) -> Tree | None:
        """Parse a term that needs no brackets as an argument, with its projections; None if none starts here."""
        token = self.next
        if not self.inside():
            return None
        tree: Tree
        if token.kind == "name" or token.text in ("Prop", "Type", "Sort"):
            self.at += 1
            tree = ("_",) if token.text == "_" else ("name", token.text)
        elif self.accept("?_"):
            tree = ("?_",)
        elif self.accept("("):
            tree = self.bracketed()
        elif self.accept("⟨"):
            items: list[Tree] = []
            while not self.accept("⟩"):
                if items:
                    self.expect(",")
                items.append(self.term())
            tree = ("anonymous", tuple(items))
        else:
            return None
        while self.next.kind == "projection" and self.next.glued:
            tree = ("proj", tree, self.next.text[1:])
            self.at += 1
        return tree

    def bracketed(self) -> Tree:
        saved, self.column = self.column, -1
        tree = self.term()
        if self.accept(":"):
            tree = ("typed", tree, self.term())
        self.expect(")")
        self.column = saved
        return tree

    def binders(self, stop: str) -> tuple[tuple[str, Tree | None], ...]:
        found: list[tuple[str, Tree | None]] = []
        while not self.peek(stop):
            if self.accept("("):
                names = [self.name()]
                while not self.accept(":"):
                    names.append(self.name())
                domain = self.term()
                self.expect(")")
                found += [(name, domain) for name in names]
                continue
            if self.peek(":"):
                if not found or any(domain for _, domain in found):
                    raise self.problem("expected a name")
                self.at += 1
                domain = self.term()
                return tuple((name, domain) for name, _ in found)
            found.append((self.name(), None))
        if not found:
            raise self.problem("expected a name")
        return tuple(found)

    # Tactics

    def block(self, beyond: int) -> Tree:
        """Parse tactics that start in one column, to the right of the column ``beyond``."""
        self.enter()
        saved, first = self.column, self.next
        if first.column <= beyond:
            raise self.problem("expected a tactic")
        tactics: list[Tree] = []
        while self.next.column == first.column and (not tactics or self.next.line > self.tokens[self.at - 1].line):
            self.column = first.column
            tactics.append(self.tactic())
            while self.next.text == ";" and self.inside():
                self.at += 1
                if not self.inside() or self.next is END:
                    break  # a semicolon may end the line
                tactics.append(self.tactic())
        self.column = saved
        self.depth -= 1
        return ("block", tuple(tactics))

    def tactic(self) -> Tree:
        token = self.next
        self.at += 1
        word = token.text
        if word in ("assumption", "constructor", "left", "right", "exfalso", "contradiction"):
            return (word,)
        if word == "intro":
            names = []
            while self.next.kind == "name" and self.inside():
                names.append(self.name())
            return ("intro", tuple(names))
        if word in ("exact", "apply", "refine"):
            return (word, self.term())
        if word == "have":
            return self.have()
        if word == "exists":
            terms = [self.term()]
            while self.accept(","):
                terms.append(self.term())
            return ("exists", tuple(terms))
        if word == "cases":
            target = self.term()
            return ("cases", target, self.alternatives() if self.accept("with") else None)
        if word in ("·", "."):
            return self.block(self.column)
        self.at -= 1
        raise self.problem("expected a tactic")

    def have(self) -> Tree:
        name = self.name() if self.next.kind == "name" else None
        domain = self.term() if self.accept(":") else None
        self.expect(":=")
        return ("have", name, domain, self.term())

    def alternatives(self) -> tuple[Tree, ...]:
        found: list[Tree] = []
        column = self.next.column
        while self.next.text == "|" and self.next.column >= column and self.next.column >= self.column:
            self.at += 1
            bar = self.tokens[self.at - 1].column
            constructor = self.name()
            names = []
            while self.next.kind == "name" and self.next.column > bar:  # Lean's rule, also across lines
                names.append(self.name())
            self.expect("=>")
            if self.accept("?_"):
                found.append((constructor, tuple(names), None))
            else:
                found.append((constructor, tuple(names), self.block(self.column)))
        if not found:
            raise self.problem("expected '|'")
        return tuple(found)


def parse_term(text: str) -> Tree:
    """Parse a term or a formula.

    Raises:
        SyntaxProblem: If the text is not one.
    """
    parser = _Parser(text)
    tree = parser.term()
    parser.end()
    return tree


def parse_tactics(text: str) -> Tree:
    """Parse a block of tactics, one a line or separated by ``;``.

    Raises:
        SyntaxProblem: If the text is not one.
    """
    parser = _Parser(text)
    tree = parser.block(-1)
    parser.end()
    return tree
