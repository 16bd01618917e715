"""Widgets as wholes: what fits is taken and what does not changes nothing, here and from the browser."""

import io
import json
import math

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image
from traitlets import TraitError

from lenet_edu.data import normalise as pictures
from lenet_edu.data.picture_sets import draw_shapes
from lenet_edu.data.splits import PAPER_SCALING, Scaling, Split
from lenet_edu.network import architecture, paper
from lenet_edu.network.architecture import MODERN, NETWORKS, lenet5
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.models import LeNet1, LeNet5, Network, RGBLeNet, count_parameters
from lenet_edu.system.errors import LenetError
from lenet_edu.training.checkpoints import load_network
from lenet_edu.training.reading import predict
from lenet_edu.widgets import (
    C3Table,
    Convolution,
    DigitCodes,
    DrawDigit,
    FeatureMaps,
    LossSurface,
    Robustness,
    Subsampling,
    base,
)
from lenet_edu.widgets.c3_table import PRESETS, preset
from lenet_edu.widgets.draw_digit import SIDE, STEPS
from results import strokes
from tests.widgets.helpers import floats, javascript, needs_node, random_table, untrained
from tests.widgets.test_loss_surface import valley

matplotlib.use("agg")


@pytest.fixture(scope="module")
def show(network, digits):
    """Makes a widget by its name."""
    made = {
        "FeatureMaps": lambda: FeatureMaps(network, digits, digit=3),
        "Convolution": lambda: Convolution(digits.images[3], network.C1),
        "C3Table": C3Table,
        "DigitCodes": lambda: DigitCodes(network, digits, digit=3),
        "Subsampling": lambda: Subsampling(activations(network, digits.images[:1])["C1"][0]),
        "DrawDigit": lambda: DrawDigit(network),
        "Robustness": lambda: Robustness(network, digits, digit=3),
        "LossSurface": lambda: LossSurface(valley()),
    }
    return lambda name: made[name]()


@pytest.fixture
def sent(monkeypatch):
    """What widgets send to the browser besides their traits."""
    messages = []
    monkeypatch.setattr(base.Widget, "send", lambda self, content, buffers=None: messages.append(content))
    return messages


def traits_of(widget) -> dict:
    return {name: value for name, value in widget.get_state().items() if not name.startswith("_")}


def set_here(widget, trait: str, value) -> None:
    setattr(widget, trait, value)


def set_by_browser(widget, trait: str, value) -> None:
    widget.set_state({trait: memoryview(value) if isinstance(value, bytes) else value})


both_ways = pytest.mark.parametrize("give", [set_here, set_by_browser])

