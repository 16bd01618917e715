"""Pictures of the site: each once, named after its content, as small as it gets without a visible loss."""

import hashlib
from io import BytesIO
from pathlib import Path

from PIL import Image

FOLDER = "pictures"
# Red, green and blue become multiples of this, off by 2 of 255 at most; black and white stay what they are.
_STEP = 5


class Pictures:
    """Writes pictures into a site's folder; the same picture of two pages is one file."""

    def __init__(self, site: Path, home: str = ""):
        self._site, self._home = site, home
        self._written: dict[str, tuple[str, int, int]] = {}

    def of(self, home: str) -> "Pictures":
        """The same pictures for a language whose pages are in the folder `home`: new ones go there."""
        pictures = Pictures(self._site, home)
        pictures._written = self._written
        return pictures

    def add(self, content: bytes) -> tuple[str, int, int]:
        """The address within the site, width and height in pixels of a picture in any format of Pillow's."""
        name = hashlib.sha256(content).hexdigest()[:16]
        if name not in self._written:
            with Image.open(BytesIO(content)) as picture:
                smaller = _as_webp(picture)
                size = picture.size
            ending = "webp" if len(smaller) < len(content) else (picture.format or "png").lower()
            address = f"{self._home}{FOLDER}/{name}.{ending}"
            target = self._site / address
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(min(smaller, content, key=len))
            self._written[name] = (address, *size)
        return self._written[name]


def _as_webp(picture: Image.Image) -> bytes:
    """The picture in steps of colour; an alpha channel that is opaque everywhere is left out."""
    picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema()[0] == 255:
        picture = picture.convert("RGB")
    rounded = [_STEP * round(level / _STEP) for level in range(256)]
    tables = rounded * 3 + list(range(256)) * (len(picture.getbands()) - 3)
    picture = picture.point(tables)
    stream = BytesIO()
    picture.save(stream, "webp", lossless=True, method=4, quality=80)
    return stream.getvalue()
