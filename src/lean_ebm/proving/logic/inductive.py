"""Lean's case analysis of connectives: constructors, their fields, and the proof by cases."""

from __future__ import annotations

from lean_ebm.proving.logic.elaborate_formulas import element_local
from lean_ebm.proving.logic.formulas import TRUE, Expr, Kind, element, implication, opened
from lean_ebm.proving.logic.goals import PROOF, Local
from lean_ebm.proving.logic.kernel import ProofTerm

_RAW = {Kind.IFF: "iff", Kind.EXISTS: "exists"}
FIELDS = {
    Kind.AND: (("intro", ("left", "right")),),
    Kind.IFF: (("intro", ("mp", "mpr")),),
    Kind.OR: (("inl", ("h",)), ("inr", ("h",))),
    Kind.EXISTS: (("intro", ("w", "h")),),
    Kind.TRUE: (("intro", ()),),
    Kind.FALSE: (),
}


def field_formulas(
    formula: Expr, constructor: str, fields: tuple[str, ...], names: tuple[str, ...], made: tuple[int, ...]
) -> list[Local]:
    """The entries of the context for the fields of a constructor, with the given numbers."""
    kind = formula.kind
    if kind is Kind.AND:
        types = [formula.a, formula.b]
    elif kind is Kind.IFF:
        types = [implication(formula.a, formula.b), implication(formula.b, formula.a)]
    elif kind is Kind.OR:
        types = [formula.a if constructor == "inl" else formula.b]
    elif kind is Kind.EXISTS:
        types = [TRUE, opened(formula.a, element(made[0], formula.b))]
    else:
        types = []
    found = []
    for index, (field, number) in enumerate(zip(fields, made, strict=True)):
        name = names[index] if index < len(names) else "_"
        accessible = name != "_"
        shown = name if accessible else field
        if kind is Kind.EXISTS and index == 0:
            found.append(element_local(number, shown, accessible, formula.b))
        else:
            found.append(Local(number, shown, accessible, PROOF, types[index], raw=_RAW.get(kind, "")))
    return found


def case_proof(formula: Expr, proof: ProofTerm, holes: list[int], numbers: list[tuple[int, ...]]) -> ProofTerm:
    """The proof by cases, with a hole for each constructor, whose fields have these numbers."""
    kind = formula.kind
    if kind is Kind.FALSE:
        return ("false", proof)
    body: ProofTerm = ("?", holes[0])
    if kind is Kind.OR:
        return ("or", proof, numbers[0][0], body, numbers[1][0], ("?", holes[1]))
    if kind is Kind.EXISTS:
        return ("elim", proof, *numbers[0], body)
    if kind is Kind.TRUE:
        return body
    first, second = numbers[0]
    a, b = formula.a, formula.b
    if kind is Kind.AND:
        return ("let", first, a, ("fst", proof), ("let", second, b, ("snd", proof), body))
    return (
        "let", first, implication(a, b), ("mp", proof),
        ("let", second, implication(b, a), ("mpr", proof), body),
    )  # fmt: skip
