"""Finds ruled lines, squares and boxes on a picture, and erases them, but not what crosses them.

    for mask in without_lines(ink, marked): ...

Arrays are (height, width); `marked` is true where there is more than paper.
"""

from typing import cast

import numpy as np
import scipy  # its parts are imported when they are first used

# A line is at least so long, as a share of the picture's shorter side; alone, it spans so much of it.
_LINE, _SPAN = 0.3, 0.85
# A line is at most so thick, as a share of its length: a pen is thicker.
_THIN = 0.08
# Degrees by which lines may be turned.
_TILTS = range(-16, 17)
# Lines are looked for on a copy with at most twice so many pixels a side.
_COPY = 220


def without_lines(ink: np.ndarray, marked: np.ndarray):
    """Yields what is marked without ruled lines and frames; then, if that held no digit, with more of it."""
    across, down = _ruled_lines(marked)
    if across.any() or down.any():
        pale = [_paler_than_strokes(ink, lines) for lines in (across, down)]
        yield _erased(marked, *pale)
        outer = [lines & _is_outer(lines, axis) for axis, lines in enumerate((across, down))]
        yield _erased(marked, *outer)
    yield marked


def connected(marked: np.ndarray) -> tuple[np.ndarray, int]:
    """At each pixel the number of the connected piece that it is of, 0 where nothing is; and how many pieces.

    Pixels that meet at a corner are connected.
    """
    return cast(tuple[np.ndarray, int], scipy.ndimage.label(marked, np.ones((3, 3))))


