"""Notebook 01: how a picture becomes the network's input."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper

_LOW, _HIGH = paper.BACKGROUND, paper.FOREGROUND
_FRAME, _MNIST, _GLYPH = paper.IMAGE_SIZE, paper.MNIST_SIZE, paper.GLYPH_SIZE

PREDICTIONS = {
    "tail": Prediction(
        "The 7 gets a tail one pixel wide that makes it one and a half times as tall. It is normalised again. What does the "
        "network see?",
        right="a smaller 7 at nearly the same place",
        choices={
            "the same 7 as before, with a tail": "the longer side is scaled to the same length, so a taller drawing becomes "
            "smaller as a whole.",
            "a smaller 7 at nearly the same place": "the tail belongs to the box, so everything is scaled down. But the tail has "
            "so little ink that the centre of mass stays near the 7.",
            "a smaller 7, moved far upwards": "it would if the middle of the box were placed in the middle of the image. The "
            "centre of mass hardly notices a thin tail.",
        },
    ),
    "frame": Prediction(
        f"The digit fills {_GLYPH} by {_GLYPH} pixels. Why is the image {_FRAME} by {_FRAME}, with so much empty paper "
        "round it?",
        right="so that a sliding window can have the end of a stroke in its middle",
        choices={
            "so that the side is a power of two": "a window can slide over 28 or 36 pixels just as well.",
            "so that the digit can be drawn in more detail": "the glyph has the same size in a larger frame. Only paper is "
            "added.",
            "so that a sliding window can have the end of a stroke in its middle": "a window that stands inside the image can "
            "have its middle only some pixels away from the border. Without a frame, the ends of strokes would lie where the network "
            "looks least. With it, nearly every part of the digit is covered equally often.",
        },
    ),
    "variance": Prediction(
        f"All numbers of an image lie between {_LOW} and {_HIGH}. Can an image have both a mean of 0 and a variance of 1?",
        right="no image can",
        choices={
            "most digits do": "the paper says so, but measuring shows something else.",
            "some digits do": "it is not a matter of the digit.",
            "no image can": "for a mean of 0 nearly all numbers must be near 0, since paper is so near to it. Then they "
            "cannot spread that far.",
        },
    ),
}


def to_input(ink: Tensor) -> Tensor:
    """Ink from 0 to 1 -> -0.1 to 1.175."""
    return ink * (_HIGH - _LOW) + _LOW


def to_ink(values: Tensor) -> Tensor:
    """-0.1 to 1.175 -> ink from 0 to 1."""
    return (values - _LOW) / (_HIGH - _LOW)


def _inputs() -> list[tuple]:
    generator = torch.Generator().manual_seed(2)
    return [(to_input(torch.rand(side, side + 3, generator=generator)),) for side in (5, 9)]


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
    "unscale": Code(
        right=to_ink,
        cases=_inputs,
        because=f"{_LOW} gives 0, {_HIGH} gives 1, and between them it is a straight line.",
        mistakes={
            "First take away the lower end, then divide: you divide first.": lambda values: (
                values / (_HIGH - _LOW) - _LOW
            ),
            f"From {_LOW} up to {_HIGH} it is a way of {_HIGH - _LOW:.3f}, and not of {_HIGH}.": lambda values: (
                (values - _LOW) / _HIGH
            ),
            "That is the way from ink to the network's numbers. The way back is wanted.": to_input,
            f"Taking away {_LOW} means adding {-_LOW}.": lambda values: (values + _LOW) / (_HIGH - _LOW),
        },
    ),
    "debug": Choice(
        right="b",
        because="The sum over dimension 0 runs down each column. For the rows it has to be `sum(1)`, and `ink.shape[0]` "
        "numbers.",
        hints={
            "a": "A weighted mean is divided by the sum of its weights, and that is all the ink.",
            "c": "Counting from 0 agrees with how tensors are indexed: ink[0] is the first row.",
        },
    ),
    "side": Number(
        right=40 + 2 * (9 - 1),
        because="40 + 2 x (9 - 1) = 56: on each side as many pixels as a window can stand beside the first one of the "
        "glyph.",
        hints={
            40
            + 2
            * 9: "Nearly: a window of 9 that just touches the first pixel of the glyph reaches 8 pixels beyond it.",
            40 + 9 - 1: "That is enough for one side. The glyph has two.",
            40
            + 2
            * 4: "With 4 pixels a window can have a stroke's end in its middle, but the pixels at the glyph's edge are "
            "covered less often than those inside.",
            40: "Without a frame the corner of the glyph is covered by a single window.",
        },
    ),
}
EXPLANATIONS = {
    "mass": Explanation(
        model="A thin stray stroke or a long tail changes the box round a digit a lot, so the digit would jump to another "
        "place. It has little ink, so it hardly moves the centre of mass. Digits that look alike therefore end up at nearly "
        "the same place.",
        points=(
            "A thin stroke changes the box much.",
            "A thin stroke has little ink and hardly moves the centre of mass.",
            "Similar digits land at nearly the same place.",
        ),
    ),
}
