"""What every widget shares: its JavaScript and CSS, its text form, its static picture, its refusals.

A widget NAME is NAME.py with NAME.js and, if need be, NAME.css beside it. Python sends arrays as bytes and
takes traits back; JavaScript paints. There is no build step: what a widget's file imports is put before it.
"""

import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import anywidget
import numpy as np
import torch
from traitlets import Bytes, Dict, TraitError, default

from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import language, script_translations, translate
from lenet_edu.system.pages import WIDGET

HERE = Path(__file__).resolve().parent
_IMPORT = re.compile(r'^import [^;]+ from "(\.[\w./]+\.js)";\n', flags=re.M)


class RefusedError(LenetError, TraitError):
    """A widget was given what it cannot show; its traits are as they were."""


class Widget(anywidget.AnyWidget):
    """A widget of the suite: shows itself in JupyterLab, and as a figure and a line of text elsewhere.

    texts: what its script says in the reader's language, by the English.
    """

    texts = Dict().tag(sync=True)

    @default("texts")
    def _texts(self) -> dict[str, str]:
        scripts = _scripts(type(self).__module__.rpartition(".")[2])
        places = {path.relative_to(HERE.parent).as_posix() for path in scripts}
        return {
            english: text
            for place in sorted(places)
            for english, text in script_translations(language(), place).items()
        }

    def refuse(self, message: str):
        """Say in the widget what is wrong, and raise `RefusedError`."""
        self.send({"error": message})
        raise RefusedError(message)

    def _handle_custom_msg(self, content: dict, buffers: list) -> None:
        """Answer the browser when it asks for a sign of life (kernel.js)."""
        if content.get("ping"):
            self.send({"pong": True})
        else:
            super()._handle_custom_msg(content, buffers)

    def within(self, proposal: dict, low: float, high: float):
        """The value that a trait is to have, if it is from `low` to `high`; otherwise it is refused."""
        name, value = proposal["trait"].name, proposal["value"]
        return (
            value
            if low <= value <= high
            else self.refuse(
                translate(
                    "{name} must be from {low} to {high}; got {value}.",
                    name=name,
                    low=low,
                    high=high,
                    value=value,
                )
            )
        )

    def sheet(self, proposal: dict, side: int) -> bytes:
        """The grey levels of a sheet, side x side or none at all; anything else is refused."""
        name, value = proposal["trait"].name, proposal["value"]
        fits = len(value) in (0, side**2)
        return (
            value
            if fits
            else self.refuse(
                translate(
                    "{name} must be {side} x {side} bytes; got {value_count}.",
                    name=name,
                    side=side,
                    value_count=len(value),
                )
            )
        )

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
        return {
            **(data or {}),
            **self.description(),
            "text/plain": repr(self),
            "image/png": picture.getvalue(),
        }

    def state(self) -> dict | None:
        """What the widget's twin in JavaScript is made of, ready for `json.dumps`; None if it has no twin.

        `traits` are there by their names (see `plain_traits`); the rest is what it computes with.
        """
        return None

    def plain_traits(self, **others) -> dict:
        """The widget's own traits as JSON takes them, but for bytes; `others` stand in place of some."""
        own = set(self.trait_names(sync=True)) - set(Widget.class_trait_names())
        values = {name: getattr(self, name) for name in sorted(own) if not name.startswith("_")}
        return {name: value for name, value in values.items() if not isinstance(value, bytes)} | others

    def description(self) -> dict:
        """What brings the widget to life on a page without a kernel, by its kind of output; or nothing."""
        state = self.state()
        return {} if state is None else {WIDGET: {"widget": type(self).__name__, "state": state}}


def module(name: str) -> str:
    """The JavaScript of a widget as one module: what it imports, each once, and then its own."""
    return re.sub(r"^export (?!default)", "", "".join(_scripts(name).values()), flags=re.M)


def _scripts(name: str) -> dict[Path, str]:
    """The JavaScript that a widget is made of, file by file, each after all that it imports; no imports."""
    parts: dict[Path, str] = {}
    _collect(HERE / f"{name}.js", parts)
    return parts


def _collect(file: Path, parts: dict[Path, str]) -> None:
    if not file.exists():  # a class of a reader's own
        return
    text = file.read_text(encoding="utf-8")
    for source in _IMPORT.findall(text):
        other = (file.parent / source).resolve()
        if other not in parts:
            _collect(other, parts)
    parts[file] = _IMPORT.sub("", text)


def styles(name: str) -> str:
    """The CSS of a widget: the shared part, and its own, which is nested so that it holds for no other."""
    path = HERE / f"{name}.css"
    own = path.read_text(encoding="utf-8") if path.exists() else ""
    return f'{_read("shared.css")}.lenet-widget[data-widget="{name}"] {{\n{own}}}\n'


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
        raise LenetError(
            "images must be (N, {wanted}); got {shape}.", wanted=wanted, shape=tuple(tensor.shape)
        )
    if not tensor.isfinite().all():
        raise LenetError("images must hold finite numbers only.")
    return tensor


def label_texts(images, count: int, classes: Sequence[str] = ()) -> list[str]:
    """The labels of a split as texts, by the classes' names if there are any; empty ones for a tensor."""
    labels = getattr(images, "labels", None)
    if labels is None:
        return [""] * count
    return [str(classes[label] if classes else label) for label in labels.tolist()]


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
