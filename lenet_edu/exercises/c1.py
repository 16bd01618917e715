"""Notebook 02: convolution, weight sharing, maps that move with the image."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.exercises.checking import Code, Conditions, Explanation, Number
from lenet_edu.exercises.prediction import Estimate, Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.system.language import Text

_BOOK = ledger(lenet5())
_ROW = _BOOK["C1"]
_INPUTS = _BOOK.input.units.value
_DENSE = _ROW.units.value * (_INPUTS + 1)

PREDICTIONS = {
    "parameters": Prediction(
        Text(
            "C1 has {units} units. Each reads 25 pixels and has a bias. How many numbers does training have "
            "to find for C1?",
            units=_ROW.units,
        ),
        right="a",
        choices={
            "a": (
                f"{_ROW.parameters.value:,}",
                Text(
                    "all units of a map share the same 25 weights and the same bias, so only the number of maps "
                    "counts, not the number of units."
                ),
            ),
            "b": (
                f"{_ROW.units.value:,}",
                Text(
                    "that is the number of units. Units do not have numbers of their own: a map's units all use the "
                    "same ones."
                ),
            ),
            "c": (
                f"{_ROW.connections.value:,}",
                Text(
                    "that is the number of connections: each is used, but very many of them use the same weight."
                ),
            ),
        },
    ),
    "dense": Estimate(
        Text(
            "Suppose each of C1's {units:,} units read the whole image, with weights of its own. How many "
            "parameters would that be?",
            units=_ROW.units.value,
        ),
        right=_DENSE,
        because=Text(
            "{units:,} units, each with {inputs:,} weights and a bias. With patches of 25 pixels, but "
            "weights of their own, they would still need {connections:,}. C1 has {parameters}.",
            units=_ROW.units.value,
            inputs=_INPUTS,
            connections=_ROW.connections.value,
            parameters=_ROW.parameters.value,
        ),
        hints={
            _ROW.units.value: Text("that is one parameter a unit. Each would have one for every pixel."),
            _ROW.connections.value: Text("that is the number of connections C1 has with 25 pixels a unit."),
        },
    ),
    "shift": Prediction(
        Text("The digit moves two pixels to the right. What do C1's maps do?"),
        right="b",
        choices={
            "a": (
                Text("they stay as they are"),
                Text("C1 does not forget where things are. That comes later, bit by bit."),
            ),
            "b": (
                Text("they move two places to the right"),
                Text("the same kernel looks everywhere, so what it found it finds again, two places on."),
            ),
            "c": (
                Text("they change altogether"),
                Text("in a fully connected layer they would. Here the same kernel looks at every place."),
            ),
        },
    ),
}


def strided(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """(H, W), (k, k) and a stride -> at each place the sum of the products."""
    return F.conv2d(image[None, None], kernel[None, None], stride=stride)[0, 0]


def _images_kernels_and_strides() -> list[tuple]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.rand(side, side + 2, generator=generator), torch.rand(k, k, generator=generator), stride)
        for side, k, stride in ((7, 3, 2), (9, 5, 3), (6, 3, 1))
    ]


def _responses(kernel: Tensor) -> dict[str, float]:
    """What a kernel of 3 by 3 gives on plain paper, plain ink, and edges of ink with ink on one side."""
    ink = torch.zeros(3, 3)
    patches = {"paper": ink, "ink": ink + 1}
    for name, place in (("above", (0, slice(None))), ("below", (2, slice(None)))):
        patches[name] = ink.clone()
        patches[name][place] = 1
    for name, columns in (("left", slice(0, 1)), ("right", slice(1, 3))):
        patches[name] = ink.clone()
        patches[name][:, columns] = 1
    return {name: float((patch * kernel).sum()) for name, patch in patches.items()}


def _kernel(rows) -> Tensor:
    """Three rows of three numbers as a tensor; raises ValueError for anything else."""
    kernel = torch.as_tensor(rows, dtype=torch.float)
    if kernel.shape != (3, 3):
        raise ValueError("three rows of three numbers are wanted")
    return kernel


EXERCISES = {
    "side": Number(
        right=(28 + 2 * 2 - 5) // 2 + 1,
        because=Text("(28 + 2 x 2 - 5) / 2 = 13.5, rounded down 13, plus the first place: 14."),
        hints={
            (28 + 2 * 2 - 5) // 2: Text(
                "One short: the kernel also stands at the place where it starts. Add 1."
            ),
            (28 + 2 - 5) // 2 + 1: Text("The padding is added on both sides."),
            28 + 2 * 2 - 5 + 1: Text("That is the side for a stride of 1."),
            (28 - 5) // 2 + 1: Text("That is the side without padding."),
            ((28 + 2 * 2 - 5) // 2 + 1) ** 2: Text(
                "That is the number of units in the map. Its side is asked for."
            ),
        },
    ),
    "parameters": Number(
        right=8 * (3 * 3 * 3 + 1),
        because=Text(
            "8 x (3 x 3 x 3 + 1) = {count}: a kernel for each colour, one bias a map.",
            count=8 * (3 * 3 * 3 + 1),
        ),
        hints={
            8 * (3 * 3 + 1): Text(
                "Each map has a 3x3 kernel for each of the three colours, not one for all."
            ),
            8 * 3 * 3 * 3: Text("Each map also has a bias."),
            8 * 3 * (3 * 3 + 1): Text("One bias a map is enough: the three sums are added before it."),
        },
    ),
    "strided": Code(
        right=strided,
        cases=_images_kernels_and_strides,
        because=Text("The same numbers as torch's conv2d with this stride."),
        mistakes={
            Text(
                "Your kernel moves one pixel at a time, whatever the stride."
            ): lambda image, kernel, stride: strided(image, kernel, 1),
            Text(
                "Your kernel is turned by half a turn. Mathematics means that by convolution; networks do without."
            ): (lambda image, kernel, stride: strided(image, kernel.flip(0, 1), stride)),
            Text("Rows and columns of the kernel are exchanged."): lambda image, kernel, stride: strided(
                image, kernel.T, stride
            ),
            Text("The stride holds for the rows only; it must hold for the columns too."): (
                lambda image, kernel, stride: F.conv2d(
                    image[None, None], kernel[None, None], stride=(stride, 1)
                )[0, 0]
            ),
        },
    ),
    "kernel": Conditions(
        convert=_kernel,
        wanted=Text(
            "A kernel of three rows with three numbers each, such as [[1, 0, 0], [0, 1, 0], [0, 0, 1]],"
        ),
        conditions={
            Text(
                "On plain ink your kernel does not give 0: its nine numbers must add up to 0."
            ): lambda kernel: abs(_responses(kernel)["ink"]) < 1e-5,
            Text(
                "Where ink lies above paper your kernel gives nothing or a negative number. Make its upper row "
                "positive."
            ): lambda kernel: _responses(kernel)["above"] > 0,
            Text(
                "Where ink lies below paper your kernel responds as well. Its lower row must be negative."
            ): lambda kernel: _responses(kernel)["below"] < 0,
            Text(
                "Along an upright edge your kernel does not give 0: each of its columns must add up to 0."
            ): lambda kernel: max(abs(_responses(kernel)[side]) for side in ("left", "right")) < 1e-5,
        },
        because=Text(
            "Positive above, negative below, and every column adds up to 0: it finds lower edges only."
        ),
    ),
}
EXPLANATIONS = {
    "sharing": Explanation(
        model=Text(
            "Each unit reads only a small patch, and all units of a map use the same 25 weights and one "
            "bias, so the number of parameters depends on the number of maps and not on the size of the "
            "image. All places of all images train these few weights. What the kernel has learned in one "
            "place it finds everywhere."
        ),
        points=(
            Text("Each unit reads a small patch instead of the whole image."),
            Text("All units of a map share their weights and their bias."),
            Text("A pattern that was learned in one place is found in every place."),
        ),
    ),
}

QUIZ = {
    "sliding": Prediction(
        Text("What can a kernel that slides do that comparing whole images pixel by pixel cannot?"),
        right="b",
        choices={
            "a": (Text("look at more pixels"), Text("it looks at far fewer pixels at a time.")),
            "b": (
                Text("find a pattern wherever it is"),
                Text("the same window stands at every place, one after another."),
            ),
            "c": (Text("work without multiplying"), Text("it multiplies at every place.")),
        },
    ),
    "ink": Estimate(
        Text(
            "Ink goes from 0 to 1. Which number does the network see for an ink of 0.4? (No ink is "
            "{background}, full ink {foreground}.)",
            background=paper.BACKGROUND,
            foreground=paper.FOREGROUND,
        ),
        right=round(paper.BACKGROUND + 0.4 * (paper.FOREGROUND - paper.BACKGROUND), 3),
        because=Text(
            "{background} + {span:.3f} x 0.4.",
            background=paper.BACKGROUND,
            span=paper.FOREGROUND - paper.BACKGROUND,
        ),
        hints={0.4 * paper.FOREGROUND: Text("you begin at 0, but no ink is below 0.")},
        factor=1.005,
    ),
    "side": Estimate(
        Text(
            "An image of 40 by 40, a kernel of 9 by 9, no padding, a stride of 1. What is the side of the map?"
        ),
        right=40 - 9 + 1,
        because=Text("40 - 9 + 1."),
        hints={40 - 9: Text("the kernel also stands at the place where it starts.")},
        factor=1.0,
    ),
    "parameters": Estimate(
        Text("Four maps with kernels of 3 by 3 are computed from one image. How many parameters are that?"),
        right=4 * (3 * 3 + 1),
        because=Text("4 x (3 x 3 + 1)."),
        hints={4 * 3 * 3: Text("each map has a bias too.")},
        factor=1.0,
    ),
    "larger": Prediction(
        Text("C1 gets an image of 64 by 64 instead of 32 by 32. What happens to its number of parameters?"),
        right="c",
        choices={
            "a": (Text("it doubles"), Text("each map still has one kernel and one bias.")),
            "b": (
                Text("it grows four times"),
                Text("the number of units grows, but they share their weights."),
            ),
            "c": (
                Text("it stays the same"),
                Text("the kernels are the same; there are only more places where they stand."),
            ),
        },
    ),
    "balanced": Prediction(
        Text(
            "A kernel's weights add up to 0 and its bias is 0.3. What is the weighted sum where all pixels "
            "are equal?"
        ),
        right="b",
        choices={
            "a": ("0", Text("the products cancel, and the bias is left.")),
            "b": ("0.3", Text("the products cancel, whatever the grey level, and the bias is left.")),
            "c": (
                Text("it depends on the grey level"),
                Text("equal pixels times weights that add up to 0 give 0 for every grey level."),
            ),
        },
    ),
}
