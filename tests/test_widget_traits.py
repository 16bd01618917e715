"""Widgets without a browser: what they show as text, what they compute, and what they refuse."""

import matplotlib
import numpy as np
import pytest
import torch
from traitlets import TraitError

from lenet_edu import paper, pictures
from lenet_edu.activations import activations
from lenet_edu.architecture import MODERN
from lenet_edu.data import PAPER_SCALING, Split
from lenet_edu.errors import LenetError
from lenet_edu.images import drawn_shapes
from lenet_edu.ledger import ledger
from lenet_edu.models import LeNet4, LeNet5, LeNet1989, RGBLeNet, count_parameters
from lenet_edu.widgets import C3Table, Convolution, DigitCodes, DrawDigit, FeatureMaps, Subsampling
from lenet_edu.widgets.c3_table import PRESETS
from lenet_edu.widgets.draw_digit import SIDE, STEPS, normalisation
from tests.test_widgets import both_ways

matplotlib.use("agg")

NAN, INF = float("nan"), float("inf")


@pytest.fixture
def make(network, digits):
    """make(name): a new widget of each kind."""
    maps = activations(network, digits.images[3:4])["C1"][0]
    makers = {
        "FeatureMaps": lambda: FeatureMaps(network, digits, digit=3),
        "Convolution": lambda: Convolution(digits.images[3], network.C1),
        "C3Table": lambda: C3Table(),
        "DigitCodes": lambda: DigitCodes(network, digits, digit=3),
        "Subsampling": lambda: Subsampling(maps),
        "DrawDigit": lambda: DrawDigit(network),
    }
    return lambda name: makers[name]()


FORMS = {
    "FeatureMaps": "FeatureMaps(digit 3, LeNet-5 1998, C1)",
    "Convolution": "Convolution(5x5 kernel, padding 0, stride 1, 32x32 -> 28x28)",
    "C3Table": "C3Table(60 links, 1,516 parameters)",
    "DigitCodes": "DigitCodes(digit 3, nearest code 3)",
    "Subsampling": "Subsampling(coefficient 0.25, bias 0.00)",
    "DrawDigit": "DrawDigit(empty)",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_widget_is_a_line_of_text_and_a_picture_where_no_kernel_runs(make, name):
    widget = make(name)
    bundle = widget._repr_mimebundle_()
    assert repr(widget) == bundle["text/plain"] == FORMS[name]
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert "application/vnd.jupyter.widget-view+json" in bundle


REFUSED = [
    ("FeatureMaps", "digit", 10, "digit must be from 0 to 9; got 10"),
    ("FeatureMaps", "digit", -1, "digit must be from 0 to 9; got -1"),
    ("FeatureMaps", "layer", "C7", "layer must be one of INPUT, C1"),
    ("FeatureMaps", "weights", "epoch 9", "weights must be one of LeNet-5 1998"),
    ("FeatureMaps", "unit", [6, 0, 0], "unit must lie in C1"),
    ("FeatureMaps", "unit", [0, 0], "unit must lie in C1"),
    ("Convolution", "kernel", [[1.0, 2.0]], "kernel must be square"),
    ("Convolution", "kernel", [], "kernel must be square"),
    ("Convolution", "kernel", [[0.0] * 10] * 10, "kernel must be square, of 1 to 9 rows"),
    ("Convolution", "kernel", [[NAN]], "finite"),
    ("Convolution", "kernel", [[INF]], "finite"),
    ("Convolution", "padding", 5, "padding must be from 0 to 4; got 5"),
    ("Convolution", "padding", -1, "padding must be"),
    ("Convolution", "stride", 0, "stride must be from 1 to 4; got 0"),
    ("Convolution", "place", [28, 0], "place must lie in the output, 28 x 28"),
    ("C3Table", "links", [[True] * 16] * 5, "table must be 6x16"),
    ("C3Table", "links", [], "table must be 6x16"),
    ("DigitCodes", "digit", 10, "digit must be from 0 to 9"),
    ("DigitCodes", "codes", [[1] * 84] * 9, "codes must be 10 lists of 84"),
    ("DigitCodes", "codes", [[2] * 84] * 10, "times 1 or -1"),
    ("DigitCodes", "codes", [[1] * 83] * 10, "codes must be"),
    ("Subsampling", "coefficient", NAN, "coefficient must be from -10 to 10"),
    ("Subsampling", "bias", 1e30, "bias must be from -10 to 10"),
    ("DrawDigit", "drawing", b"\xff" * 10, "drawing must be 112 x 112 bytes; got 10"),
    ("DrawDigit", "switches", {"invert": True}, "switches must tell of invert, crop, scale, centre"),
]


@both_ways
@pytest.mark.parametrize(("name", "trait", "value", "message"), REFUSED)
def test_what_does_not_fit_is_refused_said_and_changes_nothing(
    make, monkeypatch, give, name, trait, value, message
):
    widget = make(name)
    before = getattr(widget, trait)
    told = []
    monkeypatch.setattr(widget, "send", lambda content, **_: told.append(content))
    with pytest.raises((LenetError, TraitError), match=message):
        give(widget, trait, value)
    assert getattr(widget, trait) == before
    assert message.split(";")[0] in told[0]["error"]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda n, d: FeatureMaps({}, d), "networks must be"),
        (lambda n, d: FeatureMaps(3, d), "networks must be"),
        (lambda n, d: FeatureMaps(LeNet1989(), d), "H1 of LeNet 1989"),
        (lambda n, d: FeatureMaps(LeNet4(), d), "S2 of LeNet-4"),
        (lambda n, d: FeatureMaps({"a": n, "b": LeNet5(**MODERN)}, d), "same architecture"),
        (lambda n, d: FeatureMaps(n, torch.rand(2, 1, 28, 28)), r"images must be \(N, 1, 32, 32\)"),
        (lambda n, d: FeatureMaps(n, torch.rand(0, 1, 32, 32)), "images must be"),
        (lambda n, d: FeatureMaps(n, torch.full((1, 1, 32, 32), NAN)), "finite"),
        (lambda n, d: FeatureMaps(n, d, digit=10), "digit must be"),
        (lambda n, d: FeatureMaps(n, d, layer="C7"), "layer must be"),
        (lambda n, d: Convolution(torch.rand(3, 8, 8)), "image must be"),
        (lambda n, d: Convolution(torch.full((8, 8), INF)), "finite"),
        (lambda n, d: C3Table("striped"), "one of paper, full, diagonal, random"),
        (lambda n, d: C3Table(np.ones((3, 3))), "table must be 6x16"),
        (lambda n, d: C3Table([[1, 2], [3]]), "table must be 6x16"),
        (lambda n, d: DigitCodes(LeNet5(**MODERN), d), "has none"),
        (lambda n, d: Subsampling(torch.rand(1, 5, 5)), "even sides"),
        (lambda n, d: Subsampling(torch.rand(4, 4)), "even sides"),
        (lambda n, d: Subsampling(torch.full((1, 2, 2), NAN)), "finite"),
        (lambda n, d: DrawDigit(RGBLeNet()), "reads 1x32x32"),
    ],
)
def test_a_widget_is_not_made_of_what_it_cannot_show(network, digits, build, message):
    with pytest.raises((LenetError, TraitError), match=message):
        build(network, digits)


