"""From any picture of a digit to what the network sees: MNIST's normalisation, step by step.

Invert if need be, crop to the ink, scale to 20x20, centre by mass in 32x32 (section III-A of the paper).
"""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.data.light import even, grey_of, is_clean_and_tiny
from lenet_edu.data.pictures import read_levels
from lenet_edu.data.splits import PAPER_SCALING, Scaling
from lenet_edu.data.strokes import find_digits
from lenet_edu.network import paper
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate

# Ink lighter than this share of the darkest counts as paper when the digit is cropped.
FAINT = 0.2
# Where MNIST has each digit's centre of mass, as near as whole pixels allow: in the middle of pixel 16.
MIDDLE = paper.IMAGE_SIZE / 2 + 0.5
# Symmetric digits have their centre just between two places. So close to that, in pixels, they go up or to
# the left, whatever the last bit of a sum says: on every machine, and in the browser.
TIE = 1e-4
# Around a digit that was picked from a sheet there is nothing left that could be mistaken for ink.
PICKED = 0.001
# A picture whose lightest and darkest parts differ by less than this (of 1) shows nothing.
BLANK = 0.05
# A picture's longer side is brought to between so many pixels and twice as many.
LONGEST = 900


def digits_from_picture(source: Path | str | bytes, scaling: Scaling = PAPER_SCALING) -> Tensor:
    """The digits of a picture file as the network's input, (N, 1, 32, 32), line by line from the left.

    source: the file's path, or its content. Raises LenetError if the file is missing, empty or no picture,
    or if there is no digit on it.
    """
    return read_picture(source, scaling)[0]


def read_picture(source: Path | str | bytes, scaling: Scaling = PAPER_SCALING) -> tuple[Tensor, bool]:
    """The same, and whether it is a photo or scan, which had to be cleaned; see `is_photo`."""
    grey = grey_from_picture(source)
    try:
        digits = digits_in(ink_of(torch.from_numpy(even(grey.numpy()))))
    except LenetError as error:
        raise LenetError(f"{_name(source)}: {error}") from error
    images = scaling.apply(torch.stack([normalise(digit, PICKED) for digit in digits]))
    return images, is_photo(grey)


def grey_from_picture(source: Path | str | bytes) -> Tensor:
    """A picture file as grey levels, (height, width), 0 black to 1 white; large ones are averaged down.

    source: the file's path, or its content. Raises LenetError with the reason if it is no whole picture.
    """
    try:
        return torch.from_numpy(grey_of(read_levels(source, LONGEST)))
    except LenetError as error:
        raise LenetError(
            "{name} could not be read as a picture: {error}.", name=_name(source), error=error
        ) from error


def is_photo(grey: Tensor) -> bool:
    """Whether a picture of grey levels, (height, width), has to be cleaned: MNIST's digits need not be."""
    return not is_clean_and_tiny(grey.numpy())


def digits_in(ink: Tensor) -> list[Tensor]:
    """The ink of each digit on a sheet alone, from 0 to 1, (height, width) as the sheet, in reading order.

    ink: (height, width), 0 is paper. Raises LenetError for a sheet without a digit.
    """
    digits = find_digits(ink.numpy())
    if not digits:
        raise LenetError("there is no digit on it, only lines, specks or dots.")
    return [torch.from_numpy(digit) for digit in digits]


def ink_of(grey: Tensor) -> Tensor:
    """Ink from 0 to 1, (height, width), from grey levels; what most of the sheet shows is paper.

    Raises LenetError for a picture without contrast.
    """
    distance = (grey - grey.median()).abs()
    if distance.max() < BLANK:
        raise LenetError("the picture is blank: there is no digit on it.")
    return distance / distance.max()


def normalise(ink: Tensor, faint: float = FAINT) -> Tensor:
    """Ink (height, width) -> (1, 32, 32): cropped, longer side scaled to 20, centred by mass.

    faint: as `crop_to_ink` takes it; `PICKED` for a digit that `digits_in` gave.
    """
    return centre_by_mass(scale_to_glyph(crop_to_ink(ink, faint)))


def crop_to_ink(ink: Tensor, faint: float = FAINT) -> Tensor:
    """The smallest rectangle that holds all but the faintest ink: what is below this share of the darkest."""
    marked = ink > faint * ink.max()
    rows, columns = marked.any(1).nonzero()[:, 0], marked.any(0).nonzero()[:, 0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def scale_to_glyph(ink: Tensor, longer_side: int = paper.GLYPH_SIZE) -> Tensor:
    """Scaled so that the longer side is 20 pixels (or `longer_side`), shape kept, edges smooth."""
    longer = max(ink.shape)
    size = [max(1, round(side * longer_side / longer)) for side in ink.shape]
    # Rows first: torch, asked for rows and columns at once, repeats the first row of what becomes one column.
    rows_scaled = _smoothly(ink[None, None], (size[0], ink.shape[1]))
    scaled = _smoothly(rows_scaled, (size[0], size[1]))[0, 0]
    return scaled / scaled.max()


def _smoothly(images: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(images, size=size, mode="bilinear", antialias=True)


def centre_by_mass(ink: Tensor) -> Tensor:
    """(height, width) -> (1, 32, 32), the ink's centre of mass as near the middle as whole pixels allow."""
    frame = ink.new_zeros(1, paper.IMAGE_SIZE, paper.IMAGE_SIZE)
    corner = []
    for axis, side in enumerate(ink.shape):
        weight = ink.sum(1 - axis)
        centre = (weight * (torch.arange(side) + 0.5)).sum() / weight.sum()
        start = math.ceil(MIDDLE - centre.item() - 0.5 - TIE)
        corner.append(min(max(start, 0), paper.IMAGE_SIZE - side))
    (top, left), (height, width) = corner, ink.shape
    frame[0, top : top + height, left : left + width] = ink
    return frame


def _name(source: Path | str | bytes) -> str:
    return translate("the picture") if isinstance(source, bytes) else str(source)
