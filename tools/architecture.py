"""Writes what docs/architecture.md says of the wings, and draws them, from the package itself: `make pages`.

A wing is a folder of lenet_edu. FLOORS says which wing may import which: only from floors below its own.
"""

import ast
import re
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


def imports(wing: str) -> set[str]:
    """The other wings that a wing imports anywhere in it."""
    parts = set()
    for path in (PACKAGE / wing).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lenet_edu":
                parts |= set(node.module.split(".")[1:2] or [alias.name for alias in node.names])
    return parts - {wing}


def direct(wing: str) -> set[str]:
    """The wings that a wing imports and that no other import of it brings along: what is drawn."""
    own = imports(wing)
    return {other for other in own if not any(other in reachable(between) for between in own - {other})}


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
    width, box, height, gap = 640, (150, 44), 84, 10
    x, y = {}, {}
    for floor, wings in enumerate(FLOORS):
        for place, wing in enumerate(wings):
            x[wing] = width * (place + 1) / (len(wings) + 1)
            y[wing] = gap + box[1] / 2 + (len(FLOORS) - 1 - floor) * height
    parts = []
    for wing in WINGS:
        for other in sorted(direct(wing)):
            start, end = y[wing] + box[1] / 2, y[other] - box[1] / 2
            parts.append(f'<path d="M{x[wing]:g} {start:g}L{x[other]:g} {end:g}" stroke="#888"/>')
    for wing in WINGS:
        left, top = x[wing] - box[0] / 2, y[wing] - box[1] / 2
        parts.append(
            f'<rect x="{left:g}" y="{top:g}" width="{box[0]}" height="{box[1]}" rx="6"'
            ' fill="#eef3fb" stroke="#35629c"/>'
            f'<text x="{x[wing]:g}" y="{y[wing] + 5:g}" text-anchor="middle">{escape(wing)}</text>'
        )
    total = len(FLOORS) * height - height + box[1] + 2 * gap
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{total:g}" role="img"'
        ' font-family="sans-serif" font-size="16" fill="#1a1a1a">\n'
        "<title>The wings of lenet_edu; lines lead down to what each imports directly</title>\n"
        f'<rect width="{width}" height="{total:g}" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def main() -> None:
    write_atomically(PAGE, page().encode())
    write_atomically(PICTURE, picture().encode())
    print(f"{PAGE.name} and {PICTURE.name}: {len(WINGS)} wings")


if __name__ == "__main__":
    main()
