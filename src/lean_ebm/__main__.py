"""The entry point of ``lean-ebm`` and of ``python -m lean_ebm``."""

from __future__ import annotations

import os
import sys

from lean_ebm.cli.commands import run
from lean_ebm.errors import mistake


def main() -> int | None:
    """Run the command that the arguments of the process name, and return its exit status."""
    try:
        status = run(sys.argv[1:])
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # what read the output has ended, such as `head`: nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        told = None if os.environ.get("LEAN_EBM_TRACEBACK") else mistake(error)
        if told is None:
            raise
        print(f"lean-ebm: error: {told}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
