"""From ink on a sheet to the ink of each digit: strokes that belong together are kept, the rest is dropped.

    digits = find_digits(ink)              # each one's ink alone, in reading order

Arrays are floats, (height, width), 0 is paper. Lengths are shares of the picture or of a digit.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy  # its parts are imported when they are first used

from lenet_edu.data.light import is_clean_and_tiny
from lenet_edu.data.lines import connected, without_lines

# Beside a digit's strokes, what is fainter than this share of them is paper.
_FAINT = 0.2
# Paper varies by less than so much; ink stands out from it by more than so many standard deviations.
_LEAST_CONTRAST, _DEVIATIONS = 0.06, 4.0
# Paper whose levels deviate by more is grainy.
_GRAINY = 0.04
# Beside a digit, what is smaller than this share of its height (or of its ink) is a speck.
_SPECK, _SPECK_INK = 0.12, 0.02
# Of a grainy picture's thousands of specks only so many marks, those with the most ink, are looked at.
_MOST_MARKS = 200
# A digit is at least so high, as a share of the highest on the picture.
_LEAST_HEIGHT = 0.4
# Parts of one digit overlap in breadth, or lie nearer than this share of its height.
_GAP = 0.1
# A pen is at least so wide, as a share of the digit's height; 95 % of MNIST's are wider (validation digits).
_THINNEST_PEN = 0.1
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


def find_digits(ink: np.ndarray) -> list[np.ndarray]:
    """The ink of each digit alone, from 0 to 1, all of the picture's size, line by line from the left.

    ink: 0 is paper. Empty if there is nothing but lines, specks and dots.
    """
    if is_clean_and_tiny(ink):
        return [ink]
    smooth = _smooth(ink)
    least = max(_LEAST_CONTRAST, _DEVIATIONS * _deviation(smooth))
    marked = smooth > least
    if not marked.any():
        return []
    for mask in without_lines(smooth, marked):
        pieces, labels, strokes = _pieces(smooth, mask)
        digits = _group(pieces, labels, ink.shape)
        if digits:
            left = np.where(marked & ~mask, 0, ink)
            return [_alone(left, strokes, labels, digit) for digit in _reading_order(digits)]
    return []


def _smooth(ink: np.ndarray) -> np.ndarray:
    """Blurred by no more than a thin stroke bears, and more where the paper has much grain."""
    if max(ink.shape) <= 150:
        return ink
    width = min(1.5, max(ink.shape) / 700)
    if _deviation(ink) > _GRAINY:
        width = max(width, 1.0)
    return scipy.ndimage.gaussian_filter(ink, width)


def _deviation(ink: np.ndarray) -> float:
    """Of the paper's levels. Ink is 0 where the paper is lighter than usual, so only half of it is seen."""
    some = ink[:: max(1, ink.shape[0] // 300), :: max(1, ink.shape[1] // 300)]
    paper = some[some <= otsu(some)]
    return float(np.percentile(paper, 75)) / 0.674 if paper.size else 0.0


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
    labels, count = connected(strokes)
    if not count:
        return [], labels, strokes
    owners, levels = labels[strokes], ink[strokes]
    sums, peaks = np.bincount(owners, levels, count + 1), np.zeros(count + 1, ink.dtype)
    np.maximum.at(peaks, owners, levels)
    boxes = enumerate(scipy.ndimage.find_objects(labels), 1)
    marks = [
        Mark([number], rows.start, rows.stop, columns.start, columns.stop, float(sums[number]))
        for number, (rows, columns) in boxes
        if peaks[number] >= high
    ]
    return marks, labels, strokes


def _group(marks: list[Mark], labels: np.ndarray, shape: tuple[int, ...]) -> list[Mark]:
    """The marks that are digits, each with its loose strokes."""
    marks = _without_frames(sorted(marks, key=lambda mark: -mark.ink)[:_MOST_MARKS], labels)
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
    reach = _GAP * high * (1.5 if small else 1)
    return beside < reach and above < reach


def _is_dot(mark: Mark, labels: np.ndarray) -> bool:
    box = labels[mark.top : mark.bottom, mark.left : mark.right]
    inside = _depth(np.isin(box, mark.labels)).max()
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
    near = np.asarray(scipy.ndimage.binary_dilation(own, np.ones((3, 3)), iterations=margin), dtype=bool)
    edge = near & (own | ~strokes)
    strength = np.percentile(ink[own], 75)
    alone = np.where(edge & (ink > _FAINT * strength), np.clip(ink / strength, 0, 1), 0)
    return _thickened(alone, digit)


def _thickened(alone: np.ndarray, digit: Mark) -> np.ndarray:
    """The same as with a pen as wide as the thinnest of MNIST's, if it was written with a thinner one."""
    box = (slice(digit.top, digit.bottom), slice(digit.left, digit.right))
    # Across a stroke of width w the distance to its edge is w / 4 on average.
    stroke = alone[box] > 0.5
    pen = 4 * _depth(stroke).sum() / max(1, stroke.sum())
    more = round((_THINNEST_PEN * digit.size - pen) / 2)
    return dilated(alone, more) if more > 0 else alone


def dilated(picture: np.ndarray, radius: int) -> np.ndarray:
    """At each pixel the largest level, 0 or more, within a disc: what a pen's round tip leaves.

    The disc is taken row by row, which is far faster than all of its pixels one by one.
    """
    height, spread = len(picture), picture.copy()
    for down in range(min(radius, height - 1) + 1):
        across = math.isqrt(radius * (radius + 1) - down * down)
        row = scipy.ndimage.maximum_filter1d(picture, 2 * across + 1, axis=1, mode="constant")
        np.maximum(spread[down:], row[: height - down], out=spread[down:])
        np.maximum(spread[: height - down], row[down:], out=spread[: height - down])
    return spread


def _depth(shape: np.ndarray) -> np.ndarray:
    """How far each pixel of a shape is from the nearest that is not of it; with a margin of one pixel."""
    return np.asarray(scipy.ndimage.distance_transform_edt(np.pad(shape, 1)))
