"""The same messages through a widget in Python and through its twin in JavaScript."""

import base64
import json
import subprocess
from pathlib import Path

import numpy as np
from traitlets import TraitError

from lenet_edu.system.pages import WIDGET
from lenet_edu.widgets.base import Widget
from tests.widgets.helpers import NODE

SCRIPT = Path(__file__).parent / "js" / "replay.mjs"


def replay(widget, messages: list[dict], files: Path, pythons_own: tuple[str, ...] = ()) -> int:
    """Hold what the twin answers against what Python does, after each message; how many were answered.

    messages: each {"set": traits} or {"send": a message of the widget's own}. files: a folder of
    the site's assets. Numbers must agree to 1e-4 of the larger one or of 1, and all else exactly.
    pythons_own: switches that only Python has, which stay off.
    """
    description = json.loads(json.dumps(widget.description()[WIDGET]))
    twins = through_twin(description, messages, files)
    pythons = through_python(widget, [_with_switches(message, pythons_own) for message in messages])
    assert len(twins) == len(pythons) == len(messages) + 1
    traits: dict = {}
    for place, (twin, python) in enumerate(zip(twins, pythons, strict=True)):
        what = messages[place - 1] if place else "at first"
        traits |= twin["traits"]
        assert set(traits) == set(python["traits"]), set(traits) ^ set(python["traits"])
        for name, value in python["traits"].items():
            if name == "switches":
                value = {step: on for step, on in value.items() if step not in pythons_own}
            assert alike(traits[name], value), f"{name} after {what}: {traits[name]!r:.200}, {value!r:.200}"[
                :2000
            ]
        assert twin["told"] == python["told"], (what, python["told"])
    return len(messages)


def through_twin(description: dict, messages: list[dict], files: Path) -> list[dict]:
    """What the twin answers: the traits at first, those that are new after each message, what was told."""
    given = {"description": description, "messages": messages, "files": str(files)}
    text = json.dumps(given, default=lambda data: {"base64": base64.b64encode(data).decode()})
    done = subprocess.run([NODE, SCRIPT], input=text, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, object_hook=lambda value: _bytes(value))


def through_python(widget, messages: list[dict]) -> list[dict]:
    """The same by Python, with the messages as a browser sends them."""
    told: list[dict] = []
    widget.send = lambda content, buffers=None: told.append(content)
    names = [*widget.plain_traits(), *_bytes_traits(widget)]

    def now() -> dict:
        state = {"traits": {name: getattr(widget, name) for name in names}, "told": [*told]}
        told.clear()
        return state

    answers = [now()]
    for message in messages:
        try:
            if "set" in message:
                widget.set_state(message["set"])
            else:
                widget._handle_custom_msg(message["send"], [])
        except TraitError:
            pass  # it has told the browser why
        answers.append(now())
    return answers


def _with_switches(message: dict, pythons_own: tuple[str, ...]) -> dict:
    if "switches" not in message.get("set", {}):
        return message
    switches = message["set"]["switches"] | dict.fromkeys(pythons_own, False)
    return {"set": message["set"] | {"switches": switches}}


def alike(twin, python) -> bool:
    """Whether two values of a trait are the same: numbers nearly, all else exactly."""
    if isinstance(python, bytes):
        return len(twin) == len(python) and (
            twin == python or _close(*(_floats(one) for one in (twin, python)))
        )
    if isinstance(python, float):
        return _close(np.array([twin]), np.array([python]))
    if isinstance(python, (list, tuple)):
        return len(twin) == len(python) and all(map(alike, twin, python))
    return twin == python


def _close(twin: np.ndarray, python: np.ndarray) -> bool:
    return bool((np.abs(twin - python) <= 1e-4 * np.maximum(1, np.abs(python))).all())


def _floats(data: bytes) -> np.ndarray:
    return np.frombuffer(data, "<f4")


def _bytes(value: dict):
    return base64.b64decode(value["base64"]) if set(value) == {"base64"} else value


def _bytes_traits(widget) -> list[str]:
    own = set(widget.trait_names(sync=True)) - set(Widget.class_trait_names())
    return [name for name in own if not name.startswith("_") and isinstance(getattr(widget, name), bytes)]
