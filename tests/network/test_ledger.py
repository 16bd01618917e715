"""The ledger against the paper, and against the models by counting: Jacobians, gradients, tensors."""

import json
import re
from itertools import product

import pytest
import torch
from torch import nn

from lenet_edu.network import architecture, layers, paper
from lenet_edu.network.ledger import QUANTITIES, ledger, window
from lenet_edu.network.models import LeNet1, LeNet4, LeNet5, LeNet1989, Network, RGBLeNet, count_parameters
from lenet_edu.system.errors import LenetError

# What no paper has together: strides that leave a row over, a border without one, biases of every kind.
STRIDES = architecture.Architecture(
    name="strides",
    config={},
    input=architecture.InputSpec("INPUT", maps=2, size=19),
    layers=(
        architecture.ConvolutionSpec("A", 3, 3, None, padding=1, border=0.5),
        architecture.ConvolutionSpec(
            "B", 4, 4, None, ((True, True, False, True),) * 3, stride=3, bias="unit"
        ),
        architecture.ConvolutionSpec("C", 2, 3, None, stride=2, padding=2),
        architecture.LinearSpec("OUTPUT", 3, None),
    ),
)
NETWORKS = {
    "1998": LeNet5,
    "modern": lambda: LeNet5(**architecture.MODERN),
    "average": lambda: LeNet5(subsampling="average"),
    "sparse": lambda: LeNet5(c3=["X..............." for _ in range(5)] + ["." * 15 + "X"]),
    "rgb": RGBLeNet,
    "lenet1989": LeNet1989,
    "lenet1": LeNet1,
    "lenet4": LeNet4,
    "strides": lambda: Network(STRIDES),
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


def test_totals_of_the_networks_of_1989_and_1990_are_their_papers():
    for plan in (architecture.lenet1989(), architecture.lenet1()):
        printed = paper.FAMILY[plan.config["network"]]
        totals = ledger(plan).totals
        assert totals["connections"] == printed["connections"]
        assert totals["parameters"] == printed["parameters"]


def test_units_of_the_networks_of_1989_and_1990_with_the_inputs():
    """1990 prints one unit more than there are: the one that is always on, if it is that."""
    for plan, constant in ((architecture.lenet1989(), 0), (architecture.lenet1(), 1)):
        book = ledger(plan)
        units = book.totals["units"] + book.input.units.value
        assert units + constant == paper.FAMILY[plan.config["network"]]["units"]


def test_lenet1_is_what_the_paper_of_1998_says_about_it():
    totals = ledger(architecture.lenet1()).totals
    assert totals["multiply_adds"] == pytest.approx(paper.LENET1_MULTIPLY_ADDS, rel=0.1)
    assert totals["parameters"] == pytest.approx(paper.LENET1_PARAMETERS, rel=0.01)


def test_lenet4_has_the_printed_connections_and_cannot_have_the_printed_parameters():
    book, printed = ledger(architecture.lenet4()), paper.FAMILY["lenet4"]
    assert book.totals["connections"] == pytest.approx(printed["connections"], rel=0.01)
    assert book["C5"].parameters.value > 2 * printed["parameters"]
    text = " ".join(architecture.lenet4.__doc__.split())
    for figures in (book.totals, printed):
        assert f"{figures['connections']:,} connections" in text
        assert f"{figures['parameters']:,} parameters" in text


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


@pytest.mark.slow
@networks
def test_connections_by_brute_force(make):
    """Nonzero entries of each layer's Jacobian, and one bias for each unit of a layer that has biases."""
    model = make().double()
    for row, layer in zip(ledger(model).rows, model, strict=True):
        x = torch.rand(with_border(layer, row.input_shape), dtype=torch.double)
        biases = row.units.value if hasattr(layer, "bias") else 0
        assert row.connections.value == reads(layer, x) + biases, row.name


def with_border(layer: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with the virtual units that the layer reads; from now on the layer wants to be given them."""
    padding = getattr(layer, "padding", 0)
    if not isinstance(layer, layers.Convolution) or not padding:
        return shape
    layer.padding = 0
    return (shape[0], *(side + 2 * padding for side in shape[1:]))


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
        # In the middle, where the image's edge cuts off as little as may be.
        fields = [field_of_unit(network, plan.input.output_shape, row.output_shape, step) for step in (0, 1)]
        side = min(row.receptive_field.value, plan.input.size)
        assert fields[0][1] - fields[0][0] == side, row.name
        if len(row.output_shape) == 3 and row.output_shape[1] > 1:
            assert fields[1][0] - fields[0][0] == row.stride.value, row.name


def dense(layer: nn.Module) -> nn.Module:
    """The layer with a gradient towards all that it reads: average for max, no squash that can be flat."""
    if isinstance(layer, nn.MaxPool2d):
        return nn.AvgPool2d(layer.kernel_size, layer.stride)
    if isinstance(layer, layers.Squashed):
        layer.squash = nn.Identity()
    return layer


def field_of_unit(network: nn.Module, input_shape, output_shape, step: int) -> tuple[int, int]:
    """First and one past the last image column on which the unit in row 0 and the middle column depends.

    step: how many columns to the right of the middle one.
    """
    image = torch.rand(1, *input_shape, dtype=torch.double, requires_grad=True)
    output = network(image).view(output_shape)
    # Summed over the maps, since one map may read few maps below; squared, so that none cancel.
    column = min(output_shape[-1] // 2 + step, output_shape[-1] - 1)
    unit = output[:, 0, column] if output.ndim == 3 else output
    (gradient,) = torch.autograd.grad(unit.square().sum(), image)
    columns = gradient.abs().sum((0, 1, 2)).nonzero()[:, 0]
    return columns[0].item(), columns[-1].item() + 1


@networks
def test_every_formula_comes_to_its_value(make):
    for row in ledger(make()).rows:
        for key, _ in QUANTITIES:
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
    assert str(book["C3"].side) == "14 - 5 + 1 = 10"


def test_formulas_tell_of_strides_borders_and_biases_of_their_own():
    book = ledger(architecture.lenet1989())
    assert str(book["H1"].side) == "(2 + 16 + 1 - 5) / 2 + 1 = 8"
    assert str(book["H1"].parameters) == "12 x 5 x 5 + 12 x 8 x 8 = 1,068"
    assert str(book["H1"].connections) == "12 x (5 x 5 + 1) x 8 x 8 = 19,968"
    assert str(book["H2"].connections) == "12 x (8 x 5 x 5 + 1) x 4 x 4 = 38,592"
    assert book["H2"].kind == "convolution 5x5 by table, stride 2"
    book = ledger(STRIDES)
    assert str(book["A"].side) == "1 + 19 + 1 - 3 + 1 = 19"
    assert str(book["B"].side) == "(19 - 4) / 3 + 1 = 6"
    assert str(book["C"].side) == "(2 + 6 + 1 - 3) / 2 + 1 = 4"


def test_a_stride_that_leaves_rows_over_says_so():
    layer = architecture.ConvolutionSpec("C", 1, 3, None, stride=3)
    plan = architecture.Architecture("left over", {}, architecture.InputSpec("INPUT", 1, 10), (layer,))
    assert str(ledger(plan)["C"].side) == "(10 - 1 - 3) / 3 + 1 = 3"


def test_copies_are_counted_map_by_map():
    row = ledger(architecture.lenet4())["S2"]
    assert row.kind == "subsampling, 2 to a map"
    assert str(row.parameters) == "8 x 2 = 16"
    assert str(row.connections) == "8 x 14 x 14 x (2 x 2 + 1) = 7,840"


def test_windows_step_by_the_stride():
    plan = architecture.lenet1989()
    assert window(plan["H1"], plan.shapes["INPUT"]) == (5, 2)
    assert window(plan["H3"], plan.shapes["H2"]) == (4, 1)


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
