"""What goes over the wire between Pantograph and its processes."""

# ruff: noqa: RUF001 - the letters of Lean
import subprocess
import sys

import pytest

from lean_ebm.proving.lean import LeanNotFoundError
from lean_ebm.proving.pantograph import find_repl
from lean_ebm.proving.pantograph.protocol import binder_names, printed_goal
from proving.repl_stub import Server


def test_finding_the_repl(tmp_path, monkeypatch):
    with pytest.raises(LeanNotFoundError, match="no program"):
        find_repl(tmp_path / "nothing")
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "pantograph"
    package.mkdir()
    (package / "__init__.py").touch()
    with pytest.raises(LeanNotFoundError, match="another project"):
        find_repl()
    program = package / "pantograph-repl"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_repl() == program


def test_goals_are_printed_as_lean_prints_them():
    def variable(name, kind, value=None):
        return {"userName": name, "type": {"pp": kind}} | ({"value": {"pp": value}} if value else {})

    goal = {
        "name": "_uniq.1",
        "userName": "inl",
        "target": {"pp": "q"},
        "vars": [variable("p", "Prop"), variable("q", "Prop"), variable("x", "Nat", "1"), variable("h✝", "p")],
    }
    assert printed_goal(goal) == "case inl\np q : Prop\nx : Nat := 1\nh✝ : p\n⊢ q"


def test_names_of_binders():
    assert binder_names(
        "(p q : Prop) {α : Type} (P : α → (α → Prop)) [Inhabited α] [i : Nonempty α] (h : ∀ x, P x x)"
    ) == (["p", "q", "α", "P", "_", "i", "h"])


def test_the_server_speaks_the_protocol():
    """The answers and errors have the shape of version 0.3.15."""
    server = Server()
    assert server.answer('goal.start {"expr": "∀ (p : Prop), p → p"}') == {"stateId": 0, "root": "_uniq.0"}
    answer = server.answer('goal.tactic {"stateId": 0, "goalId": 0, "tactic": "intro p", "autoResume": true}')
    assert answer["nextStateId"] == 1
    assert answer["goals"][0]["vars"][0] == {
        "name": "_p",
        "userName": "p",
        "isInaccessible": False,
        "type": {"pp": "Prop"},
    }
    assert "parseError" in server.answer('goal.tactic {"stateId": 1, "tactic": "frob"}')
    assert server.answer('goal.tactic {"stateId": 1, "tactic": "assumption"}')["messages"]
    assert server.answer('goal.tactic {"stateId": 9, "tactic": "skip"}')["error"] == "index"
    assert server.answer('goal.tactic {"stateId": 1, "goalId": 9, "tactic": "skip"}')["error"] == "index"
    assert server.answer('goal.tactic {"stateId": 1}')["error"] == "operation"
    assert server.answer("goal.tactic {")["error"] == "command"
    assert server.answer("frobnicate {}")["error"] == "command"
    assert server.answer("stat {}") == {"nGoals": 2}
    assert server.answer('goal.delete {"stateIds": [0]}') == {}
    assert server.answer("stat") == {"nGoals": 1}


def test_nothing_here_needs_torch():
    program = (
        "import sys, lean_ebm.proving.pantograph, lean_ebm.proving.lean\n"
        "assert not {'torch', 'lightning', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
