"""Even light on a photo or scan: paper comes to one level, so that what is darker than it is ink.

    evened = even(grey_of(levels))         # paper is white, or black under chalk

Arrays are floats, (height, width), 0 black to 1 white. Lengths are shares of the picture, which has any size.
"""

import itertools

import numpy as np
import scipy  # its parts are imported when they are first used

# The background is estimated on a copy with so many pixels to twice as many a side.
_COPY = 256
# It is the picture without what is narrower than a window, one of these shares of a side: the next larger
# than the first in which strokes stay as dark as in the last, so that narrow shadows are background and thick
# pens are not. That is seen in so many times so many tiles, where anything is so dark a share of the darkest.
_WINDOWS = (0.05, 0.08, 0.12, 0.18, 0.25, 0.35)
_TILES, _DARK = 6, 0.65
# Whether ink is light or dark is seen against the median of windows of these shares of a side, and in what is
# narrower than the last share.
_SURROUNDINGS, _NARROW = (0.2, 0.35, 0.6), 0.05
# A picture of no more pixels a side holds one digit at most, and cannot be cleaned any further.
TINY = 40


def grey_of(levels: np.ndarray) -> np.ndarray:
    """(height, width, 3) -> (height, width): brightness, or the colour in which ink stands out far more."""
    brightness = levels @ np.array([0.299, 0.587, 0.114], dtype=levels.dtype)
    planes = [brightness, *np.moveaxis(levels, 2, 0)]
    contrast = [_contrast(plane) * (1.6 if plane is brightness else 1) for plane in planes]
    return planes[int(np.argmax(contrast))]


def _contrast(grey: np.ndarray) -> float:
    small = _small(grey)
    return float(np.percentile(np.abs(small - _around(small)), 99.5))


def even(grey: np.ndarray) -> np.ndarray:
    """The same picture under even light: paper at 1 if the ink is dark, at 0 if it is light.

    The background is the picture without what is narrower than a window (a grey closing), so a shadow's
    edge stays where it is. Bars that a screen or a program laid around the picture become paper.
    """
    if is_clean_and_tiny(grey):
        return grey
    inside = _without_bars(grey)
    part = grey[inside]
    light = _ink_is_light(part)
    paper = 1 - part if light else part
    background = _stretched(_background(_small(paper), light), part.shape)
    evened = 1 - _depth_of_ink(paper, background, light)
    evened = np.clip(evened / max(float(np.median(evened)), 0.05), 0, 1)
    whole = np.ones_like(grey)
    whole[inside] = evened
    return 1 - whole if light else whole


def _background(paper: np.ndarray, light: bool) -> np.ndarray:
    """The paper without ink, which is darker than it; see `_WINDOWS`."""
    windows = [max(3, round(share * min(paper.shape))) for share in _WINDOWS]
    widest = _closed(paper, windows[-1])
    ink = _depth_of_ink(paper, widest, light)
    rows, columns = (np.arange(side) * _TILES // side for side in ink.shape)
    tiles = rows[:, None] * _TILES + columns
    peaks = np.asarray(scipy.ndimage.maximum(ink, tiles, np.arange(_TILES**2)))
    written = np.flatnonzero(peaks > _DARK * np.percentile(ink, 99.9))
    darkest = np.where(ink >= 0.85 * peaks[tiles], tiles, -1)
    for window, larger in itertools.pairwise(windows):
        stays = _depth_of_ink(paper, _closed(paper, window), light) > 0.6 * ink
        if np.mean(scipy.ndimage.mean(stays, darkest, written)) > 0.85:
            return _closed(paper, larger)
    return widest


def _closed(paper: np.ndarray, window: int) -> np.ndarray:
    """The paper without what is darker than it and narrower than a window, in pixels."""
    background = scipy.ndimage.grey_closing(paper, window, mode="nearest")
    return np.maximum(scipy.ndimage.uniform_filter(background, 3, mode="nearest"), 0.05)


def _depth_of_ink(paper: np.ndarray, background: np.ndarray, light: bool) -> np.ndarray:
    """How much darker than the background: light ink adds to a dark ground, dark ink takes a share away."""
    return background - paper if light else 1 - paper / background


def is_clean_and_tiny(grey: np.ndarray) -> bool:
    """Whether a picture is as small as one of MNIST and mostly of one level: nothing is to be cleaned."""
    return max(grey.shape) <= TINY and bool(np.median(np.abs(grey - np.median(grey))) == 0)


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
    small = _small(grey, 128)
    votes = 0.0
    for share in _SURROUNDINGS:
        beyond = small - _around(small, share)
        votes += _lean((beyond.clip(min=0) ** 3).sum(), ((-beyond).clip(min=0) ** 3).sum())
    window = max(3, round(_NARROW * min(small.shape)))
    lighter, darker = scipy.ndimage.white_tophat(small, window), scipy.ndimage.black_tophat(small, window)
    return votes + _lean((lighter**3).sum(), (darker**3).sum()) > 0


def _lean(lighter: float, darker: float) -> float:
    """From -1, all is darker, to 1, all is lighter."""
    return float((lighter - darker) / max(lighter + darker, 1e-9))


def _around(small: np.ndarray, share: float = _SURROUNDINGS[-1]) -> np.ndarray:
    """The median of a window of this share of the shorter side."""
    coarse = _small(small, 32)
    return _stretched(
        scipy.ndimage.median_filter(coarse, max(3, round(share * min(coarse.shape)))), small.shape
    )


def _small(grey: np.ndarray, side: int = _COPY) -> np.ndarray:
    """Averaged down to at most twice so many pixels a side, over squares of whole pixels."""
    factor = max(1, max(grey.shape) // side)
    if factor == 1:
        return grey
    high, wide = (min(factor, pixels) for pixels in grey.shape)
    rows, columns = grey.shape[0] // high, grey.shape[1] // wide
    return grey[: rows * high, : columns * wide].reshape(rows, high, columns, wide).mean((1, 3))


def _stretched(small: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Enlarged to a shape, straight between its points."""
    for axis, side in enumerate(shape):
        count = small.shape[axis]
        place = np.clip((np.arange(side) + 0.5) * count / side - 0.5, 0, count - 1).astype(small.dtype)
        before = np.minimum(place.astype(int), max(0, count - 2))
        share = np.expand_dims((place - before).astype(small.dtype), 1 - axis)
        after = np.minimum(before + 1, count - 1)
        small = small.take(before, axis) * (1 - share) + small.take(after, axis) * share
    return small.astype(np.float32, copy=False)
