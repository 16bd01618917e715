"""Notebook 08: distances to the codes, and the two losses."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.losses import map_loss

_CODES = torch.tensor(paper.DIGIT_CODES).flatten(1).float()
_HAMMING = (_CODES[:, None] != _CODES).sum(2)
_APART = _HAMMING[_HAMMING > 0]

PREDICTIONS = {
    "kind": Prediction(
        "OUTPUT gives ten numbers for an image. What are they?",
        right="distances: the smallest names the digit",
        choices={
            "probabilities: they sum to 1": "that would be a softmax, which came later. Probabilities can be computed from these numbers.",
            "scores: the largest names the digit": "so it is in most networks today. Here it is the other way round.",
            "distances: the smallest names the digit": "each unit tells how far F6 is from its code.",
        },
    ),
    "nearest": Prediction(
        "Which two of these codes are most alike?",
        right="6 and 8",
        choices={
            "1 and 7": f"they differ in {_HAMMING[1, 7]} of 84 pixels.",
            "3 and 8": f"they differ in {_HAMMING[3, 8]} of 84 pixels.",
            "6 and 8": f"they differ in {_HAMMING[6, 8]} of 84 pixels only.",
        },
    ),
    "collapse": Prediction(
        "Let the codes learn too, and train with equation 8, which asks only that F6 be near the right code. The loss:",
        right="goes to zero, and the codes become equal",
        choices={
            "goes to zero, and digits are read better than ever": "the loss does not ask that wrong codes be far away.",
            "goes to zero, and the codes become equal": "if all codes are one point and F6 is always there, every distance is zero.",
            "stays high: the codes run away from F6": "both move towards each other: that is what lowers the loss.",
        },
    ),
}


def distances(x: Tensor, codes: Tensor) -> Tensor:
    """(N, 84) and (10, 84) -> (N, 10): squared Euclidean distances (equation 7)."""
    return (x[:, None] - codes).square().sum(2)


def _points() -> list[tuple]:
    generator = torch.Generator().manual_seed(9)
    return [(_CODES[[3, 5, 8]] + 0.5 * torch.randn(3, 84, generator=generator), _CODES)]


def loss(y: Tensor, d: int, j: float) -> Tensor:
    """Equation 9 for one image: distances (10,), right class, the distance of rubbish."""
    return map_loss(y[None], torch.tensor([d]), j)


def _loss_without_rubbish(y: Tensor, d: int, j: float) -> Tensor:
    return y[d] + (-y).logsumexp(0)


def _distance_cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(10)
    return [(5 * torch.rand(10, generator=generator), d, j) for d, j in ((3, 1.0), (7, 0.1))]


EXERCISES = {
    "corners": Number(
        right=4 * int(_APART.min()),
        because=f"Where two codes differ, one has 1 and the other -1: a difference of 2, squared 4, {_APART.min()} times.",
        hints={
            int(
                _APART.min()
            ): "That is the number of pixels that differ. How far apart are 1 and -1, squared?",
            2 * int(_APART.min()): "Each difference is 2. Equation 7 squares it.",
            int(_APART.max()) * 4: "That is the distance of the two codes that are least alike, 1 and 8.",
        },
    ),
    "safe": Number(
        right=int(_APART.min()),
        because="Half the way between two codes is half of their straight distance, and squared that is a quarter.",
        hints={
            2 * int(_APART.min()): "Half of a straight distance is a quarter of its square.",
            4 * int(_APART.min()): "At that distance F6 may stand on the other code.",
            int(_APART.min()) ** 0.5: "That is the straight distance. OUTPUT gives its square.",
        },
    ),
    "distances": Code(
        right=distances,
        cases=_points,
        because="The same numbers as OUTPUT.",
        mistakes={
            "Equation 7 takes no square root.": lambda x, codes: distances(x, codes).sqrt(),
            "You take the mean of the squares; the paper takes the sum.": lambda x, codes: (
                distances(x, codes) / 84
            ),
            "You add absolute values; equation 7 adds squares.": lambda x, codes: (
                (x[:, None] - codes).abs().sum(2)
            ),
            "You add first and square then: differences of both signs cancel.": lambda x, codes: (
                (x[:, None] - codes).sum(2).square()
            ),
            "That is a product of F6 and codes, the largest of which wins. A distance is wanted.": lambda x, codes: (
                x @ codes.T
            ),
            "Images in rows and digits in columns, please: yours is transposed.": lambda x, codes: (
                distances(x, codes).T
            ),
        },
    ),
    "loss": Code(
        right=loss,
        cases=_distance_cases,
        because="The first term pulls towards the right code, the second pushes away from the others.",
        mistakes={
            "The class of rubbish is missing: add e to the power of -j inside the logarithm.": _loss_without_rubbish,
            "That is equation 8, which only pulls.": lambda y, d, j: y[d],
            "The sign of the second term is wrong: it is added.": lambda y, d, j: 2 * y[d] - loss(y, d, j),
            "Inside the logarithm stands e to the power of *minus* the distances.": lambda y, d, j: (
                y[d] + torch.log(torch.exp(torch.tensor(-j)) + y.exp().sum())
            ),
            "The logarithm is missing.": lambda y, d, j: (
                y[d] + torch.exp(torch.tensor(-j)) + (-y).exp().sum()
            ),
        },
    ),
    "cure": Choice(
        right="c",
        because="At one common point all distances are equal, and then the second term is at least log 10. Only codes that stay apart can lower it.",
        hints={
            "a": "No weight is bounded. Look at what the loss is when all distances are equal.",
            "b": "The rate is the same for both. It is the loss that differs.",
        },
    ),
}
