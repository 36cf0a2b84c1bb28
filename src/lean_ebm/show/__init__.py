"""HTML pages that show the steps of chains, and searches that an energy guides.

A page is made in two steps. Traces are plain data; :func:`chain_page` and :func:`search_page` write them as one HTML
file that needs no network. What a search found, for example::

    statement = read_statement("(p q : Prop) : p ∧ q → q ∧ p")
    prover = GuidedProver(SizeGuide())
    with Logic() as logic:
        found = find_proof(statement, logic, prover)
        trace = trace_search(found, prover, logic.start(statement).state)
    Path("page.html").write_text(search_page(trace), encoding="utf-8")
"""

from lean_ebm.show.pages import chain_page, search_page
from lean_ebm.show.searches import GoalTrace, SearchTrace, TacticTrace, TracedChains, editor_link, trace_search
from lean_ebm.show.steps import ChainTrace, DrawTrace, SampleTrace, StepTrace

__all__ = [
    "ChainTrace",
    "DrawTrace",
    "GoalTrace",
    "SampleTrace",
    "SearchTrace",
    "StepTrace",
    "TacticTrace",
    "TracedChains",
    "chain_page",
    "editor_link",
    "search_page",
    "trace_search",
]
