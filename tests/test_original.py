"""The original training: compiled loops beside torch, order and draws by seed, going on after a stop."""

import pytest
import torch

from lenet_edu import paper
from lenet_edu.data import load_digits
from lenet_edu.errors import LenetError
from lenet_edu.models import LeNet1, LeNet5
from lenet_edu.original import OriginalRecipe, start, train_original

SHORT = {"schedule": ((5e-4, 1), (2e-4, 2)), "patterns": 50}


@pytest.fixture(scope="module")
def digits():
    return load_digits("embedded").train


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_compiled_and_torch_come_to_the_same(digits):
    found = []
    for engine in ("compiled", "torch"):
        model = LeNet5()
        history = train_original(model, digits, OriginalRecipe(**SHORT), seed=3, updates=40, engine=engine)
        found.append((weights(model), history))
    (compiled, one), (reference, other) = found
    begun = LeNet5()
    start(begun, OriginalRecipe(**SHORT), seed=3)
    for name, value in reference.items():
        moved = (value - begun.state_dict()[name]).abs().max().item()
        torch.testing.assert_close(compiled[name], value, rtol=1e-4, atol=0.01 * moved, msg=name)
    assert [r["error"] for r in one] == [r["error"] for r in other]
    assert [r["loss"] for r in one] == pytest.approx([r["loss"] for r in other], rel=1e-4)


def test_it_learns(digits):
    model = LeNet5()
    first, *_, last = train_original(model, digits, OriginalRecipe(schedule=((5e-4, 4),)), seed=0)
    assert first["error"] > 2 * last["error"]
    assert last["loss"] < first["loss"]


def test_a_seed_means_the_same_weights_and_another_means_others(digits):
    found = []
    for seed in (0, 0, 1):
        model = LeNet5()
        train_original(model, digits, OriginalRecipe(**SHORT), seed=seed, updates=20)
        found.append(weights(model))
    assert same(found[0], found[1])
    assert not same(found[0], found[2])


def test_goes_on_to_the_same_weights(digits, tmp_path):
    recipe = OriginalRecipe(**SHORT)
    whole = LeNet5()
    wanted = train_original(whole, digits, recipe, updates=20)

    def stop(model, record):
        if record["pass"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_original(LeNet5(), digits, recipe, updates=20, out=tmp_path, after_pass=stop)
    model = LeNet5()
    history = train_original(model, digits, recipe, updates=20, out=tmp_path)
    assert same(weights(model), weights(whole))
    assert [r["loss"] for r in history] == [r["loss"] for r in wanted]
    assert [r["updates"] for r in history] == [20, 40, 60]
    with pytest.raises(LenetError, match="another seed"):
        train_original(LeNet5(), digits, recipe, updates=20, out=tmp_path, seed=1)


def test_the_papers_schedule_is_the_default():
    rates = OriginalRecipe().rates
    assert len(rates) == 20
    assert (rates[0], rates[-1]) == (paper.GLOBAL_RATES[0][0], paper.GLOBAL_RATES[-1][0])


def test_plain_descent_has_one_step_for_all(digits):
    recipe = OriginalRecipe(**SHORT, method="sgd")
    record = train_original(LeNet5(), digits, recipe, updates=5)[0]
    assert record["effective_rates"] == pytest.approx([5e-4 / recipe.mu] * 2)


def test_older_networks_train_on_squared_error(digits):
    crop = slice(2, -2)
    digits = type(digits)(digits.images[..., crop, crop].contiguous(), digits.labels)
    recipe = OriginalRecipe(loss="squared", divisor=1.0, schedule=((5e-4, 4),))
    history = train_original(LeNet1(), digits, recipe)
    assert history[0]["error"] > history[-1]["error"]


def test_divergence_is_named(digits):
    recipe = OriginalRecipe(schedule=((50.0, 1),), divisor=1.0)
    with pytest.raises(LenetError, match="pass 1, at global rate 50"):
        train_original(LeNet5(activation="relu", output="rbf"), digits, recipe)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mu": 0}, "mu must be"),
        ({"divisor": float("nan")}, "divisor must be"),
        ({"patterns": 0}, "patterns must be"),
        ({"schedule": ()}, "schedule must be"),
        ({"loss": "hinge"}, "loss"),
        ({"method": "adam"}, "method"),
    ],
)
def test_recipe_says_what_is_wrong(values, message):
    with pytest.raises(LenetError, match=message):
        OriginalRecipe(**values)
