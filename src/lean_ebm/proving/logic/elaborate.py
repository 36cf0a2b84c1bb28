"""Terms of the tactic language, elaborated to proof terms as Lean's elaborator does it.

The fragment: names of the context; the constants of ``CONSTANTS``, and ``Exists.intro`` and ``Exists.elim``;
application, with named arguments and ``@``; ``fun``, with types and patterns; ``⟨a, b⟩`` for ∧, ↔, ∃ and True;
``.inl h`` and its kind; ``.1 .2 .left .right .mp .mpr`` and constants as fields; ``(t : T)``; ``by``, ``have``,
``suffices``, ``show``, ``match``, ``nomatch``, ``nofun``; ``_``, ``?_`` and ``?name``; and formulas if a proposition is
wanted. Any other syntax that Lean accepts raises :class:`Unsupported`: it is refused, never guessed.
"""

from __future__ import annotations

from lean_ebm.proving.logic.elaborate_formulas import element_local
from lean_ebm.proving.logic.elaborate_heads import HeadElaborator, of_exists_in_order
from lean_ebm.proving.logic.formulas import (
    FALSE,
    PROPOSITIONS,
    Expr,
    Kind,
    element,
    implication,
    is_data,
    make,
    opened,
    replaced,
    unknowns,
)
from lean_ebm.proving.logic.goals import PROOF, Context, Goal, Local
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.parser import Tree


