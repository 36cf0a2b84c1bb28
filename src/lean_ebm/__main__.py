"""``lean-ebm``, which is ``python -m lean_ebm`` as well."""

from __future__ import annotations

import os
import sys


def main() -> int | None:
    """Run the command that the arguments of the process name; returns its exit status."""
    # Each side is imported for its own commands alone: Lightning takes seconds, and a proof is found in less.
    if sys.argv[1:2] and sys.argv[1] in ("prove", "theorems", "check"):
        from lean_ebm.cli.proving import main as prove

        return prove()
    from lean_ebm.cli.training import main as train

    try:
        train()
    except Exception as error:
        from lean_ebm.errors import mistake

        told = None if os.environ.get("LEAN_EBM_TRACEBACK") else mistake(error)
        if told is None:
            raise
        print(f"lean-ebm: error: {told}", file=sys.stderr)
        return 1
    return None


if __name__ == "__main__":
    sys.exit(main())
