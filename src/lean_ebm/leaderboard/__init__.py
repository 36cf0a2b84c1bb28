"""Trains every recipe with several seeds, judges what came of it and writes the table: ``make leaderboard``."""
