"""Writes what docs/architecture.md says of the wings, and draws them, from the package itself: `make pages`.

A wing is a folder of lenet_edu. FLOORS says which wing may import which: only from floors below its own.
"""

import ast
import re
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import lenet_edu
from lenet_edu.system.files import write_atomically

PACKAGE = Path(lenet_edu.__file__).parent
DOCS = PACKAGE.parent / "docs"
PAGE, PICTURE = DOCS / "architecture.md", DOCS / "architecture.svg"
BEGIN, END = "<!-- written by `make pages`: begin -->", "<!-- end -->"

# From the ground up. Wings on one floor do not import each other.
FLOORS = (
    ("system",),
    ("network",),
    ("data", "engine", "plots"),
    ("training",),
    ("reproduction",),
    ("widgets",),
    ("exercises", "site"),
    ("cli",),
)
FLOOR = {wing: floor for floor, wings in enumerate(FLOORS) for wing in wings}
WINGS = tuple(FLOOR)


@cache
def imports(wing: str) -> set[str]:
    """The other wings that a wing imports anywhere in it."""
    parts = set()
    for path in (PACKAGE / wing).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lenet_edu":
                parts |= set(node.module.split(".")[1:2] or [alias.name for alias in node.names])
    return parts - {wing}


@cache
def direct(wing: str) -> set[str]:
    """The wings that a wing imports and that no other import of it brings along: what is drawn."""
    own = imports(wing)
    return {other for other in own if not any(other in reachable(between) for between in own - {other})}


@cache
def reachable(wing: str) -> set[str]:
    """All wings that come along when a wing is imported."""
    return {wing}.union(*(reachable(other) for other in imports(wing)))


def paragraph(wing: str) -> str:
    """What a wing is for: the first paragraph of its docstring, on one line."""
    text = ast.get_docstring(ast.parse((PACKAGE / wing / "__init__.py").read_text("utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def section() -> str:
    """The part of the page that follows from the package: one paragraph a wing, and the table of imports."""
    from_above = WINGS[::-1]
    about = [f"- **{wing}**: {paragraph(wing)}" for wing in from_above]
    head = ["|  | " + " | ".join(WINGS) + " |", "| --- |" + " :-: |" * len(WINGS)]
    rows = []
    for wing in from_above:
        own = imports(wing)
        rows.append(f"| **{wing}** | " + " | ".join("x" if other in own else "" for other in WINGS) + " |")
    return "\n".join([*about, "", "Each row imports from the columns with an x:", "", *head, *rows])


def page() -> str:
    """The whole page, with the part between its two marks written anew."""
    text = PAGE.read_text("utf-8")
    marked = re.compile(re.escape(BEGIN) + ".*" + re.escape(END), re.S)
    return marked.sub(lambda _: f"{BEGIN}\n{section()}\n{END}", text)


def picture() -> str:
    """The wings as an SVG, floor above floor, each with lines down to what it imports directly."""
    centres = {
        wing: (_WIDTH * (place + 1) / (len(wings) + 1), _height_of(FLOOR[wing]))
        for wings in _floors()
        for place, wing in enumerate(wings)
    }
    pairs = [(wing, other) for wing in WINGS for other in sorted(direct(wing))]
    lines = [f'<path d="{path}" fill="none" stroke="#888"/>' for path in _paths(pairs, centres)]
    boxes = [
        f'<rect x="{x - _BOX[0] / 2:g}" y="{y - _BOX[1] / 2:g}" width="{_BOX[0]}" height="{_BOX[1]}" rx="6"'
        ' fill="#eef3fb" stroke="#35629c"/>'
        f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle">{escape(wing)}</text>'
        for wing, (x, y) in centres.items()
    ]
    total = _height_of(0) + _BOX[1] / 2 + _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{total:g}" role="img"'
        ' font-family="sans-serif" font-size="16" fill="#1a1a1a">\n'
        "<title>The wings of lenet_edu; lines lead down to what each imports directly</title>\n"
        f'<rect width="{_WIDTH}" height="{total:g}" fill="#fff"/>\n' + "\n".join(lines + boxes) + "\n</svg>\n"
    )


# Of the picture, in pixels; the last is how far lines stay from boxes and from each other.
_WIDTH, _BOX, _STOREY, _MARGIN, _ROOM = 640, (150, 44), 84, 10, 14


def _floors() -> list[list[str]]:
    return [[wing for wing in wings if wing in FLOOR] for wings in FLOORS]


def _height_of(floor: int) -> float:
    """The middle of a floor's boxes."""
    return _MARGIN + _BOX[1] / 2 + (len(FLOORS) - 1 - floor) * _STOREY


def _paths(pairs: list[tuple[str, str]], centres: dict[str, tuple[float, float]]) -> list[str]:
    """A line for each pair of wings, as SVG has paths: on the floors between, it passes beside the boxes."""
    occupied = [
        [(centres[wing][0] - _BOX[0] / 2, centres[wing][0] + _BOX[0] / 2) for wing in wings]
        for wings in _floors()
    ]
    paths = []
    for wing, other in pairs:
        (x, y), (end, bottom) = centres[wing], centres[other]
        path, x, y = [f"M{x:g} {y + _BOX[1] / 2:g}"], x, y + _BOX[1] / 2
        for floor in range(FLOOR[wing] - 1, FLOOR[other], -1):
            top = _height_of(floor) - _BOX[1] / 2
            straight = x + (end - x) * (top - y) / (bottom - _BOX[1] / 2 - y)
            place = _nearest_free(straight, occupied[floor])
            occupied[floor].append((place, place))
            path.append(f"{_bend(x, y, place, top)}V{top + _BOX[1]:g}")
            x, y = place, top + _BOX[1]
        paths.append("".join([*path, _bend(x, y, end, bottom - _BOX[1] / 2)]))
    return paths


def _nearest_free(x: float, occupied: list[tuple[float, float]]) -> float:
    """The place nearest to x that has room around it."""
    sides = [x, *(place for left, right in occupied for place in (left - _ROOM, right + _ROOM))]
    free = [
        place for place in sides if all(not left - _ROOM < place < right + _ROOM for left, right in occupied)
    ]
    return min(free, key=lambda place: abs(place - x))


def _bend(x: float, y: float, end: float, bottom: float) -> str:
    """A curve that leaves and arrives upright."""
    middle = (y + bottom) / 2
    return f"C{x:g} {middle:g} {end:g} {middle:g} {end:g} {bottom:g}"


def main() -> None:
    write_atomically(PAGE, page().encode())
    write_atomically(PICTURE, picture().encode())
    print(f"{PAGE.name} and {PICTURE.name}: {len(WINGS)} wings")


if __name__ == "__main__":
    main()