def test_feature_maps_follow_digit_and_weights(network, digits):
    other = LeNet5()
    widget = FeatureMaps({"before": other, "after": network}, digits)
    assert widget.weights == "after"
    shown = widget.activations
    widget.digit = 5
    assert widget.activations != shown
    held = widget.parameters
    widget.weights = "before"
    assert widget.parameters != held
    wanted = torch.cat([x.flatten() for x in activations(other, digits.images[5:6]).values()]).numpy()
    np.testing.assert_array_equal(np.frombuffer(widget.activations, "<f4"), wanted)


@pytest.mark.parametrize("model", [RGBLeNet(), LeNet5(**MODERN), LeNet5(subsampling="average")])
def test_feature_maps_show_any_network(model):
    images = torch.rand(2, *model.architecture.input.output_shape)
    assert repr(FeatureMaps(model, images)) == f"FeatureMaps(digit 0, {model.architecture.name}, C1)"


def test_a_kernel_that_shrinks_the_output_keeps_the_place_inside(make):
    widget = make("Convolution")
    widget.place = [27, 27]
    widget.stride = 4
    assert widget.place == [6, 6]
    assert widget.output().shape == (7, 7)


@pytest.mark.parametrize("name", PRESETS)
def test_a_table_goes_straight_into_a_network(name):
    widget = C3Table(name)
    assert widget.parameters == count_parameters(LeNet5(c3=widget.table).C3)
    assert widget.parameters == ledger(LeNet5(c3=widget.table))["C3"].parameters.value


def test_a_table_can_be_set():
    widget = C3Table("full")
    widget.table = paper.C3_TABLE
    assert widget.parameters == paper.PARAMETERS["C3"]
    with pytest.raises(LenetError, match="6x16"):
        widget.table = np.ones((2, 2))
    assert widget.table.sum() == paper.C3_TABLE.sum()


