"""States to learn from as columns of small integers, in memory and in files."""

from __future__ import annotations

import hashlib
import json
import sys
from array import array
from dataclasses import asdict, dataclass
from typing import Any

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

COLUMNS = tuple(_CODES)
"""The names of all columns, see :class:`Columns`."""

MOST_NODES = 2**15 - 1
"""Largest number of nodes of a state."""


def split_of(number: int) -> str:
    """The split of a number, such as the :func:`.invariant` of a theorem: one of ten in ``val``, one in ``test``."""
    share = number % 10
    return "test" if share == 0 else "val" if share == 1 else "train"


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
    """States one after the other.

    Attributes:
        theorems: The theorems of which they are states.
        columns: For each state its ``number`` (the :func:`.invariant`), the index of its ``theorem``, how many tactics
            are ``left``, whether that is ``exact``, whether a wrong ``turn`` led to it, the node of its ``target``, and
            how many ``nodes``, ``hypotheses`` and ``tactics`` it has. For each node its ``kind``, its ``part`` and
            ``other_part``, and its ``level``. For each ``hypothesis`` its node. For each tactic its ``template``, its
            ``pointer`` and ``other_pointer``, how many tactics are needed ``after`` it, and whether it may be ``tied``
            with the best one, as :class:`.ProofState` has it.
    """

    def __init__(self) -> None:
        self.theorems: list[ProvedTheorem] = []
        self.columns: dict[str, array[int]] = {name: array(code) for name, code in _CODES.items()}

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

    def to_bytes(self) -> bytes:
        """Write everything, with a digest at the beginning."""
        header: dict[str, Any] = {
            "byteorder": sys.byteorder,
            "theorems": [asdict(theorem) for theorem in self.theorems],
            "lengths": {name: len(column) for name, column in self.columns.items()},
        }
        rest = b"".join([json.dumps(header).encode(), b"\n", *[self.columns[name].tobytes() for name in COLUMNS]])
        return hashlib.sha256(rest).digest() + rest


def from_bytes(content: bytes) -> Columns | None:
    """Read what :meth:`Columns.to_bytes` wrote; None if it is damaged, or was written by another kind of machine."""
    size = hashlib.sha256().digest_size
    if content[:size] != hashlib.sha256(content[size:]).digest():
        return None
    end = content.index(b"\n", size)
    header = json.loads(content[size:end])
    if header["byteorder"] != sys.byteorder:
        return None
    found = Columns()
    found.theorems = [ProvedTheorem(**theorem) for theorem in header["theorems"]]
    at = end + 1
    for name in COLUMNS:
        column = found.columns[name]
        length = header["lengths"][name] * column.itemsize
        column.frombytes(content[at : at + length])
        at += length
    return found
