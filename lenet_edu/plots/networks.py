"""Figures of a network as its description has it: its layers, its tables, its counts, what a unit sees."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lenet_edu.network.architecture import Architecture, lenet5, table_groups
from lenet_edu.network.ledger import Ledger, window
from lenet_edu.plots import style
from lenet_edu.plots.canvas import Figure, as_array, as_colours, frame, styled, subplots
from lenet_edu.plots.style import BLUE, GREEN, ORANGE, PURPLE
from lenet_edu.system.errors import LenetError, check_choice
from lenet_edu.system.language import Text, translate


@styled
def table(connected, title: str = "", layer: str = "C3", below=None, above=None) -> Figure:
    """A connection table (maps_in, maps) as the paper prints Table I, its groups of columns shaded apart.

    connected: the table of LeNet-5's C3, or a model (or architecture), whose convolution `layer` it is of.
    below, above: maps (maps, H, W) of the layer below and of the layer itself, to stand at their rows and
    columns. Raises LenetError if there is no such convolution.
    """
    described = getattr(connected, "architecture", connected)
    plan = described if isinstance(described, Architecture) else lenet5()
    check_choice(Text("A convolution of {network}", network=plan.name), layer, tuple(plan.convolutions))
    names = list(plan.shapes)
    lower = names[names.index(layer) - 1]
    own = plan.convolutions[layer].connected(plan.shapes[lower][0])
    cells = own if plan is described else as_array(connected).astype(bool)
    rows, columns = cells.shape
    # Pictures stand in a row above the table and in a column left of it.
    room = (1.2 if below is not None else 0.0, 1.2 if above is not None else 0.0)
    cell = 0.58 if any(room) else 0.42
    figure, (axis,) = subplots(1, 1, (cell * (columns + room[0]) + 1, cell * (rows + room[1]) + 1.0))
    shades = (BLUE, ORANGE, GREEN, PURPLE)
    for place, group in enumerate(table_groups(cells)):
        left, width = group[0] - 0.5, group[-1] - group[0] + 1
        face = style.pale(shades[place % len(shades)])
        axis.add_patch(Rectangle((left, -0.5), width, rows, facecolor=face, zorder=0))
        axis.plot([left + width] * 2, [-0.5, rows - 0.5], color="white", linewidth=2)
    for row, column in np.argwhere(cells):
        axis.text(column, row, "X", ha="center", va="center", weight="bold")
    for number in range(rows if below is not None else 0):
        _small_map(axis, as_array(below)[number], (-1.2, number), lower, np.abs(as_array(below)).max())
    for number in range(columns if above is not None else 0):
        _small_map(axis, as_array(above)[number], (number, -1.2), layer, np.abs(as_array(above)).max())
    axis.set(xlim=(-0.5 - room[0], columns - 0.5), ylim=(rows - 0.5, -0.5 - room[1]))
    axis.set(xticks=range(columns), yticks=range(rows), aspect="equal" if any(room) else "auto")
    axis.set(xlabel=translate("map of {layer}", layer=layer), ylabel=translate("map of {lower}", lower=lower))
    axis.tick_params(length=0, top=False)
    axis.spines[:].set_visible(False)
    axis.set_title(title, loc="left")
    return figure


def _small_map(
    axis: Axes, picture: np.ndarray, centre: tuple[float, float], layer: str, limit: float
) -> None:
    """A map drawn into a cell of a table."""
    x, y = centre
    half = 0.45
    look = {"cmap": style.DIVERGING, "vmin": -limit, "vmax": limit, "interpolation": "nearest"}
    axis.imshow(picture, extent=(x - half, x + half, y + half, y - half), **look)
    edge = {"fill": False, "edgecolor": style.layer_colour(layer), "linewidth": 1}
    axis.add_patch(Rectangle((x - half, y - half), 2 * half, 2 * half, **edge))


@styled
def parameters_and_connections(book: Ledger) -> Figure:
    """Where a network's parameters and its connections sit: two bar charts by layer."""
    names = [row.name for row in book.rows]
    figure, axes = subplots(1, 2, (10, 2.8))
    for axis, key, colour in zip(axes, ("parameters", "connections"), (BLUE, ORANGE), strict=True):
        counts = [getattr(row, key).value for row in book.rows]
        bars = axis.barh(names, counts, color=colour)
        total = sum(counts)
        axis.bar_label(bars, [f"{n:,}  ({n / total:.1%})" for n in counts], padding=3, size=8)
        if key == "parameters":
            title = translate("{total:,} parameters", total=total)
        else:
            title = translate("{total:,} connections", total=total)
        axis.set(title=title, xlim=(0, max(counts) * 1.35))
        axis.invert_yaxis()
        axis.xaxis.set_visible(False)
        axis.spines["bottom"].set_visible(False)
    return figure


