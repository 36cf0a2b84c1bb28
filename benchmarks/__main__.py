"""``python -m benchmarks``: measure, write the table and the JSON file, and print the table."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks import report
from benchmarks.rows import all_rows
from benchmarks.scale import SMOKE, Scale
from benchmarks.timing import machine
from lean_ebm.files import write_whole
from lean_ebm.memory import keep_freed_memory

HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[""], help="rows whose names begin like this; others are kept")
    parser.add_argument("--missing", action="store_true", help="measure only what the results do not have yet")
    parser.add_argument("--smoke", action="store_true", help="everything once and tiny: shows that it runs")
    parser.add_argument("--busy", action="store_true", help="the machine has other work: processor time of one thread")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--output", type=Path, default=HERE, help="folder of results.json, results.md and growth.png")
    given = parser.parse_args(arguments)
    keep_freed_memory()  # for all contenders, as in the command line

    device = torch.device(given.device)
    scale = SMOKE if given.smoke else Scale(device)
    scale = replace(scale.busy() if given.busy else scale, device=device)
    path = given.output / "results.json"
    results: dict[str, Any] = (
        json.loads(path.read_text()) if path.is_file() else {"machine": machine(device), "rows": {}}
    )
    # Smoke runs do not use the compiler: code that would be compiled runs eagerly.
    stance: AbstractContextManager[Any] = (
        torch.compiler.set_stance("force_eager") if given.smoke else nullcontext()  # type: ignore[no-untyped-call] # PyTorch does not annotate it
    )
    with stance:
        for name, measure in all_rows(scale).items():
            if not name.startswith(tuple(given.only)) or (given.missing and name in results["rows"]):
                continue
            start = time.perf_counter()
            result = measure()
            results["machine"] = machine(device)
            results["rows"][name] = {
                "seconds": round(time.perf_counter() - start, 1),
                "clock": scale.clock.__name__,
                "result": result,
            }
            print(f"{name}: {results['rows'][name]['seconds']} s", flush=True)
            results["rows"] = {key: results["rows"][key] for key in all_rows(scale) if key in results["rows"]}
            write_whole(path, json.dumps(results, indent=1) + "\n")
    print(report.write(results, given.output))


if __name__ == "__main__":
    main()
