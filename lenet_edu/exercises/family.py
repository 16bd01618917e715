"""Notebook 15: LeNet-5's relatives, three networks as one, and how far a digit can be changed."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Code, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet4
from lenet_edu.network.ledger import ledger

_BOOK = ledger(lenet4())
_PRINTED = paper.FAMILY["lenet4"]
_C5, _OUTPUT = _BOOK["C5"], _BOOK["OUTPUT"]
_CLASSES = _OUTPUT.units.value

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
        "The third network was taught only what the first two disagree about. Alone, on ordinary digits and after this short training, it is",
        right="the worst of the three",
        choices={
            "the best of the three": "it has seen hardly any ordinary digit: they are those about which the first two agree.",
            "about as good as the others": "ordinary digits, about which the first two agree, were kept from it.",
            "the worst of the three": "it is made for the rare digits, and its scores are added to those of the other two.",
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
}
