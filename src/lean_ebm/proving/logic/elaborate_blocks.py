"""Elaborates terms whose parts are elaborated separately: ``by``, ``have``, ``show``, ``match``, ``.inl``."""

from __future__ import annotations

from lean_ebm.proving.logic.elaborate_formulas import FormulaElaborator, element_local, lookup, type_of
from lean_ebm.proving.logic.formulas import FALSE, Expr, Kind, element, opened, replaced
from lean_ebm.proving.logic.goals import PROOF, Context, Goal, Local
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.patterns import Column, PatternCompiler
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.parser import Tree

INFERABLE = ("name", "app", "proj", "typed", "explicit", "show", "have")
"""Terms whose formula can be inferred."""
_STOPPING = frozenset(
    ("assumption", "exfalso", "contradiction", "trivial", "rfl", "intros", "constructor", "left", "right")
)
"""Tactics after whose errors Lean does not go on, so that an alternative that failed is one that can be mended."""
_NAMESPACES = {
    Kind.AND: "And", Kind.OR: "Or", Kind.IFF: "Iff", Kind.EXISTS: "Exists", Kind.TRUE: "True", Kind.FALSE: "False",
}  # fmt: skip


class BlockElaborator(FormulaElaborator):
    """Elaborates such terms; its subclass elaborates all other terms.

    Attributes:
        waiting: Terms that are elaborated when their expected type is known, and nested tactics, which run last:
            number, term, expected type, context.
    """

    # A class attribute, since an elaborator is made for nearly every tactic and its construction counts.
    waiting: tuple[tuple[int, Tree, Expr, Context], ...] = ()

    def proof(self, tree: Tree, target: Expr, context: Context, top: bool = False) -> ProofTerm:
        """Elaborate a proof of ``target``."""
        raise NotImplementedError

    def inferred(self, tree: Tree, context: Context) -> tuple[ProofTerm, Expr]:
        """Elaborate a proof without an expected formula."""
        raise NotImplementedError

    def postponed(self, tree: Tree, target: Expr, context: Context) -> ProofTerm:
        """Elaborate a term when more is known."""
        number = self.run.number()
        self.waiting += ((number, tree, target, context),)
        return ("?", number)

    def finish(self) -> None:
        """Elaborate the terms that waited until their expected type was known, and run nested tactics."""
        while self.waiting:
            waiting, self.waiting = self.waiting, ()
            progress = False
            for number, tree, target, context in waiting:
                if tree[0] == "by" or self.run.whnf(target).kind is Kind.HOLE:
                    self.waiting += ((number, tree, target, context),)
                else:
                    progress = True
                    goals = len(self.goals)
                    self.run.parts[number] = self.proof(tree, target, context)
                    if tree[0] == "fun" and len(self.goals) > goals:
                        raise Unsupported("?_ in a function whose type is not known when Lean elaborates it")
            if progress:
                continue
            if any(tree[0] == "fun" for _, tree, _, _ in self.waiting):
                raise Unsupported("a function whose type cannot be inferred")
            if any(tree[0] != "by" for _, tree, _, _ in self.waiting):
                raise TacticError("invalid ⟨...⟩ or .name, expected type must be known")
            waiting, self.waiting = self.waiting, ()
            for entry in waiting:
                self._tactics(*entry)

    def _tactics(self, number: int, tree: Tree, target: Expr, context: Context) -> None:
        run = self.run
        target = replaced(target, run.found)
        if target.unknown or any(local.formula is not None and local.formula.unknown for local in context):
            raise Unsupported("nested tactics with a metavariable")
        trying, run.trying = run.trying, 0
        try:
            left = run.nested(Goal(number, context, target, "", self.fresh), tree[1])
        except TacticError as error:
            if trying and not all(_stops(tactic) for tactic in tree[1][1]):
                raise Unsupported("nested tactics that fail inside of an alternative that is tried") from error
            raise
        finally:
            run.trying = trying
        if left:
            if trying:
                raise Unsupported("nested tactics that leave goals inside of an alternative that is tried")
            raise TacticError("unsolved goals in nested tactics")

    def have_term(self, tree: Tree, target: Expr | None, context: Context) -> tuple[ProofTerm, Expr]:
        """Elaborate ``have``; without a target, its formula is inferred."""
        _, name, domain, value, body = tree
        if domain is None:
            if value[0] not in INFERABLE or self.is_data(value, context):
                raise Unsupported("have of something that is not a proof of a known formula")
            proof, formula = self.inferred(value, context)
        else:
            if domain[0] == "_" or self.is_type(domain, context):
                raise Unsupported("have of something that is not a proof of a known formula")
            formula = self.formula(domain, context)
            proof = self.proof(value, formula, context)
        self.finish()
        formula = replaced(formula, self.run.found)
        number = self.new_number()
        accessible = name != "_"
        local = Local(number, (name or "this") if accessible else "x", accessible, PROOF, formula)
        inner = (*context, local)
        if target is None:
            rest, found = self.inferred(body, inner)
        else:
            rest, found = self.proof(body, target, inner), target
        return ("let", number, formula, proof, rest), found

    def is_type(self, tree: Tree, context: Context) -> bool:
        """Whether a term is the name of a type, or ``Prop``."""
        return type_of(tree, context) is not None

    def is_data(self, tree: Tree, context: Context) -> bool:
        """Whether a term is an individual or something else that is not a proof."""
        head = tree[1] if tree[0] == "app" else tree
        local = lookup(context, head[1]) if head[0] == "name" else None
        return local is not None and local.what != PROOF

    def is_proof(self, tree: Tree, context: Context) -> bool:
        """Whether a term may be a proof: it is neither data nor written as a formula."""
        return tree[0] not in ("and", "or", "iff", "implies", "not", "all", "exists") and not self.is_data(
            tree, context
        )

    def shown(self, tree: Tree, context: Context) -> tuple[ProofTerm, Expr]:
        """Elaborate ``show T from e``."""
        formula = self.formula(tree[1], context)
        proof = self.proof(tree[2], formula, context)
        self.finish()
        return ("the", replaced(formula, self.run.found), proof), formula

    def by_type(self, tree: Tree, target: Expr, context: Context, top: bool) -> ProofTerm:
        """Elaborate ``.inl h``, whose namespace is that of the expected type."""
        result = self.run.whnf(target)
        while result.kind in (Kind.IMPLIES, Kind.ALL):
            result = self.run.whnf(result.b if result.kind is Kind.IMPLIES else result.a)
        if result.kind is Kind.HOLE:
            return self.postponed(tree, target, context)
        namespace = _NAMESPACES.get(result.kind)
        if namespace is None:
            if result.kind is Kind.NOT:
                raise Unsupported("a leading dot where a negation is expected")
            raise TacticError("invalid dotted identifier notation, the type has no namespace")
        head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
        full: Tree = ("proj", ("name", namespace), head[1])
        return self.proof(("app", full, arguments) if arguments else full, target, context, top)

    # match

    def alternatives(self, tree: Tree, target: Expr, context: Context) -> ProofTerm:
        """Elaborate ``fun | pattern => ... | ...``."""
        _, domain, alternatives = tree
        count = len(alternatives[0][0])
        target = replaced(target, self.run.found)
        self.known(target)
        rest, inner = target, context
        numbers: list[Local] = []
        for _ in range(count):
            number = self.new_number()
            if rest.kind is Kind.IMPLIES or rest.kind is Kind.NOT:
                a, rest = (rest.a, rest.b) if rest.kind is Kind.IMPLIES else (rest.a, FALSE)
                local = Local(number, "x", False, PROOF, a)
            elif rest.kind is Kind.ALL:
                local = element_local(number, "x", False, rest.b)
                rest = opened(rest.a, element(number, rest.b))
            else:
                raise TacticError("type mismatch: not a function")
            if domain is not None:
                formula = self.formula(domain, context)
                if formula.unknown:
                    raise Unsupported("a type with holes")
                if local.formula is None or formula.key is not local.formula.key:
                    raise TacticError("type mismatch in fun")
            numbers.append(local)
            inner = (*inner, local)
        proof = self._compiled(tuple(numbers), alternatives, rest, inner, given=False)
        return self._functions(proof, numbers)

    def match(self, tree: Tree, target: Expr, context: Context) -> ProofTerm:
        """Elaborate ``match ... with``."""
        _, discriminants, alternatives = tree
        target = replaced(target, self.run.found)
        self.known(target)
        columns, wrapped = self.discriminants(discriminants, context)
        proof = self._compiled(columns, alternatives, target, context, given=True)
        return self.wrap(proof, wrapped)

    def discriminants(
        self, trees: tuple[Tree, ...], context: Context
    ) -> tuple[tuple[Local, ...], list[tuple[int, Expr, ProofTerm]]]:
        """Elaborate the terms of ``match``.

        Returns:
            An entry of a context for each, and number, formula and proof of those that are not in the context.
        """
        found: list[Local] = []
        wrapped: list[tuple[int, Expr, ProofTerm]] = []
        for tree in trees:
            local = lookup(context, tree[1]) if tree[0] == "name" else None
            if local is not None and local.formula is not None:
                formula = local.formula
                found.append(local)
            else:
                if tree[0] not in INFERABLE or self.is_data(tree, context):
                    raise Unsupported("match of something that is not a proof of a known formula")
                proof, formula = self.inferred(tree, context)
                self.finish()
                formula = replaced(formula, self.run.found)
                number = self.new_number()
                found.append(Local(number, "x", False, PROOF, formula))
                wrapped.append((number, formula, proof))
            self.known(formula)
        return tuple(found), wrapped

    @staticmethod
    def wrap(proof: ProofTerm, wrapped: list[tuple[int, Expr, ProofTerm]]) -> ProofTerm:
        """Put the terms of ``match`` around its proof."""
        for number, formula, value in reversed(wrapped):
            proof = ("let", number, formula, value, proof)
        return proof

    @staticmethod
    def known(formula: Expr) -> None:
        """Require that a formula contains no unknowns."""
        if formula.unknown:
            raise Unsupported("a match with a metavariable")

    def _compiled(
        self, columns: tuple[Local, ...], alternatives: tuple[Tree, ...], target: Expr, context: Context, given: bool
    ) -> ProofTerm:
        goals = len(self.goals)

        def leaf(index: int, inner: Context) -> ProofTerm:
            return self.proof(alternatives[index][1], target, inner)

        patterns = tuple(alternative[0] for alternative in alternatives)
        compiler = PatternCompiler(self, context, leaf)
        proof = compiler.compile(tuple(Column(local, given) for local in columns), patterns)
        if len(self.goals) > goals:
            raise Unsupported("?_ in a match")
        return proof

    def no_match(self, trees: tuple[Tree, ...], target: Expr, context: Context) -> ProofTerm:
        """Elaborate ``nomatch h``."""
        target = replaced(target, self.run.found)
        self.known(target)
        columns, wrapped = self.discriminants(trees, context)
        return self.wrap(self._compiled(columns, (), target, context, given=True), wrapped)

    def no_function(self, target: Expr, context: Context) -> ProofTerm:
        """Elaborate ``nofun``."""
        target = replaced(target, self.run.found)
        self.known(target)
        locals_: list[Local] = []
        rest, inner = target, context
        while rest.kind in (Kind.IMPLIES, Kind.NOT, Kind.ALL):
            number = self.new_number()
            if rest.kind is Kind.ALL:
                local = element_local(number, "x", False, rest.b)
                rest = opened(rest.a, element(number, rest.b))
            else:
                local = Local(number, "x", False, PROOF, rest.a)
                rest = rest.b if rest.kind is Kind.IMPLIES else FALSE
            locals_.append(local)
            inner = (*inner, local)
        proof = self._compiled(tuple(locals_), (), rest, inner, given=False)
        return self._functions(proof, locals_)

    @staticmethod
    def _functions(proof: ProofTerm, locals_: list[Local]) -> ProofTerm:
        for local in reversed(locals_):
            proof = ("lam", local.number, local.formula, proof) if local.formula else ("all", local.number, proof)
        return proof


def _stops(tactic: Tree) -> bool:
    """Whether Lean does not go on after an error of this tactic."""
    return tactic[0] in _STOPPING or (tactic[0] in ("exact", "apply") and _is_plain(tactic[1]))


def _is_plain(tree: Tree) -> bool:
    """Whether a term is made only of names, projections and applications."""
    if tree[0] == "app":
        return all(_is_plain(part) for part in (tree[1], *tree[2]))
    return tree[0] == "name" or (tree[0] == "proj" and _is_plain(tree[1]))
