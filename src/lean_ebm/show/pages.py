"""Writes traces as HTML pages: one file each, which needs no internet connection."""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape
from importlib.resources import files
from typing import Any

from lean_ebm.errors import SettingError
from lean_ebm.show.layout import tree_layout
from lean_ebm.show.searches import SearchTrace
from lean_ebm.show.steps import ChainTrace

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body data-page="{kind}">
<main></main>
<script id="trace" type="application/json">{trace}</script>
<script>{plotly}</script>
<script>
{script}
</script>
</body>
</html>
"""


def chain_page(trace: ChainTrace) -> str:
    """Make a page with a slider over the steps of chains, their pictures, and the curves of their energies.

    Args:
        trace: What the chains did.

    Raises:
        SettingError: If plotly is not installed.
    """
    return _page("chains", f"Chains of {trace.method}", asdict(trace))


def search_page(trace: SearchTrace) -> str:
    """Make a page with the tree of a search. A click on a goal shows its details.

    Args:
        trace: What the search did.

    Raises:
        SettingError: If plotly is not installed.
    """
    return _page("search", f"Search: {trace.statement}", {**asdict(trace), "layout": asdict(tree_layout(trace))})


def _page(kind: str, title: str, trace: dict[str, Any]) -> str:
    own = files("lean_ebm.show")
    return _PAGE.format(
        title=escape(title),
        style=(own / "page.css").read_text(encoding="utf-8"),
        kind=kind,
        # "<" could end the element.
        trace=json.dumps(_finite(trace), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"),
        plotly=_plotly(),
        script="\n".join((own / name).read_text(encoding="utf-8") for name in ("page.js", f"{kind}.js")),
    )


def _finite(value: Any) -> Any:
    """The same data with null in place of numbers that JSON does not have."""
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return value


def _plotly() -> str:
    """The JavaScript of plotly, which draws the curves and the tree."""
    try:
        from plotly.offline import get_plotlyjs
    except ModuleNotFoundError as error:
        raise SettingError(
            "The page is drawn by plotly, which is not installed: pip install 'lean-ebm[show]'."
        ) from error
    code: str = get_plotlyjs()
    return code.replace("</script", "<\\/script")
