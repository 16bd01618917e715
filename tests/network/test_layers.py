"""The layers of 1998 against the same arithmetic written out in torch."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lenet_edu.network import layers, paper
from lenet_edu.network.models import LeNet5
from lenet_edu.system.errors import LenetError


def drawn(layer: torch.nn.Module, generator: torch.Generator) -> torch.nn.Module:
    """The layer in double precision, its parameters drawn at random."""
    layer.double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return layer


def maps(generator, *shape) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.double, generator=generator)


def test_scaled_tanh_passes_through_one_and_bends_most_there():
    f = layers.ScaledTanh()
    a = torch.linspace(0.5, 1.5, 2001, dtype=torch.double)
    torch.testing.assert_close(
        f(torch.tensor([-1.0, 0.0, 1.0])), torch.tensor([-1.0, 0.0, 1.0]), atol=1e-4, rtol=0
    )
    second = f(a).diff(n=2).abs()
    assert a[1 + second.argmax()].item() == pytest.approx(1, abs=0.02)


def test_table_convolution_sums_its_own_maps_only(seeded):
    layer = drawn(layers.TableConvolution(paper.C3_TABLE, 5, None), seeded)
    x = maps(seeded, 2, 6, 14, 14)
    kernels = iter(layer.weight)
    for k, column in enumerate(paper.C3_TABLE.T):
        read = [F.conv2d(x[:, [i]], next(kernels)[None, None]) for i in column.nonzero()[0]]
        torch.testing.assert_close(layer(x)[:, k], sum(read)[:, 0] + layer.bias[k])
    assert next(kernels, None) is None


def test_kernels_without_a_link_do_not_exist():
    layer = layers.TableConvolution(paper.C3_TABLE, 5, None)
    assert layer.weight.shape == (paper.C3_TABLE.sum(), 5, 5)
    assert sum(p.numel() for p in layer.parameters()) == paper.PARAMETERS["C3"]
    assert set(layer.state_dict()) == {"weight", "bias"}


def test_full_table_is_an_ordinary_convolution(seeded):
    table = layers.TableConvolution(paper.C3_TABLE | True, 5, "relu").double()
    full = drawn(layers.Convolution(6, 16, 5, "relu"), seeded)
    table.load_state_dict({"weight": full.weight.flatten(0, 1), "bias": full.bias})
    x = maps(seeded, 2, 6, 14, 14)
    torch.testing.assert_close(table(x), full(x))


def test_subsampling_is_sum_times_coefficient_plus_bias(seeded):
    layer = drawn(layers.Subsampling(6, 2, "scaled_tanh"), seeded)
    x = maps(seeded, 2, 6, 8, 8)
    total = x[..., ::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, ::2] + x[..., 1::2, 1::2]
    a = total * layer.coefficient[:, None, None] + layer.bias[:, None, None]
    torch.testing.assert_close(layer.weighted_sum(x), a)
    torch.testing.assert_close(layer(x), 1.7159 * torch.tanh(2 / 3 * a))


def by_hand(x, weights, bias, stride: int, padding: int, border: float) -> torch.Tensor:
    """A convolution unit by unit, input by input. weights: map k -> {map below: (kernel, kernel)}."""
    side, count = x.shape[-1], len(x)
    kernel = len(next(iter(weights[0].values())))
    places = range(-padding, side + padding - kernel + 1, stride)
    output = torch.zeros(count, len(weights), len(places), len(places), dtype=x.dtype)
    for n, k, (row, top), (column, left) in product(
        range(count), range(len(weights)), enumerate(places), enumerate(places)
    ):
        a = bias[k] if bias.ndim == 1 else bias[k, row, column]
        for below, weight in weights[k].items():
            for i, j in product(range(kernel), repeat=2):
                inside = 0 <= top + i < side and 0 <= left + j < side
                a = a + weight[i, j] * (x[n, below, top + i, left + j] if inside else border)
        output[n, k, row, column] = a
    return output


@pytest.mark.parametrize("own", [True, False], ids=["bias a unit", "bias a map"])
@pytest.mark.parametrize(
    ("side", "kernel", "stride", "padding", "border"),
    [(8, 5, 2, 2, -1.0), (7, 3, 2, 0, 0.0), (4, 3, 1, 1, 0.5), (6, 3, 2, 1, 0.0), (3, 5, 2, 1, -1.0)],
)
def test_stride_border_and_biases_unit_by_unit(side, kernel, stride, padding, border, own, seeded):
    out = (side + 2 * padding - kernel) // stride + 1
    moves = {"stride": stride, "padding": padding, "border": border, "places": (out, out) if own else None}
    x = maps(seeded, 2, 3, side, side)

    full = drawn(layers.Convolution(3, 2, kernel, None, **moves), seeded)
    weights = [dict(enumerate(full.weight[k].detach())) for k in range(2)]
    expected = by_hand(x, weights, full.bias.detach(), stride, padding, border)
    torch.testing.assert_close(full(x), expected)

    table = np.array([[1, 0], [1, 1], [0, 1]], dtype=bool)
    sparse = drawn(layers.TableConvolution(table, kernel, None, **moves), seeded)
    kernels = iter(sparse.weight.detach())
    weights = [{int(i): next(kernels) for i in column.nonzero()[0]} for column in table.T]
    expected = by_hand(x, weights, sparse.bias.detach(), stride, padding, border)
    torch.testing.assert_close(sparse(x), expected)


def test_biases_of_their_own_have_the_shape_of_the_output():
    layer = layers.Convolution(1, 12, 5, None, stride=2, padding=2, places=(8, 8))
    assert {name: tuple(p.shape) for name, p in layer.named_parameters()} == {
        "weight": (12, 1, 5, 5),
        "bias": (12, 8, 8),
    }
    assert layer.fan_in.tolist() == [25] * 12


def test_biases_of_their_own_want_maps_of_their_size():
    layer = layers.Convolution(1, 2, 3, None, places=(4, 4))
    with pytest.raises(LenetError, match=r"each of 4x4 units.*make 5x6"):
        layer(torch.rand(1, 1, 7, 8))


def test_copies_subsample_the_same_map_with_parameters_of_their_own(seeded):
    layer = drawn(layers.Subsampling(2, 2, None, copies=3), seeded)
    x = maps(seeded, 2, 2, 4, 6)
    output = layer(x)
    assert output.shape == (2, 6, 2, 3)
    for n, k, row, column in product(range(2), range(6), range(2), range(3)):
        square = x[n, k // 3, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        expected = square.sum() * layer.coefficient[k] + layer.bias[k]
        torch.testing.assert_close(output[n, k, row, column], expected)


def test_rbf_is_the_squared_distance_to_each_code(seeded):
    codes = torch.tensor(paper.DIGIT_CODES)
    layer = layers.RBF(codes).double()
    x = maps(seeded, 3, 84)
    torch.testing.assert_close(layer(x), torch.cdist(x, codes.double().flatten(1)).square())
    assert layer(codes.double().flatten(1)).diag().tolist() == [0] * 10
    assert not list(layer.parameters())


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.Convolution(2, 3, 3, "scaled_tanh"), (1, 2, 5, 5)),
        (layers.TableConvolution(paper.C3_TABLE[:, :4], 3, "scaled_tanh"), (1, 6, 4, 4)),
        (
            layers.Convolution(2, 3, 3, "scaled_tanh", stride=2, padding=1, border=-1, places=(2, 2)),
            (1, 2, 4, 4),
        ),
        (layers.Subsampling(2, 2, "scaled_tanh"), (1, 2, 4, 4)),
        (layers.Subsampling(2, 2, "scaled_tanh", copies=2), (1, 2, 4, 4)),
        (layers.Linear(6, 4, "sigmoid"), (2, 6)),
        (layers.RBF(torch.tensor(paper.DIGIT_CODES)), (2, 84)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_gradients(layer, shape, seeded):
    drawn(layer, seeded)
    x = maps(seeded, *shape).requires_grad_()
    names = [name for name, _ in layer.named_parameters()]

    def run(x, *values):
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(run, (x, *layer.parameters()))


def test_c5_is_a_convolution_that_covers_its_whole_input():
    c5 = LeNet5().C5
    assert c5(torch.rand(1, 16, 5, 5)).shape == (1, 120, 1, 1)
    assert c5(torch.rand(1, 16, 6, 7)).shape == (1, 120, 2, 3)
