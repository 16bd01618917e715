"""A network drawn from left to right: its layers as blank sheets, or with what they hold for a real image."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle

from lenet_edu.network.architecture import Architecture, ConvolutionSpec, RBFSpec
from lenet_edu.network.ledger import ledger, show_shape
from lenet_edu.plots import style
from lenet_edu.plots.canvas import Figure, as_array, as_colours, styled, subplots
from lenet_edu.plots.networks import field_squares
from lenet_edu.plots.style import GREY, INK, ORANGE, SOFT_INK
from lenet_edu.system.language import shown, translate


def network(
    model, outputs: dict | None = None, lit: str | None = None, sample: int = 0, classes=()
) -> Figure:
    """A model (or architecture), layer by layer from left to right, each in its colour.

    outputs: what the layers give for an image, as `activations.activations` has it; without it the layers are
    drawn as blank stacks of maps and columns of units. With it the maps are shown, red positive and blue
    negative, lines lead from the units that one unit reads to that unit, and the answer is orange. lit: the
    name of a layer; it alone keeps its colour, and only the lines into it are drawn. classes: their names, by
    default their numbers. Raises LenetError for an unknown layer.
    """
    plan: Architecture = getattr(model, "architecture", model)
    if lit is not None:
        plan[lit]  # an unknown name is refused before anything is drawn
    if outputs is None:
        return _blank(plan, lit)
    smallest = isinstance(plan.layers[-1], RBFSpec)
    values = {name: as_array(output)[sample] for name, output in outputs.items()}
    return _with_values(plan, values, lit, smallest, classes)


@dataclass(frozen=True)
class Block:
    """Where a layer stands in the drawing: its maps in a grid, all of one size.

    left: of the first column. side: of a map (height, width). columns: of the grid; rows: of the grid.
    """

    left: float
    side: tuple[float, float]
    rows: int
    columns: int
    gap: float

    @property
    def size(self) -> tuple[float, float]:
        """Height and width of the whole grid."""
        height, width = self.side
        return (
            self.rows * (height + self.gap) - self.gap,
            self.columns * (width + self.gap) - self.gap,
        )

    @property
    def whole(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of the whole grid."""
        height, width = self.size
        return self.left, -height / 2, width, height

    def corner(self, number: int) -> tuple[float, float]:
        """Left and top of a map by its number; the grid is filled column by column."""
        column, row = divmod(number, self.rows)
        height, width = self.side
        return (
            self.left + column * (width + self.gap),
            self.size[0] / 2 - row * (height + self.gap),
        )


_HEIGHT = 4.4  # of the tallest layers
_BETWEEN = 0.85  # two layers
_GAP = 0.09  # two maps of a layer
_LEAST_WIDTH = 16.0  # of the whole drawing: a network of few layers is not drawn larger for that
_BARS = 1.5  # width of the answers' bars


@styled
def _with_values(plan: Architecture, values: dict, lit: str | None, smallest: bool, classes) -> Figure:
    names = list(plan.shapes)
    pictures = {name: _pictures(values[name], name == names[0]) for name in names[:-1]}
    blocks, left = {}, 0.0
    for name in names[:-1]:
        blocks[name] = _block(pictures[name], left)
        left += blocks[name].size[1] + _BETWEEN
    right = max(left + _BARS + 1.8, _LEAST_WIDTH)
    figure, (axes,) = subplots(1, 1, (11, 11 * (_HEIGHT + 1.0) / (right + 0.15)))
    faint = {name: lit not in (None, name) for name in names}
    for name in names[:-1]:
        _draw_maps(axes, blocks[name], pictures[name], name, faint[name], first=names[0] == name)
    _draw_answers(axes, left, values[names[-1]].reshape(-1), names[-1], smallest, faint[names[-1]], classes)
    for below, name in pairwise(names[:-1]):
        if not faint[name]:
            _draw_cone(axes, plan, blocks, below, name)
    axes.set(xlim=(-0.15, right), ylim=(-_HEIGHT / 2 - 0.85, _HEIGHT / 2 + 0.15), aspect="equal")
    axes.axis("off")
    for name in names:
        centre = blocks[name].left + blocks[name].size[1] / 2 if name in blocks else left + 0.8
        colour = GREY if faint[name] else style.layer_colour(name)
        bottom, shape = -_HEIGHT / 2, show_shape(plan.shapes[name])
        if name == names[-1]:
            count = shape
            shape = translate("{count} scores", count=count)
            if smallest:
                shape = translate("{count} distances", count=count)
        axes.text(centre, bottom - 0.42, name, ha="center", weight="bold", color=colour)
        axes.text(centre, bottom - 0.78, shape, ha="center", size=8, color=SOFT_INK)
    return figure