def _paler_than_strokes(ink: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """The lines without what is far darker than they are: a pen that went along them."""
    if not lines.any():
        return lines
    usual = np.median(ink[lines])
    return lines & (ink < max(1.5 * usual, usual + 0.15))


def _is_outer(lines: np.ndarray, axis: int) -> np.ndarray:
    """Those of the lines that do not run through the middle third of the picture."""
    labels, count = connected(lines)
    side = lines.shape[axis]
    keep = np.zeros(count + 1, bool)
    for number, box in enumerate(scipy.ndimage.find_objects(labels), 1):
        middle = (box[axis].start + box[axis].stop) / 2
        keep[number] = not side / 3 < middle < 2 * side / 3
    return keep[labels]


def _ruled_lines(marked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ruled lines across, and those down."""
    factor = max(1, max(marked.shape) // _COPY)
    small = _pooled(marked, factor)
    tilt = _tilt(small)
    length = max(7, round(_LINE * min(small.shape)))
    across, down = _runs(small, tilt, length), _runs(small.T, -tilt, length).T
    thickness = [_thickness(small, axis) for axis in (0, 1)]
    # A side of a frame ends on other sides; what is none takes those with it that end on it alone.
    for _ in range(3):
        across, down = _ruled(across, down, thickness[0], 1), _ruled(down, across, thickness[1], 0)
    return _enlarged(across, factor, marked.shape) & marked, _enlarged(down, factor, marked.shape) & marked


def _pooled(marked: np.ndarray, factor: int) -> np.ndarray:
    """A copy with one pixel for each square of `factor` pixels a side: marked if any of them is."""
    height, width = (-(-side // factor) * factor for side in marked.shape)
    padded = np.zeros((height, width), bool)
    padded[: marked.shape[0], : marked.shape[1]] = marked
    squares = padded.reshape(height // factor, factor, width // factor, factor)
    return np.asarray(squares.any((1, 3)))


def _enlarged(small: np.ndarray, factor: int, shape: tuple[int, ...]) -> np.ndarray:
    return small.repeat(factor, 0).repeat(factor, 1)[: shape[0], : shape[1]]


def _tilt(marked: np.ndarray) -> int:
    """Degrees by which lines are turned: where they gather in the fewest rows and columns."""
    small = marked.astype(np.float32)
    scores = [
        (_sheared(small, tilt).sum(1) ** 2).sum() + (_sheared(small.T, -tilt).sum(1) ** 2).sum()
        for tilt in _TILTS
    ]
    return _TILTS[int(np.argmax(scores))]


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
    wide = scipy.ndimage.maximum_filter1d(marked, 3, axis=0)
    gap = max(3, length // 12)
    wide = scipy.ndimage.minimum_filter1d(scipy.ndimage.maximum_filter1d(wide, gap, axis=1), gap, axis=1)
    for turn in (-2, -1, 0, 1, 2):
        sheared = _sheared(wide, tilt + turn).astype(bool)
        left = scipy.ndimage.minimum_filter1d(sheared, length, axis=1, mode="constant", cval=0)
        opened = scipy.ndimage.maximum_filter1d(left, length, axis=1, origin=0 if length % 2 else -1)
        found |= _unsheared(opened, tilt + turn, len(marked))
    return found & marked


def _ruled(lines: np.ndarray, others: np.ndarray, thickness: np.ndarray, axis: int) -> np.ndarray:
    """Those lines that span the picture, or end on other lines at both ends, as the sides of a frame do."""
    labels, count = connected(lines)
    reach = max(2, round(0.03 * min(lines.shape)))
    near = scipy.ndimage.maximum_filter(others, 2 * reach + 1)
    keep = np.zeros(count + 1, bool)
    side = lines.shape[axis]
    for number, box in enumerate(scipy.ndimage.find_objects(labels), 1):
        start, stop = box[axis].start, box[axis].stop
        part, crossing = labels[box] == number, near[box]
        thick = np.percentile(thickness[box][part], 25)
        if axis == 0:
            part, crossing = part.T, crossing.T
        ends = [
            start <= reach or (part & crossing)[:, : reach + 1].any(),
            stop >= side - reach or (part & crossing)[:, -reach - 1 :].any(),
        ]
        spans = stop - start >= _SPAN * side
        thin = thick - 1 < _THIN * (stop - start)
        keep[number] = thin and (spans or all(ends))
    return keep[labels]


def _erased(marked: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Without these lines, but with what crosses or touches them: there the ink is thicker than the line."""
    lines = [
        scipy.ndimage.binary_dilation(found, structure) & marked if found.any() else found
        for found, structure in ((across, np.ones((3, 1))), (down, np.ones((1, 3))))
    ]
    thickness = [_thickness(marked & ~lines[1 - axis] | lines[axis], axis) for axis in (0, 1)]
    usual = [_usual_thickness(*both, axis) for axis, both in enumerate(zip(thickness, lines, strict=True))]
    of_lines = np.unique(np.concatenate([one[found] for one, found in zip(usual, lines, strict=True)]))
    # A line that ink goes along all the way is no thicker than the others on the sheet are.
    most = 2 * max(2.0, float(np.percentile(of_lines, 25))) if of_lines.size else 0
    gone = np.zeros_like(marked)
    for axis, found in enumerate(lines):
        gone |= found & (thickness[axis] <= 1.2 * np.minimum(usual[axis], most) + 1.5)
    return _without_crumbs(marked & ~gone, gone)


def _usual_thickness(thickness: np.ndarray, lines: np.ndarray, axis: int) -> np.ndarray:
    """At each pixel, the thickness of most of the line that it belongs to, where nothing crosses it."""
    labels, count = connected(lines)
    usual = np.zeros(count + 1)
    for number, box in enumerate(scipy.ndimage.find_objects(labels), 1):
        along = np.where(labels[box] == number, thickness[box], 0).max(axis)
        usual[number] = np.percentile(along[along > 0], 25)
    return usual[labels]


def _without_crumbs(rest: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Without what is left of lines: pieces that lie along what was erased, and hardly rise from it."""
    if not gone.any():
        return rest
    near = scipy.ndimage.binary_dilation(gone, np.ones((3, 3)), iterations=2)
    labels, count = connected(rest)
    share = np.atleast_1d(scipy.ndimage.mean(near, labels, np.arange(count + 1)))
    return rest & (share < 0.6)[labels]


def _thickness(marked: np.ndarray, axis: int) -> np.ndarray:
    """At each pixel, how many marked ones follow each other along this axis; 0 where none is."""
    along = np.moveaxis(marked, axis, 0)
    places = np.arange(len(along))[:, None]
    before = np.maximum.accumulate(np.where(along, -1, places), axis=0)
    after = np.minimum.accumulate(np.where(along, len(along), places)[::-1], axis=0)[::-1]
    return np.moveaxis(np.where(along, after - before - 1, 0), 0, axis)
