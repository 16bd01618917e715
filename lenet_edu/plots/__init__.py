"""Figures in one style, drawn with matplotlib from arrays and from descriptions of networks:
`plots.feature_maps(...)`. They also show where no kernel runs.

Each function returns the matplotlib figure. In a notebook it shows by itself when its call ends a cell.
"""

from lenet_edu.plots.connections import fully_connected, kernel_sum, to_codes
from lenet_edu.plots.drawing import network
from lenet_edu.plots.images import digits, pictures, predictions, saliency, scan, steps
from lenet_edu.plots.layers import (
    bars,
    combination,
    curves,
    feature_maps,
    kernels,
    maps,
    matrix,
    numbers,
    side_by_side,
)
from lenet_edu.plots.learning import backward_pass, loss_surface, slope
from lenet_edu.plots.networks import (
    field_squares,
    parameters_and_connections,
    receptive_field,
    table,
)
from lenet_edu.plots.reproduction import (
    beside_printed,
    by_layer,
    costs,
    passes,
    ranges,
    robustness,
    seeds,
    timeline,
)
from lenet_edu.plots.sliding import sliding
from lenet_edu.plots.training import confusion, history

__all__ = [
    "backward_pass",
    "bars",
    "beside_printed",
    "by_layer",
    "combination",
    "confusion",
    "costs",
    "curves",
    "digits",
    "feature_maps",
    "field_squares",
    "fully_connected",
    "history",
    "kernel_sum",
    "kernels",
    "loss_surface",
    "maps",
    "matrix",
    "network",
    "numbers",
    "parameters_and_connections",
    "passes",
    "pictures",
    "predictions",
    "ranges",
    "receptive_field",
    "robustness",
    "saliency",
    "scan",
    "seeds",
    "side_by_side",
    "sliding",
    "slope",
    "steps",
    "table",
    "timeline",
    "to_codes",
]
