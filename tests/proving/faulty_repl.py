"""The stub of the REPL with faults: ``faulty_repl.py FOLDER``.

``FOLDER/plan.json`` maps the number of a command, counted over all processes that ever ran, to a fault;
``FOLDER/count`` has a byte for each command so far, ``FOLDER/done`` a line for each fault, ``FOLDER/pids`` one for each
process, and ``FOLDER/helpers`` one for each process that one of these started.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from proving.repl_stub import Server

FOLDER = Path(sys.argv[1])


def append(name, text):
    """Append in one step, safe beside other processes; returns the length of the file."""
    descriptor = os.open(FOLDER / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, text.encode())
    size = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.close(descriptor)
    return size


def say(text, end="\n"):
    sys.stdout.write(text + end)
    sys.stdout.flush()


def shifted(answer):
    """The answer with the numbers of its states wrong."""
    return {key: value + 7 if key in ("stateId", "nextStateId") else value for key, value in answer.items()}


def misbehave(fault, answer, before):
    """Answer in the way of the fault; returns only if the process survives it."""
    text = json.dumps(answer, ensure_ascii=False)
    match fault:
        case "hang":
            helper = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
            append("helpers", f"{helper.pid}\n")
            time.sleep(600)
        case "exit":
            sys.exit(0)
        case "exit after answer":
            say(text)
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "garbage":
            say("INTERNAL PANIC: out of memory")
        case "binary":
            sys.stdout.buffer.write(b"\xff\xfe\x00\n")
            sys.stdout.buffer.flush()
        case "no object":
            say("[1, 2, 3]")
        case "partial, hang":
            say(text[: len(text) // 2], end="")
            time.sleep(600)
        case "partial, exit":
            say(text[: len(text) // 2], end="")
            os._exit(0)
        case "memory":
            hoard = []
            while True:
                hoard.append(b"x" * (8 << 20))
                time.sleep(0.005)
        case "stderr":
            sys.stderr.write("noise\n" * 100_000)
            sys.stderr.flush()
            say(text)
        case "wrong ids":
            say(json.dumps(shifted(answer)))
        case "twice":
            say(f"{text}\n{text}")
        case "stale":
            say(f"{before}\n{text}")
        case "solved":  # claims that no goal is left
            say(json.dumps({**answer, "goals": [], "units": [], "root": {"pp": "h"}, "rootHasMVar": False}))


def main():
    append("pids", f"{os.getpid()}\n")
    plan = {int(number): fault for number, fault in json.loads((FOLDER / "plan.json").read_text()).items()}
    server = Server()
    before = '{"nGoals": 0}'
    say("ready.")
    while (line := sys.stdin.readline()).strip():
        answer = server.answer(line)
        fault = plan.get(append("count", "."))
        if fault is None:
            before = json.dumps(answer, ensure_ascii=False)
            say(before)
        else:
            append("done", f"{fault}\n")
            misbehave(fault, answer, before)


main()
