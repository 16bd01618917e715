"""From grey levels of a photo or scan to the ink of each digit: even the light, find the ink, drop the rest.

    evened = even(grey)                    # paper is white, or black under chalk
    digits = find_digits(ink_of(evened))   # each one's ink alone, in reading order

Arrays are floats, (height, width). Lengths are shares of the picture or of a digit: pictures have any size.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

# The background is estimated on a copy of so many pixels, with a window of this share of its shorter side:
# wider than any stroke, narrower than most shadows.
_COPY, _WINDOW = 128, 0.35
# Beside a digit's strokes, what is fainter than this share of them is paper.
_FAINT = 0.2
# Paper varies by less than so much; ink stands out from it by more than so many standard deviations.
_LEAST_CONTRAST, _DEVIATIONS = 0.06, 4.0
# A line is at least so long, as a share of the picture's shorter side; alone, it spans so much of it.
_LINE, _SPAN = 0.3, 0.85
_TILTS = np.arange(-16, 17)
# Beside a digit, what is smaller than this share of its height (or of its ink) is a speck.
_SPECK, _SPECK_INK = 0.12, 0.02
# A digit is at least so high, as a share of the highest on the picture.
_LEAST_HEIGHT = 0.4
# Parts of one digit overlap in breadth, or lie nearer than this share of its height.
_GAP = 0.1
# A picture of no more pixels a side holds one digit at most, and cannot be cleaned any further.
_TINY = 40
# What is as thick as this share of its length is a dot; what is so many times as wide as high is a bar.
_DOT, _BAR = 0.6, 4.0


@dataclass
class Mark:
    """Connected ink, or several pieces that make one digit: their labels and the box around them."""

    labels: list[int]
    top: int
    bottom: int
    left: int
    right: int
    ink: float

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def size(self) -> int:
        return max(self.height, self.width)

    def joined(self, other: "Mark") -> "Mark":
        """Both as one."""
        return Mark(
            self.labels + other.labels,
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
            self.ink + other.ink,
        )


# Light -------------------------------------------------------------------------------------------------


def grey_of(levels: np.ndarray) -> np.ndarray:
    """(height, width, 3) -> (height, width): brightness, or the colour in which ink stands out far more."""
    brightness = levels @ np.array([0.299, 0.587, 0.114], dtype=levels.dtype)
    planes = [brightness, *np.moveaxis(levels, 2, 0)]
    contrast = [_contrast(plane) * (1.6 if plane is brightness else 1) for plane in planes]
    return planes[int(np.argmax(contrast))]


def _contrast(grey: np.ndarray) -> float:
    small = _small(grey)
    return float(np.percentile(np.abs(small - _around(small)), 98))


def even(grey: np.ndarray) -> np.ndarray:
    """The same picture under even light: paper at 1 if the ink is dark, at 0 if it is light.

    The background is the picture without what is narrower than a window (a grey closing), so a shadow's
    edge stays where it is. Bars that a screen or a program laid around the picture become paper.
    """
    if _is_clean_and_tiny(grey):
        return grey
    inside = _without_bars(grey)
    part = grey[inside]
    light = _ink_is_light(part)
    paper = 1 - part if light else part
    small = _small(paper)
    window = max(3, round(_WINDOW * min(small.shape)))
    background = ndimage.grey_closing(small, window, mode="nearest")
    background = _stretched(ndimage.uniform_filter(background, 3, mode="nearest"), part.shape)
    background = np.maximum(background, 0.05)
    # Light ink adds to a dark ground; dark ink takes away a share of what falls on the paper.
    evened = paper + 1 - background if light else paper / background
    evened = np.clip(evened / max(float(np.median(evened)), 0.05), 0, 1)
    whole = np.ones_like(grey)
    whole[inside] = evened
    return 1 - whole if light else whole


def _is_clean_and_tiny(grey: np.ndarray) -> bool:
    """Whether a picture is as small as one of MNIST and mostly of one level: nothing is to be cleaned."""
    return max(grey.shape) <= _TINY and bool(np.median(np.abs(grey - np.median(grey))) == 0)


def _without_bars(grey: np.ndarray) -> tuple[slice, slice]:
    """The part of a picture inside bars of one level that end in a step all along: letterboxes and frames."""
    edges = []
    for plane in (grey, grey.T):
        first, last = 0, len(plane)
        for _ in range(3):
            first, last = first + _bar(plane[first:last]), last - _bar(plane[first:last][::-1])
        edges.append((first, last))
    if any(last - first < 0.3 * side for (first, last), side in zip(edges, grey.shape, strict=True)):
        return slice(None), slice(None)
    return slice(*edges[0]), slice(*edges[1])


def _bar(rows: np.ndarray) -> int:
    """How many rows a bar at the top has; 0 if there is none."""
    level = np.median(rows[0])
    same = np.abs(rows - level) < 0.04
    thick = 0
    while thick < 0.45 * len(rows) and same[thick].mean() > 0.97:
        thick += 1
    step = rows[min(thick + 1, len(rows) - 1)]
    return thick if thick and (np.abs(step - level) > 0.1).mean() > 0.9 else 0


def _ink_is_light(grey: np.ndarray) -> bool:
    """Whether what stands out from its surroundings is mostly lighter than they are."""
    small = _small(grey)
    return float(((small - _around(small)) ** 3).sum()) > 0


def _around(small: np.ndarray) -> np.ndarray:
    coarse = _small(small, 32)
    return _stretched(ndimage.median_filter(coarse, max(3, round(0.6 * min(coarse.shape)))), small.shape)


def _small(grey: np.ndarray, side: int = _COPY) -> np.ndarray:
    """Averaged down to at most twice so many pixels a side."""
    factor = max(1, max(grey.shape) // side)
    if factor == 1:
        return grey
    smooth = ndimage.uniform_filter(grey, factor, mode="nearest")
    rows, columns = [slice(min(factor // 2, side - 1), None, factor) for side in grey.shape]
    return smooth[rows, columns]


def _stretched(small: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if small.shape == shape:
        return small
    places = [
        np.clip((np.arange(side) + 0.5) * count / side - 0.5, 0, count - 1)
        for side, count in zip(shape, small.shape, strict=True)
    ]
    return ndimage.map_coordinates(small, np.meshgrid(*places, indexing="ij"), order=1)


# Ink ---------------------------------------------------------------------------------------------------


def find_digits(ink: np.ndarray) -> list[np.ndarray]:
    """The ink of each digit alone, from 0 to 1, all of the picture's size, line by line from the left.

    ink: 0 is paper. Empty if there is nothing but lines, specks and dots.
    """
    if _is_clean_and_tiny(ink):
        return [ink]
    smooth = ndimage.gaussian_filter(ink, min(1.5, max(ink.shape) / 700)) if max(ink.shape) > 150 else ink
    least = max(_LEAST_CONTRAST, _DEVIATIONS * _deviation(smooth))
    marked = smooth > least
    if not marked.any():
        return []
    for mask in _without_lines(smooth, marked):
        pieces, labels, strokes = _pieces(smooth, mask)
        digits = _group(pieces, labels, ink.shape)
        if digits:
            return [_alone(ink, strokes, labels, digit) for digit in _reading_order(digits)]
    return []


def _deviation(ink: np.ndarray) -> float:
    """Of the paper's levels: robust, since most of a picture is paper."""
    return 1.4826 * float(np.median(np.abs(ink - np.median(ink))))


