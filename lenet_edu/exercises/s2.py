"""Notebook 03: subsampling with a trained coefficient and bias, and the squash."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.exercises.checking import Code, Conditions, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.system.language import Text

_BOOK = ledger(lenet5())
_S2, _S4 = _BOOK["S2"], _BOOK["S4"]

PREDICTIONS = {
    "parameters": Prediction(
        Text("S2 halves the resolution of C1's six maps. How many trainable parameters does it have?"),
        right="b",
        choices={
            "a": (
                Text("none"),
                Text("that is true of today's average and max pooling. The paper's subsampling learns."),
            ),
            "b": (f"{_S2.parameters.value}", Text("each of the six maps has one coefficient and one bias.")),
            "c": (
                "30",
                Text(
                    "the four inputs of a unit do not have a weight each: they are added, and one coefficient serves "
                    "the sum."
                ),
            ),
        },
    ),
    "and_or": Prediction(
        Text(
            "A unit of S2 reads four units. Give it a large coefficient and a bias far below zero. What does "
            "it do with inputs of 1 and -1?"
        ),
        right="c",
        choices={
            "a": (
                Text("it averages the four"),
                Text("with a small coefficient it would: the squash is nearly a straight line there."),
            ),
            "b": (
                Text("it is positive as soon as one input is 1"),
                Text("that takes a bias far above zero, so that one is enough."),
            ),
            "c": (
                Text("it is positive only if all four inputs are 1"),
                Text("the sum must overcome the bias, and only four together can."),
            ),
        },
    ),
    "max": Prediction(
        Text(
            "A square holds the values -1.5, -1.2, -1.6 and 0.1: a clear negative answer, but for one unit. "
            "What does max pooling give?"
        ),
        right="c",
        choices={
            "a": (
                Text("-1.6, the strongest value"),
                Text("max pooling looks for the largest value, not for the strongest. -1.6 is the smallest."),
            ),
            "b": (Text("-1.05, the mean"), Text("that is average pooling.")),
            "c": (
                "0.1",
                Text(
                    "the largest of the four. Three clear negative answers are lost. This suits units that are never "
                    "negative, and most of today's are not."
                ),
            ),
        },
    ),
}


def subsample(maps: Tensor, size: int) -> Tensor:
    """(N, maps, H, W) -> (N, maps, H / size, W / size): the sum of each square."""
    return size**2 * F.avg_pool2d(maps, size)


def _maps() -> list[tuple]:
    generator = torch.Generator().manual_seed(3)
    return [(torch.randn(2, 3, 6, 12, generator=generator), size) for size in (3, 2)]


def squashed(sums, coefficient: float, bias: float) -> Tensor:
    """The answer of a subsampling unit to sums of its four inputs."""
    return paper.SQUASH_AMPLITUDE * torch.tanh(
        paper.SQUASH_SLOPE * (coefficient * torch.as_tensor(sums) + bias)
    )


# Four inputs of +1 or -1: with k of them at +1 the sum is 2k - 4.
_NONE, _SOME, _ALL = torch.tensor([-4.0]), torch.tensor([-2.0, 0.0, 2.0, 4.0]), torch.tensor([4.0])

EXERCISES = {
    "parameters": Number(
        right=10 * 2,
        because=Text("10 x 2 = 20, however large the squares are."),
        hints={
            10 * (9 + 1): Text("The nine inputs of a unit share one coefficient: they are added first."),
            10 * 10: Text("The nine inputs of a unit share one coefficient: they are added first."),
            10: Text("Each map has a coefficient and a bias."),
            0: Text(
                "Max pooling has none. The paper's subsampling has a coefficient and a bias for each map."
            ),
        },
    ),
    "connections": Number(
        right=_S4.connections.value,
        because=Text("{connections}: four inputs and a bias for each unit.", connections=_S4.connections),
        hints={
            _S4.units.value * 4: Text("Each unit is also connected to its bias."),
            _S4.units.value: Text("That is the number of units. Each has several connections."),
            _S4.parameters.value: Text("Those are the parameters. Each serves many connections."),
            16 * 10 * 10 * 5: Text("Count the units that come out, of 5 by 5, not those that go in."),
        },
    ),
    "subsample": Code(
        right=subsample,
        cases=_maps,
        because=Text("The same sums as the layer's, for squares of any size."),
        mistakes={
            Text("You take the mean of each square; the paper takes the sum."): lambda maps, size: (
                F.avg_pool2d(maps, size)
            ),
            Text("You take the largest of each square; the paper takes the sum."): lambda maps, size: (
                F.max_pool2d(maps, size)
            ),
            Text("Your squares are 2 by 2, whatever the size."): lambda maps, size: subsample(maps, 2),
            Text("The squares overlap: they have to move on by their own size."): lambda maps, size: (
                size**2 * F.avg_pool2d(maps, size, stride=1)
            ),
        },
    ),
    "or": Conditions(
        convert=lambda answer: tuple(map(float, (answer[0], answer[1], *answer[2:]))),
        wanted=Text("A pair of numbers such as (1.0, 0.5), coefficient first,"),
        conditions={
            Text("A pair is wanted: coefficient and bias, nothing else."): lambda pair: len(pair) == 2,
            Text("The coefficient must be above zero: more ink below must mean more above."): lambda pair: (
                pair[0] > 0
            ),
            Text(
                "With all four inputs at -1 your unit is above -1. Its bias outweighs even the sum of four."
            ): (lambda pair: squashed(_NONE, *pair).max() <= -1),
            Text(
                "With one input at +1, and three at -1, your unit is still below 1. Raise the bias, or both "
                "numbers."
            ): (lambda pair: squashed(_SOME, *pair).min() >= 1),
        },
        because=Text("One input at +1 is enough, and none is not: an OR of four."),
        form="pair",
        facts={
            "squash": [paper.SQUASH_AMPLITUDE, paper.SQUASH_SLOPE],
            "none": _NONE.tolist(),
            "some": _SOME.tolist(),
        },
    ),
}
EXPLANATIONS = {
    "pooling": Explanation(
        model=Text(
            "Subsampling has a coefficient and a bias for each map, so training can choose, map by map, how "
            "strongly to respond and from which threshold on: a map may average its four inputs, or act like "
            "an OR or an AND of them. Max pooling has no parameters; it does the same for every map, and "
            "negative values are lost."
        ),
        points=(
            Text("Each map has a coefficient and a bias, which are learned."),
            Text("Depending on them a map averages or decides."),
            Text("Max pooling has nothing to learn and is the same for all maps."),
        ),
    ),
}
