"""Figures show what they were given: read back from the drawing, not looked at."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib.colors import to_hex

from lenet_edu import plots
from lenet_edu.network import paper
from lenet_edu.network.architecture import NETWORKS, lenet1989
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.ledger import ledger, show_shape
from lenet_edu.network.models import LeNet1, LeNet4, LeNet5, LeNet1989, RGBLeNet, build
from lenet_edu.plots import style
from lenet_edu.system.errors import LenetError

matplotlib.use("agg")

FULL = {colour.upper() for colour in style.LAYERS.values()}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    from matplotlib import pyplot as plt

    plt.close("all")


def texts(figure) -> list[str]:
    figure.draw_without_rendering()
    return [text.get_text() for axis in figure.axes for text in axis.texts]


@pytest.mark.parametrize("model", [LeNet5(), RGBLeNet()], ids=["lenet5", "rgb"])
def test_network_shows_every_layer_and_shape(model):
    shown = texts(plots.network(model))
    for name, shape in model.architecture.shapes.items():
        assert name in shown
        assert show_shape(shape) in shown


def test_network_lights_one_layer():
    figure = plots.network(LeNet5(), lit="C3")
    colour = style.LAYERS["C3"]
    assert [text.get_text() for text in figure.axes[0].texts if text.get_color() == colour] == ["C3"]
    full = [patch for patch in figure.axes[0].patches if to_hex(patch.get_facecolor()).upper() in FULL]
    assert {to_hex(patch.get_facecolor()).upper() for patch in full} == {colour.upper()}


def test_network_refuses_an_unknown_layer():
    with pytest.raises(LenetError, match="C7"):
        plots.network(LeNet5(), lit="C7")


@pytest.mark.slow
def test_feature_maps_shows_every_map_of_every_layer_and_the_outputs_numbers():
    model = LeNet5()
    outputs = activations(model, torch.rand(2, 1, 32, 32))
    figure = plots.feature_maps(outputs, sample=1)
    pictures = [axis.images[0].get_array() for axis in figure.get_axes() if axis.images]
    assert len(pictures) == 1 + 6 + 6 + 16 + 16 + 1 + 1 + 1
    np.testing.assert_allclose(pictures[1], outputs["C1"][1, 0].numpy())
    assert sum(picture.size for picture in pictures) == 32 * 32 + ledger(model).totals["units"]
    assert texts(figure) == [f"{distance:.0f}" for distance in outputs["OUTPUT"][1]]


def test_feature_maps_writes_small_outputs_to_one_place():
    """LeNet-4 answers between -1.7 and 1.7: whole numbers would tell nothing."""
    outputs = LeNet4()(torch.rand(1, 1, 32, 32))
    wanted = [f"{round(score, 1) + 0.0:.1f}" for score in outputs[0].tolist()]
    assert texts(plots.feature_maps({"OUTPUT": outputs})) == wanted


def test_digits_wraps_rows_and_titles():
    figure = plots.digits(torch.rand(12, 1, 32, 32), titles=range(12))
    shown = [axis for axis in figure.axes if axis.images]
    assert len(shown) == 12
    assert [axis.get_title() for axis in shown] == [str(n) for n in range(12)]


def test_bars_carry_the_ledgers_numbers():
    book = ledger(LeNet5())
    shown = " ".join(texts(plots.parameters_and_connections(book)))
    for row in book.rows:
        assert f"{row.parameters.value:,}  (" in shown
        assert f"{row.connections.value:,}  (" in shown


def test_history_draws_both_splits_of_each_run():
    record = {"train_loss": 1.0, "validation_loss": 0.5, "train_accuracy": 0.9, "validation_accuracy": 0.95}
    history = [{"epoch": epoch, **record} for epoch in (1, 2)]
    figure = plots.history({"a": history, "b": history})
    assert [len(axis.lines) for axis in figure.axes] == [4, 4]
    assert figure.axes[1].lines[1].get_ydata() == pytest.approx([5, 5])


def test_confusion_writes_every_count():
    table = torch.tensor([[5, 1], [0, 7]])
    assert sorted(texts(plots.confusion(table))) == ["1", "5", "7"]


def test_digits_of_different_sizes_stand_side_by_side():
    figure = plots.digits([torch.rand(1, 8, 5), torch.rand(1, 20, 20)])
    assert [axis.images[0].get_array().shape for axis in figure.axes] == [(8, 5), (20, 20)]


def test_maps_share_one_scale_that_has_white_at_zero():
    output = torch.tensor([[[1.0, 2.0]], [[-4.0, 0.0]]])
    figure = plots.maps(output, ["a", "b"], "What to see", layer="C3")
    shown = figure.axes[:2]
    assert [axis.images[0].get_clim() for axis in shown] == [(-4, 4), (-4, 4)]
    assert [axis.get_title() for axis in shown] == ["a", "b"]
    assert figure.get_suptitle() == "What to see"
    assert to_hex(shown[0].spines["top"].get_edgecolor()).upper() == style.LAYERS["C3"].upper()
    np.testing.assert_array_equal(shown[1].images[0].get_array(), [[-4.0, 0.0]])
    assert plots.maps(output, limit=9).axes[0].images[0].get_clim() == (-9, 9)


def test_numbers_are_written_into_their_cells_without_minus_zero():
    figure = plots.numbers([torch.tensor([[1.26, -0.01]]), torch.tensor([[3.0]])], ["a", "b"], ["×"])
    assert texts(figure) == ["1.3", "0.0", "×", "3.0"]


def test_curves_draw_what_they_are_given_and_point_out_the_marks():
    figure = plots.curves([0, 1], {"f": [2, 3], "C3": [4, 5]}, "Title", "x", "y", marks=[0.5])
    first, second, mark = figure.axes[0].lines
    assert (first.get_label(), list(first.get_ydata())) == ("f", [2, 3])
    assert (second.get_color(), list(second.get_ydata())) == (style.LAYERS["C3"], [4, 5])
    assert list(mark.get_xdata()) == [0.5, 0.5]


def test_bars_are_as_long_as_their_numbers_and_one_stands_out():
    axis = plots.bars({3: 1.5, 8: 2.5}, lit=8).axes[0]
    assert [bar.get_width() for bar in axis.patches] == [1.5, 2.5]
    assert axis.patches[0].get_facecolor() != axis.patches[1].get_facecolor()
    assert [text.get_text() for text in axis.texts] == ["1.5", "2.5"]
    layers = plots.bars({"C1": 4704, "S2": 1176}, layers=True, text="{:,.0f}").axes[0]
    assert [to_hex(bar.get_facecolor()).upper() for bar in layers.patches] == [
        style.LAYERS[name].upper() for name in ("C1", "S2")
    ]


def test_table_has_a_mark_for_every_link_and_a_shade_for_every_group():
    axis = plots.table(paper.C3_TABLE).axes[0]
    marks = np.zeros_like(paper.C3_TABLE)
    for text in axis.texts:
        column, row = text.get_position()
        marks[row, column] = True
    np.testing.assert_array_equal(marks, paper.C3_TABLE)
    assert len(axis.patches) == 4
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("map of C3", "map of S2")


@pytest.mark.parametrize(
    ("model", "layer", "below", "groups"),
    [(LeNet4(), "C3", "S2", 2), (LeNet1().architecture, "C3", "S2", 8), (LeNet1989(), "H2", "H1", 1)],
    ids=["lenet4", "lenet1", "lenet1989"],
)
def test_table_of_a_network_has_its_links_and_its_layers_names(model, layer, below, groups):
    plan = getattr(model, "architecture", model)
    axis = plots.table(model, layer=layer).axes[0]
    marks = {text.get_position()[::-1] for text in axis.texts}
    assert marks == {tuple(link) for link in np.argwhere(plan[layer].table).tolist()}
    assert (axis.get_xlabel(), axis.get_ylabel()) == (f"map of {layer}", f"map of {below}")
    assert len(axis.patches) == groups


@pytest.mark.parametrize("layer", ["S2", "C7"])
def test_table_refuses_what_is_no_convolution(layer):
    with pytest.raises(LenetError, match="convolution of LeNet-4 must be one of C1, C3, C5"):
        plots.table(LeNet4(), layer=layer)


def test_matrix_writes_every_number():
    figure = plots.matrix(torch.tensor([[1.0, 2.5], [3.0, 4.0]]), decimals=1)
    assert texts(figure) == ["1.0", "2.5", "3.0", "4.0"]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("share", [0, 0.5, 1], ids=["first", "middle", "last"])
def test_field_squares_are_what_the_gradient_reaches(network, share):
    """The oracle: the input pixels on which a unit's value depends."""
    model = build({"network": network})
    plan = model.architecture
    for name, shape in list(plan.shapes.items())[1:]:
        rows, columns = shape[1:] or (1, 1)
        unit = (round(share * (rows - 1)), round((1 - share) * (columns - 1)))
        image = torch.rand(1, *plan.shapes["INPUT"], requires_grad=True, dtype=torch.double)
        x = image
        for layer, module in model.double().named_children():
            # Neither a ReLU nor a maximum nor a full squash may hide an input that is read.
            if isinstance(module, torch.nn.MaxPool2d):
                x = F.avg_pool2d(x, 2)
            else:
                x = getattr(module, "weighted_sum", module)(x)
            x = (x / 100).tanh()
            if layer == name:
                break
        (x[0].sum(0)[unit] if x.ndim == 4 else x[0, 0]).backward()
        rows, columns = image.grad[0].abs().sum(0).nonzero().T
        top, left, height, width = plots.field_squares(plan, name, unit)["INPUT"]
        assert (rows.min(), rows.max()) == (top, top + height - 1), name
        assert (columns.min(), columns.max()) == (left, left + width - 1), name


