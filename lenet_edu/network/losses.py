"""What training makes small: the paper's two criteria on RBF distances, squared error, cross-entropy."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

# The paper asks for a positive constant j and gives no value. With j = 1 the class of rubbish lies at
# distance 1: no digit can be much nearer to its own code without being told that it is near enough.
RUBBISH_DISTANCE = 1.0


def mean_distance_loss(distances: Tensor, labels: Tensor) -> Tensor:
    """Mean distance to the right class's code (equation 8).

    distances: (N, classes); labels: (N,) integers. It only pulls: if the codes may move, they and F6
    collapse to one point (section II-C).
    """
    return _right(distances, labels).mean()


def map_loss(distances: Tensor, labels: Tensor, j: float = RUBBISH_DISTANCE) -> Tensor:
    """Maximum a posteriori criterion (equation 9): mean of y_D + log(e^-j + sum_i e^-y_i).

    distances: (N, classes), y in the paper; labels: (N,) integers, D; j: positive. It pulls towards the
    right code and pushes away from the wrong ones, most from the nearest.
    """
    rubbish = torch.full_like(distances[:, :1], -j)
    competition = torch.cat([-distances, rubbish], 1).logsumexp(1)
    return (_right(distances, labels) + competition).mean()


def squared_loss(outputs: Tensor, labels: Tensor) -> Tensor:
    """Half the squared distance to targets, +1 for the right unit and -1 for others: mean over patterns.

    outputs: (N, classes), squashed; labels: (N,) integers. The criterion of the family before LeNet-5, whose
    targets are where the squash is bent most (appendix A).
    """
    targets = 2 * F.one_hot(labels, outputs.shape[1]) - 1
    return (outputs - targets).square().sum(1).mean() / 2


# By the names under which `sdlm.curvature` and the original training know them.
LOSSES = {
    "map": map_loss,
    "distance": mean_distance_loss,
    "squared": squared_loss,
    "cross_entropy": F.cross_entropy,
}


def criterion(model, smoothing: float = 0.0):
    """The loss that fits the model's output: `map_loss` for RBF distances, cross-entropy for scores.

    smoothing: the share of each label that cross-entropy spreads over all classes.
    """
    return map_loss if model.has_rbf_output else partial(F.cross_entropy, label_smoothing=smoothing)


def _right(distances: Tensor, labels: Tensor) -> Tensor:
    return distances.gather(1, labels[:, None])[:, 0]
