"""Notebook 09: the whole network, counted."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger

_BOOK = ledger(lenet5())
_KERNEL = 25
_SHARED = _BOOK["C1"].connections.value // _BOOK["C1"].parameters.value

PREDICTIONS = {
    "largest": Prediction(
        "C1, C3 and C5 are convolutions, F6 is fully connected. Which single layer holds most of the parameters?",
        right="C5",
        choices={
            "C1": f"it has the most units, but they share six kernels: {_BOOK['C1'].parameters.value} parameters.",
            "C3": f"its table has 60 kernels, and {_BOOK['C3'].parameters.value:,} parameters.",
            "C5": "120 maps, each with a kernel for each of 16 maps below.",
            "F6": f"it is fully connected, but only to 120 units: {_BOOK['F6'].parameters.value:,} parameters.",
        },
    ),
    "charts": Prediction(
        "One chart shows where the parameters sit, another where the connections sit. Will they look alike?",
        right="no: nearly opposite",
        choices={
            "yes: a connection is a parameter": "only where nothing is shared. In C1 each parameter serves 784 connections.",
            "no: nearly opposite": "the convolutions have most of the connections, C5 and F6 most of the parameters.",
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
        because="36, 32, 16, 12, 6, 2: C5 gives 120 maps of 2 x 2. No parameter is added.",
        hints={
            120: "S4's maps are 6 by 6 now. At how many places can a kernel of 5 by 5 stand?",
            120 * 2: "Two places in each of two directions.",
            4: "Those are the places in one map. C5 has 120 maps.",
            120 * 6 * 6: "Each of S4's maps is 6 by 6. C5's are smaller.",
        },
    ),
    "s2": Number(
        right=_BOOK["S2"].parameters.value,
        because="Still 12: one coefficient and one bias for each of six maps, however many inputs a unit has.",
        hints={
            6 * 17: "The sixteen inputs share one coefficient.",
            4
            * _BOOK[
                "S2"
            ].parameters.value: "A unit has four times as many inputs, but they share one coefficient.",
            24: "A unit has more inputs, but they share one coefficient.",
        },
    ),
    "c3": Code(
        right=parameters,
        cases=_tables,
        because="25 weights a link, one bias a map.",
        mistakes={
            "The biases are missing: one for each map of C3.": lambda table: _KERNEL * table.sum(),
            "One bias a map of C3 is enough; you have one for each link.": lambda table: (
                (_KERNEL + 1) * table.sum()
            ),
            "You count all places in the table. Only links have a kernel.": lambda table: (
                _KERNEL * table.numel() + table.shape[1]
            ),
            "The biases belong to the columns, not to the rows.": lambda table: (
                _KERNEL * table.sum() + table.shape[0]
            ),
        },
    ),
    "mlp": Number(
        right=785 * 1000 + 1001 * 150 + 151 * 10,
        because="785 x 1,000 + 1,001 x 150 + 151 x 10 = 936,660. The fully connected layers do not share anything.",
        hints={
            784 * 1000
            + 1000 * 150
            + 150 * 10: "The biases are missing: one for each hidden unit and each output.",
            785 * 1000 + 1001 * 10: "That is the network without the second hidden layer.",
            785 * 1000
            + 1001 * 150
            + 1001 * 10: "The outputs read the second hidden layer, 150 units, not the first.",
        },
    ),
    "sixty": Choice(
        right="b",
        because="60 x 25 + 16 = 1,516 for C3, and the other layers do not change.",
        hints={
            "a": "Count: each link brings 25 weights, wherever it is.",
            "c": "Columns that are alike have kernels of their own all the same.",
        },
    ),
}

EXPLANATIONS = {
    "sharing": Explanation(
        model="C1 has only six kernels, so few parameters. But each kernel is used at "
        f"{_SHARED} places of its map, and each use is a "
        f"connection of its own. So one parameter stands behind {_SHARED} connections. In F6 nothing is shared, and both numbers "
        "are equal.",
        points=(
            "The units of a map in C1 share one kernel and one bias.",
            f"Each of these parameters serves {_SHARED} connections, one at each place.",
            "Layers without sharing have as many parameters as connections.",
        ),
    ),
}