CODES = paper.DIGIT_CODES.reshape(10, 84).tolist()
TAKEN = {
    "FeatureMaps": {"digit": 9, "layer": "F6", "unit": [83, 0, 0], "weights": "LeNet-5 1998"},
    "Convolution": {"kernel": [[1.0, 2.0], [3.0, 4.0]], "padding": 4, "stride": 4, "place": [9, 2]},
    "C3Table": {"links": preset("full").tolist()},
    "DigitCodes": {"digit": 0, "codes": [[-1] * 84] * 10},
    "Subsampling": {"coefficient": -10.0, "bias": 10.0},
    "DrawDigit": {"drawing": bytes(SIDE * SIDE), "switches": dict.fromkeys(STEPS, False)},
    "Robustness": {"digit": 9, "drawing": b"", "scale": 2.5, "shift": -0.7, "rotation": 60.0, "noise": 0.6},
    "LossSurface": {"rate": 2.0, "momentum": 0.95, "path": [[-3.0, 3.0], [0.0, 0.0]]},
}
REFUSED = [
    *(
        ("FeatureMaps", "unit", unit, r"unit must lie in C1, \[6, 28, 28\]")
        for unit in ([6, 0, 0], [0, 28, 0], [0, 0, 28], [0, -1, 0], [0, 0], [0, 0, 0, 0], [])
    ),
    ("FeatureMaps", "digit", 10, "digit must be from 0 to 9; got 10"),
    ("FeatureMaps", "digit", -1, "digit must be from 0 to 9; got -1"),
    ("FeatureMaps", "layer", "", "layer must be one of INPUT, C1, .* got ''"),
    ("FeatureMaps", "layer", "C7", "layer must be one of INPUT, C1, .* got 'C7'"),
    ("FeatureMaps", "weights", "", "weights must be one of LeNet-5 1998; got ''"),
    ("FeatureMaps", "weights", "epoch 9", "weights must be one of LeNet-5 1998; got 'epoch 9'"),
    ("Convolution", "kernel", [[1.0, 2.0], [3.0]], r"kernel must be square, .* got \[2, 1\]"),
    *(("Convolution", "kernel", kernel, "kernel must be square") for kernel in ([], [[]], [[1.0, 2.0]])),
    ("Convolution", "kernel", [[0.0] * 10] * 10, "kernel must be square, of 1 to 9 rows"),
    *(
        ("Convolution", "kernel", [[1.0, odd], [0.0, 0.0]], "kernel must hold finite")
        for odd in (math.nan, math.inf, -math.inf)
    ),
    *(("Convolution", "padding", odd, f"padding must be from 0 to 4; got {odd}") for odd in (-1, 5)),
    *(("Convolution", "stride", odd, f"stride must be from 1 to 4; got {odd}") for odd in (0, 5)),
    *(
        ("Convolution", "place", place, "place must lie in the output, 28 x 28")
        for place in ([0, 28], [28, 0], [-1, 0], [0], [0, 0, 0])
    ),
    ("C3Table", "links", [[True] * 6] * 16, r"table must be 6x16 booleans .* shape \(16, 6\)"),
    *(
        ("C3Table", "links", links, "table must be 6x16")
        for links in ([], [[True] * 16] * 5, [[True] * 16] * 5 + [[True]])
    ),
    *(("DigitCodes", "digit", odd, f"digit must be from 0 to 9; got {odd}") for odd in (-1, 10)),
    ("DigitCodes", "codes", CODES[:9], "codes must be 10 lists of 84"),
    ("DigitCodes", "codes", [*CODES[:9], CODES[9][:83]], "codes must be 10 lists of 84"),
    ("DigitCodes", "codes", [*CODES[:9], [0, *CODES[9][1:]]], "codes must be 10 lists of 84"),
    *(
        ("Subsampling", name, odd, f"{name} must be from -10 to 10; got {odd}")
        for name in ("coefficient", "bias")
        for odd in (math.nan, math.inf, -math.inf, 10.01, -11.0)
    ),
    ("DrawDigit", "drawing", bytes(SIDE * SIDE + 1), "drawing must be 112 x 112 bytes; got 12545"),
    *(
        ("DrawDigit", "switches", odd, "switches must tell of even, invert, pick, crop, scale, centre")
        for odd in ({}, {"invert": True})
    ),
    ("DrawDigit", "switches", {**dict.fromkeys(STEPS, True), "blur": True}, "switches must tell of .*blur"),
    ("DrawDigit", "switches", dict.fromkeys(STEPS, "no"), "each True or False"),
    *(("Robustness", "digit", odd, f"digit must be from 0 to 9; got {odd}") for odd in (-1, 10)),
    ("Robustness", "drawing", b"\xff" * 10, "drawing must be 112 x 112 bytes; got 10"),
    ("Robustness", "scale", 0.0, "scale must be from 0.4 to 2.5; got 0.0"),
    ("Robustness", "shift", 0.75, "shift must be from -0.7 to 0.7; got 0.75"),
    ("Robustness", "rotation", math.nan, "rotation must be from -60.0 to 60.0; got nan"),
    ("Robustness", "noise", -0.01, "noise must be from 0.0 to 0.6; got -0.01"),
    *(("LossSurface", "rate", odd, "rate must be from 0.001 to 2.0; got") for odd in (0.0, 2.1, math.nan)),
    *(("LossSurface", "momentum", odd, "momentum must be from 0 to 0.95") for odd in (-0.1, 1.0, math.nan)),
    *(
        ("LossSurface", "path", odd, "path must be 1 to 501 places")
        for odd in ([], [[0.0]], [[0.0, 3.1]], [[math.nan, 0.0]], [[0.0, 0.0]] * 502)
    ),
]
OF_ANOTHER_KIND = [
    ("FeatureMaps", "digit", "3"),
    ("FeatureMaps", "layer", 3),
    ("FeatureMaps", "unit", [0, 0.5, 0]),
    ("Convolution", "kernel", [["a"]]),
    ("Convolution", "padding", 1.5),
    ("C3Table", "links", [["X"] * 16] * 6),
    ("DigitCodes", "codes", [[1.5] * 84] * 10),
    ("Subsampling", "bias", "big"),
    ("DrawDigit", "switches", list(STEPS)),
    ("Robustness", "noise", "much"),
    ("LossSurface", "path", [["a", "b"]]),
]


