"""The compiled loops do what autograd and plain subtraction do, one pattern after the other."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numba import njit

from lenet_edu.network import paper
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.losses import LOSSES
from lenet_edu.network.models import LeNet1, LeNet4, LeNet5, LeNet1989, RGBLeNet
from lenet_edu.reproduction.compiled import CompiledNetwork
from lenet_edu.reproduction.loops import compiled, squash
from lenet_edu.system.errors import LenetError

PATTERNS = 12


CASES = {
    "LeNet-5": (LeNet5, "map"),
    "LeNet-5, equation 8": (LeNet5, "distance"),
    "LeNet-5, full C3": (lambda: LeNet5(c3="full"), "map"),
    "LeNet-5, softmax": (lambda: LeNet5(output="linear"), "cross_entropy"),
    "LeNet-5, maximum": (lambda: LeNet5(subsampling="max"), "map"),
    "LeNet-5, ReLU": (lambda: LeNet5(activation="relu", output="linear"), "cross_entropy"),
    "LeNet-5, modern": (lambda: LeNet5(**MODERN), "cross_entropy"),
    "LeNet-4": (LeNet4, "squared"),
    "LeNet-1": (LeNet1, "squared"),
}


def material(make):
    """A network, patterns for it, labels, and a rate for each parameter."""
    torch.manual_seed(1)
    model = make()
    images = torch.randn(PATTERNS, *model.architecture.input.output_shape)
    rates = {name: torch.rand_like(value) * 1e-3 for name, value in model.named_parameters()}
    return model, images, torch.randint(0, 10, (PATTERNS,)), rates


def by_autograd(model, images, labels, rates, order, loss):
    """Summed loss and right answers of the plain reference, which moves `model`."""
    summed, right = 0.0, 0
    for i in order.tolist():
        model.zero_grad()
        output = model(images[i : i + 1])
        value = LOSSES[loss](output, labels[i : i + 1])
        value.backward()
        summed += value.item()
        winner = output.argmin(1) if model.has_rbf_output else output.argmax(1)
        right += int(winner == labels[i])
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter -= rates[name] * parameter.grad
    return summed, right


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_same_weights_as_autograd(case):
    make, loss = CASES[case]
    model, images, labels, rates = material(make)
    reference = make()
    reference.load_state_dict(model.state_dict())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    order = torch.randperm(PATTERNS)
    engine = CompiledNetwork(model, loss)
    engine.set_steps(rates)
    summed, right = engine.train(images, labels, order)
    engine.write_back()
    wanted, wanted_right = by_autograd(reference, images, labels, rates, order, loss)
    assert summed == pytest.approx(wanted, rel=1e-5)
    assert right == wanted_right
    for name, parameter in model.named_parameters():
        moved = (reference.state_dict()[name] - before[name]).abs().max().item()
        assert moved > 0, name
        torch.testing.assert_close(
            parameter.detach(), reference.state_dict()[name], rtol=1e-5, atol=1e-3 * moved, msg=name
        )


def test_stretches_are_the_whole_bit_for_bit():
    model, images, labels, rates = material(LeNet5)
    start = {name: value.clone() for name, value in model.state_dict().items()}
    order = torch.randperm(PATTERNS)
    outcomes = []
    for cuts in ([PATTERNS], [5, PATTERNS - 5]):
        model.load_state_dict(start)
        for part in order.split(cuts):
            engine = CompiledNetwork(model)
            engine.set_steps(rates)
            engine.train(images, labels, part)
            engine.write_back()
        outcomes.append([parameter.detach().clone() for parameter in model.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*outcomes, strict=True))


def test_nothing_moves_without_steps():
    model, images, labels, _ = material(LeNet5)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    engine = CompiledNetwork(model)
    engine.train(images, labels, torch.arange(PATTERNS))
    engine.write_back()
    assert all(torch.equal(one, other) for one, other in zip(before, model.parameters(), strict=True))


def test_squash_is_the_papers():
    a = np.linspace(-40, 40, 400_001, dtype=np.float32)
    x = np.empty_like(a)
    squash(a, x)
    exact = paper.SQUASH_AMPLITUDE * np.tanh(paper.SQUASH_SLOPE * a.astype(np.float64))
    assert abs(x - exact).max() < 4e-7


@pytest.mark.parametrize(
    ("make", "loss", "message"),
    [
        (LeNet5, "squared", "RBF output"),
        (LeNet4, "map", "RBF output"),
        (LeNet5, "hinge", "loss"),
        (LeNet1989, "squared", "H1 of LeNet 1989"),
        (lambda: LeNet5(subsampling="average"), "map", "S2 of LeNet-5"),
        (lambda: LeNet5(activation="sigmoid"), "map", "sigmoid"),
    ],
)
def test_says_what_it_has_no_loops_for(make, loss, message):
    with pytest.raises(LenetError, match=message):
        CompiledNetwork(make(), loss)


def test_pictures_in_colour_have_loops_too():
    model = RGBLeNet()
    engine = CompiledNetwork(model, "cross_entropy")
    images, labels = torch.randn(4, 3, 32, 32), torch.tensor([0, 1, 1, 0])
    reference = RGBLeNet()
    reference.load_state_dict(model.state_dict())
    summed, _ = engine.train(images, labels, torch.arange(4))
    assert summed == pytest.approx(4 * F.cross_entropy(reference(images), labels).item(), rel=1e-5)


def test_images_of_another_size_are_named():
    engine = CompiledNetwork(LeNet5())
    with pytest.raises(LenetError, match="Pad with"):
        engine.train(torch.zeros(1, 1, 28, 28), torch.zeros(1, dtype=torch.long), torch.arange(1))


# On the way down: sides that are odd, one more than a kernel's, and left over by a square.
NARROW = """
import torch
from lenet_edu.network.architecture import Architecture, ConvolutionSpec, InputSpec, LinearSpec
from lenet_edu.network.architecture import SubsamplingSpec
from lenet_edu.network.models import Network
from lenet_edu.reproduction.compiled import CompiledNetwork
layers = (
    ConvolutionSpec("C1", 2, 5, "scaled_tanh"),
    SubsamplingSpec("S2", "trainable", "scaled_tanh", copies=2),
    ConvolutionSpec("C3", 3, 5, "relu", table=((True, True, False),) * 4),
    SubsamplingSpec("S4", "max", None),
    LinearSpec("OUTPUT", 10, None),
)
model = Network(Architecture("narrow", {}, InputSpec("INPUT", 1, 19), layers))
network = CompiledNetwork(model, "squared")
network.set_steps({name: torch.full_like(value, 1e-3) for name, value in model.named_parameters()})
print(network.train(torch.rand(2, 1, 19, 19), torch.tensor([3, 4]), torch.arange(2))[0] > 0)
"""


@pytest.mark.slow
def test_nothing_reads_or_writes_beyond_its_array():
    """Without numba the loops are plain Python, where an index beyond an array's end raises an error."""
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run([sys.executable, "-c", NARROW], env=environment, capture_output=True, text=True)
    assert run.stdout == "True\n", run.stderr


def test_a_function_is_compiled_also_where_no_cache_can_be_written():
    names = {}
    exec("def twice(a):\n    return 2 * a", names)  # has no file, so numba has no folder for its cache
    with pytest.raises(RuntimeError, match="cannot cache"):
        njit(cache=True)(names["twice"])
    assert compiled(names["twice"])(3) == 6
