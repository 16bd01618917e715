"""Notebook 15: LeNet-5's relatives, three networks as one, and how far a digit can be changed."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Code, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet4, lenet1989
from lenet_edu.network.ledger import ledger
from lenet_edu.system.language import Text

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
        Text(
            "The paper says of LeNet-4: about {connections:,} connections and about {parameters:,} "
            "parameters. Built as it is described, which of the two does it have?",
            connections=_PRINTED["connections"],
            parameters=_PRINTED["parameters"],
        ),
        right="b",
        choices={
            "a": (
                Text("both"),
                Text(
                    "then C5, which reads all 16 maps of 5x5, could not have {units} units.",
                    units=_C5.units.value,
                ),
            ),
            "b": (
                Text("the connections"),
                Text(
                    "C5 alone has {parameters:,} parameters, more than are printed for all.",
                    parameters=_C5.parameters.value,
                ),
            ),
            "c": (Text("the parameters"), Text("they are what cannot be: count those of C5.")),
        },
    ),
    "third": Prediction(
        Text(
            "Three networks were trained one after the other, each on digits that were hard for those before "
            "it. Their scores are added. The three together read"
        ),
        right="c",
        choices={
            "a": (
                Text("as well as the best of them"),
                Text("then the others would be of no use. Where one is unsure, another one often is not."),
            ),
            "b": (
                Text("as well as they do on average"),
                Text("scores are added, so a network that is sure counts for more than one that is not."),
            ),
            "c": (
                Text("better than each of them"),
                Text("they make different mistakes, and a network that is sure outweighs two that are not."),
            ),
        },
    ),
    "shift": Prediction(
        Text(
            "The paper estimates that LeNet-5 reads digits accurately that are up to {shift:g} of their "
            "height too low or too high. Ours, trained on digits in the middle, then misreads",
            shift=paper.ROBUST_UP_TO["shift"],
        ),
        right="c",
        choices={
            "a": (Text("about 1%"), Text("so it is with digits that stand in the middle.")),
            "b": (Text("about 10%"), Text("so it is at less than half of that shift.")),
            "c": (
                Text("most of them"),
                Text("it has met none that is not in the middle, and part of the digit is out of the frame."),
            ),
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
        because=Text("A network that is sure outweighs two that are not."),
        mistakes={
            Text(
                "That is a vote, in which a network that is sure counts no more than one that is not. Add the "
                "scores first."
            ): lambda s: s.argmax(2).mode(0).values,
            Text("LeNet-4 gives scores, not distances: the largest wins."): lambda s: s.sum(0).argmin(1),
            Text("That is what the first network says. Ask all of them."): lambda s: s[0].argmax(1),
            Text("The surest network alone decides there. Add the scores instead."): lambda s: s.amax(
                0
            ).argmax(1),
            Text("Those are the added scores. Name the class of each digit."): lambda s: s.sum(0),
        },
    ),
    "units": Number(
        right=_UNITS,
        because=Text(
            "({parameters:,} - {rest:,}) / ({own} + {classes}), rounded down: each unit of C5 has {own} "
            "parameters, and {classes} weights read it.",
            parameters=_PRINTED["parameters"],
            rest=_REST,
            own=_OWN,
            classes=_CLASSES,
        ),
        hints={
            _C5.units.value: Text("That is how many it has. Its parameters alone are too many."),
            _PRINTED["parameters"] // _OWN: Text("That leaves nothing for the other layers."),
            _UNITS + 1: Text(
                "That is one too many: round down. And OUTPUT reads each unit with ten weights."
            ),
        },
    ),
    "stride": Number(
        right=_SIDE**2,
        because=Text(
            "(28 + 2 x {padding} - {kernel}) / {stride} + 1, rounded down, is {side}: {side} x {side}.",
            padding=_H1.padding,
            kernel=_H1.kernel,
            stride=_H1.stride,
            side=_SIDE,
        ),
        hints={
            _SIDE: Text("That is the side. A map is a square."),
            12 * _SIDE**2: Text("That is all maps of the layer. One map is asked for."),
            24**2: Text("That is for steps of one, without a frame."),
            28**2: Text("That is for steps of one."),
            12**2: Text("The frame is missing: the image grows by 2 on each side."),
        },
    ),
}

EXPLANATIONS = {
    "halving": Explanation(
        model=Text(
            "Adding four values uses all that the layer below has computed, and the result changes little "
            "when a stroke moves by a pixel. Leaving out three of four is cheaper, since what is left out "
            "need not be computed at all. But a small shift can move a stroke to a place that is left out."
        ),
        points=(
            Text("Adding lets each of the four values count."),
            Text("Adding makes the result less sensitive to a small shift."),
            Text("Leaving out is cheaper: those values need not be computed."),
        ),
    ),
}
