"""Notebook 07: 84 units that draw a picture."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Code, Conditions, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger

_BOOK = ledger(lenet5())
_BELOW, _UNITS = _BOOK["C5"].units.value, _BOOK["F6"].units.value

PREDICTIONS = {
    "rows": Prediction(
        f"F6 has {_UNITS} units, and training asks them to show a picture of the digit. Unit 0 and unit 1 stand next to each "
        "other in it. Do they read neighbouring units of C5?",
        right="each reads all of C5",
        choices={
            "yes: neighbours read neighbours, as in C1": "in C1 units have a place in the image. The units of C5 have none, so there are no neighbours to read.",
            f"each reads {_BELOW} / {_UNITS} units of C5, its own share": "then each unit would know a part of the digit only. What it should show depends on the whole digit.",
            "each reads all of C5": "every unit has a weight for each unit of C5. That two units stand side by side in the picture is a matter of what they are asked for, not of wires.",
        },
    ),
    "picture": Prediction(
        "Two people write a 3 in quite different ways. F6, seen as a picture of 7 by 12, shows:",
        right="the same printed 3 for both",
        choices={
            "a small copy of what each has written": "F6 is not asked to copy. It is trained towards one code for each class.",
            "the same printed 3 for both": "the code is one picture for each class, and F6 learns to give it for every way of writing.",
            "nothing that one could recognise": "so it is in most networks. Here the target is a picture, and training reaches it.",
        },
    ),
}


def agreement(x: Tensor, codes: Tensor) -> Tensor:
    """(N, 84) and (10, 84) -> (N, 10): at how many pixels the signs agree."""
    return (x[:, None].sign() == codes).sum(2)


def _pictures() -> list[tuple]:
    generator = torch.Generator().manual_seed(8)
    codes = torch.tensor(paper.DIGIT_CODES).flatten(1).float()
    return [(codes[:4] + 1.5 * torch.randn(4, _UNITS, generator=generator), codes)]


def _drawing(answer) -> Tensor:
    drawn = torch.as_tensor(answer).float()
    if drawn.shape != (paper.CODE_HEIGHT, paper.CODE_WIDTH) or not (drawn.abs() == 1).all():
        raise ValueError
    return drawn


def _distances_to_codes(drawn: Tensor) -> Tensor:
    """(10,): how many pixels differ from each code."""
    return (torch.tensor(paper.DIGIT_CODES) != drawn).sum((1, 2))


EXERCISES = {
    "larger": Number(
        right=63 * (_BELOW + 1),
        because=f"63 x ({_BELOW} + 1) = {63 * (_BELOW + 1):,}",
        hints={
            63 * _BELOW: "Each unit also has a bias.",
            _UNITS * (_BELOW + 1): "That is F6 with its pictures of 7 by 12.",
            63 * (_UNITS + 1): "F6 reads C5, which has 120 units.",
        },
    ),
    "unit": Conditions(
        convert=lambda answer: _drawing(answer),
        wanted=f"A table of {paper.CODE_HEIGHT} rows and {paper.CODE_WIDTH} columns of 1 and -1",
        conditions={
            "It is the same as the code of a digit. Draw something that is no digit.": lambda drawn: (
                _distances_to_codes(drawn).min() > 0
            ),
            "It is within 12 pixels of the code of a digit: the network could take it for that. Change more pixels.": (
                lambda drawn: _distances_to_codes(drawn).min() > 12
            ),
            "It has hardly any ink: at least ten pixels should be 1.": lambda drawn: (drawn > 0).sum() >= 10,
        },
        because="A new code, more than 12 pixels away from each digit: a network could learn it as an eleventh class.",
    ),
    "agreement": Code(
        right=agreement,
        cases=_pictures,
        because="Each row has its largest number at the digit that is drawn.",
        mistakes={
            "You count the pixels that differ; those that agree are wanted.": lambda x, codes: (
                codes.shape[1] - agreement(x, codes)
            ),
            "Give the number of pixels, not their share.": lambda x, codes: (
                agreement(x, codes) / codes.shape[1]
            ),
            "Compare signs: F6 is hardly ever exactly 1 or -1.": lambda x, codes: (x[:, None] == codes).sum(
                2
            ),
            "Images in rows and digits in columns, please: yours is transposed.": lambda x, codes: (
                agreement(x, codes).T
            ),
        },
    ),
}

EXPLANATIONS = {
    "targets": Explanation(
        model="The squash comes near 1.7159 only when its weighted sum grows without limit. If the codes asked for that, the "
        "weights would have to grow on and on, and the slope of the squash out there is nearly zero, so learning would stop. "
        "At 1 and -1 the squash is still steep enough, and it is reached with moderate weights.",
        points=(
            "The limits 1.7159 and -1.7159 are never reached; only ever larger weights come closer.",
            "Near the limits the slope of the squash is almost zero, so hardly anything is learned there.",
            "1 and -1 lie inside, where the squash can be reached and still has a slope.",
        ),
    ),
}
