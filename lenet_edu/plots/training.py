"""Figures of how training went: its curves, and what is taken for what afterwards."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from lenet_edu.plots import style
from lenet_edu.plots.canvas import Figure, as_array, styled, subplots
from lenet_edu.plots.style import BLUE, GREEN, GREY, INK, ORANGE
from lenet_edu.system.language import translate

_DOTTED = 40  # curves of more epochs have no dots


@styled
def history(histories: dict, titles: tuple[str, str] = ("", "")) -> Figure:
    """Loss and error by epoch, training dashed and validation solid; `Run.history` by the name to show.

    The axes are logarithmic; where there is an error of 0%, below the smallest other one they are linear.

    titles: other ones, in any script; where no installed font has it, the usual ones stay.
    """
    figure, axes = subplots(1, 2, (10, 3))
    for (name, records), colour in zip(histories.items(), (BLUE, ORANGE, GREEN, GREY), strict=False):
        epochs = [record["epoch"] for record in records]
        for axis, key, of in zip(axes, ("loss", "accuracy"), (float, _error), strict=True):
            splits = {"train": translate("training"), "validation": translate("validation")}
            for (split, shown), line in zip(splits.items(), ("--", "-"), strict=True):
                values = [of(record[f"{split}_{key}"]) for record in records]
                dot = "." if len(epochs) <= _DOTTED else ""
                axis.plot(epochs, values, line, marker=dot, color=colour, label=f"{name}, {shown}")
    usual = (translate("Loss"), translate("Error, %"))
    for axis, wanted, title in zip(axes, titles, usual, strict=True):
        title = wanted if wanted and style.can_show(wanted) else title
        axis.set(title=title, xlabel=translate("epoch"))
        _scale_by_powers(axis)
    axes[1].legend(fontsize=8)
    return figure


@styled
def confusion(table, classes=()) -> Figure:
    """Actual class (rows) against predicted class (columns), mistakes shaded; classes: their names."""
    counts = as_array(table)
    wrong = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    side = 1.5 + 0.36 * len(counts)
    figure, axes = subplots(1, 1, (side + 0.3, side - 0.3))
    axis = axes[0]
    axis.imshow(wrong, cmap="Oranges", vmax=max(wrong.max(), 1))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            weight = "bold" if row == column else "normal"
            shade = "white" if wrong[row, column] > 0.6 * wrong.max() else INK
            axis.text(column, row, f"{count}", ha="center", va="center", size=7.5, weight=weight, color=shade)
    ticks = range(len(counts))
    names = classes or [str(tick) for tick in ticks]
    axis.set(xlabel=translate("predicted"), ylabel=translate("actual"))
    axis.set_xticks(ticks, names)
    axis.set_yticks(ticks, names)
    axis.tick_params(length=0)
    return figure


def _scale_by_powers(axis: Axes) -> None:
    """A logarithmic axis with few numbers on it, linear down to 0 where a line touches 0."""
    values = np.concatenate([line.get_ydata() for line in axis.lines] or [[1.0]])
    above = values[values > 0]
    least, most = min(above, default=1.0), max(above, default=1.0)
    if len(above) == len(values):
        axis.set_yscale("log")
        low, high = axis.get_ylim()
        ticks = _round_numbers(low, high)
        if len(ticks) < 3:
            ticks = [tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]
    else:
        linear = max(0.3, np.log10(most / least) / 8)  # so that 0 and the next number stand apart
        axis.set_yscale("symlog", linthresh=least, linscale=linear)
        axis.set_ylim(-0.2 * least, most * 1.2)
        ticks = [0, *(_round_numbers(least, most * 1.2) or [least])]
    axis.yaxis.set_major_locator(FixedLocator(ticks))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_minor_locator(NullLocator())


def _round_numbers(low: float, high: float) -> list[float]:
    """At most eight numbers between the two, such as 1, 2 and 5, for a logarithmic axis."""
    powers = [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    for digits in ((1, 2, 5), (1, 3), (1,)):
        ticks = [digit * power for power in powers for digit in digits if low <= digit * power <= high]
        if len(ticks) <= 8:
            break
    return ticks[:: max(1, math.ceil(len(ticks) / 8))]


def _error(accuracy: float) -> float:
    return 100 * (1 - accuracy)
