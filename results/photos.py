"""Photos and scans of handwritten digits, made up in memory: what `reading.py` beside this reads.

    content = photo("squared", glyph, numpy.random.default_rng(0))      # of a JPEG file

A glyph is one of MNIST's, ink from 0 to 1. It is redrawn with a pen of any width, laid on paper, ruled or
not, lit, photographed and saved; each kind stands for one thing that real pictures do. All is in memory.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

UP = 4  # the glyph is redrawn at so many times its size


@dataclass(frozen=True)
class Kind:
    """One sort of picture. Lengths are in heights of the digit, levels from 0 (black) to 1 (white)."""

    about: str
    pen: tuple = (0.08, 0.16)  # width of the pen; none: the glyph is enlarged as it was written
    ink: tuple = (0.05, 0.35)
    paper: tuple = (0.75, 0.98)
    tilt: float = 5.0  # degrees, of the camera
    turn: float = 4.0  # degrees, of the digit on the paper
    perspective: float = 0.0
    margin: tuple = (0.35, 1.5)  # of paper around the digit
    gradient: float = 0.12
    shadow: float = 0.0
    texture: float = 0.01
    ruling: str = ""
    blur: float = 0.0  # of the height
    noise: float = 0.015
    quality: tuple = (70, 95)
    colour: bool = False
    blue: bool = False  # the ink
    hand: bool = False  # its shadow
    print: bool = False  # letters and a page number around the digit
    one_bit: bool = False
    desk: bool = False
    off_centre: float = 0.2
    sides: tuple = (90, 700)


KINDS = {
    "plain": Kind("a phone picture of plain paper"),
    "gradient": Kind("light from one side", gradient=0.5),
    "shadow": Kind("a hand's or a phone's shadow", shadow=0.45, margin=(0.5, 2)),
    "texture": Kind("coarse or crumpled paper", texture=0.05),
    "squared": Kind(
        "squared paper", ruling="squared", pen=(0.06, 0.13), margin=(0.4, 2), tilt=8, perspective=0.05
    ),
    "ruled": Kind("ruled paper with a red margin", ruling="ruled", pen=(0.06, 0.13), margin=(0.5, 2)),
    "box scan": Kind(
        "a scanned answer box",
        ruling="box",
        tilt=1,
        turn=6,
        gradient=0,
        noise=0.01,
        margin=(0.25, 0.6),
        sides=(60, 400),
    ),
    "box touched": Kind(
        "a scanned answer box that the digit touches",
        ruling="box touched",
        tilt=1,
        gradient=0,
        margin=(0.15, 0.4),
    ),
    "box photo": Kind("a photographed answer box", ruling="box", tilt=10, perspective=0.05, margin=(0.3, 1)),
    "rotated": Kind("turned by up to 15 degrees", tilt=15, turn=0),
    "perspective": Kind("seen from the side", perspective=0.15, tilt=8),
    "blur": Kind("out of focus", blur=0.05),
    "noise": Kind("a dark room: grain", noise=0.06),
    "jpeg": Kind("saved with much loss", quality=(8, 25)),
    "pencil": Kind(
        "a thin, faint pencil", pen=(0.025, 0.05), ink=(0.45, 0.62), paper=(0.8, 0.95), sides=(200, 900)
    ),
    "marker": Kind("a thick marker", pen=(0.17, 0.24), ink=(0.02, 0.2)),
    "board": Kind("chalk on a board", ink=(0.75, 0.98), paper=(0.1, 0.35), texture=0.03),
    "colour": Kind("coloured ink on coloured paper", colour=True, paper=(0.7, 0.95)),
    "desk": Kind("a sheet on a desk, its edge in sight", desk=True, margin=(0.6, 2)),
    "small": Kind(
        "small, somewhere on a sheet", margin=(3, 7), off_centre=0.8, sides=(350, 1400), pen=(0.08, 0.14)
    ),
    "large": Kind("a camera's full size", sides=(1600, 2200), margin=(0.5, 2), noise=0.03),
    "ballpoint": Kind(
        "a blue ballpoint pen, a hand's shadow",
        pen=(0.03, 0.06),
        blue=True,
        hand=True,
        shadow=0.4,
        sides=(250, 1000),
    ),
    "ballpoint on squares": Kind(
        "a blue ballpoint pen on squares of 5 mm, seen by a phone",
        pen=(0.035, 0.07),
        blue=True,
        ruling="squared",
        tilt=8,
        perspective=0.08,
        gradient=0.3,
        margin=(0.4, 2.5),
        sides=(300, 1000),
    ),
    "pencil on squares": Kind(
        "a soft pencil on squared paper, a hand's shadow",
        pen=(0.05, 0.1),
        ink=(0.3, 0.45),
        paper=(0.8, 0.95),
        ruling="squared",
        hand=True,
        shadow=0.35,
        sides=(250, 1000),
    ),
    "marker on squares": Kind(
        "a thick felt pen on squared paper", pen=(0.14, 0.22), ruling="squared", tilt=8
    ),
    "enlarged": Kind(
        "the glyph as it was written, enlarged, in uneven light", pen=(), gradient=0.4, shadow=0.4
    ),
    "enlarged on squares": Kind("the same on squared paper", pen=(), gradient=0.3, ruling="squared", tilt=8),
    "enlarged in a box": Kind(
        "the same in a scanned answer box", pen=(), ruling="box", tilt=2, gradient=0, margin=(0.15, 0.6)
    ),
    "form": Kind(
        "a scanned form of 150 to 600 dots an inch: a ballpoint pen in a box, print around it",
        pen=(0.05, 0.1),
        blue=True,
        ruling="box",
        print=True,
        tilt=2,
        turn=6,
        gradient=0,
        margin=(0.5, 1.2),
        sides=(90, 480),
    ),
    "form touched": Kind(
        "the same where the digit touches its box, in black and white alone",
        pen=(0.05, 0.1),
        ruling="box touched",
        print=True,
        one_bit=True,
        tilt=2,
        gradient=0,
        noise=0.01,
        margin=(0.5, 1.2),
        sides=(110, 480),
    ),
}


def photo(kind: str, glyph: np.ndarray, rng: np.random.Generator) -> bytes:
    """The content of a JPEG (or one-bit PNG) file: a made-up picture of a glyph, (28, 28), ink 0 to 1."""
    what = KINDS[kind]
    distance = redrawn(glyph, rng.uniform(*what.pen)) if what.pen else None
    height, width = _size(what, rng)
    u, v, unit, reach = _paper_places(what, height, width, rng)
    if distance is None:
        distance = (enlarged(glyph) - 0.5) / unit
    ink = _cover(distance, u, v, unit, np.radians(rng.uniform(-what.turn, what.turn)))
    level, ink_level = rng.uniform(*what.paper), rng.uniform(*what.ink)
    paper, pen = _colours(what, level, ink_level, rng)
    picture = np.ones((height, width, 3)) * paper
    if what.texture:
        grain = sum(
            ndimage.zoom(rng.normal(size=(height // k + 2, width // k + 2)), k, order=1)[:height, :width]
            for k in (2, 9)
        )
        picture *= 1 + what.texture * rng.uniform(0.3, 1) * grain[..., None]
    if what.ruling:
        picture = _ruled(picture, what, u, v, unit, reach, ink_level, rng)
    if what.print:
        picture = _printed(picture, u, v, rng)
    uneven = 1 - 0.25 * rng.random() * np.clip(
        ndimage.zoom(rng.random((8, 8)), (height / 8, width / 8), order=1), 0, 1
    )
    ink = (ink * uneven[:height, :width])[..., None]
    picture = picture * (1 - ink) + pen * ink
    if what.desk:
        picture = _on_a_desk(picture, u, v, reach, rng)
    return _taken(picture * _light(what, height, width, rng), what, unit, rng)


def enlarged(glyph: np.ndarray) -> np.ndarray:
    """The ink of a glyph at 28 UP squared points, the digit's middle in the middle."""
    rows, columns = np.nonzero(glyph > 0.4)
    middle = [(rows.max() + rows.min()) / 2, (columns.max() + columns.min()) / 2]
    centred = ndimage.shift(glyph, [27 / 2 - place for place in middle], order=1)
    return np.clip(ndimage.zoom(centred, UP, order=3, grid_mode=True, mode="grid-constant"), 0, 1)


