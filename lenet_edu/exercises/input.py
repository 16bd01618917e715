"""Notebook 01: how a picture becomes the network's input."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.system.language import Text

_LOW, _HIGH = paper.BACKGROUND, paper.FOREGROUND
_FRAME, _MNIST, _GLYPH = paper.IMAGE_SIZE, paper.MNIST_SIZE, paper.GLYPH_SIZE

PREDICTIONS = {
    "tail": Prediction(
        Text(
            "The 7 gets a tail one pixel wide that makes it one and a half times as tall. It is normalised "
            "again. What does the network see?"
        ),
        right="b",
        choices={
            "a": (
                Text("the same 7 as before, with a tail"),
                Text(
                    "the longer side is scaled to the same length, so a taller drawing becomes smaller as a whole."
                ),
            ),
            "b": (
                Text("a smaller 7 at nearly the same place"),
                Text(
                    "the tail belongs to the box, so everything is scaled down. But the tail has so little ink that "
                    "the centre of mass stays near the 7."
                ),
            ),
            "c": (
                Text("a smaller 7, moved far upwards"),
                Text(
                    "it would if the middle of the box were placed in the middle of the image. The centre of mass "
                    "hardly notices a thin tail."
                ),
            ),
        },
    ),
    "frame": Prediction(
        Text(
            "The digit fills {glyph} by {glyph} pixels. Why is the image {frame} by {frame}, with so much "
            "empty paper round it?",
            glyph=_GLYPH,
            frame=_FRAME,
        ),
        right="c",
        choices={
            "a": (
                Text("so that the side is a power of two"),
                Text("a window can slide over 28 or 36 pixels just as well."),
            ),
            "b": (
                Text("so that the digit can be drawn in more detail"),
                Text("the glyph has the same size in a larger frame. Only paper is added."),
            ),
            "c": (
                Text("so that a sliding window can have the end of a stroke in its middle"),
                Text(
                    "a window that stands inside the image can have its middle only some pixels away from the "
                    "border. Without a frame, the ends of strokes would lie where the network looks least. With it, "
                    "nearly every part of the digit is covered equally often."
                ),
            ),
        },
    ),
    "variance": Prediction(
        Text(
            "All numbers of an image lie between {low} and {high}. Can an image have both a mean of 0 and a "
            "variance of 1?",
            low=_LOW,
            high=_HIGH,
        ),
        right="c",
        choices={
            "a": (Text("most digits do"), Text("the paper says so, but measuring shows something else.")),
            "b": (Text("some digits do"), Text("it is not a matter of the digit.")),
            "c": (
                Text("no image can"),
                Text(
                    "for a mean of 0 nearly all numbers must be near 0, since paper is so near to it. Then they "
                    "cannot spread that far."
                ),
            ),
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
        because=Text(
            "{frame} x {frame} - {inner} x {inner} = {count}",
            frame=_FRAME,
            inner=_MNIST,
            count=_FRAME**2 - _MNIST**2,
        ),
        hints={
            4 * 2 * _MNIST: Text("You have the four strips. The four corners of 2 by 2 are missing."),
            4 * 2 * _FRAME: Text("You have counted the four corners twice."),
            _FRAME**2: Text("That is the whole image. The pixels that were added are asked for."),
        },
    ),
    "unscale": Code(
        right=to_ink,
        cases=_inputs,
        because=Text(
            "{low} gives 0, {high} gives 1, and between them it is a straight line.", low=_LOW, high=_HIGH
        ),
        mistakes={
            Text("First take away the lower end, then divide: you divide first."): lambda values: (
                values / (_HIGH - _LOW) - _LOW
            ),
            Text(
                "From {low} up to {high} it is a way of {span:.3f}, and not of {high}.",
                low=_LOW,
                high=_HIGH,
                span=_HIGH - _LOW,
            ): lambda values: (values - _LOW) / _HIGH,
            Text("That is the way from ink to the network's numbers. The way back is wanted."): to_input,
            Text("Taking away {low} means adding {amount}.", low=_LOW, amount=-_LOW): lambda values: (
                (values + _LOW) / (_HIGH - _LOW)
            ),
        },
    ),
    "debug": Choice(
        right="b",
        because=Text(
            "The sum over dimension 0 runs down each column. For the rows it has to be `sum(1)`, and "
            "`ink.shape[0]` numbers."
        ),
        hints={
            "a": Text("A weighted mean is divided by the sum of its weights, and that is all the ink."),
            "c": Text("Counting from 0 agrees with how tensors are indexed: ink[0] is the first row."),
        },
    ),
    "side": Number(
        right=40 + 2 * (9 - 1),
        because=Text(
            "40 + 2 x (9 - 1) = 56: on each side as many pixels as a window can stand beside the first one "
            "of the glyph."
        ),
        hints={
            40 + 2 * 9: Text(
                "Nearly: a window of 9 that just touches the first pixel of the glyph reaches 8 pixels beyond it."
            ),
            40 + 9 - 1: Text("That is enough for one side. The glyph has two."),
            40 + 2 * 4: Text(
                "With 4 pixels a window can have a stroke's end in its middle, but the pixels at the glyph's "
                "edge are covered less often than those inside."
            ),
            40: Text("Without a frame the corner of the glyph is covered by a single window."),
        },
    ),
}
EXPLANATIONS = {
    "mass": Explanation(
        model=Text(
            "A thin stray stroke or a long tail changes the box round a digit a lot, so the digit would jump "
            "to another place. It has little ink, so it hardly moves the centre of mass. Digits that look "
            "alike therefore end up at nearly the same place."
        ),
        points=(
            Text("A thin stroke changes the box much."),
            Text("A thin stroke has little ink and hardly moves the centre of mass."),
            Text("Similar digits land at nearly the same place."),
        ),
    ),
}
