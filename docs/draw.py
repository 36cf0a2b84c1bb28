"""Draws the pictures of "How it works": ``python docs/draw.py``, half a minute on one core.

All of them come from the package's own code, on points in the plane of two classes. Three small models learn them,
one for each method.
"""

from pathlib import Path

import matplotlib
import torch
from matplotlib import pyplot
from torch import Tensor

from lean_ebm.energy import Landscape, MLPEnergy
from lean_ebm.langevin import Langevin, langevin
from lean_ebm.methods import EBT, IRED, ContrastiveDivergence, Method

matplotlib.use("Agg")
FOLDER = Path(__file__).parent / "pictures"
COLOURS = ("#3f51b5", "#e65100")
LANDSCAPES = 8
AXIS = torch.linspace(-1.25, 1.25, 90)
GRID = torch.cartesian_prod(AXIS, AXIS)


class PlaneEnergy(MLPEnergy):
    """An energy of points ``(B, 2)``, which are scaled first: a small network would else be too smooth."""

    def features(self, x: Tensor, landscape: Tensor | None) -> Tensor:
        """Features ``(B, width)`` of points."""
        return super().features(6 * x, landscape)


def moons(number: int) -> tuple[Tensor, Tensor]:
    """Points ``(number, 2)`` of two half circles, and the half circle of each."""
    label = torch.arange(number) % 2
    angle = torch.pi * torch.rand(number)
    sign = 1.0 - 2.0 * label
    points = torch.stack([0.6 * torch.cos(angle) - 0.3 * sign, sign * (0.6 * torch.sin(angle) - 0.2)], dim=1)
    return points + 0.05 * torch.randn(number, 2), label


def trained(method: Method, steps: int, rate: float = 1e-2) -> Method:
    """The method after training on points that are drawn anew for each step."""
    optimizer = torch.optim.Adam(method.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        method.loss(moons(256))["loss"].backward()
        torch.nn.utils.clip_grad_norm_(method.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return method.eval()


def values(method: Method, label: int, level: int | None = None) -> Tensor:
    """Energies ``(90, 90)`` on the grid, with x along the second dimension."""
    condition = torch.full((len(GRID),), label)
    where = condition if level is None else Landscape(condition, torch.full_like(condition, level))
    with torch.no_grad():
        return method.energy(GRID, where).reshape(90, 90).T


def map_of(axes: pyplot.Axes, energies: Tensor, title: str) -> None:
    """Draw energies as a map: dark is low."""
    low, high = energies.quantile(0.0), energies.quantile(0.6)
    axes.contourf(AXIS, AXIS, energies.clamp(low, high), levels=24, cmap="Blues_r")
    axes.set(title=title, xticks=[], yticks=[], aspect="equal", xlim=(-1.25, 1.25), ylim=(-1.25, 1.25))


def save(figure: pyplot.Figure, name: str) -> None:
    """Write a figure into the folder of pictures."""
    figure.tight_layout()
    figure.savefig(FOLDER / name, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def draw_energy(method: Method) -> None:
    """The energies of both classes, with data."""
    figure, both = pyplot.subplots(1, 2, figsize=(8, 4))
    points, label = moons(300)
    for which, axes in enumerate(both):
        map_of(axes, values(method, which), f"E(x, {which})")
        shown = points[label == which]
        axes.scatter(shown[:, 0], shown[:, 1], s=6, color=COLOURS[which], alpha=0.7)
    save(figure, "energy.png")


def draw_chain(method: Method) -> None:
    """Four chains on the map of one class, and their energies step by step."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 4))
    map_of(left, values(method, 0), "Four chains on E(x, 0)")
    start = torch.tensor([[-1.0, -1.0], [1.1, 1.0], [1.0, -1.0], [0.0, -0.2]])
    path = [start]
    settings = Langevin(steps=60, step_size=0.005, noise_scale=0.03, grad_clamp=10.0, bounds=(-1.2, 1.2))
    label = torch.zeros(len(start), dtype=torch.long)
    chain = langevin(method.energy, start, label, settings, on_step=lambda _, x: path.append(x.clone()))
    steps = torch.stack(path)  # (61, 4, 2)
    for i in range(len(start)):
        (line,) = left.plot(steps[:, i, 0], steps[:, i, 1], marker=".", markersize=3, linewidth=1)
        left.plot(*start[i], marker="o", color=line.get_color())
        right.plot(chain.energies[i], color=line.get_color())
    right.set(xlabel="step", ylabel="energy before the step", title="The same chains")
    save(figure, "chain.png")


def draw_landscapes(method: Method) -> None:
    """The energies of one class in every second landscape, from the smoothest to the sharpest."""
    levels = range(LANDSCAPES - 1, -1, -2)
    figure, row = pyplot.subplots(1, len(levels), figsize=(11, 3.2))
    for axes, level in zip(row, levels, strict=True):
        map_of(axes, values(method, 0, level), f"landscape {level}")
    save(figure, "landscape.png")


def draw_methods(methods: dict[str, Method]) -> None:
    """The energy of each method over both classes, and samples."""
    figure, row = pyplot.subplots(1, len(methods), figsize=(11, 4))
    label = torch.arange(200) % 2
    for axes, (name, method) in zip(row, methods.items(), strict=True):
        level = 0 if method.energy.landscapes else None
        map_of(axes, values(method, 0, level), f"{name}: E(x, 0), and samples")
        samples = method.generate(label, generator=torch.Generator().manual_seed(0)).x
        for which in (0, 1):
            shown = samples[label == which]
            axes.scatter(shown[:, 0], shown[:, 1], s=6, color=COLOURS[which], alpha=0.8)
    save(figure, "method.png")


def main() -> None:
    """Train the three models and draw all pictures."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    contrastive = ContrastiveDivergence(
        PlaneEnergy((2,), 2, 64, 3),
        Langevin(steps=10, step_size=0.005, noise_scale=0.03, grad_clamp=10.0, bounds=(-1.25, 1.25)),
        sampler=Langevin(steps=200, step_size=0.005, noise_scale=0.03, grad_clamp=10.0, bounds=(-1.25, 1.25)),
    )
    ebt = EBT(
        PlaneEnergy((2,), 2, 64, 3),
        Langevin(steps=1, step_size=1.0, graph="last"),
        sampler=Langevin(steps=25, bounds=(-1.25, 1.25)),
        start="corrupted",
        churn=0.65,
        cross_entropy=0.1,
    )
    ired = IRED(PlaneEnergy((2,), 2, 64, 3, landscapes=LANDSCAPES), bound=1.25, eta=1.0, contrast_fraction=0.25)
    methods = {
        "ContrastiveDivergence": trained(contrastive, 300),
        "EBT": trained(ebt, 600),
        "IRED": trained(ired, 600),
    }
    draw_energy(contrastive)
    draw_chain(contrastive)
    draw_landscapes(ired)
    draw_methods(methods)


if __name__ == "__main__":
    main()
