"""Proof steps to learn from: states of theorems, with how many tactics are left after each that is listed."""
