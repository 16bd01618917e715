"""FeatureMaps: every layer's output for one digit, and the arithmetic of every unit under the pointer."""

import torch
from traitlets import Dict, Int, List, Unicode, observe, validate

from lenet_edu import plots
from lenet_edu.network import layers, paper
from lenet_edu.network.architecture import (
    Architecture,
    ConvolutionSpec,
    InputSpec,
    LinearSpec,
    SubsamplingSpec,
)
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError, check_choice
from lenet_edu.system.language import translate
from lenet_edu.widgets.base import (
    Widget,
    binary,
    check_images,
    label_texts,
    module,
    styles,
    to_bytes,
    to_device_of,
)
from lenet_edu.widgets.material import describe_images, describe_networks


class FeatureMaps(Widget):
    """All maps of a network for one image. Point at a unit: what it sees, what feeds it, how it is computed.

        FeatureMaps(network, digits, digit=3, layer="C1")
        FeatureMaps({"untrained": a, "epoch 1": b, "epoch 2": c}, digits)
        FeatureMaps(network, pad.image)        # what was drawn on a DrawDigit

    networks: any network of the suite, or several of one architecture by name, in the order in which a
    slider runs through them. images: a split, or a tensor (N, maps, size, size). digit: the place of the
    image shown. classes: what the labels of a split, and the units of the last layer, are called.

    Traits to read and to set: `digit`, `layer`, `weights` (a name of `networks`), `unit` (map, row, column).
    """

    _esm, _css = module("feature_maps"), styles("feature_maps")

    digit = Int(0).tag(sync=True)
    digits = Int(1).tag(sync=True)
    labels = List(Unicode()).tag(sync=True)
    layer = Unicode().tag(sync=True)
    layers = List(Dict()).tag(sync=True)
    weights = Unicode().tag(sync=True)
    classes = List(Unicode()).tag(sync=True)
    weight_names = List(Unicode()).tag(sync=True)
    unit = List(Int(), [0, 0, 0]).tag(sync=True)
    activations = binary()
    parameters = binary()

    def __init__(
        self,
        networks,
        images,
        *,
        labels=None,
        classes=(),
        digit: int = 0,
        layer: str | None = None,
        weights=None,
    ):
        one = getattr(networks, "architecture", None)
        self.networks = networks if isinstance(networks, dict) else {getattr(one, "name", ""): networks}
        plan = self._plan()
        self.images = check_images(images, plan.input.output_shape)
        classes = [str(name) for name in classes]
        if len(classes) not in (0, plan.classes):
            raise LenetError(
                "classes must be {classes} names, one a class; got {classes_count}.",
                classes=plan.classes,
                classes_count=len(classes),
            )
        if labels is None:
            labels = label_texts(images, len(self.images), classes)
        labels = [str(label) for label in labels]
        if len(labels) != len(self.images):
            raise LenetError(
                "labels must be {images_count}, one an image; got {labels_count}.",
                images_count=len(self.images),
                labels_count=len(labels),
            )
        names = list(self.networks)
        super().__init__(
            layers=describe(plan),
            digits=len(self.images),
            labels=labels,
            classes=classes,
            weight_names=names,
            weights=weights or names[-1],
            layer=layer or plan.layers[0].name,
            digit=digit,
        )
        self._compute()

    @property
    def network(self) -> Network:
        """The network whose weights are shown."""
        return self.networks[self.weights]

    def outputs(self) -> dict[str, torch.Tensor]:
        """Each layer's output for the image shown, (1, ...), by name."""
        return activations(self.network, to_device_of(self.network, self.images[self.digit : self.digit + 1]))

    def text(self) -> str:
        """As `digit 3, LeNet-5 1998, C1`."""
        return translate(
            "digit {digit}, {weights}, {layer}", digit=self.digit, weights=self.weights, layer=self.layer
        )

    def figure(self):
        """Every layer's maps, one row each."""
        return plots.feature_maps(self.outputs(), model=self.network, classes=self.classes)

    def state(self) -> dict | None:
        """The traits, the networks and the images, of each as many as are small enough to be sent along."""
        networks = describe_networks(self.networks, self.weights)
        if self.weights not in networks:
            return None
        images, part = describe_images(self.images, self.digit)
        traits = self.plain_traits(
            digit=self.digit - part.start,
            digits=len(self.labels[part]),
            labels=self.labels[part],
            weight_names=list(networks),
        )
        return {"traits": traits, "networks": networks, "images": images}

    def _plan(self) -> Architecture:
        if not self.networks or not all(isinstance(network, Network) for network in self.networks.values()):
            raise LenetError("networks must be a network, or networks by name; got none or something else.")
        plans = [network.architecture for network in self.networks.values()]
        if any(plan != plans[0] for plan in plans):
            raise LenetError("All networks must have the same architecture; these have several.")
        return plans[0]

    @validate("digit")
    def _check_digit(self, proposal):
        return self.within(proposal, 0, self.digits - 1)

    @validate("layer")
    def _check_layer(self, proposal):
        return self._one_of("layer", proposal["value"], [layer["name"] for layer in self.layers])

    @validate("weights")
    def _check_weights(self, proposal):
        return self._one_of("weights", proposal["value"], self.weight_names)

    def _one_of(self, what: str, given: str, names: list[str]) -> str:
        try:
            check_choice(what, given, names)
        except LenetError as error:
            self.refuse(str(error))
        return given

    @validate("unit")
    def _check_unit(self, proposal):
        unit = proposal["value"]
        inside = self._is_inside(unit)
        return (
            unit
            if inside
            else self.refuse(
                translate(
                    "unit must lie in {layer}, {shape}; got {unit}.",
                    layer=self.layer,
                    shape=self._shape(),
                    unit=unit,
                )
            )
        )

    def _shape(self) -> list[int]:
        return next(layer["shape"] for layer in self.layers if layer["name"] == self.layer)

    def _is_inside(self, unit: list[int]) -> bool:
        return len(unit) == 3 and all(0 <= at < side for at, side in zip(unit, self._shape(), strict=True))

    @observe("layer")
    def _keep_unit_inside(self, _):
        if not self._is_inside(self.unit):
            self.unit = [0, 0, 0]

    @observe("digit", "weights")
    def _compute(self, _=None):
        if not hasattr(self, "images") or not self.weights:
            return
        with self.hold_sync():
            self.activations = to_bytes(torch.cat([output.flatten() for output in self.outputs().values()]))
            self.parameters = to_bytes(flat_parameters(self.network))


