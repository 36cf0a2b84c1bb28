"""Experiments: runs with several seeds, and a report on them. Each is a module to run and a target of make.

``python -m lean_ebm.experiments.leaderboard`` is ``make leaderboard``; ``held_out`` and ``reasoning`` likewise. A new
experiment is an :class:`~lean_ebm.experiments.experiment.Experiment`: which runs it makes and what its report says.
"""
