"""Notebook 09: the whole network, counted."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.system.language import Text

_BOOK = ledger(lenet5())
_KERNEL = 25
_SHARED = _BOOK["C1"].connections.value // _BOOK["C1"].parameters.value

PREDICTIONS = {
    "largest": Prediction(
        Text(
            "C1, C3 and C5 are convolutions, F6 is fully connected. Which single layer holds most of the "
            "parameters?"
        ),
        right="c",
        choices={
            "a": (
                "C1",
                Text(
                    "it has the most units, but they share six kernels: {parameters} parameters.",
                    parameters=_BOOK["C1"].parameters.value,
                ),
            ),
            "b": (
                "C3",
                Text(
                    "its table has 60 kernels, and {parameters:,} parameters.",
                    parameters=_BOOK["C3"].parameters.value,
                ),
            ),
            "c": ("C5", Text("120 maps, each with a kernel for each of 16 maps below.")),
            "d": (
                "F6",
                Text(
                    "it is fully connected, but only to 120 units: {parameters:,} parameters.",
                    parameters=_BOOK["F6"].parameters.value,
                ),
            ),
        },
    ),
    "charts": Prediction(
        Text(
            "One chart shows where the parameters sit, another where the connections sit. Will they look alike?"
        ),
        right="b",
        choices={
            "a": (
                Text("yes: a connection is a parameter"),
                Text("only where nothing is shared. In C1 each parameter serves 784 connections."),
            ),
            "b": (
                Text("no: nearly opposite"),
                Text("the convolutions have most of the connections, C5 and F6 most of the parameters."),
            ),
        },
    ),
}


def parameters(table: Tensor) -> Tensor:
    """Boolean (6, 16) -> the number of C3's parameters."""
    return _KERNEL * table.sum() + table.shape[1]


def _tables() -> list[tuple]:
    generator = torch.Generator().manual_seed(11)
    shuffled = torch.rand(paper.C3_TABLE.shape, generator=generator) < 0.5
    return [(torch.tensor(paper.C3_TABLE),), (shuffled,)]


EXERCISES = {
    "larger": Number(
        right=120 * 2 * 2,
        because=Text("36, 32, 16, 12, 6, 2: C5 gives 120 maps of 2 x 2. No parameter is added."),
        hints={
            120: Text("S4's maps are 6 by 6 now. At how many places can a kernel of 5 by 5 stand?"),
            120 * 2: Text("Two places in each of two directions."),
            4: Text("Those are the places in one map. C5 has 120 maps."),
            120 * 6 * 6: Text("Each of S4's maps is 6 by 6. C5's are smaller."),
        },
    ),
    "s2": Number(
        right=_BOOK["S2"].parameters.value,
        because=Text(
            "Still 12: one coefficient and one bias for each of six maps, however many inputs a unit has."
        ),
        hints={
            6 * 17: Text("The sixteen inputs share one coefficient."),
            4 * _BOOK["S2"].parameters.value: Text(
                "A unit has four times as many inputs, but they share one coefficient."
            ),
            24: Text("A unit has more inputs, but they share one coefficient."),
        },
    ),
    "c3": Code(
        right=parameters,
        cases=_tables,
        because=Text("25 weights a link, one bias a map."),
        mistakes={
            Text("The biases are missing: one for each map of C3."): lambda table: _KERNEL * table.sum(),
            Text("One bias a map of C3 is enough; you have one for each link."): lambda table: (
                (_KERNEL + 1) * table.sum()
            ),
            Text("You count all places in the table. Only links have a kernel."): lambda table: (
                _KERNEL * table.numel() + table.shape[1]
            ),
            Text("The biases belong to the columns, not to the rows."): lambda table: (
                _KERNEL * table.sum() + table.shape[0]
            ),
        },
    ),
    "mlp": Number(
        right=785 * 1000 + 1001 * 150 + 151 * 10,
        because=Text(
            "785 x 1,000 + 1,001 x 150 + 151 x 10 = 936,660. The fully connected layers do not share anything."
        ),
        hints={
            784 * 1000 + 1000 * 150 + 150 * 10: Text(
                "The biases are missing: one for each hidden unit and each output."
            ),
            785 * 1000 + 1001 * 10: Text("That is the network without the second hidden layer."),
            785 * 1000 + 1001 * 150 + 1001 * 10: Text(
                "The outputs read the second hidden layer, 150 units, not the first."
            ),
        },
    ),
    "sixty": Choice(
        right="b",
        because=Text("60 x 25 + 16 = 1,516 for C3, and the other layers do not change."),
        hints={
            "a": Text("Count: each link brings 25 weights, wherever it is."),
            "c": Text("Columns that are alike have kernels of their own all the same."),
        },
    ),
}

EXPLANATIONS = {
    "sharing": Explanation(
        model=Text(
            "C1 has only six kernels, so few parameters. But each kernel is used at {uses} places of its "
            "map, and each use is a connection of its own. So one parameter stands behind {uses} "
            "connections. In F6 nothing is shared, and both numbers are equal.",
            uses=_SHARED,
        ),
        points=(
            Text("The units of a map in C1 share one kernel and one bias."),
            Text("Each of these parameters serves {uses} connections, one at each place.", uses=_SHARED),
            Text("Layers without sharing have as many parameters as connections."),
        ),
    ),
}
