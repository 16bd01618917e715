"""The networks as models: their size, their start, their answers, and the input they refuse."""

import pytest
import torch

from lenet_edu.data.splits import crop
from lenet_edu.network import paper
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.ledger import ledger
from lenet_edu.network.models import LeNet1, LeNet4, LeNet5, LeNet1989, RGBLeNet, build, count_parameters
from lenet_edu.system.errors import LenetError
from lenet_edu.training.checkpoints import load_network, save_network

FAMILY = pytest.mark.parametrize("make", [LeNet1989, LeNet1, LeNet4])


def test_parameters_are_exactly_the_papers():
    assert count_parameters(LeNet5()) == 60_000
    assert count_parameters(LeNet5(**MODERN)) == 61_706
    assert count_parameters(RGBLeNet()) == 121_204


@pytest.mark.parametrize("name", ["C1", "C3", "C5", "F6"])
def test_initial_weights_are_uniform_up_to_the_papers_limit(name):
    layer = getattr(LeNet5(), name)
    parameters = layer.weight.detach().flatten()
    # Fan-in by weight: for C3 it differs from map to map.
    fan_in = layer.fan_in.repeat_interleave(layer.table.sum(1) * 25) if name == "C3" else layer.fan_in[0]
    share = parameters * fan_in / paper.INITIAL_WEIGHT_RANGE
    assert share.abs().max() <= 1 + 1e-6
    assert share.abs().max() > 0.9
    assert share.std().item() == pytest.approx(3**-0.5, rel=0.12)


@pytest.mark.parametrize("name", ["C1", "C5", "F6"])
@pytest.mark.parametrize(("activation", "times", "power"), [("scaled_tanh", 2.4, 1), ("sigmoid", 1, 0.5)])
def test_weights_and_biases_start_within_the_same_limit(name, activation, times, power):
    layer = getattr(LeNet5(activation=activation), name)
    bound = times / layer.weight[0].numel() ** power
    for parameter in (layer.weight, layer.bias):
        assert bound / 4 < parameter.abs().max() <= bound * (1 + 1e-6)


def test_relu_starts_with_a_variance_that_stays_from_layer_to_layer(seeded):
    model = LeNet5(**MODERN)
    model.reset_parameters(seeded)
    images = torch.randn(200, 1, 32, 32, generator=seeded)
    sums = model.C1.weighted_sum(images)
    # A ReLU halves the mean square, which a variance of 2/F makes up for; an image has both halves.
    assert sums.square().mean().item() == pytest.approx(2, rel=0.3)
    assert model.F6.weighted_sum(torch.randn(500, 120, generator=seeded).relu()).square().mean().item() == (
        pytest.approx(1, rel=0.2)
    )
    assert model.C1.bias.abs().max() == model.F6.bias.abs().max() == 0
    assert model.OUTPUT.weight.abs().max() <= 84**-0.5


def test_subsampling_starts_as_a_mean():
    model = LeNet5()
    assert model.S2.coefficient.tolist() == [0.25] * 6
    assert model.S4.bias.tolist() == [0] * 16


def test_a_generator_decides_the_initial_weights():
    def first(seed):
        model = LeNet5()
        model.reset_parameters(torch.Generator().manual_seed(seed))
        return model.C5.weight

    assert torch.equal(first(3), first(3))
    assert not torch.equal(first(3), first(4))


@pytest.mark.parametrize("switches", [{}, MODERN], ids=["rbf", "linear"])
def test_scores_probabilities_and_classes_agree(switches, seeded):
    model, images = LeNet5(**switches), torch.rand(5, 1, 32, 32, generator=seeded)
    output = model(images)
    best = output.argmin(1) if model.has_rbf_output else output.argmax(1)
    assert torch.equal(model.classes_of(images), best)
    assert torch.equal(model.class_scores(images).argmax(1), best)
    torch.testing.assert_close(model.probabilities(images).sum(1), torch.ones(5))
    assert torch.equal(model.probabilities(images).argmax(1), best)


