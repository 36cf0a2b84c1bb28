"""What chains did, as plain data."""

import base64
import io
import math

import pytest
import torch
from PIL import Image

from lean_ebm.data import Digits, MatrixInverse, Sudoku
from lean_ebm.energy import MatrixEnergy, MLPEnergy
from lean_ebm.errors import SettingError
from lean_ebm.langevin import Langevin
from lean_ebm.methods import IRED, Denoiser, Verification
from lean_ebm.randomness import derived_seed
from lean_ebm.show.chains import FRAMES, ShowSettings, trace_chains
from lean_ebm.show.pictures import board, colors, data_uri, picture, problem_picture
from show.traces import chains, quadratic


def image_of(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,"))))


def outcomes(draw):
    return [step.outcome for step in draw.steps]


def test_energies_of_accepted_steps_have_the_closed_form():
    """Each step halves the distance to the mean, so that it quarters the energy."""
    for sample in chains(0.5).samples:
        for draw in sample.draws:
            assert outcomes(draw) == ["start", *["accepted"] * 5, "result"]
            energies = [step.energy for step in draw.steps[:-1]]
            assert energies[1:] == pytest.approx([energy / 4 for energy in energies[:-1]], rel=1e-4)


def test_undone_steps_are_named():
    """A step of size 3 leads to twice the distance on the other side, so each is undone."""
    for draw in chains(3.0).samples[1].draws:
        assert outcomes(draw) == ["start", *["undone"] * 5, "result"]
        assert len({step.energy for step in draw.steps[:-1]}) == len({step.picture for step in draw.steps}) == 1


def test_the_chosen_candidate_is_the_one_that_generate_keeps():
    method = quadratic(0.1, candidates=4, acceptance=0.999)
    trace = trace_chains(method, Digits(), ShowSettings(samples=2))
    assert [sample.condition for sample in trace.samples] == ["class 0", "class 1"]
    for index, sample in enumerate(trace.samples):
        label, seed = torch.tensor([index]), derived_seed(0, "show", index)
        kept = method.generate(label, generator=torch.Generator().manual_seed(seed)).x
        (chosen,) = [draw for draw in sample.draws if draw.chosen]
        assert len(sample.draws) == 4 and chosen.score == pytest.approx(float(method.score(kept, label).exp()))
        assert chosen.steps[-1].picture == data_uri(picture(Digits(), kept, label, None))
    assert "langevin" not in vars(method)


def test_pictures_are_those_of_the_data():
    shown = image_of(chains().samples[0].draws[0].steps[-1].picture)
    assert shown.format == "PNG" and shown.size == (6, 6)


def test_long_chains_are_thinned_out():
    (sample,) = chains(0.01, samples=1, candidates=1, steps=500).samples
    assert len(sample.draws[0].steps) == FRAMES + 1 and outcomes(sample.draws[0])[0] == "start"


def test_landscapes_are_named_and_do_not_compare():
    energy = MLPEnergy(shape=(1, 6, 6), num_classes=2, width=8, landscapes=3)
    trace = trace_chains(IRED(energy, Langevin(2, monotone=True)), Digits(), ShowSettings(samples=1))
    stages = list(dict.fromkeys(step.stage for step in trace.samples[0].draws[0].steps))
    assert stages == ["landscape 2", "landscape 1", "landscape 0", ""] and not trace.comparable


def test_problems_have_answers_and_errors():
    """A denoiser follows no energy, so that a judge says how good the answers are on the way."""
    data = MatrixInverse(size=4)
    energy = MatrixEnergy(size=4, width=2, depth=1, landscapes=3, predicts="answer", judge=4)
    method = Denoiser(energy, Langevin(1), verification=Verification(), candidates=3)
    trace = trace_chains(method, data, ShowSettings(samples=2))
    target, problem = data.batch("test", 1, 1)
    sample = trace.samples[1]
    assert sample.given == data_uri(problem_picture(data, problem)) == data_uri(colors(problem[0]))
    assert sample.target == data_uri(colors(target[0])) and trace.score == "confidence"
    for draw in sample.draws:
        assert outcomes(draw) == ["answer"] * 3 + ["result"] and draw.measured.startswith("error ")
        assert math.exp(-draw.steps[2].energy) == pytest.approx(draw.score, rel=1e-4)
    assert len(sample.draws) == 3
    with pytest.raises(SettingError, match="neither classes nor problems"):
        trace_chains(method, Digits())


def test_colors():
    drawn = colors(torch.tensor([[-2.0, -1.0, 0.0, 1.0]]))
    assert torch.equal(drawn[:, 0, 0], drawn[:, 0, 1]) and drawn[:, 0, 2].tolist() == [1, 1, 1]
    assert drawn[2, 0, 1] > drawn[0, 0, 1] and drawn[0, 0, 3] > drawn[2, 0, 3]
    assert colors(torch.zeros(2, 3, 3)).shape == (3, 3, 7) and colors(torch.zeros(5)).shape == (3, 1, 5)


def test_a_board_shows_wrong_digits_in_red():
    digits = torch.full((9, 9), 8)
    given, wrong = torch.zeros(9, 9, dtype=torch.bool), torch.zeros(9, 9, dtype=torch.bool)
    given[0, 0] = wrong[4, 4] = True
    drawn = board(digits, given, wrong)
    cell = drawn[:, 65:80, 65:80].flatten(1)
    assert bool((cell[0] > cell[2] + 0.3).any()) and not bool((drawn[:, 1:15, 1:15].std(dim=0) > 0.1).any())
    data = Sudoku(boards=4)
    target, problem = data.batch("val", 0, 1)
    for answer, is_wrong in ((target, False), (-target, True)):
        drawn = picture(data, answer, problem, target)
        assert bool((drawn[0] > drawn[2] + 0.3).any()) == is_wrong


@pytest.mark.parametrize("name", ["samples", "candidates", "steps"])
def test_numbers_below_one_are_refused(name):
    with pytest.raises(SettingError, match=f"--{name} is 0: expected at least 1"):
        ShowSettings(**{name: 0})
