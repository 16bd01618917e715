"""Figures from arrays and descriptions, in one style. Each function returns the matplotlib figure.

In a notebook the figure shows by itself when its call ends a cell.
"""

import logging
import warnings
from functools import wraps

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Patch, Polygon, Rectangle
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullFormatter, NullLocator

from lenet_edu.network import paper
from lenet_edu.network.architecture import Architecture, Convolution, lenet5, table_groups
from lenet_edu.network.ledger import Ledger, ledger, show_shape, window
from lenet_edu.plots import style
from lenet_edu.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SOFT_INK
from lenet_edu.system.errors import LenetError, check_choice

# A class may be called by a word that no font of the machine can show: it then stands as empty boxes, and
# a notebook is not flooded with a warning for each of its letters.
warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")
# Nor with one for every font of another script that has no bold letters: its plain ones do.
logging.getLogger("matplotlib.font_manager").addFilter(
    lambda record: "Failed to find font weight" not in record.getMessage()
)


def _styled(draw):
    """Draw in the suite's style, whatever the reader's own matplotlib settings are."""

    @wraps(draw)
    def styled(*arguments, **named):
        from matplotlib import pyplot as plt

        with rc_context({**style.RC, "font.family": style.installed_fonts()}):
            figure = draw(*arguments, **named)
        # A notebook would show a figure that pyplot still holds a second time.
        plt.close(figure)
        return figure

    return styled


@_styled
def network(model, lit: str | None = None) -> Figure:
    """A model (or architecture) as stacks of maps and columns of units, each layer in its colour.

    lit: the name of a layer; it alone keeps its colour, the others turn pale.
    """
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
        colour = style.layer_colour(name)
        _draw_layer(axes, centre - half, shape, colour, dimmed=lit not in (None, name))
        right = centre + half
        axes.text(centre, -2.75, name, ha="center", weight="bold", color=colour if name == lit else INK)
        axes.text(centre, -3.4, show_shape(shape), ha="center", size=8)
        kind = _two_lines(kinds.get(name, ""))
        axes.text(centre, 2.75, kind, ha="center", va="center", size=7, color=SOFT_INK)
    left -= _layer_width(plan.input.output_shape) / 2
    axes.set(xlim=(left - 0.2, right + 1.0), ylim=(-3.7, 3.2), aspect="equal")
    axes.axis("off")
    return figure


@_styled
def digits(images, titles=(), columns: int = 10, colours=()) -> Figure:
    """Images (N, 1, H, W) as ink on paper, `columns` in a row, each with its title above.

    A list of images (1, H, W) of different sizes will do as well. colours: of the titles, if they differ.
    """
    return _grid([_numpy(image)[0] for image in images], titles, columns, colours)


@_styled
def pictures(images, titles=(), columns: int = 10, colours=()) -> Figure:
    """Colour pictures (N, 3, H, W), from -1 to 1, `columns` in a row, each with its title above.

    colours: of the titles, if they differ.
    """
    return _grid([_as_colours(_numpy(image)) for image in images], titles, columns, colours)


def predictions(images, guesses) -> Figure:
    """Images with what they were taken for: predicted class, how surely, and the actual class if it is known.

    guesses: one (predicted, actual or None, probability) an image. Wrong ones are red. Without any images the
    figure says so: a network may have made no mistakes.
    """
    if not len(images):
        return _empty("There are no such pictures.")
    titles, colours = [], []
    for predicted, actual, probability in guesses:
        titles.append(f"{predicted} {probability:.0%}" + (f"\nis: {actual}" if actual else ""))
        colours.append(INK if actual in (None, predicted) else RED)
    draw = digits if len(images[0]) == 1 else pictures
    return draw(images, titles, colours=colours)


@_styled
def saliency(images, maps, titles=()) -> Figure:
    """Colour pictures (N, 3, H, W) above, and below what each pixel of them matters, (N, H, W)."""
    figure, axes = _subplots(2, len(images), (1.35 * len(images), 3.0))
    for place, (image, matters) in enumerate(zip(images, maps, strict=True)):
        above, below = axes[place], axes[place + len(images)]
        above.imshow(_as_colours(_numpy(image)))
        below.imshow(_numpy(matters), cmap="magma")
        above.axis("off")
        below.axis("off")
        if place < len(titles):
            above.set_title(titles[place], size=8, weight="normal")
    return figure


