"""The original training: compiled loops beside torch, order and draws by seed, going on after a stop."""

import json
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from lenet_edu.data.digits import load_digits
from lenet_edu.data.splits import Split
from lenet_edu.network import layers, paper
from lenet_edu.network.losses import map_loss, squared_loss
from lenet_edu.network.models import LeNet1, LeNet4, LeNet5
from lenet_edu.reproduction import passes, sdlm
from lenet_edu.reproduction.passes import (
    DISTORTED,
    ENGINES,
    STEPS_AS_PRINTED,
    VERSIONS,
    OriginalRecipe,
    draw_version,
    start,
    train_original,
)
from lenet_edu.system.errors import LenetError

SHORT = {"schedule": ((5e-4, 1), (2e-4, 2)), "patterns": 50}


@pytest.fixture(scope="module")
def digits():
    return load_digits("embedded").train


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.slow
@pytest.mark.parametrize(
    "values", [{}, {"memory": 0.5}, STEPS_AS_PRINTED, {"distortions": DISTORTED}], ids=str
)
def test_compiled_and_torch_come_to_the_same(digits, values):
    outcomes, recipe = [], OriginalRecipe(**SHORT, **values)
    for engine in ("compiled", "torch"):
        model = LeNet5()
        history = train_original(model, digits, recipe, seed=3, updates=40, engine=engine)
        outcomes.append((weights(model), history))
    (compiled, one), (reference, other) = outcomes
    begun = LeNet5()
    start(begun, recipe, seed=3)
    for name, value in reference.items():
        moved = (value - begun.state_dict()[name]).abs().max().item()
        torch.testing.assert_close(compiled[name], value, rtol=1e-4, atol=0.01 * moved, msg=name)
    assert [r["error"] for r in one] == [r["error"] for r in other]
    assert [r["loss"] for r in one] == pytest.approx([r["loss"] for r in other], rel=1e-4)


@pytest.mark.slow
def test_it_learns(digits):
    model = LeNet5()
    first, *_, last = train_original(model, digits, OriginalRecipe(schedule=((5e-4, 4),)), seed=0)
    assert first["error"] > 2 * last["error"]
    assert last["loss"] < first["loss"]


@pytest.mark.slow
def test_a_seed_means_the_same_weights_and_another_means_others(digits):
    outcomes = []
    for seed in (0, 0, 1):
        model = LeNet5()
        train_original(model, digits, OriginalRecipe(**SHORT), seed=seed, updates=20)
        outcomes.append(weights(model))
    assert same(outcomes[0], outcomes[1])
    assert not same(outcomes[0], outcomes[2])


@pytest.mark.slow
@pytest.mark.parametrize("distortions", [None, DISTORTED], ids=["plain", "distorted"])
def test_goes_on_to_the_same_weights(digits, tmp_path, distortions):
    recipe = OriginalRecipe(**SHORT, memory=0.5, distortions=distortions)
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
    others = OriginalRecipe(**SHORT, distortions={"shift": 1.0})
    with pytest.raises(LenetError, match="another recipe"):
        train_original(LeNet5(), digits, others, updates=20, out=tmp_path)


def test_a_coefficient_of_the_mean_is_the_same_function_from_a_quarter(digits):
    """At the start: x = f(c' mean + b), with the four inputs averaged by torch's own pooling."""
    model = LeNet5()
    start(model, OriginalRecipe(coefficient=0.8, coefficient_of="mean"), seed=2)
    assert (model.S2.coefficient == 0.2).all()
    assert (model.S4.coefficient == 0.2).all()
    maps = model.C1(digits.images[:5])
    wanted = model.S2.squash(0.8 * F.avg_pool2d(maps, 2) + model.S2.bias[:, None, None])
    torch.testing.assert_close(model.S2(maps), wanted)
    other = LeNet5()
    start(other, OriginalRecipe(coefficient=0.2, coefficient_of="sum"), seed=2)
    assert same(weights(model), weights(other))


