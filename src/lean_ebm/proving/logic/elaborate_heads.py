"""The heads of applications: names, constants, projections, and the order in which their arguments are given."""

from __future__ import annotations

from lean_ebm.proving.logic.constants import DATA, NAMES, SELF, unknown_name
from lean_ebm.proving.logic.elaborate_blocks import INFERABLE, BlockElaborator
from lean_ebm.proving.logic.elaborate_formulas import constant_name, lookup
from lean_ebm.proving.logic.formulas import Expr, Kind, implication
from lean_ebm.proving.logic.goals import PROOF, Context
from lean_ebm.proving.logic.kernel import ProofTerm
from lean_ebm.proving.logic.lemmas import EXPLICIT
from lean_ebm.proving.logic.unify import TacticError, Unsupported
from lean_ebm.proving.parser import Tree


class HeadElaborator(BlockElaborator):
    """Elaborates heads of applications.

    Attributes:
        names: Names of the arguments that the constant applied last still takes.
    """

    # A class attribute, since an elaborator is made for nearly every tactic and its construction counts.
    names: tuple[str, ...] = ()

    def eliminated(self, tree: Tree, context: Context) -> Tree | None:
        """The term ``h`` of ``h.elim`` if it proves an ∃. None for other terms."""
        head = tree[1] if tree[0] == "app" else tree
        if head[0] != "proj" or head[2] != "elim" or constant_name(head, context, self.run.earlier) is not None:
            return None
        if head[1][0] not in INFERABLE or self.is_data(head[1], context):
            return None
        saved = self.run.next, self.run.unknown, dict(self.run.found), dict(self.run.parts)
        kept = self.fresh, list(self.goals), list(self.natural), self.waiting
        _, formula = self.inferred(head[1], context)
        exists = self.run.whnf(formula).kind is Kind.EXISTS
        self.run.next, self.run.unknown, self.run.found, self.run.parts = saved
        self.fresh, self.goals, self.natural, self.waiting = kept
        return head[1] if exists else None

    def head(self, tree: Tree, context: Context) -> tuple[ProofTerm, Expr, tuple[Tree, int] | None]:
        """Elaborate the head of an application.

        Returns:
            Its proof, its formula, and the argument that a head such as ``h.elim`` adds, with its place.
        """
        what = tree[0]
        if what == "name":
            local = lookup(context, tree[1])
            if local is not None:
                if local.what != PROOF or local.formula is None:
                    raise TacticError(f"{tree[1]} is not a proof")
                return ("hyp", local.number), local.formula, None
            return (*self.constant(tree[1], context), None)
        if what == "proj":
            dotted = constant_name(tree, context, self.run.earlier)
            if dotted is not None:
                return (*self.constant(dotted, context), None)
            proof, formula = self.inferred(tree[1], context)
            return self.projected(proof, self.run.whnf(formula), tree, context)
        proof, formula = self.inferred(tree, context)
        return proof, formula, None

    def takes_data(self, head: Tree, context: Context) -> bool:
        """Whether a term is a constant with propositions as explicit arguments."""
        name: str | None = constant_name(head, context, self.run.earlier)
        if name is not None and name in self.run.earlier:
            return bool(self.run.earlier[name][1])
        return head in DATA

    @staticmethod
    def placed(extra: tuple[Tree, int] | None, arguments: tuple[Tree, ...]) -> tuple[Tree, ...]:
        """Put the argument that a head such as ``h.elim`` adds among the others."""
        if extra is None:
            return arguments
        argument, place = extra
        if len(arguments) < place:
            raise Unsupported("a function of a namespace with too few arguments")
        return (*arguments[:place], argument, *arguments[place:])

    def arranged(
        self, head: Tree, arguments: tuple[Tree, ...], context: Context
    ) -> tuple[ProofTerm, Expr, tuple[Tree, ...]]:
        """Elaborate a head with named arguments, or one whose implicit arguments are given (``@f``).

        Returns:
            Its proof, its formula and its explicit arguments.
        """
        explicit = head[0] == "explicit"
        inner = head[1] if explicit else head
        name = constant_name(inner, context, self.run.earlier)
        if name is None and inner[0] == "name" and lookup(context, inner[1]) is None:
            name = inner[1]
        if name is None or not self.is_known(name):
            local = lookup(context, inner[1]) if inner[0] == "name" else None
            if local is None or local.formula is None:
                raise Unsupported("@ or a named argument of such a term")
            return ("hyp", local.number), local.formula, _in_order(local.formula, arguments)
        implicit, explicits, _ = self.scheme(name)
        named = {part[1]: part[2] for part in arguments if part[0] == "named"}
        rest = [part for part in arguments if part[0] != "named"]
        if len(named) + len(rest) < len(arguments) or not named.keys() <= {*implicit, *explicits}:
            raise TacticError("invalid argument name, or one that is given twice")
        if explicit or self.takes_data(head, context):
            given = self.run.earlier[name][1] if name in self.run.earlier else EXPLICIT.get(name, ())
            for part in implicit if explicit else given:
                if part not in named:
                    if not rest:
                        raise Unsupported(f"{name} with too few arguments")
                    named[part] = rest.pop(0)
        proof, formula, unknown = self.instance(name, context)
        for part, node in zip(implicit, unknown, strict=True):
            if part in named and named[part][0] != "_":
                value = self.formula(named[part], context)
                if not self.run.unify(node, value):
                    raise TacticError("type mismatch")
        pending: list[Tree] = []
        left = {part for part in explicits if part in named and part not in implicit}
        for part in explicits:
            if part in left:
                pending.append(named[part])
                left.discard(part)
            elif rest:
                pending.append(rest.pop(0))
            elif left:
                raise Unsupported("a named argument after one that is not given")
            else:
                break
        self.names = explicits
        return proof, formula, (*pending, *rest)

    def projected(
        self, proof: ProofTerm, formula: Expr, tree: Tree, context: Context
    ) -> tuple[ProofTerm, Expr, tuple[Tree, int] | None]:
        """Elaborate a projection such as ``h.left``."""
        field = tree[2]
        if formula.kind is Kind.AND and field in ("1", "left"):
            return ("fst", proof), formula.a, None
        if formula.kind is Kind.AND and field in ("2", "right"):
            return ("snd", proof), formula.b, None
        if formula.kind is Kind.IFF and field in ("1", "mp"):
            return ("mp", proof), implication(formula.a, formula.b), None
        if formula.kind is Kind.IFF and field in ("2", "mpr"):
            return ("mpr", proof), implication(formula.b, formula.a), None
        if formula.kind is Kind.HOLE:
            raise Unsupported("a projection from a term whose formula is not known when Lean elaborates it")
        if field.isdigit():
            raise TacticError(f"invalid projection .{field}")
        name = f"{NAMES.get(formula.kind, '')}.{field}"
        place = SELF.get(name)
        if place is None:
            raise Unsupported(f"the field .{field} of such a term")
        return (*self.constant(name, context), (tree[1], place))

    def constant(self, name: str, context: Context) -> tuple[ProofTerm, Expr]:
        """Elaborate a constant, with new unknowns for its implicit arguments."""
        if not self.is_known(name):
            if name.startswith("Exists."):
                raise Unsupported("Exists.intro and Exists.elim stand at the head of a term only")
            raise unknown_name(name)
        proof, formula, _ = self.instance(name, context)
        self.names = self.scheme(name)[1]
        return proof, formula

    def is_constant(self, tree: Tree, name: str) -> bool:
        """Whether a term is a constant such as ``Exists.elim``, or has it as its head."""
        head = tree[1] if tree[0] == "app" else tree
        if head[0] != "proj" or head[1][0] != "name":
            return False
        return bool(f"{head[1][1]}.{head[2]}" == name)