FORMS = {
    "FeatureMaps": "FeatureMaps(digit 3, LeNet-5 1998, C1)",
    "Convolution": "Convolution(5x5 kernel, padding 0, stride 1, 32x32 -> 28x28)",
    "C3Table": "C3Table(60 links, 1,516 parameters)",
    "DigitCodes": "DigitCodes(digit 3, nearest code 3)",
    "Subsampling": "Subsampling(coefficient 0.25, bias 0.00)",
    "DrawDigit": "DrawDigit(empty)",
    "Robustness": "Robustness(digit 3, unchanged: reads 3)",
    "LossSurface": "LossSurface(rate 0.1, momentum 0, 0 steps: loss 3.37)",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
def test_a_widget_is_a_line_of_text_a_picture_and_what_its_module_is_sent(show, name):
    widget = show(name)
    bundle = widget._repr_mimebundle_()
    assert repr(widget) == bundle["text/plain"] == FORMS[name]
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    state = widget.get_state()
    file = type(widget).__module__.rpartition(".")[2]
    assert (state["_esm"], state["_css"]) == (base.module(file), base.styles(file))
    json.dumps(state, default=lambda data: bytes(data).hex(), allow_nan=False)


@both_ways
@pytest.mark.parametrize("name", TAKEN)
def test_what_fits_is_taken(name, give, show):
    widget = show(name)
    before = repr(widget)
    for trait, value in TAKEN[name].items():
        give(widget, trait, value)
        assert getattr(widget, trait) == value
    assert repr(widget) != before or name == "DrawDigit"


@pytest.mark.slow
@both_ways
@pytest.mark.parametrize(("name", "trait", "odd", "message"), REFUSED)
def test_what_does_not_fit_is_told_once_and_changes_no_trait_at_all(
    name, trait, odd, message, give, show, sent
):
    widget = show(name)
    sent.clear()
    before, text = traits_of(widget), repr(widget)
    with pytest.raises(LenetError, match=message) as refused:
        give(widget, trait, odd)
    assert isinstance(refused.value, TraitError)
    assert sent == [{"error": str(refused.value)}]
    assert (traits_of(widget), repr(widget)) == (before, text)


@both_ways
@pytest.mark.parametrize(("name", "trait", "odd"), OF_ANOTHER_KIND)
def test_what_is_of_another_kind_is_refused_by_name(name, trait, odd, give, show):
    widget = show(name)
    before = traits_of(widget)
    with pytest.raises(TraitError, match=f"'{trait}' trait"):
        give(widget, trait, odd)
    assert traits_of(widget) == before


def test_what_the_browser_had_refused_is_sent_back_to_it(show, monkeypatch):
    widget, sent = show("Convolution"), []
    monkeypatch.setattr(widget, "_send", lambda message, buffers=None: sent.append(message))
    monkeypatch.setattr(widget, "send", lambda *_: None)
    with pytest.raises(LenetError):
        widget.set_state({"padding": 99})
    assert [message["state"] for message in sent if message["method"] == "update"][-1] == {"padding": 0}


@both_ways
def test_after_a_refusal_the_next_value_is_taken(give, show, sent):
    widget = show("Convolution")
    with pytest.raises(LenetError):
        give(widget, "padding", 99)
    give(widget, "padding", 2)
    assert repr(widget) == "Convolution(5x5 kernel, padding 2, stride 1, 32x32 -> 32x32)"
    assert len(sent) == 1


def test_of_values_that_come_together_none_is_taken_if_one_does_not_fit(network, digits):
    widget = FeatureMaps(network, digits)
    with pytest.raises(LenetError, match="unit must lie in S2"):
        widget.set_state({"layer": "S2", "unit": [0, 14, 0], "digit": 5})
    assert (widget.layer, widget.unit, widget.digit) == ("C1", [0, 0, 0], 0)
    widget.set_state({"layer": "S2", "unit": [0, 13, 0], "digit": 5})
    assert (widget.layer, widget.unit, widget.digit) == ("S2", [0, 13, 0], 5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda net, digits: FeatureMaps({}, digits), "networks must be"),
        (lambda net, digits: FeatureMaps(3, digits), "networks must be"),
        (lambda net, digits: FeatureMaps({"a": net, "b": None}, digits), "networks must be"),
        (lambda net, digits: FeatureMaps({"a": net, "b": LeNet5(c3="full")}, digits), "same architecture"),
        (lambda net, digits: FeatureMaps(net, digits.images[0]), r"\(N, 1, 32, 32\); got \(1, 32, 32\)"),
        (lambda net, digits: FeatureMaps(net, torch.rand(2, 3, 32, 32)), r"\(N, 1, 32, 32\)"),
        (lambda net, digits: FeatureMaps(net, torch.rand(2, 1, 28, 28)), r"\(N, 1, 32, 32\)"),
        (lambda net, digits: FeatureMaps(net, digits.images[:0]), r"got \(0, 1, 32, 32\)"),
        (lambda net, digits: FeatureMaps(net, torch.full((1, 1, 32, 32), math.nan)), "finite"),
        (lambda net, digits: FeatureMaps(net, digits, digit=10), "digit must be"),
        (lambda net, digits: FeatureMaps(net, digits, layer="C7"), "layer must be"),
        (lambda net, digits: FeatureMaps(net, digits, weights="best"), "weights must be one of"),
        (lambda net, digits: Convolution(torch.rand(0, 8)), "image must be"),
        (lambda net, digits: Convolution(torch.rand(3, 8, 8)), "image must be"),
        (lambda net, digits: Convolution(torch.full((8, 8), math.inf)), "finite"),
        (lambda net, digits: C3Table(np.full((6, 16), 2)), "6x16 booleans"),
        (lambda net, digits: C3Table(None), "6x16 booleans"),
        (lambda net, digits: C3Table([[1, 2], [3]]), "6x16 booleans"),
        (lambda net, digits: C3Table("striped"), "one of paper, full, diagonal, random"),
        (lambda net, digits: DigitCodes(LeNet5(**MODERN), digits), "has none"),
        (lambda net, digits: DigitCodes(net, digits.images[:, :, :28]), r"\(N, 1, 32, 32\)"),
        (lambda net, digits: DigitCodes(net, digits.images[:0]), r"got \(0, 1, 32, 32\)"),
        (lambda net, digits: DigitCodes(net, digits, digit=10), "digit must be from 0 to 9"),
        (lambda net, digits: Subsampling(torch.rand(2, 4, 5)), r"even sides; got \(2, 4, 5\)"),
        (lambda net, digits: Subsampling(torch.rand(0, 4, 4)), r"\(maps, H, W\)"),
        (lambda net, digits: Subsampling(torch.rand(4, 4)), r"\(maps, H, W\)"),
        (lambda net, digits: Subsampling(torch.full((1, 2, 2), math.nan)), "finite"),
        (lambda net, digits: Subsampling(torch.rand(1, 2, 2), bias=11), "bias must be from -10 to 10"),
        (lambda net, digits: DrawDigit(RGBLeNet()), "reads 1x32x32"),
        (lambda net, digits: Robustness(3, digits), "network must be a network; got int"),
        (lambda net, digits: Robustness(RGBLeNet(), digits), "reads 1x32x32; this one reads"),
        (lambda net, digits: Robustness(LeNet1(), digits), "reads 1x32x32; this one reads"),
        (lambda net, digits: Robustness(net, digits.images[:, :, :28]), r"images must be \(N, 1, 32, 32\)"),
        (lambda net, digits: Robustness(net, digits, digit=10), "digit must be from 0 to 9"),
    ],
)
def test_a_widget_is_not_made_of_what_does_not_fit(make, message, network, digits):
    with pytest.raises(LenetError, match=message):
        make(network, digits)


