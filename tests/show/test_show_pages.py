"""Pages as text, and the command that writes them."""

import itertools
import json
import re
import sys
from dataclasses import replace

import pytest

from helpers import METHODS, TINY_RUN, newest
from lean_ebm.cli.show import main
from lean_ebm.cli.training import main as train
from lean_ebm.errors import SettingError
from lean_ebm.show import chain_page, search_page
from show.traces import SWAP, chains, search

pytest.importorskip("plotly", reason="needs plotly: pip install 'lean-ebm[show]'")


def data_of(page):
    """The trace in a page."""
    return json.loads(re.search(r'<script id="trace" type="application/json">(.*?)</script>', page, re.DOTALL)[1])


def loads(page):
    """What the markup and the styles of a page would load; plotly's own code is left out."""
    without = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    return [one for one in re.findall(r"""(?:src|href)=["']?([^"'> ]+)|url\(|@import""", without) if one != "data:,"]


@pytest.fixture(scope="module")
def pages():
    return {"search": search_page(search()[1]), "chains": chain_page(chains())}


@pytest.mark.parametrize("name", ["search", "chains"])
def test_a_page_holds_all_that_it_needs(pages, name):
    page = pages[name]
    assert page.count("<script") == page.count("</script>") == 3 and "plotly.js v" in page
    assert not loads(page) and f'<body data-page="{name}">' in page


def test_own_scripts_load_nothing(pages):
    for page in pages.values():
        own = page[page.rindex("<script>") :]
        assert "fetch(" not in own and "http" not in own and "innerHTML" not in own


def test_the_page_of_a_search_has_its_goals_and_places(pages):
    _, trace = search()
    data = data_of(pages["search"])
    assert [goal["text"] for goal in data["goals"]] == [goal.text for goal in trace.goals]
    assert data["layout"]["goals"].keys() == {str(goal.number) for goal in trace.goals} and data["link"] == trace.link
    places = [tuple(place) for place in data["layout"]["goals"].values()]
    assert len(set(places)) == len(places)
    rows = {}
    for column, row in places:
        rows.setdefault(row, []).append(column)
    for columns in rows.values():  # circles are as wide as .6 columns
        columns.sort()
        assert all(right - left >= 0.6 for left, right in itertools.pairwise(columns))


def test_the_page_of_chains_has_their_steps(pages):
    data = data_of(pages["chains"])
    assert len(data["samples"]) == 2 and [len(sample["draws"]) for sample in data["samples"]] == [3, 3]
    assert all(step["picture"].startswith("data:image/png;base64,") for step in data["samples"][0]["draws"][0]["steps"])


def test_no_text_ends_the_data_or_is_not_json():
    _, trace = search()
    goals = (replace(trace.goals[0], text="</script><b>", value=float("nan")), *trace.goals[1:])
    page = search_page(replace(trace, goals=goals, statement="<i>&"))
    assert data_of(page)["goals"][0] == {**data_of(page)["goals"][0], "text": "</script><b>", "value": None}
    assert "<title>Search: &lt;i&gt;&amp;</title>" in page


def test_without_plotly_the_command_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingError, match=r"pip install 'lean-ebm\[show\]'"):
        chain_page(chains(samples=1, candidates=1))
    assert main(["show", "p → p", "--guide", "sizes"]) == 2
    assert "lean-ebm[show]" in capsys.readouterr().err and not (tmp_path / "page.html").exists()


def test_command_of_a_statement(tmp_path, capsys):
    page = tmp_path / "a page.html"
    assert main(["show", SWAP, "--guide", "sizes", "--search", "puct", "--name", "swap", "--output", str(page)]) == 0
    assert f"{page}: proved" in capsys.readouterr().out
    assert data_of(page.read_text("utf-8"))["script"].startswith("theorem swap ")


def test_command_of_a_statement_that_is_not_proved(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["show", "p → q", "--applications", "30"]) == 0
    assert "page.html: not proved" in capsys.readouterr().out
    root = data_of((tmp_path / "page.html").read_text("utf-8"))["goals"][0]
    assert root["value"] is not None and root["tactics"][0]["energy"] is not None  # the guide of the package


def test_command_in_the_world_of_numbers(tmp_path):
    page = tmp_path / "page.html"
    assert main(["show", "(n : MyNat) : 0 + n = n", "--world", "numbers", "--output", str(page)]) == 0
    assert "induction n" in data_of(page.read_text("utf-8"))["script"]


def test_command_of_a_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    train(["fit", *METHODS["EBT"], "--data=Digits", "--data.batch_size=8", *TINY_RUN])
    run = newest("config_fit.yaml").parent
    assert main(["show", str(run), "--samples", "2", "--candidates", "3", "--output", "page.html"]) == 0
    data = data_of((tmp_path / "page.html").read_text("utf-8"))
    assert data["method"] == "EBT" and [len(sample["draws"]) for sample in data["samples"]] == [3, 3]
    assert "page.html: 2 samples of EBT" in capsys.readouterr().out
    checkpoint = newest("epoch*.ckpt")
    (run / "config_fit.yaml").unlink()
    assert main(["show", str(checkpoint)]) == 2
    assert "config_fit.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["missing.ckpt"], "There is no checkpoint missing.ckpt"),
        (["."], "has no checkpoint"),
        ([".", "--guide", "sizes"], "--guide is for a statement"),
        ([".", "--samples", "0"], "--samples is 0: expected at least 1"),
        ([".", "--candidates", "0"], "--candidates is 0: expected at least 1"),
        (["p → p", "--seconds", "0"], "0 seconds: expected at least 1 application and more than 0 seconds"),
        (["p → p", "--samples", "2"], "--samples is for a run"),
        (["p → p", "--name", "by"], "--name is 'by'"),
        (["p →"], "is not a statement"),
        (["p → p", "--tactics", "narrow"], "add --guide"),
        (["p → p", "--guide", "nothing"], "--guide is 'nothing'"),
    ],
)
def test_mistakes_are_said_in_one_sentence(arguments, expected, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["show", *arguments]) == 2
    error = capsys.readouterr().err
    assert expected in error and len(error.splitlines()) == 1
