"""The curves of training can be read: measured on the drawing, in pixels."""

import logging
import math
import warnings
from itertools import pairwise

import matplotlib
import pytest

from lenet_edu import plots

matplotlib.use("agg")


def records(losses, errors) -> list[dict]:
    """A history with these losses and errors in percent; those of validation are a little higher."""
    return [
        {
            "epoch": epoch,
            "train_loss": loss,
            "validation_loss": 1.1 * loss,
            "train_accuracy": 1 - error / 100,
            "validation_accuracy": 1 - 1.2 * error / 100,
        }
        for epoch, (loss, error) in enumerate(zip(losses, errors, strict=True), 1)
    ]


EPOCHS = range(12)
HISTORIES = {
    "narrow": records([0.3 - 0.001 * n for n in EPOCHS], [3 - 0.01 * n for n in EPOCHS]),
    "one decade": records([1 / (n + 1) for n in EPOCHS], [10 / (n + 1) for n in EPOCHS]),
    "many decades": records([10.0 ** (3 - n) for n in EPOCHS], [80 * 2.0**-n for n in EPOCHS]),
    "down to 0": records([2.0**-n for n in EPOCHS], [9, 5, 3, 1, 0.5, 0.2, 0.1, 0.02, 0, 0, 0, 0]),
    "0 from the start": records([0.1] * 12, [0] * 12),
    "one epoch": records([2.3], [90]),
}


def labels(axis) -> list:
    return [label for label in axis.get_yticklabels() if label.get_text()]


@pytest.mark.parametrize("name", HISTORIES)
def test_numbers_on_the_axes_stand_apart_and_are_enough(name):
    figure = plots.history({name: HISTORIES[name]})
    figure.draw_without_rendering()
    for axis in figure.axes:
        shown, (low, high) = labels(axis), axis.get_ylim()
        shown = [label for label in shown if low <= label.get_position()[1] <= high]
        assert 2 <= len(shown) <= 9
        boxes = sorted((label.get_window_extent() for label in shown), key=lambda box: box.y0)
        assert all(lower.y1 <= upper.y0 for lower, upper in pairwise(boxes))
        for label in shown:
            assert float(label.get_text()) == pytest.approx(label.get_position()[1])


@pytest.mark.parametrize("name", ["down to 0", "0 from the start"])
def test_an_error_of_0_stands_at_the_number_0_within_the_panel(name):
    figure = plots.history({name: HISTORIES[name]})
    figure.draw_without_rendering()
    axis = figure.axes[1]
    panel = axis.get_window_extent()
    (zero,) = [label for label in labels(axis) if label.get_text() == "0"]
    for line in axis.lines:
        places = axis.transData.transform(line.get_xydata())
        assert all(panel.y0 <= y <= panel.y1 for _, y in places)
        height = places[-1][1]
        box = zero.get_window_extent()
        assert box.y0 < height < box.y1


def test_without_an_error_of_0_the_axes_are_logarithmic():
    figure = plots.history({"a": HISTORIES["one decade"]})
    assert [axis.get_yscale() for axis in figure.axes] == ["log", "log"]
    low, high = figure.axes[1].get_ylim()
    assert 0 < low < high < math.inf


def test_drawing_leaves_no_filter_behind():
    filters, logger = list(warnings.filters), logging.getLogger("matplotlib.font_manager")
    before = list(logger.filters)
    plots.history({"\U0010fffd": HISTORIES["one epoch"]}).draw_without_rendering()
    assert warnings.filters == filters
    assert logger.filters == before
