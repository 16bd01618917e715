"""Figures of what layers hold and give: maps, kernels, numbers in their cells, lines and bars."""

import numpy as np

from lenet_edu.network import paper
from lenet_edu.plots import style
from lenet_edu.plots.canvas import (
    Figure,
    as_array,
    as_colours,
    finish_chart,
    frame,
    new_figure,
    styled,
    subplots,
)
from lenet_edu.plots.style import BLUE, GREY, INK, ORANGE, PALETTE
from lenet_edu.system.language import translate


@styled
def feature_maps(activations: dict, sample: int = 0, model=None, classes=()) -> Figure:
    """Every layer's output for one image, a row of pictures each, from the first layer to the last.

    activations: as `activations.activations` gives them, (N, maps, H, W) or (N, units) by layer. Red is
    positive, blue negative, on one scale a layer, with a bar of colours at its end; the first layer is ink on
    paper, or a picture in colour; the last has its numbers written out, by class. 84 units stand as F6's 7x12
    picture. model: whose outputs these are; then its answer is orange. classes: their names, by default their
    numbers.
    """
    layers = list(activations)
    figure = new_figure((11, 0.95 * len(layers)))
    bands = np.atleast_1d(np.asarray(figure.subfigures(len(layers), 1)))
    for band, name in zip(bands, layers, strict=True):
        output = as_array(activations[name])[sample]
        band.text(0.005, 0.55, name, weight="bold", va="center", color=style.layer_colour(name))
        band.text(0.005, 0.3, _layer_caption(output), va="center", size=7, color=style.SOFT_INK)
        if name == layers[-1]:
            _answer_cells(band, output.reshape(-1), model, classes)
        else:
            _row_of_maps(band, output, is_input=name == layers[0])
    return figure


def _row_of_maps(band, output: np.ndarray, is_input: bool) -> None:
    """A layer's maps in a row of a figure, and the bar of their colours."""
    pictures = _as_pictures(output)
    limit = max(np.abs(output).max(), 1e-6)
    colours = {"cmap": style.DIVERGING, "vmin": -limit, "vmax": limit}
    if is_input:
        colours = {"cmap": style.PAPER, "vmin": output.min(), "vmax": output.max()}
        pictures = [as_colours(np.stack(pictures))] if len(pictures) == 3 else pictures
    axes = np.atleast_1d(band.subplots(1, len(pictures), gridspec_kw={"wspace": 0.08}))
    band.subplots_adjust(left=0.09, right=0.94, top=0.94, bottom=0.06)
    for axis, picture in zip(axes, pictures, strict=True):
        drawn = axis.imshow(picture, **colours)
        frame(axis)
    if np.ndim(pictures[0]) == 2:
        scale = band.colorbar(drawn, cax=band.add_axes((0.955, 0.12, 0.008, 0.76)))
        scale.ax.tick_params(labelsize=6, length=2)
        scale.outline.set_linewidth(0.4)


def _answer_cells(band, values: np.ndarray, model, classes) -> None:
    """The output's numbers in cells, by class; the answer's cell is orange if the model is known."""
    names = [str(name) for name in classes] or [str(number) for number in range(len(values))]
    axis = band.subplots()
    band.subplots_adjust(left=0.09, right=0.94, top=0.7, bottom=0.32)
    axis.imshow(np.zeros((1, len(values))), cmap=style.PAPER, vmin=0, vmax=1, aspect="auto")
    decimals = 0 if len(values) > 5 and np.abs(values).max() >= 10 else 1
    for place, value in enumerate(values):
        axis.text(place, 0, f"{round(float(value), decimals) + 0.0:.{decimals}f}", ha="center", va="center")
        axis.axvline(place + 0.5, color=GREY, linewidth=0.5)
    frame(axis)
    axis.set_xticks(range(len(values)), names, size=8)
    axis.tick_params(length=0)
    if model is not None:
        smallest = model.has_rbf_output
        answer = int(values.argmin() if smallest else values.argmax())
        axis.axvspan(answer - 0.5, answer + 0.5, color=ORANGE, zorder=1)
        axis.texts[answer].set(weight="bold", zorder=2)
        axis.get_xticklabels()[answer].set_weight("bold")
        if smallest:
            title = translate("The smallest distance is the answer: {name}", name=names[answer])
        else:
            title = translate("The largest score is the answer: {name}", name=names[answer])
        axis.set_title(title, loc="left", size=8, color=INK)


