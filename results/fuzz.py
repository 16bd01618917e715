"""Pictures of many formats, broken at random: each must be read, or refused with a reason; never a traceback.

python -m results.fuzz              10,000 of them, and what came of them by format
"""

import argparse
import io
import random
import sys
import warnings
from collections import Counter
from contextlib import suppress

import numpy as np
from PIL import Image, features

from lenet_edu.data.picture_sets import decode
from lenet_edu.system.errors import LenetError
from lenet_edu.training.checkpoints import load_network
from lenet_edu.training.reading import predict
from results.strokes import drawn


def whole_pictures() -> dict[str, bytes]:
    """A small digit in each format and depth."""
    grey = drawn(3, size=48, pen=0.1)
    colour, clear = grey.convert("RGB"), grey.convert("RGBA")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    floats = Image.fromarray(np.asarray(grey).astype(np.float32) / 255)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    made = {
        "PNG grey": (grey, "PNG", {}),
        "PNG palette": (colour.quantize(8), "PNG", {}),
        "PNG clear": (clear, "PNG", {}),
        "PNG 16 bits": (deep, "PNG", {}),
        "PNG one bit": (grey.convert("1"), "PNG", {}),
        "JPEG": (colour, "JPEG", {"exif": exif}),
        "JPEG progressive": (grey, "JPEG", {"progressive": True}),
        "JPEG CMYK": (colour.convert("CMYK"), "JPEG", {}),
        "GIF": (grey, "GIF", {}),
        "BMP": (colour, "BMP", {}),
        "TIFF": (colour, "TIFF", {"exif": exif}),
        "TIFF packed": (grey, "TIFF", {"compression": "tiff_lzw"}),
        "TIFF floats": (floats, "TIFF", {}),
        "TIFF LAB": (Image.merge("LAB", (grey, grey, grey)), "TIFF", {}),
        "WebP": (clear, "WEBP", {}),
        "AVIF": (colour, "AVIF", {}),
        "JPEG 2000": (colour, "JPEG2000", {}),
        "PPM": (grey, "PPM", {}),
        "TGA": (clear, "TGA", {}),
        "ICO": (clear, "ICO", {}),
        "PCX": (grey, "PCX", {}),
        "SGI": (colour, "SGI", {}),
        "DDS": (clear, "DDS", {}),
        "IM": (grey, "IM", {}),
        "MSP": (grey.convert("1"), "MSP", {}),
    }
    optional = {"AVIF": "avif", "WEBP": "webp", "JPEG2000": "jpg_2000"}
    contents = {}
    for name, (picture, kind, options) in made.items():
        if kind in optional and not features.check(optional[kind]):
            continue
        content = io.BytesIO()
        picture.save(content, kind, **options)
        contents[name] = content.getvalue()
    return contents


def broken(content: bytes, chance: random.Random) -> bytes:
    """The content with bytes changed, cut off or doubled; most often near its start, where headers are."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 12))):
        near = len(changed) if chance.random() < 0.4 else min(len(changed), 120)
        if not near:
            break
        at = chance.randrange(near)
        match chance.randrange(5):
            case 0 | 1:
                changed[at] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
            case 2:
                del changed[at + chance.randrange(200) :]
            case 3:
                changed[at:at] = changed[at : at + chance.randrange(40)]
            case 4:
                del changed[at : at + chance.randrange(1, 20)]
    return bytes(changed)


def broken_pictures(seed: int, count: int):
    """Yields so many broken pictures, of each format in turn."""
    chance, whole = random.Random(seed), list(whole_pictures().values())
    for number in range(count):
        yield broken(whole[number % len(whole)], chance)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    count, names = parser.parse_args().count, list(whole_pictures())
    network, came = load_network("lenet5-modern"), Counter()
    warnings.simplefilter("ignore")
    for number, content in enumerate(broken_pictures(0, count)):
        try:
            predict(network, content)
            came[names[number % len(names)], "read"] += 1
        except LenetError:
            came[names[number % len(names)], "refused"] += 1
        with suppress(LenetError):
            decode(content, 32)
    for name in names:
        print(f"{name}: {came[name, 'read']} read, {came[name, 'refused']} refused")
    print(f"{sum(came.values()):,} broken pictures of {len(names)} formats, no traceback")
    return 0


if __name__ == "__main__":
    sys.exit(main())
