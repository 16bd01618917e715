"""Figures show what they were given: read back from the drawing, not looked at."""

import matplotlib
import numpy as np
import pytest
import torch

from lenet_edu import plots
from lenet_edu.activations import activations
from lenet_edu.errors import LenetError
from lenet_edu.ledger import ledger, show_shape
from lenet_edu.models import LeNet5, RGBLeNet

matplotlib.use("agg")


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
    lit = [text.get_text() for text in figure.axes[0].texts if text.get_color() == plots.ORANGE]
    assert lit == ["C3"]


def test_network_refuses_an_unknown_layer():
    with pytest.raises(LenetError, match="C7"):
        plots.network(LeNet5(), lit="C7")


def test_feature_maps_shows_every_map_of_every_layer():
    model = LeNet5()
    outputs = activations(model, torch.rand(2, 1, 32, 32))
    figure = plots.feature_maps(outputs, sample=1)
    pictures = [axis.images[0].get_array() for axis in figure.get_axes()]
    assert len(pictures) == 1 + 6 + 6 + 16 + 16 + 1 + 1 + 1
    np.testing.assert_allclose(pictures[1], outputs["C1"][1, 0].numpy())
    assert sum(picture.size for picture in pictures) == 32 * 32 + ledger(model).totals["units"]


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


def test_kernels_share_one_scale():
    figure = plots.kernels(torch.tensor([[[1.0]], [[-4.0]]]))
    assert [axis.images[0].get_clim() for axis in figure.axes] == [(-4, 4), (-4, 4)]


def test_a_figure_leaves_the_readers_own_style_alone():
    before = dict(matplotlib.rcParams)
    plots.network(LeNet5())
    assert dict(matplotlib.rcParams) == before
