"""The world of numbers: equations between natural numbers, proved by rewriting and induction."""