def _pictures(output: np.ndarray, is_input: bool) -> np.ndarray:
    """What a layer is drawn as: its maps (maps, H, W), or its units as one picture (1, rows, columns)."""
    if output.ndim == 3 and output.shape[1] > 1:
        return output[None].mean(1) if is_input and len(output) != 3 and len(output) != 1 else output
    units = output.reshape(-1)
    columns = next(n for n in (8, 7, 6, 5, 4, 3, 2, 1) if len(units) % n == 0)
    if len(units) % 7 == 0:
        columns = 7
    return units.reshape(1, -1, columns)


def _block(pictures: np.ndarray, left: float) -> Block:
    """The place of a layer that is drawn from `left` on."""
    number, height, width = pictures.shape
    if number in (1, 3) and height == width:
        return Block(left, (3.4, 3.4), 1, 1, 0.0)
    if number == 1:
        unit = min(0.28, _HEIGHT / height)
        return Block(left, (unit * height, unit * width), 1, 1, 0.0)
    columns = max(2, -(-number // 4)) if number <= 16 else -(-number // 8)
    rows = -(-number // columns)
    side = min((0.5 if number > 8 else 0.75) + height / (22 if number > 8 else 42), _HEIGHT / rows - _GAP)
    return Block(left, (side, side * width / height), rows, columns, _GAP)


def _draw_maps(axes: Axes, block: Block, pictures: np.ndarray, name: str, faint: bool, first: bool) -> None:
    limit = max(np.abs(pictures).max(), 1e-6)
    look = {"cmap": style.DIVERGING, "vmin": -limit, "vmax": limit}
    shown = pictures
    if first:
        look = {"cmap": style.PAPER, "vmin": pictures.min(), "vmax": pictures.max()}
        shown = as_colours(pictures)[None] if len(pictures) == 3 else pictures
    height, width = block.side
    edge = {"edgecolor": GREY if faint else style.layer_colour(name), "linewidth": 0.5 if faint else 1.0}
    for number, picture in enumerate(shown):
        x, y = block.corner(number)
        extent = (x, x + width, y - height, y)
        axes.imshow(picture, extent=extent, interpolation="nearest", alpha=0.3 if faint else 1.0, **look)
        axes.add_patch(Rectangle((x, y - height), width, height, fill=False, **edge))


def _draw_cone(axes: Axes, plan: Architecture, blocks: dict[str, Block], below: str, name: str) -> None:
    """What one unit of a layer's first map reads, framed, and lines from there to the unit."""
    shapes, colour = plan.shapes, style.layer_colour(name)
    _, *sides = shapes[name]
    unit = (sides[0] // 2, sides[1] // 2) if sides else (0, 0)
    x, y = _place(blocks[name], shapes[name], unit)
    layer = plan[name]
    reads = [0]  # a picture in colour is one map here
    if isinstance(layer, ConvolutionSpec) and below != plan.input.name:
        reads = layer.connected(shapes[below][0])[:, 0].nonzero()[0].tolist()
    part = field_squares(plan, name, unit)[below]
    squares = [blocks[below].whole]
    if part[2:] != (shapes[below][1:] or (1, 1)):
        squares = [_square(blocks[below], shapes[below], number, part) for number in reads]
    for square in squares:
        right, high, low = square[0] + square[2], square[1] + square[3], square[1]
        axes.add_patch(
            Rectangle(square[:2], square[2], square[3], fill=False, edgecolor=colour, linewidth=1.6)
        )
        axes.add_patch(
            Polygon([(right, high), (right, low), (x, y)], facecolor=colour, alpha=0.16, linewidth=0)
        )
        for end in (high, low):
            axes.plot([right, x], [end, y], color=colour, linewidth=0.8)
    axes.plot([x], [y], marker="s", markersize=4, color=colour, markeredgecolor="white", markeredgewidth=0.6)


def _place(block: Block, shape: tuple[int, ...], unit: tuple[int, int]) -> tuple[float, float]:
    """The centre of a unit of the first map, or of the middle of the left column where units stand alone."""
    x, y = block.corner(0)
    height, width = block.side
    if len(shape) == 1 or shape[1] == 1:
        return x + 0.1, y - height / 2
    rows, columns = shape[1:]
    return x + (unit[1] + 0.5) * width / columns, y - (unit[0] + 0.5) * height / rows


def _square(block: Block, shape: tuple[int, ...], number: int, part) -> tuple[float, float, float, float]:
    """Left, bottom, width and height of a part (top, left, height, width) of a map."""
    x, y = block.corner(number)
    unit_high, unit_wide = block.side[0] / shape[1], block.side[1] / shape[2]
    top, left, high, wide = part
    return x + left * unit_wide, y - (top + high) * unit_high, wide * unit_wide, high * unit_high


def _draw_answers(
    axes: Axes, left: float, values: np.ndarray, name: str, smallest: bool, faint: bool, classes
) -> None:
    """The output as a bar for each class; the answer is in orange, and an arrow says so."""
    answer = values.argmin() if smallest else values.argmax()
    low = min(values.min(), 0.0)
    span = max(values.max() - low, 1e-6)
    step = _HEIGHT / len(values)
    for number, value in enumerate(values):
        y = _HEIGHT / 2 - (number + 0.5) * step
        is_answer = number == answer
        colour = ORANGE if is_answer else style.pale(style.layer_colour(name), 0.45)
        length = _BARS * (value - low) / span
        axes.add_patch(
            Rectangle(
                (left, y - 0.32 * step), length, 0.64 * step, facecolor=colour, alpha=0.3 if faint else 1.0
            )
        )
        weight = "bold" if is_answer else "normal"
        axes.text(
            left - 0.12,
            y,
            str(classes[number] if len(classes) else number),
            ha="right",
            va="center",
            size=8,
            weight=weight,
        )
        if is_answer:
            why = translate("smallest: the answer") if smallest else translate("largest: the answer")
            look = {"size": 8, "weight": weight, "color": ORANGE}
            axes.text(left + length + 0.1, y, why, va="center", **look)


@styled
def _blank(plan: Architecture, lit: str | None) -> Figure:
    shapes = plan.shapes
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
        kind = _two_lines(shown(kinds.get(name, "")))
        axes.text(centre, 2.75, kind, ha="center", va="center", size=7, color=SOFT_INK)
    left = -_layer_width(plan.input.output_shape) / 2
    axes.set(xlim=(left - 0.2, right + 1.0), ylim=(-3.7, 3.2), aspect="equal")
    axes.axis("off")
    return figure


def _layer_width(shape: tuple[int, ...]) -> float:
    """How wide a layer is drawn: a stack of maps by its side and number, a column of units always alike."""
    return _side(shape) + (_maps_to_draw(shape) - 1) * _STEP if _is_stack(shape) else 0.2


def _draw_layer(axes: Axes, x: float, shape: tuple[int, ...], colour: str, dimmed: bool) -> None:
    """One layer from `x` to the right, around height 0: a stack of maps or a column of units."""
    face, edge = (style.pale(colour, 0.88), style.pale(colour, 0.4)) if dimmed else (colour, "white")
    look = {"facecolor": face, "edgecolor": edge, "linewidth": 0.8}
    if _is_stack(shape):
        side, shown = _side(shape), _maps_to_draw(shape)
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


def _maps_to_draw(shape: tuple[int, ...]) -> int:
    return min(shape[0], 6)


def _two_lines(text: str) -> str:
    """The text broken at the space nearest its middle."""
    spaces = [place for place, letter in enumerate(text) if letter == " "]
    if not spaces:
        return text
    cut = min(spaces, key=lambda place: abs(place - len(text) / 2))
    return f"{text[:cut]}\n{text[cut + 1 :]}"
