"""Figures of learning and of connections: they show the numbers that they were given."""

import matplotlib
import numpy as np
import pytest
import torch

from lenet_edu import plots
from lenet_edu.network import paper
from lenet_edu.network.surface import Surface

matplotlib.use("agg")


@pytest.fixture
def surface():
    x = torch.linspace(-2, 2, 9)
    return Surface(("a", "b"), (0.0, 0.0), 2.0, x.square() + 3 * x[:, None].square())


def texts(figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def test_the_line_on_a_curve_has_its_slope():
    figure = plots.slope([0, 1, 2], [0, 1, 4], (1, 1), 2.0, xlabel="w")
    line = figure.axes[0].lines[1]
    (x0, x1), (y0, y1) = line.get_data()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(2)
    assert "slope 2.00" in texts(figure)


@pytest.mark.slow
def test_each_path_has_a_panel_with_its_loss_at_the_end(surface):
    paths = {
        f"rate {rate}": surface.descend((-1.5, 1.5), rate, steps=7) for rate in (0.01, 0.1, 0.2, 0.3, 0.4)
    }
    figure = plots.loss_surface(surface, paths)
    for label, path in paths.items():
        assert f"{label}\n{len(path) - 1} steps: loss {surface.at(path[-1])[0]:.2f}" in texts(figure)
    star = figure.axes[0].lines[0]
    assert tuple(np.ravel(star.get_data())) == surface.centre


def test_a_surface_alone_needs_no_path(surface):
    assert "a" in texts(plots.loss_surface(surface))


def test_the_backward_pass_shows_the_slopes_below_the_outputs():
    outputs = {"INPUT": torch.rand(1, 1, 8, 8), "C1": torch.rand(1, 2, 4, 4), "F6": torch.rand(1, 84)}
    slopes = {name: -2 * output for name, output in outputs.items()}
    figure = plots.backward_pass(outputs, slopes)
    above, below = figure.axes[1].images[0], figure.axes[4].images[0]
    assert np.allclose(above.get_array(), outputs["C1"][0, 0])
    assert np.allclose(below.get_array(), slopes["C1"][0, 0])
    assert figure.axes[2].images[0].get_array().shape == (12, 7)


def test_a_sum_over_kernels_is_written_with_its_numbers():
    maps, kernels = torch.full((4, 2, 2), 0.5), torch.full((4, 2, 2), 0.25)
    said = texts(plots.kernel_sum(maps, kernels, bias=-1.0, output=0.9))
    assert "all 16 products added: 2.00" in said
    assert "2.00 + (-1.00) = 1.00" in said
    assert "squashed: 0.90" in said


def test_a_line_leads_from_each_unit_below():
    figure = plots.fully_connected(torch.rand(120), torch.randn(84, 120), torch.linspace(-1, 1, 84), unit=83)
    assert len(figure.axes[0].lines) == 120 + 1  # and the frame of the unit
    assert "unit 83: 1.00" in texts(figure)


def test_the_smallest_distance_to_a_code_stands_out():
    codes = torch.tensor(paper.DIGIT_CODES).flatten(1).float()
    figure = plots.to_codes(0.9 * codes[7], codes)
    bold = [
        axis.get_title() for axis in figure.axes if axis.title.get_weight() == "bold" and axis.get_title()
    ]
    assert bold == ["code of 7"]
    assert f"{0.01 * 84:.1f}" in texts(figure)
