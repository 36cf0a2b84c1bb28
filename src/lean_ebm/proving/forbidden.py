"""The filter that refuses texts before anything runs: cheating, commands, metaprogramming, look-alikes.

Only the characters that proofs of the embedded logic and of ordinary mathematics use are allowed. That excludes
strings, quoted names (``«sorry»``), escapes, comments, attributes, ``#`` commands, antiquotations, and look-alike
letters except Greek ones, which are folded to Latin before words are compared. Words on a list are refused: those that
can begin a command of Lean 4.35 (a keyword ends a proof wherever it stands), run code, change an option, or close a
goal without a proof. The judge does not rely on this filter: it asks Lean for the axioms of each theorem.
"""
# ruff: noqa: RUF001 - the letters of Lean, and those that look like others on purpose

from __future__ import annotations

import re
import unicodedata

MAX_LENGTH = 65_536
"""Characters in one text; a longer text is refused."""
MAX_DEPTH = 1_100
"""Brackets inside each other, or prefixes such as ``¬`` or ``by`` in a row, on which parsers recurse."""

_CHARACTERS = (
    " \n"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_'!?"
    "αβγδεζηθικλμνξοπρςστυφχψωΓΔΘΛΞΠΣΦΨΩ"
    "₀₁₂₃₄₅₆₇₈₉ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
    "()[]{}⟨⟩‹›⦃⦄.,:;|@=<>+-*/^"
    "→←↔↦∀∃¬∧∨≠≤≥∈∉⊆⊂⊇∪∩⋃⋂∖ᶜ∅∘×∣%∑∏∫∂√∞·•▸↑⇑↥⊢⊤⊥⊔⊓⊕⊗≡≃≅⟶ℕℤℚℝℂ"
)
_OTHER = re.compile(f"[^{re.escape(_CHARACTERS)}]")
_WORD = re.compile(
    f"[^{re.escape(_CHARACTERS[_CHARACTERS.index('()') :])} \n⁻λ'!?]+"
)  # a final ' or ? is left out: simp? counts as simp
_BRACKET = re.compile(r"[()\[\]{}⟨⟩‹›⦃⦄]|(?:(?:¬|@|→|\bby|\bfun|∀|∃|·|←|-)\s*)+")
_LIKE_LATIN = str.maketrans(
    "αγεηικνορσςτυχωₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₀₁⁰¹ΓΛ", "ayenikvopoctuxwaeijklmnoprstuvxoiolrA"
)  # the letters that they look like

_PROOFLESS = """
    sorry admit sorryAx stop native_decide native bv_decide bv_check bv_omega_nf ofReduceBool ofReduceNat reduceBool
    reduceNat trustCompiler axiom axioms constant constants opaque unsafe unsafeCast implemented_by extern csimp
    lcProof lcUnreachable lcAny lcErased lcVoid plausible slim_check
"""
_COMMANDS = """
    theorem lemma def definition abbrev example instance inductive coinductive structure class deriving mutual
    namespace section end open export import prelude module universe universes variable variables include omit
    attribute private protected public local scoped meta noncomputable nonrec partial initialize builtin_initialize
    where set_option in unlock_limits init_quot docs_to_verso add_decl_doc tactic_extension register_tactic_tag
    recommended_spelling register_error_explanation register_builtin_option register_option register_simp_attr
    register_label_attr register_grind_attr register_sym_simp_attr register_sym_simp register_sym_dsimp
    register_try_tactic register_parser_alias grind_pattern grind_annotated init_grind_norm seal unseal
    suppress_compilation unsuppress_compilation assert_not_exists assert_not_imported assert_exists
    deprecated_module deprecated_syntax deprecate gen_injective_theorems irreducible_def alias proof_wanted
    initialize_simps_projections unif_hint library_note count_heartbeats guard_cmd recall with_weak_namespace
    end_local_scope compile_inductive compile_def to_additive simproc dsimproc simproc_decl dsimproc_decl
    builtin_simproc builtin_dsimproc cbv_simproc
"""
_PROGRAMS = """
    run_tac run_cmd run_elab run_meta run_conv run_simproc by_elab elab elab_rules macro macro_rules syntax
    declare_syntax_cat declare_config_elab declare_simp_like_tactic declare_aesop_rule_sets notation notation3 infix
    infixl infixr prefix postfix binder_predicate eval_expr include_str include_bytes unquote Lean Elab Meta MetaM
    TacticM TermElabM CommandElabM MacroM CoreM IO System Process EIO BaseIO dbg_trace dbgTrace dbg_stack_trace
    dbg_sleep dbgSleep dbg_assert dbgStackTrace sleep unhygienic polyrith hint
"""
_REASONS = {
    word: reason
    for words, reason in (
        (_PROOFLESS, "closes goals without a proof"),
        (_COMMANDS, "belongs to a command, and a proof holds no commands"),
        (_PROGRAMS, "runs or defines programs, and a proof holds none"),
    )
    for word in words.split()
}
_PHRASES = (
    (re.compile(r"--|/-|-/"), "a comment"),
    (re.compile(r"@\s*\["), "an attribute"),
    (re.compile(r"\S%|%\S"), "a program"),  # `type_of% h` and its like; `n % 2` is arithmetic
    (re.compile(r"(?:config|decide|kernel|ground|contextual|zeta|arith|max\w{1,40})\s*:="), "an option"),
    (re.compile(r"\b_(?:aux|private|hyg|uniq|cstage|eval|elab)"), "a name that only Lean itself gives"),
    (re.compile(r"\b(?:declare|builtin|register|run|make_elab|aesop_rules|add_aesop|erase_aesop)_\w+"), "a command"),
)


def refuse(text: str) -> str | None:
    """Explain why a tactic, a script or a statement is refused. None if it is accepted.

    The time is linear in the length of the text up to ``MAX_LENGTH``, and constant for longer texts.
    """
    if len(text) > MAX_LENGTH:
        return f"the text has {len(text)} characters, more than {MAX_LENGTH}"
    if other := _OTHER.search(text):
        return _character(other[0])
    for pattern, what in _PHRASES:
        if found := pattern.search(text):
            return f"it contains {what}, {found[0]}"
    words = _WORD.findall(text)
    if not _REASONS.keys().isdisjoint(words):
        word = next(word for word in words if word in _REASONS)
        return f"it contains {word}, which {_REASONS[word]}"
    if not text.isascii():
        for word in words:
            if (seen := word.translate(_LIKE_LATIN)) in _REASONS:
                return f"it contains {word}, which looks like {seen}, which {_REASONS[seen]}"
    return _nesting(text)


def _character(character: str) -> str:
    name = unicodedata.name(character, "no name")
    code = f"U+{ord(character):04X} ({name.lower()})"
    if character in "\"'`$#&\\~«»":
        return f"it contains {character}, {code}, which proofs do not need: no strings, quoted names, or quotations"
    if character.isprintable() and not character.isspace():
        return f"it contains {character}, {code}, which is not a character of a proof"
    return f"it contains the invisible character {code}"


def _nesting(text: str) -> str | None:
    if len(text) <= MAX_DEPTH:
        return None
    depth = deepest = 0
    for match in _BRACKET.finditer(text):
        token = match[0]
        if token in "([{⟨‹⦃":
            depth += 1
            deepest = max(deepest, depth)
        elif token in ")]}⟩›⦄":
            depth -= 1
        elif len(token) > MAX_DEPTH:  # a run of prefixes; at least a character each
            deepest = max(deepest, len(re.findall(r"\w+|\S", token)))
    return f"{deepest} brackets or prefixes inside each other, more than {MAX_DEPTH}" if deepest > MAX_DEPTH else None
