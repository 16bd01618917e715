"""Convolution: a kernel slides over an image, one place at a time, with all its numbers."""

import torch
import torch.nn.functional as F
from traitlets import Float, Int, List, observe, validate

from lenet_edu import plots
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate
from lenet_edu.system.pages import to_base64
from lenet_edu.widgets.base import Widget, binary, module, styles, to_bytes

LARGEST_KERNEL, LARGEST_PADDING, LARGEST_STRIDE = 9, 4, 4


class Convolution(Widget):
    """A kernel sliding over one image: play, step or drag it, edit its numbers, change size, padding, stride.

        Convolution(digits.images[3], network.C1)

    image: (H, W) or (1, H, W). layer: a convolution whose kernels for the first map below are offered
    beside *edge*, *blur* and the like.

    Traits to read and to set: `kernel` (rows of numbers, square), `padding`, `stride`, `place` ([row, column]
    of the output). `output()` is the result, computed by torch.
    """

    _esm, _css = module("convolution"), styles("convolution")

    image = binary()
    shape = List(Int()).tag(sync=True)
    kernel = List(List(Float())).tag(sync=True)
    padding = Int(0).tag(sync=True)
    stride = Int(1).tag(sync=True)
    place = List(Int(), [0, 0]).tag(sync=True)
    presets = List().tag(sync=True)

    def __init__(self, image, layer=None):
        picture = torch.as_tensor(image).detach().float().cpu()
        picture = picture[0] if picture.ndim == 3 and len(picture) == 1 else picture
        if picture.ndim != 2 or not picture.numel() or not picture.isfinite().all():
            raise LenetError(
                "image must be (H, W) of finite numbers; got {shape}.", shape=tuple(picture.shape)
            )
        self.picture = picture
        presets = _presets() + _kernels_of(layer)
        super().__init__(
            image=to_bytes(picture), shape=list(picture.shape), presets=presets, kernel=presets[0]["kernel"]
        )

    def output(self) -> torch.Tensor:
        """(rows, columns): the weighted sum at every place."""
        kernel = torch.tensor(self.kernel)[None, None]
        return F.conv2d(self.picture[None, None], kernel, stride=self.stride, padding=self.padding)[0, 0]

    def text(self) -> str:
        """As `5x5 kernel, padding 0, stride 1, 32x32 -> 28x28`."""
        k, (height, width) = len(self.kernel), self.shape
        rows, columns = self.output().shape
        return translate(
            "{k}x{k} kernel, padding {padding}, stride {stride}, {height}x{width} -> {rows}x{columns}",
            k=k,
            padding=self.padding,
            stride=self.stride,
            height=height,
            width=width,
            rows=rows,
            columns=columns,
        )

    def figure(self):
        """The kernel and what it makes of the image."""
        titles = [translate("image"), translate("kernel"), translate("output")]
        return plots.side_by_side([self.picture, torch.tensor(self.kernel), self.output()], titles, ink=1)

    def state(self) -> dict:
        """The traits, and the image as floats."""
        return {"traits": self.plain_traits(), "image": to_base64(self.image)}

    @validate("kernel")
    def _check_kernel(self, proposal):
        rows = proposal["value"]
        side = len(rows)
        if not 1 <= side <= LARGEST_KERNEL or any(len(row) != side for row in rows):
            self.refuse(
                translate(
                    "kernel must be square, of 1 to {largest_kernel} rows; got {rows}.",
                    largest_kernel=LARGEST_KERNEL,
                    rows=[len(row) for row in rows],
                )
            )
        if not torch.tensor(rows).isfinite().all():
            self.refuse(translate("kernel must hold finite numbers only."))
        self._check_fit(side, self.padding)
        return rows

    @validate("padding")
    def _check_padding(self, proposal):
        padding = self.within(proposal, 0, LARGEST_PADDING)
        self._check_fit(len(self.kernel), padding)
        return padding

    def _check_fit(self, side: int, padding: int) -> None:
        room = min(self.picture.shape) + 2 * padding
        if side > room:
            self.refuse(
                translate(
                    "kernel must fit into the image and its padding, {room} pixels; got {side} rows and "
                    "padding {padding}.",
                    room=room,
                    side=side,
                    padding=padding,
                )
            )

    @validate("stride")
    def _check_stride(self, proposal):
        return self.within(proposal, 1, LARGEST_STRIDE)

    @validate("place")
    def _check_place(self, proposal):
        place, shape = proposal["value"], tuple(self.output().shape)
        if len(place) != 2 or not all(0 <= at < side for at, side in zip(place, shape, strict=True)):
            self.refuse(
                translate(
                    "place must lie in the output, {height} x {width}; got {place}.",
                    height=shape[0],
                    width=shape[1],
                    place=place,
                )
            )
        return place

    @observe("kernel", "padding", "stride")
    def _keep_place_inside(self, _):
        rows, columns = self.output().shape
        self.place = [min(self.place[0], rows - 1), min(self.place[1], columns - 1)]


def _presets() -> list[dict]:
    across = torch.tensor([1.0, 1.0, 0.0, -1.0, -1.0]) / 10
    kernels = {
        "edge: ink above": across[:, None].expand(5, 5),
        "edge: ink on the left": across[None, :].expand(5, 5),
        "blur": torch.full((5, 5), 1 / 25),
        "spot": torch.full((5, 5), -1 / 24).index_put((torch.tensor(2), torch.tensor(2)), torch.tensor(1.0)),
        "leave as it is": torch.zeros(5, 5).index_put((torch.tensor(2), torch.tensor(2)), torch.tensor(1.0)),
    }
    return [{"name": name, "kernel": kernel.tolist()} for name, kernel in kernels.items()]


def _kernels_of(layer) -> list[dict]:
    if layer is None:
        return []
    kernels = layer.kernels().detach().cpu()[:, 0]
    return [{"name": f"learned, map {k}", "kernel": kernel.tolist()} for k, kernel in enumerate(kernels)]
