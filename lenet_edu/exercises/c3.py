"""Notebook 04: which maps of S2 feed which maps of C3."""

import numpy as np
import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Conditions, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import connection_table, lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.system.language import Text

_TABLE = paper.C3_TABLE
_MAPS_IN, _MAPS = _TABLE.shape
_LINKS, _EVERY = int(_TABLE.sum()), _TABLE.size
_ROW, _FULL = ledger(lenet5())["C3"], ledger(lenet5(c3="full"))["C3"]
_READS = sorted(_TABLE.sum(0).tolist())

PREDICTIONS = {
    "kernels": Prediction(
        Text(
            "C3 makes {maps} maps from the {maps_in} maps of S2. How many kernels does it have?",
            maps=_MAPS,
            maps_in=_MAPS_IN,
        ),
        right="b",
        choices={
            "a": (
                f"{_MAPS}",
                Text(
                    "that would be one kernel for each map of C3. But a map needs a kernel for each map that it reads."
                ),
            ),
            "b": (
                f"{_LINKS}",
                Text(
                    "each map of C3 reads from {least} to {most} of the six, and has a kernel for each of them. "
                    "Every X of the table is one kernel.",
                    least=_READS[0],
                    most=_READS[-1],
                ),
            ),
            "c": (
                f"{_EVERY}",
                Text(
                    "that is {maps} x {maps_in}: if every map of C3 read all six, as in most networks of today. In "
                    "the paper only {reading_all} map does.",
                    maps=_MAPS,
                    maps_in=_MAPS_IN,
                    reading_all=_READS.count(_MAPS_IN),
                ),
            ),
        },
    ),
    "full": Prediction(
        Text("Let every map of C3 read all six maps. What grows?"),
        right="b",
        choices={
            "a": (
                Text("parameters, connections and units"),
                Text("the output stays 16 maps of 10 by 10: more is read, not more written."),
            ),
            "b": (
                Text("parameters and connections only"),
                Text(
                    "more weights, each used at as many places as before. What comes out has the same shape."
                ),
            ),
            "c": (
                Text("nothing: the weights are shared"),
                Text(
                    "they are shared within a map, between its places. Each further map that is read brings a kernel "
                    "of its own."
                ),
            ),
        },
    ),
    "symmetry": Prediction(
        Text(
            "All maps of C3 read all six maps and begin with the same weights, and all weights above treat "
            "them alike. After training, how many of the 16 maps are different?"
        ),
        right="c",
        choices={
            "a": (
                Text("16: training makes them different"),
                Text(
                    "equal maps get equal gradients, so each step leaves them equal. Training cannot break a tie."
                ),
            ),
            "b": (
                Text("about half"),
                Text("there is nothing that could tell one from another, so no half is singled out."),
            ),
            "c": (
                Text("1: they are all the same"),
                Text(
                    "equal weights get equal gradients, in every step. Where maps read different things, as in Table "
                    "I, equal weights no longer force equal maps, though two maps may still come out equal."
                ),
            ),
        },
    ),
}


def count(table: Tensor, kernel: int) -> int:
    """Boolean (maps_in, maps), the side of a kernel -> parameters of the convolution."""
    return int(table.sum()) * kernel**2 + table.shape[1]


def _tables() -> list[tuple]:
    generator = torch.Generator().manual_seed(4)
    return [(torch.tensor(_TABLE), 5), (torch.rand(4, 7, generator=generator) < 0.5, 3)]


EXERCISES = {
    "single": Number(
        right=_MAPS * (25 + 1),
        because=Text("{maps} x (25 + 1) = {count}", maps=_MAPS, count=_MAPS * 26),
        hints={
            _MAPS * 25: Text("Each map also has a bias."),
            _MAPS * (6 * 25 + 1): Text("That is the full table, where each map reads all six."),
            6 * (25 + 1): Text("There are 16 maps in C3; six is the number of maps below."),
        },
    ),
    "count": Code(
        right=count,
        cases=_tables,
        because=Text("A kernel for each link and a bias for each column: 1,516 for the paper's table."),
        mistakes={
            Text("The biases are missing: each map that reads has one."): lambda table, kernel: (
                int(table.sum()) * kernel**2
            ),
            Text(
                "You count a bias for each link; a map has one bias, however many maps it reads."
            ): lambda table, kernel: int(table.sum()) * (kernel**2 + 1),
            Text("You count every cell of the table; only the links have kernels."): lambda table, kernel: (
                table.numel() * kernel**2 + table.shape[1]
            ),
            Text("A kernel has `kernel` times `kernel` weights."): lambda table, kernel: (
                int(table.sum()) * kernel + table.shape[1]
            ),
            Text(
                "You count a bias for each map that is read; it belongs to the maps that read, the columns."
            ): (lambda table, kernel: int(table.sum()) * kernel**2 + table.shape[0]),
        },
    ),
    "debug": Choice(
        right="b",
        because=Text("The bias belongs to the map of C3. It is added once, after the three sums."),
        hints={
            "a": Text("Each map that is read has a kernel of its own: they look for different things."),
            "c": Text("The three results are added, not averaged. Look at the formula."),
        },
    ),
    "table": Conditions(
        convert=connection_table,
        wanted=Text("A table of 6 rows and 16 columns of True and False"),
        conditions={
            Text("The table must have as many links as the paper's, {links}.", links=_LINKS): lambda table: (
                table.sum() == _LINKS
            ),
            Text("A column is empty: that map of C3 would read nothing."): lambda table: table.any(0).all(),
            Text("Two columns are alike. Those two maps of C3 would read the same."): lambda table: (
                len(np.unique(table, axis=1).T) == _MAPS
            ),
            Text(
                "Some rows have more links than others: each map of S2 shall be read ten times, as in the paper."
            ): (lambda table: (table.sum(1) == _LINKS // _MAPS_IN).all()),
            Text("That is the paper's own table. Build another."): lambda table: (table != _TABLE).any(),
        },
        because=Text(
            "As many parameters as the paper's, no two maps that read the same, and no map of S2 neglected."
        ),
        form="table",
        facts={"paper": _TABLE.tolist()},
    ),
}
EXPLANATIONS = {
    "symmetry": Explanation(
        model=Text(
            "Maps with equal weights that read the same maps give equal outputs, so each gets the same "
            "gradient and takes the same step. After any number of steps they are still equal: sixteen maps "
            "do the work of one. One can give them random initial weights, or let them read different maps, "
            "as Table I does."
        ),
        points=(
            Text("Equal weights and equal inputs give equal outputs."),
            Text("Then the gradients are equal too, so every step keeps the maps equal."),
            Text("Random initial weights or different inputs break the symmetry."),
        ),
    ),
}
