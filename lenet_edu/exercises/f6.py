"""Notebook 07: 84 units that draw a picture."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.layers import ScaledTanh
from lenet_edu.network.ledger import ledger

_BOOK = ledger(lenet5())
_BELOW, _UNITS = _BOOK["C5"].units.value, _BOOK["F6"].units.value

PREDICTIONS = {
    "units": Prediction(
        f"There are ten classes. Why has F6 {_UNITS} units?",
        right=f"{_UNITS} is {paper.CODE_WIDTH} x {paper.CODE_HEIGHT}: a small picture of the digit",
        choices={
            "more units remember more": "any number would do for that. This one has a reason.",
            f"{_UNITS} lies between {_BELOW} and 10": "so does 40. Many copies of the network keep the number, and lose its reason.",
            f"{_UNITS} is {paper.CODE_WIDTH} x {paper.CODE_HEIGHT}: a small picture of the digit": "each class has a code of that many pixels, and F6 is to reproduce it.",
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


def f6(c5: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """(N, 120), (84, 120), (84,) -> (N, 84), squashed."""
    return ScaledTanh()(F.linear(c5, weight, bias))


def _layer() -> list[tuple]:
    generator = torch.Generator().manual_seed(7)
    return [
        (
            torch.randn(3, 8, generator=generator),
            torch.randn(5, 8, generator=generator),
            torch.randn(5, generator=generator),
        )
    ]


def agreement(x: Tensor, codes: Tensor) -> Tensor:
    """(N, 84) and (10, 84) -> (N, 10): at how many pixels the signs agree."""
    return (x[:, None].sign() == codes).sum(2)


def _pictures() -> list[tuple]:
    generator = torch.Generator().manual_seed(8)
    codes = torch.tensor(paper.DIGIT_CODES).flatten(1).float()
    return [(codes[:4] + 1.5 * torch.randn(4, _UNITS, generator=generator), codes)]


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
    "f6": Code(
        right=f6,
        cases=_layer,
        because="A matrix product, a bias, and the paper's squash.",
        mistakes={
            "The squash is missing.": F.linear,
            "The bias is missing.": lambda c5, weight, bias: f6(c5, weight, 0 * bias),
            "That is the plain tanh. The paper's is 1.7159 tanh(2a/3).": lambda c5, weight, bias: torch.tanh(
                F.linear(c5, weight, bias)
            ),
            "You squash before you add the bias.": lambda c5, weight, bias: f6(c5, weight, 0 * bias) + bias,
        },
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
    "targets": Choice(
        right="b",
        because="At 1 and -1 the squash bends most. Targets at its limits would ask for endless weights and leave no gradient.",
        hints={
            "a": "Larger targets would lie farther apart. It is the way there that goes wrong.",
            "c": "The distances would be larger, but they would still be compared with each other.",
        },
    ),
}
