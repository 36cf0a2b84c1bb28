"""States to learn from as columns of small integers, in memory and in files."""

from __future__ import annotations

import hashlib
import json
import sys
from array import array
from dataclasses import asdict, dataclass
from typing import Any

from lean_ebm.proving.candidates.chunks import ChunkSpace
from lean_ebm.proving.candidates.goals import Listing
from lean_ebm.proving.steps.sampling import ProofState

_CODES = {
    # one entry a state
    "number": "Q", "theorem": "i", "left": "h", "exact": "b", "turn": "b", "target": "h",
    "nodes": "h", "hypotheses": "h", "tactics": "h",
    # one entry a node, a hypothesis, a tactic
    "kind": "b", "part": "h", "other_part": "h", "level": "h", "hypothesis": "h",
    "template": "b", "pointer": "h", "other_pointer": "h", "after": "h", "tied": "b",
}  # fmt: skip

_CHUNK_CODES = {
    # one entry a state
    "slots": "h", "chunks": "h",
    # one entry a tactic that only later slots take, and three a chunk
    "slot_template": "b", "slot_pointer": "h", "slot_other_pointer": "h", "chunk": "h",
}  # fmt: skip

MOST_NODES = 2**15 - 1
"""Largest number of nodes of a state."""

SPLITS = ("train", "val", "test")
"""The splits of theorems and states."""


def split_of(number: int) -> str:
    """The split of a number, such as a theorem's :func:`.invariant`: a tenth is ``val``, a tenth ``test``."""
    share = number % 10
    return "test" if share == 0 else "val" if share == 1 else "train"


def home(number: int, splits: set[str]) -> str:
    """The split of a state that occurs in theorems of these splits."""
    wanted = split_of(number // 10)  # other digits than those by which theorems are split
    return wanted if wanted in splits else next(split for split in SPLITS if split in splits)


@dataclass(frozen=True)
class ProvedTheorem:
    """A theorem with a proof that was found.

    Args:
        statement: Binders and proposition.
        kind: Where it comes from.
        number: Its :func:`.invariant`.
        size: Number of connectives, quantifiers and atoms.
        steps: Number of tactics of the shortest proof that was found.
        lemmas: Number of theorems of its world, from the first, that a proof may use.
    """

    statement: str
    kind: str
    number: int
    size: int
    steps: int
    lemmas: int = 0


class Columns:
    """A growing list of states, stored as columns.

    Args:
        chunks: Whether they come with chunks of tactics.

    Attributes:
        theorems: The theorems of which they are states.
        columns: For each state its ``number`` (the :func:`.invariant`), the index of its ``theorem``, how many tactics
            are ``left``, whether that is ``exact``, whether a wrong ``turn`` led to it, the node of its ``target``, and
            how many ``nodes``, ``hypotheses`` and ``tactics`` it has. For each node its ``kind``, its ``part`` and
            ``other_part``, and its ``level``. For each ``hypothesis`` its node. For each tactic its ``template``, its
            ``pointer`` and ``other_pointer``, how many tactics are needed ``after`` it, and whether it may be ``tied``
            with the best one, as :class:`.ProofState` has it. With chunks, for each state also the number of ``slots``,
            tactics that only later slots take, with ``slot_template``, ``slot_pointer`` and ``slot_other_pointer`` of
            each, ``done`` as the last one; and the number of entries of its ``chunks``, three for each ``chunk``:
            numbers of tactics, as :class:`.ChunkSpace` has them.
    """

    def __init__(self, chunks: bool = False) -> None:
        self.theorems: list[ProvedTheorem] = []
        codes = _CODES | _CHUNK_CODES if chunks else _CODES
        self.columns: dict[str, array[int]] = {name: array(code) for name, code in codes.items()}

    def __len__(self) -> int:
        return len(self.columns["number"])

    def add(self, number: int, state: ProofState, listing: Listing) -> None:
        """Add a state of the theorem that was added last."""
        graph = listing.graph
        one: dict[str, int] = {
            "number": number, "theorem": len(self.theorems) - 1, "left": state.left, "exact": state.exact,
            "turn": state.turn, "target": graph.target, "nodes": len(graph.kinds),
            "hypotheses": len(graph.hypotheses), "tactics": len(listing.templates),
        }  # fmt: skip
        many = {
            "kind": graph.kinds, "part": graph.first, "other_part": graph.second, "level": graph.levels,
            "hypothesis": graph.hypotheses, "template": listing.templates, "pointer": listing.first,
            "other_pointer": listing.second, "after": state.after, "tied": state.tied,
        }  # fmt: skip
        for name, value in one.items():
            self.columns[name].append(value)
        for name, values in many.items():
            self.columns[name].extend(values)

    def add_chunks(self, state: ProofState, space: ChunkSpace) -> None:
        """Add the chunks of the state that was added last, as far as they are in its space."""
        _, templates, first, second = space.listing
        numbers = [found for chunk in state.chunks if (found := space.numbers(chunk)) is not None]
        flat = [number for found in numbers for number in found]
        later = slice(space.listed, None)
        columns = self.columns
        columns["slots"].append(len(templates[later]))
        columns["chunks"].append(len(flat))
        columns["slot_template"].extend(templates[later])
        columns["slot_pointer"].extend(first[later])
        columns["slot_other_pointer"].extend(second[later])
        columns["chunk"].extend(flat)

    def to_bytes(self) -> bytes:
        """Write everything, with a digest at the beginning."""
        header: dict[str, Any] = {
            "byteorder": sys.byteorder,
            "theorems": [asdict(theorem) for theorem in self.theorems],
            "lengths": {name: len(column) for name, column in self.columns.items()},
        }
        rest = b"".join([json.dumps(header).encode(), b"\n", *[part.tobytes() for part in self.columns.values()]])
        return hashlib.sha256(rest).digest() + rest


def from_bytes(content: bytes) -> Columns | None:
    """Read the bytes of :meth:`Columns.to_bytes`. None if damaged, or written by another kind of machine."""
    size = hashlib.sha256().digest_size
    if content[:size] != hashlib.sha256(content[size:]).digest():
        return None
    end = content.index(b"\n", size)
    header = json.loads(content[size:end])
    if header["byteorder"] != sys.byteorder:
        return None
    found = Columns("chunk" in header["lengths"])
    found.theorems = [ProvedTheorem(**theorem) for theorem in header["theorems"]]
    at = end + 1
    for name, column in found.columns.items():
        length = header["lengths"][name] * column.itemsize
        column.frombytes(content[at : at + length])
        at += length
    return found
