"""Opening any picture file safely: upright, of any depth and mode, or with the true reason why not.

levels = read_levels("photo.jpg")      # (height, width, 3), 0 black to 1 white
"""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate

# What is opened. Formats that make Pillow start other programs, such as EPS, are not among them.
FORMATS = tuple(
    "PNG JPEG MPO GIF BMP DIB TIFF WEBP AVIF JPEG2000 PPM TGA ICO ICNS PCX SGI PSD QOI DDS XBM IM MSP".split()  # noqa: SIM905
)
# Of 12 to 16 bits or more a pixel, and of floats: the smallest of these that holds a picture is its white.
_FULL_SCALES = (255, 1023, 4095, 16383, 65535)
# EXIF's orientations as what brings the picture upright.
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Modes that are averaged some rows at a time, and what they are brought to for it: they cannot be averaged.
_AVERAGED_AS = {"1": "L", "P": "RGB", "PA": "RGBA", "I;16": "I", "I;16L": "I", "I;16B": "I", "I;16N": "I"}
# Pillow takes a second copy of these to average them.
_AVERAGED_AS |= {"RGBA": "RGBA", "LA": "LA"}
# What covers more than this share of a picture, and is not of one tone, has its own ground.
_MOSTLY_OPAQUE, _ONE_TONE = 0.6, 0.15
# How files begin that are often taken for pictures, or are of a kind that Pillow cannot decode by itself.
_OTHER_KINDS = (
    (
        4,
        (b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1"),
        "it is HEIC, a phone's format, which is not read here",
    ),
    (4, (b"ftypavif", b"ftypavis"), "it is AVIF, which this version of Pillow does not read"),
    (4, (b"ftypcrx",), "it is a camera's raw file, which is not read here"),
    (4, (b"ftyp",), "it is a video"),
    (0, (b"\xff\x0a", b"\0\0\0\x0cJXL "), "it is JPEG XL, which is not read here"),
    (0, (b"%PDF",), "it is a PDF, not a picture"),
    (0, (b"%!PS", b"\xc5\xd0\xd3\xc6"), "it is PostScript, which is not read here"),
    (0, (b"<svg", b"<?xml", b"\xef\xbb\xbf<"), "it is SVG or other XML, which is not read here"),
    (0, (b"PK\x03\x04", b"\x1f\x8b"), "it is an archive, not a picture"),
)


def read_levels(source: Path | str | bytes, longest: int | None = None) -> np.ndarray:
    """A picture file as red, green and blue from 0 (black) to 1 (white): floats, (height, width, 3), upright.

    source: the file's path, or its content.
    longest: what is larger is averaged down until its longer side comes near to this; never below it.
    Where a picture is transparent it gets a ground: see `_on_ground`. Of several frames, the first is read.
    Raises LenetError with the reason if the file is no whole picture.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of large pictures and odd tags: either it can be read or not
        picture = open_picture(source, longest)
    return np.asarray(picture, dtype=np.float32) / 255


def open_picture(source: Path | str | bytes, longest: int | None = None) -> Image.Image:
    """A picture file as an upright picture of red, green and blue; see `read_levels`."""
    try:
        if not isinstance(source, bytes) and not Path(source).is_file():
            raise LenetError(_not_a_file(Path(source)))
        Image.init()
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        with Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN]) as picture:
            turned = _UPRIGHT.get(_orientation(picture))
            if longest:
                picture.draft(None, (longest, longest))  # a large JPEG need not be decoded in full
            picture.load()
            if not all(picture.size):
                raise LenetError("it has no pixels")
            small = _reduced(_rgb(_reduced(picture, longest)), longest)
        return small.transpose(turned) if turned is not None else small
    except LenetError:
        raise
    # Decoders of damaged files raise errors of almost any kind.
    except Exception as error:
        raise LenetError(_reason(source, error)) from error


def _reduced(picture: Image.Image, longest: int | None) -> Image.Image:
    """Averaged over squares of whole pixels."""
    factor = max(picture.size) // longest if longest else 1
    if factor < 2:
        return picture
    mode = _AVERAGED_AS.get(picture.mode)
    if mode is None:
        return picture.reduce(factor)
    if picture.mode == "P" and "transparency" in picture.info:
        mode = "RGBA"
    return _reduced_in_strips(picture, mode, factor)


def _reduced_in_strips(picture: Image.Image, mode: str, factor: int) -> Image.Image:
    """The same for a mode whose pixels cannot be averaged: some rows at a time are brought to another mode.

    So a large picture is never in memory a second time.
    """
    width, height = picture.size
    small = Image.new(mode, (-(-width // factor), -(-height // factor)))
    rows = factor * max(1, 256 // factor)
    for top in range(0, height, rows):
        strip = picture.crop((0, top, width, min(top + rows, height))).convert(mode)
        small.paste(strip.reduce(factor), (0, top // factor))
    return small


def _orientation(picture: Image.Image) -> int:
    """What EXIF says of how the camera was held; 1 if nothing that can be read."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # as of decoders: tags may be damaged in any way, and the picture be whole
        return 1


def _rgb(picture: Image.Image) -> Image.Image:
    """Any mode as red, green and blue."""
    if picture.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(picture, dtype=np.float64))).convert("RGB")
    if picture.mode == "LAB":
        return picture.getchannel("L").convert("RGB")
    if picture.mode in ("La", "RGBa"):
        picture = picture.convert(picture.mode.upper())
    if "A" in picture.mode or "transparency" in picture.info:
        return _on_ground(picture.convert("RGBA"))
    return picture.convert("RGB")


