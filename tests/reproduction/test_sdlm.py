"""Levenberg-Marquardt's curvatures against Jacobians and Hessians by autograd, and its steps by formula."""

from collections import OrderedDict
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, jacrev

from lenet_edu.network import layers, paper
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.losses import map_loss
from lenet_edu.network.models import LeNet5, build
from lenet_edu.reproduction.sdlm import SDLM, curvature, effective_rates
from lenet_edu.system.errors import LenetError

TABLE = paper.C3_TABLE[:3, :4]
CODES = torch.tensor([[1.0, -1, 1, 1, -1, 1], [-1.0, -1, 1, -1, 1, 1]])
LABEL = 1
RATE = paper.GLOBAL_RATES[0][0]

# The losses of one pattern as functions of F6 (map) or OUTPUT, written out once more.
LOSSES = {
    "map": lambda x: (x - CODES[LABEL].double()).square().sum(),
    "squared": lambda x: (x - 0.3).square().sum() / 2,
    "cross_entropy": lambda x: F.cross_entropy(x, torch.tensor(LABEL)),
}


class Stack(nn.Sequential):
    """Layers in a row that take inputs of any shape."""

    def check_images(self, images):
        pass


def drawn(model: nn.Module, generator: torch.Generator) -> nn.Module:
    """The model in double precision, its trainable parameters drawn so that no squash is saturated."""
    for parameter in model.double().parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5, generator=generator)
    return model


def some(generator, *shape) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.double, generator=generator)


def one_to_one(units: int) -> layers.Linear:
    """A fixed linear layer whose every unit reads one unit only, so that no two paths meet in it."""
    layer = layers.Linear(units, units, None).requires_grad_(False)
    layer.weight.copy_(torch.linspace(0.5, 2, units).diag())
    layer.bias.zero_()
    return layer


def body(model: nn.Sequential) -> list[tuple[str, nn.Module]]:
    """The layers that h goes through: all but an RBF output."""
    return [(name, layer) for name, layer in model.named_children() if not isinstance(layer, layers.RBF)]


def values(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: parameter.detach() for name, parameter in module.named_parameters()}


def run(module: nn.Module, parameters: dict[str, torch.Tensor], image: torch.Tensor) -> torch.Tensor:
    """All that the module makes of one image with these parameters, in a row."""
    return functional_call(module, parameters, (image,)).flatten()


def hessian(loss: str, x: torch.Tensor) -> torch.Tensor:
    return jacrev(jacrev(LOSSES[loss]))(x)


def exact(model, images, loss) -> dict[str, torch.Tensor]:
    """The diagonal of J^T H J: H is the whole Hessian of the loss, J the whole network's Jacobian."""
    network = partial(run, Stack(OrderedDict(body(model))))
    curvatures = {name: torch.zeros_like(value) for name, value in values(model).items()}
    for image in images.split(1):
        H = hessian(loss, network(values(model), image))
        for name, J in jacrev(network)(values(model), image).items():
            curvatures[name] += torch.einsum("i...,ij,j...->...", J, H, J) / len(images)
    return curvatures


def layer_by_layer(model, images, loss) -> dict[str, torch.Tensor]:
    """Appendix C by Jacobians: h goes down through the square of each layer's.

    A unit reads a shared weight through one connection only. So the square of its derivative in the weight
    is that connection's, and a sum over units is the sum over connections.
    """
    curvatures = {name: torch.zeros_like(value) for name, value in values(model).items()}
    for image in images.split(1):
        passed = []
        for name, layer in body(model):
            passed.append((name, layer, image))
            image = layer(image).detach()
        h = hessian(loss, image[0]).diag() / len(images)
        for name, layer, image in reversed(passed):
            by_parameter, by_input = jacrev(partial(run, layer), argnums=(0, 1))(values(layer), image)
            for own, J in by_parameter.items():
                curvatures[f"{name}.{own}"] += torch.einsum("i,i...->...", h, J.square())
            h = h @ by_input.flatten(1).square()
    return curvatures


def assert_same(actual, expected):
    assert list(actual) == list(expected)
    for name, h in actual.items():
        # No absolute tolerance: many h are tiny.
        torch.testing.assert_close(h, expected[name], rtol=1e-8, atol=0, msg=lambda m, n=name: f"{n}: {m}")


