"""Notebook 12: the RGB LeNet, its pictures, and how far it goes."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network.architecture import rgb_lenet
from lenet_edu.network.ledger import ledger
from lenet_edu.system.language import Text

_BOOK = ledger(rgb_lenet())
_HELD = {row.name: row.parameters.value for row in _BOOK.rows}
_TOTAL = _BOOK.totals["parameters"]
_MAPS = rgb_lenet().shapes["S4"][0]
_UNITS = rgb_lenet().shapes["F5"][0]

PREDICTIONS = {
    "largest": Prediction(
        Text("Of its {total:,} parameters, how many does the one layer F5 hold?", total=_TOTAL),
        right="c",
        choices={
            "a": (
                Text("about 10%"),
                Text(
                    "that is the share of C3, {parameters:,}, and a little less than that.",
                    parameters=_HELD["C3"],
                ),
            ),
            "b": (Text("about 50%"), Text("more: 120 units, and each of them reads all 800 units of S4.")),
            "c": (
                Text("about 80%"),
                Text(
                    "{parameters:,} of {total:,}: 120 units that read 800 each, with a bias.",
                    parameters=_HELD["F5"],
                    total=_TOTAL,
                ),
            ),
        },
    ),
    "upside": Prediction(
        Text(
            "Training pictures are turned upside down with an even chance, as the tutorial does it. On "
            "upright pictures the network will then be"
        ),
        right="c",
        choices={
            "a": (
                Text("better than without any flip"),
                Text(
                    "it sees twice as many pictures, but half of them are of a kind that it will never be asked about."
                ),
            ),
            "b": (
                Text("the same"),
                Text(
                    "it was measured, and they differ: half of the pictures that it learns from are upside down."
                ),
            ),
            "c": (
                Text("worse than without any flip"),
                Text("measured with three seeds each: it has to learn pictures that nobody will show it."),
            ),
        },
    ),
    "surest": Prediction(
        Text("You look at the network's surest mistakes. What will most of them be?"),
        right="c",
        choices={
            "a": (
                Text("pictures that you could not tell yourself"),
                Text("look at them: how many could you not tell?"),
            ),
            "b": (Text("pictures with a wrong label"), Text("look for one: there may be some, but few.")),
            "c": (
                Text("pictures that you would get right"),
                Text("look at them: it knows much less about animals than you do."),
            ),
        },
    ),
}


def scaled(pixels: Tensor) -> Tensor:
    """Bytes from 0 to 255 -> floats from -1 to 1: divided by 255, less the mean 0.5, through the deviation 0.5."""
    return (pixels / 255 - 0.5) / 0.5


def _pixels() -> list[tuple]:
    generator = torch.Generator().manual_seed(3)
    return [
        (torch.tensor([0, 255, 51], dtype=torch.uint8),),
        (torch.randint(256, (2, 3, 4, 4), generator=generator, dtype=torch.uint8),),
    ]


# With 64x64 pixels: 60, 30, 26 and 13 a side.
_SIDE = ((64 - 4) // 2 - 4) // 2

EXERCISES = {
    "c1": Number(
        right=_HELD["C1"],
        because=Text(
            "{parameters}: a kernel for each of three colours, and one bias a map.",
            parameters=_BOOK["C1"].parameters,
        ),
        hints={
            16 * 25: Text("Each map reads three colours, with a kernel for each."),
            16 * 26: Text("Each map reads three colours, with a kernel for each."),
            16 * 75: Text("And the biases?"),
            16 * (75 + 3): Text("One bias a map, however many maps it reads."),
        },
    ),
    "larger": Number(
        right=_UNITS * (_MAPS * _SIDE**2 + 1),
        because=Text(
            "S4 has {maps} maps of {side} x {side} then: {units} x ({inputs:,} + 1). C1 and C3 cost what "
            "they did.",
            maps=_MAPS,
            side=_SIDE,
            units=_UNITS,
            inputs=_MAPS * _SIDE**2,
        ),
        hints={
            _HELD["F5"]: Text("That is its number now. How large are S4's maps when the picture is 64 x 64?"),
            4 * _HELD["F5"]: Text(
                "Not four times: the edge that a kernel loses is the same 4 pixels. Follow the side: 64, 60, 30, "
                "..."
            ),
            _UNITS * _MAPS * _SIDE**2: Text("And the biases?"),
        },
    ),
    "scaled": Code(
        right=scaled,
        cases=_pixels,
        because=Text("0 becomes -1, and 255 becomes 1."),
        mistakes={
            Text("That goes from 0 to 1. Take the mean away, and divide by the deviation."): lambda pixels: (
                pixels / 255
            ),
            Text("That goes from -0.5 to 0.5. What is left is to divide by the deviation."): lambda pixels: (
                pixels / 255 - 0.5
            ),
            Text("Mean and deviation are those of values from 0 to 1: divide by 255 first."): lambda pixels: (
                (pixels - 0.5) / 0.5
            ),
        },
    ),
    "choose": Choice(
        right="b",
        because=Text(
            "The best of twenty looks at the same pictures is partly luck, and the luck does not come again."
        ),
        hints={
            "a": Text("The best epoch was chosen with these very pictures, so part of its lead is luck."),
            "c": Text("Why should new pictures be easier than those by which you chose?"),
        },
    ),
}

EXPLANATIONS = {
    "true": Explanation(
        model=Text(
            "A distortion helps when the changed picture could really occur and still shows the same class, "
            "such as a mirrored cat: the network then cannot learn the training pictures by heart. It does "
            "harm when it makes pictures that will never be asked about, such as a cat upside down, or that "
            "belong to another class, such as a 6 turned into a 9."
        ),
        points=(
            Text("The changed picture must still show its class."),
            Text("It must be a picture that could occur when the network is used."),
            Text("It keeps the network from learning its training pictures by heart."),
        ),
    ),
}
