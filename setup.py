"""Puts the recipes of ``configs/`` into the wheel, as ``lean_ebm/recipes``; pyproject.toml has everything else."""

from pathlib import Path
from shutil import copyfile

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithRecipes(build_py):
    """Builds the package and copies the recipes; an editable install finds them in ``configs/``."""

    def run(self) -> None:
        """Build and copy."""
        super().run()
        if not self.editable_mode:
            for recipe in self._recipes():
                copy = Path(self.build_lib, "lean_ebm", "recipes", recipe.relative_to("configs"))
                copy.parent.mkdir(parents=True, exist_ok=True)
                copyfile(recipe, copy)

    def get_source_files(self) -> list[str]:
        """The files that a source distribution needs, recipes among them."""
        return [*super().get_source_files(), *map(str, self._recipes())]

    def _recipes(self) -> list[Path]:
        return sorted(Path("configs").rglob("*.yaml"))


setup(cmdclass={"build_py": BuildWithRecipes})