def test_field_squares_end_where_a_map_does():
    """LeNet 1989's units at an edge read two rows and columns of border, which are nobody's output."""
    squares = plots.field_squares(lenet1989(), "H2", (0, 3))
    assert squares == {"INPUT": (0, 6, 7, 10), "H1": (0, 4, 3, 4), "H2": (0, 3, 1, 1)}


def test_receptive_field_marks_the_squares_and_names_their_size():
    model = LeNet5()
    outputs = activations(model, torch.rand(1, 1, 32, 32))
    figure = plots.receptive_field(model, outputs, "C3", (4, 5))
    squares = [axis.patches[0] for axis in figure.axes]
    assert [axis.get_title() for axis in figure.axes] == ["INPUT", "C1", "S2", "C3"]
    assert [square.get_width() for square in squares] == [14, 10, 5, 1]
    assert squares[0].get_xy() == (10 - 0.5, 8 - 0.5)
    assert figure.axes[0].get_xlabel() == "14 x 14 pixels"
    everything = plots.receptive_field(model, outputs, "OUTPUT")
    assert [axis.get_xlabel() for axis in everything.axes][-3:] == [
        "all 120 units",
        "all 84 units",
        "one unit",
    ]


@pytest.mark.parametrize("unit", [(10, 0), (0, -1)])
def test_receptive_field_refuses_a_unit_that_is_not_there(unit):
    outputs = activations(LeNet5(), torch.rand(1, 1, 32, 32))
    with pytest.raises(LenetError, match="C3 has units"):
        plots.receptive_field(LeNet5(), outputs, "C3", unit)