@styled
def receptive_field(
    model, activations: dict, layer: str, unit: tuple[int, int] = (0, 0), sample: int = 0
) -> Figure:
    """What one unit sees: from `layer` down to the input, the squares of units that feed it.

    activations: as `activations.activations` gives them; one map of each layer is shown. unit: row and
    column of the unit in its map. Raises LenetError for a unit that the layer does not have.
    """
    plan: Architecture = getattr(model, "architecture", model)
    squares = field_squares(plan, layer, unit)
    figure, axes = subplots(1, len(squares), (min(11, 2.3 * len(squares)), 2.6))
    for axis, (name, (top, left, height, width)) in zip(axes, squares.items(), strict=True):
        output = as_array(activations[name])[sample]
        column = output.size == len(output)
        picture = output.reshape(-1, 1) if column else output[0]
        limit = max(np.abs(picture).max(), 1e-6)
        colours: dict[str, Any] = {"cmap": style.DIVERGING, "vmin": -limit, "vmax": limit}
        if name == plan.input.name:
            colours = {"cmap": style.PAPER}
            picture = as_colours(output) if len(output) == 3 else picture
        axis.imshow(picture, aspect=10 / len(picture) if column else "equal", **colours)
        if column and name != layer:
            height = len(picture)
        square = Rectangle((left - 0.5, top - 0.5), width, height, fill=False, linewidth=2.5)
        square.set(edgecolor=style.layer_colour(layer), clip_on=False)
        axis.add_patch(square)
        frame(axis)
        axis.set_title(name, color=style.layer_colour(name))
        units = translate("{height} x {width} units", height=height, width=width)
        if column:
            units = translate("all {count} units", count=len(picture))
        axis.set_xlabel(translate("one unit") if name == layer else units, size=8)
    height, width = squares[plan.input.name][2:]
    axes[0].set_xlabel(translate("{height} x {width} pixels", height=height, width=width), size=8)
    return figure


def field_squares(
    plan: Architecture, layer: str, unit: tuple[int, int] = (0, 0)
) -> dict[str, tuple[int, int, int, int]]:
    """What feeds one unit of `layer`: (top, left, height, width) in a map of each layer, the input's first.

    A square, less what lies in a border around the map: nobody's output. Raises LenetError for a unit that
    the layer does not have.
    """
    shapes, specs = plan.shapes, {spec.name: spec for spec in plan.layers}
    names = list(shapes)
    check_choice(Text("A layer of {network}", network=plan.name), layer, tuple(names))
    sides = shapes[layer][1:] or (1, 1)
    if not all(0 <= place < side for place, side in zip(unit, sides, strict=True)):
        raise LenetError(
            "{layer} has units ({rows} x {columns} in a map); there is no {unit}.",
            layer=layer,
            rows=sides[0],
            columns=sides[1],
            unit=unit,
        )
    spans = [(place, place + 1) for place in unit]
    squares = {layer: (unit[0], unit[1], 1, 1)}
    for name in reversed(names[1 : names.index(layer) + 1]):
        below = names[names.index(name) - 1]
        reads, step = window(specs[name], shapes[below])
        before = getattr(specs[name], "padding", 0)
        spans = [
            (max(first * step - before, 0), min((last - 1) * step - before + reads, side))
            for (first, last), side in zip(spans, shapes[below][1:] or (1, 1), strict=True)
        ]
        (top, bottom), (left, right) = spans
        squares[below] = (top, left, bottom - top, right - left)
    return dict(reversed(squares.items()))
