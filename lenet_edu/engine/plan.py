"""A network's plan: its architecture as plain JSON, from which `engine.js` sets it up in a browser."""

from dataclasses import asdict

import numpy as np

from lenet_edu.network import paper
from lenet_edu.network.architecture import (
    Architecture,
    ConvolutionSpec,
    LayerSpec,
    LinearSpec,
    RBFSpec,
    SubsamplingSpec,
)

FORMAT = 1
KINDS = {ConvolutionSpec: "convolution", SubsamplingSpec: "subsampling", LinearSpec: "linear", RBFSpec: "rbf"}


def plan(architecture: Architecture) -> dict:
    """What `engine.js` has to know of a network, ready for `json.dumps`.

    `format`: of the plan, a whole number. `name`, `network`: the architecture's name and `config`, which a
    file of weights names. `input`: its name, maps and size. `layers`: for each layer its kind and every field
    of its description. A table has one text for each map below, with an X for each map that reads it; the
    codes of an RBF layer one text for each class, with an X for +1.
    """
    return {
        "format": FORMAT,
        "name": architecture.name,
        "network": architecture.config,
        "input": asdict(architecture.input),
        "layers": [_layer(layer) for layer in architecture.layers],
    }


def _layer(layer: LayerSpec) -> dict:
    description = {"kind": KINDS[type(layer)], **asdict(layer)}
    if isinstance(layer, ConvolutionSpec) and layer.table is not None:
        description["table"] = _rows(np.array(layer.table))
    if isinstance(layer, RBFSpec):
        description["codes"] = _rows(paper.DIGIT_CODES.reshape(layer.units, -1) > 0)
    return description


def _rows(marks: np.ndarray) -> list[str]:
    return ["".join("X" if mark else "." for mark in row) for row in marks]