@pytest.mark.slow
def test_scan_names_what_is_near_enough_at_its_place():
    distances = torch.full((3, 10), 40.0)
    distances[1, 7], distances[2, 4] = 3.0, 13.0
    figure = plots.scan(torch.rand(32, 40), distances, step=4, sure=12)
    assert texts(figure) == ["7"]
    (name,) = figure.axes[1].texts
    # Its window begins at pixel 4, so it is centred between pixels 19 and 20.
    assert name.get_position() == (19.5, 7)


@pytest.mark.slow
@pytest.mark.parametrize("width", [32, 40, 200, 900])
def test_scan_shows_a_pixel_as_wide_above_as_below_and_all_within_the_figure(width):
    figure = plots.scan(torch.rand(32, width), torch.full((3, 10), 40.0), step=4, sure=12, title="Title")
    figure.draw_without_rendering()
    above, below, scale = (axis.get_window_extent() for axis in figure.axes)
    assert (above.x0, above.x1) == (below.x0, below.x1)
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    assert above.width / width == pytest.approx(above.height / 32)
    boxes = [axis.get_tightbbox() for axis in figure.axes]
    assert min(box.x0 for box in boxes) >= 0
    assert max(box.x1 for box in boxes) <= figure.bbox.width
    assert min(box.y0 for box in boxes) >= 0
    assert scale.x0 > below.x1


def test_every_layer_of_every_network_has_a_colour_of_its_own():
    for make in NETWORKS.values():
        colours = [style.LAYERS[name] for name in make().shapes]
        assert len(set(colours)) == len(colours)
    assert style.layer_colour("no layer") == style.GREY
    assert style.pale("#000000", 0.5) == (0.5, 0.5, 0.5)


def test_kernels_share_one_scale():
    figure = plots.kernels(torch.tensor([[[1.0]], [[-4.0]]]))
    assert [axis.images[0].get_clim() for axis in figure.axes] == [(-4, 4), (-4, 4)]


