"""Notebook 06: a convolution whose maps have one unit each."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.exercises.checking import Code, Explanation, Number
from lenet_edu.exercises.prediction import Estimate, Prediction
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.system.language import Text

_BOOK = ledger(lenet5())
_ROW = _BOOK["C5"]
_KERNEL = 5
_SHARE = _ROW.parameters.value / _BOOK.totals["parameters"]

_LINE = 144  # pixels: five digits of 28 and the margins


def _places(side: int) -> int:
    return (side - 32) // 4 + 1


def _multiply_adds(width: int) -> float:
    """Of C1 to C5 for an image of 32 by `width`."""
    sizes = (((width - 4), 28), ((width - 4) // 2, 14), ((width - 12) // 2, 10), ((width - 12) // 4, 5))
    shares = [wide / usual for wide, usual in (*sizes, (_places(width), 1))]
    return sum(row.multiply_adds.value * share for row, share in zip(_BOOK.rows[:5], shares, strict=True))


def _saving(width: int) -> float:
    return _places(width) * _multiply_adds(32) / _multiply_adds(width)


PREDICTIONS = {
    "share": Estimate(
        Text(
            "The network has {parameters:,} parameters in seven layers. How many of them are in C5?",
            parameters=_BOOK.totals["parameters"],
        ),
        right=_ROW.parameters.value,
        because=Text(
            "{share:.0%}. It has 120 maps, and each has a kernel of its own for each of sixteen maps.",
            share=_SHARE,
        ),
        hints={
            _BOOK.totals["parameters"] / 7: Text("that is a seventh. Layers are of very different size."),
            _BOOK["C3"].parameters.value: Text(
                "that is about what C3 has. C5 reads all sixteen maps, and has 120 of its own."
            ),
        },
        factor=1.25,
    ),
    "larger": Prediction(
        Text("The network was trained on images of 32 by 32. What does it do with an image of 36 by 36?"),
        right="c",
        choices={
            "a": (
                Text("nothing: the shapes do not fit"),
                Text("a fully connected layer would refuse. A kernel does not know how large the image is."),
            ),
            "b": (
                Text("C5 gives 120 units, as ever"),
                Text(
                    "there is room for more: S4 has maps of 6 by 6 now, and a kernel of 5 by 5 fits into them at "
                    "several places."
                ),
            ),
            "c": (Text("C5 gives maps of 2 by 2"), Text("S4's maps are 6 by 6 now, and 6 - 5 + 1 = 2.")),
        },
    ),
    "cheaper": Estimate(
        Text(
            "The line is {width} pixels wide and has {places} places for a window of 32 by 32. Cut out each "
            "window and read it by itself, or slide over the line in one go: how many times fewer "
            "multiplications does sliding need?",
            width=_LINE,
            places=_places(_LINE),
        ),
        right=round(_saving(_LINE), 1),
        because=Text("see the two counts. The last exercise asks for the reason."),
        hints={
            _places(_LINE): Text("that would be so if all places together cost no more than one window."),
            1: Text("the windows overlap: C1 would compute most of its units again for each of them."),
        },
        factor=1.3,
    ),
}


def slide(s4: Tensor, matrix: Tensor, bias: Tensor) -> Tensor:
    """A fully connected layer for maps of 5x5, at every place of larger maps.

    (N, maps, H, W), (units, maps x 25), (units,) -> (N, units, H - 4, W - 4), before the squash.
    """
    return F.conv2d(s4, matrix.unflatten(1, (s4.shape[1], _KERNEL, _KERNEL)), bias)


def _cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(6)
    matrix, bias = torch.randn(7, 100, generator=generator), torch.randn(7, generator=generator)
    return [(torch.randn(3, 4, side, 8, generator=generator), matrix, bias) for side in (6, 9)]


EXERCISES = {
    "places": Number(
        right=_places(64) * _places(48),
        because=Text(
            "64 pixels: 60, 30, 26, 13, {across} places. 48 pixels: 44, 22, 18, 9, {down} places. Together "
            "{across} x {down}.",
            across=_places(64),
            down=_places(48),
        ),
        hints={
            _places(64): Text("That is one direction. Multiply by the places in the other one."),
            _places(64) + _places(48): Text("Places along one side times places along the other."),
            120 * _places(64) * _places(48): Text(
                "That is the number of units. How many places does one map have?"
            ),
            33 * 17: Text("One place a pixel would be so without subsampling. Each place is four pixels on."),
        },
    ),
    "parameters": Number(
        right=_ROW.parameters.value,
        because=Text("{parameters}, whatever the size of the image.", parameters=_ROW.parameters),
        hints={
            120 * (16 * 6 * 6 + 1): Text(
                "The kernels stay 5 by 5. A larger image does not make them larger."
            ),
            120 * (16 * 25 + 1) * 4: Text("The four places of a map share their weights."),
            120 * 16 * 25: Text("Each map also has a bias."),
        },
    ),
    "slide": Code(
        right=slide,
        cases=_cases,
        because=Text(
            "The rows of the matrix are kernels, written in one line. Cut them into 5 by 5, and the layer "
            "slides."
        ),
        mistakes={
            Text("The bias is missing."): lambda s4, matrix, bias: slide(s4, matrix, 0 * bias),
            Text(
                "A row of the matrix holds map after map, and in each map row after row: cut it in that order."
            ): (
                lambda s4, matrix, bias: F.conv2d(
                    s4, matrix.view(-1, _KERNEL, _KERNEL, s4.shape[1]).permute(0, 3, 1, 2), bias
                )
            ),
            Text(
                "That is the first place only. Give all places: (N, units, H - 4, W - 4)."
            ): lambda s4, matrix, bias: slide(s4, matrix, bias)[:, :, :1, :1],
            Text("Something is turned round: do not flip the kernels."): lambda s4, matrix, bias: slide(
                s4, matrix.flip(1), bias
            ),
        },
    ),
}

EXPLANATIONS = {
    "wide": Explanation(
        model=Text(
            "Two neighbouring windows lie only four pixels apart, so they share nearly all of their pixels, "
            "and also nearly all of what C1 to S4 make of them. When the network slides, all this is "
            "computed once and used by every window. When each window is cut out, it is computed again for "
            "each."
        ),
        points=(
            Text("Neighbouring windows have most of their pixels in common."),
            Text("What they share is computed once when the network slides."),
            Text("The answers are the same; only the repeated work is saved."),
        ),
    ),
}
