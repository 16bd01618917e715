"""Figures of how a network learns: the loss over one weight and over two, and slopes carried backwards."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.patches import FancyArrowPatch

from lenet_edu.network.surface import Surface
from lenet_edu.plots import style
from lenet_edu.plots.canvas import Figure, as_array, frame, new_figure, styled, subplots
from lenet_edu.plots.style import BLUE, GREY, INK, ORANGE, SOFT_INK
from lenet_edu.system.language import translate

_BANDS = 24
_PANELS = 4  # paths in a row
_LONGEST = 42  # steps whose places are drawn as dots


@styled
def slope(
    values, losses, at: tuple[float, float], steepness: float, title: str = "", xlabel: str = ""
) -> Figure:
    """The loss over one weight, and the straight line that touches it at one place.

    values, losses: (points,). at: the weight and its loss there. steepness: of the line.
    """
    figure, (axis,) = subplots(1, 1, (7, 3.2))
    x, y = as_array(values), as_array(losses)
    axis.plot(x, y, color=BLUE, label=translate("loss"))
    reach = 0.18 * (x.max() - x.min())
    ends = np.array([at[0] - reach, at[0] + reach])
    axis.plot(
        ends,
        at[1] + steepness * (ends - at[0]),
        color=ORANGE,
        label=translate("slope {steepness:.2f}", steepness=steepness),
    )
    axis.plot(*at, "o", color=ORANGE, markeredgecolor=INK)
    margin = 0.08 * (y.max() - y.min())
    axis.set(xlabel=xlabel, ylabel=translate("loss"), ylim=(y.min() - margin, y.max() + margin))
    axis.set_title(title, loc="left")
    axis.grid(color=GREY, alpha=0.25)
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def loss_surface(surface: Surface, paths: dict | None = None, title: str = "") -> Figure:
    """The loss over two weights as bands of colour, dark where it is small; one panel for each path on it.

    paths: {label: places}, each place (first weight, second weight), as `Surface.descend` gives them; none
    for the surface alone. A star marks where the two weights stand in the network.
    """
    shown = list((paths or {"": []}).items())
    columns = min(len(shown), _PANELS)
    rows = -(-len(shown) // columns)
    wide = 4.4 if columns == 1 else 2.75 * columns
    figure, axes = subplots(rows, columns, (wide, (3.5 if columns == 1 else 2.75) * rows + 0.35))
    for axis, (label, path) in zip(axes, shown, strict=False):
        drawn = _draw_surface(axis, surface)
        if path:
            _draw_path(axis, path)
            loss = surface.at(path[-1])[0]
            steps = len(path) - 1
            axis.set_title(
                f"{label}\n{_steps(steps)}: " + translate("loss {loss:.2f}", loss=loss),
                size=8.5,
                weight="normal",
            )
    for axis in axes[len(shown) :]:
        axis.axis("off")
    figure.colorbar(drawn, ax=axes, shrink=0.9, aspect=24, pad=0.01, label=translate("loss"), format="%.1f")
    figure.supxlabel(surface.names[0], size=9)
    figure.supylabel(surface.names[1], size=9)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure


@styled
def backward_pass(activations: dict, slopes: dict, sample: int = 0, title: str = "") -> Figure:
    """One image on its way through the network, and the slopes of its loss on their way back.

    activations: each layer's output by name, the input's first, as `activations.activations` gives them.
    slopes: of the loss in these numbers, in the same shapes. One map of each layer is shown; units without
    places stand as a picture of their own. Red is positive, blue negative, on one scale a picture.
    """
    names = list(slopes)
    figure = new_figure((11, 3.3))
    axes = figure.subplots(2, len(names), gridspec_kw={"wspace": 0.55, "hspace": 0.35}, squeeze=False)
    figure.subplots_adjust(left=0.1, right=0.99, top=0.84, bottom=0.04)
    for column, name in enumerate(names):
        for row, numbers in enumerate((activations, slopes)):
            axis = axes[row, column]
            picture = _picture(as_array(numbers[name])[sample])
            limit = max(np.abs(picture).max(), 1e-12)
            axis.imshow(picture, cmap=style.DIVERGING, vmin=-limit, vmax=limit)
            frame(axis, style.layer_colour(name), 1.2)
        axes[0, column].set_title(name, color=style.layer_colour(name))
        if column:
            _arrow(figure, axes[0, column - 1], axes[0, column], SOFT_INK)
            _arrow(figure, axes[1, column], axes[1, column - 1], ORANGE)
    directions = (translate("forward:\nthe outputs"), translate("backward:\nthe slopes"))
    for row, text in enumerate(directions):
        box = axes[row, 0].get_position()
        middle = (box.y0 + box.y1) / 2
        figure.text(0.005, middle, text, va="center", weight="bold", color=(SOFT_INK, ORANGE)[row])
    figure.suptitle(title, x=0.005, ha="left")
    return figure


def _draw_surface(axis: Axes, surface: Surface):
    """Bands of equal loss, finer where the loss is small; what a colour bar needs."""
    losses = as_array(surface.losses)
    low, high = losses.min(), losses.max()
    levels = low + (high - low) * np.linspace(0, 1, _BANDS + 1) ** 2
    x, y = as_array(surface.values(0)), as_array(surface.values(1))
    shades = axis.contourf(x, y, losses, levels, cmap="viridis", norm=PowerNorm(0.5, low, high))
    axis.contour(x, y, losses, levels, colors="white", linewidths=0.3, alpha=0.5)
    axis.plot(*surface.centre, "*", color="white", markeredgecolor=INK, markersize=10)
    axis.set_aspect("equal")
    axis.tick_params(labelsize=7)
    return shades


def _draw_path(axis: Axes, path) -> None:
    x, y = zip(*path, strict=True)
    axis.plot(x, y, color=INK, linewidth=2.2)
    axis.plot(x, y, color="white", linewidth=1.1, marker="o", markersize=2.2 if len(path) > _LONGEST else 3)
    axis.plot(x[-1], y[-1], "o", color=ORANGE, markeredgecolor=INK, markersize=7)


def _arrow(figure: Figure, start: Axes, end: Axes, colour: str) -> None:
    """An arrow in the gap between two pictures, from one to the other."""
    first, last = start.get_position(), end.get_position()
    to_right = first.x0 < last.x0
    ends = (first.x1, last.x0) if to_right else (first.x0, last.x1)
    height = (first.y0 + first.y1) / 2
    gap = 0.15 * (ends[1] - ends[0])
    figure.add_artist(
        FancyArrowPatch(
            (ends[0] + gap, height),
            (ends[1] - gap, height),
            transform=figure.transFigure,
            arrowstyle="-|>",
            mutation_scale=10,
            color=colour,
        )
    )


def _picture(output: np.ndarray) -> np.ndarray:
    """The first map, (H, W); units as a picture a few columns wide."""
    if output.ndim == 3 and output.shape[1] > 1:
        return output[0]
    units = output.reshape(-1)
    columns = {84: 7, 120: 10, 10: 1}.get(len(units), 1)
    return units.reshape(-1, columns)


def _steps(count: int) -> str:
    return translate("1 step") if count == 1 else translate("{count} steps", count=count)
