"""Where proofs are tried: one interface over an embedded Lean-syntax logic, a real Lean 4, and PyPantograph.

Nothing here needs torch, and nothing of the core needs this.
"""
