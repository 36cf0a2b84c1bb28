"""The wide set of tactics: all tactics that may help in a goal. Goals are integers without names.

A searching guide lists the tactics for a goal, has a network judge the integers, and writes the tactic that it wants::

    goal = listed_goal(state)
    templates = goal.listing().templates
    text = goal.text(templates.index(Template.INTRO))
"""

from lean_ebm.proving.candidates.chunks import DONE, LENGTH, Chunk, ChunkSpace
from lean_ebm.proving.candidates.goals import ListedGoal, Listing, listed_goal, listing_of, read_goal, wide_tactics
from lean_ebm.proving.candidates.graphs import KINDS, NONE, GoalGraph, NodeKind
from lean_ebm.proving.candidates.listing import candidates
from lean_ebm.proving.candidates.moves import goals_after
from lean_ebm.proving.candidates.sequents import Sequent, sequent_of
from lean_ebm.proving.candidates.templates import TEMPLATES, Candidate, Template

__all__ = [
    "DONE",
    "KINDS",
    "LENGTH",
    "NONE",
    "TEMPLATES",
    "Candidate",
    "Chunk",
    "ChunkSpace",
    "GoalGraph",
    "ListedGoal",
    "Listing",
    "NodeKind",
    "Sequent",
    "Template",
    "candidates",
    "goals_after",
    "listed_goal",
    "listing_of",
    "read_goal",
    "sequent_of",
    "wide_tactics",
]
