"""The core makes no assumption about its candidates."""

import io
import tokenize
from pathlib import Path

import pytest

import lean_ebm

PACKAGE = Path(lean_ebm.__file__).parent
CORE = [
    PACKAGE / "gradient.py",
    PACKAGE / "langevin.py",
    PACKAGE / "randomness.py",
    PACKAGE / "distributed.py",
    PACKAGE / "energy" / "base.py",
    *sorted((PACKAGE / "methods").glob("*.py")),
    *sorted((PACKAGE / "callbacks").glob("*.py")),
]
FOREIGN = ("image", "pixel", "digit", "mnist", "sudoku", "matrix")
# names of libraries for any picture, and a setting that only data of images use
ALLOWED = {"add_image", "save_image", "num_images"}


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_line_of_the_core_knows_what_an_image_is(path):
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    names = {token.string.lower() for token in tokens if token.type == tokenize.NAME}
    assert not [name for name in names - ALLOWED if any(word in name for word in FOREIGN)]
