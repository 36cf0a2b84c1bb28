"""Faster starts of commands: libraries that none of them uses are not imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

UNUSED = frozenset({"matplotlib", "scipy", "transformers"})
"""Libraries that torchmetrics imports if they are installed, for plots and for metrics of sound and text."""


class _Torchmetrics(MetaPathFinder):
    """Finds torchmetrics for its first import, during which :data:`UNUSED` count as not installed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "torchmetrics":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_alone(module: ModuleType) -> None:
                with _not_installed(UNUSED):
                    execute(module)

            spec.loader.exec_module = execute_alone  # type: ignore[method-assign]
        return spec


def skip_unused() -> None:
    """Let the first import of torchmetrics skip :data:`UNUSED`.

    Lightning imports torchmetrics, and torchmetrics imports these libraries, which takes nearly as long as all else
    that a training command imports. Nothing changes if torchmetrics is imported already. Own callbacks can use the
    libraries themselves, but not ``BERTScore`` or ``Metric.plot`` of torchmetrics: whoever needs them imports
    torchmetrics first, and calls :func:`lean_ebm.cli.training.main`.
    """
    if "torchmetrics" not in sys.modules and not any(isinstance(finder, _Torchmetrics) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Torchmetrics())


@contextmanager
def _not_installed(names: frozenset[str]) -> Iterator[None]:
    """Let the library by which torchmetrics looks for others find none of these."""
    from lightning_utilities.core import imports
    from packaging.requirements import Requirement

    known, met = imports.package_available, imports.RequirementCache.__bool__

    def package_available(package_name: str) -> bool:
        return package_name not in names and known(package_name)

    def is_met(cache: imports.RequirementCache) -> bool:
        return not (cache.requirement and Requirement(cache.requirement).name in names) and met(cache)

    imports.package_available = package_available  # type: ignore[assignment]
    imports.RequirementCache.__bool__ = is_met  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        imports.package_available = known
        imports.RequirementCache.__bool__ = met  # type: ignore[method-assign]
