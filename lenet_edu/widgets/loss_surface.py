"""LossSurface: a ball on the loss over two weights of a network, moved by gradient descent."""

from traitlets import Float, List, Unicode, validate

from lenet_edu import plots
from lenet_edu.network.surface import REACH, Surface
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate
from lenet_edu.system.pages import to_base64
from lenet_edu.widgets.base import Widget, binary, module, styles, to_bytes

START = (-0.5, 0.5)  # where the ball lies at first, as shares of the reach
SMALLEST_RATE, LARGEST_RATE = 0.001, 2.0
LARGEST_MOMENTUM = 0.95
LONGEST = 500  # steps


class LossSurface(Widget):
    """A ball on the loss surface of two weights: set the rate and the momentum, then step or run.

        LossSurface(loss_surface(network, digits, "C1.weight[2, 0, 0, 2]", "C1.weight[2, 0, 4, 2]"))

    surface: the loss as torch has computed it on a grid of the two weights. Between the grid's points it is
    interpolated (bicubic), in Python and in the browser alike.

    Traits to read and to set: `rate`, `momentum`, and `path`, the ball's places (first weight, second
    weight), of which the last is where it lies now. `step()`, `run(steps)` and `reset()` do what the
    buttons do.
    """

    _esm, _css = module("loss_surface"), styles("loss_surface")

    losses = binary()
    points = List().tag(sync=True)
    names = List(Unicode()).tag(sync=True)
    centre = List(Float()).tag(sync=True)
    reach = Float(REACH).tag(sync=True)
    start = List(Float()).tag(sync=True)
    rate = Float(0.1).tag(sync=True)
    momentum = Float(0.0).tag(sync=True)
    path = List(List(Float())).tag(sync=True)
    limits = List([SMALLEST_RATE, LARGEST_RATE, LARGEST_MOMENTUM, LONGEST]).tag(sync=True)

    def __init__(self, surface: Surface, *, rate: float = 0.1, momentum: float = 0.0):
        if not isinstance(surface, Surface):
            raise LenetError(
                "surface must be what loss_surface(...) gives; got {kind}.", kind=type(surface).__name__
            )
        self.surface = surface
        reach = surface.reach
        start = [middle + share * reach for middle, share in zip(surface.centre, START, strict=True)]
        super().__init__(
            losses=to_bytes(surface.losses),
            points=list(surface.losses.shape),
            names=list(surface.names),
            centre=list(surface.centre),
            reach=reach,
            start=start,
            path=[start],
            rate=rate,
            momentum=momentum,
        )

    @property
    def loss(self) -> float:
        """The loss where the ball lies now."""
        return self.surface.at((self.path[-1][0], self.path[-1][1]))[0]

    def step(self) -> bool:
        """One step of gradient descent; False if it would leave the map, or the path is as long as can be."""
        path = [(x, y) for x, y in self.path]
        place = self.surface.step(path, self.rate, self.momentum)
        if len(path) > LONGEST or not self.surface.holds(place):
            return False
        self.path = [*self.path, list(place)]
        return True

    def run(self, steps: int = 50) -> None:
        """So many steps, or fewer if one would leave the map."""
        while steps > 0 and self.step():
            steps -= 1

    def reset(self) -> None:
        """Put the ball back to where it began."""
        self.path = [self.path[0]]

    def text(self) -> str:
        """As `rate 0.1, momentum 0, 12 steps: loss 11.20`."""
        steps = len(self.path) - 1
        taken = translate("1 step") if steps == 1 else translate("{count} steps", count=steps)
        return translate(
            "rate {rate:g}, momentum {momentum:g}, {taken}: loss {loss:.2f}",
            rate=self.rate,
            momentum=self.momentum,
            taken=taken,
            loss=self.loss,
        )

    def figure(self):
        """The surface with three paths from the ball's place: a small rate, the one that is set, momentum."""
        start = (self.path[0][0], self.path[0][1])
        paths = {
            (
                translate("rate {rate:g}, momentum {momentum:g}", rate=rate, momentum=momentum)
                if momentum
                else translate("rate {rate:g}", rate=rate)
            ): self.surface.descend(start, rate, momentum)
            for rate, momentum in ((0.1 * self.rate, 0.0), (self.rate, self.momentum), (0.3 * self.rate, 0.9))
        }
        return plots.loss_surface(self.surface, paths)

    def state(self) -> dict:
        """The traits, and the losses as floats."""
        return {"traits": self.plain_traits(), "losses": to_base64(self.losses)}

    @validate("rate")
    def _check_rate(self, proposal):
        return self.within(proposal, SMALLEST_RATE, LARGEST_RATE)

    @validate("momentum")
    def _check_momentum(self, proposal):
        return self.within(proposal, 0, LARGEST_MOMENTUM)

    @validate("path")
    def _check_path(self, proposal):
        path = proposal["value"]
        fits = 1 <= len(path) <= LONGEST + 1 and all(len(place) == 2 for place in path)
        if fits and all(self.surface.holds((x, y)) for x, y in path):
            return path
        return self.refuse(
            translate(
                "path must be 1 to {longest} places (first weight, second weight) on the map, within "
                "{reach:g} of {first:.2f} and {second:.2f}.",
                longest=LONGEST + 1,
                reach=self.reach,
                first=self.centre[0],
                second=self.centre[1],
            )
        )