def test_pictures_are_shown_in_their_colours():
    images = torch.full((2, 3, 32, 32), -1.0)
    images[0, 0] = 1.0  # red
    first, second = plots.pictures(images, titles=["a", "b"]).axes[:2]
    assert first.images[0].get_array()[5, 5].tolist() == [1, 0, 0]
    assert second.images[0].get_array()[5, 5].tolist() == [0, 0, 0]


def test_wrong_predictions_are_red():
    guesses = [("cat", "cat", 0.9), ("dog", "cat", 0.8), ("dog", None, 0.7)]
    figure = plots.predictions(torch.zeros(3, 3, 32, 32), guesses)
    titles = [axis.title for axis in figure.axes[:3]]
    assert [title.get_text() for title in titles] == ["cat 90%\nis: cat", "dog 80%\nis: cat", "dog 70%"]
    assert [title.get_color() == style.RED for title in titles] == [False, True, False]
    digit = plots.predictions(torch.zeros(1, 1, 32, 32), [("3", "5", 0.5)]).axes[0].title
    assert (digit.get_text(), digit.get_color()) == ("3 50%\nis: 5", style.RED)


@pytest.mark.slow
def test_feature_maps_of_a_colour_picture_begin_with_the_picture():
    model = RGBLeNet()
    outputs = activations(model, torch.rand(1, 3, 32, 32) * 2 - 1)
    figure = plots.feature_maps(outputs)
    axes = [axis for axis in figure.get_axes() if axis.images]
    assert axes[0].images[0].get_array().shape == (32, 32, 3)
    assert len(axes) == 1 + 16 + 16 + 32 + 32 + 1 + 1 + 1 + 1
    scores = [round(score, 1) + 0.0 for score in outputs["OUTPUT"][0].tolist()]  # + 0.0 makes -0.0 a 0.0
    assert texts(figure) == [f"{score:.1f}" for score in scores]


def test_confusion_names_its_classes():
    axis = plots.confusion(torch.tensor([[5, 1], [2, 7]]), ("cat", "dog")).axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["cat", "dog"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["cat", "dog"]


def test_saliency_stands_below_its_picture():
    matters = torch.rand(2, 32, 32)
    axes = plots.saliency(torch.zeros(2, 3, 32, 32), matters, ["a", "b"]).axes
    np.testing.assert_allclose(axes[3].images[0].get_array(), matters[1].numpy())


HISTORY = [
    {"epoch": 1, "train_loss": 1.0, "validation_loss": 0.9, "train_accuracy": 0.5, "validation_accuracy": 0.6}
]


def test_titles_in_chinese_stand_where_a_font_has_them_and_else_the_usual_ones(monkeypatch):
    chinese = ("损失", "错误率")
    for there, wanted in ((True, list(chinese)), (False, ["Loss", "Error, %"])):
        monkeypatch.setattr(style, "can_show", lambda text, there=there: there)
        assert [axis.get_title() for axis in plots.history({"a": HISTORY}, titles=chinese).axes] == wanted


def test_the_fonts_stay_with_a_figure_that_is_drawn_after_its_call(monkeypatch):
    """A notebook draws when the call has ended, in the reader's own style."""
    monkeypatch.setattr(style, "installed_fonts", lambda: ["DejaVu Sans", "DejaVu Serif"])
    title = plots.history({"a": HISTORY}).axes[0].title
    assert title.get_fontfamily() == ["DejaVu Sans", "DejaVu Serif"]


def test_what_fonts_can_show_is_read_from_the_fonts():
    assert "DejaVu Sans" in style.installed_fonts()
    assert style.can_show("Loss, %")
    assert not style.can_show("\U0010fffd")  # a letter that no font has


@pytest.mark.slow
def test_no_figure_warns_of_a_letter_that_no_font_has(tmp_path):
    """In a process of its own, as a notebook is: pytest sets filters of its own."""
    code = (
        "from lenet_edu import plots; import torch\n"
        "figure = plots.pictures(torch.zeros(1, 3, 8, 8), ['\U0010fffd'])\n"
        f"figure.savefig({str(tmp_path / 'a.png')!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_figure_leaves_the_readers_own_style_alone():
    before = dict(matplotlib.rcParams)
    plots.network(LeNet5())
    assert dict(matplotlib.rcParams) == before


def test_predictions_of_no_pictures_say_so():
    figure = plots.predictions(torch.zeros(0, 3, 32, 32), [])
    assert [text.get_text() for text in figure.texts] == ["There are no such pictures."]
