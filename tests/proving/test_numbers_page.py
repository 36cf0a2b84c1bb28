"""The code of docs/numbers.md runs as it stands there."""

import re
from pathlib import Path

from helpers import needs_lean

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "numbers.md").read_text(encoding="utf-8")


@needs_lean
def test_every_block_runs(capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        exec(compile(block, "docs/numbers.md", "exec"), {"__name__": "page"})
        said = capsys.readouterr().out
        for expected in re.findall(r"# (.*)", block):
            for part in expected.split("..."):
                assert part.strip(" ]") in said