@pytest.mark.parametrize("method", ["sdlm", "sgd"])
@pytest.mark.parametrize(("make", "loss"), [(LeNet5, "map"), (LeNet4, "squared")])
def test_a_coefficient_of_the_mean_steps_as_if_it_were_one(digits, make, loss, method):
    """One update of c' by hand: the network computes with c = c' / 4, autograd and curvature are of c'."""
    recipe = OriginalRecipe(
        loss,
        schedule=((0.05, 1),),
        patterns=30,
        divisor=1.0,
        coefficient=1.0,
        coefficient_of="mean",
        method=method,
    )
    model, begun = make(), make()
    start(begun, recipe, seed=1)
    of_the_sum = replace(recipe, coefficient_of="sum", method="sdlm")
    h = passes._curvature(begun, digits, of_the_sum, passes._generator(1, 2))
    order = torch.randperm(len(digits), generator=passes._generator(1, 1))[:1]

    primes = {
        f"{name}.coefficient": torch.ones_like(layer.coefficient, requires_grad=True)
        for name, layer in begun.named_children()
        if isinstance(layer, layers.Subsampling)
    }
    output = torch.func.functional_call(
        begun, {name: prime / 4 for name, prime in primes.items()}, (digits.images[order],)
    )
    value = {"map": map_loss, "squared": squared_loss}[loss](output, digits.labels[order])
    gradients = torch.autograd.grad(value, list(primes.values()))
    train_original(model, digits, recipe, seed=1, updates=1)
    for (name, prime), gradient in zip(primes.items(), gradients, strict=True):
        # The second derivative along c' is that along c times (dc / dc')^2.
        curved = h[name] / 4**2 if method == "sdlm" else 0
        wanted = (prime - 0.05 / (recipe.mu + curved) * gradient) / 4
        moved = model.state_dict()[name] - begun.state_dict()[name]
        assert moved.abs().max() > 1e-4
        torch.testing.assert_close(moved, (wanted - prime / 4).detach(), rtol=1e-3, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("j", [0.1, 10.0])
def test_both_engines_know_j(digits, network, j):
    """On a trained network, whose distances are near enough for a class of rubbish to matter."""
    h = {name: torch.ones_like(value) for name, value in network.named_parameters()}
    order, outcomes = torch.arange(40), []
    for engine, own in (("compiled", j), ("torch", j), ("compiled", 1.0)):
        model = deepcopy(network).cpu()
        loss, _ = ENGINES[engine](model, OriginalRecipe(j=own))(digits, order, h, 1e-2)
        outcomes.append((weights(model), loss))
    (compiled, one), (reference, other), (_, usual) = outcomes
    assert one == pytest.approx(other, rel=1e-4)
    assert abs(one - usual) > 0.01 * usual
    for name, value in reference.items():
        moved = (value - network.state_dict()[name].cpu()).abs().max().item()
        torch.testing.assert_close(compiled[name], value, rtol=1e-4, atol=0.01 * moved, msg=name)


@pytest.mark.slow
def test_each_pass_shows_the_next_of_ten_versions_and_measures_the_curvature_on_it(digits, monkeypatch):
    batches = []

    def engine(model, recipe):
        def look(split, order, h, rate):
            batches.append((split, order, h))
            return 0.0, 0

        return look

    monkeypatch.setitem(ENGINES, "looks", engine)
    few = digits.select(slice(60))
    recipe = OriginalRecipe(
        schedule=((5e-4, VERSIONS + 2),), patterns=60, coefficient_of="sum", distortions=DISTORTED
    )
    model = LeNet5()
    train_original(model, few, recipe, seed=4, engine="looks")
    for number, (split, order, h) in enumerate(batches):
        wanted = draw_version(few, DISTORTED, 4, number % 10)
        assert torch.equal(split.images, wanted.images)
        assert torch.equal(split.labels, few.labels)
        assert torch.equal(order, batches[0][1])
        assert len(order) == len(few)
        measured = sdlm.curvature(deepcopy(model).double(), wanted.images.double())
        for name, value in measured.items():
            torch.testing.assert_close(h[name], (value / recipe.divisor).float(), rtol=1e-4, atol=0, msg=name)
    assert torch.equal(batches[0][0].images, few.images)
    versions = [split.images for split, *_ in batches[:VERSIONS]]
    assert not any(torch.equal(one, other) for one in versions for other in versions if one is not other)


@pytest.mark.slow
def test_the_curvature_is_a_running_estimate(digits, monkeypatch):
    """On a network that nobody trains: only the patterns it is measured on differ from pass to pass."""
    curvatures = []
    monkeypatch.setitem(
        ENGINES,
        "looks",
        lambda model, recipe: lambda split, order, h, rate: (curvatures.append(h), (0.0, 0))[1],
    )
    for memory in (0.0, 0.75, 1.0):
        train_original(LeNet5(), digits, OriginalRecipe(**SHORT, memory=memory), engine="looks")
    fresh, running, first = curvatures[:3], curvatures[3:6], curvatures[6:]
    for name, value in fresh[0].items():
        assert not torch.equal(value, fresh[1][name])
        wanted = 0.75 * (0.75 * value + 0.25 * fresh[1][name]) + 0.25 * fresh[2][name]
        torch.testing.assert_close(running[2][name], wanted)
        assert all(torch.equal(h[name], value) for h in (running[0], *first))


@pytest.mark.parametrize(("kind", "power"), [("scaled", 1), ("torch", 0.5)])
def test_the_start_is_as_wide_as_the_recipe_says(kind, power):
    model = LeNet5()
    start(model, OriginalRecipe(start=kind, coefficient=0.5, coefficient_of="sum"), seed=0)
    for layer, inputs in ((model.C1, 25), (model.C5, 400), (model.F6, 120)):
        limit = {"scaled": paper.INITIAL_WEIGHT_RANGE, "torch": 1}[kind] / inputs**power
        assert 0.9 * limit < layer.weight.abs().max() <= limit
    assert (model.S2.coefficient == 0.5).all()


def test_the_ten_versions_are_the_papers_540_000_more(digits):
    # Section III-B: 60,000 digits, and as many more distorted ones as make each digit ten.
    assert 60_000 * (VERSIONS - 1) == 540_000


@pytest.mark.slow
def test_a_version_depends_on_seed_and_version_alone(digits):
    one, again, other, later = (
        draw_version(digits, DISTORTED, seed, version).images
        for seed, version in ((1, 3), (1, 3), (2, 3), (1, 4))
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert not torch.equal(one, later)
    assert torch.equal(draw_version(digits, DISTORTED, 1, 0).images, digits.images)
    assert torch.equal(draw_version(digits, None, 1, 3).images, digits.images)


def test_some_digits_of_a_version_are_what_they_are_among_all(digits):
    which = torch.tensor([7, 2, 1100])
    whole, some = draw_version(digits, DISTORTED, 1, 3), draw_version(digits, DISTORTED, 1, 3, which)
    assert torch.equal(some.images, whole.images[which])
    assert torch.equal(some.labels, digits.labels[which])
    assert torch.equal(draw_version(digits, DISTORTED, 1, 0, which).images, digits.images[which])


def test_digits_are_shifted_up_to_the_limit_on_paper_that_stays_white(digits):
    shifted = draw_version(digits, {"shift": 2.0}, 0, 1).images
    places = torch.arange(paper.IMAGE_SIZE)

    def centres(images):
        ink = images[:, 0] - paper.BACKGROUND
        return torch.stack([(ink.sum(axis) * places).sum(1) / ink.sum((1, 2)) for axis in (1, 2)], 1)

    moved = centres(shifted) - centres(digits.images)
    assert moved.abs().max().item() == pytest.approx(2, abs=0.05)
    assert moved.mean().item() == pytest.approx(0, abs=0.1)
    assert (shifted[..., 0, 0] == digits.images.min()).all()
    assert shifted.min() == digits.images.min()


@pytest.mark.slow
@pytest.mark.parametrize("distortions", [DISTORTED, {"elastic": 0.5, "rotation": 10.0}], ids=str)
def test_another_scaling_has_the_same_versions(digits, distortions):
    def scaled(images):
        return images * 2 + 0.7

    wanted = scaled(draw_version(digits, distortions, 0, 1).images)
    distorted = draw_version(Split(scaled(digits.images), digits.labels), distortions, 0, 1).images
    # Steps of ink are rounded in one scaling or in the other.
    torch.testing.assert_close(distorted, wanted, rtol=0, atol=1.01 * (1 + 1 / 2) / passes._STEPS)
    assert not torch.allclose(distorted, scaled(digits.images), atol=0.1)


def test_a_recipe_with_distortions_survives_json():
    recipe = OriginalRecipe(distortions=DISTORTED)
    stored = json.loads(json.dumps(recipe.to_dict()))
    assert stored["distortions"] == DISTORTED
    stored["schedule"] = tuple(tuple(pair) for pair in stored["schedule"])
    assert OriginalRecipe(**stored) == recipe


@pytest.mark.slow
def test_it_learns_from_distorted_digits(digits):
    model = LeNet5()
    recipe = OriginalRecipe(schedule=((5e-4, 4),), distortions=DISTORTED)
    _, second, *_, last = train_original(model, digits, recipe)
    assert second["error"] > last["error"]


def test_the_papers_schedule_is_the_default():
    rates = OriginalRecipe().rates
    assert len(rates) == 20
    assert (rates[0], rates[-1]) == (paper.GLOBAL_RATES[0][0], paper.GLOBAL_RATES[-1][0])


def test_plain_descent_has_one_step_for_all(digits):
    recipe = OriginalRecipe(**SHORT, method="sgd")
    record = train_original(LeNet5(), digits, recipe, updates=5)[0]
    assert record["effective_rates"] == pytest.approx([5e-4 / recipe.mu] * 2)


@pytest.mark.slow
def test_older_networks_train_on_squared_error(digits):
    crop = slice(2, -2)
    digits = type(digits)(digits.images[..., crop, crop].contiguous(), digits.labels)
    recipe = OriginalRecipe(loss="squared", divisor=1.0, schedule=((5e-4, 4),))
    history = train_original(LeNet1(), digits, recipe)
    assert history[0]["error"] > history[-1]["error"]


@pytest.mark.slow
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
        ({"coefficient_of": "median"}, "coefficient_of must be one of sum, mean; got 'median'"),
        ({"coefficient": 0}, "coefficient must be"),
        ({"start": "zeros"}, "start must be one of scaled, torch; got 'zeros'"),
        ({"memory": 1.1}, "memory must be a number from 0 to 1; got 1.1"),
        ({"memory": None}, "memory must be"),
        ({"j": 0}, "j must be a number above 0; got 0"),
        ({"j": float("inf")}, "j must be"),
        ({"j": "1"}, "j must be"),
        ({"distortions": {"twirl": 1}}, "A distortion must be one of .*squeeze.*; got 'twirl'"),
        ({"distortions": {"squeeze": 1}}, "squeeze must be a number from 0 to 0.9; got 1"),
        ({"distortions": ["shift"]}, "distortions must be a dict"),
    ],
)
def test_recipe_says_what_is_wrong(values, message):
    with pytest.raises(LenetError, match=message):
        OriginalRecipe(**values)
