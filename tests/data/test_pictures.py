"""Any picture file is opened, or the true reason is given why not."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lenet_edu.data.normalise import digits_from_picture
from lenet_edu.data.picture_sets import decode
from lenet_edu.data.pictures import read_levels
from lenet_edu.system.errors import LenetError
from results.strokes import drawn


def saved(picture: Image.Image, path, **options):
    picture.save(path, **options)
    return path


def scan() -> np.ndarray:
    """Ink at 15 %, paper at 90 %, as a scanner gives them."""
    return 0.15 + 0.75 * np.asarray(drawn(3)).astype(float) / 255


DEPTHS = {
    "16 bits": lambda: ("a.png", (scan() * 65535).astype(np.uint16)),
    "12 bits in 16": lambda: ("a.tif", (scan() * 4095).astype(np.uint16)),
    "floats to 1": lambda: ("a.tif", scan().astype(np.float32)),
    "floats to 255": lambda: ("a.tif", (255 * scan()).astype(np.float32)),
    "32 bits": lambda: ("a.tif", (scan() * 65535).astype(np.int32)),
}


@pytest.mark.parametrize("depth", DEPTHS)
def test_every_depth_comes_to_the_same_levels(depth, tmp_path):
    name, levels = DEPTHS[depth]()
    path = saved(Image.fromarray(levels), tmp_path / name)
    np.testing.assert_allclose(read_levels(path)[..., 0], scan(), atol=0.005)
    plain = decode(saved(Image.fromarray((255 * scan()).astype(np.uint8)), tmp_path / "plain.png"), 32)
    assert (decode(path, 32).float() - plain.float()).abs().max() <= 2


def test_floats_that_are_not_finite_are_paper_and_nothing_else_is_refused(tmp_path):
    levels = scan().astype(np.float32)
    levels[0, :3] = [np.nan, np.inf, -np.inf]
    found = read_levels(saved(Image.fromarray(levels), tmp_path / "a.tif"))
    np.testing.assert_allclose(found[1:, :, 0], scan()[1:], atol=0.005)
    levels[:] = np.nan
    with pytest.raises(LenetError, match="finite"):
        read_levels(saved(Image.fromarray(levels), tmp_path / "b.tif"))


@pytest.mark.parametrize(("ink", "ground"), [(255, 0), (0, 1)])
def test_ink_on_transparency_gets_a_ground_that_shows_it(ink, ground, tmp_path):
    cover = Image.eval(drawn(3), lambda level: 255 - level)
    path = saved(Image.merge("LA", (Image.new("L", cover.size, ink), cover)), tmp_path / "a.png")
    levels = read_levels(path)
    assert levels[0, 0, 0] == ground
    assert (levels.min(), levels.max()) == (0, 1)


def test_a_sheet_with_transparent_corners_keeps_its_own_ground(tmp_path):
    sheet = drawn(3, paper=230).convert("RGBA")
    sheet.paste((0, 0, 0, 0), (0, 0, 20, 20))
    assert read_levels(saved(sheet, tmp_path / "a.png"))[5, 5, 0] == pytest.approx(230 / 255)


def exif(*entries) -> bytes:
    """An EXIF block of raw entries: tag, type, count, value."""
    start = 8 + 2 + 12 * len(entries) + 4
    head, tail = struct.pack("<H", len(entries)), b""
    for tag, kind, count, raw in sorted(entries):
        head += struct.pack("<HHI", tag, kind, count)
        if len(raw) > 4:
            head, tail = head + struct.pack("<I", start + len(tail)), tail + raw
        else:
            head += raw.ljust(4, b"\0")
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + head + bytes(4) + tail


ODD = {
    "nothing odd": None,
    "text for a resolution": (0x11A, 2, 4, b"72a\0"),
    "text for a width": (0x100, 2, 4, b"abc\0"),
    "a number for a maker": (0x10F, 12, 1, struct.pack("<d", 1.5)),
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_exif_does_not_keep_a_picture_from_being_turned_upright(odd, tmp_path):
    turn = (0x112, 3, 1, struct.pack("<H", 6))
    block = exif(*[turn, ODD[odd]] if ODD[odd] else [turn])
    lying = drawn(7).rotate(90)
    levels = read_levels(saved(lying, tmp_path / "a.jpg", exif=block, quality=95))
    np.testing.assert_allclose(levels[..., 0], np.asarray(drawn(7)) / 255, atol=0.15)


def test_exif_that_is_rubbish_is_passed_over(tmp_path):
    for block in (
        b"Exif\0\0II*\0\xff\xff\xff\x7f",
        exif((0x112, 2, 4, b"six\0")),
        exif((0x112, 3, 1, b"\xff\xff")),
    ):
        levels = read_levels(saved(drawn(7), tmp_path / "a.jpg", exif=block, quality=95))
        np.testing.assert_allclose(levels[..., 0], np.asarray(drawn(7)) / 255, atol=0.15)


REASONS = {
    "it is HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "it is a PDF": b"%PDF-1.7",
    "it is SVG": b"<svg xmlns=''/>",
    "it is JPEG XL": b"\xff\x0a\0\0",
    "it is PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "it is empty": b"",
    "it is damaged, or no picture": b"seven",
}


@pytest.mark.parametrize("reason", REASONS)
def test_the_reason_is_true(reason, tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(REASONS[reason])
    for source in (path, REASONS[reason]):
        with pytest.raises(LenetError, match=reason):
            read_levels(source)


@pytest.mark.skipif(
    not hasattr(os, "mkfifo"), reason="there are no named pipes here: run this on Linux or macOS"
)
def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, reason in (("pipe", "no ordinary file"), ("", "a folder"), ("nowhere", "No such file")):
        with pytest.raises(LenetError, match=reason):
            read_levels(tmp_path / name)


def test_too_many_pixels_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(LenetError, match="more than the 2,000 pixels"):
        read_levels(saved(drawn(3), tmp_path / "a.png"))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB", "HSV", "I;16"])
def test_large_pictures_are_averaged_down_in_every_mode(mode, tmp_path):
    wide = drawn(3, size=900)
    picture = Image.fromarray(np.asarray(wide).astype(np.uint16) * 257) if mode == "I;16" else wide
    if mode == "LAB":
        picture = Image.merge("LAB", (wide, Image.new("L", wide.size, 128), Image.new("L", wide.size, 128)))
    elif mode != "I;16":
        picture = wide.convert("RGB").convert(mode) if mode != "1" else wide.convert("1", dither=0)
    content = io.BytesIO()
    picture.save(content, "TIFF") if mode != "HSV" else picture.convert("RGB").save(content, "TIFF")
    levels = read_levels(content.getvalue(), longest=300)
    assert levels.shape == (300, 300, 3)
    np.testing.assert_allclose(levels.mean(2), np.asarray(wide.reduce(3)) / 255, atol=0.2)


def encoded(picture: Image.Image, kind: str = "TIFF", **options) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F", "I;16", "I;16B"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 2), (50, 50)])
def test_what_shows_nothing_is_refused_in_every_mode(mode, size):
    with pytest.raises(LenetError, match="blank"):
        digits_from_picture(encoded(Image.new(mode, size)))


def test_transparent_palettes_are_averaged_with_their_transparency():
    ink = Image.eval(drawn(3, size=900), lambda level: 255 - level).convert("1", dither=0)
    picture = ink.convert("P")
    picture.info["transparency"] = 0
    levels = read_levels(encoded(picture, "PNG", transparency=0), longest=300)
    assert (levels.shape, levels.min(), levels.max()) == ((300, 300, 3), 0, 1)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize("side", [0, 60_000, 2**31 - 1])
def test_a_header_that_promises_too_much_is_refused_before_memory_is_taken(side):
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9)))
    with pytest.raises(LenetError):
        read_levels(content + chunk(b"IEND", b""))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_half_a_file_is_refused_with_a_reason(kind):
    content = encoded(drawn(3, mode="RGB", ink=(0, 0, 0), paper=(255, 255, 255)), kind)
    with pytest.raises(LenetError, match="damaged"):
        read_levels(content[: len(content) // 2])