def otsu(values: np.ndarray) -> float:
    """The threshold that separates values into two groups with the least variance in each (Otsu, 1979)."""
    counts, edges = np.histogram(values, 128)
    middles = (edges[:-1] + edges[1:]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    best = np.nan_to_num(between)
    return float(edges[1:][best >= best.max()].mean()) if best.max() > 0 else float(values.min())


def _pieces(ink: np.ndarray, mask: np.ndarray) -> tuple[list[Mark], np.ndarray, np.ndarray]:
    """Connected strokes as marks, their labels, and the strokes: what is dark, and what is joined to it."""
    values = ink[mask]
    if not values.size:
        return [], np.zeros(ink.shape, int), mask
    high = otsu(values)
    strokes = mask & (ink > 0.5 * high)
    labels, count = ndimage.label(strokes, np.ones((3, 3)))
    if not count:
        return [], labels, strokes
    numbers = np.arange(1, count + 1)
    peaks, sums = ndimage.maximum(ink, labels, numbers), ndimage.sum(ink, labels, numbers)
    marks = [
        Mark([number], rows.start, rows.stop, columns.start, columns.stop, total)
        for number, (rows, columns), peak, total in zip(
            numbers, ndimage.find_objects(labels), peaks, sums, strict=True
        )
        if peak >= high
    ]
    return marks, labels, strokes


# Lines -------------------------------------------------------------------------------------------------


def _without_lines(ink: np.ndarray, marked: np.ndarray):
    """Yields what is marked without ruled lines and frames; then, if that held no digit, with more of it."""
    across, down = _ruled_lines(marked)
    if across.any() or down.any():
        pale = [_paler_than_strokes(ink, lines) for lines in (across, down)]
        yield _erased(marked, *pale)
        outer = [lines & _is_outer(lines, axis) for axis, lines in enumerate((across, down))]
        yield _erased(marked, *outer)
    yield marked


def _paler_than_strokes(ink: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """The lines without what is far darker than they are: a pen that went along them."""
    if not lines.any():
        return lines
    usual = np.median(ink[lines])
    return lines & (ink < max(1.5 * usual, usual + 0.15))


def _is_outer(lines: np.ndarray, axis: int) -> np.ndarray:
    """Those of the lines that do not run through the middle third of the picture."""
    labels, count = ndimage.label(lines, np.ones((3, 3)))
    side = lines.shape[axis]
    keep = np.zeros(count + 1, bool)
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        middle = (box[axis].start + box[axis].stop) / 2
        keep[number] = not side / 3 < middle < 2 * side / 3
    return keep[labels]


def _ruled_lines(marked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ruled lines across, and those down."""
    tilt = _tilt(marked)
    length = max(7, round(_LINE * min(marked.shape)))
    across, down = _runs(marked, tilt, length), _runs(marked.T, -tilt, length).T
    return _ruled(across, down, 1), _ruled(down, across, 0)


def _tilt(marked: np.ndarray) -> int:
    """Degrees by which lines are turned: where they gather in the fewest rows and columns."""
    factor = max(1, max(marked.shape) // 250)
    small = ndimage.maximum_filter(marked, factor)[::factor, ::factor] if factor > 1 else marked
    small = small.astype(np.float32)
    scores = [
        (_sheared(small, tilt).sum(1) ** 2).sum() + (_sheared(small.T, -tilt).sum(1) ** 2).sum()
        for tilt in _TILTS
    ]
    return int(_TILTS[int(np.argmax(scores))])


def _sheared(picture: np.ndarray, tilt: float) -> np.ndarray:
    """Columns moved up or down so that a line with this tilt lies across; as high as is needed for that."""
    height, width = picture.shape
    shift = np.round((np.arange(width) - width / 2) * np.tan(np.radians(tilt))).astype(int)
    pad = int(np.abs(shift).max())
    rows = np.arange(-pad, height + pad)[:, None] + shift
    inside = (rows >= 0) & (rows < height)
    return np.where(inside, picture[np.clip(rows, 0, height - 1), np.arange(width)], 0)


def _unsheared(picture: np.ndarray, tilt: float, height: int) -> np.ndarray:
    width = picture.shape[1]
    shift = np.round((np.arange(width) - width / 2) * np.tan(np.radians(tilt))).astype(int)
    pad = int(np.abs(shift).max())
    return picture[np.arange(height)[:, None] - shift + pad, np.arange(width)]


def _runs(marked: np.ndarray, tilt: int, length: int) -> np.ndarray:
    """What lies on straight runs of at least so many pixels, nearly across."""
    found = np.zeros_like(marked)
    wide = ndimage.maximum_filter1d(marked, 3, axis=0)
    gap = max(3, length // 12)
    wide = ndimage.minimum_filter1d(ndimage.maximum_filter1d(wide, gap, axis=1), gap, axis=1)
    for turn in (-2, -1, 0, 1, 2):
        sheared = _sheared(wide, tilt + turn).astype(bool)
        left = ndimage.minimum_filter1d(sheared, length, axis=1, mode="constant", cval=0)
        opened = ndimage.maximum_filter1d(left, length, axis=1, origin=0 if length % 2 else -1)
        found |= _unsheared(opened, tilt + turn, len(marked))
    return found & marked


def _ruled(lines: np.ndarray, others: np.ndarray, axis: int) -> np.ndarray:
    """Those lines that span the picture, or end on other lines at both ends, as the sides of a frame do."""
    labels, count = ndimage.label(lines, np.ones((3, 3)))
    reach = max(2, round(0.03 * min(lines.shape)))
    near = ndimage.maximum_filter(others, 2 * reach + 1)
    keep = np.zeros(count + 1, bool)
    side = lines.shape[axis]
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        start, stop = box[axis].start, box[axis].stop
        part, crossing = labels[box] == number, near[box]
        if axis == 0:
            part, crossing = part.T, crossing.T
        thick = np.median(part.sum(0))
        ends = [
            start <= reach or (part & crossing)[:, : reach + 1].any(),
            stop >= side - reach or (part & crossing)[:, -reach - 1 :].any(),
        ]
        spans = stop - start >= _SPAN * side
        thin = thick < 0.12 * (stop - start)
        keep[number] = thin and (spans or all(ends))
    return keep[labels]


def _erased(marked: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Without these lines, but with what crosses them: where ink goes on at both sides."""
    lines = [
        ndimage.binary_dilation(found, structure) & marked if found.any() else found
        for found, structure in ((across, np.ones((3, 1))), (down, np.ones((1, 3))))
    ]
    rest = marked & ~lines[0] & ~lines[1]
    bridged = rest.copy()
    for axis, found in enumerate(lines):
        if not found.any():
            continue
        thick = found.sum(axis)
        reach = int(np.percentile(thick[thick > 0], 75)) + 3
        reach = min(reach, marked.shape[axis] // 6)
        shape = (reach, 1) if axis == 0 else (1, reach)
        bridged |= ndimage.binary_closing(rest, np.ones(shape)) & found
    return bridged


# Digits ------------------------------------------------------------------------------------------------


def _group(marks: list[Mark], labels: np.ndarray, shape: tuple[int, ...]) -> list[Mark]:
    """The marks that are digits, each with its loose strokes."""
    marks = _without_frames(marks, labels)
    inner = [mark for mark in marks if not _touches_edge(mark, shape)]
    # A digit that was cut out closely touches the edge: then there is nothing else of its size.
    if inner and max(mark.size for mark in inner) > 0.15 * max(mark.size for mark in marks):
        marks = inner
    if not marks:
        return []
    largest = max(marks, key=lambda mark: mark.ink)
    marks = [
        mark for mark in marks if mark.size > _SPECK * largest.size and mark.ink > _SPECK_INK * largest.ink
    ]
    digits = [digit for digit in _joined(marks) if not _is_dot(digit, labels)]
    # A bar alone may be a turned 1; one that goes on beyond the picture is a line.
    upright = [digit for digit in digits if digit.width <= _BAR * digit.height]
    digits = upright or [digit for digit in digits if not _touches_edge(digit, shape)]
    highest = max((digit.height for digit in digits), default=0)
    return [digit for digit in digits if digit.height > _LEAST_HEIGHT * highest]


def _touches_edge(mark: Mark, shape: tuple[int, ...]) -> bool:
    return mark.top == 0 or mark.left == 0 or mark.bottom == shape[0] or mark.right == shape[1]


def _without_frames(marks: list[Mark], labels: np.ndarray) -> list[Mark]:
    """Without what encloses another mark of some size."""

    def encloses(one: Mark, other: Mark) -> bool:
        inside = (
            one.top < other.top
            and one.left < other.left
            and one.bottom > other.bottom
            and one.right > other.right
        )
        return inside and other.height > 0.35 * one.height and other.ink > 0.05 * one.ink

    return [one for one in marks if not any(encloses(one, other) for other in marks)]


def _joined(marks: list[Mark]) -> list[Mark]:
    """Pieces of one digit as one mark: the largest first takes what lies above, below or close to it."""
    waiting = sorted(marks, key=lambda mark: -mark.ink)
    digits: list[Mark] = []
    while waiting:
        digit, waiting = waiting[0], waiting[1:]
        near = True
        while near:
            near = [other for other in waiting if _belong(digit, other)]
            for other in near:
                digit = digit.joined(other)
                waiting.remove(other)
        digits.append(digit)
    return digits


def _belong(digit: Mark, other: Mark) -> bool:
    high = max(digit.height, other.height)
    beside = max(digit.left, other.left) - min(digit.right, other.right)  # negative: they overlap
    above = max(digit.top, other.top) - min(digit.bottom, other.bottom)
    shared = -beside / max(1, min(digit.width, other.width))
    small = min(digit.height, other.height) < 0.75 * high
    if beside < 0 and shared > 0.3:
        return above < 0.25 * high and (small or above < _GAP * high)
    return beside < _GAP * high * (1.5 if small else 1) and above < _GAP * high


def _is_dot(mark: Mark, labels: np.ndarray) -> bool:
    box = labels[mark.top : mark.bottom, mark.left : mark.right]
    inside = ndimage.distance_transform_edt(np.pad(np.isin(box, mark.labels), 1)).max()
    return 2 * inside - 1 >= _DOT * mark.size and mark.height <= 2.2 * mark.width


def _reading_order(digits: list[Mark]) -> list[Mark]:
    """Line by line, each from the left: digits of one line overlap in height."""
    lines: list[list[Mark]] = []
    for digit in sorted(digits, key=lambda one: one.top + one.bottom):
        middle = (digit.top + digit.bottom) / 2
        if lines and middle < np.mean([one.bottom for one in lines[-1]]):
            lines[-1].append(digit)
        else:
            lines.append([digit])
    return [digit for line in lines for digit in sorted(line, key=lambda one: one.left)]


def _alone(ink: np.ndarray, strokes: np.ndarray, labels: np.ndarray, digit: Mark) -> np.ndarray:
    """A digit's ink and its soft edge; everything else is paper, and the pen's usual strength is 1."""
    own = np.isin(labels, digit.labels)
    margin = max(1, round(0.02 * digit.size))
    edge = ndimage.binary_dilation(own, np.ones((3, 3)), iterations=margin) & (own | ~strokes)
    strength = np.percentile(ink[own], 75)
    return np.where(edge & (ink > _FAINT * strength), np.clip(ink / strength, 0, 1), 0)
