"""DigitCodes: F6 of a digit beside the ten codes, the distances, and codes that can be redrawn."""

import torch
from traitlets import Float, Int, List, Unicode, validate

from lenet_edu import plots
from lenet_edu.network import paper
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.layers import RBF
from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate
from lenet_edu.system.pages import to_base64
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
from lenet_edu.widgets.material import few


class DigitCodes(Widget):
    """The ten codes of 7x12 pixels beside F6. Click a pixel: the distances follow, and perhaps the decision.

        DigitCodes(network, digits, digit=3)

    network: one with RBF output. images: a split, or a tensor (N, 1, 32, 32).

    Traits to read and to set: `digit`, `codes` (ten lists of 84 times 1 or -1). `distances()` and `decision`
    are computed by torch from the codes as they stand.
    """

    _esm, _css = module("digit_codes"), styles("digit_codes")

    digit = Int(0).tag(sync=True)
    labels = List(Unicode()).tag(sync=True)
    f6 = binary()
    codes = List(List(Int())).tag(sync=True)
    original = List(List(Int())).tag(sync=True)
    size = List(Int()).tag(sync=True)
    amplitude = Float(paper.SQUASH_AMPLITUDE).tag(sync=True)

    def __init__(self, network, images, *, digit: int = 0):
        if not isinstance(network, Network):
            raise LenetError("network must be a network; got {kind}.", kind=type(network).__name__)
        output = network[-1]
        if not isinstance(output, RBF):
            raise LenetError(
                "DigitCodes needs a network with codes; {name} has none.", name=network.architecture.name
            )
        tensor = check_images(images, network.architecture.input.output_shape)
        self.units = activations(network, to_device_of(network, tensor))["F6"].cpu()
        codes = output.codes.int().tolist()
        super().__init__(
            labels=label_texts(images, len(tensor)),
            f6=to_bytes(self.units),
            codes=codes,
            original=codes,
            size=[paper.CODE_HEIGHT, paper.CODE_WIDTH],
            digit=digit,
        )

    def distances(self) -> torch.Tensor:
        """(10,): of F6 to each code as it stands (equation 7)."""
        return (self.units[self.digit] - torch.tensor(self.codes)).square().sum(1)

    @property
    def decision(self) -> int:
        """The digit whose code is nearest."""
        return int(self.distances().argmin())

    def text(self) -> str:
        """As `digit 3, nearest code 3`; how many pixels were changed, if any."""
        changed = (torch.tensor(self.codes) != torch.tensor(self.original)).sum().item()
        said = translate("digit {digit}, nearest code {code}", digit=self.digit, code=self.decision)
        if not changed:
            return said
        return said + (
            translate(", {count} pixels changed", count=changed)
            if changed > 1
            else translate(", 1 pixel changed")
        )

    def figure(self):
        """The distances, the smallest lit."""
        distances = dict(enumerate(self.distances().tolist()))
        label = self.labels[self.digit]
        title = (
            translate(
                "Distance of F6 of image {place}, a {label}, to each code", place=self.digit, label=label
            )
            if label
            else translate("Distance of F6 of image {place} to each code", place=self.digit)
        )
        return plots.bars(distances, title, lit=self.decision)

    def state(self) -> dict:
        """The traits, and F6 of the digits, of a few if there are many: the images are not needed."""
        part = few(len(self.units), self.digit)
        traits = self.plain_traits(digit=self.digit - part.start, labels=self.labels[part])
        return {"traits": traits, "f6": to_base64(to_bytes(self.units[part]))}

    @validate("digit")
    def _check_digit(self, proposal):
        return self.within(proposal, 0, len(self.units) - 1)

    @validate("codes")
    def _check_codes(self, proposal):
        codes, units = proposal["value"], self.units.shape[1]
        fits = len(codes) == 10 and all(len(code) == units and set(code) <= {1, -1} for code in codes)
        return (
            codes
            if fits
            else self.refuse(translate("codes must be 10 lists of {units} times 1 or -1.", units=units))
        )
