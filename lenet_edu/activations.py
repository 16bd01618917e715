"""Every layer's output for an input, from INPUT to OUTPUT."""

import torch
from torch import Tensor

from lenet_edu.models import Network


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
