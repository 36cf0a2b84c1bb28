"""The world of numbers: natural numbers with + * ^ ≤ <, equality and induction."""