def redrawn(glyph: np.ndarray, pen: float) -> np.ndarray:
    """How far each point lies inside the stroke of a pen (width in heights of the digit) along the glyph.

    In heights of the digit; at 28 UP squared points, the digit's middle in the middle.
    """
    fine = ndimage.zoom(glyph, UP, order=1)
    shape = ndimage.gaussian_filter(fine, UP / 3) > 0.4
    line = thinned(shape)
    rows, columns = np.nonzero(shape)
    height = max(np.ptp(rows), np.ptp(columns)) + 1
    inside = pen / 2 - _distance(line) / height
    if _holes_and_parts(inside > 0) != _holes_and_parts(glyph > 0.4):
        # The pen would fill a loop, or the line has lost one: as it was written.
        inside = (_distance(shape) * -1 + _distance(~shape)) / height
    middle = [(rows.max() + rows.min()) / 2, (columns.max() + columns.min()) / 2]
    inside = np.maximum(inside, _blots(shape, line) / height)
    return ndimage.shift(inside, [28 * UP / 2 - place for place in middle], order=1, cval=-1.0)


def _blots(shape: np.ndarray, line: np.ndarray) -> np.ndarray:
    """How far each point lies inside what is far thicker than the pen, such as a loop that ran full."""
    depth = ndimage.distance_transform_edt(shape)
    thick = line & (depth > 1.8 * np.median(depth[line]))
    if not thick.any():
        return np.full(shape.shape, -np.inf)
    away, nearest = ndimage.distance_transform_edt(~thick, return_indices=True)
    return depth[tuple(nearest)] - away


