"""How layers without places connect: C5 and its kernels, F6 and all of C5, F6 and the codes."""

import numpy as np
from matplotlib.axes import Axes

from lenet_edu.network import paper
from lenet_edu.plots import style
from lenet_edu.plots.canvas import Figure, as_array, frame, new_figure, styled
from lenet_edu.plots.style import GREY, INK, ORANGE, SOFT_INK
from lenet_edu.system.language import translate

_STRONGEST = 40  # of a unit's weights get a line of full width


@styled
def kernel_sum(maps, kernels, bias: float, output: float, title: str = "") -> Figure:
    """One unit that reads all maps below: the maps, its kernels, their products, and what comes of their sum.

    maps, kernels: (maps, H, W), alike in shape. bias: of the unit. output: the unit's value. Each set of
    pictures has its own scale: red positive, blue negative.
    """
    below, weights = as_array(maps), as_array(kernels)
    products = below * weights
    columns = int(np.ceil(np.sqrt(len(below))))
    figure = new_figure((10.5, 2.9))
    bands = figure.subfigures(1, 4, squeeze=False, width_ratios=(1, 1, 1, 1.15))[0]
    names = (
        translate("{count} maps of S4", count=len(below)),
        translate("the unit's kernels"),
        translate("products"),
    )
    for band, name, pictures, sign in zip(
        bands[:3], names, (below, weights, products), ("x", "=", ""), strict=True
    ):
        limit = max(np.abs(pictures).max(), 1e-6)
        axes = np.ravel(band.subplots(-(-len(below) // columns), columns, squeeze=False))
        band.subplots_adjust(left=0.03, right=0.85, top=0.86, bottom=0.03, wspace=0.08, hspace=0.08)
        for axis, picture in zip(axes, pictures, strict=False):
            axis.imshow(picture, cmap=style.DIVERGING, vmin=-limit, vmax=limit)
            frame(axis)
        for axis in axes[len(pictures) :]:
            axis.axis("off")
        band.text(0.44, 0.91, name, ha="center", weight="bold", size=9)
        band.text(0.92, 0.45, sign, ha="center", va="center", size=18, color=SOFT_INK)
    total = products.sum()
    lines = (
        translate("all {count} products added: {total:.2f}", count=products.size, total=total),
        translate(
            "plus the bias: {total:.2f} + ({bias:.2f}) = {sum:.2f}", total=total, bias=bias, sum=total + bias
        ),
        translate("squashed: {output:.2f}", output=output),
    )
    for place, line in enumerate(lines):
        bands[3].text(0.0, 0.66 - 0.2 * place, line, va="center", size=9.5)
    bands[3].text(
        0.0, 0.91, translate("one unit of C5"), weight="bold", size=9, color=style.layer_colour("C5")
    )
    figure.suptitle(title, x=0.01, ha="left", y=1.06)
    return figure


@styled
def fully_connected(below, weights, above, unit: int, title: str = "") -> Figure:
    """A fully connected layer: all units below in a column, and lines from each of them to one unit above.

    below: (units_in,). weights: (units, units_in). above: (84,), shown as F6's picture of 7x12. unit: the one
    that the lines lead to. A line is red where the weight is positive, blue where it is negative, and
    wider where the weight is larger.
    """
    inputs, outputs, row = as_array(below), as_array(above), as_array(weights)[unit]
    height, width = paper.CODE_HEIGHT, paper.CODE_WIDTH
    figure = new_figure((8.5, 4.2))
    axis = figure.add_axes((0.02, 0.02, 0.96, 0.88))
    places = np.linspace(height, 0, len(inputs))
    limit = max(np.abs(inputs).max(), 1e-6)
    cell_row, cell_column = divmod(unit, width)
    target = (9 + cell_column + 0.5, height - cell_row - 0.5)
    strong = np.sort(np.abs(row))[-min(_STRONGEST, len(row))]
    for value, place in zip(row, places, strict=True):
        share = min(abs(value) / strong, 1)
        look = {"color": "#B2182B" if value > 0 else "#2166AC", "zorder": 3}
        ends = (0.25, target[0] - 0.5), (place, target[1])
        axis.plot(*ends, linewidth=0.3 + 0.9 * share, alpha=0.1 + 0.4 * share, **look)
    dots = {"cmap": style.DIVERGING, "edgecolors": GREY, "linewidths": 0.4, "zorder": 3}
    axis.scatter(np.zeros(len(inputs)), places, s=16, c=inputs, vmin=-limit, vmax=limit, **dots)
    amplitude = paper.SQUASH_AMPLITUDE
    colours = {"cmap": style.DIVERGING, "vmin": -amplitude, "vmax": amplitude}
    axis.imshow(outputs.reshape(height, width), extent=(9, 9 + width, 0, height), zorder=2, **colours)
    axis.plot(*_square(target), color=ORANGE, linewidth=2.4, zorder=4)
    heads = {
        0: ("C5", translate("{count} units of {layer}", count=len(inputs), layer="C5")),
        9 + width / 2: ("F6", translate("{count} units of {layer}", count=len(outputs), layer="F6")),
    }
    for x, (layer, text) in heads.items():
        colour = style.layer_colour(layer)
        axis.text(x, height + 0.4, text, ha="center", weight="bold", color=colour)
    axis.text(
        9 + width + 0.4,
        target[1],
        translate("unit {unit}: {output:.2f}", unit=unit, output=outputs[unit]),
        va="center",
        color=INK,
    )
    axis.set(xlim=(-2, 20), ylim=(-0.4, height + 1.2), aspect="equal")
    axis.axis("off")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


@styled
def to_codes(f6, codes, title: str = "") -> Figure:
    """F6 of one image above each of the ten codes, and the squared differences whose sum is the distance.

    f6: (84,). codes: (10, 84) of 1 and -1. The smallest distance is orange: it is the answer.
    """
    shape = paper.CODE_HEIGHT, paper.CODE_WIDTH
    x, targets = as_array(f6), as_array(codes)
    squares = (x - targets) ** 2
    distances = squares.sum(1)
    figure = new_figure((11, 4.6))
    axes = figure.subplots(3, len(targets), gridspec_kw={"wspace": 0.15, "hspace": 0.12})
    figure.subplots_adjust(left=0.1, right=0.995, top=0.87, bottom=0.09)
    amplitude = paper.SQUASH_AMPLITUDE
    signed = {"cmap": style.DIVERGING, "vmin": -amplitude, "vmax": amplitude}
    for k, column in enumerate(axes.T):
        won = k == distances.argmin()
        for axis, picture, colours in (
            (column[0], x, signed),
            (column[1], targets[k], signed),
            (column[2], squares[k], {"cmap": "Greys", "vmin": 0, "vmax": (1 + amplitude) ** 2}),
        ):
            axis.imshow(picture.reshape(shape), **colours)
            frame(axis, ORANGE if won else GREY, 2.2 if won else 0.5)
        look = {"weight": "bold" if won else "normal", "color": ORANGE if won else INK}
        column[0].set_title(translate("code of {k}", k=k), size=8.5, **look)
        column[2].set_xlabel(f"{distances[k]:.1f}", size=9, **look)
    rows = ("F6", translate("the code"), translate("squared\ndifference"))
    for axis, text in zip(axes[:, 0], rows, strict=True):
        _name_row(axis, text)
    figure.text(0.02, 0.035, translate("their sum:"), weight="bold", size=9)
    figure.suptitle(title, x=0.005, ha="left")
    return figure


def _name_row(axis: Axes, text: str) -> None:
    axis.text(-0.35, 0.5, text, transform=axis.transAxes, ha="right", va="center", weight="bold", size=9)


def _square(centre: tuple[float, float]) -> tuple[list[float], list[float]]:
    """The outline of a cell of side 1."""
    x, y = centre
    return [x - 0.5, x + 0.5, x + 0.5, x - 0.5, x - 0.5], [y - 0.5, y - 0.5, y + 0.5, y + 0.5, y - 0.5]
