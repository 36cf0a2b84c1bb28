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


class KillAtOnce(Callback):
    """Sends the process a signal in the first batch of a validation, test or prediction.

    It prints "still here" if the signal has not ended the process.
    """

    def __init__(self, number: int) -> None:
        self.number = number

    def on_test_batch_start(self, *_):
        os.kill(os.getpid(), self.number)
        print("still here")

    on_validation_batch_start = on_predict_batch_start = on_test_batch_start


if __name__ == "__main__":
    number = getattr(signal, sys.argv[1])
    kill = Kill(number, int(sys.argv[2])) if sys.argv[3] == "fit" else KillAtOnce(number)
    plain = LeanEBMCLI.instantiate_trainer

    def with_kill(self, **kwargs):
        trainer = plain(self, **kwargs)
        trainer.callbacks.insert(0, kill)
        return trainer

    LeanEBMCLI.instantiate_trainer = with_kill
    main(sys.argv[3:])
