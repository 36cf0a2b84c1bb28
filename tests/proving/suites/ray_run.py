"""A run on a real Ray that is started for it: ``ray_run.py FOLDER`` prints what came of it, as JSON."""

import json
import sys
import time

from suite_stubs import CRASH, CRASH_ONCE, FINE, RAISE, SLOW, StubEquipment, job

from lean_ebm.proving.suites.ray_executor import RayExecutor


def timed(folder, workers, jobs):
    """The seconds of some attempts by workers that have started, and the records."""
    with RayExecutor(StubEquipment(folder), workers) as executor:
        list(executor.run([job(FINE, f"warm-{index}") for index in range(workers)]))
        begun = time.monotonic()
        records = list(executor.run(jobs))
        return time.monotonic() - begun, records


def main(folder):
    seeds = [SLOW, SLOW, CRASH_ONCE, SLOW, CRASH, SLOW]
    two, records = timed(folder, 2, [job(seed, f"problem-{index}") for index, seed in enumerate(seeds)])
    slow = [job(SLOW, str(index)) for index in range(6)]
    fair, _ = timed(folder, 2, slow)
    one, _ = timed(folder, 1, slow)
    raised = ""
    try:
        timed(folder, 1, [job(RAISE)])
    except ZeroDivisionError as error:
        raised = f"{error} {error.__notes__}"
    found = {record.problem: [record.outcome, record.reason] for record in records}
    print(json.dumps({"records": found, "number": len(records), "speed": one / fair, "two": two, "raised": raised}))


if __name__ == "__main__":
    main(sys.argv[1])