def _layer_caption(output: np.ndarray) -> str:
    """How much a layer holds, as `6 maps of 28x28` or `120 units`."""
    if output.ndim == 3 and output.shape[1] > 1:
        count, height, width = output.shape
        number = translate("1 map") if count == 1 else translate("{count} maps", count=count)
        return f"{number}, {height}x{width}"
    return translate("{count} units", count=output.size)


@styled
def maps(
    output, titles=(), title: str = "", layer: str = "", columns: int = 8, limit=None, grid: int = 0
) -> Figure:
    """Maps (N, H, W) side by side on one scale: red positive, blue negative, white 0.

    titles: one a map. title: what to see. layer: whose colour frames the maps. limit: the value that is
    darkest, by default the largest here. grid: a line every so many units, to compare places by.
    """
    pictures = as_array(output)
    columns = min(columns, len(pictures))
    size = min(10 / columns, 1.6 * max(1, pictures.shape[2] / pictures.shape[1]))
    figure = _pictures(pictures, columns, size, titles, limit)
    for axis in figure.axes[: len(pictures)]:
        frame(axis, style.layer_colour(layer), 1.2)
        for place in range(grid, pictures.shape[1], grid) if grid else ():
            axis.axhline(place - 0.5, color=GREY, linewidth=0.4)
            axis.axvline(place - 0.5, color=GREY, linewidth=0.4)
    colours = figure.axes[0].images[0]
    figure.colorbar(colours, ax=figure.axes, shrink=0.9, aspect=20, pad=0.01)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


@styled
def combination(inputs, kernels, parts, result, names=(), title: str = "") -> Figure:
    """How a map is made of several: each input map, its kernel and the outcome in a row, then the result.

    inputs: maps (H, W). kernels: (k, k). parts: the inputs convolved. result: their sum with bias and squash.
    Each picture has a scale of its own.
    """
    rows = [[as_array(picture) for picture in row] for row in zip(inputs, kernels, parts, strict=True)]
    figure = new_figure((9.5, 1.75 * len(rows) + 0.4), layout="constrained")
    grid = figure.add_gridspec(len(rows), 4, width_ratios=(1, 0.7, 1, 1.6))
    parts_of_row = (translate("map"), translate("kernel"), translate("part"))
    for number, row in enumerate(rows):
        for column, (picture, sign) in enumerate(zip(row, ("×", "=", "+" if number else ""), strict=True)):
            axis = figure.add_subplot(grid[number, column])
            limit = max(np.abs(picture).max(), 1e-6)
            axis.imshow(picture, cmap=style.DIVERGING, vmin=-limit, vmax=limit)
            frame(axis)
            if number == 0:
                axis.set_title(parts_of_row[column], size=9)
            if column == 0 and number < len(names):
                axis.set_ylabel(names[number])
            if column < 2:
                axis.text(1.14, 0.5, sign, transform=axis.transAxes, ha="center", va="center", size=12)
            elif number:
                axis.text(0.5, 1.1, "+", transform=axis.transAxes, ha="center", va="center", size=12)
    axis = figure.add_subplot(grid[:, 3])
    limit = max(np.abs(as_array(result)).max(), 1e-6)
    drawn = axis.imshow(as_array(result), cmap=style.DIVERGING, vmin=-limit, vmax=limit)
    frame(axis, style.layer_colour(title[:2]), 1.5)
    axis.set_title(translate("{title}: the sum, plus bias, squashed", title=title), size=9)
    figure.colorbar(drawn, ax=axis, shrink=0.6)
    return figure


@styled
def kernels(weight, columns: int = 16) -> Figure:
    """Kernels (N, k, k) side by side: red adds, blue takes away, on one scale."""
    return _pictures(as_array(weight), columns, 0.9)


