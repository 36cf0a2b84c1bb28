"""The command line: ``lean-ebm {fit,validate,test,predict}``, a ``LightningCLI`` without surprises."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from lean_ebm import __version__
from lean_ebm.callbacks import EMA, RunSummary, SampleEvaluation, SampleMonitor, SampleWriter
from lean_ebm.data import TensorDataModule
from lean_ebm.methods import Method


class LeanEBMCLI(LightningCLI):
    """``LightningCLI`` over :class:`~lean_ebm.methods.Method` and the data modules."""

    def init_parser(self, **kwargs: Any) -> LightningArgumentParser:
        """Add ``--version``."""
        parser = super().init_parser(**kwargs)
        parser.add_argument("--version", action="version", version=f"lean-ebm {__version__}")
        return parser

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the callbacks that every run has, as settings that a ``callbacks:`` list does not replace."""
        parser.add_lightning_class_args(SampleMonitor, "samples")  # before EMA, to see the averaged weights
        parser.add_lightning_class_args(EMA, "ema")
        parser.add_lightning_class_args(SampleWriter, "predictions")
        parser.add_lightning_class_args(SampleEvaluation, "evaluation")
        parser.add_lightning_class_args(RunSummary, "summary")

    def before_instantiate_classes(self) -> None:
        """Name the saved config after the subcommand, so that fit and test can share a folder."""
        self.save_config_kwargs = {"config_filename": f"config_{self.subcommand}.yaml", "overwrite": True}

    def after_instantiate_classes(self) -> None:
        """Keep the settings of the model as hyper-parameters of its checkpoints."""

    def _parse_ckpt_path(self) -> None:
        # Lightning would put the checkpoint's hyper-parameters above the command line's. Here the settings of a run
        # are those that it was given, and nothing else.
        assert self.config.subcommand is not None
        config = self.config[self.config.subcommand]
        path = config.get("ckpt_path")
        if path == "last":
            config["ckpt_path"] = str(_last_checkpoint(_log_folder(config)))
        elif path and "://" not in path and path not in ("best", "hpc", "registry") and not Path(path).is_file():
            raise SystemExit(f"lean-ebm: no checkpoint at {path}: --ckpt_path takes a .ckpt file, or 'last'.")


def _log_folder(config: Any) -> Path:
    """Folder that holds the versions of a run's logs."""
    logger = config.trainer.logger
    loggers = logger if isinstance(logger, list) else [logger]
    for entry in loggers:
        if hasattr(entry, "init_args"):
            return Path(entry.init_args.save_dir) / (entry.init_args.get("name") or "")
    return Path(config.trainer.default_root_dir or ".") / "lightning_logs"


def _last_checkpoint(folder: Path) -> Path:
    """The checkpoint written last below a folder of logs."""
    found = sorted(folder.glob("**/checkpoints/*.ckpt"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit(
            f"lean-ebm: --ckpt_path last found no checkpoint below {folder}: leave it out, or name a file."
        )
    print(f"Checkpoint: {found[-1]}", file=sys.stderr)
    return found[-1]


def main(args: list[str] | None = None) -> None:
    """Run the command line.

    Args:
        args: Arguments; None takes those of the process.
    """
    # Data sets are tensors in memory: worker processes would only copy them.
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    LeanEBMCLI(
        Method,
        TensorDataModule,
        subclass_mode_model=True,
        subclass_mode_data=True,
        seed_everything_default=0,
        auto_configure_optimizers=False,
        args=args,
    )
