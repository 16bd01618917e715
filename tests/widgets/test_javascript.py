"""The widgets' JavaScript: its own tests, its lint, and its arithmetic against torch's, through node."""

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lenet_edu import plots, widgets
from lenet_edu.network import paper
from lenet_edu.network.architecture import NETWORKS, ConvolutionSpec
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.ledger import ledger
from lenet_edu.network.models import LeNet5, build
from lenet_edu.training.checkpoints import load_network
from lenet_edu.widgets import C3Table, DigitCodes, FeatureMaps, Subsampling, base
from lenet_edu.widgets.c3_table import PRESETS
from tests.widgets.helpers import NODE, TESTS, javascript, needs_node, random_table, untrained

SHARED = {"chart", "kernel", "links", "names", "run_table", "shared", "sheet"}
NAMES = sorted({path.stem for path in base.HERE.glob("*.js")} - SHARED)
ARCHITECTURES = ("1998", "modern", "average", "sigmoid with a table", *NETWORKS)


def stirred(model):
    """The model with weights at which nothing is alike: subsampling starts with the same in every map."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in untrained(model, 0).parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model


def images_for(model, digits) -> torch.Tensor:
    """The digits as the network's input takes them: smaller, or in three colours that differ."""
    maps, size, _ = model.architecture.input.output_shape
    images = F.interpolate(digits.images, (size, size), mode="area")
    return images if maps == 1 else torch.cat([images, -images, 0.5 * images], 1)


def of_architecture(name: str):
    if name in ("1998", "modern"):
        return load_network(f"lenet5-{name}")
    if name in NETWORKS:
        return stirred(build({"network": name}))
    if name == "average":
        return untrained(LeNet5(subsampling="average"), 1)
    return untrained(LeNet5(c3=random_table(0), activation="sigmoid"), 2)


# The JavaScript itself


