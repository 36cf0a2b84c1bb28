"""The site is built without a warning, shows the reports and the recipes, and asks nothing of the network."""

import re
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="needs the extra docs: pip install 'lean-ebm[docs]'")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def hooks():
    spec = spec_from_file_location("hooks", ROOT / "docs" / "hooks.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "source", "page", "expected"),
    [
        ("[r](../results/suites.md#propl)", "docs/suites.md", "suites.md", "[r](results/suites.md#propl)"),
        ("[r](../../README.md)", "docs/how/energy.md", "how/energy.md", "[r](../index.md)"),
        ("![p](provers.png)", "results/provers.md", "results/provers.md", "![p](provers.png)"),
        ("[s](../docs/suites.md)", "results/suites.md", "results/suites.md", "[s](../suites.md)"),
        ("[e](../configs/ebt.yaml)", "docs/a.md", "a.md", "[e](recipes/images.md#ebt)"),
        ("[c](../configs/full/ebt.yaml)", "docs/a.md", "a.md", "[c](recipes/full.md#fullebt)"),
        ("[code](../src/lean_ebm/langevin.py)", "docs/a.md", "a.md", "code (`src/lean_ebm/langevin.py`)"),
        ("[`code`](../src/x.py), [w](https://x.org)", "docs/a.md", "a.md", "`code`, [w](https://x.org)"),
        ("```\n[r](../README.md)\n```", "docs/a.md", "a.md", "```\n[r](../README.md)\n```"),
        ("[a](#here)", "docs/a.md", "a.md", "[a](#here)"),
    ],
)
def test_links_are_pointed_to_pages(hooks, text, source, page, expected):
    assert hooks.rewritten(text, source, page) == expected


def test_references_of_docstrings_are_code(hooks):
    html = (
        '<p>:class:<code>~lean_ebm.energy.Landscape</code> by :meth:<code>forward</code>::</p>\n<div class="highlight">'
    )
    expected = '<p><code>Landscape</code> by <code>forward</code>:</p>\n<div class="highlight">'
    assert hooks.on_page_content(html) == expected


def test_every_recipe_is_on_a_page(hooks):
    pages = "".join(map(hooks.page_of_recipes, hooks.GROUPS))
    for path in (ROOT / "configs").rglob("*.yaml"):
        assert path.read_text().strip() in pages


def test_every_report_is_on_a_page(hooks):
    assert {f"results/{path.name}" for path in ROOT.glob("results/*.md")} <= set(hooks.shown())


@pytest.mark.slow
def test_the_site_is_built_and_asks_nothing_of_the_network(tmp_path):
    for name in ("docs", "configs", "results", "benchmarks", "src"):
        ignored = shutil.ignore_patterns("runs", "__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("mkdocs.yml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=580, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    site = tmp_path / "build" / "site"
    pages = list(site.rglob("*.html"))
    assert len(pages) > 50 and (site / "api" / "energy.html").is_file() and not list(site.rglob("*.py"))
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert not re.search(r"<(?:script|img|iframe)[^>]* src=\"?(?:https?:)?//", html), page
        assert not re.search(r"<link[^>]* rel=\"?(?:stylesheet|preconnect)\"?[^>]* href=\"?(?:https?:)?//", html), page
        assert "pypi.org" not in html and "fonts.googleapis" not in html, page
