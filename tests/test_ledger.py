"""The ledger against the paper, and against the models by counting: Jacobians, gradients, tensors."""

import json
import re
from itertools import product

import pytest
import torch
from torch import nn

from lenet_edu import architecture, layers, paper
from lenet_edu.errors import LenetError
from lenet_edu.ledger import FIGURES, ledger
from lenet_edu.models import LeNet5, RGBLeNet, count_parameters

NETWORKS = {
    "1998": LeNet5,
    "modern": lambda: LeNet5(**architecture.MODERN),
    "average": lambda: LeNet5(subsampling="average"),
    "sparse": lambda: LeNet5(c3=["X..............." for _ in range(5)] + ["." * 15 + "X"]),
    "rgb": RGBLeNet,
}
networks = pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS.keys())


def test_parameters_and_connections_are_the_papers():
    book = ledger(LeNet5())
    assert {row.name: row.parameters.value for row in book.rows} == paper.PARAMETERS
    assert {row.name: row.connections.value for row in book.rows} == paper.CONNECTIONS
    assert book.totals["parameters"] == paper.TOTAL_PARAMETERS
    assert book.totals["connections"] == paper.TOTAL_CONNECTIONS


def test_known_totals_of_the_other_networks():
    assert ledger(architecture.lenet5(**architecture.MODERN)).totals["parameters"] == 61_706
    assert ledger(architecture.lenet5(c3="full"))["C3"].parameters.value == 2_416
    assert ledger(architecture.rgb_lenet()).totals["parameters"] == 121_204


@networks
def test_parameters_are_those_that_the_model_holds(make):
    model = make()
    held = {name: count_parameters(layer) for name, layer in model.named_children()}
    assert {row.name: row.parameters.value for row in ledger(model).rows} == held


def test_parameters_of_every_combination_of_switches():
    choices = (("table", "full"), architecture.POOLINGS, architecture.ACTIVATIONS, architecture.OUTPUTS)
    for switches in product(*choices):
        model = LeNet5(*switches)
        assert ledger(model).totals["parameters"] == count_parameters(model), switches


@networks
def test_connections_by_brute_force(make):
    """Nonzero entries of each layer's Jacobian, and one bias for each unit of a layer that has biases."""
    model = make().double()
    for row, layer in zip(ledger(model).rows, model, strict=True):
        x = torch.rand(row.input_shape, dtype=torch.double)
        biases = row.units.value if hasattr(layer, "bias") else 0
        assert row.connections.value == reads(layer, x) + biases, row.name


def reads(layer: nn.Module, x: torch.Tensor) -> int:
    """How many (unit, input) pairs there are in which the unit's output depends on the input."""
    layer = dense(layer)
    output, pull = torch.func.vjp(lambda image: layer(image[None]).flatten(), x)
    count = 0
    for units in torch.eye(len(output), dtype=x.dtype).split(512):
        count += torch.func.vmap(lambda unit: pull(unit)[0])(units).count_nonzero().item()
    return count


@networks
def test_receptive_field_and_stride_by_gradient(make):
    model = make().double()
    plan, below = model.architecture, []
    for row, layer in zip(ledger(model).rows, model, strict=True):
        below.append(dense(layer))
        if row.name == "C3" and plan.config.get("c3", "table") not in ("table", "full"):
            return  # maps that read nothing have no field
        network = nn.Sequential(*below)
        fields = [field_of_unit(network, plan.input.output_shape, row.output_shape, step) for step in (0, 1)]
        assert fields[0][1] - fields[0][0] == row.receptive_field.value, row.name
        if len(row.output_shape) == 3 and row.output_shape[1] > 1:
            assert fields[1][0] - fields[0][0] == row.stride.value, row.name


def dense(layer: nn.Module) -> nn.Module:
    """The layer with a gradient towards all that it reads: average for max, no squash that can be flat."""
    if isinstance(layer, nn.MaxPool2d):
        return nn.AvgPool2d(layer.kernel_size, layer.stride)
    if isinstance(layer, layers.Squashed):
        layer.squash = nn.Identity()
    return layer


