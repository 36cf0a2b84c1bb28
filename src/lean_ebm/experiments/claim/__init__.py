"""The experiment on the claim of this project: one energy against a policy and a value, planned before it was run."""
