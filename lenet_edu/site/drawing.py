"""What the site draws itself, as SVG: the network as a map of the notebooks, and the site's icon."""

from html import escape

from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import show_shape

HEIGHT, MIDDLE, GAP = 250, 112, 26
DIGIT = 3  # what INPUT shows


def network_map(pages, label: str) -> str:
    """LeNet-5 from INPUT to OUTPUT, each layer a link to the notebook that is named after it."""
    notebooks = {page.source.path.stem.partition("_")[2]: page for page in pages}
    parts, left = [], 8.0
    for name, shape in lenet5().shapes.items():
        drawing, width = _layer(name, shape, left)
        centre = left + width / 2
        drawing += (
            f'<text x="{centre:.0f}" y="{HEIGHT - 22}" class="layer">{name}</text>'
            f'<text x="{centre:.0f}" y="{HEIGHT - 6}" class="shape">{show_shape(shape)}</text>'
        )
        parts.append(_linked(name, drawing, notebooks.get(name.lower())))
        left += width + GAP
    return (
        f'<svg class="map" viewBox="0 0 {left - GAP + 8:.0f} {HEIGHT}" role="group" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def favicon() -> str:
    """The paper's code for a 5 on a square."""
    pixels = "".join(
        f'<rect x="{9 + 2 * column}" y="{4 + 2 * row}" width="2" height="2"/>' for row, column in _ink(5)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" '
        f'fill="#0072b2"/><g fill="#fff">{pixels}</g></svg>\n'
    )


def _linked(name: str, drawing: str, page) -> str:
    group = f'<g class="{name}">{drawing}</g>'
    if page is None:
        return group
    return f'<a href="{page.source.path.stem}.html">{group}</a>'


def _layer(name: str, shape, left: float) -> tuple[str, float]:
    """A layer's drawing from `left` on, and its width: a stack of maps, or a column of units."""
    maps, side = shape[0], shape[-1] if len(shape) == 3 else 1
    if side == 1:
        return _units(maps, left)
    size, step = 18 + 3.4 * side, 34 / max(maps, 8)
    width = size + step * (maps - 1)
    top = MIDDLE - width / 2
    squares = [
        f'<rect x="{left + step * i:.1f}" y="{top + step * i:.1f}" width="{size:.1f}" height="{size:.1f}"/>'
        for i in range(maps)
    ]
    if name == "INPUT":
        pixel = size / side * 1.5
        corner = (left + size / 2 - 3.5 * pixel, top + size / 2 - 6 * pixel)
        squares += [
            f'<rect class="ink" x="{corner[0] + column * pixel:.1f}" y="{corner[1] + row * pixel:.1f}" '
            f'width="{pixel:.1f}" height="{pixel:.1f}"/>'
            for row, column in _ink(DIGIT)
        ]
    return "".join(squares), width


def _units(count: int, left: float) -> tuple[str, float]:
    """A column of units, the classes with their names."""
    width, height = 64.0, min(196.0, 100 + count * 0.8) if count > len(paper.DIGIT_CODES) else 196.0
    step = height / count
    top, x = MIDDLE - height / 2, left + width / 2 - 8
    if count > len(paper.DIGIT_CODES):
        lines = "".join(f"M{x:.1f} {top + step * i:.1f}h16" for i in range(1, count))
        return f'<rect x="{x:.1f}" y="{top:.1f}" width="16" height="{height:.1f}"/><path d="{lines}"/>', width
    cells = [
        f'<rect{chosen} x="{x:.1f}" y="{top + step * i:.1f}" width="16" height="{step:.1f}"/>'
        f'<text{chosen} aria-hidden="true" x="{x + 8:.1f}" y="{top + step * (i + 0.72):.1f}">{i}</text>'
        for i in range(count)
        for chosen in [' class="chosen"' if i == DIGIT else ""]
    ]
    return "".join(cells), width


def _ink(digit: int) -> list[tuple[int, int]]:
    """The rows and columns where the paper's code for a digit has ink."""
    return [
        (int(row), int(column)) for row, column in zip(*(paper.DIGIT_CODES[digit] > 0).nonzero(), strict=True)
    ]
