"""Recipes: their schedule, their limits, and which one is taken by default."""

import json

import pytest

from lenet_edu.network.architecture import MODERN, lenet5, rgb_lenet
from lenet_edu.system.errors import LenetError
from lenet_edu.training.recipes import (
    DISTORTIONS,
    RECIPES,
    Recipe,
    choose_recipe,
    default_recipe,
    named_recipe,
    recipe_names,
)

BASE = Recipe("base", epochs=2, batch_size=10, peak_rate=0.4, warm_up=0.25)


def test_rate_rises_to_the_peak_and_falls_to_zero():
    rates = [BASE.rate(progress) for progress in (0, 0.125, 0.25, 0.625, 1)]
    assert rates == pytest.approx([0, 0.2, 0.4, 0.2, 0])
    assert BASE.changed(warm_up=0.0).rate(0) == 0.4
    assert BASE.changed(warm_up=1.0).rate(0.5) == pytest.approx(0.2)


def test_rate_is_halved_at_the_epochs_that_the_recipe_says():
    recipe = BASE.changed(epochs=25, halve_every=10)
    rates = [recipe.rate(epoch / 25) for epoch in (0, 3, 9.99, 10, 19.99, 20, 24.9)]
    assert rates == pytest.approx([0.4, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1])


def test_the_tutorials_recipe_is_torchs_own_descent_and_schedule():
    """Against SGD and StepLR of torch, as the tutorial sets them up."""
    import torch

    recipe = RECIPES["tutorial"]
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    for epoch in range(recipe.epochs):
        assert recipe.rate(epoch / recipe.epochs) == pytest.approx(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    group = optimizer.param_groups[0]
    assert (recipe.momentum, recipe.nesterov, recipe.weight_decay) == (
        group["momentum"],
        group["nesterov"],
        group["weight_decay"],
    )
    assert (recipe.epochs, recipe.batch_size, recipe.vertical_flip) == (20, 32, 0.5)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES.keys())
def test_recipes_survive_json(recipe):
    assert Recipe(**json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("batch_size", -1),
        ("peak_rate", -0.1),
        ("peak_rate", float("nan")),
        ("peak_rate", float("inf")),
        ("momentum", 1.0),
        ("warm_up", 2),
        ("shift", 40),
        ("scale", "much"),
        ("elastic", -1),
        ("smoothing", 1.0),
        ("halve_every", -1),
        ("halve_every", 2.5),
        ("horizontal_flip", 1.5),
        ("vertical_flip", -0.1),
        ("colour", 1),
        ("squeeze", 1),
        ("start", "zero"),
    ],
)
def test_values_out_of_range_are_named(name, value):
    with pytest.raises(LenetError, match=f"{name} must be"):
        BASE.changed(**{name: value})


def test_default_fits_output_and_number_of_images():
    modern, original = lenet5(**MODERN), lenet5()
    assert default_recipe(modern, 54_996).name == "fast"
    assert default_recipe(original, 54_996).name == "fast_rbf"
    assert default_recipe(rgb_lenet(), 1_250).name == "small"
    assert default_recipe(rgb_lenet(), 9_000).name == "pictures"
    assert default_recipe(original, 1_250).name == "small_rbf"


def test_any_distortion_distorts_and_none_does_not():
    for name in DISTORTIONS:
        assert BASE.changed(**{name: 0.5}).distorts
    assert not BASE.changed(smoothing=0.1).distorts


def test_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(LenetError, match=r"fast, .*'slow'"):
        named_recipe("slow")


@pytest.mark.parametrize("name", ["tutorial", "pictures", "pictures_best"])
def test_recipes_for_pictures_are_neither_offered_nor_taken_for_digits(name):
    digits, pictures = lenet5(**MODERN), rgb_lenet()
    assert name not in recipe_names(digits)
    assert recipe_names(pictures) == list(RECIPES)
    assert choose_recipe(name, pictures, 9_000) == named_recipe(name, pictures) == RECIPES[name]
    for recipe in (name, RECIPES[name], RECIPES[name].changed(epochs=1)):
        with pytest.raises(LenetError, match=f"{name!r} is for pictures in colour.*reads digits"):
            choose_recipe(recipe, digits, 9_000)


def test_a_recipe_is_chosen_by_name_by_value_or_by_default():
    plan = lenet5(**MODERN)
    assert choose_recipe("plain", plan, 60_000) == RECIPES["plain"]
    assert choose_recipe(BASE, plan, 60_000) is BASE
    assert choose_recipe(None, plan, 60_000) == default_recipe(plan, 60_000)
    mirrored = BASE.changed(horizontal_flip=0.5)  # a reader's own experiment
    assert choose_recipe(mirrored, plan, 60_000) is mirrored
    with pytest.raises(LenetError, match=r"recipe must be a Recipe or the name of one .*; got 3"):
        choose_recipe(3, plan, 60_000)


def test_every_field_is_described():
    import dataclasses

    described = {line.strip().split(":")[0] for line in Recipe.__doc__.splitlines() if ":" in line}
    assert {field.name for field in dataclasses.fields(Recipe)} <= described
