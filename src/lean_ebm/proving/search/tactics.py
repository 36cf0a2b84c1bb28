"""The narrow set of tactics: the few tactics that provers without a guide try in a state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from lean_ebm.proving.statements import State
from lean_ebm.proving.views import GoalView


def legal_tactics(state: State, number: int = 0) -> list[str]:
    """List tactics that may change a goal of a state, in a fixed order, few enough to try them all.

    With these tactics every theorem of intuitionistic propositional logic has a proof. New hypotheses are called
    ``h1``, ``h2``, ...; new individuals ``x1``, ``x2``, ...

    Args:
        state: The state.
        number: Number of the goal; 0 is the main goal.
    """
    goal = state.view(number)
    return [] if goal is None else list(_tactics(goal))


_CASES = {"and": "| intro {0} {1} => ?_", "iff": "| intro {0} {1} => ?_", "exists": "| intro {2} {0} => ?_"}


def _tactics(goal: GoalView) -> Iterator[str]:
    if goal.head == "data":
        yield from (f"exact {name}" for name in goal.of_sort(goal.sort))
        return
    for hypothesis in goal.hypotheses:
        if hypothesis.text == goal.text:
            yield f"exact {hypothesis.name}"
            return  # it closes the goal
    free = (name for index in count(1) if (name := f"h{index}") not in goal.names)
    first, second = next(free), next(free)
    individual = next(name for index in count(1) if (name := f"x{index}") not in goal.names)
    if goal.head in ("implies", "not"):
        yield f"intro {first}"
    elif goal.head == "all":
        yield f"intro {individual}"
    elif goal.head in ("and", "iff", "True"):
        yield "constructor"
    known = {hypothesis.text for hypothesis in goal.hypotheses}
    for name, head, *_ in goal.hypotheses:
        if head in _CASES:
            yield f"cases {name} with {_CASES[head].format(first, second, individual)}"
        elif head == "or":
            yield f"cases {name} with | inl {first} => ?_ | inr {first} => ?_"
        elif head == "False":
            yield f"cases {name}"
    for name, head, _, _, applies, _ in goal.hypotheses:
        if head in ("implies", "not", "all") and applies:
            yield f"apply {name}"
    if goal.head == "or":
        yield "left"
        yield "right"
    elif goal.head == "exists":
        yield from (f"refine ⟨{name}, ?_⟩" for name in goal.of_sort(goal.sort))
        yield "constructor"
    for name, head, _, after, _, sort in goal.hypotheses:
        if head == "implies" and after not in known:
            yield f"have {first} := {name} ?_"
        elif head == "all":
            yield from (f"have {first} := {name} {x}" for x in goal.of_sort(sort))
    if goal.head != "False":
        yield "exfalso"
