"""The training commands, ``lean-ebm {fit,validate,test,predict}``, built on ``LightningCLI``."""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jsonargparse import Namespace, dict_to_namespace
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint, ProgressBar, TQDMProgressBar
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.plugins.io import TorchCheckpointIO

from lean_ebm.callbacks import (
    EMA,
    DivergenceGuard,
    Evaluation,
    Interruption,
    Resume,
    RunSummary,
    SampleMonitor,
    SampleWriter,
    SaveSettings,
)
from lean_ebm.checkpoint_io import AtomicCheckpointIO
from lean_ebm.checkpoints import last_checkpoint, read_settings
from lean_ebm.cli.faults import building, by_flag, running
from lean_ebm.cli.folders import checkpoints_of, loggers_below_root
from lean_ebm.cli.links import linked_flags
from lean_ebm.cli.parser import ConfigFile, Parser
from lean_ebm.cuda import Cuda
from lean_ebm.data import DataModule
from lean_ebm.errors import SettingError
from lean_ebm.memory import keep_freed_memory
from lean_ebm.methods import Method


class LeanEBMCLI(LightningCLI):
    """A ``LightningCLI`` for subclasses of :class:`~lean_ebm.methods.Method` and of the data modules."""

    def __init__(self, args: list[str] | None = None, **settings: Any) -> None:
        given = sys.argv[1:] if args is None else args
        self._first = given[0] if given else ""
        super().__init__(args=args, **settings)

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override] # Lightning calls it on the object
        """The subcommand that comes first, or all: a parser for each takes time to build."""
        known = LightningCLI.subcommands()
        return {self._first: known[self._first]} if self._first in known else known

    def init_parser(self, **kwargs: Any) -> LightningArgumentParser:
        """Make a parser whose ``--config`` also takes the name of a recipe."""
        kwargs.setdefault("dump_header", [f"lightning=={version('lightning')}"])
        parser = self.parser_class(**kwargs)
        parser.add_argument("-c", "--config", action=ConfigFile, help="A YAML file, or a name that `recipes` lists.")
        return parser

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the callbacks of every run as settings, so that a ``callbacks:`` list does not replace them."""
        parser.add_lightning_class_args(SampleMonitor, "samples")  # before EMA, to see the averaged weights
        parser.add_lightning_class_args(EMA, "ema")
        parser.add_lightning_class_args(DivergenceGuard, "guard")  # after EMA, whose average it may roll back
        parser.add_lightning_class_args(SampleWriter, "predictions")
        parser.add_lightning_class_args(Evaluation, "evaluation")
        parser.add_lightning_class_args(RunSummary, "summary")
        parser.add_lightning_class_args(ModelCheckpoint, "checkpoint")
        # So that a run that ends between two validations, for example by `max_time`, still saves its last weights.
        parser.set_defaults({"checkpoint.save_on_train_epoch_end": True, "checkpoint.save_last": "link"})
        parser.add_lightning_class_args(Interruption, "interruption")  # last, so that it saves what the others updated
        # Not after every batch, since each refresh of the bar waits until the accelerator has computed the loss.
        parser.add_class_arguments(Cuda, "cuda")
        parser.add_lightning_class_args(TQDMProgressBar, "progress")
        parser.set_defaults({"progress.refresh_rate": 10})

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse the arguments. Take shape and number of classes of the network from the data class."""
        super().parse_arguments(parser, args)
        args = sys.argv[1:] if args is None else args
        if flags := linked_flags(parser, args, self.config):
            self.config = parser.parse_args([*args, *flags])

    def before_instantiate_classes(self) -> None:
        """Set the folders of the loggers, and name the saved config after the subcommand."""
        self.save_config_kwargs = {"config_filename": f"config_{self.subcommand}.yaml", "overwrite": True}
        # Loggers are built with folders below the root, but the settings are saved as they were given.
        self._given = self.config
        self.config = self.config.clone()
        trainer = self.config[self.subcommand].trainer
        trainer.logger = loggers_below_root(trainer)

    def instantiate_classes(self) -> None:
        """Build model, data and trainer. An error names the setting or file that caused it."""
        with building(self._flags):
            super().instantiate_classes()

    def _run_subcommand(self, subcommand: str) -> None:
        with running(self._flags):
            super()._run_subcommand(subcommand)

    def _flags(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """All settings by the names of their flags, and their defaults."""
        parser = self._parser(self.subcommand)
        settings, defaults = self.config[self.subcommand], parser.get_defaults()
        return by_flag(settings), by_flag(defaults)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Build the trainer, without checkpoints or progress bar if its settings turn them off."""
        self.config = self._given
        settings, keys = self._get(self.config_init, "trainer"), self._parser(self.subcommand).callback_keys
        if settings.enable_checkpointing is False:
            keys.remove("checkpoint")
        if settings.enable_progress_bar is False or any(
            isinstance(callback, ProgressBar) for callback in settings.callbacks or []
        ):
            keys.remove("progress")
        _refuse_sharding(settings.strategy)
        for name in ("accumulate_grad_batches", "check_val_every_n_epoch"):  # Lightning divides by them unchecked
            if settings[name] is not None and settings[name] < 1:
                raise SettingError(f"--trainer.{name} is {settings[name]}, expected 1 or more.")
        trainer = super().instantiate_trainer(**kwargs)
        if trainer.strategy.root_device.type == "cuda":
            self._get(self.config_init, "cuda").apply(self.model)
        if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:
            trainer.strategy.checkpoint_io = AtomicCheckpointIO()
        return trainer

    def after_instantiate_classes(self) -> None:
        """Store the settings of the model for its checkpoints, from which ``load_from_checkpoint`` builds it again."""
        settings = self._model_settings()
        self.model.hparams.update(
            {"_instantiator": "lightning.pytorch.cli.instantiate_module", "_class_path": settings["class_path"]}
            | settings.get("init_args", {})
        )

    def _model_settings(self) -> dict[str, Any]:
        chosen = self.config[self.config.subcommand].model
        model = Namespace(model=chosen)  # type: ignore[no-untyped-call] # jsonargparse does not annotate it
        dump = self._parser(self.config.subcommand).dump(model, skip_none=False, skip_validation=True, format="json")
        settings: dict[str, Any] = json.loads(dump)["model"]
        return settings

    def _set_seed(self) -> None:
        seed = self._get(self.config, "seed_everything")
        if not isinstance(seed, bool) and not 0 <= seed < 2**32:
            raise SettingError(f"--seed_everything is {seed}, expected 0 to {2**32 - 1}, or true for a random one.")
        super()._set_seed()

    def _parse_ckpt_path(self) -> None:
        # Lightning would let the hyper-parameters of the checkpoint override the command line. Here the settings that
        # are given hold, and differences from the checkpoint are printed.
        assert self.config.subcommand is not None
        config = self.config[self.config.subcommand]
        path = config.get("ckpt_path")
        if path == "last":
            place = checkpoints_of(config)
            found = last_checkpoint(*place)
            if found is None:
                raise SettingError(
                    f"--ckpt_path last found no checkpoint below {place.folder}: leave it out, or name a file."
                )
            print(f"Checkpoint: {found}", file=sys.stderr)
            config["ckpt_path"] = path = str(found)
        if path == "best":
            raise SettingError("--ckpt_path best is known only while a fit runs: name a file, or 'last'.")
        if not path or "://" in path or str(path).split(":")[0] in ("hpc", "registry"):
            return
        if not Path(path).is_file():
            raise SettingError(f"There is no checkpoint at {path}: --ckpt_path takes a .ckpt file, or 'last'.")
        try:
            stored = read_settings(Path(path))
        except ValueError as error:
            raise SettingError(f"{error} Name another file, or --ckpt_path last for the last complete one.") from None
        settings = self._model_settings()
        theirs, ours = (
            part.get(key, "").split(".")[-1] for part, key in ((stored, "_class_path"), (settings, "class_path"))
        )
        if theirs and theirs != ours:
            raise SettingError(f"{path} is of {theirs} and the model is {ours}: use --model={theirs}, or another file.")
        then = dict(dict_to_namespace(stored).items())
        for name, value in dict_to_namespace(settings.get("init_args", {})).items():
            if name in then and then[name] != value:
                flag = name.replace(".init_args", "")
                print(f"Setting: model.{flag} is {value}; the checkpoint had {then[name]}", file=sys.stderr)


def _refuse_sharding(strategy: Any) -> None:
    """Raise a SettingError if the strategy shards parameters."""
    name = strategy if isinstance(strategy, str) else getattr(strategy, "class_path", type(strategy).__name__)
    if any(kind in name.lower() for kind in ("fsdp", "modelparallel", "deepspeed")):
        raise SettingError(
            f"--trainer.strategy {name} shards the parameters and gathers them for one backward pass, but "
            "learning an energy by its gradient takes a second one through the first: use ddp."
        )


def main(args: list[str] | None = None) -> None:
    """Run the command line.

    Args:
        args: Arguments; None takes those of the process.
    """
    keep_freed_memory()
    ignore_known_warnings()
    LeanEBMCLI(
        model_class=Method,
        datamodule_class=DataModule,
        subclass_mode_model=True,
        subclass_mode_data=True,
        save_config_callback=SaveSettings,
        seed_everything_default=0,
        trainer_defaults={"callbacks": [Resume()]},  # added to the callbacks that the settings name
        parser_class=Parser,
        auto_configure_optimizers=False,
        args=args,
    )


def ignore_known_warnings() -> None:
    """Ignore warnings of libraries about things that are intended here."""
    # Data sets are tensors in memory, which worker processes would only copy.
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    # Lightning itself uses torch's pytrees in this way.
    warnings.filterwarnings("ignore", message=".*isinstance\\(treespec, LeafSpec\\).*")
    # Each run has its own folder, even if it starts from the checkpoint of another run.
    warnings.filterwarnings("ignore", message="The dirpath has changed.*")
    # It may also save more or less often than that run.
    warnings.filterwarnings("ignore", message=r".*add the following callbacks: \[\"ModelCheckpoint[^\"]*\"\]\.$")
    # Lightning reads the precision of matrix products by the API that torch 2.9 wants to replace.
    warnings.filterwarnings("ignore", message="Please use the new API settings to control TF32.*")
