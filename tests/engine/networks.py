"""The networks that the engine is held against torch with, and weights and images for them."""

import numpy as np
import torch

from lenet_edu.network import paper
from lenet_edu.network.architecture import ACTIVATIONS, MODERN, OUTPUTS, POOLINGS, lenet5
from lenet_edu.network.models import LeNet1, LeNet4, LeNet5, LeNet1989, Network, RGBLeNet

GAPS = np.roll(paper.C3_TABLE, 3, axis=1) & (np.arange(16) != 5)  # a map that reads nothing, too
SWITCHES = [
    {"subsampling": pooling, "activation": activation, "output": output}
    for pooling in POOLINGS
    for activation in ACTIVATIONS
    for output in OUTPUTS
]
NETWORKS = {
    "1998": LeNet5,
    "modern": lambda: LeNet5(**MODERN),
    "1998 with a full C3": lambda: LeNet5(c3="full"),
    "1998 with another table": lambda: LeNet5(c3=GAPS),
    "modern with a table": lambda: LeNet5(**{**MODERN, "c3": "table"}),
    "RGB": lambda: RGBLeNet(classes=3),
    "RGB without F7": lambda: RGBLeNet(f7=False),
    "1989": LeNet1989,
    "LeNet-1": LeNet1,
    "LeNet-4": LeNet4,
}
EVERY_SWITCH = {
    lenet5(**switches).name: (lambda switches=switches: LeNet5(**switches)) for switches in SWITCHES
}


def stirred(make, seed: int = 0) -> Network:
    """An untrained network in which no two parameters are alike; subsampling begins so in every map."""
    model = make()
    generator = torch.Generator().manual_seed(seed)
    model.reset_parameters(generator)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.rand(parameter.shape, generator=generator) - 0.5
            parameter.add_(noise * (0.1 if name.endswith(("bias", "coefficient")) else 0.01))
    return model


def material(model: Network, count: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """`count` random images with ink as the paper has it, and labels."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(count, *model.architecture.input.output_shape, generator=generator)
    images = paper.BACKGROUND + (paper.FOREGROUND - paper.BACKGROUND) * images.square()
    return images, torch.randint(model.architecture.classes, (count,), generator=generator)


def joined(tensors) -> np.ndarray:
    """All of them in one array, as the engine has them."""
    return torch.cat([tensor.detach().flatten() for tensor in tensors]).numpy()
