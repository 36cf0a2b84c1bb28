"""The exit status of a command. An error that the user can correct is printed as one sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from lean_ebm.errors import mistake


def exit_status(action: Callable[[], int]) -> int:
    """Run the function of a command and return its exit status.

    Args:
        action: Returns the exit status if nothing goes wrong.

    Returns:
        This status; 2 after an error that the user can mend, which is printed, unless ``LEAN_EBM_TRACEBACK`` is set;
        130 after an interrupt.
    """
    try:
        return action()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # what read the output has ended; the program itself deals with that
        raise
    except Exception as error:
        told = None if os.environ.get("LEAN_EBM_TRACEBACK") else mistake(error)
        if told is None:
            raise
        print(f"lean-ebm: error: {told}", file=sys.stderr)
        return 2
