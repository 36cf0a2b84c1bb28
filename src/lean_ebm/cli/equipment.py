"""The equipment of attempts at problems (prover, judge, budget), from the arguments of the command line."""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lean_ebm import __version__
from lean_ebm.cli.guidance import guided_prover
from lean_ebm.cli.judges import Needs, make_judge, world_of
from lean_ebm.cli.prove import named_prover, search_place
from lean_ebm.errors import SettingError
from lean_ebm.proving.environment import Environment
from lean_ebm.proving.judge import Judge
from lean_ebm.proving.lean.messages import source_above
from lean_ebm.proving.search import LOGIC, GuidedProver, Prover, SearchBudget, is_read
from lean_ebm.proving.statements import Statement
from lean_ebm.proving.suites.attempts import Equipment
from lean_ebm.proving.suites.problem import Problem


@dataclass(frozen=True)
class ArgumentEquipment(Equipment):
    """Equipment that the arguments of the command line choose.

    Args:
        settings: The arguments; ``world`` is that of the suite.
    """

    settings: argparse.Namespace

    @property
    def budget(self) -> SearchBudget:
        """The limits of an attempt."""
        return SearchBudget(self.settings.applications, self.settings.seconds, self.settings.evaluations)

    @property
    def has_project(self) -> bool:
        """Whether ``--project`` is given."""
        return self.settings.project is not None

    def prover(self) -> Prover | None:
        """The prover of ``--guide`` or of ``--prover``."""
        return guided_prover(self.settings) or named_prover(self.settings.prover)

    def judge(self, problem: Problem) -> Judge:
        """The judge of ``--env``; see :meth:`.Equipment.judge`."""
        if self.settings.env == "logic":
            return make_judge(self.settings)
        header = source_above(problem.statement)
        return make_judge(self.settings, Needs(problem.imports, problem.axioms, header, self.settings.seconds))

    def kind(self, problem: Problem) -> object:
        """Return the imports, the axioms and, for PyPantograph, the preamble."""
        if self.settings.env == "logic":
            return ()
        preamble = problem.statement.preamble if self.settings.env == "pantograph" else ""
        return problem.imports, problem.axioms, preamble

    def stated(self, problem: Problem) -> Statement:
        """Return the statement. For PyPantograph it has no preamble, because the processes have already read that."""
        statement = problem.statement
        if self.settings.env != "pantograph":
            return statement
        return Statement(statement.proposition, statement.binders, trusted=statement.trusted)

    def place(
        self, judge: Judge, statement: Statement, prover: Prover | None
    ) -> tuple[Environment | None, Prover | None]:
        """Where ``lean-ebm prove`` searches."""
        return search_place(judge, statement, self.settings, prover)

    def fresh(self, problem: Problem) -> Judge | None:
        """New processes of PyPantograph. A Lean of ``--env lean`` has a new process for each script anyway."""
        return self.judge(problem) if self.settings.env == "pantograph" else None

    def second(self, statement: Statement) -> Judge | None:
        """Make the embedded judge of the world, if Lean is the judge and the embedded one can read the statement."""
        world = world_of(self.settings)
        if self.settings.env == "logic":
            return None
        if world is LOGIC:
            return world.environment() if is_read(statement) else None
        try:
            world.read(str(statement))
        except SettingError:
            return None
        return world.environment()

    def sampling_judge(self) -> Judge | None:
        """Make the Lean of the wheel, which checks a sample of the embedded judge's proofs. None if not installed."""
        if self.settings.env != "logic":
            return None
        from lean_ebm.proving.lean import Lean
        from lean_ebm.proving.lean.toolchain import find_wheel

        return None if find_wheel() is None else Lean(world=self.settings.world)

    def described(self, made: Prover | None) -> dict[str, Any]:
        """Describe everything that the results depend on as plain data: prover, judge, budget and versions.

        Args:
            made: The prover.
        """
        settings = self.settings
        prover: dict[str, Any] = {"prover": settings.prover}
        if isinstance(made, GuidedProver):
            prover = {"prover": type(made.guide).__name__ if settings.guide is None else settings.guide}
            prover |= {
                "search": type(made.algorithm).__name__,
                "tactics": settings.tactics,
                "langevin": {name: getattr(settings, f"langevin.{name}") for name in ("steps", "chains", "start")},
            }
            for name in ("guide", "policy"):
                file = getattr(settings, name)
                if file is not None and Path(file).is_file():
                    prover[f"{name}_sha256"] = hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
        budget = {name: getattr(settings, name) for name in ("applications", "evaluations", "seconds")}
        axioms = None if settings.axioms is None else list(settings.axioms)
        judge = {"env": settings.env, "imports": list(settings.imports), "axioms": axioms}
        return prover | budget | judge | {"versions": self._versions()}

    def _versions(self) -> dict[str, str]:
        """Versions of this package, of Python, of Lean and of the libraries of the project."""
        found = {"lean-ebm": __version__, "python": platform.python_version()}
        with make_judge(self.settings) as judge:  # one that cannot be made is told of before anything is tried
            if self.settings.env == "lean":
                from lean_ebm.proving.lean import LeanEnvironment

                assert isinstance(judge, LeanEnvironment)
                found["lean"] = judge.lean.version
        return found | ({} if self.settings.project is None else project_versions(self.settings.project))


def project_versions(project: Path) -> dict[str, str]:
    """Read the toolchain of a Lake project, and the revision of each of its packages, such as Mathlib.

    Args:
        project: Its folder. What it does not say is left out.
    """
    found: dict[str, str] = {}
    toolchain, manifest = project / "lean-toolchain", project / "lake-manifest.json"
    if toolchain.is_file():
        found["toolchain"] = toolchain.read_text(encoding="utf-8").strip()
    if manifest.is_file():
        try:
            packages = json.loads(manifest.read_text(encoding="utf-8"))["packages"]
            found |= {str(package["name"]): str(package["rev"]) for package in packages if "rev" in package}
        except (ValueError, KeyError, TypeError):  # a manifest of another version of Lake
            found["manifest"] = hashlib.sha256(manifest.read_bytes()).hexdigest()[:16]
    return found
