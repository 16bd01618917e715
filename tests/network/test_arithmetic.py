"""A unit's sum, written out: what stands there is what the layer computes."""

import re

import pytest
import torch

from lenet_edu.network.arithmetic import worked_sum
from lenet_edu.network.models import LeNet5


def test_the_lines_end_in_what_the_layer_gives():
    layer, image = LeNet5().C1, torch.rand(1, 1, 32, 32)
    text = worked_sum(image[0, 0, 3:8, 9:14], layer.weight[2, 0], layer.bias[2], layer.squash, decimals=6)
    # The layer sums in another order: a value halfway between two decimals may be rounded either way.
    assert float(text.split()[-1]) == pytest.approx(layer(image)[0, 2, 3, 9].item(), abs=1e-6)
    assert text.count(" x ") == 25
    assert repr(text) == str(text)


def test_each_row_shows_its_terms_and_their_sum_without_minus_zero():
    text = worked_sum(
        torch.tensor([[1.0, 2.0], [3.0, -0.001]]), torch.tensor([[0.5, -1.0], [2.0, 1.0]]), bias=1
    )
    first, second, added, bias, total = text.splitlines()
    assert [float(number) for number in re.findall(r"-?\d+\.\d+", first)] == [1.0, 0.5, 2.0, -1.0, -1.5]
    assert "-0.00" not in second
    assert [line.split()[-1] for line in (added, bias, total)] == ["4.50", "1.00", "5.50"]


def test_a_flat_list_of_inputs_is_one_line_and_without_a_bias_only_their_sum_follows():
    terms, added = worked_sum(torch.ones(4), torch.ones(4)).splitlines()
    assert terms.count(" x ") == 4
    assert added.split() == ["all", "added", "=", "4.00"]
