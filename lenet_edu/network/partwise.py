"""The convolution of the layers: torch's, whose gradient one thread can sum as several threads do.

torch divides a batch among its threads to compute the gradient of a convolution's weights and biases, and
then adds the parts. Floating-point sums depend on their order, so one thread that took the batch as a whole
would give other bits; here it takes the parts.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.system.threads import convolution_parts


def convolve(x: Tensor, kernels: Tensor, bias: Tensor | None, stride: int) -> Tensor:
    """x: (N, maps_in, H, W), kernels: (maps, maps_in, h, w), bias: (maps,) -> (N, maps, ...)."""
    if convolution_parts() > 1 and torch.is_grad_enabled():
        return _PartwiseConvolution.apply(x, kernels, bias, stride, convolution_parts())
    return F.conv2d(x, kernels, bias, stride)


class _PartwiseConvolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, kernels, bias, stride, parts):
        ctx.save_for_backward(x, kernels)
        ctx.stride, ctx.parts, ctx.has_bias = stride, parts, bias is not None
        return F.conv2d(x, kernels, bias, stride)

    @staticmethod
    def backward(ctx, gradient):  # pyright: ignore[reportIncompatibleMethodOverride]
        x, kernels = ctx.saved_tensors
        mask = [ctx.needs_input_grad[0], True, ctx.has_bias]
        sizes = _sizes(len(x), ctx.parts)
        of_x, of_kernels, of_bias = zip(
            *(
                _gradients(part, kernels, above, ctx.stride, mask)
                for part, above in zip(x.split(sizes), gradient.split(sizes), strict=True)
            ),
            strict=True,
        )
        return (
            torch.cat(of_x) if mask[0] else None,
            sum(of_kernels),
            sum(of_bias) if mask[2] else None,
            None,
            None,
        )


def _sizes(images: int, parts: int) -> list[int]:
    """How many images each part has: all the same number, or the first ones one more."""
    return [images // parts + (part < images % parts) for part in range(min(parts, images))]


def _gradients(x: Tensor, kernels: Tensor, gradient: Tensor, stride: int, mask: list[bool]) -> tuple:
    maps = [len(kernels)] if mask[2] else None
    return torch.ops.aten.convolution_backward(
        gradient, x, kernels, maps, [stride] * 2, [0, 0], [1, 1], False, [0, 0], 1, mask
    )
