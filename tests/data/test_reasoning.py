"""Problems and answers, compared with independent solvers."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
import torch

from lean_ebm.data import Connectivity, LowRankCompletion, MatrixAddition, MatrixInverse, ShortestPath, Sudoku
from lean_ebm.data.reasoning.base import FreshLoader, Problems
from lean_ebm.data.reasoning.graphs import path_lengths
from lean_ebm.errors import SettingError
from lean_ebm.randomness import counted_uniforms

FAMILIES = {
    "addition": lambda **more: MatrixAddition(4, **more),
    "completion": lambda **more: LowRankCompletion(4, **more),
    "inverse": lambda **more: MatrixInverse(4, **more),
    "connectivity": lambda **more: Connectivity(6, 8, 0.3, **more),
    "path": lambda **more: ShortestPath(8, 10, 0.3, (2, 3), **more),
    "sudoku": lambda **more: Sudoku(boards=4, **more),
}
SPLITS = ("train", "val", "test", "harder")


@pytest.fixture(params=FAMILIES)
def family(request):
    return FAMILIES[request.param]


# --- what all families promise -----------------------------------------------------------------------------------


@pytest.mark.parametrize("split", SPLITS)
def test_a_problem_follows_from_its_number_alone(family, split):
    data = family()
    answers, problems = data.make(split, torch.tensor([3, 77, 5]))
    for row, number in enumerate((3, 77, 5)):
        answer, problem = family().make(split, torch.tensor([number]))
        assert torch.equal(answer[0], answers[row]) and torch.equal(problem[0], problems[row])
    assert answers.dtype == problems.dtype == torch.float32 and answers.isfinite().all()


def test_numbers_seeds_and_splits_make_other_problems(family):
    firsts = [family(data_seed=seed).batch(split, 0, 6)[1] for seed in (0, 1) for split in ("train", "val", "test")]
    rows = [row.numpy().tobytes() for part in firsts for row in part]
    assert len(set(rows)) == len(rows)


def test_workers_make_the_same_batches(family):
    def batches(workers):
        return list(family(train_size=12, batch_size=5, num_workers=workers).train_dataloader())

    for ours, theirs in zip(batches(0), batches(2), strict=True):
        assert len(ours[0]) == 5 and all(torch.equal(*pair) for pair in zip(ours, theirs, strict=True))


def test_an_epoch_has_problems_of_its_own():
    loader = FAMILIES["addition"](train_size=8, batch_size=4).train_dataloader()
    assert isinstance(loader, FreshLoader)
    seen = set()
    for epoch in range(3):
        loader.sampler.set_epoch(epoch)
        for _, problems in loader:
            seen |= {row.numpy().tobytes() for row in problems}
    expected = {row.numpy().tobytes() for row in FAMILIES["addition"]().batch("train", 0, 24)[1]}
    assert seen == expected


def test_an_interrupted_epoch_goes_on_with_the_problems_that_are_left():
    def loader():
        made = FAMILIES["inverse"](train_size=10, batch_size=2).train_dataloader()
        made.sampler.set_epoch(3)
        return made

    whole = [problems for _, problems in loader()]
    interrupted = loader()
    batches = iter(interrupted)
    for _ in range(2):
        next(batches)
    state = interrupted.state_dict()
    resumed = loader()
    resumed.load_state_dict(state)
    left = [problems for _, problems in resumed]
    assert len(left) == 3 and all(torch.equal(*pair) for pair in zip(left, whole[2:], strict=True))


def test_fixed_splits_and_what_predict_gets(family):
    data = family(val_size=5, test_size=7, predict_size=3, batch_size=4)
    for split, loader, size in (("val", data.val_dataloader(), 5), ("test", data.test_dataloader(), 7)):
        answers, problems = (torch.cat(parts) for parts in zip(*loader, strict=True))
        assert torch.equal(answers, data.batch(split, 0, size)[0]) and torch.equal(
            problems, data.batch(split, 0, size)[1]
        )
    (conditions,) = data.predict_dataloader()
    assert torch.equal(conditions, data.batch("test", 0, 3)[1])
    assert Problems(data, "test")[2][0].shape == data.batch("test", 2, 1)[0][0].shape


@pytest.mark.parametrize("split", SPLITS)
def test_true_answers_are_perfect_and_simple_ones_are_not(family, split):
    data = family()
    answers, problems = data.batch(split, 0, 40)
    perfect = data.measure(answers, problems, answers)
    best = 1.0 if data.higher_is_better else 0.0
    assert {data.figure, data.grade} <= set(perfect)
    for name, values in perfect.items():
        assert values.shape == (40,) and (values == best).all(), name
    simple = data.without_thinking(problems)
    assert simple.shape == answers.shape
    # singles solve easy Sudoku
    assert isinstance(data, Sudoku) or (data.measure(simple, problems, answers)[data.grade] != best).any()
    difficulty = data.difficulty(problems, answers)
    assert difficulty.shape == (40,) and difficulty.isfinite().all()


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "path"])
def test_harder_problems_are_harder(name):
    data = FAMILIES[name](predict_size=1)
    same, harder = (data.difficulty(*reversed(data.batch(split, 0, 200))).mean() for split in ("test", "harder"))
    assert harder > 1.1 * same


def test_numbers_that_make_no_sense_are_explained():
    for build, message in (
        (lambda: MatrixInverse(1), "MatrixInverse: size is 1, expected 2 or more"),
        (lambda: MatrixInverse(train_size=0), "train_size is 0, expected 1 or more"),
        (lambda: MatrixInverse(batch_size=0), "batch_size is 0"),
        (lambda: MatrixInverse(num_workers=-1), "num_workers is -1"),
        (lambda: Connectivity(nodes=2), "nodes is 2, expected 3 or more"),
        (lambda: Connectivity(density=0.0), "density is 0.0"),
        (lambda: Connectivity(harder_density=1.0), "harder_density is 1.0"),
        (lambda: Connectivity(harder_length=18), "harder_length is 18"),
        (lambda: ShortestPath(harder_nodes=5, harder_distances=(3, 5)), "harder_distances is 3 to 5"),
        (lambda: ShortestPath(distances=(3, 2)), "distances is 3 to 2, expected 1 or more"),
        (lambda: Sudoku(givens=(16, 20)), "givens is 16 to 20, expected 17 to 80"),
        (lambda: Sudoku(boards=0), "boards is 0"),
    ):
        with pytest.raises(ValueError, match=message):
            build()


def test_counted_uniforms_are_uniform_and_independent():
    numbers = torch.arange(20_000)
    draws = counted_uniforms(1, numbers, 6)
    assert draws.min() > 0 and draws.max() < 1 and draws.dtype == torch.float64
    assert (draws.mean(dim=0) - 0.5).abs().max() < 0.01 and (draws.var(dim=0) - 1 / 12).abs().max() < 0.003
    within = torch.corrcoef(draws.T) - torch.eye(6)
    assert within.abs().max() < 0.03
    along = (draws[1:] - 0.5).T @ (draws[:-1] - 0.5) / len(draws) * 12
    assert along.abs().max() < 0.03
    assert torch.equal(counted_uniforms(1, numbers[7:9], 6), draws[7:9])
    assert torch.equal(counted_uniforms(1, numbers, 4), draws[:, :4])
    assert (counted_uniforms(2, numbers, 6) != draws).all()
    # the keys are the first numbers of SplitMix64 from seed 0, as its reference implementation prints them
    assert [int(draws * 2**52) for draws in counted_uniforms(0, torch.tensor([0]), 1)[0]] == [
        (_splitmix(_splitmix(0x9E3779B97F4A7C15) + 0x9E3779B97F4A7C15)) >> 12
    ]


def _splitmix(z: int) -> int:
    mask = (1 << 64) - 1
    z &= mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


# --- matrices ----------------------------------------------------------------------------------------------------


def test_sums():
    for split, scale in (("test", 1.0), ("harder", 2.5)):
        sums, pairs = MatrixAddition(6).batch(split, 0, 500)
        assert pairs.shape == (500, 2, 6, 6)
        np.testing.assert_array_equal(sums.numpy(), pairs.numpy()[:, 0] + pairs.numpy()[:, 1])
        assert 0.99 * scale < pairs.abs().max() < scale and pairs.mean().abs() < 0.05 * scale


@pytest.mark.parametrize(("split", "smallest"), [("test", 0.5), ("harder", 0.1)])
def test_inverses(split, smallest):
    inverses, matrices = MatrixInverse(20).batch(split, 0, 50)
    np.testing.assert_allclose(inverses.numpy(), np.linalg.inv(matrices.double().numpy()), rtol=1e-3, atol=1e-4)
    eigenvalues = np.linalg.eigvalsh(matrices.double().numpy())
    assert smallest - 1e-4 < eigenvalues.min() < smallest + 0.1
    difficulty = MatrixInverse(20).difficulty(matrices, inverses)
    np.testing.assert_allclose(difficulty, np.log(eigenvalues[:, -1] / eigenvalues[:, 0]), rtol=1e-3)
    # B B^T of uniform entries has 20 / 3 on its diagonal
    assert matrices.diagonal(dim1=1, dim2=2).mean().item() == pytest.approx(2 * 20 / 3 + smallest, rel=0.05)


@pytest.mark.parametrize("size", [10, 20])
@pytest.mark.parametrize(("split", "factor"), [("test", 20), ("harder", 5)])
def test_completions(size, split, factor):
    whole, shown = LowRankCompletion(size).batch(split, 0, 400)
    hidden = shown == 0
    assert hidden.float().mean().item() == pytest.approx(0.5, abs=0.01)
    assert torch.equal(whole[~hidden], shown[~hidden])
    assert whole.var().item() == pytest.approx(10 / factor**2 + 0.01, rel=0.05)
    singular = np.linalg.svd(whole.numpy(), compute_uv=False)
    # beyond the rank there is only noise, whose largest singular value is about 0.1 * 2 sqrt(size)
    assert singular[:, size // 2].max() < 0.2 * size**0.5 < singular[:, 0].min()


def test_harder_sums_have_the_scale_of_their_setting():
    data = MatrixAddition(4, harder_scale=10.0)
    assert 9 < data.batch("harder", 0, 50)[1].abs().max() <= 10 and data.batch("val", 0, 50)[1].abs().max() <= 1
    assert 2 < MatrixAddition(4).batch("harder", 0, 50)[1].abs().max() <= 2.5


@pytest.mark.parametrize("family", [MatrixAddition, MatrixInverse, LowRankCompletion])
def test_residuals_need_no_answer_and_vanish_for_it(family):
    data = family(4)
    answers, problems = data.batch("harder", 0, 6)
    residual = data.residual(answers, problems)
    assert residual.shape == (6,) and residual.max() < 1e-6
    assert (data.residual(answers + 1, problems) > 0.01).all()
    assert data.residual(torch.zeros_like(answers), problems).isfinite().all()
    assert Connectivity(5, 7, 0.4).residual(answers, problems) is None


# --- graphs ------------------------------------------------------------------------------------------------------


def graphs_of(edges):
    return [nx.from_numpy_array(part.numpy(), create_using=nx.DiGraph) for part in (edges > 0).int()]


def test_path_lengths_are_those_of_networkx():
    edges = torch.rand(30, 9, 9) < 0.15
    edges &= ~torch.eye(9, dtype=torch.bool)
    lengths = path_lengths(edges)
    for graph, ours in zip(graphs_of(edges), lengths, strict=True):
        theirs = torch.full((9, 9), torch.inf)
        for start, ends in nx.all_pairs_shortest_path_length(graph):
            for end, length in ends.items():
                theirs[start, end] = length
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("split", ["test", "harder"])
def test_connections_are_those_of_networkx(split):
    answers, problems = Connectivity().batch(split, 0, 40)
    nodes = 18 if split == "harder" else 12
    assert answers.shape == problems.shape == (40, nodes, nodes)
    assert torch.equal(problems, problems.mT) and (problems.diagonal(dim1=1, dim2=2) == -1).all()
    degrees = (problems > 0).sum(dim=2)
    assert degrees.min() >= 1
    for graph, ours in zip(graphs_of(problems), answers, strict=True):
        theirs = -torch.ones(nodes, nodes)
        for component in nx.connected_components(graph.to_undirected()):
            theirs[np.ix_(list(component), list(component))] = 1
        assert torch.equal(ours, theirs)
    assert 0.2 < (answers > 0).float().mean() < 0.95


def test_harder_graphs_have_long_paths():
    data = Connectivity(12, 30, 0.2, harder_density=0.08, harder_length=12)
    answers, problems = data.batch("harder", 5, 20)
    assert data.difficulty(problems, answers).min() >= 12
    assert problems[3].equal(data.batch("harder", 8, 1)[1][0])  # whatever else is in the batch
    usual, easy = (data.batch("val", 0, 20)[1], Connectivity(12, 30, 0.2).batch("val", 0, 20)[1])
    assert usual.equal(easy)
    impossible = Connectivity(12, 12, 0.2, harder_length=11)
    impossible.ATTEMPTS = 3
    with pytest.raises(SettingError, match=r"3 graphs of 12 nodes .* have no shortest path of 11 edges"):
        impossible.batch("harder", 0, 4)


def test_harder_graphs_have_their_own_density_and_distances():
    data = Connectivity(12, 30, 0.2, harder_density=0.08)
    same, harder = (data.batch(split, 0, 40)[1] for split in ("val", "harder"))
    assert (
        harder.shape == (40, 30, 30)
        and (harder > 0).sum(dim=2).float().mean() < (same > 0).sum(dim=2).float().mean() + 1
    )
    assert (Connectivity(12, 30, 0.2).batch("harder", 0, 40)[1] > 0).sum() > 2 * (harder > 0).sum()
    paths = ShortestPath(12, 18, 0.35, (2, 3), harder_density=0.23, harder_distances=(4, 6))
    lengths = {
        split: set(paths.difficulty(*reversed(paths.batch(split, 0, 30))).tolist()) for split in ("val", "harder")
    }
    assert lengths == {"val": {2.0, 3.0}, "harder": {4.0, 5.0, 6.0}}


def test_errors_of_graphs_and_boards_count_what_is_wrong():
    data = ShortestPath(6, 8, 0.4, (2, 2))
    answers, problems = data.batch("val", 0, 5)
    assert data.errors(answers, problems, answers).tolist() == [0.0] * 5
    nothing = data.errors(-torch.ones_like(answers), problems, answers)
    on_paths = (answers > 0).flatten(1).sum(dim=1)
    assert ((nothing == on_paths) | (nothing == on_paths + 1)).all()  # one more if the walk gets lost


def test_accuracies_of_connections():
    edges = -torch.ones(1, 4, 4)
    target = -torch.ones(1, 4, 4)
    target[0, 0, :2] = 1
    found = target.clone()
    found[0, 0, 0] = -1
    measured = Connectivity().measure(0.3 * found, edges, target)
    assert measured["accuracy"].item() == pytest.approx(15 / 16)
    assert measured["balanced"].item() == pytest.approx((1 / 2 + 1) / 2)
    assert measured["solved"].item() == 0


@pytest.mark.parametrize("split", ["test", "harder"])
def test_paths_are_those_of_networkx(split):
    data = ShortestPath(10, 12, 0.4, (2, 4))
    answers, problems = data.batch(split, 0, 60)
    lengths = []
    for graph, ours, problem in zip(graphs_of(problems[:, 0]), answers, problems, strict=True):
        start, goal = int((problem[1, :, 0] > 0).nonzero()), int((problem[2, 0] > 0).nonzero())
        assert (problem[1] > 0).sum() == (problem[2] > 0).sum() == len(problem[0])
        paths = list(nx.all_shortest_paths(graph, start, goal))
        lengths.append(len(paths[0]) - 1)
        theirs = {edge for path in paths for edge in pairwise(path)}
        assert {tuple(edge) for edge in (ours > 0).nonzero().tolist()} == theirs
    assert set(lengths) == {2, 3, 4}
    torch.testing.assert_close(data.difficulty(problems, answers), torch.tensor(lengths).float())


def test_walks_are_followed_step_by_step():
    """0 -> 1 -> 2 -> 3, and an edge back from 1 to 0."""
    edges = -torch.ones(4, 4)
    for i, j in ((0, 1), (1, 2), (2, 3), (1, 0)):
        edges[i, j] = 1
    start, goal = -torch.ones(4, 4), -torch.ones(4, 4)
    start[0], goal[:, 3] = 1, 1
    problem = torch.stack([edges, start, goal])[None]
    data = ShortestPath(4, 5, distances=(1, 3))
    right = -torch.ones(1, 4, 4)
    right[0, [0, 1, 2], [1, 2, 3]] = 1
    assert data.measure(right, problem, right)["solved"].item() == 1
    for onward, expected in (((2, 3), (0, 0)), ((1, 0), (1, 0))):  # along an edge that does not exist; and back
        row = 0 if onward == (2, 3) else 1
        wrong = right.clone()
        wrong[0, row] = -1
        wrong[0, row, onward[0] if row == 0 else 0] = 1
        measured = data.measure(wrong, problem, right)
        assert (measured["first_step"].item(), measured["solved"].item()) == expected


def test_paths_that_no_graph_has_are_explained():
    with pytest.raises(ValueError, match="none has nodes at a distance of 8: ask for shorter distances or a lower"):
        ShortestPath(9, 9, density=0.9, distances=(8, 8)).batch("train", 0, 1)
