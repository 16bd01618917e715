"""Robustness: scale, shift, turn a digit or cover it with noise, and see when the network misreads it."""

from typing import Any

import torch
from torch import Tensor
from traitlets import Float, Int, List, Unicode, observe, validate

from lenet_edu import plots
from lenet_edu.data import normalise as pictures
from lenet_edu.data.splits import PAPER_SCALING, Scaling
from lenet_edu.network import paper
from lenet_edu.network.models import Network
from lenet_edu.plots.style import INK, RED
from lenet_edu.reproduction.robustness import AMOUNTS, STILL, change
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate
from lenet_edu.training.evaluation import probabilities
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
from lenet_edu.widgets.material import describe_images, describe_network

SIDE = 112  # of the drawing, in pixels
_STEPS = {"scale": 0.05, "shift": 1 / paper.GLYPH_SIZE, "rotation": 1.0, "noise": 0.01}
_FIGURE_COLUMNS = 7


class Robustness(Widget):
    """Take a digit or draw one, and change it: what the network is given, and what it makes of it.

        Robustness(network, digits, digit=3)

    network: any that reads 1x32x32. images: a split, or a tensor (N, 1, 32, 32), scaled as `scaling` says,
    as the network was trained. A drawing, while there is one, is taken in place of the image.

    Traits to read and to set: `digit`, `drawing` (SIDE x SIDE grey levels as bytes, 255 is paper), and the
    four changes of `robustness.changed`: `scale`, `shift`, `rotation`, `noise`. `original` and `image`,
    both (1, 1, 32, 32), are the digit without them and with them.
    """

    _esm, _css = module("robustness"), styles("robustness")

    side = Int(SIDE).tag(sync=True)
    size = Int(paper.IMAGE_SIZE).tag(sync=True)
    labels = List(Unicode()).tag(sync=True)
    digit = Int(0).tag(sync=True)
    drawing = binary()
    scale = Float(STILL["scale"]).tag(sync=True)
    shift = Float(STILL["shift"]).tag(sync=True)
    rotation = Float(STILL["rotation"]).tag(sync=True)
    noise = Float(STILL["noise"]).tag(sync=True)
    sliders = List().tag(sync=True)
    levels = List(Float()).tag(sync=True)
    pixels = binary()
    outputs = binary()
    rbf = Int(0).tag(sync=True)
    answer = Unicode("").tag(sync=True)
    expected = Unicode("").tag(sync=True)
    verdict = Unicode("").tag(sync=True)

    def __init__(self, network: Network, images, *, digit: int = 0, scaling: Scaling = PAPER_SCALING):
        if not isinstance(network, Network):
            raise LenetError("network must be a network; got {kind}.", kind=type(network).__name__)
        shape = network.architecture.input.output_shape
        if shape != (1, paper.IMAGE_SIZE, paper.IMAGE_SIZE):
            raise LenetError(
                "Robustness needs a network that reads 1x32x32; this one reads {shape}.", shape=shape
            )
        self.network, self.scaling = network, scaling
        self.images = check_images(images, shape)
        super().__init__(
            labels=label_texts(images, len(self.images)),
            digit=digit,
            rbf=int(network.has_rbf_output),
            levels=[scaling.background, scaling.ink],
            sliders=[
                {"kind": kind, "min": min(amounts), "max": max(amounts), "step": _STEPS[kind]}
                | {"still": STILL[kind], "paper": paper.ROBUST_UP_TO.get(kind)}
                for kind, amounts in AMOUNTS.items()
            ],
        )
        self._read()

    @property
    def amounts(self) -> dict[str, Any]:
        """How much of each change there is, by name."""
        return {kind: getattr(self, kind) for kind in STILL}

    def text(self) -> str:
        """As `digit 3, unchanged: reads 3` or `drawing, shift 0.2, noise 0.1: reads 8`."""
        drawn = self._drawn is not None
        what = translate("drawing") if drawn else translate("digit {digit}", digit=self.digit)
        moved = [
            _amount_in_words(kind, amount) for kind, amount in self.amounts.items() if amount != STILL[kind]
        ]
        changes = ", ".join(moved) or translate("unchanged")
        return translate("{what}, {changes}: reads {answer}", what=what, changes=changes, answer=self.answer)

    def figure(self):
        """The digit under each change alone, from one end of its slider to the other; misread ones in red."""
        images, titles = [], []
        for kind, amounts in AMOUNTS.items():
            places = torch.linspace(0, len(amounts) - 1, _FIGURE_COLUMNS).round().int()
            for amount in [amounts[place] for place in places]:
                given: dict[str, Any] = {kind: amount}
                images.append(change(self.original, self.scaling, **given))
                titles.append(_amount_in_words(kind, amount))
        answers = [str(k) for k in probabilities(self.network, torch.cat(images)).argmax(1).tolist()]
        colours = [INK if answer == self.expected else RED for answer in answers]
        titles = [
            title + "\n" + translate("reads {answer}", answer=answer)
            for title, answer in zip(titles, answers, strict=True)
        ]
        return plots.digits(torch.cat(images), titles, _FIGURE_COLUMNS, colours)

    def state(self) -> dict:
        """The traits, the network, and the images or a few of them."""
        images, part = describe_images(self.images, self.digit)
        traits = self.plain_traits(digit=self.digit - part.start, labels=self.labels[part])
        return {"traits": traits, "network": describe_network(self.network), "images": images}

    @validate("digit")
    def _check_digit(self, proposal):
        return self.within(proposal, 0, len(self.images) - 1)

    @validate("drawing")
    def _check_drawing(self, proposal):
        return self.sheet(proposal, self.side)

    @validate(*STILL)
    def _check_amount(self, proposal):
        amounts = AMOUNTS[proposal["trait"].name]
        return self.within(proposal, min(amounts), max(amounts))

    @observe("digit", "drawing", *STILL)
    def _answer(self, _):
        if self.sliders:  # not while it is made
            self._read()
        # The browser sends the next change when this one has been read.
        self.send({"read": True})

    def _read(self):
        self._drawn = self._normalise()
        given = self.images[self.digit : self.digit + 1]
        self.original = given if self._drawn is None else self._drawn
        self.image = change(self.original, self.scaling, **self.amounts)
        with torch.inference_mode():
            outputs = self.network(to_device_of(self.network, torch.cat([self.original, self.image]))).cpu()
        unchanged, answer = outputs.argmin(1) if self.network.has_rbf_output else outputs.argmax(1)
        label = self.labels[self.digit] if self._drawn is None else ""
        with self.hold_sync():
            self.pixels = to_bytes(torch.cat([self.original, self.image]))
            self.outputs = to_bytes(outputs[1])
            self.answer = str(answer.item())
            self.expected = label or str(unchanged.item())
            self.verdict = self._judge(outputs[1], bool(label))

    def _judge(self, output: Tensor, labelled: bool) -> str:
        """In words, with the numbers that decide: distances (RBF) or scores."""
        said = {
            "answer": self.answer,
            "what": translate("distance") if self.network.has_rbf_output else translate("score"),
            "value": f"{output[int(self.answer)].item():.1f}",
        }
        other = {"expected": self.expected, "now": f"{output[int(self.expected)].item():.1f}"}
        if self.answer == self.expected:
            if labelled:
                return translate("reads {answer} ({what} {value}): right", **said)
            return translate("reads {answer} ({what} {value}), as without a change", **said)
        if labelled:
            return translate(
                "reads {answer} ({what} {value}): wrong, it is a {expected} ({now})", **said, **other
            )
        return translate(
            "reads {answer} ({what} {value}); without a change it reads {expected} (now {now})",
            **said,
            **other,
        )

    def _normalise(self) -> Tensor | None:
        """The drawing as the network's input, or None if there is nothing on the sheet."""
        if not self.drawing:
            return None
        grey = torch.frombuffer(bytearray(self.drawing), dtype=torch.uint8).view(self.side, self.side) / 255
        try:
            return self.scaling.apply(pictures.normalise(pictures.ink_of(grey)))[None]
        except LenetError:
            return None


def _amount_in_words(kind: str, amount: float) -> str:
    words = {
        "scale": translate("scale"),
        "shift": translate("shift"),
        "rotation": translate("rotation"),
        "noise": translate("noise"),
    }
    return f"{words[kind]} {amount:g}"