def test_scaled_tanh_network_answers_from_its_own_arithmetic(seeded):
    """LeNet-5 written out once more, with nothing of the package but its weights."""
    model, x = LeNet5(), torch.rand(2, 1, 32, 32, generator=seeded)
    w = {name: p.detach() for name, p in model.named_parameters()}

    def f(a):
        return 1.7159 * torch.tanh(2 * a / 3)

    def sub(x, name):
        total = 4 * torch.nn.functional.avg_pool2d(x, 2)
        return f(total * w[f"{name}.coefficient"][:, None, None] + w[f"{name}.bias"][:, None, None])

    conv = torch.nn.functional.conv2d
    c3 = torch.zeros(16, 6, 5, 5)
    links = [(k, i) for k in range(16) for i in range(6) if paper.C3_TABLE[i, k]]
    for kernel, (k, i) in zip(w["C3.weight"], links, strict=True):
        c3[k, i] = kernel
    s2 = sub(f(conv(x, w["C1.weight"], w["C1.bias"])), "S2")
    s4 = sub(f(conv(s2, c3, w["C3.bias"])), "S4")
    c5 = f(conv(s4, w["C5.weight"], w["C5.bias"])).flatten(1)
    f6 = f(c5 @ w["F6.weight"].T + w["F6.bias"])
    codes = torch.tensor(paper.DIGIT_CODES).flatten(1).float()
    torch.testing.assert_close(model(x), ((f6[:, None] - codes) ** 2).sum(2), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "model",
    [LeNet5(), RGBLeNet(), LeNet1989(), LeNet1(), LeNet4()],
    ids=["lenet5", "rgb", "lenet1989", "lenet1", "lenet4"],
)
def test_activations_hold_every_unit_of_the_ledger(model):
    images = torch.rand(2, *model.architecture.input.output_shape)
    outputs = activations(model, images)
    assert {name: tuple(x.shape[1:]) for name, x in outputs.items()} == model.architecture.shapes
    assert sum(x[0].numel() for x in outputs.values()) - images[0].numel() == ledger(model).totals["units"]
    assert torch.equal(outputs["OUTPUT"], model(images))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.rand(1, 1, 28, 28), r"\(1, 1, 28, 28\).*pad"),
        (torch.rand(1, 32, 32), r"images\[None\]"),
        (torch.rand(2, 3, 32, 32), r"\(2, 3, 32, 32\)"),
        (torch.zeros(1, 1, 32, 32, dtype=torch.uint8), "uint8"),
        ([[0.0]], "list"),
        (None, "NoneType"),
    ],
    ids=["28x28", "no batch", "colour", "bytes", "list", "none"],
)
def test_images_of_another_kind_are_refused(images, message):
    with pytest.raises(LenetError, match=message):
        LeNet5()(images)
    with pytest.raises(LenetError, match=message):
        activations(LeNet5(), images)


def test_the_superfluous_layer_can_be_left_out():
    """F7 and OUTPUT are two linear maps in a row: their product does the same with fewer parameters."""
    model, short = RGBLeNet(), RGBLeNet(f7=False)
    assert [name for name in model.architecture.shapes if name not in short.architecture.shapes] == ["F7"]
    weights = {name: value for name, value in model.state_dict().items() if name[:2] != "F7"}
    product = model.OUTPUT.weight @ model.F7.weight
    bias = model.OUTPUT.weight @ model.F7.bias + model.OUTPUT.bias
    short.load_state_dict({**weights, "OUTPUT.weight": product.detach(), "OUTPUT.bias": bias.detach()})
    images = torch.rand(3, 3, 32, 32)
    torch.testing.assert_close(short(images), model(images))
    assert count_parameters(model) - count_parameters(short) == (84 * 10 + 10 + 10 * 2) - 84 * 2
    with pytest.raises(LenetError, match="f7 must be True or False"):
        RGBLeNet(f7="no")


def test_torchs_start_is_torchs(seeded):
    """The bounds of torch's own layers, in which its default initialisation draws."""
    model = RGBLeNet()
    model.reset_parameters(seeded, "torch")
    for name, fan_in in (("C1", 75), ("C3", 400), ("F5", 800), ("OUTPUT", 10)):
        layer = getattr(model, name)
        assert 0.85 * fan_in**-0.5 < layer.weight.abs().max() <= fan_in**-0.5
        assert 0 < layer.bias.abs().max() <= fan_in**-0.5


def test_build_makes_what_the_config_says():
    model = RGBLeNet(classes=7)
    assert build(model.architecture.config).architecture == model.architecture


@FAMILY
def test_the_family_holds_what_its_ledger_says(make):
    model = make()
    assert count_parameters(model) == ledger(model).totals["parameters"]


def test_the_networks_of_1989_and_1990_have_exactly_their_papers_parameters():
    for make in (LeNet1989, LeNet1):
        model = make()
        assert count_parameters(model) == paper.FAMILY[model.architecture.config["network"]]["parameters"]


@FAMILY
def test_the_family_answers_with_scores_that_its_squash_bounds(make, seeded):
    model = make()
    images = torch.rand(5, *model.architecture.input.output_shape, generator=seeded)
    scores = model.class_scores(images)
    assert not model.has_rbf_output
    assert scores.shape == (5, len(paper.DIGIT_CODES))
    assert scores.abs().max() < paper.SQUASH_AMPLITUDE
    assert torch.equal(model.classes_of(images), model(images).argmax(1))
    torch.testing.assert_close(model.probabilities(images).sum(1), torch.ones(5))