@_styled
def feature_maps(activations: dict, sample: int = 0) -> Figure:
    """Every layer's output for one image, a row of pictures each, from the first layer to the last.

    activations: as `activations.activations` gives them, (N, maps, H, W) or (N, units) by layer. Red is
    positive, blue negative, on one scale a layer; the first layer is ink on paper, or a picture in colour;
    the last has its numbers written out, by class, on white for the smallest to black for the largest. 84
    units stand as F6's 7x12 picture.
    """
    layers = list(activations)
    figure = _figure((11, 0.92 * len(layers)))
    for band, name in zip(figure.subfigures(len(layers), 1), layers, strict=True):
        pictures = _as_pictures(_numpy(activations[name])[sample])
        if name == layers[0] and len(pictures) == 3:
            pictures = [_as_colours(np.stack(pictures))]
        limit = max(np.abs(pictures).max(), 1e-6)
        colours = {"cmap": style.DIVERGING, "vmin": -limit, "vmax": limit}
        if name in (layers[0], layers[-1]):
            colours = {"cmap": style.PAPER, "vmin": np.min(pictures), "vmax": np.max(pictures)}
        axes = np.atleast_1d(band.subplots(1, len(pictures), gridspec_kw={"wspace": 0.08}))
        band.subplots_adjust(left=0.09, right=0.99, top=0.94, bottom=0.2 if name == layers[-1] else 0.06)
        band.text(0.005, 0.5, name, weight="bold", va="center", color=style.layer_colour(name))
        for axis, picture in zip(axes, pictures, strict=True):
            axis.imshow(picture, **colours)
            _frame(axis)
    middle = np.mean([colours["vmin"], colours["vmax"]])
    wide = len(pictures[0][0]) > 5 and np.abs(pictures[0]).max() >= 10
    _write_numbers(axes[0], pictures[0], middle, decimals=0 if wide else 1)
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


_DOTTED = 40  # curves of more epochs have no dots


@_styled
def history(histories: dict, titles: tuple[str, str] = ("", "")) -> Figure:
    """Loss and error by epoch, training dashed and validation solid; `Run.history` by the name to show.

    titles: other ones, in any script; where no installed font has it, the usual ones stay.
    """
    figure, axes = _subplots(1, 2, (10, 3))
    for (name, records), colour in zip(histories.items(), (BLUE, ORANGE, GREEN, GREY), strict=False):
        epochs = [record["epoch"] for record in records]
        for axis, key, of in zip(axes, ("loss", "accuracy"), (float, _error), strict=True):
            for split, line in (("train", "--"), ("validation", "-")):
                values = [of(record[f"{split}_{key}"]) for record in records]
                dot = "." if len(epochs) <= _DOTTED else ""
                axis.plot(epochs, values, line, marker=dot, color=colour, label=f"{name}, {split}")
    usual = ("Loss", "Error, %")
    for axis, wanted, title in zip(axes, titles, usual, strict=True):
        title = wanted if wanted and style.can_show(wanted) else title
        axis.set(title=title, xlabel="epoch", yscale="log")
        for of_axis in (axis.yaxis.set_major_formatter, axis.yaxis.set_minor_formatter):
            of_axis(lambda value, _: f"{value:g}")
    axes[1].legend(fontsize=8)
    return figure


@_styled
def confusion(table, classes=()) -> Figure:
    """Actual class (rows) against predicted class (columns), mistakes shaded; classes: their names."""
    counts = _numpy(table)
    wrong = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    side = 1.5 + 0.36 * len(counts)
    figure, axes = _subplots(1, 1, (side + 0.3, side - 0.3))
    axis = axes[0]
    axis.imshow(wrong, cmap="Oranges", vmax=max(wrong.max(), 1))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            weight = "bold" if row == column else "normal"
            shade = "white" if wrong[row, column] > 0.6 * wrong.max() else INK
            axis.text(column, row, f"{count}", ha="center", va="center", size=7.5, weight=weight, color=shade)
    ticks = range(len(counts))
    axis.set(xlabel="predicted", ylabel="actual")
    axis.set_xticks(ticks, classes or ticks)
    axis.set_yticks(ticks, classes or ticks)
    axis.tick_params(length=0)
    return figure