def field_of_unit(network: nn.Module, input_shape, output_shape, column: int) -> tuple[int, int]:
    """First and one past the last image column on which the unit in row 0 and that column depends."""
    image = torch.rand(1, *input_shape, dtype=torch.double, requires_grad=True)
    output = network(image).view(output_shape)
    # Summed over the maps, since one map may read few maps below; squared, so that none cancel.
    unit = output[:, 0, min(column, output_shape[-1] - 1)] if output.ndim == 3 else output
    (gradient,) = torch.autograd.grad(unit.square().sum(), image)
    columns = gradient.abs().sum((0, 1, 2)).nonzero()[:, 0]
    return columns[0].item(), columns[-1].item() + 1


@networks
def test_every_formula_comes_to_its_value(make):
    for row in ledger(make()).rows:
        for key, _ in FIGURES:
            figure = getattr(row, key)
            if figure and figure.working:
                assert re.fullmatch(r"[\d,.+\-x/() ]+", figure.working)
                code = figure.working.replace(",", "").replace("x", "*").replace("/", "//")
                assert eval(code) == figure.value, (row.name, key)


def test_formulas_read_as_the_paper_has_them():
    book = ledger(LeNet5())
    assert str(book["C1"].parameters) == "6 x (5 x 5 + 1) = 156"
    assert str(book["C1"].connections) == "156 x 28 x 28 = 122,304"
    assert str(book["S2"].connections) == "6 x 14 x 14 x (2 x 2 + 1) = 5,880"
    assert str(book["C3"].parameters) == (
        "6 x (3 x 5 x 5 + 1) + 6 x (4 x 5 x 5 + 1) + 3 x (4 x 5 x 5 + 1) + 1 x (6 x 5 x 5 + 1) = 1,516"
    )
    assert str(book["C3"].receptive_field) == "6 + (5 - 1) x 2 = 14"


@networks
def test_text_json_and_html_show_the_same_figures(make):
    book = ledger(make())
    data = json.loads(json.dumps(book.to_dict()))
    assert data["totals"] == book.totals
    for row, shown in zip(book.rows, data["rows"], strict=True):
        assert shown["parameters"] == row.parameters.value
        for text in (str(book), book._repr_html_()):
            assert f"{row.connections.value:,}" in text
        assert f"{row.connections.value:,}" in row._repr_html_()
        assert f"{row.connections.value:,}" in str(row)
    assert f"{book.totals['parameters']:,}" in book._repr_html_()


@networks
def test_multiply_adds_are_connections_without_biases(make):
    model = make()
    for row, layer in zip(ledger(model).rows, model, strict=True):
        if row.kind.startswith(("convolution", "fully", "RBF")):
            biases = row.units.value if hasattr(layer, "bias") else 0
            assert row.multiply_adds.value == row.connections.value - biases, row.name


@pytest.mark.parametrize(("pooling", "count"), [("trainable", 1_176), ("average", 1_176), ("max", 0)])
def test_pooling_multiplies_once_a_unit_or_never(pooling, count):
    assert ledger(LeNet5(subsampling=pooling))["S2"].multiply_adds.value == count


def test_the_input_has_a_row_of_its_own_that_no_total_counts():
    book = ledger(LeNet5())
    row = book["INPUT"]
    assert (row.units.value, row.parameters.value, row.connections.value) == (1024, 0, 0)
    assert (row.receptive_field.value, row.stride.value) == (1, 1)
    assert row not in book.rows
    assert book.totals["units"] == sum(other.units.value for other in book.rows)


def test_a_row_that_is_not_there_is_refused_by_name():
    with pytest.raises(LenetError, match=r"LeNet-5 1998 must be one of INPUT, C1.*got 'C7'"):
        ledger(LeNet5())["C7"]
