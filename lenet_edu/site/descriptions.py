"""What a page says of a widget, without the bytes and pictures in it: they are files beside the pages."""

import base64
import hashlib
import json
import re
from pathlib import Path

from lenet_edu.site.assets import FOLDER as ASSETS
from lenet_edu.site.pictures import Pictures
from lenet_edu.system.pages import FILE, unveiled, veiled

FOLDER = "material"
# Letters of base64 from which on bytes are worth a file, and a request, of their own.
_LARGE = 8_000
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_EMBEDDED_PICTURE = re.compile(r'data:image/\w+;base64,([^"]+)')


class Descriptions:
    """Writes the files of a site's widgets; the same bytes of two widgets are one file."""

    def __init__(self, site: Path):
        self._folder = site / ASSETS / FOLDER

    def as_json(self, description: dict, pictures: Pictures, root: str) -> str:
        """A widget's description as JSON for a `<script>`.

        pictures: where those of its language go. root: leads from the page to the site's folder.
        """
        state = dict(description["state"])
        if description["widget"] == "Predict" and "answer" in state:
            state["answer"] = _with_pictures_as_files(state["answer"], pictures, root)
        small = {**description, "state": self._with_bytes_as_files(state)}
        return json.dumps(small, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")

    def _with_bytes_as_files(self, value):
        """A part of a widget's state in which {FILE: address among the assets} stands for large bytes."""
        if isinstance(value, dict):
            return {name: self._with_bytes_as_files(part) for name, part in value.items()}
        if isinstance(value, list):
            return [self._with_bytes_as_files(part) for part in value]
        if isinstance(value, str) and len(value) >= _LARGE and _BASE64.fullmatch(value):
            return {FILE: self._write(base64.b64decode(value))}
        return value

    def _write(self, content: bytes) -> str:
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.bin"
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / name).write_bytes(content)
        return f"{FOLDER}/{name}"


def _with_pictures_as_files(answer: str, pictures: Pictures, root: str) -> str:
    """A veiled answer whose pictures are fetched once it is shown."""
    held_back = unveiled(answer)
    held_back["shown"] = _EMBEDDED_PICTURE.sub(
        lambda match: root + pictures.add(base64.b64decode(match[1]))[0], held_back["shown"]
    )
    return veiled(held_back)