def _distance(shape: np.ndarray) -> np.ndarray:
    """From each point to the shape, smooth."""
    return ndimage.gaussian_filter(ndimage.distance_transform_edt(~shape), 1.2)


def _holes_and_parts(shape: np.ndarray) -> tuple[int, int]:
    return ndimage.label(~np.pad(shape, 1))[1], ndimage.label(shape, np.ones((3, 3)))[1]


def thinned(shape: np.ndarray) -> np.ndarray:
    """The middle line of a shape, one point wide (Zhang and Suen, 1984)."""
    shape = np.pad(shape, 1).astype(np.uint8)
    changed = True
    while changed:
        changed = False
        for step in (0, 1):
            p = [
                np.roll(shape, (-dy, -dx), (0, 1))
                for dy, dx in ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
            ]
            count = sum(p)
            turns = sum((p[i] == 0) & (p[(i + 1) % 8] == 1) for i in range(8))
            sides = (
                ((p[0] * p[2] * p[4] == 0) & (p[2] * p[4] * p[6] == 0))
                if step == 0
                else ((p[0] * p[2] * p[6] == 0) & (p[0] * p[4] * p[6] == 0))
            )
            gone = (shape == 1) & (count >= 2) & (count <= 6) & (turns == 1) & sides
            shape = shape & ~gone
            changed |= bool(gone.any())
    return shape[1:-1, 1:-1].astype(bool)


def _size(what: Kind, rng) -> tuple[int, int]:
    side = np.exp(rng.uniform(*np.log(what.sides)))
    ratio = rng.choice([1, 1, 4 / 3, 3 / 4, 16 / 9])
    return max(60, round(side)), max(60, round(side * ratio))


