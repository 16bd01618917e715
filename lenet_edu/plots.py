"""Figures from arrays and descriptions, in one style. Each function returns the matplotlib figure.

In a notebook the figure shows by itself when its call ends a cell.
"""

from functools import wraps

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle

from lenet_edu import paper
from lenet_edu.architecture import Architecture
from lenet_edu.ledger import Ledger, ledger, show_shape

# Okabe and Ito's colours, which colour-blind readers tell apart.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#9AA5B1"
INK = "#22313F"
STYLE = {
    "figure.facecolor": "white",
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def _styled(draw):
    """Draw in the suite's style, whatever the reader's own matplotlib settings are."""

    @wraps(draw)
    def styled(*arguments, **named):
        from matplotlib import pyplot as plt

        with rc_context(STYLE):
            figure = draw(*arguments, **named)
        # A notebook would show a figure that pyplot still holds a second time.
        plt.close(figure)
        return figure

    return styled


@_styled
def network(model, lit: str | None = None) -> Figure:
    """A model (or architecture) as stacks of maps and columns of units; the layer named `lit` in orange."""
    plan: Architecture = getattr(model, "architecture", model)
    shapes = plan.shapes
    if lit is not None:
        plan[lit]  # an unknown name is refused before anything is drawn
    kinds = {row.name: row.kind for row in ledger(plan).rows}
    figure, (axes,) = _subplots(1, 1, (11, 2.75))
    left = right = centre = None
    for name, shape in shapes.items():
        half = _layer_width(shape) / 2
        if centre is None:
            centre = left = 0.0
        else:
            # Room for the names below, however narrow the layers are.
            centre = max(centre + 1.95, right + 0.7 + half)
            ends = (right + 0.1, 0), (centre - half - 0.1, 0)
            axes.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=8, color=GREY))
        _draw_layer(axes, centre - half, shape, lit=name == lit)
        right = centre + half
        axes.text(centre, -2.75, name, ha="center", weight="bold", color=ORANGE if name == lit else INK)
        axes.text(centre, -3.4, show_shape(shape), ha="center", size=8)
        kind = _two_lines(kinds.get(name, ""))
        axes.text(centre, 2.75, kind, ha="center", va="center", size=7, color="#5D6D7E")
    left -= _layer_width(plan.input.output_shape) / 2
    axes.set(xlim=(left - 0.2, right + 1.0), ylim=(-3.7, 3.2), aspect="equal")
    axes.axis("off")
    return figure


@_styled
def digits(images, titles=(), columns: int = 10) -> Figure:
    """Images (N, 1, H, W) as ink on paper, `columns` in a row, each with its title above."""
    pictures = _numpy(images)[:, 0]
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    figure, axes = _subplots(rows, columns, (1.05 * columns, (1.35 if len(titles) else 1.05) * rows))
    for place, axis in enumerate(axes):
        axis.axis("off")
        if place < len(pictures):
            axis.imshow(pictures[place], cmap="gray_r")
        if place < len(titles):
            axis.set_title(titles[place], size=8, weight="normal")
    return figure


@_styled
def feature_maps(activations: dict, sample: int = 0) -> Figure:
    """Every layer's output for one image, a row of pictures each, from the first layer to the last.

    activations: as `activations.activations` gives them, (N, maps, H, W) or (N, units) by layer. Red is
    positive, blue negative, on one scale a layer; the first layer is ink on paper; the last runs from
    its smallest number, white, to its largest, black. 84 units stand as F6's 7x12 picture.
    """
    layers = list(activations)
    figure = _figure((11, 0.92 * len(layers)))
    for band, name in zip(figure.subfigures(len(layers), 1), layers, strict=True):
        pictures = _as_pictures(_numpy(activations[name])[sample])
        limit = max(np.abs(pictures).max(), 1e-6)
        colours = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
        if name in (layers[0], layers[-1]):
            colours = {"cmap": "gray_r", "vmin": np.min(pictures), "vmax": np.max(pictures)}
        axes = np.atleast_1d(band.subplots(1, len(pictures), gridspec_kw={"wspace": 0.08}))
        band.subplots_adjust(left=0.09, right=0.99, top=0.94, bottom=0.2 if name == layers[-1] else 0.06)
        band.text(0.005, 0.5, name, weight="bold", va="center")
        for axis, picture in zip(axes, pictures, strict=True):
            axis.imshow(picture, **colours)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(visible=True, linewidth=0.5)
    axes[0].set_xticks(range(len(pictures[0][0])))  # the classes
    return figure


@_styled
def parameters_and_connections(book: Ledger) -> Figure:
    """Where a network's parameters and its connections sit: two bar charts by layer."""
    names = [row.name for row in book.rows]
    figure, axes = _subplots(1, 2, (10, 2.8))
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


