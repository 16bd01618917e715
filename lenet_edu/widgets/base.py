"""What every widget shares: its JavaScript and CSS, its text form, its static picture, its refusals.

A widget NAME is NAME.py with NAME.js and, if need be, NAME.css beside it. Python sends arrays as bytes and
takes traits back; JavaScript paints. There is no build step: shared.js is put before each widget's own.
"""

import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import anywidget
import numpy as np
import torch
from traitlets import Bytes, TraitError

from lenet_edu.system.errors import LenetError

HERE = Path(__file__).parent


class RefusedError(LenetError, TraitError):
    """A widget was given what it cannot show; its traits are as they were."""


class Widget(anywidget.AnyWidget):
    """A widget of the suite: shows itself in JupyterLab, and as a figure and a line of text elsewhere."""

    def refuse(self, message: str):
        """Say in the widget what is wrong, and raise `RefusedError`."""
        self.send({"error": message})
        raise RefusedError(message)

    def set_state(self, sync_data: dict) -> None:
        """Take what a browser sends; of what is refused, send back how it is: the browser shows otherwise."""
        try:
            super().set_state(sync_data)
        except TraitError:
            self.send_state(list(sync_data))
            raise

    def text(self) -> str:
        """What is shown, in the brackets of the text form."""
        raise NotImplementedError

    def figure(self):
        """The same as a matplotlib figure, for readers without a kernel."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text()})"

    def _repr_mimebundle_(self, **_) -> dict:
        bundle = super()._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        picture = BytesIO()
        self.figure().savefig(picture, format="png")
        return {**data, "text/plain": repr(self), "image/png": picture.getvalue()}


def module(name: str) -> str:
    """The JavaScript of a widget as one module."""
    shared = re.sub(r"^export ", "", _read("shared.js"), flags=re.M)
    own = re.sub(r"^import [^;]+ from \"\./shared\.js\";\n", "", _read(f"{name}.js"), flags=re.M)
    return shared + re.sub(r"^export (?!default)", "", own, flags=re.M)


def styles(name: str) -> str:
    """The CSS of a widget, the shared part first."""
    own = HERE / f"{name}.css"
    return _read("shared.css") + (own.read_text(encoding="utf-8") if own.exists() else "")


def binary() -> Bytes:
    """A trait of bytes; a browser's come as a view on memory."""
    return Bytes().tag(sync=True, from_json=lambda value, _: bytes(value or b""))


def to_bytes(array) -> bytes:
    """Floats of any shape as little-endian single precision, in order."""
    if isinstance(array, torch.Tensor):
        array = array.detach().cpu().numpy()
    return np.ascontiguousarray(array, dtype="<f4").tobytes()


def to_device_of(network, images: torch.Tensor) -> torch.Tensor:
    """The images on the network's own device."""
    return images.to(next(network.parameters()).device)


def check_images(images, shape: Sequence[int]) -> torch.Tensor:
    """Images (N, *shape) as floats on the CPU, from a tensor or a split; LenetError if they do not fit."""
    tensor = torch.as_tensor(getattr(images, "images", images)).detach().float().cpu()
    if tuple(tensor.shape[1:]) != tuple(shape) or not len(tensor):
        wanted = ", ".join(map(str, shape))
        raise LenetError(f"images must be (N, {wanted}); got {tuple(tensor.shape)}.")
    if not tensor.isfinite().all():
        raise LenetError("images must hold finite numbers only.")
    return tensor


def label_texts(images, count: int, classes: Sequence[str] = ()) -> list[str]:
    """The labels of a split as texts, by the classes' names if there are any; empty ones for a tensor."""
    labels = getattr(images, "labels", None)
    if labels is None:
        return [""] * count
    return [classes[label] if classes else str(label) for label in labels.tolist()]


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
