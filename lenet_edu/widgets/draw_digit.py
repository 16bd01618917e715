"""DrawDigit: draw a digit and watch it become the network's input, step by step, and then an answer."""

import torch
from torch import Tensor
from traitlets import Dict, Int, List, Unicode, observe, validate

from lenet_edu import plots
from lenet_edu.data import normalise as pictures
from lenet_edu.data.digits import PAPER_SCALING, Scaling
from lenet_edu.network import paper
from lenet_edu.network.activations import activations
from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError
from lenet_edu.widgets.base import Widget, beside, binary, module, styles, to_bytes

SIDE = 112  # of the drawing, in pixels
STEPS = ("invert", "crop", "scale", "centre")


class DrawDigit(Widget):
    """Draw with mouse, pen or finger, upload or paste a picture; every layer answers while you draw.

        pad = DrawDigit(network)
        pad.image                              # (1, 1, 32, 32), what the network was given

    network: any that reads 1x32x32. scaling: what it was trained on. `switches` tells for each of the steps
    *invert*, *crop*, *scale*, *centre* whether it is taken. Traits to set: `drawing` (SIDE x SIDE grey
    levels as bytes, 255 is paper), `switches`.
    """

    _esm, _css = module("draw_digit"), styles("draw_digit")

    side = Int(SIDE).tag(sync=True)
    drawing = binary()
    switches = Dict(default_value=dict.fromkeys(STEPS, True)).tag(sync=True)
    steps = List().tag(sync=True)
    pixels = binary()
    layers = List().tag(sync=True)
    outputs = binary()
    answer = Unicode("").tag(sync=True)
    rbf = Int(0).tag(sync=True)

    def __init__(self, network: Network, scaling: Scaling = PAPER_SCALING):
        if not isinstance(network, Network):
            raise LenetError(f"network must be a network; got {type(network).__name__}.")
        shape = network.architecture.input.output_shape
        if shape != (1, paper.IMAGE_SIZE, paper.IMAGE_SIZE):
            raise LenetError(f"DrawDigit needs a network that reads 1x32x32; this one reads {shape}.")
        self.network, self.scaling = network, scaling
        self.image: Tensor | None = None
        shapes = [{"name": name, "shape": list(shape)} for name, shape in network.architecture.shapes.items()]
        super().__init__(layers=shapes, rbf=int(network.has_rbf_output))

    def text(self) -> str:
        """As `empty` or `reads 3`."""
        return f"reads {self.answer}" if self.answer else "empty"

    def figure(self):
        """Every layer for what is drawn; for a 3 as figure 3 of the paper has it, if nothing is."""
        image = self.image
        if image is None:
            printed = torch.tensor(paper.DIGIT_CODES[3] > 0).float()
            image = self.scaling.apply(pictures.normalise(printed))[None]
        return plots.feature_maps(activations(self.network, beside(self.network, image)))

    @validate("drawing")
    def _check_drawing(self, proposal):
        return self.sheet(proposal, self.side)

    @validate("switches")
    def _check_switches(self, proposal):
        switches = proposal["value"]
        if set(switches) != set(STEPS) or not all(isinstance(on, bool) for on in switches.values()):
            self.refuse(f"switches must tell of {', '.join(STEPS)}, each True or False; got {switches}.")
        return switches

    @observe("drawing", "switches")
    def _answer(self, _=None):
        self._read()
        # The browser sends the next drawing when this one has been read, even if nothing came of it.
        self.send({"read": True})

    def _read(self):
        if not self.drawing:
            self._clear()
            return
        grey = torch.frombuffer(bytearray(self.drawing), dtype=torch.uint8).view(self.side, self.side) / 255
        try:
            shown = normalisation(grey, self.switches)
        except LenetError:
            self._clear()
            return
        self.image = beside(self.network, self.scaling.apply(shown["image"])[None, None])
        maps = activations(self.network, self.image)
        answer = self.network.classes_of(self.image).item()
        with self.hold_sync():
            self.steps = [{"name": name, "shape": list(step.shape)} for name, step in shown.items()]
            self.pixels = to_bytes(torch.cat([step.flatten() for step in shown.values()]))
            self.outputs = to_bytes(torch.cat([output.flatten() for output in maps.values()]))
            self.answer = str(answer)

    def _clear(self):
        self.image = None
        with self.hold_sync():
            self.steps, self.pixels, self.outputs, self.answer = [], b"", b"", ""


def normalisation(grey: Tensor, switches: dict[str, bool]) -> dict[str, Tensor]:
    """What each step of `pictures.normalise` gives, by name, as ink from 0 to 1.

    grey: (height, width), 1 is paper. Without *invert* grey levels are taken for ink; without *crop* the
    whole sheet is the digit; without *scale* it fills the frame; without *centre* its box is centred, not
    its mass. The last one, "image", is 32x32. Raises LenetError for a sheet without ink.
    """
    ink = pictures.ink_of(grey)  # refuses a blank sheet, however the switches stand
    shown = {"sheet": grey}
    ink = ink if switches["invert"] else grey
    if switches["invert"]:
        shown["ink"] = ink
    if switches["crop"]:
        shown["cropped"] = ink = pictures.crop_to_ink(ink)
    side = paper.GLYPH_SIZE if switches["scale"] else paper.IMAGE_SIZE
    shown["glyph"] = ink = pictures.scale_to_glyph(ink, side)
    shown["image"] = pictures.centre_by_mass(ink)[0] if switches["centre"] else _centre_by_box(ink)
    return shown


def _centre_by_box(ink: Tensor) -> Tensor:
    frame = ink.new_zeros(paper.IMAGE_SIZE, paper.IMAGE_SIZE)
    top, left = [(paper.IMAGE_SIZE - side) // 2 for side in ink.shape]
    frame[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return frame
