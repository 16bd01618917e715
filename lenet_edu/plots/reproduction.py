"""Figures of 1998 done again: steps and passes, seeds, figure 9, and robustness."""

import itertools

import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullFormatter, NullLocator

from lenet_edu.network import paper
from lenet_edu.plots import style
from lenet_edu.plots.canvas import Figure, as_array, finish_chart, styled, subplots
from lenet_edu.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PALETTE
from lenet_edu.system.language import Text, shown, translate

# What is written above and under each change of `robustness`, and which amounts.
_CHANGES = {
    "scale": (Text("Scale"), Text("factor"), (0.5, 1, 2)),
    "shift": (Text("Shift"), Text("downwards, in heights of a digit"), (-0.5, 0, 0.5)),
    "rotation": (Text("Rotation"), Text("degrees anticlockwise"), (-60, -30, 0, 30, 60)),
    "noise": (Text("Noise"), Text("share of the pixels"), (0, 0.2, 0.4, 0.6)),
}


@styled
def by_layer(panels: dict, note: str = "") -> Figure:
    """Side by side, numbers of every layer on a logarithmic axis: {title: {label: {layer: number}}}.

    note: below the names of the layers.
    """
    figure, axes = subplots(1, len(panels), (10, 3.4))
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for place, (label, numbers) in enumerate(lines.items()):
            colour = PALETTE[place % len(PALETTE)]
            axis.plot(list(numbers), [float(n) for n in numbers.values()], "o-", color=colour, label=label)
        axis.set(title=title, yscale="log", xlabel=note)
        axis.grid(color=GREY, alpha=0.25)
    axes[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def ranges(values: dict, title: str = "", xlabel: str = "", band: tuple = (), named: str = "") -> Figure:
    """Lowest to highest with a dot at the median, a line each, on a logarithmic axis.

    values: {label: {row: numbers}}, every label with the same rows. band: two values to shade between, and
    `named`: what they are.
    """
    rows = list(next(iter(values.values())))
    figure, (axis,) = subplots(1, 1, (8, 0.9 + 0.32 * len(rows)))
    if band:
        axis.axvspan(*band, color=style.pale(GREEN, 0.8), zorder=0, label=named)
    for place, (label, by_row) in enumerate(values.items()):
        colour, shift = PALETTE[place % len(PALETTE)], 0.18 * (place - (len(values) - 1) / 2)
        for row, name in enumerate(rows):
            numbers = as_array(by_row[name])
            ends, height = (numbers.min(), numbers.max()), row + shift
            axis.plot(ends, (height, height), "|-", color=colour, label=label if row == 0 else None)
            axis.plot(np.median(numbers), height, "o", color=colour, markersize=4)
    axis.set(xscale="log", xlabel=xlabel, yticks=range(len(rows)), yticklabels=rows)
    axis.set_title(title, loc="left")
    axis.invert_yaxis()
    axis.grid(color=GREY, alpha=0.25, axis="x")
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def passes(lines: dict, printed: dict, title: str = "") -> Figure:
    """Errors pass by pass: the mean over the runs, shaded from the lowest to the highest of them.

    lines: {label: (runs, passes) in percent}. printed: {label: (pass, error in percent)}, what the paper
    gives for that line, as a diamond.
    """
    figure, (axis,) = subplots(1, 1, (8, 3.4))
    for (label, errors), colour in zip(lines.items(), PALETTE, strict=False):
        runs = as_array(errors)
        x = np.arange(1, runs.shape[1] + 1)
        axis.fill_between(x, runs.min(0), runs.max(0), color=style.pale(colour, 0.7), linewidth=0)
        axis.plot(x, runs.mean(0), color=colour, label=label)
        if label in printed:
            axis.plot(
                *printed[label],
                "D",
                color=colour,
                markeredgecolor=INK,
                label=translate("{label}, the paper", label=label),
            )
    axis.set(xlabel=translate("pass"), ylabel=translate("error, %"), yscale="log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    finish_chart(axis, title)
    return figure


@styled
def seeds(runs: dict, title: str = "", beside: str = "", xlabel: str = "error, %") -> Figure:
    """A dot for every run and a stroke at their mean, one row a label: {label: numbers}.

    beside: the label whose mean is drawn through all rows, to compare with.
    """
    figure, (axis,) = subplots(1, 1, (8, 0.9 + 0.3 * len(runs)))
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


@styled
def timeline(networks: dict, title: str = "") -> Figure:
    """Networks in the order of their papers: {label: (year, parameters, multiply-adds)}.

    The area of a dot is in proportion to the parameters. Where years without a network lie between, the line
    is dotted: it has no scale.
    """
    figure, (axis,) = subplots(1, 1, (10, 2.8))
    years = [year for year, _, _ in networks.values()]
    for place, ((label, (year, parameters, products)), colour) in enumerate(
        zip(networks.items(), PALETTE, strict=False)
    ):
        axis.scatter(place, 0, parameters / 40, color=colour, zorder=3)
        name, costs = label.removesuffix(f" {year}"), f"{products:,} multiply-adds"
        axis.text(place, 0.62, f"{year}\n{name}", ha="center", va="bottom", weight="bold")
        axis.text(place, -0.62, f"{parameters:,} parameters\n{costs}", ha="center", va="top", fontsize=9)
    for place, (year, after) in enumerate(itertools.pairwise(years)):
        style_of_line = ":" if after - year > 1 else "-"
        axis.plot((place, place + 1), (0, 0), style_of_line, color=GREY, zorder=1)
    axis.set(ylim=(-1.5, 1.6), xlim=(-0.6, len(years) - 0.4))
    axis.axis("off")
    if title:
        axis.set_title(title)
    return figure


@styled
def costs(networks: dict, title: str = "") -> Figure:
    """Error against cost, a line for each network: {label: (multiply-adds, printed error, errors of runs)}.

    A hollow diamond is what is printed, a dot the mean of the runs with their deviation; without runs there
    is only the diamond. Networks that cost the same stand next to each other.
    """
    figure, (axis,) = subplots(1, 1, (8, 3.6))
    drawn: list[int] = []
    for (label, (cost, printed, errors)), colour in zip(networks.items(), PALETTE, strict=False):
        x, mean = cost * 1.08 ** drawn.count(cost), np.mean(errors) if len(errors) else printed
        drawn.append(cost)
        axis.plot((x, x), (printed, mean), color=colour, label=label)
        axis.plot(x, printed, "D", color=colour, fillstyle="none")
        if len(errors):
            axis.errorbar(x, mean, _deviation(errors), fmt="o", color=colour, capsize=3)
    axis.plot([], [], "D", color=INK, fillstyle="none", label=translate("printed"))
    axis.plot([], [], "o", color=INK, label=translate("ours"))
    axis.set(
        xscale="log",
        yscale="log",
        xlabel=translate("multiply-adds for a digit"),
        ylabel=translate("error, %"),
    )
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.xaxis.set_minor_locator(NullLocator())
    _mark_percents(axis.yaxis)
    finish_chart(axis, title)
    return figure


@styled
def beside_printed(rows: dict, title: str = "") -> Figure:
    """Errors as in figure 9, a row a classifier, on a logarithmic axis: {label: (printed, errors of runs)}.

    A hollow diamond is what is printed, a dot the mean of the runs with their deviation: orange where it is
    above what is printed, else blue.
    """
    figure, (axis,) = subplots(1, 1, (9, 0.9 + 0.24 * len(rows)))
    for row, (printed, errors) in enumerate(rows.values()):
        mean = np.mean(errors)
        colour = ORANGE if mean > printed else BLUE
        axis.plot((printed, mean), (row, row), color=style.pale(colour, 0.5), linewidth=2)
        axis.plot(printed, row, "D", color=INK, fillstyle="none", markersize=5)
        axis.errorbar(mean, row, xerr=_deviation(errors), fmt="o", color=colour, capsize=3, markersize=5)
    axis.plot([], [], "D", color=INK, fillstyle="none", markersize=5, label=translate("printed"))
    axis.plot([], [], "o", color=BLUE, markersize=5, label=translate("ours"))
    axis.plot([], [], "o", color=ORANGE, markersize=5, label=translate("ours, above it"))
    axis.set(xscale="log", xlabel=translate("error, %"), yticks=range(len(rows)), yticklabels=list(rows))
    axis.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    _mark_percents(axis.xaxis)
    finish_chart(axis, title)
    return figure


@styled
def robustness(networks: dict) -> Figure:
    """The error while digits are changed: a panel for each kind of change, a line for each network.

    networks: {label: {kind of change: (amounts, errors in percent)}}. Shaded: up to where the paper estimates
    that LeNet-5 reads accurately (section III-E); of noise it gives no figure.
    """
    figure, axes = subplots(1, len(_CHANGES), (11, 3.1))
    shade = style.pale(GREEN, 0.85)
    lowest = min(min(errors) for changes in networks.values() for _, errors in changes.values())
    for axis, (kind, (title, unit, ticks)) in zip(axes, _CHANGES.items(), strict=True):
        axis.set_ylim(max(0.7 * lowest, 0.05), 100)  # no error at all has no place on this scale
        axis.set(xscale="log" if kind == "scale" else "linear", yscale="log", title=shown(title))
        for place, (label, changes) in enumerate(networks.items()):
            colour = PALETTE[place % len(PALETTE)]
            axis.plot(*changes[kind], marker="o", markersize=3, color=colour, label=label)
        if kind in paper.ROBUST_UP_TO:
            most = paper.ROBUST_UP_TO[kind]
            axis.axvspan(1 / most if kind == "scale" else -most, most, color=shade, zorder=0)
        axis.xaxis.set_minor_locator(NullLocator())
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.set_xlabel(shown(unit))
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.set_yticks((1, 10, 100), ("1", "10", "100") if axis is axes[0] else ())
        axis.grid(color=GREY, alpha=0.25)
    axes[0].set_ylabel(translate("error, %"))
    handles, labels = axes[0].get_legend_handles_labels()
    handles, labels = [*handles, Patch(color=shade)], [*labels, translate("the paper's estimate for LeNet-5")]
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _deviation(errors) -> float | None:
    """Over several runs; of a single one there is none."""
    return float(np.std(errors, ddof=1)) if len(errors) > 1 else None


def _mark_percents(axis) -> None:
    """Numbers on a logarithmic axis where errors of digits lie, and written as such."""
    axis.set_major_locator(FixedLocator((0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_locator(NullLocator())
