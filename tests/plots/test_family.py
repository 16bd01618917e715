"""The figures of the family: what is printed beside what runs came to, read back from the drawing."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

from lenet_edu import plots
from lenet_edu.plots import style

matplotlib.use("agg")

NETWORKS = {
    "small": (100_000, 1.7, [1.6, 1.8, 2.0]),
    "large": (400_000, 0.95, [1.0]),
    "large, other digits": (400_000, 0.8, []),
}
ROWS = {"linear": (12.0, [13.5]), "network": (1.1, [1.0, 1.1]), "alike": (2.0, [2.0])}


def points(axis, marker: str) -> list[tuple[float, float]]:
    """Where a marker stands, without the legend's own."""
    lines = [line for line in axis.lines if line.get_marker() == marker and len(line.get_xdata())]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines]


def spans(axis, along: int) -> list[tuple[float, float]]:
    """From where to where each error bar reaches, in x (0) or y (1)."""
    bars = [bar for collection in axis.collections for bar in collection.get_segments()]
    return [(bar[0, along], bar[1, along]) for bar in bars]


def test_costs_shows_what_is_printed_and_the_mean_of_the_runs():
    axis = plots.costs(NETWORKS, "Title").axes[0]
    assert [y for _, y in points(axis, "D")] == [1.7, 0.95, 0.8]
    assert [y for _, y in points(axis, "o")] == pytest.approx([1.8, 1.0])
    assert [x for x, _ in points(axis, "o")] == [100_000, 400_000]
    assert spans(axis, 1) == [pytest.approx((1.6, 2.0))]
    assert axis.get_xscale() == axis.get_yscale() == "log"
    assert axis.get_title(loc="left") == "Title"


def test_costs_keeps_networks_of_equal_cost_apart():
    places = [x for x, _ in points(plots.costs(NETWORKS).axes[0], "D")]
    assert places[:2] == [100_000, 400_000]
    assert 400_000 < places[2] < 500_000


def test_costs_names_each_network_once():
    labels = [text.get_text() for text in plots.costs(NETWORKS).axes[0].get_legend().get_texts()]
    assert labels == [*NETWORKS, "printed", "ours"]


def test_beside_printed_shows_both_in_the_row_of_its_name():
    axis = plots.beside_printed(ROWS).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == list(ROWS)
    assert points(axis, "D") == [(12.0, 0), (1.1, 1), (2.0, 2)]
    assert points(axis, "o") == [pytest.approx(place) for place in [(13.5, 0), (1.05, 1), (2.0, 2)]]
    assert spans(axis, 0) == [
        pytest.approx((1.05 - np.std([1.0, 1.1], ddof=1), 1.05 + np.std([1.0, 1.1], ddof=1)))
    ]
    low, high = axis.get_ylim()
    assert low > high, "the first row is above"


def test_beside_printed_marks_what_is_above_it():
    axis = plots.beside_printed(ROWS).axes[0]
    dots = [line for line in axis.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert [to_hex(dot.get_color()).upper() for dot in dots] == [style.ORANGE, style.BLUE, style.BLUE]


def test_percents_are_written_as_numbers():
    figure = plots.beside_printed(ROWS)
    figure.draw_without_rendering()
    shown = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert {"1", "1.5", "10"} <= set(shown)
    assert not [text for text in shown if "^" in text]


def test_a_time_line_names_every_network_with_its_year_once():
    networks = {"LeNet 1989": (1989, 9_760, 63_660), "LeNet-1 1990": (1990, 2_578, 92_288)}
    networks |= {"LeNet-4": (1998, 50_698, 249_568)}
    axis = plots.timeline(networks, "The family").axes[0]
    texts = [text.get_text() for text in axis.texts]
    assert texts[::2] == ["1989\nLeNet", "1990\nLeNet-1", "1998\nLeNet-4"]
    assert texts[1] == "9,760 parameters\n63,660 multiply-adds"
    assert [line.get_linestyle() for line in axis.lines] == ["-", ":"]
    sizes = [dots.get_sizes()[0] for dots in axis.collections]
    assert sizes[0] / sizes[1] == pytest.approx(9_760 / 2_578)
