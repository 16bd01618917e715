"""Notebook 05: resolution falls, maps rise, and small shifts matter less."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger

_BOOK = ledger(lenet5())
_ROW = _BOOK["S4"]
_UNITS = {row.name: row.units.value for row in (_BOOK.input, *_BOOK.rows)}

PREDICTIONS = {
    "units": Prediction(
        "From C1 to S4 the number of maps grows from six to sixteen. What does the number of units do?",
        right="it falls to less than a tenth",
        choices={
            "it grows": "more maps, but each has far fewer units: the side shrinks in both directions.",
            "it stays about the same": "maps grow by less than three times, and each map loses nearly all its units.",
            "it falls to less than a tenth": f"{_UNITS['C1']:,} units in C1, {_UNITS['S4']:,} in S4.",
        },
    ),
    "invariance": Prediction(
        "A digit moves one pixel to the right. Where in the network is the change, compared with that between two different digits, smallest?",
        right="in the last layers",
        choices={
            "in the first layers": "there, one pixel is as much as it is in the image: the maps simply move along.",
            "it is the same everywhere": "then subsampling and training would have been in vain.",
            "in the last layers": "each subsampling halves the shift, and training teaches C5 and F6 to ignore what is left.",
        },
    ),
}


def change(before: Tensor, after: Tensor) -> Tensor:
    """(N, ...) twice -> (N,): how far `after` is from `before`, the length of the difference."""
    return (after - before).flatten(1).norm(dim=1)


def _pairs() -> list[tuple]:
    generator = torch.Generator().manual_seed(5)
    shape = (4, 3, 5, 5)
    return [
        (torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)) for _ in range(2)
    ]


EXERCISES = {
    "parameters": Number(
        right=_ROW.parameters.value,
        because=f"{_ROW.parameters}: a coefficient and a bias for each map.",
        hints={
            16 * 5: "The four inputs of a unit share one coefficient.",
            16: "Each map has a coefficient and a bias.",
            12: "That is S2, with its six maps.",
            _ROW.connections.value: "Those are the connections.",
        },
    ),
    "step": Number(
        right=_ROW.stride.value,
        because=f"{_ROW.stride}: S2 takes every second place, and S4 every second of those.",
        hints={
            2: "That moves S2 by one place. S4 takes every second place of S2's successor.",
            5: "The side of C3's kernels does not matter: a convolution moves along pixel by pixel.",
            16: "That is how far a unit of S4 sees. Its neighbour begins sooner.",
            8: "Only two layers of the way up are subsampled.",
        },
    ),
    "change": Code(
        right=change,
        cases=_pairs,
        because="One number for each image: the length of the difference.",
        mistakes={
            "You have one number for all images together; one for each is wanted.": lambda before, after: (
                after - before
            ).norm(),
            "You forgot the square root: a length is the root of the sum of squares.": lambda before, after: (
                change(before, after) ** 2
            ),
            "You add the differences themselves: positive and negative ones cancel.": lambda before, after: (
                (after - before).flatten(1).sum(1)
            ),
            "You add absolute values; a length adds squares and takes the root.": lambda before, after: (
                (after - before).abs().flatten(1).sum(1)
            ),
            "One number for each image is wanted: flatten all but the first axis before you take the length.": (
                lambda before, after: (after - before).norm(dim=1)
            ),
        },
    ),
    "untrained": Choice(
        right="c",
        because="Subsampling alone helps a little. Most of the invariance of C5 and F6 is learned.",
        hints={
            "a": "Run it: with random weights the change in F6 stays near that of the image.",
            "b": "Subsampling is there before training as well, and the curve falls a little.",
        },
    ),
}
