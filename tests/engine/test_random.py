"""What a seed draws in JavaScript is what it draws in Python: numbers, starts and distortions."""

import numpy as np
import pytest
import torch

from lenet_edu.engine.plan import plan
from lenet_edu.network.models import LeNet1, LeNet4, LeNet5, LeNet1989, RGBLeNet
from lenet_edu.training.distortions import distort, draw_distortions
from lenet_edu.training.recipes import RECIPES, Recipe

from .networks import joined
from .node import needs_node, run

pytestmark = needs_node
ALL_DISTORTIONS = Recipe(
    "all", 1, 2, 0.1, rotation=30, shift=5, scale=0.4, shear=0.4, elastic=1.5, squeeze=0.3, colour=0.5,
    horizontal_flip=0.5, vertical_flip=0.5,
)  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1, (7 << 20) + 3, 5 * 2**32 + 9])
def test_numbers_are_those_of_torch(seed):
    drawn = run(
        """
        const generator = new (await use("random.js")).Generator(given.seed);
        const rand = generator.rand(1000);
        const order = new Int32Array(generator.randperm(55000));
        return { rand, order, randn: generator.randn(1037), more: generator.rand(10) };
        """,
        seed=seed,
    )
    generator = torch.Generator().manual_seed(seed)
    assert np.array_equal(drawn["rand"], torch.rand(1000, generator=generator))
    assert np.array_equal(drawn["order"], torch.randperm(55000, generator=generator))
    np.testing.assert_allclose(drawn["randn"], torch.randn(1037, generator=generator), atol=2e-6)
    assert np.array_equal(drawn["more"], torch.rand(10, generator=generator))


def test_functions_are_right_to_the_last_digits():
    worst = run(
        """
        const { log, exp, sine } = await use("functions.js");
        let worst = 0;
        for (let i = 1; i < 20000; i++) {
          const x = i / 200 - 50;
          const errors = [
            sine(x).sin - Math.sin(x), sine(x).cos - Math.cos(x),
            log(i / 100) - Math.log(i / 100), exp(x) / Math.exp(x) - 1,
          ];
          worst = Math.max(worst, ...errors.map(Math.abs));
        }
        return worst;
        """
    )
    assert worst < 2e-14


@pytest.mark.parametrize("seed", [-1, 0.5, "1", None])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(AssertionError, match="A seed must be a whole number of at least 0; got"):
        run('new (await use("random.js")).Generator(given.seed);', seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", ["scaled", "torch"])
@pytest.mark.parametrize(
    "model",
    [
        LeNet5(),
        LeNet5(c3="full"),
        LeNet5(activation="relu", output="linear", subsampling="max"),
        LeNet5(activation="sigmoid"),
        LeNet1(),
        LeNet4(),
        LeNet1989(),
        RGBLeNet(),
    ],
    ids=lambda model: model.architecture.name if hasattr(model, "architecture") else None,
)
def test_a_start_is_the_one_that_torch_draws(model, start):
    model.reset_parameters(torch.Generator().manual_seed(7), start)
    weights = run(
        """
        const { Generator } = await use("random.js");
        return (await use("start.js")).drawStart(given.plan, new Generator(7), given.start);
        """,
        plan=plan(model.architecture),
        start=start,
    )
    assert np.array_equal(weights, joined(model.parameters()))


@pytest.mark.slow
@pytest.mark.parametrize("maps", [1, 3])
@pytest.mark.parametrize("recipe", [*RECIPES.values(), ALL_DISTORTIONS], ids=lambda recipe: recipe.name)
def test_distortions_are_those_of_python(recipe, maps):
    images = torch.rand(20, maps, 32, 32, generator=torch.Generator().manual_seed(5))
    background = -0.1 if maps == 1 else None
    came = run(
        """
        const { drawDistortions, distort, distorts } = await use("distortions.js");
        const distortions = drawDistortions(given.recipe, 20, new (await use("random.js")).Generator(9));
        const pixels = given.images.length / 20;
        const part = (array, i) => array.subarray(i * pixels, (i + 1) * pixels);
        const out = new Float32Array(given.images.length);
        for (let i = 0; i < 20; i++) {
          distort(part(given.images, i), 32, distortions, i, given.background, part(out, i));
        }
        return { drawn: distortions.values, out, distorts: distorts(given.recipe) };
        """,
        recipe=recipe.to_dict(),
        images=images,
        background=background,
    )
    drawn = draw_distortions(recipe, 20, torch.Generator().manual_seed(9))
    np.testing.assert_allclose(came["drawn"], drawn.flatten(), atol=2e-6)
    np.testing.assert_allclose(came["out"], distort(images, drawn, background).flatten(), atol=2e-5)
    assert came["distorts"] == recipe.distorts


@pytest.mark.slow
def test_recipes_have_the_rates_of_python():
    progress = [i / 500 for i in range(501)]
    for recipe in RECIPES.values():
        rates = run(
            """
            const { checkRecipe, rateAt } = await use("recipes.js");
            return given.progress.map((share) => rateAt(checkRecipe(given.recipe), share));
            """,
            recipe=recipe.to_dict(),
            progress=progress,
        )
        assert rates == [recipe.rate(share) for share in progress]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("epochs", 1.5, "epochs must be a whole number from 1 to Infinity; got 1.5"),
        ("peak_rate", -1, "peak_rate must be a number from 0 to"),
        ("momentum", "0.9", 'momentum must be a number from 0 to 0.999; got "0.9"'),
        ("nesterov", 1, "nesterov must be true or false; got 1"),
        ("start", "zero", 'start must be one of scaled, torch; got "zero"'),
    ],
)
def test_a_recipe_out_of_range_is_refused_by_its_field(field, value, message):
    recipe = {**RECIPES["fast"].to_dict(), field: value}
    with pytest.raises(AssertionError, match=message):
        run('(await use("recipes.js")).checkRecipe(given.recipe);', recipe=recipe)
