"""Notebook 02: convolution, weight sharing, maps that move with the image."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Number
from lenet_edu.exercises.prediction import Estimate, Prediction
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger

_BOOK = ledger(lenet5())
_ROW = _BOOK["C1"]
_INPUTS = _BOOK.input.units.value
_DENSE = _ROW.units.value * (_INPUTS + 1)
_SIDE = _BOOK.input.output_shape[1]

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
        because=f"{_ROW.units.value:,} units, each with {_INPUTS:,} weights and a bias.",
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


def convolve(image: Tensor, kernel: Tensor) -> Tensor:
    """(H, W) and (k, k) -> (H - k + 1, W - k + 1): at each place the sum of the products."""
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


def _images_and_kernels() -> list[tuple]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.rand(side, side + 2, generator=generator), torch.rand(k, k, generator=generator))
        for side, k in ((6, 3), (8, 5))
    ]


EXERCISES = {
    "side": Number(
        right=_SIDE - 7 + 1,
        because=f"{_SIDE} - 7 + 1 = {_SIDE - 7 + 1}: the kernel's left edge can stand at that many places.",
        hints={
            _SIDE - 7: "One short. The kernel can stand at the far left before its first step: add 1.",
            _ROW.output_shape[1]: "That is C1 with its 5x5 kernels. Here the kernel has 7 pixels a side.",
            _SIDE: "Only with a border of padding around the image would the side stay the same.",
            (_SIDE - 7 + 1) ** 2: "That is the number of units in a map. The side of the map is asked for.",
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
    "convolve": Code(
        right=convolve,
        cases=_images_and_kernels,
        because="The same numbers as torch's conv2d.",
        mistakes={
            "Your kernel is turned by half a turn. Mathematicians mean that by convolution; "
            "networks do without, as the kernel is learned anyway.": lambda image, kernel: convolve(
                image, kernel.flip(0, 1)
            ),
            "Rows and columns of the kernel are swapped.": lambda image, kernel: convolve(image, kernel.T),
            "The last place of each row and column is missing: H - k + 1 places, not H - k.": (
                lambda image, kernel: convolve(image, kernel)[:-1, :-1]
            ),
            "You took the mean of the products; a weighted sum is wanted.": (
                lambda image, kernel: convolve(image, kernel) / kernel.numel()
            ),
        },
    ),
    "flat": Choice(
        right="b",
        because="On every plain patch, whether white or black, the products cancel. In a layer the bias would be "
        "left.",
        hints={
            "a": "That would be so if the weights summed to one. Here they sum to zero.",
            "c": "That takes a large weighted sum. Add up 25 equal pixels times these weights.",
        },
    ),
}
