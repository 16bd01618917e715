"""The loss as a surface over two weights of a network, and a ball that gradient descent moves on it."""

import re
from dataclasses import dataclass, field
from math import floor

import torch
from torch import Tensor

from lenet_edu.network.losses import criterion
from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError, check_choice
from lenet_edu.system.language import Text

POINTS = 33
REACH = 3.0

Place = tuple[float, float]


@dataclass(frozen=True)
class Surface:
    """The loss on a square grid over two weights; between the grid's points it is interpolated.

    names: the two weights, as "C1.weight[2, 0, 0, 2]". centre: their values in the network. reach: how far
    the grid goes on each side of them. losses: (points, points); columns are values of the first weight, rows
    of the second. Interpolation is bicubic (Catmull and Rom): exact at the grid's points, smooth between.
    """

    names: tuple[str, str]
    centre: Place
    reach: float
    losses: Tensor
    _rows: list[list[float]] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "_rows", self.losses.double().tolist())

    @property
    def spacing(self) -> float:
        """From one point of the grid to the next."""
        return 2 * self.reach / (len(self.losses) - 1)

    def values(self, weight: int) -> Tensor:
        """(points,): the values of weight 0 or 1 on the grid."""
        middle = self.centre[weight]
        return torch.linspace(middle - self.reach, middle + self.reach, len(self.losses))

    def holds(self, place: Place) -> bool:
        """Whether a place, (first weight, second weight), lies on the grid."""
        return all(abs(at - middle) <= self.reach for at, middle in zip(place, self.centre, strict=True))

    def at(self, place: Place) -> tuple[float, Place]:
        """The loss at a place, and its slope in each of the two weights."""
        (column, x), (row, y) = (
            self._cell(at, middle) for at, middle in zip(place, self.centre, strict=True)
        )
        across, across_slope = _cubic(x)
        down, down_slope = _cubic(y)
        last = len(self._rows) - 1
        total = slope_x = slope_y = 0.0
        for i in range(4):
            line = self._rows[min(max(row + i - 1, 0), last)]
            values = [line[min(max(column + k - 1, 0), last)] for k in range(4)]
            along = sum(a * value for a, value in zip(across, values, strict=True))
            total += down[i] * along
            slope_y += down_slope[i] * along
            slope_x += down[i] * sum(a * value for a, value in zip(across_slope, values, strict=True))
        return total, (slope_x / self.spacing, slope_y / self.spacing)

    def step(self, path: list[Place], rate: float, momentum: float = 0.0) -> Place:
        """Where gradient descent goes next from the end of a path: minus the rate times the slope, plus
        momentum times the last step. The place may lie outside the grid."""
        here, before = path[-1], path[-2] if len(path) > 1 else path[-1]
        _, slope = self.at(here)
        moves = [momentum * (now - then) - rate * s for now, then, s in zip(here, before, slope, strict=True)]
        return here[0] + moves[0], here[1] + moves[1]

    def descend(self, start: Place, rate: float, momentum: float = 0.0, steps: int = 50) -> list[Place]:
        """The places of so many steps, the start first; fewer if the next one would leave the grid."""
        path = [start]
        for _ in range(steps):
            place = self.step(path, rate, momentum)
            if not self.holds(place):
                break
            path.append(place)
        return path

    def _cell(self, at: float, middle: float) -> tuple[int, float]:
        """The grid's point below a value, and how far beyond it the value lies, in spacings."""
        position = (at - middle + self.reach) / self.spacing
        index = min(max(floor(position), 0), len(self.losses) - 2)
        return index, position - index


def loss_surface(
    model: Network, batch, first: str, second: str, reach: float = REACH, points: int = POINTS
) -> Surface:
    """The loss of a network on a split of images over two of its weights, all others as they are.

    first, second: the weights, as "C1.weight[2, 0, 0, 2]". The loss is the one that fits the network's output
    (`losses.criterion`). The model is left as it was. Raises LenetError for a weight that it does not have.
    """
    weights = [find_weight(model, name) for name in (first, second)]
    if not (reach > 0 and 4 <= points <= 200):
        raise LenetError(
            "reach must be above 0 and points from 4 to 200; got {reach} and {points}.",
            reach=reach,
            points=points,
        )
    centre = (weights[0].item(), weights[1].item())
    loss = criterion(model)
    steps = torch.linspace(-reach, reach, points)
    losses = torch.empty(points, points)
    try:
        with torch.no_grad():
            for row, y in enumerate(steps.tolist()):
                for column, x in enumerate(steps.tolist()):
                    weights[0].fill_(centre[0] + x)
                    weights[1].fill_(centre[1] + y)
                    losses[row, column] = loss(model(batch.images), batch.labels)
    finally:
        with torch.no_grad():
            for weight, value in zip(weights, centre, strict=True):
                weight.fill_(value)
    return Surface((first, second), centre, reach, losses)


def find_weight(model: Network, name: str) -> Tensor:
    """One weight of a network by its name, such as "C1.weight[2, 0, 0, 2]", as a view that can be set."""
    parts = re.fullmatch(r"(\w+\.\w+)\[([\d\s,]+)\]", name.strip())
    if not parts:
        raise LenetError("A weight is named as in 'C1.weight[2, 0, 0, 2]'; got {name!r}.", name=name)
    parameters = dict(model.named_parameters())
    check_choice(
        Text("A parameter of {network}", network=model.architecture.name), parts[1], tuple(parameters)
    )
    parameter = parameters[parts[1]].detach()
    place = tuple(int(number) for number in parts[2].split(",") if number.strip())
    fits = len(place) == parameter.ndim and all(
        at < side for at, side in zip(place, parameter.shape, strict=True)
    )
    if not fits:
        raise LenetError(
            "{parts} has shape {shape}; there is no weight {place} in it.",
            parts=parts[1],
            shape=tuple(parameter.shape),
            place=place,
        )
    return parameter[place]


def _cubic(t: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What four neighbours weigh at `t` between the middle two, and the slopes of that (Catmull and Rom)."""
    weights = (
        ((-t + 2) * t - 1) * t / 2,
        ((3 * t - 5) * t * t + 2) / 2,
        ((-3 * t + 4) * t + 1) * t / 2,
        (t - 1) * t * t / 2,
    )
    slopes = (
        ((-3 * t + 4) * t - 1) / 2,
        (9 * t - 10) * t / 2,
        ((-9 * t + 8) * t + 1) / 2,
        (3 * t - 2) * t / 2,
    )
    return weights, slopes
