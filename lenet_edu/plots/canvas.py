"""What every figure is drawn on: a canvas in the suite's style, and helpers that several rooms use."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import signature
from typing import Any, cast

import matplotlib.figure
import numpy as np
from matplotlib import rc_context
from matplotlib.artist import allow_rasterization
from matplotlib.axes import Axes

from lenet_edu.plots import style
from lenet_edu.plots.style import GREY
from lenet_edu.system.language import translate_filled_in


@contextmanager
def quiet() -> Iterator[None]:
    """Let matplotlib say nothing of letters and bold letters that the fonts of the machine do not have.

    A class may be called by a word that no font can show: it then stands as empty boxes, and a notebook is
    not flooded with a warning for each of its letters; nor with one for every font without bold letters.
    """

    def is_needed(record: logging.LogRecord) -> bool:
        return "Failed to find font weight" not in record.getMessage()

    logger = logging.getLogger("matplotlib.font_manager")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")
        logger.addFilter(is_needed)
        try:
            yield
        finally:
            logger.removeFilter(is_needed)


class Figure(matplotlib.figure.Figure):
    """matplotlib's figure, whose letters are drawn quietly: a notebook draws it after the call has ended."""

    @allow_rasterization
    def draw(self, renderer):
        with quiet():
            super().draw(renderer)

    def get_tightbbox(self, *arguments, **named):
        with quiet():
            return super().get_tightbbox(*arguments, **named)


# Parameters of figures that are texts, alone, in a row or as names of what is drawn.
TEXTS = {"title", "titles", "names", "note", "xlabel", "ylabel", "named", "beside"}
NAMED = {"lines", "values", "panels", "networks", "histories", "runs"}


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw in the suite's style, whatever the reader's own matplotlib settings are.

    Titles, labels and names of lines come in English, and are drawn in the reader's language where the
    catalogue has them: so notebooks in every language have the same code.
    """
    parameters = signature(draw)

    @wraps(draw)
    def styled_draw(*arguments, **named):
        from matplotlib import pyplot as plt

        given = parameters.bind(*arguments, **named)
        for name, value in given.arguments.items():
            if name in TEXTS or (name in NAMED and isinstance(value, dict)):
                given.arguments[name] = _translated(value)
        settings: Any = {**style.RC, "font.family": style.installed_fonts()}
        with rc_context(settings), quiet():
            figure = draw(*given.args, **given.kwargs)
        # A notebook would show a figure that pyplot still holds a second time.
        plt.close(figure)
        return figure

    return styled_draw


def _translated(text):
    """A text, each of several texts, or the names in a table, in the reader's language."""
    if isinstance(text, str):
        return translate_filled_in(text)
    if isinstance(text, dict):
        return {_translated(name): value for name, value in text.items()}
    if isinstance(text, (list, tuple)):
        return [_translated(one) for one in text]
    return text


def new_figure(size: tuple[float, float], **settings) -> Figure:
    """An empty figure of that size in inches."""
    # pyplot is imported here, and shows the figure in a notebook; nothing else in the package needs it.
    from matplotlib import pyplot as plt

    return cast(Figure, plt.figure(figsize=size, FigureClass=Figure, **settings))


def subplots(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """A figure of that size in inches, and its axes row by row."""
    figure = new_figure(size, layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def frame(axis: Axes, colour: str = GREY, linewidth: float = 0.5) -> None:
    """A thin frame around a picture, in place of the ticks."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set(visible=True, linewidth=linewidth, color=colour)


def finish_chart(axis: Axes, title: str) -> None:
    """A title above the left end, a pale grid, and the legend right of the lines."""
    axis.set_title(title, loc="left")
    axis.grid(color=GREY, alpha=0.25)
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def as_array(values) -> np.ndarray:
    """A tensor on any device, or anything like an array, as a NumPy array."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)


def as_colours(picture: np.ndarray) -> np.ndarray:
    """(3, H, W) from -1 to 1 -> (H, W, 3) from 0 to 1, for imshow."""
    return np.clip((np.moveaxis(picture, 0, -1) + 1) / 2, 0, 1)
