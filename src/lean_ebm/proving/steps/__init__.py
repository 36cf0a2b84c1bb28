"""Proof steps for training: states, and how many tactics are left after each listed tactic."""
