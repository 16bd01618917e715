"""DrawDigit: draw a digit and watch it become the network's input, step by step, and then an answer."""

import torch
import torch.nn.functional as F
from torch import Tensor
from traitlets import Bool, Dict, Float, Int, List, Unicode, observe, validate

from lenet_edu import plots
from lenet_edu.data import normalise as pictures
from lenet_edu.data.light import even
from lenet_edu.data.normalise import grey_from_picture
from lenet_edu.data.splits import DIGIT_CLASSES, PAPER_SCALING, Scaling
from lenet_edu.network import paper
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate
from lenet_edu.training.evaluation import probabilities
from lenet_edu.training.reading import SURE, Reading
from lenet_edu.widgets.base import Widget, binary, module, styles, to_bytes, to_device_of
from lenet_edu.widgets.material import describe_network

SIDE = 112  # of the drawing, in pixels
STEPS = ("even", "invert", "pick", "crop", "scale", "centre")
PYTHON_ONLY = ("even", "pick")  # steps that a page without a kernel does not take
_ALL_ON: dict[str, bool] = dict.fromkeys(STEPS, True)


class DrawDigit(Widget):
    """Draw with mouse, pen or finger, upload or paste a picture; every layer answers while you draw.

        pad = DrawDigit(network)
        pad.image                              # (1, 1, 32, 32), what the network was given

    network: any that reads 1x32x32. scaling: what it was trained on. steps: False leaves out how the drawing
    becomes the network's input; sheet, layers and answer remain. `switches` tells for each of the steps
    *even*, *invert*, *pick*, *crop*, *scale*, *centre* whether it is taken. Traits to set: `drawing` (SIDE x
    SIDE grey levels as bytes, 255 is paper), `upload` (the content of a picture file, read in its place),
    `switches`. Of several digits the largest is read, and `others` says how many more there are.
    """

    _esm, _css = module("draw_digit"), styles("draw_digit")

    side = Int(SIDE).tag(sync=True)
    drawing = binary()
    upload = binary()
    switches = Dict(default_value=_ALL_ON).tag(sync=True)
    steps = List().tag(sync=True)
    pixels = binary()
    layers = List().tag(sync=True)
    outputs = binary()
    answer = Unicode("").tag(sync=True)
    verdict = Unicode("").tag(sync=True)
    probability = Float(0.0).tag(sync=True)
    others = Int(0).tag(sync=True)
    rbf = Int(0).tag(sync=True)
    with_steps = Bool(True).tag(sync=True)

    def __init__(self, network: Network, scaling: Scaling = PAPER_SCALING, steps: bool = True):
        if not isinstance(network, Network):
            raise LenetError("network must be a network; got {kind}.", kind=type(network).__name__)
        shape = network.architecture.input.output_shape
        if shape != (1, paper.IMAGE_SIZE, paper.IMAGE_SIZE):
            raise LenetError(
                "DrawDigit needs a network that reads 1x32x32; this one reads {shape}.", shape=shape
            )
        self.network, self.scaling = network, scaling
        self.image: Tensor | None = None
        shapes = [{"name": name, "shape": list(shape)} for name, shape in network.architecture.shapes.items()]
        super().__init__(layers=shapes, rbf=int(network.has_rbf_output), with_steps=steps)

    def text(self) -> str:
        """As `empty`, `reads 3`, or `reads 4, not sure`."""
        return self.verdict or translate("empty")

    def figure(self):
        """Every layer for what is drawn; for a 3 as figure 3 of the paper has it, if nothing is."""
        image = self.image
        if image is None:
            printed = torch.tensor(paper.DIGIT_CODES[3] > 0).float()
            image = self.scaling.apply(pictures.normalise(printed))[None]
        outputs = activations(self.network, to_device_of(self.network, image))
        if self.with_steps:
            return plots.feature_maps(outputs, model=self.network)
        return plots.network(self.network, outputs)

    def state(self) -> dict:
        """The network, its scaling, and the traits as of an empty sheet.

        A page takes a drawing as it is: to even the light and to pick one of several digits, it takes Python.
        """
        empty = {"steps": [], "answer": "", "verdict": "", "probability": 0.0, "others": 0}
        switches = {step: self.switches[step] for step in STEPS if step not in PYTHON_ONLY}
        return {
            "traits": self.plain_traits(**empty, switches=switches),
            "network": describe_network(self.network),
            "scaling": [self.scaling.background, self.scaling.ink],
            "sure": SURE,
            "photoTemperature": self.network.photo_temperature or self.network.temperature,
        }

    @validate("drawing")
    def _check_drawing(self, proposal):
        return self.sheet(proposal, self.side)

    @validate("switches")
    def _check_switches(self, proposal):
        switches = proposal["value"]
        if set(switches) != set(STEPS) or not all(isinstance(on, bool) for on in switches.values()):
            self.refuse(
                translate(
                    "switches must tell of {steps}, each True or False; got {switches}.",
                    steps=", ".join(STEPS),
                    switches=switches,
                )
            )
        return switches

    @validate("upload")
    def _check_upload(self, proposal):
        if proposal["value"]:
            try:
                self._uploaded = grey_from_picture(proposal["value"])
            except LenetError as error:
                self.refuse(str(error))
        return proposal["value"]

    @observe("drawing", "upload", "switches")
    def _answer(self, change):
        if change["name"] == "upload" and self.upload:
            self.drawing = b""
        elif change["name"] == "drawing" and self.drawing:
            self.upload = b""
        self._read()
        # The browser sends the next drawing when this one has been read, even if nothing came of it.
        self.send({"read": True})

    def _grey(self) -> Tensor | None:
        """What is on the sheet, (height, width), 1 is white; None if there is nothing."""
        if self.upload:
            return self._uploaded
        if not self.drawing:
            return None
        return torch.frombuffer(bytearray(self.drawing), dtype=torch.uint8).view(self.side, self.side) / 255

    def _read(self):
        grey = self._grey()
        if grey is None:
            self._clear()
            return
        try:
            shown, others = normalisation(grey, self.switches)
        except LenetError as error:
            self._clear(str(error) if grey.min() < grey.max() else "")
            return
        self.image = to_device_of(self.network, self.scaling.apply(shown["image"])[None, None])
        maps = activations(self.network, self.image)
        chances = probabilities(self.network, self.image, bool(self.upload) and pictures.is_photo(grey))
        reading = Reading(self.image[0], chances[0], DIGIT_CLASSES)
        small = {name: _for_display(step) for name, step in shown.items()}
        with self.hold_sync():
            self.steps = [{"name": name, "shape": list(step.shape)} for name, step in small.items()]
            self.pixels = to_bytes(torch.cat([step.flatten() for step in small.values()]))
            self.outputs = to_bytes(torch.cat([output.flatten() for output in maps.values()]))
            self.answer, self.probability, self.others = reading.name, reading.probability, others
            self.verdict = _verdict(reading, others)

    def _clear(self, verdict: str = ""):
        self.image = None
        with self.hold_sync():
            self.steps, self.pixels, self.outputs, self.answer = [], b"", b"", ""
            self.verdict, self.probability, self.others = verdict, 0.0, 0


