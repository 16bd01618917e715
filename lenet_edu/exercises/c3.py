"""Notebook 04: which maps of S2 feed which maps of C3."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Conditions, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import connection_table, lenet5
from lenet_edu.network.ledger import ledger

_TABLE = paper.C3_TABLE
_MAPS_IN, _MAPS = _TABLE.shape
_LINKS, _EVERY = int(_TABLE.sum()), _TABLE.size
_ROW, _FULL = ledger(lenet5())["C3"], ledger(lenet5(c3="full"))["C3"]
_READS = sorted(_TABLE.sum(0).tolist())

PREDICTIONS = {
    "reads": Prediction(
        f"S2 has six maps, C3 has {_MAPS}. How many of the six does a map of C3 read?",
        right=f"from {_READS[0]} to {_READS[-1]}, by a table",
        choices={
            "all six": "that is how nearly all convolutions are built today, and how most copies of LeNet-5 are. The paper's C3 is not.",
            f"from {_READS[0]} to {_READS[-1]}, by a table": f"Table I says for each map which ones. Only {_TABLE.sum(0).tolist().count(6)} map reads all six.",
            "one": "then it could not combine an edge of one direction with an edge of another, and combining is what C3 is for.",
        },
    ),
    "full": Prediction(
        "Let every map of C3 read all six. What grows?",
        right="parameters and connections only",
        choices={
            "parameters, connections and units": "the output stays 16 maps of 10 by 10: more is read, not more written.",
            "parameters and connections only": "more weights, each used at as many places as before. What comes out has the same shape.",
            "nothing: the weights are shared": "they are shared within a map, between its places. Each further map that is read brings a kernel of its own.",
        },
    ),
    "symmetry": Prediction(
        "All maps of C3 read all six maps and begin with the same weights, and all weights above treat them alike. After training, how many of the 16 maps are different?",
        right="1: they are all the same",
        choices={
            "16: training makes them different": "equal maps get equal gradients, so each step leaves them equal. Training cannot break a tie.",
            "about half": "there is nothing that could tell one from another, so no half is singled out.",
            "1: they are all the same": "equal weights get equal gradients, in every step.",
        },
    ),
}


def one_map(s2: Tensor, kernels: Tensor, bias: Tensor, reads: Tensor) -> Tensor:
    """(N, 6, 14, 14), (6, 5, 5), (), boolean (6,) -> (N, 10, 10): one map of C3 before the squash."""
    return F.conv2d(s2[:, reads], kernels[reads][None])[:, 0] + bias


def _cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(4)
    reads = torch.tensor(_TABLE)
    return [
        (
            torch.randn(2, 6, 14, 14, generator=generator),
            torch.randn(6, 5, 5, generator=generator),
            torch.randn((), generator=generator),
            reads[:, k],
        )
        for k in (0, 8, 13)
    ]


EXERCISES = {
    "single": Number(
        right=_MAPS * (25 + 1),
        because=f"{_MAPS} x (25 + 1) = {_MAPS * 26}",
        hints={
            _MAPS * 25: "Each map also has a bias.",
            _MAPS * (6 * 25 + 1): "That is the full table, where each map reads all six.",
            6 * (25 + 1): "There are 16 maps in C3; six is the number of maps below.",
        },
    ),
    "share": Number(
        right=_LINKS / _EVERY,
        because=f"{_LINKS} of {_EVERY} possible links.",
        hints={
            100 * _LINKS / _EVERY: "Give a share between 0 and 1, not percents.",
            _ROW.parameters.value
            / _FULL.parameters.value: "That is the share of the parameters, biases included. The share of the links is asked for.",
            _LINKS: "That is the number of links that there are. Divide by the number that there could be.",
        },
        tolerance=0.002,
    ),
    "one_map": Code(
        right=one_map,
        cases=_cases,
        because="A map of C3 is a sum of convolutions, one for each map it reads.",
        mistakes={
            "You read all six maps. The map reads only those that `reads` marks.": lambda s2, kernels, bias, reads: (
                one_map(s2, kernels, bias, torch.ones(6, dtype=torch.bool))
            ),
            "You read the maps that are not marked.": lambda s2, kernels, bias, reads: one_map(
                s2, kernels, bias, ~reads
            ),
            "You add the bias once for every map that is read. It is added once.": lambda s2, kernels, bias, reads: (
                one_map(s2, kernels, bias * reads.sum(), reads)
            ),
            "The bias is missing.": lambda s2, kernels, bias, reads: one_map(s2, kernels, 0 * bias, reads),
            "You take the mean over the maps that are read; they are added.": lambda s2, kernels, bias, reads: (
                one_map(s2, kernels, 0 * bias, reads) / reads.sum() + bias
            ),
        },
    ),
    "table": Conditions(
        convert=connection_table,
        wanted="A table of 6 rows and 16 columns of True and False",
        conditions={
            f"The table must have as many links as the paper's, {_LINKS}.": lambda table: (
                table.sum() == _LINKS
            ),
            "A column is empty: that map of C3 would read nothing.": lambda table: table.any(0).all(),
            "Two columns are alike. Those two maps of C3 would read the same.": lambda table: (
                len(np.unique(table, axis=1).T) == _MAPS
            ),
            "Some rows have more links than others: each map of S2 shall be read ten times, as in the paper.": (
                lambda table: (table.sum(1) == _LINKS // _MAPS_IN).all()
            ),
            "That is the paper's own table. Build another.": lambda table: (table != _TABLE).any(),
        },
        because="As many parameters as the paper's, no two maps that read the same, and no map of S2 neglected.",
        form="table",
        facts={"paper": _TABLE.tolist()},
    ),
    "why": Choice(
        right="b",
        because="Random initial weights break the tie too. The table does it for good: what reads different maps cannot become the same.",
        hints={
            "a": "Count the layers' parameters: C3 holds few of the 60,000, with the table or without.",
            "c": "The maps of S2 have the same size, whoever reads them.",
        },
    ),
}
