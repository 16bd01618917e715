"""A kernel on its way over an image, frame by frame."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lenet_edu.plots import style
from lenet_edu.plots.canvas import Figure, as_array, frame, styled, subplots
from lenet_edu.plots.style import GREY, INK, ORANGE
from lenet_edu.system.language import translate


@styled
def sliding(image, kernel, places, bias: float = 0.0, title: str = "") -> Figure:
    """A convolution at several places, a frame each: the patch above, and below the output so far.

    image: (H, W). kernel: (k, k). places: (row, column) of the output, one a frame, in the order of reading.
    Under the frames stands the sum that gives the newest number. Small images have their numbers written in.
    """
    picture, weights = as_array(image), as_array(kernel)
    side = len(weights)
    patches = np.lib.stride_tricks.sliding_window_view(picture, weights.shape)
    sums = (patches * weights).sum((2, 3)) + bias
    figure, axes = subplots(2, len(places), (2.55 * len(places), 4.9))
    limit = max(np.abs(sums).max(), 1e-6)
    for number, (row, column) in enumerate(places):
        above, below = axes[number], axes[number + len(places)]
        above.imshow(picture, cmap=style.PAPER)
        _box(above, (column, row), side)
        so_far = np.where(
            np.arange(sums.size).reshape(sums.shape) <= row * sums.shape[1] + column, sums, np.nan
        )
        below.imshow(so_far, cmap=style.DIVERGING, vmin=-limit, vmax=limit)
        _box(below, (column, row), 1)
        for axis, values in ((above, picture), (below, so_far)):
            frame(axis)
            if picture.shape[1] <= 8:
                _write(axis, values)
        above.set_title(translate("place {row}, {column}", row=row, column=column), size=9)
        above.set_xlabel(_as_sum(patches[row, column], weights, bias, sums[row, column]), size=8, color=INK)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _box(axis: Axes, corner: tuple[int, int], side: int) -> None:
    x, y = corner
    box = Rectangle(
        (x - 0.5, y - 0.5), side, side, fill=False, edgecolor=ORANGE, linewidth=2.5, clip_on=False
    )
    axis.add_patch(box)


def _write(axis: Axes, values: np.ndarray) -> None:
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            colours = axis.images[0]
            red, green, blue, _ = colours.cmap(colours.norm(value))
            dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.45
            shown = f"{round(float(value), 1) + 0.0:g}"
            axis.text(column, row, shown, ha="center", va="center", size=8, color="white" if dark else INK)
        else:
            axis.text(column, row, "?", ha="center", va="center", size=8, color=GREY)


def _as_sum(patch: np.ndarray, weights: np.ndarray, bias: float, total: float) -> str:
    """The sum as a line for each row of the kernel; terms with a weight of 0 are left out."""
    lines = []
    for inputs, factors in zip(patch, weights, strict=True):
        terms = [
            f"{i:g}×{w:g}" if w >= 0 else f"{i:g}×({w:g})" for i, w in zip(inputs, factors, strict=True) if w
        ]
        if terms:
            lines.append(" + ".join(terms))
    if sum(map(len, lines)) > 150:
        return translate("sum of {count} products", count=patch.size) + f"{_added(bias)} = {total:.2f}"
    return " +\n".join(lines) + f"{_added(bias)}\n= {total:g}"


def _added(bias: float) -> str:
    return f" {'+' if bias > 0 else '-'} {abs(bias):.2f}" if bias else ""
