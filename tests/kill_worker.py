"""The command line with a callback that kills the process: ``kill_worker.py SIGNAL STEP ARGUMENTS...``."""

import os
import signal
import sys

from lightning.pytorch import Callback

from lean_ebm.cli.training import LeanEBMCLI, main


class Kill(Callback):
    """Sends the process a signal in the middle of a step, when gradients are computed and weights are not yet updated.

    Where a validation lies between that step and the one before, as the validation begins.
    """

    def __init__(self, number: int, step: int) -> None:
        self.number, self.step = number, step

    def on_after_backward(self, trainer, pl_module):
        if trainer.global_step == self.step:
            os.kill(os.getpid(), self.number)

    on_validation_start = on_after_backward


if __name__ == "__main__":
    kill = Kill(getattr(signal, sys.argv[1]), int(sys.argv[2]))
    plain = LeanEBMCLI.instantiate_trainer

    def with_kill(self, **kwargs):
        trainer = plain(self, **kwargs)
        trainer.callbacks.insert(0, kill)
        return trainer

    LeanEBMCLI.instantiate_trainer = with_kill
    main(sys.argv[3:])
