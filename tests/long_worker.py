"""The command line with a record of memory and time at every step: ``long_worker.py FILE ARGUMENTS...``."""

import json
import resource
import sys
import time
from pathlib import Path

from lightning.pytorch import Callback

from lean_ebm.cli.training import LeanEBMCLI, main


class Meter(Callback):
    """Records after each step the peak of the resident memory, in the system's unit, and the seconds since the last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.looks: list[tuple[int, float]] = []
        self.begin = 0.0

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.begin = time.process_time()

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.looks.append((peak, time.process_time() - self.begin))

    def on_train_end(self, trainer, pl_module):
        self.path.write_text(json.dumps(self.looks))


if __name__ == "__main__":
    meter = Meter(Path(sys.argv[1]))
    plain = LeanEBMCLI.instantiate_trainer

    def with_meter(self, **kwargs):
        trainer = plain(self, **kwargs)
        trainer.callbacks.insert(0, meter)
        return trainer

    LeanEBMCLI.instantiate_trainer = with_meter
    main(sys.argv[2:])
