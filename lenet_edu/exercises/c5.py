"""Notebook 06: a convolution whose maps have one unit each."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Number
from lenet_edu.exercises.prediction import Estimate, Prediction
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger

_BOOK = ledger(lenet5())
_ROW = _BOOK["C5"]
_SHARE = _ROW.parameters.value / _BOOK.totals["parameters"]

PREDICTIONS = {
    "share": Estimate(
        f"The network has {_BOOK.totals['parameters']:,} parameters in seven layers. How many of them are in C5?",
        right=_ROW.parameters.value,
        because=f"{_SHARE:.0%}. It has 120 maps, and each has a kernel of its own for each of sixteen maps.",
        hints={
            _BOOK.totals["parameters"] / 7: "that is a seventh. Layers are of very different size.",
            _BOOK[
                "C3"
            ].parameters.value: "that is about what C3 has. C5 reads all sixteen maps, and has 120 of its own.",
        },
        factor=1.25,
    ),
    "larger": Prediction(
        "The network was trained on images of 32 by 32. What does it do with an image of 36 by 36?",
        right="C5 gives maps of 2 by 2",
        choices={
            "nothing: the shapes do not fit": "a fully connected layer would refuse. A kernel does not know how large the image is.",
            "C5 gives 120 units, as ever": "there is room for more: S4 has maps of 6 by 6 now, and a kernel of 5 by 5 fits into them at several places.",
            "C5 gives maps of 2 by 2": "S4's maps are 6 by 6 now, and 6 - 5 + 1 = 2.",
        },
    ),
}


def as_matrix(s4: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """(N, 16, 5, 5), (120, 16, 5, 5), (120,) -> (N, 120), before the squash."""
    return F.linear(s4.flatten(1), weight.flatten(1), bias)


def _cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(6)
    return [
        (
            torch.randn(3, 4, 5, 5, generator=generator),
            torch.randn(7, 4, 5, 5, generator=generator),
            torch.randn(7, generator=generator),
        )
    ]


def _places(side: int) -> int:
    return (side - 32) // 4 + 1


EXERCISES = {
    "places": Number(
        right=_places(64) * _places(48),
        because=f"64 pixels: 60, 30, 26, 13, {_places(64)} places. 48 pixels: 44, 22, 18, 9, {_places(48)} places. Together {_places(64)} x {_places(48)}.",
        hints={
            _places(64): "That is one direction. Multiply by the places in the other one.",
            _places(64) + _places(48): "Places along one side times places along the other.",
            120 * _places(64) * _places(48): "That is the number of units. How many places has one map?",
            33 * 17: "One place a pixel would be so without subsampling. Each place is four pixels on.",
        },
    ),
    "parameters": Number(
        right=_ROW.parameters.value,
        because=f"{_ROW.parameters}, whatever the size of the image.",
        hints={
            120 * (16 * 6 * 6 + 1): "The kernels stay 5 by 5. A larger image does not make them larger.",
            120 * (16 * 25 + 1) * 4: "The four places of a map share their weights.",
            120 * 16 * 25: "Each map also has a bias.",
        },
    ),
    "as_matrix": Code(
        right=as_matrix,
        cases=_cases,
        because="One matrix product: at this size the convolution is a fully connected layer.",
        mistakes={
            "The bias is missing.": lambda s4, weight, bias: as_matrix(s4, weight, 0 * bias),
            "Maps and places are in another order in the weights than in the input: flatten both in the same way.": (
                lambda s4, weight, bias: as_matrix(s4.permute(0, 2, 3, 1), weight, bias)
            ),
            "Your result is transposed: images first, then units.": lambda s4, weight, bias: (
                as_matrix(s4, weight, bias).T
            ),
            "Flatten the result: (N, 120) without the two sides of 1.": lambda s4, weight, bias: as_matrix(
                s4, weight, bias
            )[:, :, None, None],
        },
    ),
    "wide": Choice(
        right="a",
        because="Neighbouring windows share nearly all of their pixels, and what they share is computed once.",
        hints={
            "b": "It has the same weights, and gives the same numbers at the same places.",
            "c": "Each place still sees 32 by 32 pixels, no more and no fewer.",
        },
    ),
}
