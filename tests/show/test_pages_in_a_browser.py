"""Pages in a real browser without a network: they load without errors, and the slider and the goals respond."""

import pytest

from browser import CHROMIUM, Browser
from lean_ebm.energy import ProofEnergy
from lean_ebm.guides import LangevinGuide
from lean_ebm.langevin import Langevin
from lean_ebm.methods import Ranking
from lean_ebm.show import chain_page, search_page
from show.traces import chains, search

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")
pytest.importorskip("plotly", reason="needs plotly: pip install 'lean-ebm[show]'")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("a browser")) as browser:
        yield browser


@pytest.fixture
def loaded(browser, tmp_path):
    """Opens a page; at the end there must have been neither an error nor a request to a network."""
    browser.requests.clear()
    browser.problems.clear()

    def load(html, width=1400):
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        browser.open(path, width)
        return browser

    yield load
    assert browser.problems == [] and browser.requests
    assert all(address.startswith(("file:", "data:", "blob:")) for address in browser.requests)


def fits(browser):
    """Whether nothing sticks out of the window."""
    return browser.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [1400, 400])
def test_the_slider_moves_all_chains(loaded, width):
    trace = chains(3.0)
    page = loaded(chain_page(trace), width)
    assert fits(page) and page.evaluate("document.querySelectorAll('.card .plot .main-svg').length") >= 2
    widths = "[...document.querySelectorAll('%s')].map((part) => part.clientWidth)"
    plots = page.evaluate(widths % ".plot")
    assert plots == page.evaluate(widths % ".plot .main-svg:first-child") and min(plots) > 100
    shown = "[...document.querySelectorAll('figure img')].map((image) => image.src)"
    for step, badge in ((0, "start"), (2, "undone")):
        page.evaluate(f"slider.value = {step}; slider.dispatchEvent(new Event('input')); 0")
        assert page.evaluate(shown) == [draw.steps[step].picture for one in trace.samples for draw in one.draws]
        badges = page.evaluate("[...document.querySelectorAll('.badge')].map((each) => each.textContent)")
        assert all(text.startswith(badge) for text in badges) and len(badges) == 6
    assert page.evaluate("document.querySelectorAll('figure.undone').length") == 6
    assert page.evaluate("document.querySelectorAll('figure.chosen').length") == 2
    page.evaluate("slider.value = 0; play.click(); 0")
    assert page.evaluate("new Promise((done) => setTimeout(() => done(Number(slider.value)), 600))") > 0


@pytest.mark.parametrize("width", [1400, 400])
def test_goals_respond_to_a_click(loaded, width):
    method = Ranking(ProofEnergy(width=8, depth=1, heads=2, embedding=6, hidden=8), Langevin(8, 0.3, bounds="sphere"))
    _, trace = search(guide=LangevinGuide(method, chains=3), applications=60)
    page = loaded(search_page(trace), width)
    assert fits(page) and page.evaluate("document.getElementById('goal').textContent") == trace.goals[0].text
    goal = trace.goals[1]
    place = page.evaluate(
        f"""(() => {{
          tree.scrollIntoView(); const [x, y] = at({goal.number}), layout = tree._fullLayout, box = tree.getBoundingClientRect();
          tree.parentElement.scrollLeft = layout._size.l + layout.xaxis.l2p(x) - 100;
          const moved = tree.getBoundingClientRect();
          return [moved.left + layout._size.l + layout.xaxis.l2p(x), moved.top + layout._size.t + layout.yaxis.l2p(y)];
        }})()"""  # noqa: E501 - JavaScript
    )
    page.click(*place)
    panel = "document.getElementById('panel').textContent"
    assert page.evaluate(panel).startswith(f"Goal {goal.number}")
    assert page.evaluate("document.getElementById('goal').textContent") == goal.text
    for mode in ("visits", "state", "V"):
        page.evaluate(f"document.querySelector('[data-mode={mode}]').click()")
        colors = page.evaluate("tree.data[3].marker.color.length")
        assert colors == len(trace.goals)
    chain = "document.getElementById('chain-step')"
    page.evaluate(f"{chain}.value = 0; {chain}.dispatchEvent(new Event('input')); 0")
    texts = page.evaluate("[...document.querySelectorAll('#decoded .tactic')].map((cell) => cell.textContent)")
    assert texts == [chain[0] for chain in goal.chains.nearest]


def test_the_link_and_the_steps_of_a_proof(loaded):
    _, trace = search()
    page = loaded(search_page(trace))
    assert page.evaluate("document.getElementById('editor').href") == trace.link
    assert page.evaluate("decodeURIComponent(new URL(document.getElementById('editor').href).hash.slice(6))") == (
        trace.script.rstrip("\n") + "\n"
    )
    last = [goal.number for goal in trace.goals if goal.on_path][-1]
    page.evaluate(f"document.querySelector('ol.path [data-goal=\"{last}\"]').click()")
    assert page.evaluate("document.querySelector('#panel h2').textContent") == f"Goal {last}"
    assert page.evaluate("document.querySelectorAll('#panel tr.proof').length") == 1
