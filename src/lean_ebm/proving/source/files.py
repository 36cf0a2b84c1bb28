r"""Reads Lean files: their theorems, and the earlier parts that each theorem needs.

A file is read as Lean reads it: ``theorem``, ``lemma`` and ``example``, below ``variable``, ``open``, ``namespace``,
``section`` and ``universe``. Everything else is named, with its line, and never passed over::

    file = read_file("variable (p : Prop)\ntheorem self : p → p := id\naxiom a : False")
    assert [entry.title for entry in file.entries] == ["self", "line 3"]
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from lean_ebm.proving.lexer import SyntaxProblem, plain
from lean_ebm.proving.source.binders import Binder, groups
from lean_ebm.proving.source.commands import SourceCommand, split_commands
from lean_ebm.proving.source.shape import depths
from lean_ebm.proving.source.theorems import ParsedTheorem, name_of, parse_theorem
from lean_ebm.proving.source.variables import Variable, declared, included
from lean_ebm.proving.statements import Attempt, Statement

UNIVERSES = frozenset("uvw")
"""The universes that are declared above every theorem; see :data:`~lean_ebm.proving.lean.messages.HEADER`."""

_THEOREMS = ("theorem", "lemma", "example")
_DEFINITIONS = ("def", "abbrev", "axiom", "opaque", "inductive", "coinductive", "structure", "class")
_HARMLESS = ("set_option", "attribute", "doc")  # they change how Lean proves, and not what a statement says


@dataclass(frozen=True)
class FileEntry:
    """A theorem of a file, or a command that cannot be read.

    Args:
        name: The theorem's full name; empty for an ``example`` and for other commands.
        line: The line of its keyword, from 1.
        theorem: Whether it is a theorem.
        problem: Why it is not read; empty if it is.
        statement: Its statement, with the section variables that it needs as binders. The preamble has what is open
            there, but no other theorem.
        script: Its proof.
        uses: The full names of the earlier theorems that it mentions, or may use by their attributes.
        source: Its Lean source, to stand before a later theorem.
    """

    name: str
    line: int
    theorem: bool
    problem: str = ""
    statement: Statement | None = None
    script: str = ""
    uses: tuple[str, ...] = ()
    source: str = ""

    @property
    def title(self) -> str:
        """The title in reports."""
        if self.name:
            return self.name
        return f"example in line {self.line}" if self.theorem else f"line {self.line}"


@dataclass(frozen=True)
class LeanFile:
    """The content of a Lean file.

    Args:
        entries: Its theorems and the commands that are not read, in their order.
        imports: The modules that it imports.
    """

    entries: tuple[FileEntry, ...]
    imports: tuple[str, ...]

    def attempt(self, entry: FileEntry, header: str = "", known: Collection[str] = ()) -> Attempt:
        """Make the attempt of a readable entry: statement and script, with the theorems that it uses as preamble.

        Args:
            entry: The entry.
            header: Lean source to stand at the start of the preamble.
            known: Full names of theorems that the judge has itself, so that they do not stand in the preamble.
        """
        assert entry.statement is not None
        written = {other.name: other for other in self.entries if other.source}
        needed: set[str] = set()
        left = list(entry.uses)
        while left:
            name = left.pop()
            if name not in needed:
                needed.add(name)
                left += written[name].uses
        sources = [other.source for other in self.entries if other.name in needed - set(known) and other.source]
        statement = replace(
            entry.statement, preamble="\n".join([header, *sources, entry.statement.preamble]).strip("\n")
        )
        return Attempt(statement, entry.script)


@dataclass
class _Scope:
    """What is open at a place in a file.

    Args:
        kind: ``namespace``, ``section`` or ``mutual``.
        name: Its name; empty if it has none.
        opened: The commands ``open`` in it.
        variables: The section variables that hold in it, those of outer scopes included.
    """

    kind: str
    name: str
    opened: list[str] = field(default_factory=list)
    variables: tuple[Variable, ...] = ()


class _Reader:
    """Reads a file, command by command."""

    def __init__(self, text: str) -> None:
        self.text = plain(text)
        self.entries: list[FileEntry] = []
        self.imports: list[str] = []
        self.universes: dict[str, None] = {}
        self.scopes = [_Scope("section", "")]
        self.changed = ""  # a command that is not read and may change what later theorems say
        self.defined: dict[str, str] = {}  # a name, and the definition that has it and is not read
        self.theorems: dict[str, tuple[FileEntry, ParsedTheorem | None]] = {}
        self.number = 0

    def read(self) -> None:
        for command in split_commands(self.text):
            self.number += 1
            if command.keyword == "#exit":
                self.unread(command, "#exit: Lean reads no further")
                return
            try:
                self.command(command)
            except SyntaxProblem as problem:
                self.unread(command, str(problem))

    def command(self, command: SourceCommand) -> None:
        keyword = command.keyword
        opened = [self.opening(part) for part in command.prefix if part.keyword == "open"]
        if other := [part.keyword for part in command.prefix if part.keyword != "open"]:
            self.unread(command, f"{other[0]} ... in")
        elif keyword in _THEOREMS:
            scope = self.scopes[-1]
            self.scopes.append(_Scope("section", "", opened, scope.variables))
            try:
                self.theorem(command)
            finally:
                self.scopes.pop()
        elif opened or not self.context(command):
            self.unread(command, keyword or f"expected a command, found {command.tokens[0].text!r:.20}")

    def context(self, command: SourceCommand) -> bool:
        """Read a command that opens, closes or declares something; False if it is another one."""
        keyword, rest = command.keyword, command.rest
        scope = self.scopes[-1]
        if command.head and keyword != "doc":  # `noncomputable section` and its like
            return False
        if keyword == "variable":
            levels = depths(rest)
            found, end = groups(self.text, rest, levels, 0)
            if end < len(rest) or not found:
                raise SyntaxProblem("expected variables such as (p q : Prop)")
            scope.variables = declared(scope.variables, found, self.number)
        elif keyword == "open":
            scope.opened.append(self.opening(command))
        elif keyword == "universe":
            if not rest or any(token.kind != "name" for token in rest):
                raise SyntaxProblem("expected names of universes")
            self.universes |= dict.fromkeys(token.text for token in rest if token.text not in UNIVERSES)
        elif keyword in ("namespace", "section"):
            name, end = name_of(command)
            if end < len(rest) or (keyword == "namespace" and not name):
                raise SyntaxProblem(f"expected {keyword} and a name")
            self.scopes.append(_Scope(keyword, name, [], scope.variables))
        elif keyword == "end":
            self.close(command)
        elif keyword == "import":
            name, end = name_of(command)
            if end < len(rest) or not name or self.entries or self.number > len(self.imports) + 1:
                raise SyntaxProblem("expected import and a module, at the start of the file")
            self.imports.append(name)
        else:
            return keyword == "doc" and command.tokens[0].text.startswith("/-!") and len(command.tokens) == 1
        return True

    def close(self, command: SourceCommand) -> None:
        name, end = name_of(command)
        names: list[str] = []
        for depth in range(len(self.scopes) - 1, 0, -1):  # `end A.B` may close two namespaces
            names.insert(0, self.scopes[depth].name)
            if ".".join(names) == name and end == len(command.rest) and self.scopes[depth].kind != "mutual":
                del self.scopes[depth:]
                return
            if not self.scopes[depth].name:
                break
        raise SyntaxProblem(f"'{f'end {name}'.strip()}' closes nothing that has that name")

    def opening(self, command: SourceCommand) -> str:
        """The source of a command ``open``."""
        for token in command.rest:
            allowed = token.kind in ("name", "projection") or token.text in ("scoped", "(", ")", "hiding", "renaming")
            if not allowed and token.text not in ("→", ","):
                raise SyntaxProblem(f"expected namespaces after open, found {token.text!r}")
        if not command.rest or command.head:
            raise SyntaxProblem("expected namespaces after open")
        depths(command.rest)
        return " ".join(self.text[command.tokens[0].start : command.tokens[-1].end].split())

    def theorem(self, command: SourceCommand) -> None:
        name = "" if command.keyword == "example" else self.full(name_of(command)[0])
        try:
            if command.keyword != "example" and name in self.theorems:
                raise SyntaxProblem(f"the name {name} is taken by line {self.theorems[name][0].line}")
            if any(scope.kind == "mutual" for scope in self.scopes):
                raise SyntaxProblem("it stands in a mutual block")
            if self.changed:
                raise SyntaxProblem(f"{self.changed} comes before it, is not read, and may change what it says")
            parsed = parse_theorem(self.text, command)
            if "protected" in parsed.attributes.split() and "." not in name:
                raise SyntaxProblem("a protected theorem stands in a namespace")
            entry = self.entry(command, name, parsed)
        except SyntaxProblem as problem:
            parsed, entry = None, FileEntry(name, command.line, True, str(problem))
        self.entries.append(entry)
        if name:
            self.theorems.setdefault(name, (entry, parsed))

    def entry(self, command: SourceCommand, name: str, parsed: ParsedTheorem) -> FileEntry:
        if known := sorted(parsed.words & self.defined.keys()):
            raise SyntaxProblem(f"it mentions {known[0]} of {self.defined[known[0]]}, which is not read")
        variables = included(self.scopes[-1].variables, parsed.groups, parsed.proposition)
        binders = [*variables, *parsed.groups]
        bound = {each for group in binders for each in group.names}
        uses = tuple(other for other, known in self.theorems.items() if _uses(parsed, bound, other, known[1]))
        universes = [*self.universes, *(each for each in parsed.universes if each not in UNIVERSES)]
        statement = Statement(parsed.proposition, " ".join(map(str, binders)), self.preamble(universes))
        return FileEntry(
            name=name,
            line=command.line,
            theorem=True,
            statement=statement,
            script=parsed.script,
            uses=uses,
            source=self.source(name, parsed, binders) if name else "",
        )

    def preamble(self, universes: Iterable[str]) -> str:
        """What is open here, as Lean source that leaves it open."""
        lines = [f"universe {' '.join(dict.fromkeys(universes))}"] if universes else []
        for scope in self.scopes:
            lines += [f"namespace {scope.name}"] if scope.kind == "namespace" else []
            lines += scope.opened
        return "\n".join(lines)

    def source(self, name: str, parsed: ParsedTheorem, binders: Iterable[Binder]) -> str:
        """A theorem with all that is open around it, as Lean source that leaves nothing open."""
        universes = f".{{{', '.join(parsed.universes)}}}" if parsed.universes else ""
        lines = ["section", *([f"universe {' '.join(self.universes)}"] if self.universes else [])]
        for scope in self.scopes:
            lines += [f"namespace {scope.name}"] if scope.kind == "namespace" else []
            lines += scope.opened
        groups_ = " ".join(group.source() for group in binders)
        head = f"{parsed.attributes} theorem _root_.{name}{universes} {groups_} :".strip()
        lines += [f"{head} (", parsed.proposition, ") := by"]
        lines += [f"  {line}" if line else "" for line in parsed.script.split("\n")]
        lines += [f"end {scope.name}" for scope in reversed(self.scopes) if scope.kind == "namespace"]
        return "\n".join([*lines, "end"])

    def full(self, name: str) -> str:
        if name.startswith("_root_."):
            return name.removeprefix("_root_.")
        return ".".join([*(scope.name for scope in self.scopes if scope.kind == "namespace"), name])

    def unread(self, command: SourceCommand, problem: str) -> None:
        """Name a command that is not read."""
        keyword = command.keyword
        theorem = keyword in _THEOREMS
        name = self.full(name_of(command)[0]) if theorem and keyword != "example" else ""
        entry = FileEntry(name, command.line, theorem, problem)
        self.entries.append(entry)
        where = f"{keyword or 'a command'} in line {command.line}"
        if theorem:
            self.theorems.setdefault(name, (entry, None))
        elif keyword in _DEFINITIONS and not command.prefix:
            words = command.rest if keyword not in ("def", "abbrev", "axiom", "opaque") else command.rest[:1]
            names = {token.text.lstrip(".") for token in words if token.kind in ("name", "projection")}
            own, _ = name_of(command)
            self.defined |= dict.fromkeys(names | {own.rpartition(".")[2]} - {""}, where)
        elif keyword not in _HARMLESS and not keyword.startswith("#"):
            self.changed = self.changed or where
        if keyword == "mutual":
            self.scopes.append(_Scope("mutual", "", [], self.scopes[-1].variables))


def _uses(parsed: ParsedTheorem, bound: set[str], other: str, known: ParsedTheorem | None) -> bool:
    """Whether a theorem mentions an earlier one, or may use it by an attribute that it has."""
    last = other.rpartition(".")[2]
    if last in parsed.words and last not in bound:
        return True
    return known is not None and any(mark in word for mark in known.marks for word in parsed.words)


def read_file(text: str) -> LeanFile:
    """Read a Lean file.

    Raises:
        SyntaxProblem: If a comment or a string does not end, or the file is too long.
    """
    reader = _Reader(text)
    reader.read()
    return LeanFile(tuple(reader.entries), tuple(reader.imports))
