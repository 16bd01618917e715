"""The playground without a browser: what its JavaScript computes is what Python computes."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from lenet_edu.data.splits import Scaling, resize_for
from lenet_edu.engine.plan import plan
from lenet_edu.network import paper
from lenet_edu.network.architecture import Architecture, lenet5, rgb_lenet
from lenet_edu.network.ledger import ledger
from lenet_edu.network.models import LeNet5, build
from lenet_edu.site import playground
from lenet_edu.site.playground.bundle import bundle
from lenet_edu.site.playground.content import architectures, content
from lenet_edu.system.errors import LenetError
from lenet_edu.training.recipes import RECIPES, default_recipe
from lenet_edu.widgets.feature_maps import describe, flat_parameters
from lenet_edu.widgets.training_panel import in_words
from tests.engine.networks import GAPS, joined, stirred
from tests.engine.node import needs_node, run

FOLDER = Path(playground.__file__).parent
TRAINING = FOLDER.parents[1] / "widgets" / "training"
TABLES = [GAPS, np.eye(6, 16, dtype=bool), np.random.default_rng(0).random((6, 16)) < 0.4]
NETWORKS: list[Architecture] = [
    *architectures(),
    *(lenet5(c3=table) for table in TABLES),
    rgb_lenet(classes=7),
]


def js(module: str, body: str, **given):
    """What `body` returns in node, where `own` is a module of its, and `given` holds the rest."""
    paths = [folder / f"{module}.js" for folder in (FOLDER, TRAINING)]
    path = json.dumps(next(path for path in paths if path.exists()).as_uri())
    return run(f"const own = await import({path}); {body}", **given)


@pytest.fixture(scope="module")
def known() -> dict:
    """What the page knows from Python, as it stands in the page."""
    return json.loads(json.dumps(content()))


# Networks ----------------------------------------------------------------------------------------------


@needs_node
def test_every_network_has_pythons_plan(known):
    body = "return given.configs.map((config) => own.planOf(given.known, config));"
    plans = js("plans", body, known=known, configs=[network.config for network in NETWORKS])
    wanted = json.loads(json.dumps([plan(network) for network in NETWORKS]))
    for came, expected in zip(plans, wanted, strict=True):
        if isinstance(expected["network"].get("c3"), list):
            came["name"] = expected["name"]  # a table of one's own has a shorter name there
        assert came == expected, expected["name"]


@pytest.mark.slow
@needs_node
def test_every_ledger_is_pythons():
    body = """return given.plans.map((plan) => {
      const { name, rows, totals } = own.ledger(plan);
      const all = (row, show) => Object.fromEntries(
        Object.entries(row.quantities).filter(([, q]) => q).map(([key, q]) => [key, show(q)]));
      return { name, totals, rows: rows.map((row) => ({
        name: row.name, kind: row.kind, output_shape: row.output,
        ...all(row, (q) => q.value), formulas: all(row, own.inWords) })) };
    });"""
    came = js("ledger", body, plans=[plan(network) for network in NETWORKS])
    for theirs, network in zip(came, NETWORKS, strict=True):
        wanted = ledger(network).to_dict()
        for row in wanted["rows"]:
            del row["input_shape"]
        assert theirs == wanted, network.name


@pytest.mark.slow
@needs_node
def test_what_the_view_of_feature_maps_takes_is_pythons(known):
    models = [stirred(lambda network=network: build(network.config)) for network in NETWORKS]
    body = """return given.plans.map((plan, i) => ({
      layers: own.describeLayers(plan, given.known.squash),
      parameters: own.flatParameters(plan, given.weights[i]) }));"""
    plans = [plan(network) for network in NETWORKS]
    weights = [joined(model.parameters()) for model in models]
    for came, model in zip(js("plans", body, known=known, plans=plans, weights=weights), models, strict=True):
        name = model.architecture.name
        assert came["layers"] == json.loads(json.dumps(describe(model.architecture))), name
        assert np.array_equal(came["parameters"], flat_parameters(model).numpy()), name


@pytest.mark.slow
@needs_node
def test_gradients_are_measured_layer_by_layer():
    model = stirred(LeNet5)
    gradient = joined(model.parameters())
    body = "return own.gradientSizes(given.plan, given.gradient);"
    for row in js("plans", body, plan=plan(model.architecture), gradient=gradient):
        values = joined(getattr(model, row["layer"]).parameters())
        assert row["size"] == pytest.approx(np.sqrt((values**2).mean()), rel=1e-5)


@pytest.mark.slow
@needs_node
@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 1000, 241_904])
def test_a_sum_is_sha_256(size):
    data = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)
    assert js("sha256", "return own.sha256(given.data);", data=data) == hashlib.sha256(data).hexdigest()


# Recipes and links -------------------------------------------------------------------------------------


@needs_node
def test_recipes_are_told_in_pythons_words(known):
    changed = [recipe.changed(epochs=1, peak_rate=0.01) for recipe in RECIPES.values()]
    recipes = [*RECIPES.values(), *changed]
    body = "return given.recipes.map((recipe) => own.recipeInWords(given.known, recipe));"
    words = js("choices", body, known=known, recipes=[recipe.to_dict() for recipe in recipes])
    assert words == [in_words(recipe) for recipe in recipes]


@needs_node
@pytest.mark.parametrize("images", [100, 10**6])
def test_the_quick_recipe_for_digits_is_pythons(known, images):
    digits = [network for network in NETWORKS if network.input.maps == 1]
    body = """return given.configs.map((config) =>
      own.defaultRecipe(given.known, own.withConfig(own.FIRST, config), given.images));"""
    names = js("choices", body, known=known, configs=[one.config for one in digits], images=images)
    assert names == [default_recipe(one, images).name for one in digits]


CHOICES = [
    {},
    {
        "c3": "table",
        "subsampling": "trainable",
        "activation": "scaled_tanh",
        "output": "rbf",
        "recipe": "small_rbf",
    },
    {"c3": ["X..............X", *["." * 16] * 4, "XX.............."], "seed": 2**31 - 1},
    {
        "changes": {"epochs": 3, "peak_rate": 0.125, "momentum": 0, "batch_size": 7},
        "data": "mnist",
        "recipe": "fast",
    },
    {"network": "lenet1989", "data": "drawn", "from": "0123456789ab"},
    {"network": "rgb", "f7": False, "data": "pictures", "recipe": "pictures"},
]


@needs_node
@pytest.mark.parametrize("change", CHOICES, ids=range(len(CHOICES)))
def test_a_link_says_all_that_was_chosen(known, change):
    body = """const choice = { ...own.FIRST, ...given.change };
    const link = own.writeLink(given.known, choice);
    const back = own.readLink(given.known, link);
    return {
      link, again: own.writeLink(given.known, back), config: own.configOf(choice), same: own.configOf(back),
      recipe: own.recipeOf(given.known, choice), same_recipe: own.recipeOf(given.known, back),
      name: own.runName(given.known, choice), same_name: own.runName(given.known, back) };"""
    came = js("choices", body, known=known, change=change)
    assert came["link"] == came["again"]
    assert came["config"] == came["same"]
    assert came["recipe"] == came["same_recipe"]
    assert came["name"] == came["same_name"]
    assert came["link"].startswith("#v=1&net=")
    assert len(came["link"]) < 200


@needs_node
@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("#net=lenet5", "begins with #v=1; this one has v=nothing"),
        ("#v=2", "begins with #v=1; this one has v=2"),
        ("#v=1&net=vgg", "net in a link must be one of lenet5, lenet4, lenet1, lenet1989, rgb; got vgg"),
        ("#v=1&colour=red", "A link has no part colour"),
        ("#v=1&c3=12", "c3 in a link must be paper, full or 24 hexadecimal digits; got 12"),
        ("#v=1&act=gelu", "act in a link must be one of scaled_tanh, sigmoid, relu; got gelu"),
        ("#v=1&seed=-1", "seed in a link must be a whole number from 0 to 2147483647; got -1"),
        ("#v=1&epochs=0", "epochs must be a whole number from 1"),
        ("#v=1&rate=", "peak_rate must be a number"),
        ("#v=1&recipe=pictures", "recipe in a link must be one of .*small; got pictures"),
        ("#v=1&out=rbf&recipe=small", "recipe in a link must be one of fast_rbf, small_rbf; got small"),
        ("#v=1&net=rgb&data=embedded", "data in a link must be one of pictures; got embedded"),
    ],
)
def test_a_wrong_link_is_told_in_words(known, link, message):
    body = """try { own.readLink(given.known, given.link); }
    catch (error) { return `${error.name}: ${error.message}`; }"""
    came = js("choices", body, known=known, link=link)
    assert came is not None
    assert came.startswith("LinkError: ")
    with pytest.raises(LenetError, match=message):
        raise LenetError(came)


# Digits for smaller inputs ---------------------------------------------------------------------------


@pytest.mark.slow
@needs_node
@pytest.mark.parametrize("size", [paper.IMAGE_SIZE, paper.MNIST_SIZE, 16])
def test_digits_are_made_smaller_as_python_does(digits, embedded, size):
    ink = embedded.scaling.undo(digits.images)
    body = """return given.images.map((image) => own.inkForSize(given.size, image));"""
    came = js("sizes", body, images=[image.flatten() for image in ink], size=size)
    wanted = resize_for(size, ink, Scaling("ink", 0.0, 1.0))
    wanted = (wanted + 1) / 2 if size == 16 else wanted
    np.testing.assert_allclose(np.stack(came), wanted.flatten(1), atol=1e-5)


# The page ----------------------------------------------------------------------------------------------


def test_the_page_is_one_file_that_asks_for_nothing(tmp_path):
    path = playground.build(tmp_path, {"en": "../start.html"})
    text = path.read_text("utf-8")
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["index.html"]
    assert path.stat().st_size < 1_000_000
    assert 'href="../start.html"' in text
    for address in ("<script src", '<link rel="stylesheet', "@import", "import.meta", "http://", "//cdn"):
        assert address not in text.replace("http://www.w3.org/", ""), address


def test_an_import_of_another_form_is_refused(tmp_path):
    (tmp_path / "a.js").write_text('import * as b from "./b.js";\n')
    with pytest.raises(LenetError, match="form that bundle"):
        bundle(tmp_path / "a.js", tmp_path)


@pytest.mark.slow
@needs_node
def test_a_bundle_runs_as_its_modules_do(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.js").write_text(
        "export const one = 1;\nexport function two() {\n  return 2;\n}\n"
        "const hidden = 3;\nexport default hidden;\n"
    )
    (tmp_path / "a.js").write_text(
        'import three, { one, two as zwei } from "./deep/b.js";\nglobalThis.sum = one + zwei() + three;\n'
    )
    text, _ = bundle(tmp_path / "a.js", tmp_path)
    assert run("eval(given.text); return globalThis.sum;", text=text) == 6
