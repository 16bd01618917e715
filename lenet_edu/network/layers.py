"""The layers of 1998 that torch does not have: scaled tanh, table convolution, subsampling, RBF.

Each layer below F6 computes a weighted sum a (equation 5) and squashes it, x = f(a). `weighted_sum`
gives a, calling the layer gives x.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_edu.network import paper
from lenet_edu.network.partwise import convolve
from lenet_edu.system.errors import LenetError


class ScaledTanh(nn.Module):
    """f(a) = 1.7159 tanh(2a/3), so that f(1) = 1 and f(-1) = -1 (equation 6, appendix A)."""

    def forward(self, a: Tensor) -> Tensor:
        """Any shape in, the same shape out."""
        return paper.SQUASH_AMPLITUDE * torch.tanh(paper.SQUASH_SLOPE * a)


SQUASHES = {"scaled_tanh": ScaledTanh, "sigmoid": nn.Sigmoid, "relu": nn.ReLU, None: nn.Identity}


class Squashed(nn.Module):
    """A layer that squashes a weighted sum: x = f(a), with f one of `SQUASHES`."""

    def __init__(self, activation: str | None):
        super().__init__()
        self.squash = SQUASHES[activation]()

    def weighted_sum(self, x: Tensor) -> Tensor:
        """The sum a, before the squash; every layer has its own."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        return self.squash(self.weighted_sum(x))


