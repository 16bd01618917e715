"""Figures of a network as its description has it: its layers, its tables, its counts, what a unit sees."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle

from lenet_edu.network.architecture import Architecture, lenet5, table_groups
from lenet_edu.network.ledger import Ledger, ledger, show_shape, window
from lenet_edu.plots import style
from lenet_edu.plots.canvas import Figure, as_array, as_colours, frame, styled, subplots
from lenet_edu.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SOFT_INK
from lenet_edu.system.errors import LenetError, check_choice


@styled
def network(model, lit: str | None = None) -> Figure:
    """A model (or architecture) as stacks of maps and columns of units, each layer in its colour.

    lit: the name of a layer; it alone keeps its colour, the others turn pale.
    """
    plan: Architecture = getattr(model, "architecture", model)
    shapes = plan.shapes
    if lit is not None:
        plan[lit]  # an unknown name is refused before anything is drawn
    kinds = {row.name: row.kind for row in ledger(plan).rows}
    figure, (axes,) = subplots(1, 1, (11, 2.75))
    centre = right = 0.0
    for name, shape in shapes.items():
        half = _layer_width(shape) / 2
        if name != plan.input.name:
            # Room for the names below, however narrow the layers are.
            centre = max(centre + 1.95, right + 0.7 + half)
            ends = (right + 0.1, 0), (centre - half - 0.1, 0)
            axes.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=8, color=GREY))
        colour = style.layer_colour(name)
        _draw_layer(axes, centre - half, shape, colour, dimmed=lit not in (None, name))
        right = centre + half
        axes.text(centre, -2.75, name, ha="center", weight="bold", color=colour if name == lit else INK)
        axes.text(centre, -3.4, show_shape(shape), ha="center", size=8)
        kind = _two_lines(kinds.get(name, ""))
        axes.text(centre, 2.75, kind, ha="center", va="center", size=7, color=SOFT_INK)
    left = -_layer_width(plan.input.output_shape) / 2
    axes.set(xlim=(left - 0.2, right + 1.0), ylim=(-3.7, 3.2), aspect="equal")
    axes.axis("off")
    return figure


@styled
def table(connected, title: str = "", layer: str = "C3") -> Figure:
    """A connection table (maps_in, maps) as the paper prints Table I, its groups of columns shaded apart.

    connected: the table of LeNet-5's C3, or a model (or architecture), whose convolution `layer` it is of.
    Raises LenetError if there is no such convolution.
    """
    described = getattr(connected, "architecture", connected)
    plan = described if isinstance(described, Architecture) else lenet5()
    check_choice(f"A convolution of {plan.name}", layer, tuple(plan.convolutions))
    names = list(plan.shapes)
    below = names[names.index(layer) - 1]
    own = plan.convolutions[layer].connected(plan.shapes[below][0])
    cells = own if plan is described else as_array(connected).astype(bool)
    figure, (axis,) = subplots(1, 1, (0.44 * cells.shape[1] + 1, 0.4 * cells.shape[0] + 1.0))
    shades = (BLUE, ORANGE, GREEN, PURPLE)
    for place, group in enumerate(table_groups(cells)):
        left, right = group[0] - 0.5, group[-1] + 0.5
        axis.axvspan(left, right, color=style.pale(shades[place % len(shades)]), zorder=0)
        axis.axvline(right, color="white", linewidth=2)
    for row, column in np.argwhere(cells):
        axis.text(column, row, "X", ha="center", va="center", weight="bold")
    rows, columns = cells.shape
    axis.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), xticks=range(columns), yticks=range(rows))
    axis.set(xlabel=f"map of {layer}", ylabel=f"map of {below}")
    axis.tick_params(length=0, top=False)
    axis.spines[:].set_visible(False)
    axis.set_title(title, loc="left")
    return figure


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
        axis.set(title=f"{total:,} {key}", xlim=(0, max(counts) * 1.35))
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
        all_units = f"all {len(picture)} units" if column else f"{height} x {width} units"
        axis.set_xlabel("one unit" if name == layer else all_units, size=8)
    height, width = squares[plan.input.name][2:]
    axes[0].set_xlabel(f"{height} x {width} pixels", size=8)
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
    check_choice(f"A layer of {plan.name}", layer, tuple(names))
    sides = shapes[layer][1:] or (1, 1)
    if not all(0 <= place < side for place, side in zip(unit, sides, strict=True)):
        raise LenetError(f"{layer} has units ({sides[0]} x {sides[1]} in a map); there is no {unit}.")
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


def _layer_width(shape: tuple[int, ...]) -> float:
    """How wide a layer is drawn: a stack of maps by its side and number, a column of units always alike."""
    return _side(shape) + (_shown_maps(shape) - 1) * _STEP if _is_stack(shape) else 0.2


def _draw_layer(axes: Axes, x: float, shape: tuple[int, ...], colour: str, dimmed: bool) -> None:
    """One layer from `x` to the right, around height 0: a stack of maps or a column of units."""
    face, edge = (style.pale(colour, 0.88), style.pale(colour, 0.4)) if dimmed else (colour, "white")
    look = {"facecolor": face, "edgecolor": edge, "linewidth": 0.8}
    if _is_stack(shape):
        side, shown = _side(shape), _shown_maps(shape)
        for place in range(shown):
            below = -side / 2 + ((shown - 1) / 2 - place) * _STEP
            axes.add_patch(Rectangle((x + place * _STEP, below), side, side, **look))
        return
    width, half, slant = _layer_width(shape), 0.3 + 1.6 * (shape[0] / 120) ** 0.5, 0.18
    low, high = [(x, -half), (x + width, -half + slant)], [(x + width, half + slant), (x, half)]
    axes.add_patch(Polygon(low + high, **look))


_STEP = 0.16  # from one map of a stack to the next


def _is_stack(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[1] > 1


def _side(shape: tuple[int, ...]) -> float:
    return 0.5 + shape[1] / 11


def _shown_maps(shape: tuple[int, ...]) -> int:
    return min(shape[0], 6)


def _two_lines(text: str) -> str:
    """The text broken at the space nearest its middle."""
    spaces = [place for place, letter in enumerate(text) if letter == " "]
    if not spaces:
        return text
    cut = min(spaces, key=lambda place: abs(place - len(text) / 2))
    return f"{text[:cut]}\n{text[cut + 1 :]}"
