"""Experiments: runs with several seeds, and a report. Each is a module that can be run, and a make target.

``make leaderboard`` runs ``python -m lean_ebm.experiments.leaderboard``; ``make held-out``, ``make reasoning`` and
``make provers`` run the others. A new experiment is an :class:`~lean_ebm.experiments.experiment.Experiment`, which
defines its runs and its report.
"""
