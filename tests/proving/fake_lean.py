"""Stands in for a `lean` program: accepts every proof that has a tactic, and misbehaves if a script asks for it."""

import json
import os
import signal
import subprocess
import sys
import time

PRINT = "#print axioms "


def say(data, line, severity="information"):
    print(json.dumps({"data": data, "severity": severity, "pos": {"line": line, "column": 0}}), flush=True)


def misbehave(line):
    if "fake_hang" in line:
        helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with open(os.environ["FAKE_PIDS"], "a") as file:
            print(os.getpid(), helper.pid, file=file)
        time.sleep(600)
    if "fake_crash" in line:
        os.kill(os.getpid(), signal.SIGKILL)
    if "fake_memory" in line:
        hoard = []
        while True:
            hoard.append(b"x" * (1 << 20))
            time.sleep(0.001)
    if "fake_garbage" in line:
        print("Segmentation fault, or so", flush=True)
    if "fake_silence" in line:
        sys.exit(0)


def main():
    if "--version" in sys.argv:
        print("Lean (version 4.0.0-fake, commit 0, Release)")
        return
    starts = os.environ["FAKE_PIDS"] + ".starts"
    time.sleep(float(os.environ.get("FAKE_SLEEP", "0")))
    if not os.path.exists(starts):  # its files are read for the first time
        time.sleep(float(os.environ.get("FAKE_COLD", "0")))
    with open(starts, "a") as file:
        print(os.getpid(), os.getcwd(), *sys.argv[1:], file=file)
    source = sys.stdin.read()
    if "FAKE_MISSING" in os.environ:
        say(f"unknown module prefix '{os.environ['FAKE_MISSING']}'", 1, "error")
        sys.exit(1)
    if "fake_source" in source:
        with open(os.environ["FAKE_PIDS"] + ".source", "w") as file:
            file.write(source)
    axioms = os.environ.get("FAKE_AXIOMS")
    depends = f"depends on axioms: [{axioms}]" if axioms else "does not depend on any axioms"
    lines = source.splitlines()
    for number, line in enumerate(lines, 1):
        misbehave(line)
        if line == ") := by" and not lines[number].strip():  # there is no tactic
            say("unsolved goals\n⊢ P", number, "error")
        if "fake_environment" in line:
            say(f"{os.getcwd()} {sys.argv[1:]} {source[:100]}", number)
        if line.startswith(PRINT):
            say(f"'{line.removeprefix(PRINT)}' {depends}", number)


main()