# FeatureMaps


READS = """
return given.layers.map((layer, i) => i === 0 ? [] :
  Array.from({ length: layer.shape[0] }, (_, map) => js.reads(layer, given.layers[i - 1], map)));
"""


@pytest.mark.slow
@needs_node
@pytest.mark.parametrize("c3", ["table", "full", random_table(1)], ids=["paper", "full", "random"])
def test_a_unit_on_hover_reads_the_maps_of_its_networks_table(c3, digits):
    model = LeNet5(c3=c3)
    layers = FeatureMaps(model, digits).layers
    reads = dict(
        zip(model.architecture.shapes, javascript("feature_maps", READS, layers=layers), strict=True)
    )
    table = model.architecture["C3"].connected(6)
    assert reads["C3"] == [np.flatnonzero(column).tolist() for column in table.T]
    assert reads["C1"] == [[0]] * 6
    assert reads["S4"] == [[k] for k in range(16)]
    assert reads["C5"] == [list(range(16))] * 120
    assert reads["OUTPUT"] == [list(range(84))] * 10


def test_the_numbers_sent_follow_the_image_and_the_weights(network, digits):
    other = untrained(LeNet5(), 4)
    widget = FeatureMaps({"untrained": other, "trained": network}, digits, digit=2, weights="untrained")
    for digit, weights, model in ((2, "untrained", other), (2, "trained", network), (7, "trained", network)):
        widget.set_state({"digit": digit, "weights": weights})
        outputs = activations(model, digits.images[digit : digit + 1])
        wanted = torch.cat([output.flatten() for output in outputs.values()])
        np.testing.assert_array_equal(floats(widget.activations), wanted)
        np.testing.assert_array_equal(floats(widget.parameters)[:150], model.C1.weight.detach().flatten())
        assert repr(widget) == f"FeatureMaps(digit {digit}, {weights}, C1)"


@pytest.mark.slow  # a picture of each
@pytest.mark.parametrize(
    "plan",
    [*(make() for make in NETWORKS.values()), lenet5(**MODERN), lenet5(subsampling="average")],
    ids=lambda plan: plan.name,
)
def test_feature_maps_show_any_network(plan):
    widget = FeatureMaps(Network(plan), torch.rand(2, *plan.input.output_shape))
    assert repr(widget) == f"FeatureMaps(digit 0, {plan.name}, {plan.layers[0].name})"
    assert widget._repr_mimebundle_()["image/png"].startswith(b"\x89PNG")
    parameters = sum(p.numel() for p in widget.network.parameters())
    unlinked = sum((~one.connected(len(one.table))).sum() * one.kernel**2 for one in tables(plan))
    codes = paper.DIGIT_CODES.size if widget.network.has_rbf_output else 0
    assert len(floats(widget.parameters)) == parameters + unlinked + codes


def tables(plan) -> list[architecture.ConvolutionSpec]:
    return [layer for layer in plan.layers if getattr(layer, "table", None) is not None]


def test_the_squash_comes_from_the_paper(digits, network):
    """No number of the paper's is written in the JavaScript again."""
    squash = [paper.SQUASH_AMPLITUDE, paper.SQUASH_SLOPE]
    layers = FeatureMaps(network, digits).layers
    assert [layer.get("squash") for layer in layers] == [None, *[squash] * 6, None]
    assert DigitCodes(network, digits).amplitude == paper.SQUASH_AMPLITUDE
    for path in base.HERE.glob("*.js"):
        assert str(paper.SQUASH_AMPLITUDE) not in path.read_text("utf-8"), path.name


def test_feature_maps_of_pictures_name_their_classes():
    shapes = draw_shapes(20)
    some = Split(shapes.test.images[:4], shapes.test.labels[:4])
    widget = FeatureMaps(RGBLeNet(), some, classes=shapes.classes)
    assert (widget.classes, widget.labels) == (["cross", "ring"], ["cross", "ring", "cross", "ring"])
    with pytest.raises(LenetError, match="classes must be 2 names"):
        FeatureMaps(RGBLeNet(), some, classes=["cat"])


def test_labels_are_the_splits_or_the_readers(network, digits):
    assert FeatureMaps(network, digits).labels == [str(n) for n in range(10)]
    assert FeatureMaps(network, digits.images[:2], labels=["a seven", 3]).labels == ["a seven", "3"]
    assert FeatureMaps(network, digits.images[:2]).labels == ["", ""]


# Convolution


CONVOLVE = """
const image = js.floats(given.image, given.shape[0] * given.shape[1], "image");
return given.kernels.map((kernel) => js.convolve(image, given.shape, kernel, 0, 1).sums);
"""


