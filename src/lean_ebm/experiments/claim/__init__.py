"""The experiment on the project's claim, one energy against a policy and a value. It was planned in advance."""
