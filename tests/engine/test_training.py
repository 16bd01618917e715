"""Training in workers: the weights of Python's own training, the same bits however it is cut up."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import datasets

from lenet_edu.data.digits import load_digits
from lenet_edu.engine.plan import plan
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.models import LeNet5
from lenet_edu.reproduction.passes import OriginalRecipe, train_original
from lenet_edu.training.evaluation import confusion
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import RECIPES

from .networks import joined
from .node import needs_node, run

pytestmark = needs_node
SPAWN = json.dumps((Path(__file__).parent / "js" / "spawn.mjs").as_uri())
BEGIN = f"""
const {{ spawn, next }} = await import({SPAWN});
const {{ startTraining }} = await use("trainer.js");
const data = (await use("data.js")).embeddedDigits(given.small, given.labels);
const {{ plan, recipe, scaling, workers = 1 }} = given;
const start = (more = {{}}) =>
  startTraining({{ engine, plan, data, scaling, recipe, seed: 3, workers, spawn, ...more }});
const end = (training) => next(training, "paused", "finished", "diverged", "failed");
const play = async (training, until) => {{
  const ended = end(training);
  await training.play(until);
  return ended;
}};
"""
SMALL = RECIPES["small"].changed(epochs=2)
SMALL_RBF = RECIPES["small_rbf"].changed(epochs=2)


def train(body: str, model, recipe, **given):
    """What `body` returns, with `start`, `play` and the embedded digits at hand."""
    bunch = datasets.load_digits()
    return run(
        BEGIN + body,
        small=bunch.images.astype(np.uint8).ravel(),
        labels=bunch.target.astype(np.uint8),
        plan=plan(model.architecture),
        recipe=recipe.to_dict(),
        scaling=load_digits("embedded").scaling.to_dict(),
        **given,
    )


def digest(weights) -> str:
    return hashlib.sha256(np.ascontiguousarray(weights).tobytes()).hexdigest()


@pytest.mark.slow
def test_a_training_comes_to_the_weights_of_pythons():
    model = LeNet5()
    came = train(
        """
        const training = await start();
        const { name } = await play(training);
        const state = await training.state();
        const test = await training.evaluate("test");
        training.close();
        return { name, weights: state.weights, history: state.history, curve: state.curve, test };
        """,
        model,
        SMALL_RBF,
    )
    digits = load_digits("embedded")
    model.reset_parameters(torch.Generator().manual_seed(3))
    ours = fit(model, digits, SMALL_RBF, seed=3, device="cpu", progress=False)
    last = torch.cat([tensor.flatten() for tensor in ours.last_weights.values()])
    np.testing.assert_allclose(came["weights"], last, atol=1e-5)
    for theirs, record in zip(came["history"], ours.history, strict=True):
        for name in (
            "train_loss",
            "train_accuracy",
            "validation_loss",
            "validation_accuracy",
            "learning_rate",
        ):
            assert theirs[name] == pytest.approx(record[name], rel=1e-5, abs=1e-9), name
    assert [point["epoch"] for point in came["curve"]] == [point["epoch"] for point in ours.curve]
    assert came["name"] == "finished"
    model.load_state_dict(ours.last_weights)
    assert came["test"]["confusion"] == confusion(model, digits.test).tolist()
    assert came["test"]["accuracy"] == pytest.approx(1 - len(came["test"]["mistakes"]) / len(digits.test))


@pytest.mark.slow
@pytest.mark.parametrize("make", [lambda: LeNet5(**MODERN), LeNet5], ids=["modern", "1998"])
def test_the_bits_do_not_depend_on_how_a_training_is_cut_up(make):
    recipe = (SMALL_RBF if make().has_rbf_output else SMALL).changed(epochs=1, elastic=0.5)
    runs = train(
        """
        const runs = [];
        for (const workers of [1, 2, 3]) {
          const training = await start({ workers });
          await play(training);
          runs.push((await training.state()).weights);
          training.close();
        }
        let state;
        for (const stop of [7, 16, Infinity]) {
          const training = await start({ workers: 2 });
          if (state) await training.restore(state);
          await play(training, { steps: stop });
          state = await training.state();
          training.close();
        }
        return [...runs, state.weights];
        """,
        make(),
        recipe,
    )
    assert len({digest(weights) for weights in runs}) == 1


@pytest.mark.slow
def test_a_recorded_training_comes_to_the_recorded_bits():
    """Another browser, processor or build that rounds otherwise would fail here."""
    weights = train(
        """
        const training = await start();
        await play(training, { steps: 20 });
        const { weights } = await training.state();
        training.close();
        return weights;
        """,
        LeNet5(**MODERN),
        SMALL.changed(elastic=0.5),
    )
    assert digest(weights) == RECORDED


RECORDED = "3ac829b53fa635c04fb75f12dc6a80edf989932dbb86a3a5ab0526725467e89e"


@pytest.mark.slow
def test_a_rate_can_be_changed_and_a_pause_is_heard():
    came = train(
        """
        const training = await start();
        const heard = [];
        training.addEventListener("point", ({ detail }) => heard.push(detail.rate));
        const paused = end(training);
        await training.play();
        await training.pause();
        const { name } = await paused;
        await training.changeRate(0.001);
        await play(training, { epochs: 1 });
        const changed = await training.state();
        await training.reset(3, recipe);
        const { steps, curve } = await training.state();
        training.close();
        const [now, first] = [changed.recipe.peak_rate, changed.startedWith.peak_rate];
        return { name, last: heard.at(-1), now, first, steps, curve };
        """,
        LeNet5(**MODERN),
        SMALL,
    )
    assert came["name"] == "paused"
    assert came["last"] <= came["now"] == 0.001 < came["first"] == SMALL.peak_rate
    assert came["steps"] == 0
    assert came["curve"] == []


def test_an_exploded_loss_stops_with_the_last_good_weights():
    came = train(
        """
        const training = await start();
        const first = (await training.state()).weights;
        const { name, detail } = await play(training);
        const { weights } = await training.state();
        training.close();
        return { name, message: detail.message, first, weights };
        """,
        LeNet5(**MODERN),
        SMALL.changed(peak_rate=1e9, warm_up=0.0),
    )
    assert came["name"] == "diverged"
    assert "the training has diverged" in came["message"]
    assert "Lower the learning rate" in came["message"]
    assert np.array_equal(came["weights"], came["first"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("state.format = 0", "kept in format 1; this one has 0. Start it anew."),
        ("state.source = 'MNIST'", "is on 1250 images of MNIST; here are 1250 of embedded digits"),
        ("state.network = {...state.network, c3: 'full'}", "is of another network than LeNet-5"),
        ("state.recipe = {...state.recipe, epochs: 0}", "epochs must be a whole number"),
    ],
)
def test_a_state_of_another_training_is_refused_with_the_reason(change, message):
    came = train(
        f"""
        const training = await start();
        const state = await training.state();
        {change};
        const refusal = await training.restore(state).then(() => "nothing", (error) => error.message);
        training.close();
        return refusal;
        """,
        LeNet5(),
        SMALL_RBF,
    )
    assert message in came


@pytest.mark.slow
def test_the_recipe_of_1998_comes_to_the_weights_of_pythons():
    model = LeNet5()
    recipe = OriginalRecipe(schedule=((0.0005, 1), (0.0002, 1)), patterns=50)
    digits = load_digits("embedded")
    came = train(
        """
        const training = await start();
        await play(training);
        const { weights, history } = await training.state();
        training.close();
        return { weights, history };
        """,
        model,
        recipe,
    )
    history = train_original(model, digits.train, recipe, seed=3)
    np.testing.assert_allclose(came["weights"], joined(model.parameters()), atol=1e-4)
    for theirs, record in zip(came["history"], history, strict=True):
        assert 1 - theirs["train_accuracy"] == pytest.approx(record["error"], abs=2e-3)
        assert theirs["train_loss"] == pytest.approx(record["loss"], rel=1e-3)
