"""Notebook 07: 84 units that draw a picture."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Code, Conditions, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.system.language import Text

_BOOK = ledger(lenet5())
_BELOW, _UNITS = _BOOK["C5"].units.value, _BOOK["F6"].units.value

PREDICTIONS = {
    "rows": Prediction(
        Text(
            "F6 has {units} units, and training asks them to show a picture of the digit. Unit 0 and unit 1 "
            "stand next to each other in it. Do they read neighbouring units of C5?",
            units=_UNITS,
        ),
        right="c",
        choices={
            "a": (
                Text("yes: neighbours read neighbours, as in C1"),
                Text(
                    "in C1 units have a place in the image. The units of C5 have none, so there are no neighbours to "
                    "read."
                ),
            ),
            "b": (
                Text("each reads {below} / {units} units of C5, its own share", below=_BELOW, units=_UNITS),
                Text(
                    "then each unit would know a part of the digit only. What it should show depends on the whole "
                    "digit."
                ),
            ),
            "c": (
                Text("each reads all of C5"),
                Text(
                    "every unit has a weight for each unit of C5. That two units stand side by side in the picture "
                    "is a matter of what they are asked for, not of wires."
                ),
            ),
        },
    ),
    "picture": Prediction(
        Text("Two people write a 3 in quite different ways. F6, seen as a picture of 7 by 12, shows:"),
        right="b",
        choices={
            "a": (
                Text("a small copy of what each has written"),
                Text("F6 is not asked to copy. It is trained towards one code for each class."),
            ),
            "b": (
                Text("the same printed 3 for both"),
                Text(
                    "the code is one picture for each class, and F6 learns to give it for every way of writing."
                ),
            ),
            "c": (
                Text("nothing that one could recognise"),
                Text("so it is in most networks. Here the target is a picture, and training reaches it."),
            ),
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
        because=Text("63 x ({below} + 1) = {count:,}", below=_BELOW, count=63 * (_BELOW + 1)),
        hints={
            63 * _BELOW: Text("Each unit also has a bias."),
            _UNITS * (_BELOW + 1): Text("That is F6 with its pictures of 7 by 12."),
            63 * (_UNITS + 1): Text("F6 reads C5, which has 120 units."),
        },
    ),
    "unit": Conditions(
        convert=lambda answer: _drawing(answer),
        wanted=Text(
            "A table of {rows} rows and {columns} columns of 1 and -1",
            rows=paper.CODE_HEIGHT,
            columns=paper.CODE_WIDTH,
        ),
        conditions={
            Text("It is the same as the code of a digit. Draw something that is no digit."): lambda drawn: (
                _distances_to_codes(drawn).min() > 0
            ),
            Text(
                "It is within 12 pixels of the code of a digit: the network could take it for that. Change more "
                "pixels."
            ): (lambda drawn: _distances_to_codes(drawn).min() > 12),
            Text("It has hardly any ink: at least ten pixels should be 1."): lambda drawn: (
                (drawn > 0).sum() >= 10
            ),
        },
        because=Text(
            "A new code, more than 12 pixels away from each digit: a network could learn it as an eleventh "
            "class."
        ),
    ),
    "agreement": Code(
        right=agreement,
        cases=_pictures,
        because=Text("Each row has its largest number at the digit that is drawn."),
        mistakes={
            Text("You count the pixels that differ; those that agree are wanted."): lambda x, codes: (
                codes.shape[1] - agreement(x, codes)
            ),
            Text("Give the number of pixels, not their share."): lambda x, codes: (
                agreement(x, codes) / codes.shape[1]
            ),
            Text("Compare signs: F6 is hardly ever exactly 1 or -1."): lambda x, codes: (
                x[:, None] == codes
            ).sum(2),
            Text("Images in rows and digits in columns, please: yours is transposed."): lambda x, codes: (
                agreement(x, codes).T
            ),
        },
    ),
}

EXPLANATIONS = {
    "targets": Explanation(
        model=Text(
            "The squash comes near 1.7159 only when its weighted sum grows without limit. If the codes asked "
            "for that, the weights would have to grow on and on, and the slope of the squash out there is "
            "nearly zero, so learning would stop. At 1 and -1 the squash is still steep enough, and it is "
            "reached with moderate weights."
        ),
        points=(
            Text("The limits 1.7159 and -1.7159 are never reached; only ever larger weights come closer."),
            Text(
                "Near the limits the slope of the squash is almost zero, so hardly anything is learned there."
            ),
            Text("1 and -1 lie inside, where the squash can be reached and still has a slope."),
        ),
    ),
}
