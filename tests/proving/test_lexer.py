import time

import pytest

from helpers import needs_lean
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.lexer import KEYWORDS, MAX_LENGTH, SyntaxProblem, is_name, plain, tokenize


@pytest.fixture(scope="module")
def lean():
    with Lean() as lean:
        yield lean


def kinds(text):
    return [(token.kind, token.text) for token in tokenize(text)]


def words(text):
    return [token.text for token in tokenize(text)]


def test_spellings_of_one_symbol_become_one():
    assert words("forall p, p /\\ q -> q \\/ r <-> λ x ↦ y <- z") == words("∀ p, p ∧ q → q ∨ r ↔ fun x => y ← z")


def test_symbols_are_as_long_as_possible():
    assert words("a<;>b|>.c.1|>d<|e?_ ?_ ?x := :: .. ·.inl") == [
        *("a", "<;>", "b", "|>.", "c", ".1", "|>", "d", "<|", "e?_", "?_", "?x", ":=", "::", "..", "·", ".inl")
    ]
    assert kinds("?_ ?x") == [("symbol", "?_"), ("hole", "?x")]


def test_names_are_leans():
    assert kinds("foo:¬ True") == [("name", "foo"), ("symbol", ":"), ("symbol", "¬"), ("name", "True")]
    assert kinds("«a b».«c» «x» «fun» h.«y» while ∂") == [
        *(("name", "«a b»"), ("projection", ".c"), ("name", "x"), ("name", "«fun»"), ("name", "h")),
        *(("projection", ".y"), ("symbol", "while"), ("other", "∂")),
    ]


@needs_lean
def test_letters_of_names_are_leans(lean):
    codes = (*range(0x21, 0x250), *range(0x370, 0x400), *range(0x1D40, 0x1E00), *range(0x1EFE, 0x2000))
    letters = [chr(code) for code in (*codes, *range(0x2070, 0x2160), *range(0x2C60, 0x2C80))]
    letters = [letter for letter in letters if letter not in "\"'«" and not "\x7f" <= letter < "\xa1"]
    names = [name for letter in letters for name in (letter, f"b{letter}") if name not in ("_", "by")]
    messages, death = lean._run(
        "".join(f"example ({name} : Prop) : False → False := fun h => h\n" for name in names), 60.0
    )
    assert death is None
    refused = {message.line for message in messages}
    for number, name in enumerate(names):
        tokens = tokenize(name)
        assert (len(tokens) == 1 and tokens[0].kind == "name") == (number not in refused), name


def test_places_of_tokens():
    text = "a /- b\n -/ c.1\n  «x\ny» z"
    tokens = tokenize(text)
    assert [(token.line, token.column, token.glued) for token in tokens] == [
        *((0, 0, False), (1, 4, False), (1, 5, True), (2, 2, False), (3, 3, False))
    ]
    assert [text[token.start : token.end] for token in tokens] == ["a", "c", ".1", "«x\ny»", "z"]


def test_comments_strings_and_characters():
    assert words("a -- /- b\nc /- d /- e -/ -- f -/ g") == ["a", "c", "g"]
    assert kinds("/-- d /- e -/ -- -/ x /-! m -/ 'a' '\\'' x'") == [
        *(("doc", "/-- d /- e -/ -- -/"), ("name", "x"), ("doc", "/-! m -/"), ("character", "'a'")),
        *(("character", "'\\''"), ("name", "x'")),
    ]
    for string in ('"a -- \\" /- b"', 'r#"a"b"#', 'r"\\"', 's!"a {f "b --" s!"{x}" {y}} /- c"'):
        assert kinds(f"{string} a") == [("string", string), ("name", "a")]


def test_plain_text_keeps_the_places_of_tokens():
    assert plain("p/\\q \\/ r") == "p∧ q ∨  r"
    assert plain('a -- b\n/- c\n d -/ "-- e"') == 'a     \n    \n      "-- e"'


@pytest.mark.parametrize("text", ["/- a", "x\n/- /- -/", '"a', '"a\\"', "«a", 'r#"a"', 's!"{', "/-- a", 's!"{/-}"'])
def test_what_does_not_end_is_refused_with_its_line(text):
    with pytest.raises(SyntaxProblem, match=f"line {text.count(chr(10)) + 1} does not end"):
        tokenize(text)


@pytest.mark.parametrize("name", ["a", "and_comm'", "Foo.bar", "«a b».c", "Foo.«bar»", "α₁", "intro"])
def test_names_of_theorems(name):
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " a",
        "a ",
        "a b",
        "theorem",
        "foo:¬",
        "1",
        "a.1",
        "a.",
        ".a",
        "_",
        "a .b",
        "«a",
        "a--",
        "a/-b-/",
        "(a)",
        "a:=b",
    ],
)
def test_what_is_no_name(name):
    assert not is_name(name)


def test_tactics_are_no_keywords():
    assert {"while", "at", "exists", "theorem", "fun", "Type"} <= KEYWORDS
    assert not {"intro", "exact", "cases", "simp", "this", "h"} & KEYWORDS


@needs_lean
def test_keywords_are_leans(lean):
    # Words of the library's own syntax, which the wheel's Lean does not have; `import` ends its reading of a file.
    library = "at calc exists generalizing matches nat_lit seal suppress_compilation unif_hint unlock_limits unseal"
    words = sorted(KEYWORDS - {*library.split(), "unsuppress_compilation", "using", "import"})
    source = "".join(f"example ({word} : Prop) : False → False := fun h => h\n" for word in words)
    messages, death = lean._run(source, 60.0)
    assert death is None
    refused = {message.line for message in messages}
    assert not [word for number, word in enumerate(words) if number not in refused]


@pytest.mark.parametrize("piece", ["(", "a.", '"', "/-", "/- -/", "«", 'r##"', 's!"{', "'", "--\n", "\\", "1e", "-/"])
def test_time_is_linear(piece):
    text = (piece * MAX_LENGTH)[:MAX_LENGTH]
    start = time.perf_counter()
    try:
        tokenize(text)
    except SyntaxProblem as problem:
        assert "does not end" in str(problem)
    assert time.perf_counter() - start < 5.0  # a quadratic search takes minutes
    with pytest.raises(SyntaxProblem, match="characters"):
        tokenize(text + "x")