@pytest.mark.slow
@needs_node
def test_the_javascript_passes_its_own_tests():
    # By their names, since node 22 takes no folder.
    files = sorted(map(str, TESTS.glob("*.test.mjs")))
    assert len(files) > len(NAMES) - 1
    done = subprocess.run([NODE, "--test", *files], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout


def test_the_javascript_is_without_lint():
    oxlint = [Path(sys.executable).with_name("oxlint"), "--deny-warnings", base.HERE, TESTS]
    done = subprocess.run(oxlint, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout
    assert "Found 0 warnings and 0 errors" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_widget_is_one_module_with_one_export(name):
    text = base.module(name)
    assert not re.search(r"^\s*import\b", text, re.M)
    assert re.findall(r"^[ ]*export default [\w ]*[({]|^[ ]*export (?!default).*", text, re.M) in (
        ["export default {"],
        ["export default widget("],
    )


@needs_node
@pytest.mark.parametrize("name", NAMES)
def test_node_takes_a_widgets_module(name, tmp_path):
    path = tmp_path / f"{name}.mjs"
    path.write_text(base.module(name), encoding="utf-8")
    done = subprocess.run([NODE, "--check", path], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_widgets_own_styles_hold_for_it_alone(name):
    shared, own = ((base.HERE / f"{part}.css").read_text("utf-8") for part in ("shared", name))
    assert base.styles(name) == f'{shared}.lenet-widget[data-widget="{name}"] {{\n{own}}}\n'
    assert f'"{name}"' in base.module(name)


# FeatureMaps: the browser's arithmetic is torch's


ARITHMETIC = """
const layers = js.lay(given.layers);
const last = layers[layers.length - 1];
const under = layers[layers.length - 2];
const outputs = js.floats(given.activations, last.outputs + js.size(last.shape), "activations");
const weights = js.floats(given.parameters, last.weights + js.parameterCount(last, under), "parameters");
return given.units.map(([index, unit]) => {
  const done = js.arithmetic(layers, outputs, weights, index, unit);
  return { ...done, field: js.field(layers, index, unit[1], unit[2]), text: js.explain(layers[index], done) };
});
"""


@pytest.fixture(scope="module", params=ARCHITECTURES)
def shown_units(request, digits):
    """A network, its outputs for one image, and what JavaScript says of 60 random units a layer."""
    if NODE is None:
        pytest.skip("install node 18 or newer to run this test")
    model = of_architecture(request.param)
    generator = torch.Generator().manual_seed(3)
    images = images_for(model, digits)
    widget = FeatureMaps(model, images, digit=3)
    outputs = activations(model, images[3:4])
    units = []
    for index, layer in enumerate(widget.layers):
        places = torch.randperm(math.prod(layer["shape"]), generator=generator)[:60].tolist()
        units += [(index, [int(at) for at in np.unravel_index(place, layer["shape"])]) for place in places]
    given = {name: getattr(widget, name) for name in ("layers", "activations", "parameters")}
    return model, outputs, units, javascript("feature_maps", ARITHMETIC, units=units, **given)


@pytest.mark.slow
def test_every_layer_is_shown_with_units_enough(shown_units):
    model, outputs, units, answers = shown_units
    assert list(outputs) == list(model.architecture.shapes)
    for index, output in enumerate(outputs.values()):
        assert sum(at == index for at, _ in units) == min(60, output.numel())
    assert len(answers) == len(units)


def test_the_arithmetic_on_hover_is_torchs(shown_units):
    _, outputs, units, answers = shown_units
    for (index, unit), done in zip(units, answers, strict=True):
        name, output = list(outputs.items())[index]
        value = output[0][tuple(unit)[: output[0].ndim]].item()
        assert done["value"] == value, (name, unit)
        if index:
            assert done["result"] == pytest.approx(value, rel=1e-5, abs=1e-5), (name, unit)


def test_the_squares_on_hover_are_those_of_the_figures_and_the_rest_is_the_borders(shown_units):
    model, _, units, answers = shown_units
    plan = model.architecture
    for (index, (map_, row, column)), done in zip(units, answers, strict=True):
        *below, layer = list(plan.shapes)[: index + 1]
        squares = plots.field_squares(plan, layer, (row, column))
        assert done["field"] == list(squares["INPUT"]), layer
        if isinstance(plan[layer], ConvolutionSpec):
            maps = plan[layer].connected(plan.shapes[below[-1]][0])[:, map_].sum()
            _, _, height, width = squares[below[-1]]
            assert len(done["terms"]) == maps * plan[layer].kernel ** 2
            assert len(done["terms"]) - done["beyond"] == maps * height * width


def test_the_words_on_hover_end_with_the_units_value(shown_units):
    _, _, units, answers = shown_units
    for (index, _), done in zip(units, answers, strict=True):
        if index:
            assert float(re.findall(r"-?[\d.]+", done["text"])[-1]) == pytest.approx(
                done["value"], abs=0.0006
            )


@needs_node
def test_the_maps_that_a_unit_reads_are_the_tables():
    widget = FeatureMaps(LeNet5(), torch.zeros(1, 1, 32, 32))
    body = "const l = js.lay(given.layers); return l[3].reads.map((_, map) => js.reads(l[3], l[2], map));"
    wanted = [column.nonzero()[0].tolist() for column in paper.C3_TABLE.T]
    assert javascript("feature_maps", body, layers=widget.layers) == wanted


# The other widgets


@needs_node
@pytest.mark.parametrize(
    ("size", "padding", "stride"), [(5, 0, 1), (3, 1, 2), (1, 4, 3), (9, 2, 4), (4, 3, 1)]
)
def test_a_convolution_is_torchs(digits, size, padding, stride):
    widget = widgets.Convolution(digits.images[3])
    widget.kernel = torch.rand(size, size, generator=torch.Generator().manual_seed(size)).tolist()
    widget.padding, widget.stride = padding, stride
    body = """const { image, kernel, padding, stride } = given;
        return js.convolve(js.floats(image, 32 * 32, ""), [32, 32], kernel, padding, stride);"""
    given = {name: getattr(widget, name) for name in ("image", "kernel", "padding", "stride")}
    done, wanted = javascript("convolution", body, **given), widget.output()
    assert (done["rows"], done["columns"]) == tuple(wanted.shape)
    np.testing.assert_allclose(done["sums"], wanted.flatten(), rtol=1e-4, atol=1e-5)


@needs_node
@pytest.mark.parametrize("table", [*PRESETS, random_table(1), random_table(2)], ids=str)
def test_a_table_is_counted_as_the_ledger_does(table):
    widget = C3Table(table)
    row = ledger(LeNet5(c3=widget.table))["C3"]
    body = "return js.counts(given.links, given.kernel, given.places)"
    done = javascript("c3_table", body, links=widget.links, kernel=widget.kernel, places=widget.places)
    assert done == {
        "links": int(widget.table.sum()),
        "parameters": row.parameters.value,
        "connections": row.connections.value,
    }


@needs_node
def test_distances_to_redrawn_codes_are_torchs(network, digits):
    widget = DigitCodes(network, digits)
    generator = torch.Generator().manual_seed(4)
    widget.codes = (2 * torch.randint(0, 2, (10, 84), generator=generator) - 1).tolist()
    body = """const all = js.floats(given.f6, 840, "");
        const f6 = (digit) => all.subarray(84 * digit, 84 * (digit + 1));
        return given.digits.map((digit) => js.distances(f6(digit), given.codes));"""
    done = javascript("digit_codes", body, f6=widget.f6, codes=widget.codes, digits=list(range(10)))
    for widget.digit, distances in enumerate(done):
        np.testing.assert_allclose(distances, widget.distances(), rtol=1e-5)


@needs_node
@pytest.mark.parametrize(("coefficient", "bias"), [(0.25, 0), (2, -6), (-0.4, 0.7)])
def test_subsampled_maps_are_torchs(network, digits, coefficient, bias):
    maps = activations(network, digits.images[3:4])["C1"][0]
    widget = Subsampling(maps, coefficient=coefficient, bias=bias)
    body = """return js.sumsOfFour(js.floats(given.maps, 6 * 28 * 28, ""), given.shape)
        .map((sum) => given.squash[0] * Math.tanh(given.squash[1] * (given.c * sum + given.b)));"""
    given = {"maps": widget.maps, "shape": widget.shape, "squash": widget.squash, "c": coefficient, "b": bias}
    np.testing.assert_allclose(javascript("subsampling", body, **given), widget.output().flatten(), atol=1e-5)
