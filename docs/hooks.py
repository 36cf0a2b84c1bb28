"""Pages of the site that are made of files outside of ``docs/``: reports, recipes, the guide for contributors.

``mkdocs.yml`` names this file. It adds a page for each entry of :data:`PAGES` and for each group of recipes, and turns
relative links that leave ``docs/`` into links to these pages. A link to a file that the site does not show becomes its
path as code.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]

PAGES = {
    "CONTRIBUTING.md": "extend.md",
    "CHANGELOG.md": "changelog.md",
    "results/README.md": "results/leaderboard.md",
    "results/experiments.md": "results/experiments.md",
    "results/reasoning.md": "results/reasoning.md",
    "results/proving.md": "results/proving.md",
    "results/provers.md": "results/provers.md",
    "results/numbers.md": "results/numbers.md",
    "results/claim.md": "results/claim.md",
    "results/language.md": "results/language.md",
    "results/suites.md": "results/suites.md",
    "results/held-out.md": "results/held-out.md",
    "results/gpu.md": "results/gpu.md",
    "results/reliability.md": "results/reliability.md",
    "benchmarks/README.md": "results/speed.md",
    "benchmarks/results.md": "results/speed-table.md",
    "configs/reasoning/README.md": "recipes/reasoning-notes.md",
    "src/lean_ebm/experiments/claim/plan.md": "claim-plan.md",
    "src/lean_ebm/experiments/claim/deviations.md": "claim-deviations.md",
}
"""Files of the repository, and the page that shows each of them. Those that are not there yet are left out."""

OTHERS = {"README.md": "index.md"}
"""Files whose readers are sent to another page."""

GROUPS = {
    "": ("images", "Recipes for images", "Class-conditional energies of handwritten digits, for two CPU cores."),
    "full": ("full", "Recipes for a GPU", "The same at a size for a GPU. Nobody has run them to their end."),
    "reasoning": (
        "reasoning",
        "Recipes for problems",
        "Each of these has a [note](reasoning-notes.md) of what was tried.",
    ),
    "proving": ("proving", "Recipes for proofs", "Goals of Lean proofs are conditions, tactics are candidates."),
}
"""Folders below ``configs/``, with the name, title and first sentence of the page that shows their recipes."""

REPORT = (
    "!!! note\n    The command lines of this page made its figures, at the commit that it names. No test runs them.\n\n"
)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*)\]\((?![a-z]+:|#)([^)\s#]*)(#[^)\s]*)?\)")
ROLE = re.compile(r":(?:class|meth|func|mod|data|attr|exc):<code>(~?)([\w.]+)</code>")
FENCE = re.compile(r"(^ {0,3}```.*?^ {0,3}```\s*$)", re.MULTILINE | re.DOTALL)


def shown() -> dict[str, str]:
    """Every file of the repository outside of ``docs/`` that the site shows, with its page or its copy."""
    found = {path: page for path, page in PAGES.items() if (ROOT / path).is_file()}
    for folder, (name, _, _) in GROUPS.items():
        found |= {path.relative_to(ROOT).as_posix(): f"recipes/{name}.md" for path in recipes(folder)}
    pictures = [*ROOT.glob("results/*.png"), *ROOT.glob("benchmarks/*.png")]
    return found | {path.relative_to(ROOT).as_posix(): f"results/{path.name}" for path in pictures}


def recipes(folder: str) -> list[Path]:
    """The recipes in a folder below ``configs/``."""
    return sorted((ROOT / "configs" / folder).glob("*.yaml"))


def page_of_recipes(folder: str) -> str:
    """A page with the recipes of a folder, each with its comments."""
    _, title, sentence = GROUPS[folder]
    parts = [f"# {title}\n", f"{sentence}\n"]
    for path in recipes(folder):
        name = path.relative_to(ROOT / "configs").with_suffix("").as_posix()
        parts += [f"## {name}\n", f"`lean-ebm fit --config {name}`\n", f"```yaml\n{path.read_text().strip()}\n```\n"]
    return "\n".join(parts)


def rewritten(text: str, source: str, page: str) -> str:
    """Point relative links to pages of the site.

    Args:
        text: Markdown.
        source: The path of its file in the repository, from which its links are.
        page: The path of its page below ``docs/``.
    """
    places = shown() | OTHERS

    def link(match: re.Match[str]) -> str:
        image, label, target, anchor = match[1], LINK.sub(link, match[2]), match[3], match[4] or ""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if path.startswith("docs/"):
            place = path.removeprefix("docs/")
        elif path in places:
            place = places[path]
        else:
            return label if "`" in label or label.startswith("!") else f"{label} (`{path}`)"
        if path.endswith(".yaml"):
            anchor = f"#{re.sub(r'[^a-z0-9_-]', '', path.removeprefix('configs/').removesuffix('.yaml'))}"
        return f"{image}[{label}]({posixpath.relpath(place, posixpath.dirname(page) or '.')}{anchor})"

    parts = FENCE.split(text)
    return "".join(part if part.startswith("```") else LINK.sub(link, part) for part in parts)


def on_config(config: Any) -> Any:
    """Leave reports that are not written yet out of the navigation."""
    missing = set(PAGES.values()) - set(shown().values())
    for section in config.nav:
        for title, entries in section.items():
            if isinstance(entries, list):
                section[title] = [
                    entry for entry in entries if isinstance(entry, str) or not missing & set(entry.values())
                ]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages and pictures from outside of ``docs/``."""
    for path, place in shown().items():
        if path.endswith(".png"):
            files.append(File.generated(config, place, abs_src_path=str(ROOT / path)))
        elif path.endswith(".md"):
            text = rewritten((ROOT / path).read_text(encoding="utf-8"), path, place)
            if path.startswith("results/"):
                head, _, rest = text.partition("\n\n")
                text = f"{head}\n\n{REPORT}{rest}"
            files.append(File.generated(config, place, content=text))
    for folder, (name, _, _) in GROUPS.items():
        files.append(File.generated(config, f"recipes/{name}.md", content=page_of_recipes(folder)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point the links of a page in ``docs/`` that leave the folder to pages of the site."""
    if page.file.generated_by:
        return markdown
    return rewritten(markdown, f"docs/{page.file.src_uri}", page.file.src_uri)


def on_page_content(html: str, **_: Any) -> str:
    """Show references of docstrings, such as ``:class:`~lean_ebm.methods.Method```, as code, and ``::`` as a colon."""
    html = ROLE.sub(lambda role: f"<code>{role[2].split('.')[-1] if role[1] else role[2]}</code>", html)
    return re.sub(r"::</p>(?=\s*<div class=\"highlight)", ":</p>", html)
