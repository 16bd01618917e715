"""The loss over two weights: exact on its grid, smooth between, and the way downhill on it."""

import math

import pytest
import torch

from lenet_edu.data.splits import Split
from lenet_edu.network.losses import map_loss
from lenet_edu.network.models import LeNet5
from lenet_edu.network.surface import Surface, find_weight, loss_surface
from lenet_edu.system.errors import LenetError

NAMES = "F6.weight[3, 7]", "S2.coefficient[2]"


@pytest.fixture(scope="module")
def model():
    model = LeNet5()
    model.reset_parameters(torch.Generator().manual_seed(1))
    return model


@pytest.fixture(scope="module")
def batch():
    generator = torch.Generator().manual_seed(2)
    return Split(torch.rand(4, 1, 32, 32, generator=generator), torch.tensor([0, 3, 8, 9]))


@pytest.fixture(scope="module")
def surface(model, batch):
    return loss_surface(model, batch, *NAMES, reach=1.0, points=17)


def loss_with(model, batch, place) -> float:
    weights = [find_weight(model, name) for name in NAMES]
    before = [weight.item() for weight in weights]
    for weight, value in zip(weights, place, strict=True):
        weight.fill_(value)
    with torch.no_grad():
        loss = map_loss(model(batch.images), batch.labels).item()
    for weight, value in zip(weights, before, strict=True):
        weight.fill_(value)
    return loss


def bowl(points: int = 21) -> Surface:
    """(x - 1)^2 + 4 y^2 around (0, 0), as far as 3."""
    x = torch.linspace(-3, 3, points)
    return Surface(("x", "y"), (0.0, 0.0), 3.0, (x - 1).square() + 4 * x[:, None].square())


@pytest.mark.slow
def test_on_the_grid_it_is_the_loss_that_the_network_has_with_these_weights(model, batch, surface):
    for row, column in ((0, 0), (8, 8), (2, 13), (16, 3)):
        place = (surface.values(0)[column].item(), surface.values(1)[row].item())
        assert surface.losses[row, column] == pytest.approx(loss_with(model, batch, place), rel=1e-5)
        assert surface.at(place)[0] == pytest.approx(surface.losses[row, column].item(), rel=1e-5)


def test_between_it_is_close_to_the_loss(model, batch, surface):
    spread = surface.losses.max() - surface.losses.min()
    for dx, dy in ((0.3, -0.7), (-0.55, 0.65), (0.93, -0.93)):
        place = (surface.centre[0] + dx, surface.centre[1] + dy)
        assert surface.at(place)[0] == pytest.approx(loss_with(model, batch, place), abs=0.01 * spread.item())


def test_the_network_is_left_as_it_was(model, batch):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    loss_surface(model, batch, *NAMES, points=4)
    with pytest.raises(RuntimeError):
        loss_surface(model, Split(batch.images, batch.labels[:3]), *NAMES, points=4)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("place", [(0.3, 0.4), (-1.05, 2.2), (2.9, -2.9), (1.0, 0.0)])
def test_its_slope_is_that_of_what_it_interpolates(surface, place):
    for ground in (bowl(), surface):
        place = tuple(at + middle for at, middle in zip(place, ground.centre, strict=True))
        place = tuple(
            min(max(at, m - ground.reach + 0.01), m + ground.reach - 0.01)
            for at, m in zip(place, ground.centre, strict=True)
        )
        h = 1e-6
        _, slope = ground.at(place)
        for weight in (0, 1):
            up, down = ([*place], [*place])
            up[weight] += h
            down[weight] -= h
            measured = (ground.at(tuple(up))[0] - ground.at(tuple(down))[0]) / (2 * h)
            assert slope[weight] == pytest.approx(measured, abs=1e-4)


def test_a_parabola_is_interpolated_exactly_inside():
    loss, slope = bowl().at((0.37, -0.81))
    assert loss == pytest.approx((0.37 - 1) ** 2 + 4 * 0.81**2, rel=1e-5)
    assert slope == pytest.approx((2 * (0.37 - 1), -8 * 0.81), rel=1e-4)


def test_steps_are_those_of_torchs_sgd():
    for rate, momentum in ((0.05, 0.0), (0.03, 0.8)):
        path = bowl().descend((-1.5, 1.2), rate, momentum, steps=12)
        place = torch.tensor([-1.5, 1.2], requires_grad=True)
        optimizer = torch.optim.SGD([place], lr=rate, momentum=momentum)
        for there in path[1:]:
            optimizer.zero_grad()
            ((place[0] - 1) ** 2 + 4 * place[1] ** 2).backward()
            optimizer.step()
            assert there == pytest.approx(place.tolist(), abs=1e-3)


def test_a_ball_that_would_leave_the_map_stops():
    path = bowl().descend((-1.5, 1.2), 0.4, steps=50)
    assert len(path) < 51
    assert all(bowl().holds(place) for place in path)
    assert not bowl().holds(bowl().step(path, 0.4))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("C1", "named as in"),
        ("C1.weight", "named as in"),
        ("C1.weight[-1, 0, 0, 0]", "named as in"),
        ("C7.weight[0]", "must be one of C1.weight"),
        ("C1.bias[6]", r"shape \(6,\); there is no weight \(6,\)"),
        ("C1.weight[0, 0]", r"shape \(6, 1, 5, 5\); there is no weight \(0, 0\)"),
    ],
)
def test_a_weight_that_is_not_there_is_refused_by_name(model, name, message):
    with pytest.raises(LenetError, match=message):
        find_weight(model, name)


@pytest.mark.parametrize("odd", [{"reach": 0.0}, {"reach": math.nan}, {"points": 3}, {"points": 201}])
def test_an_odd_grid_is_refused(model, batch, odd):
    with pytest.raises(LenetError, match="reach must be above 0 and points from 4 to 200"):
        loss_surface(model, batch, *NAMES, **odd)
