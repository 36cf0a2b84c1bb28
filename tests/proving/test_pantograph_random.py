"""Random runs in which every state is compared with a second book, with the script's verdict, and with Lean."""
# ruff: noqa: F811, RUF001 - fixtures that are imported, and the letters of Lean

from random import Random

from helpers import needs_lean
from lean_ebm.proving.lean import Lean
from lean_ebm.proving.pantograph.protocol import same_goals
from lean_ebm.proving.statements import Attempt, Outcome, Statement
from proving.local_repl import LocalRepl, local, run  # noqa: F401 - a fixture
from proving.repl_goals import Interrupted, TacticFailure
from proving.repl_source import begun
from proving.tactic_sampler import TacticSampler

STATEMENTS = [
    Statement.of(text)
    for text in (
        "(p q r : Prop) (a : p) (b : q) (c : r) : p ∧ q ∧ r",
        "(p q : Prop) : p ∧ q → q ∧ p",
        "(p q : Prop) (a : p) : (q → p) ∧ (p ∨ q)",
        "(p q : Prop) : p → q → q ∧ p",
        "(p q r : Prop) : (p ∨ q) ∧ r → (p ∧ r) ∨ (q ∧ r)",
        "(α : Type) (P Q : α → Prop) (x : α) (h : P x) (k : Q x) : ∃ y, P y ∧ Q y",
        "(p q : Prop) (h : p → q) (a : p) : (q ∧ p) ∧ (p ∧ q)",
        "(α : Type) (P : α → Prop) (h : ∀ x, P x) (x : α) : (∃ y, P y) ∧ P x",
        "(p q : Prop) : (p ↔ q) → (q ↔ p)",
        "(p : Prop) : ¬¬p → p",
    )
]


MOVES = (
    "skip", "try assumption", "done", "all_goals try assumption", "any_goals constructor", "all_goals skip",
    "constructor <;> skip", "rotate_left", "rotate_right 2", "case left => assumption", "case right => assumption",
    "case' right => skip", "case w => assumption", "· assumption",
)  # fmt: skip
"""Tactics of Lean that leave goals as they are, move them, or work on several."""
MORE = ("swap", "pick_goal 2", "pick_goal 3", "on_goal 2 => skip", "on_goal 2 => constructor")
"""Tactics of Mathlib."""


class Walk:
    """A random walk with a second book: what Lean would do with the script so far, line by line.

    Args:
        random: The random generator.
        environment: Where tactics are tried.
        moves: The tactics that are tried beside those that suit the goal.
    """

    def __init__(self, random, environment, moves):
        self.random, self.environment, self.moves = random, environment, moves
        self.statement = random.choice(STATEMENTS)
        self.sampler = TacticSampler(random, 0.02)

    def tactic(self, book, goal):
        if (kind := self.random.random()) < 0.5:
            return self.random.choice(self.moves) if kind < 0.25 else "assumption"
        number = int(book.shown[goal].split(".")[1])
        return self.sampler.tactic(next(item for item in book.logic.open if item.number == number))

    def run(self, only_first):
        """Returns the script, the state at its end, and whether it is solved."""
        step = self.environment.start(self.statement)
        while step.outcome is Outcome.TIMEOUT or step.message == "exception":
            step = self.environment.start(self.statement)
        assert step.outcome is Outcome.OK, step.message
        book, state, script = begun(self.statement, False), step.state, []
        for _ in range(self.random.randint(5, 30)):
            goal = 0 if only_first else self.random.randrange(len(book.shown))
            tactic = self.tactic(book, goal)
            step = self.environment.apply(state, tactic, goal)
            after = expected(book, tactic, goal)
            if step.outcome is Outcome.TIMEOUT or step.message == "exception":
                continue  # a fault of the process, which says nothing about the tactic
            if isinstance(after, str):
                assert step.outcome.value in ("tactic_error", "parse_error", "forbidden"), (script, tactic, step, after)
                continue
            assert step.outcome is (Outcome.OK if after.shown else Outcome.SOLVED), (script, tactic, goal, step.message)
            assert step.state.goals == tuple(after.texts().values()), (script, tactic, goal)
            book, state = after, step.state
            script.append(tactic)
            if not after.shown:
                break
        return script, state, not book.shown


def expected(book, tactic, goal):
    """The list after a tactic; a text if it fails."""
    try:
        if goal == 0:
            after = book.run(tactic)
        else:
            alone = book.focused([book.shown[goal]]).run(tactic)
            after = alone.focused([*book.shown[:goal], *alone.shown, *book.shown[goal + 1 :]])
    except TacticFailure as failure:
        return failure.step.message or "failed"
    except Interrupted:
        return "interrupted"
    return "the proof has holes" if not after.shown and after.logic.open else after


def test_script_and_state_agree_in_random_runs_with_faults(local, monkeypatch):
    """In 200 runs. A third tries tactics on all goals and not only on the first; in a fifth one can lose a goal."""
    random = Random(5)
    monkeypatch.setattr(LocalRepl, "random", Random(6))
    environment, second = local(recycle=300), local()
    solved = moved = 0
    for number in range(200):
        only_first = number % 3 > 0
        monkeypatch.setattr(LocalRepl, "rate", 0.08)
        moves = MOVES + MORE if number % 5 else (*MOVES, *MORE, "lose")
        walk = Walk(random, environment, moves)
        script, state, done = walk.run(only_first)
        monkeypatch.setattr(LocalRepl, "rate", 0.0)
        statement = walk.statement
        moved += not set(script).isdisjoint(MOVES + MORE)
        solved += done
        environment.release([state])
        if not only_first:
            continue
        again = run(second, statement, *script)
        assert again.state.goals == state.goals
        assert (again.outcome is Outcome.SOLVED) == done
        verdict = second.verify(statement, "\n".join(script) or "skip")
        assert verdict.proved == done, (script, verdict.message)
        if not done and "lose" not in script:
            assert verdict.message == "unsolved goals\n" + "\n\n".join(state.goals)
        second.release([again.state])
    assert solved >= 25
    assert moved >= 120
    assert sum(bool(fault) for _, _, fault in LocalRepl.log) >= 300


@needs_lean
def test_lean_leaves_the_same_goals_in_the_same_order(local):
    environment, random = local(), Random(8)
    walks = [Walk(random, environment, MOVES).run(True) for _ in range(120)]
    with Lean() as lean:
        reports = lean.check([Attempt(state.handle.origin, "\n".join(script)) for script, state, _ in walks if script])
    for report, (script, state, done) in zip(reports, (walk for walk in walks if walk[0]), strict=True):
        assert report.outcome is (Outcome.SOLVED if done else Outcome.OK), (script, report.reason)
        assert same_goals(report.goals, state.goals), script  # Lean prints unknowns otherwise at the end of a proof
    assert sum(done for _, _, done in walks) >= 20