def _paper_places(what: Kind, height: int, width: int, rng):
    """Where on the paper each pixel lies, in heights of the digit from its middle; pixels a height; reach."""
    margin = np.exp(rng.uniform(*np.log(what.margin)))
    unit = min(height, width) / (1 + 2 * margin)
    free = [max(0.0, side / unit / 2 - 0.5 - 0.15) for side in (height, width)]
    centre = [rng.uniform(-1, 1) * what.off_centre * room for room in free]
    angle = np.radians(rng.uniform(-what.tilt, what.tilt))
    y, x = np.mgrid[:height, :width].astype(float)
    y, x = (y - height / 2) / unit - centre[0], (x - width / 2) / unit - centre[1]
    lean = rng.uniform(-1, 1, 2) * what.perspective / (0.5 + margin)
    depth = np.maximum(1 + lean[0] * x + lean[1] * y, 0.2)
    x, y = x / depth, y / depth
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return u, v, unit, 0.5 + margin


def _cover(distance, u, v, unit, turn):
    """How much of each pixel is ink."""
    x, y = u * np.cos(turn) + v * np.sin(turn), v * np.cos(turn) - u * np.sin(turn)
    places = [side * 20 * UP + 28 * UP / 2 for side in (y, x)]
    inside = ndimage.map_coordinates(distance, places, order=1, cval=-1.0)
    return np.clip(0.5 + inside * unit, 0, 1)


def _colours(what: Kind, level, ink_level, rng):
    if what.blue:
        return np.full(3, level), np.array([0.1, 0.18, 0.6]) * rng.uniform(0.7, 1.3)
    if not what.colour:
        warm = 1 + rng.uniform(-0.04, 0.04, 3)
        return np.clip(level * warm, 0, 1), np.clip(ink_level + rng.uniform(-0.03, 0.03, 3), 0, 1)
    papers = np.array([[1, 0.95, 0.6], [0.75, 0.9, 1], [1, 0.8, 0.85], [0.75, 1, 0.8], [1, 1, 1]])
    pens = np.array(
        [[0.1, 0.15, 0.7], [0.05, 0.05, 0.3], [0.75, 0.1, 0.1], [0.05, 0.4, 0.15], [0.1, 0.1, 0.1]]
    )
    return papers[rng.integers(5)] * level, pens[rng.integers(5)] * rng.uniform(0.7, 1.1)


def _ruled(picture, what, u, v, unit, reach, ink_level, rng):
    def draw(picture, away, wide, colour, strength):
        cover = np.clip(0.5 + (wide / 2 - away) * unit, 0, 1)[..., None] * strength
        return picture * (1 - cover) + np.asarray(colour) * cover

    def every(places, spacing, start):
        return np.abs((places - start + spacing / 2) % spacing - spacing / 2)

    wide = max(rng.uniform(0.01, 0.03), 0.8 / unit)
    if what.ruling == "squared":
        spacing, colour = (
            rng.uniform(0.45, 1.1),
            [[0.4, 0.55, 0.85], [0.5, 0.5, 0.5], [0.4, 0.7, 0.6]][rng.integers(3)],
        )
        strength = rng.uniform(0.3, 0.8)
        for places in (u, v):
            picture = draw(picture, every(places, spacing, rng.uniform(0, spacing)), wide, colour, strength)
    elif what.ruling == "ruled":
        picture = draw(
            picture,
            every(v, rng.uniform(1.0, 1.6), 0.5 + rng.uniform(0, 0.15)),
            wide,
            [0.45, 0.5, 0.8],
            rng.uniform(0.4, 0.9),
        )
        picture = draw(picture, np.abs(u + rng.uniform(0.7, 1.2)), wide, [0.85, 0.2, 0.25], 0.9)
    else:
        half = rng.uniform(0.6, 0.85, 2)
        shift = rng.uniform(-0.06, 0.06, 2)
        if what.ruling == "box touched":
            half, shift = rng.uniform(0.5, 0.58, 2), rng.uniform(-0.06, 0.06, 2)
        border = np.maximum(np.abs(u - shift[0]) - half[0], np.abs(v - shift[1]) - half[1])
        wide = max(rng.uniform(0.012, 0.07), 1 / unit)
        picture = draw(picture, np.abs(border), wide, [rng.uniform(0, 0.3)] * 3, 1)
        if rng.random() < 0.4:  # a row of boxes
            other = np.maximum(
                np.abs(np.abs(u - shift[0]) - 2 * half[0]) - half[0], np.abs(v - shift[1]) - half[1]
            )
            picture = draw(picture, np.abs(other), wide, [rng.uniform(0, 0.3)] * 3, 1)
    return picture


