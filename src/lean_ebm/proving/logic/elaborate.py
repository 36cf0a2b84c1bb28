"""Terms of the tactic language to proof terms, the way Lean's elaborator does it.

The fragment: names of the context; the constants of ``CONSTANTS`` and ``Exists.intro``, ``Exists.elim``; application;
``fun`` (with or without types); ``⟨a, b⟩`` for ∧, ↔, ∃ and True; ``.1 .2 .left .right .mp .mpr .elim``; ``(t : T)``;
``_`` and ``?_``; and formulas where a proposition is wanted. What Lean reads in a way that is not told here is
:class:`Unsupported` and refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable

from lean_ebm.proving.logic.formulas import (
    FALSE,
    INDIVIDUALS,
    PROPOSITIONS,
    TRUE,
    Kind,
    Node,
    atom,
    conjunction,
    disjunction,
    equivalence,
    implication,
    make,
    negation,
    opened,
    replaced,
    unknowns,
    variable,
    variables,
)
from lean_ebm.proving.logic.goals import PROOF, SYMBOL, TYPE, Context, Goal, Local
from lean_ebm.proving.logic.kernel import Proof
from lean_ebm.proving.logic.syntax import Tree


class TacticError(Exception):
    """Lean would refuse this."""


class Unsupported(Exception):
    """Lean may accept this, but it is outside of the fragment."""


class Unknown:
    """What is to be found: a goal of kind individual or proposition, or a part of a term that unification must find.

    Attributes:
        scope: Numbers of the context that it was made in, of which it may speak.
        target: ``INDIVIDUALS`` or ``PROPOSITIONS``.
        opaque: Whether it was written ``?_``, which unification leaves alone but in a tactic's last comparison.
        name: Lean's name for it.
    """

    __slots__ = ("name", "opaque", "scope", "target")

    def __init__(self, scope: frozenset[int], target: Node, opaque: bool, name: str) -> None:
        self.scope, self.target, self.opaque, self.name = scope, target, opaque, name


class Run:
    """What one step changes: values found, new unknowns, proofs of goals. The state before it stays as it is."""

    __slots__ = ("found", "next", "parts", "unknown")

    def __init__(self, following: int, unknown: dict[int, Unknown]) -> None:
        self.next = following
        self.unknown = unknown
        self.found: dict[int, Node] = {}
        self.parts: dict[int, Proof] = {}

    def number(self) -> int:
        """A number for a goal or an unknown."""
        self.next += 1
        return self.next

    def new(self, context: Context, target: Node, opaque: bool, name: str = "") -> Node:
        """A new unknown."""
        number = self.number()
        scope = frozenset(local.number for local in context)
        self.unknown = {**self.unknown, number: Unknown(scope, target, opaque, name)}
        return make(Kind.UNKNOWN if target is INDIVIDUALS else Kind.HOLE, number)

    def whnf(self, node: Node) -> Node:
        """The node with its own value where it is an unknown with one."""
        while node.kind is Kind.HOLE and node.a in self.found:
            node = self.found[node.a]
        return node

    # Unification

    def unify(self, a: Node, b: Node, opaque: bool = False) -> bool:
        """Make two formulas or individuals the same to Lean; changes nothing where it cannot."""
        if a.key is b.key:
            return True
        if not (a.unknown or b.unknown):
            return False
        saved = self.found
        self.found = dict(saved)
        if self._unify(a, b, opaque):
            return True
        self.found = saved
        return False

    def _unify(self, a: Node, b: Node, opaque: bool) -> bool:
        if a.key is b.key:
            return True
        if not (a.unknown or b.unknown):
            return False
        a, b = self._value(a), self._value(b)
        if a is b:
            return True
        first = self._assignable(a, opaque)
        second = self._assignable(b, opaque)
        if first and second and self.unknown[a.a].opaque and not self.unknown[b.a].opaque:
            first = False
        if first and self._assign(a, b):
            return True
        if second and self._assign(b, a):
            return True
        if first or second or a.kind in (Kind.UNKNOWN, Kind.HOLE) or b.kind in (Kind.UNKNOWN, Kind.HOLE):
            return False
        if a.kind is not b.kind:
            if a.kind is Kind.NOT and b.kind is Kind.IMPLIES:
                return self._unify(a.a, b.a, opaque) and self._unify(FALSE, b.b, opaque)
            if b.kind is Kind.NOT and a.kind is Kind.IMPLIES:
                return self._unify(a.a, b.a, opaque) and self._unify(a.b, FALSE, opaque)
            return False
        if a.kind in (Kind.APPLY, Kind.ATOM):
            pairs = zip(a.b, b.b, strict=False)
            return a.a == b.a and len(a.b) == len(b.b) and all(self._unify(x, y, opaque) for x, y in pairs)
        if a.kind in (Kind.AND, Kind.OR, Kind.IFF, Kind.IMPLIES):
            return self._unify(a.a, b.a, opaque) and self._unify(a.b, b.b, opaque)
        if a.kind in (Kind.ALL, Kind.EXISTS, Kind.NOT):
            return self._unify(a.a, b.a, opaque)
        return False

    def _value(self, node: Node) -> Node:
        while node.kind in (Kind.UNKNOWN, Kind.HOLE) and node.a in self.found:
            node = self.found[node.a]
        return node

    def _assignable(self, node: Node, opaque: bool) -> bool:
        return node.kind in (Kind.UNKNOWN, Kind.HOLE) and (opaque or not self.unknown[node.a].opaque)

    def _assign(self, unknown: Node, value: Node) -> bool:
        value = replaced(value, self.found)
        if value.loose:
            return False
        scope = self.unknown[unknown.a].scope
        if value.kind in (Kind.UNKNOWN, Kind.HOLE) and value.a == unknown.a:
            return False
        if value.unknown:
            for number in unknowns(value):
                if number == unknown.a:
                    return False
                if not self.unknown[number].scope <= scope:
                    raise Unsupported("an unknown may speak of more than the one that it would be put in place of")
        if not variables(value) <= scope:
            return False
        self.found[unknown.a] = value
        return True


# Constants: names of the unknown propositions and of the arguments, and a function of those propositions that gives the
# type and a closed proof of it. The proofs number their hypotheses with negative numbers, which no goal uses.
Scheme = tuple[tuple[str, ...], tuple[str, ...], Callable[..., tuple[tuple[Node, ...], Node, Proof]]]
_A, _B, _C = (("hyp", -1), ("hyp", -2), ("hyp", -3))

CONSTANTS: dict[str, Scheme] = {
    "True.intro": ((), (), lambda: ((), TRUE, ("true",))),
    "trivial": ((), (), lambda: ((), TRUE, ("true",))),
    "And.intro": (("a", "b"), ("left", "right"), lambda a, b: ((a, b), conjunction(a, b), ("and", _A, _B))),
    "And.left": (("a", "b"), ("self",), lambda a, b: ((conjunction(a, b),), a, ("fst", _A))),
    "And.right": (("a", "b"), ("self",), lambda a, b: ((conjunction(a, b),), b, ("snd", _A))),
    "Or.inl": (("a", "b"), ("h",), lambda a, b: ((a,), disjunction(a, b), ("inl", _A))),
    "Or.inr": (("a", "b"), ("h",), lambda a, b: ((b,), disjunction(a, b), ("inr", _A))),
    "Or.elim": (
        ("a", "b", "c"),
        ("h", "left", "right"),
        lambda a, b, c: (
            (disjunction(a, b), implication(a, c), implication(b, c)),
            c,
            ("or", _A, -4, ("app", _B, ("hyp", -4)), -5, ("app", _C, ("hyp", -5))),
        ),
    ),
    "Iff.intro": (
        ("a", "b"),
        ("mp", "mpr"),
        lambda a, b: ((implication(a, b), implication(b, a)), equivalence(a, b), ("iff", _A, _B)),
    ),
    "Iff.mp": (("a", "b"), ("self", "a"), lambda a, b: ((equivalence(a, b), a), b, ("app", ("mp", _A), _B))),
    "Iff.mpr": (("a", "b"), ("self", "a"), lambda a, b: ((equivalence(a, b), b), a, ("app", ("mpr", _A), _B))),
    "False.elim": (("C",), ("h",), lambda c: ((FALSE,), c, ("false", _A))),
    "absurd": (("a", "b"), ("h₁", "h₂"), lambda a, b: ((a, negation(a)), b, ("false", ("app", _B, _A)))),
}
_NAMESPACES = frozenset(name.partition(".")[0] for name in CONSTANTS if "." in name) | {"Exists"}
_CONNECTIVES = {"And": conjunction, "Or": disjunction, "Iff": equivalence}


class Elaborator:
    """Elaborates the terms of one tactic.

    Args:
        run: The step.
        holes: What becomes of ``?_``: goals (True) or an error (False).
    """

    def __init__(self, run: Run, goal: Goal, holes: bool) -> None:
        self.run, self.holes = run, holes
        self.fresh = goal.fresh
        self.goals: list[Goal] = []  # those of `?_`, in the order of their making
        self.natural: list[tuple[str, int]] = []  # those of `_`, and of constants' unknowns
        self.waiting: list[tuple[int, Tree, Node, Context]] = []
        self.names: tuple[str, ...] = ()  # of the arguments that the constant last applied still takes

    def new_number(self) -> int:
        """A number for a hypothesis or an individual."""
        self.fresh += 1
        return self.fresh - 1

    # Whole terms

    def whole(self, tree: Tree, target: Node, context: Context) -> Proof:
        """A proof of ``target``, or an individual or proposition where that is what it is; all of its ``_`` found."""
        proof = self.value(tree, target, context, top=True)
        self.finish()
        self.all_found()
        return proof

    def finish(self) -> None:
        """Elaborate what waited for its type to be known."""
        while self.waiting:
            waiting, self.waiting = self.waiting, []
            progress = False
            for number, tree, target, context in waiting:
                if self.run.whnf(target).kind is Kind.HOLE:
                    self.waiting.append((number, tree, target, context))
                else:
                    progress = True
                    self.run.parts[number] = self.proof(tree, target, context)
            if not progress:
                raise TacticError("invalid constructor ⟨...⟩, expected type must be known")

    def all_found(self) -> None:
        """Refuse ``_`` that nothing determined."""
        for name, number in self.natural:
            value = self.run.found.get(number)
            if value is None or any(
                not self.run.unknown[left].opaque
                for left in unknowns(replaced(value, self.run.found))
                if any(left == other for _, other in self.natural)
            ):
                raise TacticError(f"don't know how to synthesize placeholder {name or '_'}")

    def value(self, tree: Tree, target: Node, context: Context, top: bool = False) -> Proof:
        """A proof, or the node of what is no proof wrapped as one."""
        if target is INDIVIDUALS:
            return ("node", self.individual(tree, context))
        if target is PROPOSITIONS:
            return ("node", self.formula(tree, context))
        return self.proof(tree, target, context, top)

    # Proofs

    def proof(self, tree: Tree, target: Node, context: Context, top: bool = False) -> Proof:
        """A proof of ``target``; ``top`` where unification may find what ``?_`` stands for."""
        what = tree[0]
        if what in ("name", "app", "proj"):
            if self._is(tree, "Exists.intro") or self._is(tree, "Exists.elim"):
                return self.of_exists(tree, target, context)
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
            goal = Goal(self.run.number(), context, target, "", self.fresh)
            self.goals.append(goal)
            return ("?", goal.number)
        if what == "_":
            number = self.run.number()
            self.natural.append(("", number))
            return ("?", number)
        if what == "typed":
            formula = self.formula(tree[2], context)
            proof = self.proof(tree[1], formula, context)
            if not self.run.unify(formula, target, opaque=top):
                raise TacticError("type mismatch")
            return ("the", formula, proof)
        self.formula(tree, context)
        raise TacticError("a proposition is no proof")

    def inferred(self, tree: Tree, context: Context) -> tuple[Proof, Node]:
        """A proof and what it proves, told by itself."""
        what = tree[0]
        if what in ("name", "app", "proj"):
            if self._is(tree, "Exists.intro") or self._is(tree, "Exists.elim"):
                raise Unsupported("what this proves is not known from elsewhere")
            return self.application(tree, None, context)
        if what == "typed":
            formula = self.formula(tree[2], context)
            proof = self.proof(tree[1], formula, context)
            self.names = ()
            return ("the", formula, proof), formula
        if what == "anonymous":
            raise TacticError("invalid constructor ⟨...⟩, expected type must be known")
        if what in ("fun", "_", "?_"):
            raise Unsupported("what this proves is not known from elsewhere")
        self.formula(tree, context)
        raise TacticError("a proposition is no proof")

    def function(
        self, binders: tuple[tuple[str, Tree | None], ...], body: Tree, target: Node, context: Context
    ) -> Proof:
        """``fun``, against what it should prove."""
        if not binders:
            return self.proof(body, target, context)
        (name, domain), rest = binders[0], binders[1:]
        target = self.run.whnf(target)
        if target.kind is Kind.HOLE:
            raise Unsupported("the type of this function is not known when Lean looks at it")
        if target.kind in (Kind.IMPLIES, Kind.NOT):
            a, b = (target.a, target.b) if target.kind is Kind.IMPLIES else (target.a, FALSE)
            if domain is not None and not self.run.unify(self.formula(domain, context), a):
                raise TacticError("type mismatch")
            number = self.new_number()
            accessible = name != "_"
            local = Local(number, name if accessible else "x", accessible, PROOF, a)
            return ("lam", number, a, self.function(rest, body, b, (*context, local)))
        if target.kind is Kind.ALL:
            if domain is not None:
                self.individuals(domain, context)
            number = self.new_number()
            accessible = name != "_"
            local = individual_local(number, name if accessible else "x", accessible, context)
            inner = opened(target.a, variable(number))
            return ("all", number, self.function(rest, body, inner, (*context, local)))
        raise TacticError("type mismatch: not a function")

    def anonymous(self, tree: Tree, target: Node, context: Context) -> Proof:
        """``⟨a, b⟩``, which waits where what it should prove is not known yet."""
        items: tuple[Tree, ...] = tree[1]
        target = self.run.whnf(target)
        kind = target.kind
        if kind is Kind.HOLE:
            number = self.run.number()
            self.waiting.append((number, tree, target, context))
            return ("?", number)
        if kind is Kind.TRUE and not items:
            return ("true",)
        if kind not in (Kind.AND, Kind.IFF, Kind.EXISTS):
            raise TacticError("invalid ⟨...⟩, the expected type has not one constructor with as many fields")
        if len(items) < 2:
            raise TacticError("invalid constructor ⟨...⟩, insufficient number of arguments")
        first, second = items[0], items[1] if len(items) == 2 else ("anonymous", items[1:])
        if kind is Kind.EXISTS:
            witness = self.individual(first, context)
            return ("exists", witness, self.proof(second, opened(target.a, witness), context))
        a, b = self._part(target.a, context, "a"), self._part(target.b, context, "b")
        if kind is Kind.AND:
            return ("and", self.proof(first, a, context), self.proof(second, b, context))
        mp = self.proof(first, implication(a, b), context)
        return ("iff", mp, self.proof(second, implication(b, a), context))

    def _part(self, part: Node, context: Context, name: str) -> Node:
        """A part of what a constructor should prove.

        Where that is to be found, Lean makes it the constructor's own argument, which must be found in turn.
        """
        part = self.run.whnf(part)
        if part.kind is Kind.HOLE and not self.run.unknown[part.a].opaque:
            own = self.run.new(context, PROPOSITIONS, False, name)
            self.natural.append((name, own.a))
            self.run.unify(part, own)
            return own
        return part

    def of_exists(self, tree: Tree, target: Node, context: Context) -> Proof:
        """``Exists.intro w h`` and ``Exists.elim h f`` with all of their arguments."""
        head = tree[1] if tree[0] == "app" else tree
        arguments: tuple[Tree, ...] = tree[2] if tree[0] == "app" else ()
        if len(arguments) != 2:
            raise Unsupported("Exists.intro and Exists.elim have two arguments")
        target = self.run.whnf(target)
        if self._is(head, "Exists.intro"):
            if target.kind is Kind.HOLE:
                raise Unsupported("what this proves is not known from elsewhere")
            if target.kind is not Kind.EXISTS:
                raise TacticError("type mismatch")
            return self.anonymous(("anonymous", arguments), target, context)
        return self.eliminate(arguments[0], arguments[1], target, context)

    def eliminate(self, major: Tree, minor: Tree, target: Node, context: Context) -> Proof:
        """``Exists.elim``."""
        if major[0] not in ("name", "app", "proj", "typed"):
            raise Unsupported("what this proves is not known from elsewhere")
        proof, formula = self.inferred(major, context)
        formula = self.run.whnf(formula)
        if formula.kind is not Kind.EXISTS:
            raise TacticError("type mismatch")
        step = make(Kind.ALL, implication(formula.a, target), None, "a")
        if target.kind is Kind.HOLE:
            raise Unsupported("what this proves is not known from elsewhere")
        use = self.proof(minor, step, context)
        x, h = self.new_number(), self.new_number()
        body = ("app", ("inst", ("the", step, use), variable(x)), ("hyp", h))
        return ("elim", proof, x, h, body)

    # Applications

    def application(self, tree: Tree, target: Node | None, context: Context) -> tuple[Proof, Node]:
        """A head with arguments, and what that proves."""
        head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
        self.names = ()
        proof, formula, extra = self.head(head, context)
        names = self.names
        pending = (*extra, *arguments)
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
                individual = self.individual(argument, context, formula.name)
                proof = ("inst", proof, individual)
                formula = opened(formula.a, individual)
            elif formula.kind is Kind.HOLE:
                raise Unsupported("whether this is a function is not known when Lean looks at it")
            else:
                raise TacticError("function expected")
        if target is not None and formula.unknown:
            self.run.unify(target, formula)
        self.names = names[len(pending) :]
        return proof, formula

    def head(self, tree: Tree, context: Context) -> tuple[Proof, Node, tuple[Tree, ...]]:
        """The head of an application: its proof, what it proves, and arguments that ``h.elim`` puts first."""
        what = tree[0]
        if what == "name":
            local = lookup(context, tree[1])
            if local is not None:
                if local.what != PROOF or local.formula is None:
                    raise TacticError(f"{tree[1]} is no proof")
                return ("hyp", local.number), local.formula, ()
            return (*self.constant(tree[1], context), ())
        if what == "proj":
            dotted = constant_name(tree, context)
            if dotted is not None:
                return (*self.constant(dotted, context), ())
            proof, formula = self.inferred(tree[1], context)
            return self.projected(proof, self.run.whnf(formula), tree, context)
        proof, formula = self.inferred(tree, context)
        return proof, formula, ()

    def projected(
        self, proof: Proof, formula: Node, tree: Tree, context: Context
    ) -> tuple[Proof, Node, tuple[Tree, ...]]:
        """``h.left`` and its like."""
        field = tree[2]
        if formula.kind is Kind.AND and field in ("1", "left"):
            return ("fst", proof), formula.a, ()
        if formula.kind is Kind.AND and field in ("2", "right"):
            return ("snd", proof), formula.b, ()
        if formula.kind is Kind.IFF and field in ("1", "mp"):
            return ("mp", proof), implication(formula.a, formula.b), ()
        if formula.kind is Kind.IFF and field in ("2", "mpr"):
            return ("mpr", proof), implication(formula.b, formula.a), ()
        if field == "elim" and formula.kind in (Kind.OR, Kind.FALSE):
            name = "Or.elim" if formula.kind is Kind.OR else "False.elim"
            return (*self.constant(name, context), (tree[1],))
        if formula.kind is Kind.HOLE:
            raise Unsupported("what is projected from is not known when Lean looks at it")
        if field.isdigit():
            raise TacticError(f"invalid projection .{field}")
        raise Unsupported(f"no field .{field} in the fragment")

    def constant(self, name: str, context: Context) -> tuple[Proof, Node]:
        """A constant with new unknowns for what Lean finds by itself."""
        scheme = CONSTANTS.get(name)
        if scheme is None:
            if name.startswith("Exists."):
                raise Unsupported("Exists.intro and Exists.elim stand at the head of a term only")
            raise TacticError(f"unknown identifier {name}")
        proof, formula, _ = instance(self, name, context)
        self.names = scheme[1]
        return proof, formula

    # Individuals and formulas

    def individual(self, tree: Tree, context: Context, name: str = "w") -> Node:
        """An individual."""
        what = tree[0]
        if what == "_":
            unknown = self.run.new(context, INDIVIDUALS, False, name)
            self.natural.append((name, unknown.a))
            return unknown
        if what == "?_":
            if not self.holes:
                raise TacticError("don't know how to synthesize placeholder ?_")
            unknown = self.run.new(context, INDIVIDUALS, True)
            self.goals.append(Goal(unknown.a, context, INDIVIDUALS, "", self.fresh))
            return unknown
        if what == "typed":
            self.individuals(tree[2], context)
            return self.individual(tree[1], context)
        return self._individual(tree, context, ())

    def _individual(self, tree: Tree, context: Context, bound: tuple[str, ...]) -> Node:
        head, arguments = (tree[1], tree[2]) if tree[0] == "app" else (tree, ())
        if tree[0] in ("_", "?_"):
            if tree[0] == "?_" or bound:
                raise Unsupported("a hole inside of a quantifier")
            return self.individual(tree, context)
        if tree[0] == "typed":
            self.individuals(tree[2], context)
            return self._individual(tree[1], context, bound)
        if head == ("name", "absurd") or (head[0] == "proj" and head[2] == "elim"):
            raise Unsupported("an individual from a contradiction")
        if head[0] != "name":
            raise TacticError("expected an individual")
        if head[1] in bound:
            if arguments:
                raise TacticError("function expected")
            return make(Kind.BOUND, bound.index(head[1]))
        local = lookup(context, head[1])
        if local is None and (head[1] in CONSTANTS):
            raise TacticError(f"{head[1]} is no individual")
        if local is None:
            raise TacticError(f"unknown identifier {head[1]}")
        if local.sort is None or local.sort[0] or local.sort[1] != len(arguments):
            raise TacticError(f"{head[1]} is no individual")
        if not arguments:
            return variable(local.number)
        return make(Kind.APPLY, local.number, tuple(self._individual(part, context, bound) for part in arguments))

    def individuals(self, tree: Tree, context: Context) -> None:
        """Refuse what is not the type of individuals."""
        if tree == ("_",):
            return
        if tree[0] != "name":
            raise TacticError("expected the type of individuals")
        local = lookup(context, tree[1])
        if local is None or local.what != TYPE:
            raise TacticError(f"{tree[1]} is not the type of individuals")

    def formula(self, tree: Tree, context: Context, bound: tuple[str, ...] = ()) -> Node:
        """A formula; ``bound`` are names of bound variables, innermost first."""
        what = tree[0]
        if what in ("and", "or", "iff", "implies"):
            kind = {"and": Kind.AND, "or": Kind.OR, "iff": Kind.IFF, "implies": Kind.IMPLIES}[what]
            return make(kind, self.formula(tree[1], context, bound), self.formula(tree[2], context, bound))
        if what == "not":
            return negation(self.formula(tree[1], context, bound))
        if what in ("all", "exists"):
            return self._quantified(Kind.ALL if what == "all" else Kind.EXISTS, tree, context, bound)
        if what == "_":
            if bound:
                raise Unsupported("a hole inside of a quantifier")
            unknown = self.run.new(context, PROPOSITIONS, False)
            self.natural.append(("", unknown.a))
            return unknown
        if what == "?_":
            raise Unsupported("a proposition to be found")
        if what == "typed":
            if tree[2] != ("name", "Prop"):
                raise Unsupported("a type of a proposition")
            return self.formula(tree[1], context, bound)
        head, arguments = (tree[1], tree[2]) if what == "app" else (tree, ())
        if head[0] != "name":
            raise TacticError("expected a proposition")
        name = head[1]
        if name not in bound:
            local = lookup(context, name)
            if local is None:
                return self._connective(name, arguments, context, bound)
            if local.sort is not None and local.sort == (True, len(arguments)):
                return atom(local.number, *(self._individual(part, context, bound) for part in arguments))
        raise TacticError(f"{name} is no proposition")

    def _connective(self, name: str, arguments: tuple[Tree, ...], context: Context, bound: tuple[str, ...]) -> Node:
        """The prefix forms ``And p q`` and ``Exists fun x => p``."""
        if name in ("True", "False") and not arguments:
            return TRUE if name == "True" else FALSE
        if name == "Not" and len(arguments) == 1:
            return negation(self.formula(arguments[0], context, bound))
        if name in _CONNECTIVES and len(arguments) == 2:
            a, b = (self.formula(part, context, bound) for part in arguments)
            return _CONNECTIVES[name](a, b)
        if name == "Exists" and len(arguments) == 1 and arguments[0][0] == "fun":
            function = arguments[0]
            if len(function[1]) == 1:
                variable_, domain = function[1][0]
                return self._quantified(Kind.EXISTS, ("exists", variable_, domain, function[2]), context, bound)
        raise TacticError(f"unknown identifier {name}, or not a proposition")

    def _quantified(self, kind: Kind, tree: Tree, context: Context, bound: tuple[str, ...]) -> Node:
        _, name, domain, inner = tree
        if domain is not None:
            if domain[0] == "name" and domain[1] not in bound:
                local = lookup(context, domain[1])
                if local is not None and local.sort == (True, 0):
                    raise Unsupported("a quantifier over proofs")
            self.individuals(domain, context)
        body = self.formula(inner, context, (name, *bound))
        if domain in (None, ("_",)) and not _uses(body, 0):
            raise TacticError(f"failed to infer the type of {name}")
        return make(kind, body, None, "x" if name == "_" else name)

    def _is(self, tree: Tree, name: str) -> bool:
        head = tree[1] if tree[0] == "app" else tree
        if head[0] != "proj" or head[1][0] != "name":
            return False
        return bool(f"{head[1][1]}.{head[2]}" == name)


def _uses(node: Node, index: int) -> bool:
    if node.loose <= index:
        return False
    if node.kind is Kind.BOUND:
        return bool(node.a == index)
    if node.kind in (Kind.ALL, Kind.EXISTS):
        return _uses(node.a, index + 1)
    parts = node.b if node.kind in (Kind.APPLY, Kind.ATOM) else [p for p in (node.a, node.b) if isinstance(p, Node)]
    return any(_uses(part, index) for part in parts)


def _after(formula: Node, count: int) -> Node | None:
    """What is left of a type after arguments; None where it has not as many as one can see."""
    for _ in range(count):
        if formula.kind is Kind.IMPLIES:
            formula = formula.b
        elif formula.kind is Kind.ALL:
            formula = formula.a
        else:
            return None
    return formula


def lookup(context: Context, name: str) -> Local | None:
    """The entry that a name calls."""
    for local in reversed(context):
        if local.name == name and local.accessible:
            return local
    return None


def constant_name(tree: Tree, context: Context) -> str | None:
    """``And.intro`` of a tree that is that name, where no entry of the context is called ``And``."""
    if tree[0] == "proj" and tree[1][0] == "name" and tree[1][1] in _NAMESPACES:
        return f"{tree[1][1]}.{tree[2]}" if lookup(context, tree[1][1]) is None else None
    return None


def instance(elaborator: Elaborator, name: str, context: Context) -> tuple[Proof, Node, tuple[Node, ...]]:
    """A constant with new unknowns: a closed proof, what it proves, and the unknowns."""
    implicit, _, build = CONSTANTS[name]
    unknown = tuple(elaborator.run.new(context, PROPOSITIONS, False, part) for part in implicit)
    elaborator.natural += [(part, node.a) for part, node in zip(implicit, unknown, strict=True)]
    arguments, formula, proof = build(*unknown)
    for index in range(len(arguments), 0, -1):
        proof = ("lam", -index, arguments[index - 1], proof)
        formula = implication(arguments[index - 1], formula)
    return ("the", formula, proof), formula, unknown


def individual_local(number: int, name: str, accessible: bool, context: Context) -> Local:
    """An entry for an individual."""
    text = next((local.name for local in context if local.what == TYPE), "α")
    return Local(number, name, accessible, SYMBOL, None, (False, 0), text)
