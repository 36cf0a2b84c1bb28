"""What the process has imported that programs are forked from, see forked.py."""

import torch

import helpers  # noqa: F401 - forked programs find it imported
import lean_ebm.cli.training  # noqa: F401 - the same

torch.set_num_threads(1)
