"""What the process has imported that programs are forked from, see forked.py."""

from lean_ebm.cli.imports import skip_unused

skip_unused()

import torch  # noqa: E402

import helpers  # noqa: E402, F401
import lean_ebm.cli.training  # noqa: E402, F401

torch.set_num_threads(1)