@_styled
def history(histories: dict) -> Figure:
    """Loss and error by epoch, training dashed and validation solid; `Run.history` by the name to show."""
    figure, axes = _subplots(1, 2, (10, 3))
    for (name, records), colour in zip(histories.items(), (BLUE, ORANGE, GREEN, GREY), strict=False):
        epochs = [record["epoch"] for record in records]
        for axis, key, of in zip(axes, ("loss", "accuracy"), (float, _error), strict=True):
            for split, line in (("train", "--"), ("validation", "-")):
                values = [of(record[f"{split}_{key}"]) for record in records]
                axis.plot(epochs, values, line, marker=".", color=colour, label=f"{name}, {split}")
    axes[0].set(title="Loss", xlabel="epoch", yscale="log")
    axes[1].set(title="Error, % of digits", xlabel="epoch", yscale="log")
    axes[1].legend(fontsize=8)
    return figure


@_styled
def confusion(table) -> Figure:
    """Actual class (rows) against predicted class (columns), mistakes shaded."""
    counts = _numpy(table)
    wrong = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    figure, axes = _subplots(1, 1, (5.4, 4.8))
    axis = axes[0]
    axis.imshow(wrong, cmap="Oranges", vmax=max(wrong.max(), 1))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            weight = "bold" if row == column else "normal"
            shade = "white" if wrong[row, column] > 0.6 * wrong.max() else INK
            axis.text(column, row, f"{count}", ha="center", va="center", size=7.5, weight=weight, color=shade)
    ticks = range(len(counts))
    axis.set(xlabel="predicted", ylabel="actual", xticks=ticks, yticks=ticks)
    axis.tick_params(length=0)
    return figure


@_styled
def kernels(weight, columns: int = 16) -> Figure:
    """Kernels (N, k, k) side by side: red adds, blue takes away, on one scale."""
    pictures = _numpy(weight)
    columns = min(columns, len(pictures))
    figure, axes = _subplots(-(-len(pictures) // columns), columns, (0.9 * columns, 1.0))
    limit = np.abs(pictures).max()
    for axis, picture in zip(axes, pictures, strict=False):
        axis.imshow(picture, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axis.set(xticks=[], yticks=[])
    return figure


def _layer_width(shape: tuple[int, ...]) -> float:
    """How wide a layer is drawn: a stack of maps by its side and number, a column of units always alike."""
    return _side(shape) + (_shown_maps(shape) - 1) * _STEP if _is_stack(shape) else 0.2


def _draw_layer(axes: Axes, x: float, shape: tuple[int, ...], lit: bool) -> None:
    """One layer from `x` to the right, around height 0: a stack of maps or a column of units."""
    face, edge = (ORANGE, "#8A5F00") if lit else ("#DCE6F0", "#5D7A99")
    style = {"facecolor": face, "edgecolor": edge, "linewidth": 0.8}
    if _is_stack(shape):
        side, shown = _side(shape), _shown_maps(shape)
        for place in range(shown):
            below = -side / 2 + ((shown - 1) / 2 - place) * _STEP
            axes.add_patch(Rectangle((x + place * _STEP, below), side, side, **style))
        return
    width, half, slant = _layer_width(shape), 0.3 + 1.6 * (shape[0] / 120) ** 0.5, 0.18
    low, high = [(x, -half), (x + width, -half + slant)], [(x + width, half + slant), (x, half)]
    axes.add_patch(Polygon(low + high, **style))


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


def _as_pictures(output: np.ndarray) -> list[np.ndarray]:
    """Maps as they are, (maps, H, W); units, or maps of one unit, as one picture a few rows high."""
    if output.ndim == 3 and output.shape[1] > 1:
        return list(output)
    units = output.reshape(-1)
    code_shape = paper.DIGIT_CODES[0].shape
    if len(units) == code_shape[0] * code_shape[1]:
        return [units.reshape(code_shape)]
    rows = next(n for n in (5, 4, 3, 2, 1) if len(units) % n == 0) if len(units) > 20 else 1
    return [units.reshape(rows, -1)]


def _error(accuracy: float) -> float:
    return 100 * (1 - accuracy)


def _numpy(array) -> np.ndarray:
    return array.detach().cpu().numpy() if hasattr(array, "detach") else np.asarray(array)


def _figure(size: tuple[float, float]) -> Figure:
    # pyplot is imported here, and shows the figure in a notebook; nothing else in the package needs it.
    from matplotlib import pyplot as plt

    return plt.figure(figsize=size)


def _subplots(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    return figure, list(axes.flat)