NO_PATHS_MEET = {
    "linear": (lambda: [layers.Linear(5, 3, None)], (5,), "squared"),
    "squashed": (lambda: [layers.Linear(5, 3, "scaled_tanh")], (5,), "squared"),
    "softmax": (lambda: [layers.Linear(5, 3, None)], (5,), "cross_entropy"),
    "F6": (lambda: [layers.Linear(5, 6, "scaled_tanh"), layers.RBF(CODES)], (5,), "map"),
    "chain": (
        lambda: [
            layers.Convolution(2, 1, 3, "scaled_tanh"),
            layers.Subsampling(1, 1, "sigmoid"),
            layers.Linear(1, 1, "scaled_tanh"),
            layers.Linear(1, 1, None),
        ],
        (2, 3, 3),
        "squared",
    ),
    "shared kernels": (
        lambda: [layers.Convolution(1, 2, 3, "scaled_tanh"), one_to_one(6), layers.RBF(CODES)],
        (1, 3, 5),
        "map",
    ),
    "shared coefficient": (
        lambda: [layers.Subsampling(1, 2, "scaled_tanh"), one_to_one(6), layers.RBF(CODES)],
        (1, 4, 6),
        "map",
    ),
}


@pytest.mark.parametrize("case", NO_PATHS_MEET)
def test_it_is_the_exact_gauss_newton_diagonal_where_no_paths_meet(case, seeded):
    make, shape, loss = NO_PATHS_MEET[case]
    model = drawn(Stack(*make()), seeded)
    images = some(seeded, 4, *shape)
    assert_same(curvature(model, images, loss=loss), exact(model, images, loss))


def test_where_paths_meet_their_mixed_terms_are_left_out(seeded):
    model = drawn(Stack(layers.Linear(5, 4, "scaled_tanh"), layers.Linear(4, 3, None)), seeded)
    images = some(seeded, 4, 5)
    h, whole = curvature(model, images, loss="cross_entropy"), exact(model, images, "cross_entropy")
    torch.testing.assert_close(h["1.weight"], whole["1.weight"])
    assert not torch.allclose(h["0.weight"], whole["0.weight"], rtol=0.01)


OWN_BIASES = {"stride": 2, "padding": 2, "border": -1.0, "places": (3, 4)}
LAYERS = {
    "convolution": (lambda: layers.Convolution(2, 3, 3, "scaled_tanh"), (2, 5, 6)),
    "convolution of one place": (lambda: layers.Convolution(2, 3, 3, "scaled_tanh"), (2, 3, 3)),
    "strided, padded, own biases": (lambda: layers.Convolution(2, 3, 5, "sigmoid", **OWN_BIASES), (2, 6, 7)),
    "table": (lambda: layers.TableConvolution(TABLE, 3, "scaled_tanh"), (3, 5, 4)),
    "table, strided": (lambda: layers.TableConvolution(TABLE, 3, "relu", stride=2), (3, 6, 5)),
    "subsampling": (lambda: layers.Subsampling(2, 2, "scaled_tanh"), (2, 4, 6)),
    "subsampling with a remainder": (lambda: layers.Subsampling(2, 2, "sigmoid"), (2, 5, 7)),
    "subsampling in copies": (lambda: layers.Subsampling(2, 2, "scaled_tanh", copies=3), (2, 4, 4)),
    "linear": (lambda: layers.Linear(12, 4, "relu"), (3, 2, 2)),
    "average": (lambda: nn.AvgPool2d(2), (2, 4, 6)),
    "maximum": (lambda: nn.MaxPool2d(2), (2, 4, 6)),
}


@pytest.mark.parametrize("case", LAYERS)
def test_every_layer_passes_h_through_the_squares_of_its_derivatives(case, seeded):
    make, shape = LAYERS[case]
    # The layer below shows what h comes out at the input.
    below, middle = layers.Convolution(shape[0], shape[0], 1, "scaled_tanh"), make()
    top = layers.Linear(middle(torch.zeros(1, *shape)).numel(), 3, None)
    model = drawn(Stack(below, middle, top), seeded)
    images = some(seeded, 3, *shape)
    expected = layer_by_layer(model, images, "cross_entropy")
    assert expected["0.weight"].count_nonzero()
    assert_same(curvature(model, images, loss="cross_entropy"), expected)