@_styled
def kernels(weight, columns: int = 16) -> Figure:
    """Kernels (N, k, k) side by side: red adds, blue takes away, on one scale."""
    return _pictures(_numpy(weight), columns, 0.9)


@_styled
def maps(output, titles=(), title: str = "", layer: str = "", columns: int = 8, limit=None) -> Figure:
    """Maps (N, H, W) side by side on one scale: red positive, blue negative, white 0.

    titles: one a map. title: what to see. layer: whose colour frames the maps. limit: the value that is
    darkest, by default the largest here.
    """
    pictures = _numpy(output)
    columns = min(columns, len(pictures))
    size = min(10 / columns, 1.6 * max(1, pictures.shape[2] / pictures.shape[1]))
    figure = _pictures(pictures, columns, size, titles, limit)
    for axis in figure.axes[: len(pictures)]:
        _frame(axis, style.layer_colour(layer), 1.2)
    colours = figure.axes[0].images[0]
    figure.colorbar(colours, ax=figure.axes, shrink=0.9, aspect=20, pad=0.01)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


@_styled
def numbers(arrays, titles=(), signs=(), decimals: int = 1, title: str = "") -> Figure:
    """Small arrays (H, W) in a row with their numbers written in, and signs such as "x" between them."""
    pictures = [_numpy(array) for array in arrays]
    widths = [picture.shape[1] for picture in pictures]
    rows = max(map(len, pictures))
    figure = _figure((min(11, 0.44 * sum(widths) + 0.6 * len(widths)), 0.44 * rows + 0.75))
    axes = figure.subplots(1, len(pictures), gridspec_kw={"width_ratios": widths}, squeeze=False)[0]
    for place, (axis, picture) in enumerate(zip(axes, pictures, strict=True)):
        limit = max(np.abs(picture).max(), 1e-6)
        axis.imshow(picture, cmap=style.DIVERGING, vmin=-limit, vmax=limit)
        _frame(axis)
        for (row, column), value in np.ndenumerate(picture):
            shade = "white" if abs(value) > 0.62 * limit else INK
            shown = f"{round(float(value), decimals) + 0.0:.{decimals}f}"  # + 0.0 makes -0.0 a 0.0
            axis.text(column, row, shown, ha="center", va="center", size=8, color=shade)
        if place < len(titles):
            axis.set_title(titles[place])
        if place < len(signs):
            axis.text(1.12, 0.5, signs[place], transform=axis.transAxes, ha="center", va="center", size=15)
    figure.subplots_adjust(left=0.02, right=0.98, bottom=0.03, top=0.82, wspace=0.24)
    figure.suptitle(title, x=0.02, ha="left")
    return figure


@_styled
def side_by_side(arrays, titles=()) -> Figure:
    """Arrays (H, W) of different sizes in a row, each on its own scale: red positive, blue negative."""
    pictures = [_numpy(array) for array in arrays]
    figure, axes = _subplots(1, len(pictures), (2.4 * len(pictures), 2.5))
    for place, (axis, picture) in enumerate(zip(axes, pictures, strict=True)):
        limit = max(np.abs(picture).max(), 1e-6)
        axis.imshow(picture, cmap=style.DIVERGING, vmin=-limit, vmax=limit)
        _frame(axis)
        if place < len(titles):
            axis.set_title(titles[place])
    return figure


_PALETTE = (BLUE, ORANGE, GREEN, RED, PURPLE, GREY)  # of lines in this order