def _printed(picture, u, v, rng):
    """Words above and beside the digit, and the number of the page below it, far smaller than the digit."""
    size = rng.uniform(0.15, 0.28)
    letters = ImageFont.load_default(64)
    for words, place in (
        (["Question 7", "Points:", "Answer b)"][rng.integers(3)], (-1.0, -0.95 - size)),
        (["x =", "a)", "No."][rng.integers(3)], (-0.95 - 2 * size, -0.1)),
        (str(rng.integers(2, 99)), (rng.uniform(-0.3, 0.3), 0.95)),
    ):
        line = Image.new("L", (64 * len(words), 90))
        ImageDraw.Draw(line).text((4, 4), words, fill=255, font=letters)
        places = [(v - place[1]) * 60 / size, (u - place[0]) * 60 / size]
        cover = ndimage.map_coordinates(np.asarray(line) / 255, places, order=1)[..., None]
        picture = picture * (1 - 0.85 * cover)
    return picture


def _on_a_desk(picture, u, v, reach, rng):
    place = rng.uniform(0.62, 0.95) * reach + 0.1
    away = [u, -u, v, -v][rng.integers(4)] - place
    desk = np.array([0.45, 0.3, 0.2]) * rng.uniform(0.3, 1.4)
    cover = np.clip(0.5 + away * 40, 0, 1)[..., None]
    return picture * (1 - cover) + desk * cover


def _light(what: Kind, height, width, rng):
    y, x = np.mgrid[:height, :width].astype(float)
    y, x = y / height - 0.5, x / width - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 - what.gradient * rng.uniform(0.5, 1) * (0.5 + 0.7 * (x * np.cos(angle) + y * np.sin(angle)))
    light *= 1 - rng.uniform(0, 0.5) * what.gradient * (x**2 + y**2)
    if what.shadow:
        angle, soft = rng.uniform(0, 2 * np.pi), rng.uniform(0.01, 0.15)
        side = x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-0.25, 0.25)
        if rng.random() < 0.3:
            side = rng.uniform(0.2, 0.4) - np.hypot(x - rng.uniform(-0.4, 0.4), y - rng.uniform(-0.4, 0.4))
        if what.hand:
            side = np.maximum(side, _fingers(x, y, rng))
        light *= 1 - what.shadow * rng.uniform(0.5, 1) / (1 + np.exp(-side / soft * 4))
    return light[..., None]


def _fingers(x, y, rng):
    """How deep each point lies in the shadow of three fingers that reach in from one side."""
    angle, tip = rng.uniform(0, 2 * np.pi), rng.uniform(-0.1, 0.3)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    wide, first = rng.uniform(0.05, 0.1), rng.uniform(-0.4, 0.1)
    tips = [(first + 2.4 * wide * number, tip + rng.uniform(-0.08, 0.08)) for number in range(3)]
    return np.max([wide - np.hypot(across - at, np.minimum(along - end, 0)) for at, end in tips], axis=0)


def _taken(picture, what: Kind, unit, rng) -> bytes:
    """Out of focus, with grain, as JPEG."""
    blur = max(what.blur * unit * rng.uniform(0.4, 1), rng.uniform(0.3, 0.7))
    picture = ndimage.gaussian_filter(picture, (blur, blur, 0))
    shared = rng.normal(size=(*picture.shape[:2], 1))
    picture = picture + what.noise * rng.uniform(0.3, 1) * (
        0.8 * shared + 0.4 * rng.normal(size=picture.shape)
    )
    content = io.BytesIO()
    levels = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    if what.one_bit:
        Image.fromarray(levels).convert("L").point(lambda level: 255 * (level > 140)).convert("1").save(
            content, "PNG"
        )
        return content.getvalue()
    Image.fromarray(levels).save(content, "JPEG", quality=int(rng.integers(*what.quality)))
    return content.getvalue()