class Elaborator(HeadElaborator):
    """Elaborates the terms of one tactic; arguments and attributes as in the classes above it."""

    # Whole terms

    def whole(self, tree: Tree, target: Expr, context: Context) -> ProofTerm:
        """Elaborate a whole term against its target, and require that every ``_`` in it is determined."""
        proof = self.value(tree, target, context, top=True)
        self.finish()
        self.all_found()
        return proof

    def all_found(self) -> None:
        """Raise a TacticError if a ``_`` is not determined."""
        for name, number in self.natural:
            value = self.run.found.get(number)
            if value is None or any(
                not self.run.unknown[left].opaque
                for left in unknowns(replaced(value, self.run.found))
                if any(left == other for _, other in self.natural)
            ):
                raise TacticError(f"don't know how to synthesize placeholder {name or '_'}")

    def value(self, tree: Tree, target: Expr, context: Context, top: bool = False) -> ProofTerm:
        """Elaborate a term against a target: to a proof, or to ``("node", ...)`` with an individual or a formula."""
        if is_data(target):
            return ("node", self.element(tree, context, target.a or 0))
        return self.proof(tree, target, context, top)

    # Proofs

    def proof(self, tree: Tree, target: Expr, context: Context, top: bool = False) -> ProofTerm:
        """Elaborate a proof of ``target``; with ``top``, unification may assign ``?_``."""
        what = tree[0]
        if what in ("name", "app", "proj", "explicit", "dot"):
            if what == "dot" or (what == "app" and tree[1][0] == "dot"):
                return self.by_type(tree, target, context, top)
            if self.is_constant(tree, "Exists.intro") or self.is_constant(tree, "Exists.elim"):
                return self.of_exists(tree, target, context)
            major = self.eliminated(tree, context)
            if major is not None:
                arguments: tuple[Tree, ...] = tree[2] if what == "app" else ()
                if len(arguments) != 1:
                    raise Unsupported("Exists.elim has two arguments")
                return self.eliminate(major, arguments[0], target, context)
            proof, found = self.application(tree, target, context)
            if not self.run.unify(found, target, opaque=top):
                raise TacticError("type mismatch")
            return proof
        if what == "fun":
            return self.function(tree[1], tree[2], target, context)
        if what == "anonymous":
            return self.anonymous(tree, target, context)
        if what == "?_":
            if not self.holes:
                raise TacticError("don't know how to synthesize placeholder ?_")
            goal = Goal(self.run.number(), context, target, self.hole_name(tree), self.fresh)
            self.goals.append(goal)
            return ("?", goal.number)
        if what == "_":
            number = self.run.number()
            self.natural.append(("", number))
            return ("?", number)
        if what == "typed":
            formula = self.formula(tree[2], context)
            proof = self.proof(tree[1], formula, context)
            if top and self.waiting and replaced(formula, self.run.found).unknown:  # Lean runs nested tactics first
                raise Unsupported("nested tactics for a type that is written with a hole")
            if not self.run.unify(formula, target, opaque=top):
                raise TacticError("type mismatch")
            return ("the", formula, proof)
        if what == "by":
            return self.postponed(tree, target, context)
        if what == "have":
            return self.have_term(tree, target, context)[0]
        if what == "show":
            proof, found = self.shown(tree, context)
            if not self.run.unify(found, target, opaque=top):
                raise TacticError("type mismatch")
            return proof
        if what == "match":
            return self.match(tree, target, context)
        if what == "alternatives":
            return self.alternatives(tree, target, context)
        if what == "nomatch":
            return self.no_match(tree[1], target, context)
        if what == "nofun":
            return self.no_function(target, context)
        self.formula(tree, context)
        raise TacticError("a proposition is not a proof")

    def inferred(self, tree: Tree, context: Context) -> tuple[ProofTerm, Expr]:
        """Elaborate a proof without an expected formula; returns it and the formula that it proves."""
        what = tree[0]
        if what in ("name", "app", "proj", "explicit"):
            if (
                self.is_constant(tree, "Exists.intro")
                or self.is_constant(tree, "Exists.elim")
                or (what == "app" and tree[1][0] == "dot")
            ):
                raise Unsupported("a term whose formula is not known from its context")
            return self.application(tree, None, context)
        if what == "show":
            return self.shown(tree, context)
        if what == "have":
            return self.have_term(tree, None, context)
        if what == "typed":
            formula = self.formula(tree[2], context)
            proof = self.proof(tree[1], formula, context)
            self.names = ()
            return ("the", formula, proof), formula
        if what == "anonymous":
            raise TacticError("invalid constructor ⟨...⟩, expected type must be known")
        if what in ("fun", "_", "?_", "by", "match", "alternatives", "nomatch", "nofun", "dot"):
            raise Unsupported("a term whose formula is not known from its context")
        self.formula(tree, context)
        raise TacticError("a proposition is not a proof")

    def function(
        self, binders: tuple[tuple[str, Tree | None], ...], body: Tree, target: Expr, context: Context
    ) -> ProofTerm:
        """Elaborate ``fun`` against its target."""
        if not binders:
            return self.proof(body, target, context)
        (name, domain), rest = binders[0], binders[1:]
        target = self.run.whnf(target)
        if target.kind is Kind.HOLE:
            if any(domain is not None for _, domain in binders):
                raise Unsupported("a function whose type is not known when Lean elaborates it")
            return self.postponed(("fun", binders, body), target, context)
        if target.kind in (Kind.IMPLIES, Kind.NOT):
            a, b = (target.a, target.b) if target.kind is Kind.IMPLIES else (target.a, FALSE)
            if domain is not None and not self.run.unify(self.formula(domain, context), a):
                raise TacticError("type mismatch")
            number = self.new_number()
            accessible = name != "_"
            local = Local(number, name if accessible else "x", accessible, PROOF, a)
            return ("lam", number, a, self.function(rest, body, b, (*context, local)))
        if target.kind is Kind.ALL:
            if domain is not None and self.domain(domain, context) not in (target.b, None):
                raise TacticError("type mismatch")
            number = self.new_number()
            accessible = name != "_"
            local = element_local(number, name if accessible else "x", accessible, target.b)
            inner = opened(target.a, element(number, target.b))
            return ("all", number, self.function(rest, body, inner, (*context, local)))
        raise TacticError("type mismatch: not a function")

    def anonymous(self, tree: Tree, target: Expr, context: Context) -> ProofTerm:
        """Elaborate ``⟨a, b⟩``; it waits if its target is not known yet."""
        items: tuple[Tree, ...] = tree[1]
        target = self.run.whnf(target)
        kind = target.kind
        if kind is Kind.HOLE:
            return self.postponed(tree, target, context)
        if kind is Kind.TRUE and not items:
            return ("true",)
        if kind not in (Kind.AND, Kind.IFF, Kind.EXISTS):
            raise TacticError(
                "invalid ⟨...⟩, the expected type does not have exactly one constructor with this number of fields"
            )
        if len(items) < 2:
            raise TacticError("invalid constructor ⟨...⟩, insufficient number of arguments")
        first, second = items[0], items[1] if len(items) == 2 else ("anonymous", items[1:])
        if kind is Kind.EXISTS:
            witness = self.element(first, context, target.b)
            return ("exists", witness, self.proof(second, opened(target.a, witness), context))
        a, b = self._part(target.a, context, "a"), self._part(target.b, context, "b")
        if kind is Kind.AND:
            return ("and", self.proof(first, a, context), self.proof(second, b, context))
        mp = self.proof(first, implication(a, b), context)
        return ("iff", mp, self.proof(second, implication(b, a), context))

    def _part(self, part: Expr, context: Context, name: str) -> Expr:
        """The target of a constructor's argument.

        If it is an unknown, Lean replaces it by an implicit argument of the constructor, which must be determined.
        """
        part = self.run.whnf(part)
        if part.kind is Kind.HOLE and not self.run.unknown[part.a].opaque:
            own = self.run.new(context, PROPOSITIONS, False, name)
            self.natural.append((name, own.a))
            self.run.unify(part, own)
            return own
        return part

    def of_exists(self, tree: Tree, target: Expr, context: Context) -> ProofTerm:
        """Elaborate ``Exists.intro w h`` and ``Exists.elim h f`` with all of their arguments."""
        head = tree[1] if tree[0] == "app" else tree
        arguments: tuple[Tree, ...] = tree[2] if tree[0] == "app" else ()
        if any(argument[0] == "named" for argument in arguments) and self.is_constant(head, "Exists.intro"):
            arguments = of_exists_in_order(arguments)
        if len(arguments) != 2:
            raise Unsupported("Exists.intro and Exists.elim have two arguments")
        target = self.run.whnf(target)
        if self.is_constant(head, "Exists.intro"):
            if target.kind is Kind.HOLE:
                raise Unsupported("a term whose formula is not known from its context")
            if target.kind is not Kind.EXISTS:
                raise TacticError("type mismatch")
            return self.anonymous(("anonymous", arguments), target, context)
        return self.eliminate(arguments[0], arguments[1], target, context)

    def eliminate(self, major: Tree, minor: Tree, target: Expr, context: Context) -> ProofTerm:
        """Elaborate ``Exists.elim``."""
        if major[0] not in ("name", "app", "proj", "typed"):
            raise Unsupported("a term whose formula is not known from its context")
        proof, formula = self.inferred(major, context)
        formula = self.run.whnf(formula)
        if formula.kind is not Kind.EXISTS:
            raise TacticError("type mismatch")
        step = make(Kind.ALL, implication(formula.a, target), formula.b, "a")
        if target.kind is Kind.HOLE:
            raise Unsupported("a term whose formula is not known from its context")
        use = self.proof(minor, step, context)
        x, h = self.new_number(), self.new_number()
        body = ("app", ("inst", ("the", step, use), element(x, formula.b)), ("hyp", h))
        return ("elim", proof, x, h, body)

    # Applications

    def application(self, tree: Tree, target: Expr | None, context: Context) -> tuple[ProofTerm, Expr]:
        """Elaborate a head with arguments; returns the proof and the formula that it proves."""
        head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
        if head == ("name", "id") and arguments and not self.is_proof(arguments[0], context):
            raise Unsupported("id of something that is not a proof")
        self.names = ()
        if (
            head[0] == "explicit"
            or any(argument[0] == "named" for argument in arguments)
            or self.takes_data(head, context)
        ):
            proof, formula, pending = self.arranged(head, arguments, context)
        else:
            proof, formula, extra = self.head(head, context)
            pending = self.placed(extra, arguments)
        names = self.names
        known = target is None or self.run.whnf(target).kind is Kind.HOLE
        for index, argument in enumerate(pending):
            formula = self.run.whnf(formula)
            if not known and target is not None and argument[0] not in ("_", "?_"):
                result = _after(formula, len(pending) - index)
                if result is not None and not result.loose:
                    known = self.run.unify(target, result)
            if formula.kind is Kind.IMPLIES:
                proof = ("app", proof, self.proof(argument, formula.a, context))
                formula = formula.b
            elif formula.kind is Kind.NOT:
                proof = ("app", proof, self.proof(argument, formula.a, context))
                formula = FALSE
            elif formula.kind is Kind.ALL:
                value = self.element(argument, context, formula.b, formula.name)
                proof = ("inst", proof, value)
                formula = opened(formula.a, value)
            elif formula.kind is Kind.HOLE:
                raise Unsupported("an application whose head is not known to be a function when Lean elaborates it")
            else:
                raise TacticError("function expected")
        if target is not None and formula.unknown:
            self.run.unify(target, formula)
        self.names = names[len(pending) :]
        return proof, formula


def _after(formula: Expr, count: int) -> Expr | None:
    """The conclusion of a formula after ``count`` arguments; None if it does not visibly take that many."""
    for _ in range(count):
        if formula.kind is Kind.IMPLIES:
            formula = formula.b
        elif formula.kind is Kind.ALL:
            formula = formula.a
        else:
            return None
    return formula
