"""Ten digits as strokes of a pen, for pictures that are drawn by code: `drawn(3, size=200)`."""

from PIL import Image, ImageDraw

# Strokes as points (right, down) in a square of side 1.
STROKES = {
    0: [
        [
            (0.5, 0.1),
            (0.3, 0.2),
            (0.22, 0.5),
            (0.32, 0.82),
            (0.5, 0.9),
            (0.7, 0.8),
            (0.77, 0.5),
            (0.68, 0.18),
            (0.5, 0.1),
        ]
    ],
    1: [[(0.5, 0.1), (0.49, 0.9)]],
    2: [[(0.28, 0.28), (0.4, 0.12), (0.6, 0.12), (0.71, 0.3), (0.6, 0.52), (0.25, 0.88), (0.78, 0.87)]],
    3: [
        [
            (0.27, 0.2),
            (0.42, 0.1),
            (0.64, 0.14),
            (0.7, 0.3),
            (0.6, 0.43),
            (0.45, 0.48),
            (0.63, 0.53),
            (0.74, 0.68),
            (0.64, 0.86),
            (0.44, 0.91),
            (0.26, 0.82),
        ]
    ],
    4: [[(0.35, 0.12), (0.24, 0.55), (0.78, 0.55)], [(0.64, 0.2), (0.6, 0.92)]],
    5: [
        [(0.34, 0.12), (0.3, 0.45), (0.5, 0.4), (0.7, 0.52), (0.72, 0.72), (0.55, 0.89), (0.28, 0.86)],
        [(0.34, 0.12), (0.72, 0.11)],
    ],
    6: [
        [
            (0.62, 0.1),
            (0.4, 0.3),
            (0.28, 0.6),
            (0.34, 0.85),
            (0.54, 0.9),
            (0.7, 0.74),
            (0.6, 0.56),
            (0.42, 0.57),
            (0.3, 0.7),
        ]
    ],
    7: [[(0.24, 0.14), (0.75, 0.13), (0.58, 0.45), (0.44, 0.9)]],
    8: [
        [
            (0.68, 0.2),
            (0.5, 0.1),
            (0.33, 0.22),
            (0.42, 0.42),
            (0.65, 0.58),
            (0.7, 0.78),
            (0.5, 0.91),
            (0.31, 0.78),
            (0.38, 0.58),
            (0.62, 0.4),
            (0.68, 0.2),
        ]
    ],
    9: [
        [
            (0.7, 0.3),
            (0.58, 0.12),
            (0.38, 0.18),
            (0.33, 0.36),
            (0.48, 0.48),
            (0.66, 0.4),
            (0.7, 0.25),
            (0.68, 0.6),
            (0.62, 0.91),
        ]
    ],
}


def drawn(
    digit: int, size: int = 200, pen: float = 0.07, ink=0, paper=255, mode: str = "L", loose: float = 0
) -> Image.Image:
    """A digit on a square sheet. pen: its width, as a share of it. loose: how far stroke two is lifted."""
    scale = 4  # drawn larger and averaged, so that edges are smooth
    sheet = Image.new(mode, (size * scale, size * scale), paper)
    pencil, wide = ImageDraw.Draw(sheet), max(1, round(pen * size * scale))
    for number, stroke in enumerate(STROKES[digit]):
        points = [(x * size * scale, (y - loose * number) * size * scale) for x, y in stroke]
        pencil.line(points, fill=ink, width=wide, joint="curve")
        for x, y in (points[0], points[-1]):
            pencil.ellipse([x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2], fill=ink)
    return sheet.resize((size, size), Image.Resampling.BOX)
