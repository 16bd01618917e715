"""One thread that sums the gradient of a convolution in parts: the same gradients as with many threads."""

import pytest
import torch
import torch.nn.functional as F

from lenet_edu.network.architecture import MODERN
from lenet_edu.network.models import LeNet1, LeNet4, LeNet5, LeNet1989, RGBLeNet
from lenet_edu.network.partwise import convolve
from lenet_edu.system.threads import OneThread


@pytest.fixture
def three_threads():
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("images", [1, 2, 7, 64])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("has_bias", [True, False])
def test_the_gradients_are_those_of_torch(images, stride, has_bias, three_threads):
    x = torch.randn(images, 3, 11, 13, dtype=torch.float64, requires_grad=True)
    kernels = torch.randn(4, 3, 5, 5, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(4, dtype=torch.float64, requires_grad=True) if has_bias else None
    inputs = [x, kernels, bias] if has_bias else [x, kernels]

    def gradients(output):
        return torch.autograd.grad((output * output.detach().cos()).sum(), inputs)

    whole = gradients(F.conv2d(x, kernels, bias, stride))
    with OneThread().using_one():
        parts = gradients(convolve(x, kernels, bias, stride))
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("make", [LeNet1, LeNet4, LeNet5, lambda: LeNet5(**MODERN), LeNet1989, RGBLeNet])
def test_a_network_has_the_same_gradients_on_one_thread(make, three_threads):
    network = make().to(memory_format=torch.channels_last).double()
    images = torch.rand(10, *network.architecture.input.output_shape, dtype=torch.float64)
    images = images.to(memory_format=torch.channels_last)

    def gradients():
        output = network(images)
        weights = torch.linspace(-1, 1, output.shape[1], dtype=torch.float64)
        return torch.autograd.grad((output * weights).sum(), network.parameters())

    many = gradients()
    with OneThread().using_one():
        one = gradients()
    for left, right in zip(many, one, strict=True):
        torch.testing.assert_close(left, right)