@FAMILY
def test_every_parameter_of_the_family_starts_within_its_limit_and_can_learn(make, seeded):
    model = make()
    model.reset_parameters(seeded)
    for name, layer in model.named_children():
        if hasattr(layer, "weight"):
            limit = (paper.INITIAL_WEIGHT_RANGE / layer.fan_in).max().item()
            for parameter in (layer.weight, layer.bias):
                assert 0 < parameter.abs().max() <= limit * (1 + 1e-6), name
    images = torch.rand(3, *model.architecture.input.output_shape, generator=seeded)
    model(images).square().sum().backward()
    assert all(parameter.grad.count_nonzero() for parameter in model.parameters())


def test_a_pair_of_lenet4_starts_alike_and_learns_to_differ(seeded):
    model = LeNet4()
    model.reset_parameters(seeded)
    images = torch.rand(3, *model.architecture.input.output_shape, generator=seeded)
    first, second = model.S2(model.C1(images)).unflatten(1, (-1, 2)).unbind(2)
    assert torch.equal(first, second)
    model(images).square().sum().backward()
    for gradient in (model.S2.coefficient.grad, model.S2.bias.grad):
        first, second = gradient.unflatten(0, (-1, 2)).unbind(1)
        assert (first != second).all()


def test_a_table_map_of_1989_draws_by_its_own_inputs(seeded):
    model = LeNet1989()
    model.reset_parameters(seeded)
    assert model.H2.fan_in.tolist() == [8 * 25] * 12
    assert model.H2.bias.abs().max() > 0.9 * paper.INITIAL_WEIGHT_RANGE / 200


def test_1989_sees_a_plane_of_its_border_beyond_the_image(seeded):
    """An image in a wider frame of border, without padding, gives the same."""
    model, images = LeNet1989(), torch.rand(2, 1, 16, 16, generator=seeded) * 2 - 1
    framed = torch.full((2, 1, 20, 20), paper.LENET1989_BORDER)
    framed[..., 2:-2, 2:-2] = images
    wanted = model.H1(images)
    model.H1.padding = 0
    torch.testing.assert_close(model.H1(framed), wanted)
    assert model.H2.border == paper.LENET1989_BORDER


@FAMILY
def test_the_family_comes_back_from_its_files(make, tmp_path, seeded):
    model, path = make(), tmp_path / "x.safetensors"
    save_network(path, model)
    again = load_network(path)
    images = torch.rand(2, *model.architecture.input.output_shape, generator=seeded)
    assert again.architecture == model.architecture
    assert torch.equal(again(images), model(images))


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (LeNet1, (2, 1, 32, 32), r"LeNet-1 .*28, 28\); got \(2, 1, 32, 32\).*lenet_edu\.crop\(images, 28\)"),
        (LeNet1, (1, 28, 28), r"images\[None\]"),
        (LeNet4, (2, 1, 28, 28), "lenet_edu.pad"),
        (LeNet1989, (2, 1, 28, 28), r"LeNet 1989 .*16, 16\); got \(2, 1, 28, 28\)\.$"),
        (LeNet1989, (2, 1, 32, 32), r"16, 16\); got \(2, 1, 32, 32\)\.$"),
    ],
)
def test_images_of_another_size_are_refused_with_what_helps(make, shape, message):
    with pytest.raises(LenetError, match=message):
        make()(torch.zeros(shape))


def test_the_hint_for_a_smaller_frame_helps():
    images = torch.zeros(2, 1, 32, 32)
    assert LeNet1()(crop(images, 28)).shape == (2, 10)


@FAMILY
def test_slices_of_a_network_are_its_layers_one_after_the_other(make, seeded):
    model = make()
    images = torch.rand(2, *model.architecture.input.output_shape, generator=seeded)
    for cut in (3, -1):
        first, rest = model[:cut], model[cut:]
        assert [name for part in (first, rest) for name, _ in part.named_children()] == [
            layer.name for layer in model.architecture.layers
        ]
        assert torch.equal(rest(first(images)), model(images))
    assert model[:1][0] is model[0]


def test_images_of_another_precision_or_library_are_refused_with_what_helps():
    model, images = LeNet5(), torch.zeros(2, 1, 32, 32)
    with pytest.raises(LenetError, match=r"weights of torch.float32; got images of torch.float64"):
        model(images.double())
    with pytest.raises(LenetError, match=r"got ndarray. Use torch.as_tensor\(images\).float\(\)"):
        model(images.numpy())
    with pytest.raises(LenetError, match=r"got torch.uint8. Use images.float\(\)"):
        model(images.byte())
    assert torch.equal(model(torch.as_tensor(images.numpy()).float()), model(images))
    assert model.double()(images.double()).dtype == torch.float64
    with torch.autocast("cpu", torch.bfloat16):
        assert LeNet5(output="linear")(images).dtype == torch.bfloat16
