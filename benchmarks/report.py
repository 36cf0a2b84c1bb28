"""The measurements as tables in Markdown and as plots."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lean_ebm.experiments.tables import draw_picture, table
from lean_ebm.files import write_whole


def write(results: dict[str, Any], folder: Path) -> str:
    """Write ``results.md`` and return its text. Draw ``growth.png`` if there is something to draw, with matplotlib."""
    rows = {name: row["result"] for name, row in results["rows"].items()}
    written = text(results)
    write_whole(folder / "results.md", written)
    if find_spec("matplotlib") and (any(name.startswith("growth/") for name in rows) or "memory" in rows):
        draw_picture(folder / "growth.png", 8, lambda axes: _draw(rows, axes), columns=4)
    return written


def text(results: dict[str, Any]) -> str:
    """The tables."""
    rows = {name: row["result"] for name, row in results["rows"].items()}
    parts = [
        "# Speed\n\nWritten by `make bench`; what the rows mean and what was tried is in [README.md](README.md).",
        _machine(results["machine"]),
    ]
    if any(row["clock"] == "process_time" for row in results["rows"].values()):
        parts.append(
            "**Measured beside other work** (`--busy`): processor time of one thread. The order holds; the seconds "
            "depend on what else used the caches."
        )
    chains = [row for name, row in rows.items() if name.startswith("chain/")]
    if chains and not any("TorchEBM" in row for row in chains):
        parts.append("TorchEBM is not installed (`pip install -e '.[bench]'`): its rows were left out.")
    parts += [_chains(rows), _graphs(rows), _training(rows), _fit(rows), _data(rows), _memory(rows), _growth(rows)]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _machine(machine: dict[str, Any]) -> str:
    gpu = machine["gpu"] if machine["gpu"] != "none" else "GPU rows: not measured"
    versions = ", ".join(f"{name} {machine[name]}" for name in ("python", "torch", "torchvision", "torchebm"))
    return f"{machine['processor']}, {machine['cores']} cores, {machine['capability']}; {gpu}. With {versions}."


def _chains(rows: dict[str, Any]) -> str:
    found = {name: row for name, row in rows.items() if name.startswith("chain/")}
    if not found:
        return ""
    names = list(dict.fromkeys(name for row in found.values() for name in row))
    body = []
    for name, row in found.items():
        _, network, batch, threads = name.split("/")
        cells = [f"{row[key]['ratio']:.2f}" if key in row else "" for key in names if key != "floor"]
        floor = f"{row['floor']['ms']:.2f} ms, {row['floor']['images a second']:,.0f}/s"
        body.append([network, batch, threads, floor, *cells])
    head = ["network", "batch", "threads", "floor: a step, image steps", *(name for name in names if name != "floor")]
    text = "## Chains without a graph\n\nTime over the floor's, smaller is faster.\n\n" + table(head, body)
    body = []
    for name, row in found.items():
        _, network, batch, threads = name.split("/")
        best = {
            "float32": min(("ours", "ours, compiled"), key=lambda key: row[key]["ratio"]),
            "bfloat16": "ours, compiled, bf16",
        }
        cells = [f"{row['ours, no noise']['over the floor, our layers']:.3f}"]
        for peer, ours in (
            ("TorchEBM", "float32"),
            ("textbook", "float32"),
            ("TorchEBM", "bfloat16"),
            ("textbook", "bfloat16"),
            ("TorchEBM, bf16", "bfloat16"),
        ):
            cells.append(f"{row[peer]['ratio'] / row[best[ours]]['ratio']:.2f}" if peer in row else "")
        body.append([network, batch, threads, *cells])
    head = [
        "network",
        "batch",
        "threads",
        "eager chain over the floor of the same layers",
        "TorchEBM / our best in float32",
        "textbook / our best in float32",
        "TorchEBM / ours in bf16",
        "textbook / ours in bf16",
        "TorchEBM in bf16 / ours in bf16",
    ]
    return text + "\n\nOf these, how many times as fast we are:\n\n" + table(head, body)


def _graphs(rows: dict[str, Any]) -> str:
    body = [
        [
            *name.split("/")[1:],
            *(f"{row[key]['ms']:.1f} ms" for key in ("ours", "ours, compiled", "ours, recomputed")),
            f"{row['gradient error']:.0e}",
        ]
        for name, row in rows.items()
        if name.startswith("graph/")
    ]
    if not body:
        return ""
    head = ["network", "graph", "eager", "compiled", "recomputed", "largest relative error of a compiled gradient"]
    return "## Chains with a graph, and back\n\nOne step of four, with the backward pass of all.\n\n" + table(
        head, body
    )


def _training(rows: dict[str, Any]) -> str:
    body = []
    for name, row in rows.items():
        if name.startswith("training/"):
            cells = [f"{row[key]['images a second']:,.0f}" for key in row]
            cells += [f"{1 / row[key]['ratio']:.2f}" for key in row if key != "textbook"]
            body.append([*name.split("/")[1:], *cells])
            names = list(row)
    if not body:
        return ""
    head = ["network", "method", *names, *(f"times as fast, {name}" for name in names if name != "textbook")]
    return "## A step of training\n\nImages a second.\n\n" + table(head, body)


def _fit(rows: dict[str, Any]) -> str:
    if "fit" not in rows:
        return ""
    row = rows["fit"]
    return (
        f"## A step of `lean-ebm fit`\n\n{row['recipe']}: {row['fit']['ms']:.1f} ms, of which a bare loop (loss, "
        f"backward pass and optimizer) takes {row['bare loop']['ms']:.1f} ms. The other {row['beside']['ms']:.1f} ms "
        "are data, logging, average, checks, progress bar and Lightning."
    )


def _data(rows: dict[str, Any]) -> str:
    if "data" not in rows:
        return ""
    ours, usual = rows["data"]["ours"], rows["data"]["the usual loader"]
    text = (
        f"## Batches of MNIST\n\n{ours['images a second']:,.0f} images a second, the usual loader "
        f"{usual['images a second']:,.0f}: {1 / ours['ratio']:.0f} times as fast; {ours['ms']:.3f} ms a batch"
    )
    steps = [min(row[key]["ms"] for key in row) for name, row in rows.items() if name.startswith("training/")]
    return text + (f", {ours['ms'] / min(steps):.1%} of the fastest step of training above." if steps else ".")


def _memory(rows: dict[str, Any]) -> str:
    if "memory" not in rows:
        return ""
    peaks = rows["memory"]["bytes"]
    lengths = list(next(iter(peaks.values())))
    body = [[name, *(f"{peaks[name][length] / 1e6:.0f}" for length in lengths)] for name in peaks]
    return (
        f"## Memory of a chain with a graph\n\nPeak in MB, with the backward pass; ConvEnergy, batch "
        f"{rows['memory']['batch']}.\n\n" + table(["graph", *(f"{length} steps" for length in lengths)], body)
    )


def _growth(rows: dict[str, Any]) -> str:
    text = ""
    for name, row in rows.items():
        if not name.startswith("growth/"):
            continue
        over = name.split("/")[1]
        if over == "processes":
            body = [[key, f"{value['images a second']:,.0f}"] for key, value in row.items()]
            text += table(["processes", "image steps a second"], body) + "\n\n"
            continue
        body = [
            [
                key,
                *(f"{value[way]['images a second']:,.0f}" for way in ("eager", "compiled")),
                f"{value['bytes'] / 1e6:.1f}",
            ]
            for key, value in row.items()
        ]
        text += table([over, "eager", "compiled", "peak MB"], body) + "\n\n"
    return "## How cost grows\n\nImage steps a second, ConvEnergy without a graph.\n\n" + text if text else ""


def _draw(rows: dict[str, Any], axes: list[Any]) -> None:
    above, below = axes[:4], axes[4:]
    for column, over in enumerate(("batch", "steps", "width")):
        row = rows.get(f"growth/{over}", {})
        where = [int(key) for key in row]
        for way in ("eager", "compiled"):
            above[column].plot(where, [row[key][way]["images a second"] for key in row], "o-", label=way)
        below[column].plot(where, [row[key]["bytes"] / 1e6 for key in row], "o-", color="black")
        shown = where[:: max(len(where) // 4, 1)]
        for axis, what in ((above[column], "image steps a second"), (below[column], "peak MB")):
            axis.set(xlabel=over, ylabel=what, xscale="log")
            axis.set_xticks(shown, [str(number) for number in shown])
            axis.minorticks_off()
            axis.set_ylim(bottom=0)
        above[column].legend()
    processes = rows.get("growth/processes", {})
    names = [name.replace(", ", "\n") for name in processes]
    above[3].bar(names, [value["images a second"] for value in processes.values()], width=0.5)
    above[3].set(xlabel="processes", ylabel="image steps a second")
    for name, peaks in rows.get("memory", {"bytes": {}})["bytes"].items():
        below[3].plot([int(length) for length in peaks], [peak / 1e6 for peak in peaks.values()], "o-", label=name)
        below[3].legend()
    below[3].set(xlabel="steps on the graph", ylabel="peak MB")
