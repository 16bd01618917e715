"""Every layer's output for an input, from INPUT to OUTPUT; and which pixels an answer hangs on.

The functions that squash a weighted sum are not here: they are `SQUASHES` in `layers`.
"""

import torch
from torch import Tensor

from lenet_edu.network.models import Network


@torch.no_grad()
def activations(model: Network, images: Tensor) -> dict[str, Tensor]:
    """Each layer's output by name, INPUT's first: (N, maps, height, width) or (N, units).

    images: (N, maps, size, size). LeNet-5 makes 8,094 numbers an image besides the image itself.
    Raises LenetError if the images do not fit the network.
    """
    model.check_images(images)
    outputs = {model.architecture.input.name: images}
    x = images
    for name, layer in model.named_children():
        outputs[name] = x = layer(x)
    return outputs


def saliency(model: Network, images: Tensor) -> Tensor:
    """How much each pixel matters for the likeliest class: (N, height, width), none negative.

    The gradient of that class's score in the pixel's maps, of which the largest counts (Simonyan and others,
    2014). images: (N, maps, size, size). The model's own gradients are not touched.
    """
    images = images.detach().clone().requires_grad_(True)
    scores = model.class_scores(images)
    (gradient,) = torch.autograd.grad(scores.max(1).values.sum(), images)
    return gradient.abs().amax(1)
