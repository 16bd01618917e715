"""Equations 8 and 9, written out number by number."""

from math import exp, log

import pytest
import torch

from lenet_edu.network.losses import criterion, map_loss, mean_distance_loss, squared_loss
from lenet_edu.network.models import LeNet5

DISTANCES = [[9.0, 2.0, 5.5], [0.5, 30.0, 1.0]]
LABELS = [1, 2]


def test_equation_8_is_the_mean_distance_to_the_right_code():
    loss = mean_distance_loss(torch.tensor(DISTANCES), torch.tensor(LABELS))
    assert loss.item() == pytest.approx((2.0 + 1.0) / 2)


@pytest.mark.parametrize("j", [0.1, 1.0, 5.0])
def test_equation_9_by_hand(j):
    by_hand = [
        y[d] + log(exp(-j) + sum(exp(-distance) for distance in y))
        for y, d in zip(DISTANCES, LABELS, strict=True)
    ]
    loss = map_loss(torch.tensor(DISTANCES), torch.tensor(LABELS), j)
    assert loss.item() == pytest.approx(sum(by_hand) / 2, rel=1e-6)


def test_equation_9_pushes_the_nearest_wrong_code_away_most():
    y = torch.tensor([[3.0, 2.0, 4.0]], requires_grad=True)
    map_loss(y, torch.tensor([0])).backward()
    right, nearest, farther = y.grad[0].tolist()
    assert right > 0 > farther > nearest


def test_equation_9_stays_finite_for_huge_distances():
    y = torch.tensor([[1e4, 2e4]], requires_grad=True)
    loss = map_loss(y, torch.tensor([1]))
    loss.backward()
    assert loss.isfinite()
    assert y.grad.isfinite().all()


def test_equation_9_has_the_right_gradient(seeded):
    y = (torch.rand(4, 10, dtype=torch.double, generator=seeded) * 5).requires_grad_()
    assert torch.autograd.gradcheck(lambda y: map_loss(y, torch.tensor([0, 3, 3, 9])), (y,))


def test_the_criterion_fits_the_output():
    assert criterion(LeNet5()) is map_loss
    scores, labels = torch.tensor([[2.0, 0.0, 1.0]]), torch.tensor([0])
    plain = -scores.log_softmax(1)[0]
    linear = LeNet5(output="linear")
    torch.testing.assert_close(criterion(linear)(scores, labels), plain[0])
    torch.testing.assert_close(criterion(linear, 0.3)(scores, labels), 0.7 * plain[0] + 0.3 * plain.mean())


def test_squared_loss_by_hand():
    outputs = torch.tensor([[1.0, -1.0, 0.0], [0.5, 2.0, -1.0]])
    wanted = ((0 + 0 + 1) / 2 + (2.25 + 1 + 0) / 2) / 2
    assert squared_loss(outputs, torch.tensor([0, 1])).item() == pytest.approx(wanted)