@pytest.mark.slow
@needs_node
def test_the_kernels_on_offer_give_torchs_output_and_the_learned_ones_the_layers(network, digits):
    widget = Convolution(digits.images[3], network.C1)
    assert [one["name"] for one in widget.presets[-6:]] == [f"learned, map {k}" for k in range(6)]
    given = {"image": widget.image, "shape": widget.shape}
    sums_by_kernel = javascript(
        "convolution", CONVOLVE, kernels=[one["kernel"] for one in widget.presets], **given
    )
    for one, sums in zip(widget.presets, sums_by_kernel, strict=True):
        widget.kernel = one["kernel"]
        np.testing.assert_allclose(sums, widget.output().flatten(), rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        learned = network.C1.weighted_sum(digits.images[3:4])[0] - network.C1.bias[:, None, None]
    np.testing.assert_allclose(sums_by_kernel[-6:], learned.flatten(1), rtol=1e-5, atol=1e-5)


@needs_node
def test_an_image_that_is_not_square_is_not_turned(seeded):
    widget = Convolution(torch.rand(13, 8, generator=seeded))
    widget.kernel = torch.randn(4, 4, generator=seeded).tolist()
    given = {"image": widget.image, "shape": widget.shape, "kernels": [widget.kernel]}
    assert widget.output().shape == (10, 5)
    (sums,) = javascript("convolution", CONVOLVE, **given)
    np.testing.assert_allclose(sums, widget.output().flatten(), rtol=1e-5, atol=1e-5)


def test_the_kernels_on_offer_do_what_they_are_called(digits):
    widget = Convolution(digits.images[3])
    kernels = {one["name"]: one["kernel"] for one in widget.presets}
    image = widget.picture
    widget.kernel = kernels["leave as it is"]
    torch.testing.assert_close(widget.output(), image[2:-2, 2:-2])
    widget.kernel = kernels["blur"]
    torch.testing.assert_close(widget.output(), image.unfold(0, 5, 1).unfold(1, 5, 1).mean((2, 3)))
    ink_above = torch.zeros(12, 12)
    ink_above[:6] = 1
    for name, ink in (("edge: ink above", ink_above), ("edge: ink on the left", ink_above.T)):
        edge = Convolution(ink)
        edge.kernel = kernels[name]
        assert edge.output().max() == pytest.approx(1)
        assert edge.output()[[0, 0, -1, -1], [0, -1, 0, -1]] == pytest.approx(0, abs=1e-6)
    dot = Convolution(torch.zeros(9, 9).index_put((torch.tensor(4), torch.tensor(4)), torch.tensor(1.0)))
    dot.kernel = kernels["spot"]
    assert dot.output().argmax() == 12
    assert dot.output().sum() == pytest.approx(0, abs=1e-6)


def test_the_place_stays_where_it_is_until_the_output_shrinks(digits):
    widget = Convolution(digits.images[3])
    widget.place = [27, 12]
    for trait, value, place in (
        ("stride", 2, [13, 12]),
        ("padding", 4, [13, 12]),
        ("kernel", [[1.0] * 9] * 9, [13, 12]),
        ("padding", 0, [11, 11]),
    ):
        widget.set_state({trait: value})
        assert widget.place == place


def test_an_image_may_have_one_map_or_none(digits):
    one, none = Convolution(digits.images[3]), Convolution(digits.images[3, 0].double().numpy())
    assert one.shape == none.shape == [32, 32]
    assert one.image == none.image


# C3Table


@pytest.mark.parametrize(
    "table", [*PRESETS, random_table(7), random_table(8).astype(int)], ids=[*PRESETS, "booleans", "integers"]
)
def test_a_table_makes_a_network_of_so_many_parameters(table):
    widget = C3Table(table)
    assert (widget.table.shape, widget.table.dtype) == ((6, 16), bool)
    assert widget.parameters == 25 * widget.table.sum() + 16
    assert count_parameters(LeNet5(c3=widget.table)) == 60_000 - 1_516 + widget.parameters
    assert repr(widget) == f"C3Table({widget.table.sum()} links, {widget.parameters:,} parameters)"


def test_the_presets_are_what_they_are_called():
    np.testing.assert_array_equal(C3Table("paper").table, paper.C3_TABLE)
    assert C3Table("full").table.all()
    np.testing.assert_array_equal(C3Table("diagonal").table.sum(0), np.ones(16))
    assert C3Table("random").table.sum() == paper.C3_TABLE.sum()
    assert (C3Table("random").table != paper.C3_TABLE).any()
    assert [one["name"] for one in C3Table().presets] == list(PRESETS)


def test_a_table_set_as_an_array_is_the_browsers_links(sent):
    widget = C3Table()
    widget.table = random_table(9).astype(int)
    assert widget.links == random_table(9).tolist()
    for odd in (np.ones((3, 3)), "full", None, [[True], [True, False]]):
        with pytest.raises(LenetError, match="6x16"):
            widget.table = odd
    assert widget.links == random_table(9).tolist()
    assert len(sent) == 4


def test_changing_the_array_does_not_change_the_widget():
    widget = C3Table()
    widget.table[:] = True
    np.testing.assert_array_equal(widget.table, paper.C3_TABLE)


# DigitCodes


def test_distances_to_the_original_codes_are_the_networks_own(network, digits):
    widget = DigitCodes(network, digits)
    with torch.no_grad():
        outputs, classes = network(digits.images), network.classes_of(digits.images)
    for widget.digit in range(10):
        torch.testing.assert_close(widget.distances(), outputs[widget.digit], rtol=1e-5, atol=1e-5)
        assert widget.decision == classes[widget.digit]


def test_turning_pixels_changes_one_distance_by_equation_7(network, digits):
    widget = DigitCodes(network, digits, digit=3)
    before, f6 = widget.distances(), widget.units[3]
    codes, pixels = torch.tensor(widget.codes), [0, 5, 83]
    codes[8, pixels] *= -1
    widget.set_state({"codes": codes.tolist()})
    wanted = before.clone()
    wanted[8] += ((f6[pixels] - codes[8, pixels]) ** 2 - (f6[pixels] + codes[8, pixels]) ** 2).sum()
    torch.testing.assert_close(widget.distances(), wanted, rtol=1e-5, atol=1e-4)
    assert repr(widget) == "DigitCodes(digit 3, nearest code 3, 3 pixels changed)"


def test_two_codes_that_change_places_move_the_decision_and_reset_brings_it_back(network, digits):
    widget = DigitCodes(network, digits, digit=3)
    before = widget.distances()
    codes = [list(code) for code in widget.original]
    codes[3], codes[8] = codes[8], codes[3]
    widget.codes = codes
    assert widget.decision == 8
    torch.testing.assert_close(widget.distances()[[3, 8]], before[[8, 3]])
    widget.codes = widget.original
    torch.testing.assert_close(widget.distances(), before)
    assert repr(widget) == "DigitCodes(digit 3, nearest code 3)"


def test_a_code_redrawn_as_f6_wins(network, digits):
    widget = DigitCodes(network, digits, digit=3)
    codes = [list(code) for code in widget.codes]
    codes[0] = [1 if unit > 0 else -1 for unit in widget.units[3]]
    codes[3] = [-pixel for pixel in codes[0]]
    widget.codes = codes
    assert widget.decision == 0


def test_the_codes_are_figure_3s(network, digits):
    widget = DigitCodes(network, digits)
    np.testing.assert_array_equal(np.array(widget.codes).reshape(10, *widget.size), paper.DIGIT_CODES)
    assert widget.original == widget.codes


# Subsampling


VOTES = """
const f = (a) => given.squash[0] * Math.tanh(given.squash[1] * a);
return given.cases.map(([coefficient, bias]) => js.votes(coefficient, bias, f));
"""


@needs_node
def test_the_answers_to_none_to_four_inputs_are_torchs():
    squares = torch.tensor([[1.0] * n + [-1.0] * (4 - n) for n in range(5)]).view(5, 2, 2)
    widget, cases, wanted = Subsampling(squares), [(0.25, 0), (2, 6), (2, -6), (-0.4, 0.3), (0, 1)], []
    for widget.coefficient, widget.bias in cases:
        wanted.append(widget.output().flatten().tolist())
    outputs = javascript("subsampling", VOTES, cases=cases, squash=widget.squash)
    np.testing.assert_allclose(outputs, wanted, rtol=1e-5, atol=1e-5)


def test_subsampling_gives_what_the_networks_layer_gives(network, digits):
    maps = activations(network, digits.images[3:4])
    for k in range(6):
        coefficient, bias = network.S2.coefficient[k].item(), network.S2.bias[k].item()
        widget = Subsampling(maps["C1"][0, k : k + 1], coefficient=coefficient, bias=bias)
        torch.testing.assert_close(widget.output(), maps["S2"][0, k : k + 1])


# DrawDigit


def stroke() -> np.ndarray:
    """A drawing: dark down, lighter to the right, away from the middle."""
    sheet = np.full((SIDE, SIDE), 255, np.uint8)
    sheet[10:70, 30:40], sheet[60:70, 40:80], sheet[64:74, 80:84] = 0, 60, 180
    return sheet


def drawn(network, sheet=None, scaling=PAPER_SCALING, **switches) -> DrawDigit:
    widget = DrawDigit(network, scaling)
    widget.switches = {**widget.switches, **switches}
    set_by_browser(widget, "drawing", (stroke() if sheet is None else sheet).tobytes())
    return widget


def steps_of(widget) -> dict[str, np.ndarray]:
    """The pictures that the browser gets, by name."""
    values, steps = floats(widget.pixels), {}
    for step in widget.steps:
        size = math.prod(step["shape"])
        steps[step["name"]], values = values[:size].reshape(step["shape"]), values[size:]
    assert not len(values)
    return steps


@pytest.mark.parametrize("scaling", [PAPER_SCALING, Scaling("other", -2.0, 3.0)], ids=lambda one: one.name)
def test_a_drawing_becomes_the_networks_input_as_a_picture_does(network, scaling):
    widget = drawn(network, scaling=scaling)
    (digit,) = pictures.digits_in(pictures.ink_of(torch.from_numpy(stroke()).float() / 255))
    ink = pictures.normalise(digit, pictures.PICKED)
    torch.testing.assert_close(widget.image, scaling.apply(ink)[None])
    steps = steps_of(widget)
    np.testing.assert_allclose(steps["sheet"], stroke() / 255, atol=1e-6)
    np.testing.assert_allclose(steps["image"], ink[0], atol=1e-6)


# What stays as it is without each step, and which picture is gone.
SWITCHES = {
    "invert": ({"sheet", "evened"}, {"ink"}),
    "crop": ({"sheet", "evened", "ink", "digit"}, {"cropped"}),
    "scale": ({"sheet", "evened", "ink", "digit", "cropped"}, set()),
    "centre": ({"sheet", "evened", "ink", "digit", "cropped", "glyph"}, set()),
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_changes_its_own_step_and_what_follows(switch, network):
    with_all, without = steps_of(drawn(network)), steps_of(drawn(network, **{switch: False}))
    same, gone = SWITCHES[switch]
    assert set(with_all) - set(without) == gone
    for name in without:
        assert np.array_equal(with_all[name], without[name]) == (name in same), name


def test_without_invert_light_is_taken_for_ink(network):
    wanted = steps_of(drawn(network))["cropped"]
    inverted = drawn(network, 255 - stroke(), invert=False)
    np.testing.assert_allclose(steps_of(inverted)["cropped"], wanted, atol=1e-6)
    assert steps_of(drawn(network, invert=False))["cropped"].shape == (SIDE, SIDE)


def test_crop_and_scale_make_the_digit_as_large_as_they_say(network):
    shapes = {
        name: tuple(steps_of(drawn(network, **switches))["glyph"].shape)
        for name, switches in {"all": {}, "crop": {"crop": False}, "scale": {"scale": False}}.items()
    }
    assert shapes == {"all": (20, 17), "crop": (20, 20), "scale": (32, 27)}


def test_centre_puts_the_mass_in_the_middle_and_without_it_the_box(network):
    def middles(widget):
        image = steps_of(widget)["image"]
        box = np.argwhere(image > 0)
        mass = (np.argwhere(image >= 0) * image.reshape(-1, 1)).sum(0) / image.sum()
        return np.abs(mass - 16).max(), np.abs((box.min(0) + box.max(0)) / 2 - 15.5).max()

    mass, box = middles(drawn(network))
    assert mass <= 0.51 < 1 < box
    mass, box = middles(drawn(network, centre=False))
    assert box <= 0.51 < 1 < mass


@pytest.mark.parametrize("weights", ["lenet5-1998", "lenet5-modern"])
@pytest.mark.parametrize("off", [(), ("invert",), STEPS], ids=["all", "no invert", "none"])
def test_the_answer_is_the_networks(weights, off):
    model = load_network(weights)
    widget = drawn(model, **dict.fromkeys(off, False))
    assert repr(widget).startswith(f"DrawDigit(reads {model.classes_of(widget.image).item()}")
    outputs = torch.cat([output.flatten() for output in activations(model, widget.image).values()])
    np.testing.assert_array_equal(floats(widget.outputs), outputs)
    assert sum(math.prod(layer["shape"]) for layer in widget.layers) == len(outputs)
    assert widget.rbf == (weights == "lenet5-1998")


@pytest.mark.slow
def test_without_its_steps_a_pad_reads_the_same_and_shows_the_network(network):
    plain, full = DrawDigit(network, steps=False), DrawDigit(network)
    assert (plain.with_steps, full.with_steps) == (False, True)
    sheet = np.full((plain.side, plain.side), 255, np.uint8)
    sheet[20:90, 50:60] = 0
    plain.drawing = full.drawing = sheet.tobytes()
    assert plain.verdict == full.verdict
    assert plain.outputs == full.outputs
    assert "INPUT" in [text.get_text() for text in plain.figure().axes[0].texts]


def test_a_switch_reads_the_same_drawing_again(network):
    widget = drawn(network)
    before = widget.image
    widget.set_state({"switches": {**widget.switches, "centre": False}})
    torch.testing.assert_close(widget.image, drawn(network, centre=False).image)
    widget.switches = dict.fromkeys(STEPS, True)
    torch.testing.assert_close(widget.image, before)


@pytest.mark.parametrize("level", [255, 128, 0, None])
def test_a_sheet_of_one_grey_is_empty_however_the_switches_stand(level, network):
    for off in ((), STEPS):
        widget = drawn(network, **dict.fromkeys(off, False))
        widget.set_state({"drawing": level if level is None else memoryview(bytes([level]) * SIDE**2)})
        assert repr(widget) == "DrawDigit(empty)"
        assert (widget.image, widget.steps, widget.pixels, widget.outputs) == (None, [], b"", b"")


def test_every_drawing_is_answered_even_if_nothing_comes_of_it(network, sent):
    drawn(network, np.full((SIDE, SIDE), 255, np.uint8))
    assert sent == [{"read": True}]


def test_a_refused_drawing_leaves_what_was_read(network, sent):
    widget = drawn(network)
    before, image = traits_of(widget), widget.image
    with pytest.raises(LenetError, match="112 x 112"):
        set_by_browser(widget, "drawing", b"123")
    assert traits_of(widget) == before
    assert widget.image is image
    assert [list(message) for message in sent] == [["read"], ["error"]]


@pytest.mark.parametrize("digit", [0, 7])
def test_a_code_drawn_large_is_read_as_its_digit(digit, network):
    sheet = np.full((SIDE, SIDE), 255, np.uint8)
    sheet[8:104, 28:84][np.kron(paper.DIGIT_CODES[digit] > 0, np.ones((8, 8), bool))] = 0
    widget = drawn(network, sheet)
    assert repr(widget) == f"DrawDigit(reads {digit})"
    distances = floats(widget.outputs)[-10:]
    assert distances.argmin() == digit
    assert distances[digit] < 5 < 50 < np.sort(distances)[1]


@both_ways
def test_a_kernel_larger_than_the_image_with_its_padding_is_refused(give, monkeypatch):
    widget, sent = Convolution(torch.rand(6, 9)), []
    monkeypatch.setattr(widget, "send", sent.append)
    with pytest.raises(LenetError, match="kernel"):
        give(widget, "kernel", [[1.0] * 7] * 7)
    assert len(widget.kernel) == 5
    give(widget, "padding", 1)
    give(widget, "kernel", [[1.0] * 8] * 8)
    with pytest.raises(LenetError, match="padding"):
        give(widget, "padding", 0)
    assert repr(widget) == "Convolution(8x8 kernel, padding 1, stride 1, 6x9 -> 1x4)"
    assert len(sent) == 2


def test_kernel_and_padding_may_come_together():
    widget = Convolution(torch.rand(6, 6))
    widget.set_state({"kernel": [[1.0] * 8] * 8, "padding": 1})
    widget.set_state({"padding": 0, "kernel": [[1.0] * 6] * 6})
    assert tuple(widget.output().shape) == (1, 1)


def test_an_image_smaller_than_the_first_kernel_is_refused():
    with pytest.raises(LenetError, match="kernel"):
        Convolution(torch.rand(4, 8))


@both_ways
def test_a_new_layer_keeps_the_unit_only_if_it_has_one_there(give, network, digits):
    widget = FeatureMaps(network, digits, layer="C1")
    widget.unit = [5, 13, 13]
    give(widget, "layer", "S2")
    assert widget.unit == [5, 13, 13]
    give(widget, "layer", "OUTPUT")
    assert widget.unit == [0, 0, 0]


def test_networks_that_are_none_are_refused(digits):
    with pytest.raises(LenetError, match="networks must be"):
        FeatureMaps(digits, digits)
    for kind in (DigitCodes, DrawDigit):
        with pytest.raises(LenetError, match="network"):
            kind(*[None, digits][: 2 if kind is DigitCodes else 1])


def test_labels_must_be_as_many_as_the_images(network, digits):
    with pytest.raises(LenetError, match="labels"):
        FeatureMaps(network, digits, labels=["one"])


def test_one_pixel_is_one_pixel(network, digits):
    widget = DigitCodes(network, digits, digit=3)
    codes = [list(code) for code in widget.codes]
    codes[0][0] *= -1
    widget.codes = codes
    assert repr(widget).endswith(", 1 pixel changed)")


def test_every_widget_but_those_with_a_test_of_their_own_is_looked_at_here():
    elsewhere = {"Predict", "TrainingPanel"}
    assert {kind.__name__ for kind in base.Widget.__subclasses__()} - elsewhere == set(TAKEN)


def file_of(picture) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def uploaded(network, picture, **switches) -> DrawDigit:
    widget = DrawDigit(network)
    widget.switches = {**widget.switches, **switches}
    set_by_browser(widget, "upload", file_of(picture))
    return widget


@pytest.mark.slow
def test_an_upload_of_any_shape_is_read_as_predict_reads_it():
    model = load_network("lenet5-modern")
    board = Image.new("L", (400, 300), 20)
    board.paste(strokes.drawn(3, ink=255, paper=20), (100, 50))
    widget = uploaded(model, board)
    (reading,) = predict(model, file_of(board))
    assert repr(widget) == "DrawDigit(reads 3)"
    torch.testing.assert_close(widget.image[0], reading.image)
    assert widget.probability == pytest.approx(reading.probability)
    assert all(max(step["shape"]) <= SIDE for step in widget.steps)
    set_by_browser(widget, "drawing", stroke().tobytes())
    assert widget.upload == b""
    set_by_browser(widget, "upload", file_of(board))
    assert (widget.drawing, repr(widget)) == (b"", "DrawDigit(reads 3)")


@pytest.mark.slow
def test_an_upload_that_had_to_be_cleaned_is_told_with_the_temperature_of_photos():
    model = load_network("lenet5-modern")
    small = strokes.drawn(3, size=28, pen=0.12)
    for picture, is_photo in ((small, False), (small.resize((280, 280)), True)):
        widget = uploaded(model, picture)
        chances = model.probabilities(widget.image, from_photos=is_photo)
        assert widget.probability == pytest.approx(chances.max().item())


@pytest.mark.slow
def test_the_light_and_what_is_no_digit_each_have_their_switch():
    model = load_network("lenet5-modern")
    dusty = strokes.drawn(3)
    dusty.paste(0, (10, 10, 14, 14))
    assert repr(uploaded(model, dusty)) == "DrawDigit(reads 3)"
    cropped = [steps_of(uploaded(model, dusty, pick=pick))["cropped"].shape for pick in (True, False)]
    assert cropped[0] != cropped[1]
    shaded = Image.fromarray((np.asarray(dusty) * np.linspace(1, 0.3, 200)).astype(np.uint8))
    assert repr(uploaded(model, shaded)) == "DrawDigit(reads 3)"
    assert "evened" not in steps_of(uploaded(model, shaded, even=False))


@pytest.mark.slow
def test_of_two_digits_one_is_read_and_the_other_told():
    pair = Image.new("L", (420, 200), 255)
    pair.paste(strokes.drawn(3), (0, 0))
    pair.paste(strokes.drawn(3), (210, 0))
    widget = uploaded(load_network("lenet5-modern"), pair)
    assert repr(widget) == "DrawDigit(reads 3, and there is 1 more)"
    assert widget.others == 1


def test_a_dot_is_no_digit_and_an_upload_that_is_no_picture_is_refused(network, sent):
    dot = np.full((SIDE, SIDE), 255, np.uint8)
    dot[50:60, 50:60] = 0
    assert "no digit" in repr(drawn(network, dot))
    widget = drawn(network)
    with pytest.raises(LenetError, match="HEIC"):
        set_by_browser(widget, "upload", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert "HEIC" in sent[-1]["error"]
    assert widget.drawing == stroke().tobytes()