def test_a_turned_pixel_moves_its_distance_by_four_times_f6(make):
    widget = make("DigitCodes")
    before = widget.distances()
    codes = [list(code) for code in widget.codes]
    codes[7][10] *= -1
    widget.codes = codes
    turned, pixel = widget.distances(), widget.units[3, 10].item()
    # (x + w)^2 - (x - w)^2 = 4 x w
    assert (turned - before)[7].item() == pytest.approx(4 * pixel * widget.original[7][10], abs=1e-4)
    assert torch.equal(turned[:7], before[:7])
    assert repr(widget).endswith("1 pixel changed)")


def test_a_code_redrawn_as_f6_wins(make):
    widget = make("DigitCodes")
    codes = [list(code) for code in widget.codes]
    codes[0] = [1 if unit > 0 else -1 for unit in widget.units[3]]
    codes[3] = [-pixel for pixel in codes[0]]
    widget.codes = codes
    assert widget.decision == 0
    widget.codes = widget.original
    assert widget.decision == 3


def sheet(*boxes) -> torch.Tensor:
    """A sheet of paper with black rectangles (top, left, bottom, right)."""
    grey = torch.full((SIDE, SIDE), 255, dtype=torch.uint8)
    for top, left, bottom, right in boxes:
        grey[top:bottom, left:right] = 0
    return grey


SEVEN = sheet((20, 30, 28, 80), (28, 66, 95, 76))


def draw(widget, grey: torch.Tensor) -> None:
    """As the browser does."""
    widget.set_state({"drawing": memoryview(grey.numpy().tobytes())})


def test_what_is_drawn_is_normalised_and_read(make, network):
    widget = make("DrawDigit")
    draw(widget, SEVEN)
    ink = pictures.ink_of(SEVEN / 255)
    assert torch.equal(widget.image[0], PAPER_SCALING.apply(pictures.normalise(ink)))
    assert widget.answer == str(network.classes_of(widget.image).item())
    assert [step["name"] for step in widget.steps] == ["sheet", "ink", "cropped", "glyph", "image"]
    pixels = np.frombuffer(widget.pixels, "<f4")
    np.testing.assert_allclose(pixels[-1024:], pictures.normalise(ink).flatten())
    outputs = np.frombuffer(widget.outputs, "<f4")
    np.testing.assert_allclose(outputs[-10:], network(widget.image)[0].detach(), rtol=1e-5)


@pytest.mark.parametrize("step", STEPS)
def test_each_step_can_be_left_out_and_changes_what_it_should(step):
    everything = normalisation(SEVEN / 255, dict.fromkeys(STEPS, True))
    without = normalisation(SEVEN / 255, dict.fromkeys(STEPS, True) | {step: False})
    assert not torch.equal(without["image"], everything["image"])
    named = {"invert": "ink", "crop": "cropped"}.get(step)
    assert set(everything) - set(without) == ({named} if named else set())
    if step == "scale":
        assert max(without["glyph"].shape) == paper.IMAGE_SIZE
    if step == "centre":
        rows = without["image"].sum(1).nonzero()
        assert rows.min() + rows.max() in (30, 31, 32)
    assert without["image"].shape == (32, 32)


def test_a_blank_sheet_is_no_digit(make):
    widget = make("DrawDigit")
    draw(widget, SEVEN)
    draw(widget, sheet())
    assert (widget.image, widget.answer, widget.outputs) == (None, "", b"")
    assert repr(widget) == "DrawDigit(empty)"
    draw(widget, SEVEN)
    widget.drawing = b""
    assert widget.image is None


def test_every_drawing_is_answered_even_if_nothing_comes_of_it(make, monkeypatch):
    widget = make("DrawDigit")
    told = []
    monkeypatch.setattr(widget, "send", lambda content, **_: told.append(content))
    draw(widget, sheet())
    assert told == [{"read": True}]


def test_feature_maps_of_pictures_name_their_classes():
    shapes = drawn_shapes(20)
    some = Split(shapes.test.images[:4], shapes.test.labels[:4])
    widget = FeatureMaps(RGBLeNet(), some, classes=shapes.classes)
    assert (widget.classes, widget.labels) == (["cross", "ring"], ["cross", "ring", "cross", "ring"])
    with pytest.raises(LenetError, match="classes must be 2 names"):
        FeatureMaps(RGBLeNet(), some, classes=["cat"])