def describe(plan: Architecture) -> list[dict]:
    """The layers as plain data for JavaScript, the input first: name, kind, shape, what a unit reads.

    The squash of 1998 comes with its amplitude and slope.
    """
    shapes = plan.shapes
    described = []
    below = 0
    for layer in (plan.input, *plan.layers):
        maps, *sides = shapes[layer.name]
        height, width = sides or (1, 1)
        entry = {"name": layer.name, "shape": [maps, height, width]} | _kind(layer)
        if entry.get("activation") == "scaled_tanh":
            entry["squash"] = [paper.SQUASH_AMPLITUDE, paper.SQUASH_SLOPE]
        if isinstance(layer, ConvolutionSpec):
            entry["reads"] = [column.nonzero()[0].tolist() for column in layer.connected(below).T]
        described.append(entry)
        below = maps
    return described


def _kind(layer) -> dict:
    if isinstance(layer, InputSpec):
        return {"kind": "input"}
    if isinstance(layer, ConvolutionSpec):
        moves = {name: getattr(layer, name) for name in ("stride", "padding", "border", "bias")}
        return {"kind": "convolution", "size": layer.kernel, "activation": layer.activation} | moves
    if isinstance(layer, SubsamplingSpec):
        reads = {"size": layer.size, "copies": layer.copies}
        return {"kind": layer.pooling, "activation": layer.activation} | reads
    if isinstance(layer, LinearSpec):
        return {"kind": "linear", "activation": layer.activation}
    return {"kind": "rbf", "activation": None}


def flat_parameters(network: Network) -> torch.Tensor:
    """All numbers in use, layer after layer: kernels (dense), weights or coefficients, then biases; codes."""
    parts = []
    for layer in network:
        if isinstance(layer, layers.Convolution):
            parts += [layer.kernels(), layer.bias]
        elif isinstance(layer, layers.Subsampling):
            parts += [layer.coefficient, layer.bias]
        elif isinstance(layer, layers.Linear):
            parts += [layer.weight, layer.bias]
        elif isinstance(layer, layers.RBF):
            parts.append(layer.codes)
    return torch.cat([part.detach().cpu().flatten() for part in parts])
