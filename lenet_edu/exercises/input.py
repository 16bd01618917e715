"""Notebook 01: how a picture becomes the network's input."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger

_LOW, _HIGH = paper.BACKGROUND, paper.FOREGROUND
_FRAME, _MNIST, _GLYPH = paper.IMAGE_SIZE, paper.MNIST_SIZE, paper.GLYPH_SIZE
_FIELD = ledger(lenet5())["C3"].receptive_field.value

PREDICTIONS = {
    "frame": Prediction(
        f"The digit fills {_GLYPH} by {_GLYPH} pixels. Why is the image {_FRAME} by {_FRAME}, with so much empty paper round it?",
        right="so that detectors can be centred on the digit's edge",
        choices={
            "so that the side is a power of two": "convolutions do not care for powers of two, and 28 or 36 would do as well.",
            "so that the digit can be drawn in more detail": "the glyph has the same size in a larger frame. Only paper is added.",
            "so that detectors can be centred on the digit's edge": f"the end of a stroke must be able to lie in the middle of what a unit sees, and a unit of C3 sees {_FIELD} by {_FIELD} pixels.",
        },
    ),
    "variance": Prediction(
        f"Pixels lie between {_LOW} and {_HIGH}. The paper chose the two so that an image's mean is roughly 0 and its variance roughly 1. Can one image have both?",
        right="no image can",
        choices={
            "most digits do": "measure it, below.",
            "some digits do": "it is not a matter of the digit.",
            "no image can": f"where values lie between {_LOW} and {_HIGH} and their mean is 0, the variance is at most {-_LOW} x {_HIGH}.",
        },
    ),
}


def to_input(ink: Tensor) -> Tensor:
    """Ink from 0 to 1 -> -0.1 to 1.175."""
    return ink * (_HIGH - _LOW) + _LOW


def centre_of_mass(ink: Tensor) -> tuple[Tensor, Tensor]:
    """(H, W) -> row and column of the centre of mass, the first pixel's centre at 0."""
    height, width = ink.shape
    rows, columns = torch.arange(height), torch.arange(width)
    return (ink.sum(1) * rows).sum() / ink.sum(), (ink.sum(0) * columns).sum() / ink.sum()


def _inks() -> list[tuple]:
    generator = torch.Generator().manual_seed(2)
    return [(torch.rand(side, side + 3, generator=generator) ** 3,) for side in (5, 9)]


def _middle_of_the_box(ink: Tensor) -> tuple[float, float]:
    return (ink.shape[0] - 1) / 2, (ink.shape[1] - 1) / 2


EXERCISES = {
    "border": Number(
        right=_FRAME**2 - _MNIST**2,
        because=f"{_FRAME} x {_FRAME} - {_MNIST} x {_MNIST} = {_FRAME**2 - _MNIST**2}",
        hints={
            4 * 2 * _MNIST: "You have the four strips. The four corners of 2 by 2 are missing.",
            4 * 2 * _FRAME: "You have counted the four corners twice.",
            _FRAME**2: "That is the whole image. The pixels that were added are asked for.",
        },
    ),
    "scale": Code(
        right=to_input,
        cases=_inks,
        because=f"No ink gives {_LOW}, full ink {_HIGH}, and between them it is a straight line.",
        mistakes={
            f"Full ink is right, but no ink gives 0 instead of {_LOW}.": lambda ink: ink * _HIGH,
            f"No ink is right, but full ink gives {_HIGH + _LOW:.3f}: from {_LOW} up to {_HIGH} is a way of {_HIGH - _LOW:.3f}.": (
                lambda ink: ink * _HIGH + _LOW
            ),
            "Ink and paper are exchanged.": lambda ink: to_input(1 - ink),
        },
    ),
    "centre": Code(
        right=lambda ink: torch.stack(centre_of_mass(ink)),
        cases=_inks,
        because="Each row and each column weighs as much as it has ink.",
        mistakes={
            "Column and row are swapped: the row comes first.": lambda ink: torch.stack(
                centre_of_mass(ink)[::-1]
            ),
            "That is the middle of the box. Weigh each row by the ink in it.": lambda ink: torch.tensor(
                _middle_of_the_box(ink)
            ),
            "Divide by all the ink there is: a centre is a weighted mean.": lambda ink: (
                torch.stack(centre_of_mass(ink)) * ink.sum()
            ),
            "You begin to count at 1; the first row and column have the number 0.": lambda ink: (
                torch.stack(centre_of_mass(ink)) + 1
            ),
        },
    ),
    "balance": Number(
        right=-_LOW / (_HIGH - _LOW),
        because=f"p x {_HIGH} - (1 - p) x {-_LOW} = 0 gives p = {-_LOW} / {_HIGH - _LOW:.3f} = {-_LOW / (_HIGH - _LOW):.1%}.",
        hints={
            -_LOW
            / _HIGH: f"Nearly. The other pixels, a share of 1 - p, are at {_LOW}: p x {_HIGH} = (1 - p) x {-_LOW}.",
            -100 * _LOW / (_HIGH - _LOW): "Give a share, not percents.",
            0.5: f"Half would do if paper were at {-_HIGH}.",
        },
        tolerance=0.01,
    ),
    "mass": Choice(
        right="c",
        because="A thin long tail has little ink. It moves the box a lot, and the centre of mass hardly.",
        hints={
            "a": "The network sees the very same pixels, only elsewhere; it sees no more of them.",
            "b": "Both take one pass over the image.",
        },
    ),
}
