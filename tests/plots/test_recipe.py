"""The figures of notebook 14 show what they were given: read back from the drawing."""

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from lenet_edu import plots
from lenet_edu.network import paper
from lenet_edu.plots import style

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    from matplotlib import pyplot as plt

    plt.close("all")


def line(axis, label: str):
    return next(line for line in axis.lines if line.get_label() == label)


def legend(axis) -> list[str]:
    return [text.get_text() for text in axis.get_legend().get_texts()]


def test_by_layer_draws_a_line_a_network_in_every_panel():
    values = {"whole": {"C1": 0.5, "F6": 1e-4}, "broken": {"C1": torch.tensor(2.0), "F6": 3.0}}
    figure = plots.by_layer({"Up": values, "Down": {"whole": {"C1": 1.0, "F6": 2.0}}}, "below")
    up, down = figure.axes
    assert (up.get_title(), down.get_title(), up.get_xlabel()) == ("Up", "Down", "below")
    assert up.get_yscale() == down.get_yscale() == "log"
    assert list(line(up, "whole").get_ydata()) == [0.5, 1e-4]
    assert list(line(up, "broken").get_ydata()) == [2.0, 3.0]
    assert list(line(up, "broken").get_xdata()) == ["C1", "F6"]
    assert line(up, "whole").get_color() != line(up, "broken").get_color()
    assert legend(down) == ["whole"]


def test_ranges_go_from_lowest_to_highest_with_a_dot_at_the_median():
    before = {"C1": torch.tensor([4.0, 1.0, 2.0]), "F6": torch.tensor([1e-3, 1e-1, 1e-2])}
    after = {"C1": torch.tensor([8.0, 16.0]), "F6": torch.tensor([32.0])}
    (axis,) = plots.ranges({"before": before, "after": after}, "Title", "h").axes
    drawn = [(list(line.get_xdata()), line.get_ydata()[0]) for line in axis.lines]
    spans, dots = drawn[::2], drawn[1::2]
    shown = [[1, 4], [1e-3, 1e-1], [8, 16], [32, 32]]
    for (x, _), wanted in zip(spans, shown, strict=True):
        assert x == pytest.approx(wanted)
    for (x, _), wanted in zip(dots, (2, 1e-2, 12, 32), strict=True):
        assert x == pytest.approx([wanted])
    assert [round(height) for _, height in spans] == [0, 1, 0, 1]
    assert len({height for _, height in spans}) == 4
    assert [text.get_text() for text in axis.get_yticklabels()] == ["C1", "F6"]
    assert axis.get_xscale() == "log"
    assert legend(axis) == ["before", "after"]


def test_ranges_shade_what_is_printed():
    values = {"ours": {"C1": torch.tensor([1e-3, 2e-2])}}
    (axis,) = plots.ranges(values, band=paper.EFFECTIVE_RATES, named="printed").axes
    box = axis.patches[0].get_extents().transformed(axis.transData.inverted())
    assert (box.x0, box.x1) == pytest.approx(paper.EFFECTIVE_RATES)
    assert legend(axis) == ["printed", "ours"]


def test_passes_draw_the_mean_the_range_and_what_the_paper_prints():
    test = torch.tensor([[3.0, 2.0, 1.0], [5.0, 2.0, 2.0]])
    lines = {"test": test, "training": test / 10}
    printed = {"test": (paper.TEST_ERROR_PASSES, paper.TEST_ERROR)}
    (axis,) = plots.passes(lines, printed, "Title").axes
    assert list(line(axis, "test").get_xdata()) == [1, 2, 3]
    assert list(line(axis, "test").get_ydata()) == [4, 2, 1.5]
    corners = axis.collections[0].get_paths()[0].vertices
    assert {(x, y) for x, y in corners} >= {(1, 3), (1, 5), (3, 1), (3, 2)}
    point = line(axis, "test, the paper")
    assert (list(point.get_xdata()), list(point.get_ydata())) == ([10], [0.95])
    assert legend(axis) == ["test", "test, the paper", "training"]


def test_passes_have_whole_numbers_below_and_plain_ones_beside():
    (axis,) = plots.passes({"test": [[8.0] * 10 + [0.3] * 10]}, {}).axes
    axis.figure.draw_without_rendering()
    below = [text.get_text() for text in axis.get_xticklabels() if text.get_text()]
    beside = {text.get_text() for text in axis.get_yticklabels()}
    assert below
    assert all("." not in text for text in below)
    assert {"0.5", "1", "2", "5"} <= beside


def test_seeds_have_a_dot_a_run_and_a_stroke_at_the_mean():
    (axis,) = plots.seeds({"as chosen": [1.0, 2.0], "other": [3.0, 4.0, 8.0]}, "T", beside="as chosen").axes
    dots, strokes = axis.lines[0:4:2], axis.lines[1:4:2]
    assert [list(line.get_xdata()) for line in dots] == [[1, 2], [3, 4, 8]]
    assert [list(line.get_ydata()) for line in dots] == [[0, 0], [1, 1, 1]]
    assert [line.get_xdata()[0] for line in strokes] == [1.5, 5]
    assert list(axis.lines[4].get_xdata()) == [1.5, 1.5]
    assert to_hex(dots[0].get_color()) == style.ORANGE.lower() != to_hex(dots[1].get_color())
    assert [text.get_text() for text in axis.get_yticklabels()] == ["as chosen", "other"]


@pytest.mark.filterwarnings("error")
def test_seeds_and_bars_can_be_empty_and_say_so_by_showing_nothing():
    (axis,) = plots.seeds({}, beside="as chosen").axes
    assert not axis.lines
    (axis,) = plots.bars({"1 of 10": 0, "2 of 10": 0}).axes
    assert np.allclose([bar.get_width() for bar in axis.patches], 0)


def test_figure_8_has_as_many_mistakes_as_the_network_with_distortions():
    share = 100 * len(paper.MISTAKES) / 10_000
    assert round(share, 1) == paper.TEST_ERROR_DISTORTED != round(paper.TEST_ERROR, 1)
    assert paper.TEST_ERROR_PASSES < paper.TRAINING_ERROR_PASSES <= sum(n for _, n in paper.GLOBAL_RATES)