def _eight_bits(levels: np.ndarray) -> np.ndarray:
    """Levels of 16 or 32 bits, or floats, as bytes; Pillow would cut off what is above 255."""
    finite = levels[np.isfinite(levels)]
    if not finite.size:
        raise LenetError("it holds no numbers that are finite")
    least, most = min(finite.min(), 0.0), finite.max()
    scales = (1.0, *_FULL_SCALES) if np.any(finite % 1) else _FULL_SCALES
    full = next((scale for scale in scales if most <= scale), most)
    levels = np.nan_to_num(levels, nan=float(np.median(finite)), posinf=most, neginf=least)
    return ((levels - least) / (full - least) * 255).clip(0, 255).round().astype(np.uint8)


def _on_ground(picture: Image.Image) -> Image.Image:
    """A picture with transparency on a ground on which what is visible can be seen.

    White under what is dark and black under what is light: the ink may be any. A picture that is mostly
    opaque and of more than one tone, as a sheet with transparent corners, gets its own median as the ground.
    """
    grey, opaque = np.asarray(picture.convert("L")) / 255, np.asarray(picture.getchannel("A")) > 127
    visible = grey[opaque]
    ground = (255, 255, 255)
    if visible.size and opaque.mean() > _MOSTLY_OPAQUE and visible.std() > _ONE_TONE:
        ground = tuple(int(level) for level in np.median(np.asarray(picture)[opaque], axis=0)[:3])
    elif visible.size and visible.mean() > 0.5:
        ground = (0, 0, 0)
    return Image.alpha_composite(Image.new("RGBA", picture.size, (*ground, 255)), picture).convert("RGB")


def _not_a_file(path: Path) -> str:
    if path.is_dir():
        return translate("it is a folder")
    return translate("it is no ordinary file") if path.exists() else translate("No such file or directory")


def _reason(source: Path | str | bytes, error: Exception) -> str:
    """Why a file could not be read, in words that are true of it."""
    if isinstance(error, Image.DecompressionBombError):
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        return translate(
            "it has more than the {most:,} pixels that are decoded safely: save it smaller", most=most
        )
    if isinstance(error, MemoryError):
        return translate("it is too large for this machine's memory: save it smaller")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    start = _start(source)
    if not start:
        return translate("it is empty")
    for offset, signs, kind in _OTHER_KINDS:
        if start[offset:].startswith(signs):
            return kind + ("" if kind.endswith("picture") else ": save it as PNG or JPEG")
    return translate("it is damaged, or no picture")


def _start(source: Path | str | bytes) -> bytes:
    if isinstance(source, bytes):
        return source[:32]
    try:
        with Path(source).open("rb") as file:
            return file.read(32)
    except OSError:
        return b""
