"""Trains and judges every reasoning task beside its baselines and writes it up: ``make reasoning``."""
