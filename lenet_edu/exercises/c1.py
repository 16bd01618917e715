"""Notebook 02: convolution, weight sharing, maps that move with the image."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.exercises.checking import Code, Conditions, Explanation, Number
from lenet_edu.exercises.prediction import Estimate, Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger

_BOOK = ledger(lenet5())
_ROW = _BOOK["C1"]
_INPUTS = _BOOK.input.units.value
_DENSE = _ROW.units.value * (_INPUTS + 1)

PREDICTIONS = {
    "parameters": Prediction(
        f"C1 has {_ROW.units} units. Each reads 25 pixels and has a bias. "
        "How many numbers does training have to find for C1?",
        right=f"{_ROW.parameters.value:,}",
        choices={
            f"{_ROW.parameters.value:,}": "all units of a map share the same 25 weights and the same bias, so "
            "only the number of maps counts, not the number of units.",
            f"{_ROW.units.value:,}": "that is the number of units. Units do not have numbers of their own: a "
            "map's units all use the same ones.",
            f"{_ROW.connections.value:,}": "that is the number of connections: each is used, but very many "
            "of them use the same weight.",
        },
    ),
    "dense": Estimate(
        f"Suppose each of C1's {_ROW.units.value:,} units read the whole image, with weights of its own. "
        "How many parameters would that be?",
        right=_DENSE,
        because=f"{_ROW.units.value:,} units, each with {_INPUTS:,} weights and a bias. With patches of 25 pixels, but "
        f"weights of their own, they would still need {_ROW.connections.value:,}. C1 has {_ROW.parameters.value}.",
        hints={
            _ROW.units.value: "that is one parameter a unit. Each would have one for every pixel.",
            _ROW.connections.value: "that is the number of connections C1 has with 25 pixels a unit.",
        },
    ),
    "shift": Prediction(
        "The digit moves two pixels to the right. What do C1's maps do?",
        right="they move two places to the right",
        choices={
            "they stay as they are": "C1 does not forget where things are. That comes later, bit by bit.",
            "they move two places to the right": "the same kernel looks everywhere, so what it found it finds "
            "again, two places on.",
            "they change altogether": "in a fully connected layer they would. Here the same kernel looks "
            "at every place.",
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
        because="(28 + 2 x 2 - 5) / 2 = 13.5, rounded down 13, plus the first place: 14.",
        hints={
            (28 + 2 * 2 - 5) // 2: "One short: the kernel also stands at the place where it starts. Add 1.",
            (28 + 2 - 5) // 2 + 1: "The padding is added on both sides.",
            28 + 2 * 2 - 5 + 1: "That is the side for a stride of 1.",
            (28 - 5) // 2 + 1: "That is the side without padding.",
            ((28 + 2 * 2 - 5) // 2 + 1)
            ** 2: "That is the number of units in the map. Its side is asked for.",
        },
    ),
    "parameters": Number(
        right=8 * (3 * 3 * 3 + 1),
        because=f"8 x (3 x 3 x 3 + 1) = {8 * (3 * 3 * 3 + 1)}: a kernel for each colour, one bias a map.",
        hints={
            8 * (3 * 3 + 1): "Each map has a 3x3 kernel for each of the three colours, not one for all.",
            8 * 3 * 3 * 3: "Each map also has a bias.",
            8 * 3 * (3 * 3 + 1): "One bias a map is enough: the three sums are added before it.",
        },
    ),
    "strided": Code(
        right=strided,
        cases=_images_kernels_and_strides,
        because="The same numbers as torch's conv2d with this stride.",
        mistakes={
            "Your kernel moves one pixel at a time, whatever the stride.": lambda image, kernel, stride: (
                strided(image, kernel, 1)
            ),
            "Your kernel is turned by half a turn. Mathematics means that by convolution; networks do without.": (
                lambda image, kernel, stride: strided(image, kernel.flip(0, 1), stride)
            ),
            "Rows and columns of the kernel are exchanged.": lambda image, kernel, stride: strided(
                image, kernel.T, stride
            ),
            "The stride holds for the rows only; it must hold for the columns too.": (
                lambda image, kernel, stride: F.conv2d(
                    image[None, None], kernel[None, None], stride=(stride, 1)
                )[0, 0]
            ),
        },
    ),
    "kernel": Conditions(
        convert=_kernel,
        wanted="A kernel of three rows with three numbers each, such as [[1, 0, 0], [0, 1, 0], [0, 0, 1]],",
        conditions={
            "On plain ink your kernel does not give 0: its nine numbers must add up to 0.": lambda kernel: (
                abs(_responses(kernel)["ink"]) < 1e-5
            ),
            "Where ink lies above paper your kernel gives nothing or a negative number. Make its upper row "
            "positive.": lambda kernel: _responses(kernel)["above"] > 0,
            "Where ink lies below paper your kernel responds as well. Its lower row must be negative.": lambda kernel: (
                _responses(kernel)["below"] < 0
            ),
            "Along an upright edge your kernel does not give 0: each of its columns must add up to 0.": lambda kernel: (
                max(abs(_responses(kernel)[side]) for side in ("left", "right")) < 1e-5
            ),
        },
        because="Positive above, negative below, and every column adds up to 0: it finds lower edges only.",
    ),
}
EXPLANATIONS = {
    "sharing": Explanation(
        model="Each unit reads only a small patch, and all units of a map use the same 25 weights and one bias, so the "
        "number of parameters depends on the number of maps and not on the size of the image. All places of all images "
        "train these few weights. What the kernel has learned in one place it finds everywhere.",
        points=(
            "Each unit reads a small patch instead of the whole image.",
            "All units of a map share their weights and their bias.",
            "A pattern that was learned in one place is found in every place.",
        ),
    ),
}

QUIZ = [
    Prediction(
        "What can a kernel that slides do that comparing whole images pixel by pixel cannot?",
        right="find a pattern wherever it is",
        choices={
            "look at more pixels": "it looks at far fewer pixels at a time.",
            "find a pattern wherever it is": "the same window stands at every place, one after another.",
            "work without multiplying": "it multiplies at every place.",
        },
    ),
    Estimate(
        f"Ink goes from 0 to 1. Which number does the network see for an ink of 0.4? "
        f"(No ink is {paper.BACKGROUND}, full ink {paper.FOREGROUND}.)",
        right=round(paper.BACKGROUND + 0.4 * (paper.FOREGROUND - paper.BACKGROUND), 3),
        because=f"{paper.BACKGROUND} + {paper.FOREGROUND - paper.BACKGROUND:.3f} x 0.4.",
        hints={0.4 * paper.FOREGROUND: "you begin at 0, but no ink is below 0."},
        factor=1.005,
    ),
    Estimate(
        "An image of 40 by 40, a kernel of 9 by 9, no padding, a stride of 1. What is the side of the map?",
        right=40 - 9 + 1,
        because="40 - 9 + 1.",
        hints={40 - 9: "the kernel also stands at the place where it starts."},
        factor=1.0,
    ),
    Estimate(
        "Four maps with kernels of 3 by 3 are computed from one image. How many parameters are that?",
        right=4 * (3 * 3 + 1),
        because="4 x (3 x 3 + 1).",
        hints={4 * 3 * 3: "each map has a bias too."},
        factor=1.0,
    ),
    Prediction(
        "C1 gets an image of 64 by 64 instead of 32 by 32. What happens to its number of parameters?",
        right="it stays the same",
        choices={
            "it doubles": "each map still has one kernel and one bias.",
            "it grows four times": "the number of units grows, but they share their weights.",
            "it stays the same": "the kernels are the same; there are only more places where they stand.",
        },
    ),
    Prediction(
        "A kernel's weights add up to 0 and its bias is 0.3. What is the weighted sum where all pixels are equal?",
        right="0.3",
        choices={
            "0": "the products cancel, and the bias is left.",
            "0.3": "the products cancel, whatever the grey level, and the bias is left.",
            "it depends on the grey level": "equal pixels times weights that add up to 0 give 0 for every grey level.",
        },
    ),
]
