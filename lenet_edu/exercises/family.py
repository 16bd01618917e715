"""Notebook 15: LeNet-5's relatives, three networks as one, and how far a digit can be changed."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Code, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet4, lenet1989
from lenet_edu.network.ledger import ledger

_BOOK = ledger(lenet4())
_PRINTED = paper.FAMILY["lenet4"]
_C5, _OUTPUT = _BOOK["C5"], _BOOK["OUTPUT"]
_CLASSES = _OUTPUT.units.value
# The first layer of 1989 for a larger image.
_H1 = lenet1989().convolutions["H1"]
_SIDE = _H1.output_shape((1, 28, 28))[1]

# All that is there without C5, OUTPUT's biases included; and what each unit of C5 brings, above and below it.
_REST = _BOOK.totals["parameters"] - _C5.parameters.value - _OUTPUT.multiply_adds.value
_OWN = _C5.parameters.value // _C5.units.value
_UNITS = (_PRINTED["parameters"] - _REST) // (_OWN + _CLASSES)

PREDICTIONS = {
    "printed": Prediction(
        f"The paper says of LeNet-4: about {_PRINTED['connections']:,} connections and about {_PRINTED['parameters']:,} parameters. Built as it is described, which of the two does it have?",
        right="the connections",
        choices={
            "both": f"then C5, which reads all 16 maps of 5x5, could not have {_C5.units.value} units.",
            "the connections": f"C5 alone has {_C5.parameters.value:,} parameters, more than are printed for all.",
            "the parameters": "they are what cannot be: count those of C5.",
        },
    ),
    "third": Prediction(
        "Three networks were trained one after the other, each on digits that were hard for those before it. Their scores are added. The three together read",
        right="better than each of them",
        choices={
            "as well as the best of them": "then the others would be of no use. Where one is unsure, another one often is not.",
            "as well as they do on average": "scores are added, so a network that is sure counts for more than one that is not.",
            "better than each of them": "they make different mistakes, and a network that is sure outweighs two that are not.",
        },
    ),
    "shift": Prediction(
        f"The paper estimates that LeNet-5 reads digits accurately that are up to {paper.ROBUST_UP_TO['shift']:g} of their height too low or too high. Ours, trained on digits in the middle, then misreads",
        right="most of them",
        choices={
            "about 1%": "so it is with digits that stand in the middle.",
            "about 10%": "so it is at less than half of that shift.",
            "most of them": "it has met none that is not in the middle, and part of the digit is out of the frame.",
        },
    ),
}


def together(scores: Tensor) -> Tensor:
    """(networks, N, classes) -> (N,): the class whose added score is the largest."""
    return scores.sum(0).argmax(1)


def _scores() -> list[tuple]:
    generator = torch.Generator().manual_seed(14)
    return [(torch.rand(3, 20, _CLASSES, generator=generator) * 2 - 1,)]


EXERCISES = {
    "together": Code(
        right=together,
        cases=_scores,
        because="A network that is sure outweighs two that are not.",
        mistakes={
            "That is a vote, in which a network that is sure counts no more than one that is not. Add the scores first.": lambda s: (
                s.argmax(2).mode(0).values
            ),
            "LeNet-4 gives scores, not distances: the largest wins.": lambda s: s.sum(0).argmin(1),
            "That is what the first network says. Ask all of them.": lambda s: s[0].argmax(1),
            "The surest network alone decides there. Add the scores instead.": lambda s: s.amax(0).argmax(1),
            "Those are the added scores. Name the class of each digit.": lambda s: s.sum(0),
        },
    ),
    "units": Number(
        right=_UNITS,
        because=f"({_PRINTED['parameters']:,} - {_REST:,}) / ({_OWN} + {_CLASSES}), rounded down: each unit of C5 has {_OWN} parameters, and {_CLASSES} weights read it.",
        hints={
            _C5.units.value: "That is how many it has. Its parameters alone are too many.",
            _PRINTED["parameters"] // _OWN: "That leaves nothing for the other layers.",
            _UNITS + 1: "That is one too many: round down. And OUTPUT reads each unit with ten weights.",
        },
    ),
    "stride": Number(
        right=_SIDE**2,
        because=f"(28 + 2 x {_H1.padding} - {_H1.kernel}) / {_H1.stride} + 1, rounded down, is {_SIDE}: {_SIDE} x {_SIDE}.",
        hints={
            _SIDE: "That is the side. A map is a square.",
            12 * _SIDE**2: "That is all maps of the layer. One map is asked for.",
            24**2: "That is for steps of one, without a frame.",
            28**2: "That is for steps of one.",
            12**2: "The frame is missing: the image grows by 2 on each side.",
        },
    ),
}

EXPLANATIONS = {
    "halving": Explanation(
        model="Adding four values uses all that the layer below has computed, and the result changes little when a stroke moves by a pixel. Leaving out three of four is cheaper, since what is left out need not be computed at all. But a small shift can move a stroke to a place that is left out.",
        points=(
            "Adding lets each of the four values count.",
            "Adding makes the result less sensitive to a small shift.",
            "Leaving out is cheaper: those values need not be computed.",
        ),
    ),
}
