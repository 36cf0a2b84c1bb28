"""Do the tests notice if a line of the sampler or of a loss is spoiled?"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = ["tests/test_langevin.py", "tests/test_langevin_graphs.py", "tests/test_langevin_stopping.py", "tests/methods"]

MUTATIONS = [
    ("langevin.py", "torch.addcmul(here, eta, gradient, value=-1)", "torch.addcmul(here, eta, gradient)"),
    ("langevin.py", "clamp(-settings.grad_clamp, settings.grad_clamp)", "clamp(-settings.grad_clamp)"),
    ("langevin.py", "noise.normal_(0, noise_scale,", "noise.normal_(0, 1.1 * noise_scale,"),
    ("langevin.py", "proposal = project(proposal, bounds, nearest)", "pass"),
    ("bounds.py", "return x.clamp(*bounds)", "return x.clamp(bounds[0])"),
    ("bounds.py", "x.square().mean(dim=-1, keepdim=True)", "x.square().sum(dim=-1, keepdim=True)"),
    ("langevin.py", "rises = ~(energy(proposal, given) <= values)", "rises = energy(proposal, given) > values"),
    ("langevin.py", "torch.where(rises.reshape(-1, *ones), here,", "torch.where(~rises.reshape(-1, *ones), here,"),
    ("langevin.py", "taken[stopped] = step", "taken[stopped] = step + 1"),
    ("langevin.py", "with_graph = step >= first", "with_graph = step > first"),
    ("langevin_settings.py", "fall ** (step / (self.steps - 1))", "fall ** (step / self.steps)"),
    ("langevin.py", "settled |= grad_norms[:, step] < stop", "settled |= grad_norms[:, step] <= 2 * stop"),
    ("langevin.py", "stop.energy_change is not None and step > 0", "stop.energy_change is not None and step > 1"),
    ("langevin.py", "record[stopped, step + 1 :] = record[stopped, step, None]", "pass"),
    ("langevin.py", 'if settings.graph == "none":', "if False:"),
    ("gradient.py", "return tensor.clone() if tensor.is_inference() else tensor", "return tensor"),
    ("langevin.py", "gradient = gradient_map(here, gradient)", "gradient_map(here, gradient)"),
    ("methods/contrastive.py", "gap = negative - positive", "gap = positive - negative"),
    ("methods/contrastive.py", "self.regularization * magnitude", "self.regularization * magnitude.sqrt()"),
    ("methods/contrastive.py", "if self.buffer is not None and self.training:", "if self.buffer is not None:"),
    ("methods/contrastive.py", "if self.training and self.moments", "if self.moments"),
    ("methods/contrastive.py", "real + self.data_noise *", "real - 2 * self.data_noise *"),
    ("methods/ebt.py", 'loss + self.cross_entropy * terms["cross_entropy"]', 'loss + terms["cross_entropy"]'),
    ("methods/ebt.py", "likelihood * (level < 1.5)", "likelihood * (level < 2.5)"),
    ("methods/ebt.py", "project(x - self.alpha * gradient, self.bounds)", "project(x - gradient, self.bounds)"),
    ("methods/ebt.py", "self.corruption.weight(level) if level is not None else 1.0", "1.0"),
    ("methods/ebt.py", "torch.stack(losses).mean()", "losses[-1]"),
    ("methods/ired.py", "(gradient - eps).square()", "(gradient + eps).square()"),
    ("methods/ired.py", "F.softplus(energy[part] - negative)", "F.softplus(negative - energy[part])"),
    ("methods/ired.py", "a * x[part] + 3 * s * eps", "a * x[part] + s * eps"),
    ("methods/ired.py", "self.energy(a * wrong + s * eps, where)", "self.energy(a * wrong, where)"),
    ("methods/ired.py", "self.alpha_bar[index] > 0.3", "self.alpha_bar[index] > 0.1"),
    ("methods/annealing.py", "scale * project(x / scale, bound)", "project(x, bound)"),
    ("methods/listed.py", "known = right | listed.wrong[rows]", "known = listed.mask[rows]"),
    ("methods/listed.py", "points[rows, choice].detach()", "points[rows, choice]"),
    ("methods/steps_left.py", "1 + steps.after[some]", "steps.after[some]"),
    ("methods/steps_left.py", "F.relu(margin - values)", "F.relu(values - margin)"),
    ("methods/moments.py", "shift.square() * self.count.reshape(shape) * share", "shift.square() * share"),
    ("methods/finite.py", "parameter.grad = None", "pass"),
]


def test_lines_to_spoil_are_there():
    for name, before, _ in MUTATIONS:
        assert (ROOT / "src" / "lean_ebm" / name).read_text().count(before) == 1, f"{name}: {before}"


@pytest.mark.slow
def test_spoiled_lines_break_a_test(tmp_path, record_property):
    for part in ("src", "tests", "pyproject.toml", "README.md", "CONTRIBUTING.md", "configs"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *TESTS]

    def tests_pass() -> bool:
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True).returncode == 0

    assert tests_pass()
    survived = []
    for name, before, after in MUTATIONS:
        path = tmp_path / "src" / "lean_ebm" / name
        text = path.read_text()
        assert text.count(before) == 1, f"{name}: {before}"
        path.write_text(text.replace(before, after))
        if tests_pass():
            survived.append(f"{name}: {before}")
        path.write_text(text)
    record_property("lines spoiled, of which the tests noticed", f"{len(MUTATIONS)}, {len(MUTATIONS) - len(survived)}")
    record_property("not noticed", "; ".join(survived) or "none")
    assert len(survived) <= len(MUTATIONS) // 20
