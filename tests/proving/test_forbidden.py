import time

import pytest

from lean_ebm.proving.forbidden import MAX_DEPTH, MAX_LENGTH, refuse
from proving.hostile import HOSTILE, LEGAL


def test_there_are_enough_hostile_texts():
    assert len(HOSTILE) >= 100
    assert len(set(HOSTILE.values())) == len(HOSTILE)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_refused_in_words(name):
    reason = refuse(HOSTILE[name])
    assert reason is not None
    assert len(reason.split()) > 2
    assert reason.isprintable()
    assert len(reason) < 200


@pytest.mark.parametrize("text", LEGAL)
def test_legal_texts_are_not(text):
    assert refuse(text) is None


def test_the_reason_names_what_was_found():
    assert refuse("exact sorry") == "it contains sorry, which closes goals without a proof"
    assert "looks like sorry" in refuse("s\u03bfrry")
    assert "U+200B" in refuse("h\u200b")
    assert "comment" in refuse("skip -- sorry")


def test_limits_are_where_they_say():
    assert refuse("x" * MAX_LENGTH) is None
    assert refuse("x" * (MAX_LENGTH + 1)) is not None
    assert refuse("exact " + "(" * MAX_DEPTH + "h" + ")" * MAX_DEPTH) is None
    assert refuse("exact " + "(" * (MAX_DEPTH + 1) + "h" + ")" * (MAX_DEPTH + 1)) is not None
    assert refuse("exact (h)\n" * 1_000) is None  # many brackets, but none inside another


@pytest.mark.parametrize(
    "piece",
    [
        "(",
        "¬",
        "by ",
        "a.",
        "x ",
        "- ",
        "\n",
        "decide ",
        "config :",
        "@ ",
        "∀ ",
        "fun x => ",
        "_a",
        "\u03bf",
        "/ ",
        "'",
    ],
)
def test_time_is_linear(piece):
    text = (piece * MAX_LENGTH)[:MAX_LENGTH]
    start = time.perf_counter()
    refuse(text)
    assert time.perf_counter() - start < 1.0  # a quadratic search takes minutes