class Convolution(Squashed):
    """Every map reads every map below: weight (maps, maps_in, kernel, kernel), bias (maps,).

    stride: from one unit's square to the next. padding: virtual rows and columns around each map below, all
    of the constant `border`. places: (height, width) of the output, for a bias of its own in every unit,
    (maps, height, width), as in 1989; None for one a map.
    """

    def __init__(
        self,
        maps_in: int,
        maps: int,
        kernel: int,
        activation: str | None,
        stride: int = 1,
        padding: int = 0,
        border: float = 0.0,
        places: tuple[int, int] | None = None,
    ):
        super().__init__(activation)
        self.stride, self.padding, self.border = stride, padding, border
        self.weight = nn.Parameter(torch.empty(maps, maps_in, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(maps, *(places or ())))

    @property
    def fan_in(self) -> Tensor:
        """Inputs of a unit of each map, virtual ones too: (maps,)."""
        return torch.full(self.bias.shape[:1], float(self.weight[0].numel()))

    def kernels(self) -> Tensor:
        """The kernels by map and map below: (maps, maps_in, kernel, kernel)."""
        return self.weight

    def weighted_sum(self, x: Tensor) -> Tensor:
        """(N, maps_in, H, W) -> (N, maps, (H + 2 padding - kernel) / stride + 1, ...), rounded down.

        Raises LenetError if the output has not as many units as there are biases of their own.
        """
        kernels = self.kernels()
        if self.padding:
            x = F.pad(x, (self.padding,) * 4, value=self.border)
        if self.bias.ndim > 1:
            return self._with_own_biases(convolve(x, kernels, None, self.stride))
        if x.shape[1:] == kernels.shape[1:]:
            # A kernel with room for one place only, as C5's, is a matrix product: twice as fast. Maps come
            # last: so a network that trains on a CPU has them in memory, and nothing needs to be copied.
            flat, weight = (tensor.permute(0, 2, 3, 1).flatten(1) for tensor in (x, kernels))
            return F.linear(flat, weight, self.bias)[..., None, None]
        return convolve(x, kernels, self.bias, self.stride)

    def _with_own_biases(self, sums: Tensor) -> Tensor:
        if sums.shape[-3:] != self.bias.shape:
            (height, width), (rows, columns) = self.bias.shape[1:], sums.shape[-2:]
            raise LenetError(
                "A convolution with a bias for each of {height}x{width} units in a map takes maps of one "
                "size; got some that make {rows}x{columns}. Use one bias a map for maps of any size.",
                height=height,
                width=width,
                rows=rows,
                columns=columns,
            )
        return sums + self.bias


class TableConvolution(Convolution):
    """A convolution whose maps read only the maps below that a table names (Table I).

    table: boolean, (maps_in, maps). `weight` holds one kernel a link, (links, kernel, kernel), map after
    map and within a map from the first map below to the last: a kernel that is not linked does not exist.
    moves: stride, padding, border and places, as a `Convolution` has them.
    """

    table: Tensor
    links: Tensor

    def __init__(self, table: np.ndarray, kernel: int, activation: str | None, **moves):
        maps_in, maps = table.shape
        super().__init__(maps_in, maps, kernel, activation, **moves)
        self.register_buffer("table", torch.from_numpy(table.T.copy()), persistent=False)
        self.register_buffer("links", self.table.flatten().nonzero()[:, 0], persistent=False)
        self.weight = nn.Parameter(torch.empty(int(table.sum()), kernel, kernel))

    @property
    def fan_in(self) -> Tensor:
        """Inputs of a unit of each map: (maps,)."""
        return self.table.sum(1) * float(self.weight[0].numel())

    def kernels(self) -> Tensor:
        """The kernels by map and map below, zeros where no link is: (maps, maps_in, kernel, kernel)."""
        # By place, not by mask: a GPU would have to tell the CPU how many places a mask has.
        dense = self.weight.new_zeros(self.table.numel(), *self.weight.shape[1:])
        return dense.index_copy(0, self.links, self.weight).unflatten(0, self.table.shape)


class Subsampling(Squashed):
    """The paper's subsampling: the sum of a square, times one coefficient, plus one bias, then squashed.

    coefficient, bias: (maps x copies,), both trained. The paper says "sum", not "mean"; the two differ only
    in the coefficient's unit, hence in its starting value and its effective step.
    maps: those below. copies: how many maps, next to each other, subsample each of them (LeNet-4).
    """

    def __init__(self, maps: int, size: int, activation: str | None, copies: int = 1):
        super().__init__(activation)
        self.size, self.copies = size, copies
        self.coefficient = nn.Parameter(torch.empty(maps * copies))
        self.bias = nn.Parameter(torch.empty(maps * copies))

    def weighted_sum(self, x: Tensor) -> Tensor:
        """(N, maps, H, W) -> (N, maps x copies, H / size, W / size)."""
        # The mean times size^2 is the sum: torch's mean is faster on a CPU than its sum.
        coefficient = self.coefficient[:, None, None] * self.size**2
        means = F.avg_pool2d(x, self.size)
        if self.copies > 1:
            means = means[:, :, None].expand(-1, -1, self.copies, -1, -1).flatten(1, 2)
        return means * coefficient + self.bias[:, None, None]


class Linear(Squashed):
    """Every unit reads every unit below: weight (units, units_in), bias (units,)."""

    def __init__(self, units_in: int, units: int, activation: str | None):
        super().__init__(activation)
        self.weight = nn.Parameter(torch.empty(units, units_in))
        self.bias = nn.Parameter(torch.empty(units))

    @property
    def fan_in(self) -> Tensor:
        """Inputs of each unit: (units,)."""
        return torch.full(self.bias.shape, float(self.weight.shape[1]))

    def weighted_sum(self, x: Tensor) -> Tensor:
        """(N, ...) with units_in numbers a sample -> (N, units)."""
        return F.linear(x.flatten(1), self.weight, self.bias)


class RBF(nn.Module):
    """Squared Euclidean distance of F6 to each class's code (equation 7).

    codes: (classes, ...) of +1 and -1; kept flat, (classes, units), as a buffer: fixed, no parameters.
    """

    codes: Tensor

    def __init__(self, codes: Tensor):
        super().__init__()
        self.register_buffer("codes", codes.flatten(1).float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, units) -> distances (N, classes), zero or more; the smallest names the class."""
        return (x[:, None, :] - self.codes).square().sum(2)
