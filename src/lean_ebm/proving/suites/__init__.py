"""Suites: problems on which provers are measured, attempts at them, and their results.

A suite is read from the files that others publish, or made here. Each problem keeps its source, so that it can be
written back with nothing but its proof replaced::

    from lean_ebm.proving.suites import SUITES

    problem = SUITES["iltp"].problems(number=3)[0]
    print(problem.name, problem.statement)
    print(problem.place.written("exact fun h => h"))
"""

from lean_ebm.proving.suites.problem import Problem, ProofPlace
from lean_ebm.proving.suites.suite import SUITES, Suite

__all__ = ["SUITES", "Problem", "ProofPlace", "Suite"]