def _verdict(reading: Reading, others: int) -> str:
    """What is read, how surely, and how many other digits there are on the sheet."""
    answer = reading.name
    if reading.is_sure:
        verdict = translate("reads {answer}", answer=answer)
    else:
        verdict = translate("reads {answer}, not sure", answer=answer)
    if others > 1:
        return verdict + translate(", and there are {count} more", count=others)
    return verdict + translate(", and there is 1 more") if others else verdict


def normalisation(grey: Tensor, switches: dict[str, bool]) -> tuple[dict[str, Tensor], int]:
    """What each step from a sheet to the network's input gives, by name; and how many digits are left out.

    grey: (height, width), 1 is white. Without *even* the light stays as it is; without *invert* grey levels
    are taken for ink, and a light sheet is one large digit; without *pick* all ink is the digit; without
    *crop* the whole sheet is; without *scale* it fills the frame; without *centre* its box is centred, not
    its mass. The last one, "image", is 32x32.
    Raises LenetError for a sheet without a digit.
    """
    shown, others = {"sheet": grey}, 0
    if switches["even"]:
        shown["evened"] = grey = torch.from_numpy(even(grey.numpy()))
    ink = pictures.ink_of(grey)  # refuses a blank sheet, however the switches stand
    ink = ink if switches["invert"] else grey
    if switches["invert"]:
        shown["ink"] = ink
    if switches["pick"]:
        digits = _digits_in(ink, light_is_ink=not switches["invert"])
        shown["digit"] = ink = max(digits, key=lambda digit: float(digit.sum()))
        others = len(digits) - 1
    if switches["crop"]:
        shown["cropped"] = ink = pictures.crop_to_ink(ink, *([pictures.PICKED] if switches["pick"] else []))
    side = paper.GLYPH_SIZE if switches["scale"] else paper.IMAGE_SIZE
    shown["glyph"] = ink = pictures.scale_to_glyph(ink, side)
    shown["image"] = pictures.centre_by_mass(ink)[0] if switches["centre"] else _centre_by_box(ink)
    return shown, others


def _digits_in(ink: Tensor, light_is_ink: bool) -> list[Tensor]:
    try:
        return pictures.digits_in(ink)
    except LenetError:
        if not light_is_ink:
            raise
        return [ink]  # what the network is then given is what the reader is to see


def _for_display(step: Tensor) -> Tensor:
    """No larger than a drawing."""
    longer = max(step.shape)
    if longer <= SIDE:
        return step
    size = [max(1, round(side * SIDE / longer)) for side in step.shape]
    return F.interpolate(step[None, None], size=size, mode="bilinear", antialias=True)[0, 0]


def _centre_by_box(ink: Tensor) -> Tensor:
    frame = ink.new_zeros(paper.IMAGE_SIZE, paper.IMAGE_SIZE)
    top, left = [(paper.IMAGE_SIZE - side) // 2 for side in ink.shape]
    frame[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return frame
