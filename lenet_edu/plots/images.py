"""Images as they are: digits, pictures in colour, what was read of them, and which pixels mattered."""

from matplotlib.axes import Axes

from lenet_edu.plots import style
from lenet_edu.plots.canvas import Figure, as_array, as_colours, frame, new_figure, styled, subplots
from lenet_edu.plots.style import INK, RED
from lenet_edu.system.language import translate


@styled
def digits(images, titles=(), columns: int = 10, colours=()) -> Figure:
    """Images (N, 1, H, W) as ink on paper, `columns` in a row, each with its title above.

    A list of images (1, H, W) of different sizes will do as well. colours: of the titles, if they differ.
    """
    return _grid([as_array(image)[0] for image in images], titles, columns, colours)


@styled
def pictures(images, titles=(), columns: int = 10, colours=()) -> Figure:
    """Colour pictures (N, 3, H, W), from -1 to 1, `columns` in a row, each with its title above.

    colours: of the titles, if they differ.
    """
    return _grid([as_colours(as_array(image)) for image in images], titles, columns, colours)


@styled
def steps(pictures: dict, grey=(), crosses: dict | None = None) -> Figure:
    """Pictures (H, W) of different sizes by name, framed, each with its size: ink on paper.

    grey: names of those that hold brightness instead of ink. crosses: a place (row, column) to mark, by name.
    """
    figure, axes = subplots(1, len(pictures), (2.1 * len(pictures), 2.5))
    for axis, (name, values) in zip(axes, pictures.items(), strict=True):
        picture = as_array(values)
        if name in grey:
            axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
        else:
            axis.imshow(picture, cmap=style.PAPER)
        frame(axis)
        axis.set_title(translate(name))
        axis.set_xlabel(f"{picture.shape[0]} x {picture.shape[1]}", size=8)
        if crosses and name in crosses:
            row, column = (float(place) for place in crosses[name])
            axis.plot([column], [row], marker="+", markersize=14, markeredgewidth=2, color=style.ORANGE)
    return figure


def predictions(images, guesses) -> Figure:
    """Images with what they were taken for: predicted class, how surely, and the actual class if it is known.

    guesses: one (predicted, actual or None, probability) an image. Wrong ones are red. Without any images the
    figure says so: a network may have made no mistakes.
    """
    if not len(images):
        return _nothing(translate("There are no such pictures."))
    titles, colours = [], []
    for predicted, actual, probability in guesses:
        titles.append(
            f"{predicted} {probability:.0%}" + (translate("\nis: {actual}", actual=actual) if actual else "")
        )
        colours.append(INK if actual in (None, predicted) else RED)
    draw = digits if len(images[0]) == 1 else pictures
    return draw(images, titles, colours=colours)


@styled
def saliency(images, maps, titles=()) -> Figure:
    """Colour pictures (N, 3, H, W) above, and below what each pixel of them matters, (N, H, W)."""
    figure, axes = subplots(2, len(images), (1.35 * len(images), 3.0))
    for place, (image, matters) in enumerate(zip(images, maps, strict=True)):
        above, below = axes[place], axes[place + len(images)]
        above.imshow(as_colours(as_array(image)))
        below.imshow(as_array(matters), cmap="magma")
        above.axis("off")
        below.axis("off")
        if place < len(titles):
            above.set_title(titles[place], size=8, weight="normal")
    return figure


# How large `scan` is, in inches: its widest strip, its highest, the panel below, and what surrounds them.
_STRIP, _STRIP_HEIGHT, _PANEL_HEIGHT = 9.4, 1.6, 2.4
_LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 0.6, 1.0, 0.35, 0.5, 0.1


@styled
def scan(picture, distances, step: int, sure: float, title: str = "") -> Figure:
    """A wide picture above the distances that a network gives at each place along it, a column a place.

    picture: (H, W) ink on paper. distances: (places, classes), the darker the nearer; the nearest class is
    written in where it is nearer than `sure`. step: pixels from one place to the next; the first place is
    centred half a picture's height from the left. Both panels show a pixel equally wide.
    """
    image, table = as_array(picture), as_array(distances)
    height, width = image.shape
    figure, above, below, scale = _scan_panels(height, width)
    above.imshow(image, cmap=style.PAPER, aspect="auto")
    frame(above)
    left = height / 2 - step / 2 - 0.5
    extent = (left, left + step * len(table), table.shape[1] - 0.5, -0.5)
    drawn = below.imshow(table.T, cmap="Purples_r", aspect="auto", extent=extent, vmin=0, vmax=4 * sure)
    for place, row in enumerate(table):
        if row.min() < sure:
            centre, nearest = left + (place + 0.5) * step, row.argmin()
            below.text(centre, nearest, f"{nearest}", ha="center", va="center", color="white", weight="bold")
    for axis in (above, below):
        axis.set_xlim(-0.5, width - 0.5)
    below.set(
        yticks=range(table.shape[1]),
        ylabel=translate("digit"),
        xlabel=translate("centre of the window, in pixels"),
    )
    figure.colorbar(drawn, cax=scale, label=translate("distance"))
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def _scan_panels(height: int, width: int) -> tuple[Figure, Axes, Axes, Axes]:
    """A figure, and on it axes for a strip of so many pixels, a panel as wide below, and its colours."""
    pixel = min(_STRIP / width, _STRIP_HEIGHT / height)
    across, strip = pixel * width, pixel * height
    size = (_LEFT + across + _RIGHT, _TOP + strip + _GAP + _PANEL_HEIGHT + _BOTTOM)
    figure = new_figure(size)

    def add_axes(x: float, y: float, w: float, h: float) -> Axes:
        return figure.add_axes((x / size[0], y / size[1], w / size[0], h / size[1]))

    above = add_axes(_LEFT, _BOTTOM + _PANEL_HEIGHT + _GAP, across, strip)
    below = add_axes(_LEFT, _BOTTOM, across, _PANEL_HEIGHT)
    return figure, above, below, add_axes(_LEFT + across + 0.1, _BOTTOM, 0.15, _PANEL_HEIGHT)


def _grid(shown, titles, columns: int, colours) -> Figure:
    """Images (H, W), ink on paper, or (H, W, 3), in rows with titles above."""
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    lines = max((str(title).count("\n") + 1 for title in titles), default=0)
    height = 1.35 + 0.15 * (lines - 1) if lines else 1.05
    figure, axes = subplots(rows, columns, (1.05 * columns, height * rows))
    for place, axis in enumerate(axes):
        axis.axis("off")
        if place < len(shown):
            axis.imshow(shown[place], cmap=style.PAPER)
        if place < len(titles):
            colour = colours[place] if len(colours) else INK
            axis.set_title(titles[place], size=8, weight="normal", color=colour)
    return figure


@styled
def _nothing(text: str) -> Figure:
    """A figure that says why it shows nothing."""
    figure = new_figure((4, 0.5))
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure
