"""The networks as torch modules, built from their descriptions in `architecture`.

    model = LeNet5()                       # 1998, 60,000 parameters
    model.classes_of(images)               # (N,) class numbers

A model is a sequence of named layers: `model.C1`, `model.S2` and so on; `for name, layer in
model.named_children()` walks through it.
"""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import torch
from torch import Tensor, nn

from lenet_edu.network import architecture, layers, paper
from lenet_edu.network.architecture import Architecture
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate

# So large a share of photos counts as misread for reasons that the network cannot see, such as a stroke that
# was lost when the photo was cleaned. Of the development photos that are read most surely 0.5 to 1.1 % are
# misread, by network; this is about as little as keeps every photo from being told at 99 %.
PHOTO_LAPSE = 0.012


class Classifier(nn.Module):
    """A model that tells classes apart: what its output says of them.

    architecture: its description. has_rbf_output: True if it gives distances to codes, smallest wins; False
    if scores, largest wins. notes: what is known of how it was trained, as its file of weights has it.
    temperature, photo_temperature: see `probabilities`.
    """

    architecture: Architecture
    has_rbf_output: bool
    notes: dict
    temperature: float = 1.0
    photo_temperature: float | None = None

    def class_scores(self, images: Tensor) -> Tensor:
        """(N, classes), the larger the likelier: the linear output itself, or minus the RBF distance."""
        output = self(images)
        return -output if self.has_rbf_output else output

    def probabilities(self, images: Tensor, from_photos: bool = False) -> Tensor:
        """(N, classes) that sum to 1: the softmax of the class scores over the network's temperature.

        The temperature, 1 unless one was chosen on held-out images, makes them as sure as they are right. For
        RBF and temperature 1 this is the posterior of section II-C without its class of rubbish.
        from_photos: the images were cut out of photos or scans, which are misread more often than the images
        of the data set are. If the network has a `photo_temperature`, that is taken, and `allow_for_lapses`.
        """
        scores = self.class_scores(images)
        if from_photos and self.photo_temperature is not None:
            return allow_for_lapses((scores / self.photo_temperature).softmax(1))
        return (scores / self.temperature).softmax(1)

    def classes_of(self, images: Tensor) -> Tensor:
        """(N,) the likeliest class of each image."""
        return self.class_scores(images).argmax(1)


def allow_for_lapses(chances: Tensor) -> Tensor:
    """(N, classes) probabilities as they are of photos: in a lapse, any class is as likely as another."""
    return (1 - PHOTO_LAPSE) * chances + PHOTO_LAPSE / chances.shape[1]


class Network(Classifier, nn.Sequential):
    """Any architecture of the suite as a model: float images (N, maps, size, size) in, `OUTPUT` out.

    What OUTPUT holds depends on the last layer: distances for RBF, scores for a linear layer. Ask
    `class_scores`, `probabilities` or `classes_of` to be spared the difference.
    """

    def __init__(self, plan: Architecture):
        shapes = plan.shapes
        below = dict(zip([layer.name for layer in plan.layers], shapes.values(), strict=False))
        super().__init__(
            OrderedDict((layer.name, _module(layer, below[layer.name])) for layer in plan.layers)
        )
        self.architecture = plan
        self.notes, self.temperature, self.photo_temperature = {}, 1.0, None
        self.reset_parameters()

    def __getitem__(self, index):
        """A layer by its place, or several by a slice: these as a plain sequence, which shares its weights.

        A part of a network is no network: it has no architecture, takes any input that its first layer takes,
        and gives what its last one gives.
        """
        if isinstance(index, slice):
            return nn.Sequential(OrderedDict(list(self.named_children())[index]))
        return super().__getitem__(index)

    @property
    def has_rbf_output(self) -> bool:
        """True if OUTPUT gives distances to codes, smallest wins; False if scores, largest wins."""
        return isinstance(self[-1], layers.RBF)

    def forward(self, images: Tensor) -> Tensor:
        """(N, maps, size, size) -> (N, classes): distances (RBF) or scores (linear).

        Raises LenetError if `images` has another shape, or is not of floats as precise as the weights.
        """
        self.check_images(images)
        return super().forward(images)

    def reset_parameters(self, generator: torch.Generator | None = None, start: str = "scaled") -> None:
        """Draw the initial weights, from torch's global generator or from the one given.

        start "scaled": to the layer's activation. Scaled tanh: uniform in +-2.4/F, biases too, F being the
        unit's inputs (appendix A). ReLU: uniform in +-sqrt(6/F), biases 0, which keeps the variance from
        layer to layer (He et al., 2015). Others: uniform in +-1/sqrt(F). start "torch": +-1/sqrt(F) for all,
        which is torch's own habit. Ambiguities of the paper, decided here: F does not count the bias; a
        subsampling coefficient starts at 1/4 and its bias at 0, so that S2 and S4 begin as a squashed mean.
        """
        for spec, layer in zip(self.architecture.layers, self, strict=True):
            if isinstance(layer, layers.Subsampling):
                nn.init.constant_(layer.coefficient, 1 / layer.size**2)
                nn.init.zeros_(layer.bias)
            elif isinstance(layer, (layers.Convolution, layers.Linear)):
                _draw_uniform(layer, spec.activation if start == "scaled" else None, generator)

    def check_images(self, images: Tensor) -> None:
        """Raise LenetError unless `images` is a tensor (N, maps, size, size) of floats like the weights."""
        name, wanted = self.architecture.name, self.architecture.input.output_shape
        if not isinstance(images, Tensor):
            advice = "torch.as_tensor(images).float()"
            raise LenetError(
                "{name} takes a tensor of floats; got {kind}. Use {advice}.",
                name=name,
                kind=type(images).__name__,
                advice=advice,
            )
        if not images.is_floating_point():
            raise LenetError(
                "{name} takes a tensor of floats; got {dtype}. Use images.float().",
                name=name,
                dtype=images.dtype,
            )
        weights = next(self.parameters()).dtype
        if images.dtype != weights and not torch.is_autocast_enabled(images.device.type):
            raise LenetError(
                "{name} has weights of {weights}; got images of {dtype}. Use images.to({weights}), or "
                "model.to({dtype}).",
                name=name,
                weights=weights,
                dtype=images.dtype,
            )
        if images.ndim != 4 or tuple(images.shape[1:]) != wanted:
            raise LenetError(
                translate(
                    "{name} takes images of shape {wanted}; got {shape}.",
                    name=name,
                    wanted=("N", *wanted),
                    shape=tuple(images.shape),
                )
                + _hint(tuple(images.shape), wanted)
            )


class LeNet5(Network):
    """The 1998 network, 60,000 parameters; the switches are those of `architecture.lenet5`."""

    def __init__(
        self,
        c3: str | np.ndarray | Sequence = "table",
        subsampling: str = "trainable",
        activation: str = "scaled_tanh",
        output: str = "rbf",
    ):
        super().__init__(architecture.lenet5(c3, subsampling, activation, output))


class RGBLeNet(Network):
    """The tutorial's network for colour pictures, 121,204 parameters for two classes; see `rgb_lenet`."""

    def __init__(self, classes: int = 2, f7: bool = True):
        super().__init__(architecture.rgb_lenet(classes, f7))


class LeNet1989(Network):
    """The network of 1989 for 16x16 images from -1 to 1, 9,760 parameters; see `architecture.lenet1989`."""

    def __init__(self):
        super().__init__(architecture.lenet1989())


class LeNet1(Network):
    """The network of 1990 for 28x28 images, 2,578 parameters; see `architecture.lenet1`."""

    def __init__(self):
        super().__init__(architecture.lenet1())


class LeNet4(Network):
    """LeNet-4 as it is described, 50,698 parameters where 17,000 are printed; see `architecture.lenet4`."""

    def __init__(self):
        super().__init__(architecture.lenet4())


def build(config: dict) -> Network:
    """The untrained network that an `Architecture.config` describes."""
    return Network(architecture.architecture(config))


def count_parameters(model: nn.Module) -> int:
    """How many trainable numbers the model holds."""
    return sum(parameter.numel() for parameter in model.parameters())


def fingerprint(model: nn.Module) -> str:
    """The same for the same weights, bit for bit."""
    return sha256(b"".join(value.numpy().tobytes() for value in model.state_dict().values())).hexdigest()


def _module(spec: architecture.LayerSpec, shape: tuple[int, ...]) -> nn.Module:
    """The torch module of one layer whose input has `shape`, (maps, height, width) or (units,)."""
    match spec:
        case architecture.ConvolutionSpec(table=None):
            moves = _moves(spec, shape)
            return layers.Convolution(shape[0], spec.maps, spec.kernel, spec.activation, **moves)
        case architecture.ConvolutionSpec():
            moves = _moves(spec, shape)
            return layers.TableConvolution(spec.connected(shape[0]), spec.kernel, spec.activation, **moves)
        case architecture.SubsamplingSpec(pooling="trainable"):
            return layers.Subsampling(shape[0], spec.size, spec.activation, spec.copies)
        case architecture.SubsamplingSpec(pooling="average"):
            return nn.AvgPool2d(spec.size)
        case architecture.SubsamplingSpec(pooling="max"):
            return nn.MaxPool2d(spec.size)
        case architecture.LinearSpec():
            return layers.Linear(torch.Size(shape).numel(), spec.units, spec.activation)
        case architecture.RBFSpec():
            return layers.RBF(torch.tensor(paper.DIGIT_CODES))
    raise TypeError(f"No module for {type(spec).__name__}.")


def _moves(spec: architecture.ConvolutionSpec, shape: tuple[int, ...]) -> dict:
    """What a convolution module is told besides maps, kernel and squash."""
    places = spec.output_shape(shape)[1:] if spec.bias == "unit" else None
    return {"stride": spec.stride, "padding": spec.padding, "border": spec.border, "places": places}


def _hint(came: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What to do about images of shape `came` where (N, *wanted) is asked for, if anything is known."""
    if came == wanted:
        return translate(" Add the first axis with images[None].")
    digit, frame = (paper.MNIST_SIZE,) * 2, (paper.IMAGE_SIZE,) * 2
    if came[-2:] == digit and wanted[1:] == frame:
        return translate(" Pad with lenet_edu.pad.")
    if came[-2:] == frame and wanted[1:] == digit:
        return translate(" Take the middle with lenet_edu.crop(images, {size}).", size=paper.MNIST_SIZE)
    return ""


def _draw_uniform(
    layer: layers.Convolution | layers.Linear, activation: str | None, generator: torch.Generator | None
) -> None:
    fan_in = layer.fan_in.clamp(min=1)
    bounds = {"scaled_tanh": paper.INITIAL_WEIGHT_RANGE / fan_in, "relu": (6 / fan_in).sqrt()}
    bound = bounds.get(activation or "", fan_in.rsqrt())
    per_weight = bound
    if isinstance(layer, layers.TableConvolution):
        per_weight = bound.repeat_interleave(layer.table.sum(1))
    per_bias = torch.zeros_like(bound) if activation == "relu" else bound
    with torch.no_grad():
        for parameter, limit in ((layer.weight, per_weight), (layer.bias, per_bias)):
            draw = torch.rand(parameter.shape, generator=generator) * 2 - 1
            parameter.copy_(draw * limit.view(-1, *[1] * (parameter.ndim - 1)))