@styled
def numbers(arrays, titles=(), signs=(), decimals: int = 1, title: str = "") -> Figure:
    """Small arrays (H, W) in a row with their numbers written in, and signs such as "x" between them."""
    pictures = [as_array(array) for array in arrays]
    widths = [picture.shape[1] for picture in pictures]
    rows = max(map(len, pictures))
    figure = new_figure((min(11, 0.44 * sum(widths) + 0.6 * len(widths)), 0.44 * rows + 0.75))
    axes = figure.subplots(1, len(pictures), gridspec_kw={"width_ratios": widths}, squeeze=False)[0]
    for place, (axis, picture) in enumerate(zip(axes, pictures, strict=True)):
        limit = max(np.abs(picture).max(), 1e-6)
        axis.imshow(picture, cmap=style.DIVERGING, vmin=-limit, vmax=limit)
        frame(axis)
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


@styled
def side_by_side(arrays, titles=(), ink: int = 0) -> Figure:
    """Arrays (H, W) of different sizes in a row, each on its own scale: red positive, blue negative.

    ink: so many of the first ones are images, shown as ink on paper.
    """
    pictures = [as_array(array) for array in arrays]
    figure, axes = subplots(1, len(pictures), (2.4 * len(pictures), 2.5))
    for place, (axis, picture) in enumerate(zip(axes, pictures, strict=True)):
        if place < ink:
            axis.imshow(picture, cmap=style.PAPER)
        else:
            limit = max(np.abs(picture).max(), 1e-6)
            axis.imshow(picture, cmap=style.DIVERGING, vmin=-limit, vmax=limit)
        frame(axis)
        if place < len(titles):
            axis.set_title(titles[place])
    return figure


@styled
def matrix(values, title: str = "", decimals: int = 0, xlabel: str = "", ylabel: str = "") -> Figure:
    """A square table of numbers, written out and shaded: the larger the darker."""
    cells = as_array(values)
    figure, (axis,) = subplots(1, 1, (0.42 * cells.shape[1] + 1, 0.36 * len(cells) + 0.8))
    axis.imshow(cells, cmap="Blues", aspect="auto")
    for (row, column), value in np.ndenumerate(cells):
        shade = "white" if value > 0.6 * cells.max() else INK
        axis.text(column, row, f"{value:.{decimals}f}", ha="center", va="center", size=8, color=shade)
    axis.set(xlabel=xlabel, ylabel=ylabel, xticks=range(cells.shape[1]), yticks=range(len(cells)))
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_title(title, loc="left")
    return figure


@styled
def curves(x, lines: dict, title: str = "", xlabel: str = "", ylabel: str = "", marks=()) -> Figure:
    """Lines over x by their label, each labelled at its right end; `marks`: values of x to point out."""
    figure, (axis,) = subplots(1, 1, (8, 3.4))
    for place, (label, values) in enumerate(lines.items()):
        colour = style.LAYERS.get(label, PALETTE[place % len(PALETTE)])
        axis.plot(as_array(x), as_array(values), color=colour, label=label)
    for mark in marks:
        axis.axvline(mark, color=GREY, linestyle=":", linewidth=1)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    finish_chart(axis, title)
    return figure


@styled
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
    figure, (axis,) = subplots(1, 1, (7, 0.5 + 0.28 * len(labels)))
    drawn = axis.barh(labels, numbers, color=colours)
    axis.bar_label(drawn, [text.format(number) for number in numbers], padding=3, size=8)
    if str(lit) in labels:  # its bar may be too short to be seen
        axis.get_yticklabels()[labels.index(str(lit))].set(color=ORANGE, weight="bold")
    axis.set_xlim(0, max(numbers) * 1.15 or 1)
    axis.set_title(title, loc="left")
    axis.invert_yaxis()
    axis.xaxis.set_visible(False)
    axis.spines["bottom"].set_visible(False)
    return figure


def _pictures(pictures, columns: int, size: float, titles=(), limit=None) -> Figure:
    """Pictures (N, H, W) in rows on one diverging scale, `size` inches each."""
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    head = 0.25 if len(titles) else 0.1
    height = size * pictures.shape[1] / pictures.shape[2]
    figure, axes = subplots(rows, columns, (size * columns + 0.6, (height + head) * rows + 0.35))
    limit = limit or max(np.abs(pictures).max(), 1e-6)
    for place, axis in enumerate(axes):
        if place >= len(pictures):
            axis.axis("off")
            continue
        axis.imshow(pictures[place], cmap=style.DIVERGING, vmin=-limit, vmax=limit)
        frame(axis)
        if place < len(titles):
            axis.set_title(titles[place], size=8, weight="normal")
    return figure


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
