"""Even light on a photo or scan: paper comes to one level, so that what is darker than it is ink.

    evened = even(grey_of(levels))         # paper is white, or black under chalk

Arrays are floats, (height, width), 0 black to 1 white. Lengths are shares of the picture, which has any size.
"""

import numpy as np
import scipy  # its parts are imported when they are first used

# The background is estimated on a copy of so many pixels, with a window of this share of its shorter side:
# wider than any stroke, narrower than most shadows.
_COPY, _WINDOW = 128, 0.35
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
    small = _small(paper)
    window = max(3, round(_WINDOW * min(small.shape)))
    background = scipy.ndimage.grey_closing(small, window, mode="nearest")
    background = _stretched(scipy.ndimage.uniform_filter(background, 3, mode="nearest"), part.shape)
    background = np.maximum(background, 0.05)
    # Light ink adds to a dark ground; dark ink takes away a share of what falls on the paper.
    evened = paper + 1 - background if light else paper / background
    evened = np.clip(evened / max(float(np.median(evened)), 0.05), 0, 1)
    whole = np.ones_like(grey)
    whole[inside] = evened
    return 1 - whole if light else whole


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
    small = _small(grey)
    return float(((small - _around(small)) ** 3).sum()) > 0


def _around(small: np.ndarray) -> np.ndarray:
    coarse = _small(small, 32)
    return _stretched(
        scipy.ndimage.median_filter(coarse, max(3, round(0.6 * min(coarse.shape)))), small.shape
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