def of_exists_in_order(arguments: tuple[Tree, ...]) -> tuple[Tree, ...]:
    """Put the arguments of ``Exists.intro`` in order."""
    named = {argument[1]: argument[2] for argument in arguments if argument[0] == "named"}
    rest = [argument for argument in arguments if argument[0] != "named"]
    if len(arguments) != 2 or len(named) + len(rest) < 2 or not named.keys() <= {"w", "h"}:
        raise Unsupported("such arguments of Exists.intro")
    return tuple(named[name] if name in named else rest.pop(0) for name in ("w", "h"))


def _in_order(formula: Expr, arguments: tuple[Tree, ...]) -> tuple[Tree, ...]:
    """Put named arguments of a hypothesis where its formula has them."""
    named = {argument[1]: argument[2] for argument in arguments if argument[0] == "named"}
    rest = [argument for argument in arguments if argument[0] != "named"]
    if len(named) + len(rest) < len(arguments):
        raise TacticError("an argument that is given twice")
    found: list[Tree] = []
    while named:
        if formula.kind not in (Kind.IMPLIES, Kind.ALL):
            raise Unsupported("a name of an argument that is not there")
        if formula.name in named:
            found.append(named.pop(formula.name))
        elif rest:
            found.append(rest.pop(0))
        else:
            raise Unsupported("a named argument after one that is not given")
        formula = formula.b if formula.kind is Kind.IMPLIES else formula.a
    return (*found, *rest)