@_styled
def curves(x, lines: dict, title: str = "", xlabel: str = "", ylabel: str = "", marks=()) -> Figure:
    """Lines over x by their label, each labelled at its right end; `marks`: values of x to point out."""
    figure, (axis,) = _subplots(1, 1, (8, 3.4))
    for place, (label, values) in enumerate(lines.items()):
        colour = style.LAYERS.get(label, _PALETTE[place % len(_PALETTE)])
        axis.plot(_numpy(x), _numpy(values), color=colour, label=label)
    for mark in marks:
        axis.axvline(mark, color=GREY, linestyle=":", linewidth=1)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.set_title(title, loc="left")
    axis.grid(color=GREY, alpha=0.25)
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


# What the training of 1998 does, for the notebook that repeats it.


@_styled
def by_layer(panels: dict, note: str = "") -> Figure:
    """Side by side, numbers of every layer on a logarithmic axis: {title: {label: {layer: number}}}.

    note: below the names of the layers.
    """
    figure, axes = _subplots(1, len(panels), (10, 3.4))
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for place, (label, numbers) in enumerate(lines.items()):
            colour = _PALETTE[place % len(_PALETTE)]
            axis.plot(list(numbers), [float(n) for n in numbers.values()], "o-", color=colour, label=label)
        axis.set(title=title, yscale="log", xlabel=note)
        axis.grid(color=GREY, alpha=0.25)
    axes[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@_styled
def ranges(values: dict, title: str = "", xlabel: str = "", band: tuple = (), named: str = "") -> Figure:
    """Lowest to highest with a dot at the median, a line each, on a logarithmic axis.

    values: {label: {row: numbers}}, every label with the same rows. band: two values to shade between, and
    `named`: what they are.
    """
    rows = list(next(iter(values.values())))
    figure, (axis,) = _subplots(1, 1, (8, 0.9 + 0.32 * len(rows)))
    if band:
        axis.axvspan(*band, color=style.pale(GREEN, 0.8), zorder=0, label=named)
    for place, (label, found) in enumerate(values.items()):
        colour, shift = _PALETTE[place % len(_PALETTE)], 0.18 * (place - (len(values) - 1) / 2)
        for row, name in enumerate(rows):
            numbers = _numpy(found[name])
            ends, height = (numbers.min(), numbers.max()), row + shift
            axis.plot(ends, (height, height), "|-", color=colour, label=label if row == 0 else None)
            axis.plot(np.median(numbers), height, "o", color=colour, markersize=4)
    axis.set(xscale="log", xlabel=xlabel, yticks=range(len(rows)), yticklabels=rows)
    axis.set_title(title, loc="left")
    axis.invert_yaxis()
    axis.grid(color=GREY, alpha=0.25, axis="x")
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@_styled
def passes(lines: dict, printed: dict, title: str = "") -> Figure:
    """Errors pass by pass: the mean over the runs, shaded from the lowest to the highest of them.

    lines: {label: (runs, passes) in percent}. printed: {label: (pass, error in percent)}, what the paper
    gives for that line, as a diamond.
    """
    figure, (axis,) = _subplots(1, 1, (8, 3.4))
    for (label, errors), colour in zip(lines.items(), _PALETTE, strict=False):
        runs = _numpy(errors)
        x = np.arange(1, runs.shape[1] + 1)
        axis.fill_between(x, runs.min(0), runs.max(0), color=style.pale(colour, 0.7), linewidth=0)
        axis.plot(x, runs.mean(0), color=colour, label=label)
        if label in printed:
            axis.plot(*printed[label], "D", color=colour, markeredgecolor=INK, label=f"{label}, the paper")
    axis.set(xlabel="pass", ylabel="error, %", yscale="log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_title(title, loc="left")
    axis.grid(color=GREY, alpha=0.25)
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@_styled
def seeds(runs: dict, title: str = "", beside: str = "", xlabel: str = "error, %") -> Figure:
    """A dot for every run and a stroke at their mean, one row a label: {label: numbers}.

    beside: the label whose mean is drawn through all rows, to compare with.
    """
    figure, (axis,) = _subplots(1, 1, (8, 0.9 + 0.3 * len(runs)))
    for row, (label, numbers) in enumerate(runs.items()):
        colour = ORANGE if label == beside else BLUE
        axis.plot(numbers, [row] * len(numbers), "o", color=colour, alpha=0.6, markeredgewidth=0)
        axis.plot(np.mean(numbers), row, "|", color=colour, markersize=14, markeredgewidth=2)
    if beside in runs:
        axis.axvline(np.mean(runs[beside]), color=ORANGE, linestyle=":", linewidth=1)
    axis.set(xlabel=xlabel, yticks=range(len(runs)), yticklabels=list(runs))
    axis.set_ylim(max(len(runs), 1) - 0.5, -0.5)
    axis.set_title(title, loc="left")
    axis.grid(color=GREY, alpha=0.25, axis="x")
    return figure


# The family and figure 9: what is printed beside what our runs came to.


@_styled
def costs(networks: dict, title: str = "") -> Figure:
    """Error against cost, a line for each network: {label: (multiply-adds, printed error, errors of runs)}.

    A hollow diamond is what is printed, a dot the mean of the runs with their deviation; without runs there
    is only the diamond. Networks that cost the same stand next to each other.
    """
    figure, (axis,) = _subplots(1, 1, (8, 3.6))
    seen: list[int] = []
    for (label, (cost, printed, errors)), colour in zip(networks.items(), _PALETTE, strict=False):
        x, mean = cost * 1.08 ** seen.count(cost), np.mean(errors) if len(errors) else printed
        seen.append(cost)
        axis.plot((x, x), (printed, mean), color=colour, label=label)
        axis.plot(x, printed, "D", color=colour, fillstyle="none")
        if len(errors):
            axis.errorbar(x, mean, _deviation(errors), fmt="o", color=colour, capsize=3)
    axis.plot([], [], "D", color=INK, fillstyle="none", label="printed")
    axis.plot([], [], "o", color=INK, label="ours")
    axis.set(xscale="log", yscale="log", xlabel="multiply-adds for a digit", ylabel="error, %")
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.xaxis.set_minor_locator(NullLocator())
    _mark_percents(axis.yaxis)
    axis.set_title(title, loc="left")
    axis.grid(color=GREY, alpha=0.25)
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@_styled
def beside_printed(rows: dict, title: str = "") -> Figure:
    """Errors as in figure 9, a row a classifier, on a logarithmic axis: {label: (printed, errors of runs)}.

    A hollow diamond is what is printed, a dot the mean of the runs with their deviation: orange where it is
    above what is printed, else blue.
    """
    figure, (axis,) = _subplots(1, 1, (9, 0.9 + 0.24 * len(rows)))
    for row, (printed, errors) in enumerate(rows.values()):
        mean = np.mean(errors)
        colour = ORANGE if mean > printed else BLUE
        axis.plot((printed, mean), (row, row), color=style.pale(colour, 0.5), linewidth=2)
        axis.plot(printed, row, "D", color=INK, fillstyle="none", markersize=5)
        axis.errorbar(mean, row, xerr=_deviation(errors), fmt="o", color=colour, capsize=3, markersize=5)
    axis.plot([], [], "D", color=INK, fillstyle="none", markersize=5, label="printed")
    axis.plot([], [], "o", color=BLUE, markersize=5, label="ours")
    axis.plot([], [], "o", color=ORANGE, markersize=5, label="ours, above it")
    axis.set(xscale="log", xlabel="error, %", yticks=range(len(rows)), yticklabels=list(rows))
    axis.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    _mark_percents(axis.xaxis)
    axis.set_title(title, loc="left")
    axis.grid(color=GREY, alpha=0.25)
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _deviation(errors) -> float | None:
    """Over several runs; of a single one there is none."""
    return np.std(errors, ddof=1) if len(errors) > 1 else None


def _mark_percents(axis) -> None:
    """Numbers on a logarithmic axis where errors of digits lie, and written as such."""
    axis.set_major_locator(FixedLocator((0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_locator(NullLocator())


# What is written under each change of `robustness`, and which amounts.
_CHANGES = {
    "scale": ("factor", (0.5, 1, 2)),
    "shift": ("downwards, in heights of a digit", (-0.5, 0, 0.5)),
    "rotation": ("degrees anticlockwise", (-60, -30, 0, 30, 60)),
    "noise": ("share of the pixels", (0, 0.2, 0.4, 0.6)),
}


@_styled
def robustness(record: dict) -> Figure:
    """The error while digits are changed: a panel for each kind of change, a line for each network.

    record: as in results/robustness.json. Shaded: up to where the paper estimates that LeNet-5 reads
    accurately (section III-E); of noise it gives no figure.
    """
    figure, axes = _subplots(1, len(_CHANGES), (11, 3.1))
    shade, networks = style.pale(GREEN, 0.85), record["experiments"]
    changes = [change for entry in networks.values() for change in entry["changes"].values()]
    lowest = min(error for change in changes for error in change["errors"])
    for axis, (kind, (unit, ticks)) in zip(axes, _CHANGES.items(), strict=True):
        axis.set_ylim(max(0.7 * lowest, 0.05), 100)  # no error at all has no place on this scale
        axis.set(xscale="log" if kind == "scale" else "linear", yscale="log", title=kind.capitalize())
        for place, (name, entry) in enumerate(networks.items()):
            found, colour = entry["changes"][kind], _PALETTE[place % len(_PALETTE)]
            axis.plot(found["amounts"], found["errors"], marker="o", markersize=3, color=colour, label=name)
        if kind in paper.ROBUST_UP_TO:
            most = paper.ROBUST_UP_TO[kind]
            axis.axvspan(1 / most if kind == "scale" else -most, most, color=shade, zorder=0)
        axis.xaxis.set_minor_locator(NullLocator())
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.set_xlabel(unit)
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.set_yticks((1, 10, 100), ("1", "10", "100") if axis is axes[0] else ())
        axis.grid(color=GREY, alpha=0.25)
    axes[0].set_ylabel("error, %")
    handles, labels = axes[0].get_legend_handles_labels()
    handles, labels = [*handles, Patch(color=shade)], [*labels, "the paper's estimate for LeNet-5"]
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


@_styled
def bars(values: dict, title: str = "", lit=None, text: str = "{:,.1f}", layers: bool = False) -> Figure:
    """Numbers as horizontal bars by label, each with its number; `lit`: the label to stand out.

    layers: labels are names of layers, and each bar has its layer's colour.
    """
    labels = [str(label) for label in values]
    numbers = [float(value) for value in values.values()]
    plain = GREY if lit is not None else BLUE
    colours = [
        style.layer_colour(label) if layers else (ORANGE if label == str(lit) else plain) for label in labels
    ]
    figure, (axis,) = _subplots(1, 1, (7, 0.5 + 0.28 * len(labels)))
    drawn = axis.barh(labels, numbers, color=colours)
    axis.bar_label(drawn, [text.format(number) for number in numbers], padding=3, size=8)
    axis.set_xlim(0, max(numbers) * 1.15 or 1)
    axis.set_title(title, loc="left")
    axis.invert_yaxis()
    axis.xaxis.set_visible(False)
    axis.spines["bottom"].set_visible(False)
    return figure


@_styled
def table(connected, title: str = "", layer: str = "C3") -> Figure:
    """A connection table (maps_in, maps) as the paper prints Table I, its groups of columns shaded apart.

    connected: the table of LeNet-5's C3, or a model (or architecture), whose convolution `layer` it is of.
    Raises LenetError if there is no such convolution.
    """
    described = getattr(connected, "architecture", connected)
    plan = described if isinstance(described, Architecture) else lenet5()
    convolutions = [one.name for one in plan.layers if isinstance(one, Convolution)]
    check_choice(f"A convolution of {plan.name}", layer, convolutions)
    names = list(plan.shapes)
    below = names[names.index(layer) - 1]
    own = plan[layer].connected(plan.shapes[below][0])
    cells = own if plan is described else _numpy(connected).astype(bool)
    figure, (axis,) = _subplots(1, 1, (0.44 * cells.shape[1] + 1, 0.4 * cells.shape[0] + 1.0))
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


@_styled
def matrix(values, title: str = "", decimals: int = 0, xlabel: str = "", ylabel: str = "") -> Figure:
    """A square table of numbers, written out and shaded: the larger the darker."""
    cells = _numpy(values)
    figure, (axis,) = _subplots(1, 1, (0.42 * cells.shape[1] + 1, 0.36 * len(cells) + 0.8))
    axis.imshow(cells, cmap="Blues", aspect="auto")
    for (row, column), value in np.ndenumerate(cells):
        shade = "white" if value > 0.6 * cells.max() else INK
        axis.text(column, row, f"{value:.{decimals}f}", ha="center", va="center", size=8, color=shade)
    axis.set(xlabel=xlabel, ylabel=ylabel, xticks=range(cells.shape[1]), yticks=range(len(cells)))
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_title(title, loc="left")
    return figure


@_styled
def receptive_field(model, activations: dict, layer: str, unit=(0, 0), sample: int = 0) -> Figure:
    """What one unit sees: from `layer` down to the input, the squares of units that feed it.

    activations: as `activations.activations` gives them; one map of each layer is shown. unit: row and
    column of the unit in its map. Raises LenetError for a unit that the layer does not have.
    """
    plan: Architecture = getattr(model, "architecture", model)
    squares = field_squares(plan, layer, unit)
    figure, axes = _subplots(1, len(squares), (min(11, 2.3 * len(squares)), 2.6))
    for axis, (name, (top, left, height, width)) in zip(axes, squares.items(), strict=True):
        output = _numpy(activations[name])[sample]
        column = output.size == len(output)
        picture = output.reshape(-1, 1) if column else output[0]
        limit = max(np.abs(picture).max(), 1e-6)
        colours = {"cmap": style.DIVERGING, "vmin": -limit, "vmax": limit}
        if name == plan.input.name:
            colours = {"cmap": style.PAPER}
            picture = _as_colours(output) if len(output) == 3 else picture
        axis.imshow(picture, aspect=10 / len(picture) if column else "equal", **colours)
        if column and name != layer:
            height = len(picture)
        square = Rectangle((left - 0.5, top - 0.5), width, height, fill=False, linewidth=2.5)
        square.set(edgecolor=style.layer_colour(layer), clip_on=False)
        axis.add_patch(square)
        _frame(axis)
        axis.set_title(name, color=style.layer_colour(name))
        all_units = f"all {len(picture)} units" if column else f"{height} x {width} units"
        axis.set_xlabel("one unit" if name == layer else all_units, size=8)
    height, width = squares[plan.input.name][2:]
    axes[0].set_xlabel(f"{height} x {width} pixels", size=8)
    return figure


def field_squares(plan: Architecture, layer: str, unit=(0, 0)) -> dict[str, tuple[int, int, int, int]]:
    """What feeds one unit of `layer`: (top, left, height, width) in a map of each layer, the input's first.

    A square, less what lies in a border around the map: nobody's output. Raises LenetError for a unit that
    the layer does not have.
    """
    shapes = plan.shapes
    names = list(shapes)
    check_choice(f"A layer of {plan.name}", layer, tuple(names))
    sides = shapes[layer][1:] or (1, 1)
    if not all(0 <= place < side for place, side in zip(unit, sides, strict=True)):
        raise LenetError(f"{layer} has units ({sides[0]} x {sides[1]} in a map); there is no {unit}.")
    spans = [(place, place + 1) for place in unit]
    squares = {layer: (*unit, 1, 1)}
    for name in reversed(names[1 : names.index(layer) + 1]):
        below = names[names.index(name) - 1]
        reads, step = window(plan[name], shapes[below])
        before = getattr(plan[name], "padding", 0)
        spans = [
            (max(first * step - before, 0), min((last - 1) * step - before + reads, side))
            for (first, last), side in zip(spans, shapes[below][1:] or (1, 1), strict=True)
        ]
        squares[below] = (*(first for first, _ in spans), *(last - first for first, last in spans))
    return dict(reversed(squares.items()))


@_styled
def scan(picture, distances, step: int, sure: float, title: str = "") -> Figure:
    """A wide picture above the distances that a network gives at each place along it, a column a place.

    picture: (H, W) ink on paper. distances: (places, classes), the darker the nearer; the nearest class is
    written in where it is nearer than `sure`. step: pixels from one place to the next; the first place is
    centred half a picture's height from the left.
    """
    image, table = _numpy(picture), _numpy(distances)
    height, width = image.shape
    figure, (above, below) = _subplots(2, 1, (11, 4.6))
    above.imshow(image, cmap=style.PAPER)
    _frame(above)
    left = height / 2 - step / 2 - 0.5
    extent = (left, left + step * len(table), table.shape[1] - 0.5, -0.5)
    drawn = below.imshow(table.T, cmap="Purples_r", aspect="auto", extent=extent, vmin=0, vmax=4 * sure)
    for place, row in enumerate(table):
        if row.min() < sure:
            centre, nearest = left + (place + 0.5) * step, row.argmin()
            below.text(centre, nearest, f"{nearest}", ha="center", va="center", color="white", weight="bold")
    for axis in (above, below):
        axis.set_xlim(-0.5, width - 0.5)
    below.set(yticks=range(table.shape[1]), ylabel="digit", xlabel="centre of the window, in pixels")
    figure.colorbar(drawn, ax=below, label="distance", pad=0.01)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _grid(shown, titles, columns: int, colours) -> Figure:
    """Images (H, W), ink on paper, or (H, W, 3), in rows with titles above."""
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    lines = max((str(title).count("\n") + 1 for title in titles), default=0)
    height = 1.35 + 0.15 * (lines - 1) if lines else 1.05
    figure, axes = _subplots(rows, columns, (1.05 * columns, height * rows))
    for place, axis in enumerate(axes):
        axis.axis("off")
        if place < len(shown):
            axis.imshow(shown[place], cmap=style.PAPER)
        if place < len(titles):
            colour = colours[place] if len(colours) else INK
            axis.set_title(titles[place], size=8, weight="normal", color=colour)
    return figure


def _pictures(pictures, columns: int, size: float, titles=(), limit=None) -> Figure:
    """Pictures (N, H, W) in rows on one diverging scale, `size` inches each."""
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    head = 0.25 if len(titles) else 0.1
    height = size * pictures.shape[1] / pictures.shape[2]
    figure, axes = _subplots(rows, columns, (size * columns + 0.6, (height + head) * rows + 0.35))
    limit = limit or max(np.abs(pictures).max(), 1e-6)
    for place, axis in enumerate(axes):
        if place >= len(pictures):
            axis.axis("off")
            continue
        axis.imshow(pictures[place], cmap=style.DIVERGING, vmin=-limit, vmax=limit)
        _frame(axis)
        if place < len(titles):
            axis.set_title(titles[place], size=8, weight="normal")
    return figure


def _frame(axis: Axes, colour: str = GREY, linewidth: float = 0.5) -> None:
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set(visible=True, linewidth=linewidth, color=colour)


def _write_numbers(axis: Axes, picture: np.ndarray, middle: float, decimals: int) -> None:
    """Each cell's number in it, white where the cell is darker than the middle."""
    for (row, column), value in np.ndenumerate(picture):
        shade = "white" if value > middle else INK
        shown = f"{round(float(value), decimals) + 0.0:.{decimals}f}"  # + 0.0 makes -0.0 a 0.0
        axis.text(column, row, shown, ha="center", va="center", size=7, color=shade)


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


def _as_colours(picture: np.ndarray) -> np.ndarray:
    """(3, H, W) from -1 to 1 -> (H, W, 3) from 0 to 1, for imshow."""
    return np.clip((np.moveaxis(picture, 0, -1) + 1) / 2, 0, 1)


def _numpy(array) -> np.ndarray:
    return array.detach().cpu().numpy() if hasattr(array, "detach") else np.asarray(array)


@_styled
def _empty(text: str) -> Figure:
    """A figure that says why it shows nothing."""
    figure = _figure((4, 0.5))
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def _figure(size: tuple[float, float]) -> Figure:
    # pyplot is imported here, and shows the figure in a notebook; nothing else in the package needs it.
    from matplotlib import pyplot as plt

    return plt.figure(figsize=size)


def _subplots(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    return figure, list(axes.flat)
