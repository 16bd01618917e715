"""Classical classifiers: digits come back upright, errors are those of a second way, the record is whole."""

import subprocess
import sys
from dataclasses import replace
from math import ceil
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from lenet_edu.data.splits import Source, Split, crop
from lenet_edu.network import paper
from lenet_edu.reproduction import classifiers
from lenet_edu.reproduction.classifiers import (
    Outcome,
    deslant,
    least_squares,
    logistic,
    nearest_neighbours,
    one_hidden_layer,
    quadratic,
)
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import read_json
from results import classical, recording

RESULTS = Path(__file__).parents[2] / "results"

CLASSIFIERS = {
    least_squares: {"penalty": 10},
    logistic: {"penalty": 10},
    nearest_neighbours: {"neighbours": 3},
    quadratic: {"penalty": 10},
    one_hidden_layer: {"rate": 0.05, "passes": 5, "seed": 0},
}


@pytest.fixture(scope="module")
def splits(embedded) -> tuple[Split, Split]:
    """Embedded digits as a classifier of 28x28 sees them: training and test."""
    return tuple(
        Split(crop(split.images, paper.MNIST_SIZE), split.labels) for split in (embedded.train, embedded.test)
    )


def moments(ink: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The middle (row, column) and the covariance of both, in pixels, of ink (H, W)."""
    places = torch.cartesian_prod(*(torch.arange(side, dtype=torch.double) for side in ink.shape))
    weights = ink.double().flatten() / ink.double().sum()
    middle = (weights[:, None] * places).sum(0)
    return middle, (places - middle).T @ ((places - middle) * weights[:, None])


def sheared(images: torch.Tensor, columns_a_row: float) -> torch.Tensor:
    matrix = torch.tensor([[1.0, -columns_a_row, 0], [0, 1, 0]]).repeat(len(images), 1, 1)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def test_a_diagonal_bar_comes_back_as_an_upright_one():
    for sign in (1, -1):
        slanted, upright = torch.zeros(2, 1, 1, 25, 25)
        for row in range(6, 19):
            slanted[..., row, 11 + sign * (row - 12) : 14 + sign * (row - 12)] = 1
            upright[..., row, 11:14] = 1
        torch.testing.assert_close(deslant(slanted), upright, atol=1e-4, rtol=0)


def test_a_frame_need_not_be_square():
    slanted, upright = torch.zeros(2, 1, 1, 11, 31)
    for row in range(1, 8):  # neither in the middle across nor in the middle down
        slanted[..., row, 9 + 2 * (row - 4)] = 1
        upright[..., row, 9] = 1
    torch.testing.assert_close(deslant(slanted), upright, atol=1e-4, rtol=0)


@pytest.mark.parametrize("slant", [-0.4, 0.0, 0.4])
def test_digits_come_back_upright_with_their_ink_and_their_middle(digits, embedded, slant):
    ink = sheared(embedded.scaling.undo(digits.images), slant)
    for before, after in zip(ink[:, 0], deslant(ink)[:, 0], strict=True):
        (middle, spread), (new_middle, new_spread) = moments(before), moments(after)
        assert abs(new_spread[0, 1]) < 1e-3
        assert new_spread[0, 0].item() == pytest.approx(spread[0, 0].item(), rel=1e-4)
        torch.testing.assert_close(new_middle, middle, atol=1e-3, rtol=0)
        assert after.sum().item() == pytest.approx(before.sum().item(), rel=1e-4)
    if slant:
        assert max(abs(moments(before)[1][0, 1]) for before in ink[:, 0]) > 5


def test_a_sheared_digit_and_the_digit_come_back_alike(digits, embedded):
    ink = embedded.scaling.undo(digits.images)
    apart = (sheared(ink, 0.4) - ink).abs().sum()
    assert (deslant(sheared(ink, 0.4)) - deslant(ink)).abs().sum() < apart / 4


def test_a_batch_is_as_one_by_one_whatever_the_background(digits, embedded):
    ink = embedded.scaling.undo(digits.images)
    together = deslant(digits.images, embedded.background)
    torch.testing.assert_close(together, embedded.scaling.apply(deslant(ink)), atol=1e-5, rtol=0)
    torch.testing.assert_close(together, torch.cat([deslant(one, -0.1) for one in digits.images.split(1)]))


def test_without_a_slant_nothing_changes():
    blank, flat = torch.zeros(2, 1, 1, 8, 8)
    flat[..., 3, 2:7] = 1
    for image in (blank, flat, blank[:0]):
        torch.testing.assert_close(deslant(image), image, atol=1e-6, rtol=0)


def rows(split: Split) -> torch.Tensor:
    return split.images.flatten(1).double()


def ridge_errors(inputs, split, test_inputs, test, penalty) -> tuple[float, float]:
    """Percent of test and of training digits wrong, by solving for the weights; the bias is not penalised."""
    targets = F.one_hot(split.labels).double() * 2 - 1
    centred = inputs - inputs.mean(0)
    squares = centred.T @ centred + penalty * torch.eye(inputs.shape[1])
    weights = torch.linalg.solve(squares, centred.T @ (targets - targets.mean(0)))
    bias = targets.mean(0) - inputs.mean(0) @ weights
    pairs = ((test_inputs, test), (inputs, split))
    return tuple(wrong((x @ weights + bias).argmax(1), one) for x, one in pairs)


def wrong(named: torch.Tensor, split: Split) -> float:
    return 100 * (named != split.labels).double().mean().item()


@pytest.mark.slow
def test_least_squares_is_the_solution_of_the_normal_equations(splits):
    train, test = splits
    outcome = least_squares(train, test, penalty=10)
    assert (outcome.test, outcome.training) == pytest.approx(
        ridge_errors(rows(train), train, rows(test), test, 10)
    )
    assert outcome.updates is None


@pytest.mark.slow
def test_quadratic_is_least_squares_on_components_and_their_products(splits):
    train, test = splits
    mean = rows(train).mean(0)
    axes = torch.linalg.eigh((rows(train) - mean).T @ (rows(train) - mean)).eigenvectors[:, -8:]
    alone = [(rows(split) - mean) @ axes for split in (train, test)]  # (N, 8)
    pairs = torch.triu_indices(8, 8)
    inputs, test_inputs = (torch.cat([one, one[:, pairs].prod(1)], 1) for one in alone)  # (N, 8 + 36)
    outcome = quadratic(train, test, penalty=10, components=8)
    expected = ridge_errors(inputs, train, test_inputs, test, 10)
    assert (outcome.test, outcome.training) == pytest.approx(expected, abs=0.1)
    assert quadratic(train, test, penalty=10).test < outcome.test


def test_the_nearest_digit_is_the_nearest(splits):
    train, test = splits
    distances = torch.cdist(rows(test), rows(train))
    assert nearest_neighbours(train, test, 1) == Outcome(wrong(train.labels[distances.argmin(1)], test))
    three = train.labels[distances.topk(3, largest=False).indices]
    votes = F.one_hot(three).sum(1)
    assert nearest_neighbours(train, test, 3).test == pytest.approx(wrong(votes.argmax(1), test))


@pytest.mark.slow
def test_logistic_has_the_likeliest_weights(splits):
    train, test = splits
    outcome = logistic(train, test, penalty=10)
    weights = torch.zeros(rows(train).shape[1] + 1, 10, dtype=torch.double, requires_grad=True)
    solver = torch.optim.LBFGS([weights], max_iter=500, line_search_fn="strong_wolfe")

    def loss():
        solver.zero_grad()
        output = rows(train) @ weights[1:] + weights[0]
        value = F.cross_entropy(output, train.labels, reduction="sum") + 5 * weights[1:].square().sum()
        value.backward()
        return value

    solver.step(loss)
    with torch.no_grad():
        named = [(rows(split) @ weights[1:] + weights[0]).argmax(1) for split in (test, train)]
    assert outcome.test == pytest.approx(wrong(named[0], test), abs=0.3)
    assert outcome.training == pytest.approx(wrong(named[1], train), abs=0.1)
    assert outcome.updates > 5


@pytest.mark.slow
def test_a_hidden_layer_learns_and_a_seed_means_the_same_network(splits):
    train, test = splits
    outcome = one_hidden_layer(train, test, rate=0.05, passes=5, seed=0)
    assert outcome.test < 10
    assert outcome.updates == 5 * ceil(len(train) / 10)
    assert one_hidden_layer(train, test, rate=0.05, passes=5, seed=0) == outcome
    assert one_hidden_layer(train, test, rate=0.05, passes=5, seed=1) != outcome
    assert one_hidden_layer(train, test, rate=1e-6, passes=1, seed=0).test > 50


@pytest.mark.parametrize("classify", CLASSIFIERS, ids=lambda classify: classify.__name__)
def test_what_no_classifier_takes_is_named(splits, classify):
    train, test = splits
    settings = CLASSIFIERS[classify]
    none = Split(train.images[:0], train.labels[:0])
    threes = Split(train.images[train.labels == 3], train.labels[train.labels == 3])
    for pair, message in (
        ((none, test), "must be training digits"),
        ((train, none), "must be test digits"),
        ((train, Split(crop(test.images, 20), test.labels)), "one size; got 28x28 and 20x20"),
        ((threes, test), "at least 2 classes .* all training digits are 3"),
        ((Split(train.images[:, 0], train.labels), test), r"shape \(N, 1, H, W\)"),
    ):
        with pytest.raises(LenetError, match=message):
            classify(*pair, **settings)


@pytest.mark.parametrize(
    ("classify", "setting", "value", "message"),
    [
        (least_squares, "penalty", 0, "penalty must be a number above 0; got 0"),
        (logistic, "penalty", -1, "penalty must be a number above 0; got -1"),
        (quadratic, "penalty", float("nan"), "penalty must be a number above 0; got nan"),
        (quadratic, "components", 785, "components must be a whole number from 1 to 784; got 785"),
        (nearest_neighbours, "neighbours", 0, "neighbours must be a whole number from 1 to 1250; got 0"),
        (nearest_neighbours, "neighbours", 2.5, "neighbours must be .* got 2.5"),
        (one_hidden_layer, "rate", 0, "rate must be a number above 0; got 0"),
        (one_hidden_layer, "passes", 0, "passes must be a whole number of at least 1; got 0"),
        (one_hidden_layer, "units", 0, "units must be a whole number of at least 1; got 0"),
    ],
)
def test_settings_out_of_range_are_named(splits, classify, setting, value, message):
    with pytest.raises(LenetError, match=message):
        classify(*splits, **{**CLASSIFIERS[classify], setting: value})


def test_images_that_cannot_be_set_upright_are_named(digits):
    with pytest.raises(LenetError, match=r"below their background of 0; got -0.1. Pass the background"):
        deslant(digits.images)
    with pytest.raises(
        LenetError, match=r"floats of shape \(N, 1, H, W\); got torch.float32 of shape \(10, 2"
    ):
        deslant(torch.zeros(10, 2, 8, 8))
    with pytest.raises(LenetError, match=r"got torch.uint8"):
        deslant(torch.zeros(10, 1, 8, 8, dtype=torch.uint8))


@pytest.mark.slow
def test_scikit_learn_waits_until_it_is_needed():
    code = "import lenet_edu.reproduction.classifiers, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"sklearn", "scipy", "matplotlib"} & set(done.stdout.split())


# results/classical.py --------------------------------------------------------------------------------


def few_experiments() -> dict[str, classical.Experiment]:
    """One whose digits are set upright and one with seeds, both quick."""
    names = ("K-NN Euclidean, deslanted", "784-300-10")
    experiments = {name: classical.experiments()[name] for name in names}
    quick = {"passes": 2, "units": 8, "batch_size": 10}
    experiments["784-300-10"] = replace(experiments["784-300-10"], fixed=quick, seeds=2)
    return experiments


@pytest.fixture
def small(few, monkeypatch, tmp_path):
    """classical.py at work on a few digits, as if they were MNIST; the file that it writes."""
    monkeypatch.setattr(classical, "FILE", tmp_path / "classical.json")
    monkeypatch.setattr(recording, "load_digits", lambda: replace(few, source=Source("mnist")))
    experiments = few_experiments()
    monkeypatch.setattr(classical, "experiments", lambda: experiments)
    monkeypatch.setattr(sys, "argv", ["classical.py"])
    threads = torch.get_num_threads()
    yield classical.FILE
    torch.set_num_threads(threads)


def test_each_run_is_written_down_and_not_made_again(small, monkeypatch):
    classical.main()
    record = read_json(small)
    upright, network = (record["experiments"][name] for name in few_experiments())
    assert (upright["pixels"], network["pixels"]) == (20 * 20, 28 * 28)
    assert [run["seed"] for run in upright["runs"] + network["runs"]] == [None, 0, 1]
    assert network["test_error"]["best"] < network["test_error"]["worst"]
    # One seed is lost: it alone is run anew, nothing is chosen again, and the rest stays.
    again = read_json(small)
    again["experiments"]["784-300-10"]["runs"].pop(0)
    classical.write_json(small, again)
    monkeypatch.setattr(classical, "choose", lambda *_: pytest.fail("chosen again"))
    measure, made = classical.measure, []
    monkeypatch.setattr(classical, "measure", lambda *given: made.append(given[2]) or measure(*given))
    classical.main()
    assert made == [0]
    for name, entry in read_json(small)["experiments"].items():
        before = record["experiments"][name]
        assert entry["test_error"] == before["test_error"]
        assert [run["test_error"] for run in entry["runs"]] == [run["test_error"] for run in before["runs"]]


def test_a_setting_is_chosen_without_the_test_digits(small, few, monkeypatch):
    splits = []

    def spy(train, test, neighbours):
        splits.append((neighbours, len(train), test))
        return Outcome({1: 5.0, 3: 2.0, 5: 3.0}.get(neighbours, 9.0))

    one = replace(few_experiments()["K-NN Euclidean, deslanted"], classify=spy)
    monkeypatch.setattr(classical, "experiments", lambda: {"K-NN": one})
    classical.main()
    *tried, final = splits
    assert [neighbours for neighbours, *_ in tried] == list(classifiers.NEIGHBOURS)
    for _, count, held_out in tried:
        assert count == len(few.train)
        assert torch.equal(held_out.labels, few.validation.labels)
    neighbours, count, test = final
    assert (neighbours, count) == (3, len(few.train) + len(few.validation))
    assert torch.equal(test.labels, few.test.labels)
    torch.testing.assert_close(test.images, crop(deslant(few.test.images, few.background), 20))


def test_only_what_is_named_is_run_and_nothing_without_mnist(small, few, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["classical.py", "K-NN"])
    classical.main()
    assert list(read_json(small)["experiments"]) == ["K-NN Euclidean, deslanted"]
    small.unlink()
    monkeypatch.setattr(recording, "load_digits", lambda: replace(few, note="No MNIST."))
    with pytest.raises(SystemExit) as ended:
        classical.main()
    assert ended.value.code == 2
    assert "No MNIST." in capsys.readouterr().err
    assert not small.exists()


RECORD = RESULTS / "classical.json"


@pytest.mark.parametrize("name", classical.experiments())
def test_the_record_is_whole(name):
    what, entry = classical.experiments()[name], read_json(RECORD)["experiments"][name]
    assert entry["published"] == paper.PUBLISHED_ERRORS[what.row]
    assert [run["seed"] for run in entry["runs"]] == (list(range(what.seeds)) or [None])
    assert [one[what.setting] for one in entry["validation"]] == list(what.values)
    lowest = min(entry["validation"], key=lambda one: one["error"])[what.setting]
    assert entry["settings"] == {what.setting: lowest, **what.fixed}
    # The best of what was tried is not at an end of it, where a better one could lie beyond; 1 is the fewest.
    assert lowest != what.values[-1]
    assert lowest != what.values[0] or what.setting == "neighbours"
    errors = [run["test_error"] for run in entry["runs"]]
    assert entry["test_error"] == classical.summary(errors)
    assert (entry["training_error"] is None) == (what.classify is nearest_neighbours)
    assert all(run["minutes"] > 0 for run in entry["runs"])


def test_the_record_says_how_it_came_about():
    record = read_json(RECORD)
    assert record["digits"] == {"training": 60_000, "test": 10_000}
    assert (record["data"], record["command"]) == ("MNIST", "python -m results.classical")
    assert {"python", "numpy", "scikit-learn", "torch"} <= record["versions"].keys()
    assert record["device"]
    assert record["date"]


def test_what_the_paper_found_is_found_again():
    experiments = read_json(RECORD)["experiments"]
    mean = {name: entry["test_error"]["mean"] for name, entry in experiments.items()}
    for row in ("linear", "linear, deslanted"):
        ways = (f"{row}, least squares", f"{row}, logistic")
        squares, likelihood = (abs(mean[way] - paper.PUBLISHED_ERRORS[row]) for way in ways)
        assert squares < likelihood
    for way in ("linear{}, least squares", "linear{}, logistic", "K-NN Euclidean{}"):
        assert mean[way.format(", deslanted")] < mean[way.format("")]
    assert mean["40 PCA + quadratic"] < mean["linear, logistic"]


def test_named_after_the_paper():
    assert f"{classifiers.COMPONENTS} PCA + quadratic" in paper.PUBLISHED_ERRORS
    assert f"{paper.MNIST_SIZE**2}-{classifiers.HIDDEN_UNITS}-10" in paper.PUBLISHED_ERRORS