NETWORKS = {
    "1998": ({"network": "lenet5"}, "map"),
    "average, sigmoid": (
        {"network": "lenet5", "subsampling": "average", "activation": "sigmoid", "output": "linear"},
        "squared",
    ),
    "modern": ({"network": "lenet5", **MODERN}, "cross_entropy"),
    "LeNet-4": ({"network": "lenet4"}, "squared"),
    "1989": ({"network": "lenet1989"}, "squared"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", NETWORKS)
def test_whole_networks(case, seeded, monkeypatch):
    config, loss = NETWORKS[case]
    model = drawn(build(config), seeded)
    monkeypatch.setitem(LOSSES, "map", lambda x: (x - model.OUTPUT.codes[LABEL]).square().sum())
    images = some(seeded, 1, *model.architecture.input.output_shape)
    assert_same(curvature(model, images, loss=loss), layer_by_layer(model, images, loss))


@pytest.fixture(scope="module")
def start(embedded):
    """LeNet-5 as it starts, the images of the paper's number of patterns, and its curvature."""
    model = LeNet5()
    model.reset_parameters(torch.Generator().manual_seed(0))
    images = embedded.train.images[: paper.SDLM_PATTERNS]
    return model, images, curvature(model, images)


@pytest.mark.slow
def test_one_h_for_every_parameter_zero_or_more_and_nothing_left_behind(start):
    model, _, h = start
    assert {name: value.shape for name, value in h.items()} == {
        name: parameter.shape for name, parameter in model.named_parameters()
    }
    assert sum(value.numel() for value in h.values()) == paper.TOTAL_PARAMETERS
    assert all((value >= 0).all() and value.isfinite().all() for value in h.values())
    assert not any(value.requires_grad for value in h.values())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())


def test_it_is_the_mean_over_the_images(start):
    model, images, _ = start
    images = images[:3]
    each = [curvature(model, image[None]) for image in images]
    for name, h in curvature(model, images).items():
        torch.testing.assert_close(h, sum(one[name] for one in each) / 3)


@pytest.mark.parametrize(
    ("output", "loss"), [("rbf", "map"), ("linear", "cross_entropy"), ("linear", "squared")]
)
def test_labels_change_nothing(output, loss, start):
    model, images = LeNet5(output=output), start[1][:4]
    first, second, none = (
        curvature(model, images, labels, loss) for labels in (torch.tensor([0, 1, 2, 3]), torch.ones(4), None)
    )
    for name in none:
        assert torch.equal(first[name], none[name])
        assert torch.equal(second[name], none[name])


def test_effective_rates_at_the_start_span_the_papers_orders_of_magnitude(start):
    rates = effective_rates(start[2])
    every = torch.cat([value.flatten() for value in rates.values()])
    lowest, _ = paper.EFFECTIVE_RATES
    assert lowest < every.min() < 4 * lowest
    # Without curvature mu alone is left: no rate is higher.
    assert every.max().item() == pytest.approx(RATE / paper.SDLM_MU, rel=0.01)
    # F6's units start near a = 0, right below the loss, and its biases have an input of 1.
    slope = paper.SQUASH_AMPLITUDE * paper.SQUASH_SLOPE
    assert rates["F6.bias"].mean().item() == pytest.approx(RATE / (paper.SDLM_MU + 2 * slope**2), rel=0.02)
    assert every.min() == rates["F6.bias"].min()


def test_effective_rates_by_formula():
    rates = effective_rates({"a": torch.tensor([0.0, 0.98])}, rate=0.1, mu=0.02)
    torch.testing.assert_close(rates, {"a": torch.tensor([5.0, 0.1])})


@pytest.mark.parametrize(
    ("output", "change", "message"),
    [
        ("rbf", {"loss": "hinge"}, "loss must be one of map, distance, squared, cross_entropy"),
        ("rbf", {"loss": "squared"}, "needs a Linear output layer; got RBF. Losses that fit it: map"),
        ("linear", {"loss": "map"}, "needs a RBF output layer; got Linear.*: squared, cross_entropy"),
        ("rbf", {"images": torch.zeros(2, 1, 28, 28)}, "pad"),
        ("rbf", {"images": torch.zeros(2, 1, 32, 32, dtype=torch.uint8)}, "floats"),
        ("rbf", {"images": torch.zeros(0, 1, 32, 32)}, "got none"),
        ("rbf", {"labels": torch.zeros(3)}, r"shape \(2,\).*got \(3,\)"),
    ],
    ids=str,
)
def test_curvature_says_what_does_not_fit(output, change, message):
    with pytest.raises(LenetError, match=message):
        curvature(LeNet5(output=output), **{"images": torch.zeros(2, 1, 32, 32), **change})


def test_a_layer_without_a_rule_is_named():
    with pytest.raises(LenetError, match="layer 0, a Dropout"):
        curvature(Stack(nn.Dropout(), layers.Linear(4, 2, None)), torch.zeros(1, 4), loss="squared")


def small(generator) -> nn.Module:
    """A model with gradients."""
    model = drawn(Stack(layers.Linear(3, 2, "scaled_tanh"), layers.Linear(2, 2, None)), generator)
    model(some(generator, 4, 3)).square().sum().backward()
    return model


def curvatures(model, generator) -> dict[str, torch.Tensor]:
    return {name: some(generator, *value.shape).square() for name, value in model.named_parameters()}


@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_a_step_is_the_formula(kind, seeded):
    model = small(seeded)
    h, before = curvatures(model, seeded), {name: value.clone() for name, value in values(model).items()}
    optimizer = SDLM(model.named_parameters(), rate=kind(0.3), mu=0.5)
    optimizer.estimate(h)
    optimizer.step()
    for name, parameter in model.named_parameters():
        expected = before[name] - 0.3 / (0.5 + h[name]) * parameter.grad
        torch.testing.assert_close(parameter.detach(), expected, check_dtype=False)


def test_mu_and_rate_are_the_papers_unless_told():
    group = SDLM(LeNet5().named_parameters()).param_groups[0]
    assert (group["mu"], group["lr"]) == (paper.SDLM_MU, RATE)


def test_one_step_finds_the_minimum_of_a_parabola():
    model = Stack(layers.Linear(1, 1, None)).double()
    x, target = torch.tensor([[2.0]]).double(), 3.0
    model[0].requires_grad_(False).bias.zero_()
    model[0].weight.fill_(-1).requires_grad_()
    optimizer = SDLM(model.named_parameters(), rate=1.0, mu=1e-12)
    optimizer.estimate(curvature(model, x, loss="squared"))

    def closure():
        optimizer.zero_grad()
        loss = (model(x) - target).square().sum() / 2
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == pytest.approx((-2.0 - target) ** 2 / 2)
    assert model(x).item() == pytest.approx(target)


def test_a_new_estimate_replaces_the_old_one_where_it_stood(seeded):
    model = small(seeded)
    optimizer = SDLM(model.named_parameters(), mu=0.5)
    optimizer.estimate(curvatures(model, seeded))
    places = [optimizer.state[parameter]["damped_curvature"] for parameter in model.parameters()]
    h = curvatures(model, seeded)
    optimizer.estimate(h)
    for place, parameter, value in zip(places, model.parameters(), h.values(), strict=True):
        assert optimizer.state[parameter]["damped_curvature"] is place
        torch.testing.assert_close(place, value + 0.5)


def test_its_state_is_saved_and_loaded(seeded):
    model = small(seeded)
    optimizer = SDLM(model.named_parameters(), rate=0.3)
    optimizer.estimate(curvatures(model, seeded))
    other = SDLM(model.named_parameters(), rate=0.1)
    other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["lr"] == 0.3
    for parameter in model.parameters():
        both = (o.state[parameter]["damped_curvature"] for o in (other, optimizer))
        torch.testing.assert_close(*both, rtol=0, atol=0)


def test_parameters_without_a_gradient_stay(seeded):
    model = small(seeded)
    model[0].weight.grad = None
    before = values(model)["0.weight"].clone()
    optimizer = SDLM(model.named_parameters())
    optimizer.estimate(curvatures(model, seeded))
    optimizer.step()
    assert torch.equal(values(model)["0.weight"], before)


@pytest.mark.slow
def test_lenet5_learns_by_it(start, embedded):
    model, images, h = start
    model = build(model.architecture.config)
    model.reset_parameters(torch.Generator().manual_seed(0))
    labels = embedded.train.labels[: len(images)]
    before = map_loss(model(images), labels).item()
    optimizer = SDLM(model.named_parameters(), rate=RATE)
    optimizer.estimate(h)
    for image, label in zip(images[:100].split(1), labels.split(1), strict=False):
        optimizer.zero_grad()
        (map_loss(model(image), label) / len(model.OUTPUT.codes[0])).backward()
        optimizer.step()
    assert map_loss(model(images), labels).item() < before


@pytest.mark.parametrize("change", [{"rate": -1e-9}, {"rate": float("nan")}, {"mu": 0}, {"mu": float("inf")}])
def test_rate_and_mu_out_of_range(change):
    with pytest.raises(LenetError, match=f"SDLM's {next(iter(change))} must be"):
        SDLM(LeNet5().named_parameters(), **change)


def test_parameters_need_names():
    with pytest.raises(LenetError, match="named_parameters"):
        SDLM(LeNet5().parameters())


def test_no_step_before_an_estimate(seeded):
    with pytest.raises(LenetError, match="Call estimate"):
        SDLM(small(seeded).named_parameters()).step()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda h: h.pop("1.bias"), r"1.bias must have shape \(2,\); got none"),
        (lambda h: h.update({"0.weight": torch.ones(3)}), r"\(2, 3\); got shape \(3,\)"),
        (lambda h: h["0.bias"].neg_(), "0.bias must be zero or more"),
        (lambda h: h["0.bias"].fill_(float("nan")), "diverged"),
    ],
)
def test_an_estimate_that_does_not_fit_changes_nothing(change, message, seeded):
    model = small(seeded)
    h = curvatures(model, seeded)
    change(h)
    optimizer = SDLM(model.named_parameters())
    with pytest.raises(LenetError, match=message):
        optimizer.estimate(h)
    assert not optimizer.state
