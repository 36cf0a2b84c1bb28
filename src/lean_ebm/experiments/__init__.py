"""Experiments: runs with several seeds, and a report on them. Each is a module to run and a target of make.

``make leaderboard`` runs ``python -m lean_ebm.experiments.leaderboard``; ``make held-out`` and ``make reasoning`` run
the other two. A new experiment is an :class:`~lean_ebm.experiments.experiment.Experiment`, which defines its runs and
its report.
"""
