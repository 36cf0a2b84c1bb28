"""What the process has imported that programs are forked from, see forked.py."""

import torch

import helpers  # noqa: F401
import lean_ebm.cli.training  # noqa: F401

torch.set_num_threads(1)
