"""What is no digit is dropped, what belongs to one is kept, and shipped networks read the rest."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from lenet_edu.data.light import even
from lenet_edu.data.normalise import digits_from_picture
from lenet_edu.data.splits import PAPER_SCALING, resize_for
from lenet_edu.data.strokes import dilated, otsu
from lenet_edu.system.errors import LenetError
from lenet_edu.training.checkpoints import load_network, shipped_names
from lenet_edu.training.reading import predict
from results.strokes import drawn

NETWORKS = {name: load_network(name) for name in shipped_names()}


def content(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def read(picture: Image.Image, name: str) -> str:
    return "".join(reading.name for reading in predict(NETWORKS[name], content(picture)))


def on(sheet: tuple[int, int], digit: Image.Image, at: tuple[int, int], paper=255) -> Image.Image:
    whole = Image.new("L", sheet, paper)
    whole.paste(digit, at)
    return whole


def ruled(picture: Image.Image, *boxes, level=0, width=3) -> Image.Image:
    for box in boxes:
        ImageDraw.Draw(picture).rectangle(box, outline=level, width=width)
    return picture


def shaded(picture: Image.Image, light) -> Image.Image:
    rows, columns = np.mgrid[: picture.height, : picture.width] / max(picture.size)
    return Image.fromarray((np.asarray(picture) * light(rows, columns)).clip(0, 255).astype(np.uint8))


def squared(picture: Image.Image, level: int) -> Image.Image:
    lines = ImageDraw.Draw(picture)
    for place in range(15, max(picture.size), 40):
        lines.line([(0, place), (picture.width, place)], fill=level, width=2)
        lines.line([(place, 0), (place, picture.height)], fill=level, width=2)
    return picture


def dusty() -> Image.Image:
    picture = on((1000, 1000), drawn(3), (400, 400))
    picture.putpixel((40, 40), 60)
    return picture


def edged() -> Image.Image:
    picture = on((600, 600), drawn(3), (200, 200))
    ImageDraw.Draw(picture).line([(0, 590), (599, 590)], fill=90, width=3)
    return picture


SHEETS = {
    "clean": lambda: drawn(3),
    "one dark pixel": dusty,
    "answer box": lambda: ruled(drawn(3), (0, 0, 199, 199)),
    "box inside": lambda: ruled(on((300, 260), drawn(3), (50, 30)), (60, 34, 240, 226)),
    "box touched": lambda: ruled(on((300, 260), drawn(3), (50, 30)), (86, 48, 202, 212)),
    "box crossed": lambda: ruled(on((300, 260), drawn(3), (50, 30)), (96, 34, 240, 200), level=60),
    "edge of the sheet": edged,
    "uneven light": lambda: shaded(drawn(3), lambda y, x: 0.95 - ((x - 0.5) ** 2 + (y - 0.5) ** 2)),
    "shadow": lambda: shaded(drawn(3), lambda y, x: 1 - 0.5 * (x + y > 0.9)),
    "shadow of fingers": lambda: shaded(
        on((600, 600), drawn(3, pen=0.05), (200, 200)), lambda y, x: 1 - 0.4 * ((y < 0.55) & (x % 0.2 < 0.12))
    ),
    "mostly in the shadow": lambda: shaded(
        on((600, 600), drawn(3, pen=0.05), (200, 200)), lambda y, x: 1 - 0.45 * (x + y < 1.2)
    ),
    "thick pen on small squares": lambda: squared(drawn(3, pen=0.17), 170).resize((70, 70)),
    "box with a side out of sight": lambda: ruled(drawn(3), (8, 8, 197, 192), level=10, width=8).crop(
        (0, 0, 193, 200)
    ),
    "squared": lambda: squared(drawn(3), 200),
    "board": lambda: on((400, 300), drawn(3, ink=255, paper=20), (100, 50), 20),
    "grey paper": lambda: on((300, 400), drawn(3, ink=40, paper=180), (50, 100), 180),
    "board between white bars": lambda: on(
        (400, 400), on((400, 300), drawn(3, ink=255, paper=20), (100, 50), 20), (0, 50)
    ),
    "cut out closely": lambda: drawn(3).crop((45, 12, 155, 190)),
}


@pytest.mark.slow
@pytest.mark.parametrize("sheet", SHEETS)
def test_every_shipped_network_reads_a_three_as_a_three(sheet):
    images = digits_from_picture(content(SHEETS[sheet]()))
    seen = {
        name: resize_for(network.architecture.input.size, images, PAPER_SCALING)
        for name, network in NETWORKS.items()
    }
    answers = {name: NETWORKS[name].classes_of(seen[name]).tolist() for name in NETWORKS}
    assert answers == {name: [3] for name in NETWORKS}


@pytest.mark.slow
@pytest.mark.parametrize("digit", range(10))
def test_every_digit_is_read_dark_and_light(digit):
    assert read(drawn(digit), "lenet5-modern") == str(digit)
    assert read(drawn(digit, ink=255, paper=0), "lenet5-modern") == str(digit)


@pytest.mark.slow
@pytest.mark.parametrize("digit", range(10))
def test_a_digit_that_touches_its_box_loses_no_stroke(digit):
    """What is left is the digit as it is without a box, but for the line beneath the stroke."""
    rows, columns = np.nonzero(np.asarray(drawn(digit)) < 128)
    # The sides of a box as narrow as a 1 could not be told from it.
    aside = 1 + max(0, np.ptp(rows) // 2 - np.ptp(columns)) // 2
    box = (columns.min() - aside, rows.min() - 1, columns.max() + aside, rows.max() + 1)
    sheets = [ruled(drawn(digit), *boxes, width=2) for boxes in ((box,), ())]
    boxed, plain = (digits_from_picture(content(sheet)) for sheet in sheets)
    assert len(boxed) == 1
    assert (boxed[0].clamp(min=0) - plain[0].clamp(min=0)).abs().mean() < 0.06


@pytest.mark.slow
@pytest.mark.parametrize("pen", [0.012, 0.03])
def test_a_thin_pen_is_read_as_one_of_mnists_is(pen):
    assert [read(drawn(digit, size=220, pen=pen), "lenet5-modern") for digit in range(10)] == list(
        "0123456789"
    )


def test_dilated_is_a_dilation_by_a_disc():
    picture = np.random.default_rng(0).random((23, 31)).astype(np.float32) ** 20
    for radius in (1, 2, 5, 30):
        places = np.arange(-radius, radius + 1)
        disc = places[:, None] ** 2 + places**2 <= (radius + 0.5) ** 2
        np.testing.assert_array_equal(
            dilated(picture, radius), ndimage.grey_dilation(picture, footprint=disc)
        )


def test_grain_is_neither_a_line_nor_a_digit():
    grain = np.random.default_rng(0).normal(0, 22, (200, 200))
    noisy = (np.asarray(drawn(8, paper=215, ink=30)) + grain).clip(0, 255).astype(np.uint8)
    assert read(Image.fromarray(noisy), "lenet5-modern") == "8"


@pytest.mark.slow
def test_a_loose_bar_stays_with_its_five():
    (image,) = digits_from_picture(content(drawn(5, loose=0.06)))
    (whole,) = digits_from_picture(content(drawn(5)))
    assert image.clamp(min=0).sum() == pytest.approx(whole.clamp(min=0).sum().item(), rel=0.15)
    assert read(drawn(5, loose=0.06), "lenet5-modern") == "5"


@pytest.mark.slow
def test_several_digits_are_read_line_by_line_from_the_left():
    page = Image.new("L", (620, 420), 255)
    for place, digit in enumerate((3, 1, 4, 2, 7, 5)):
        page.paste(drawn(digit), (10 + place % 3 * 200, 5 + place // 3 * 205))
    assert read(page, "lenet5-modern") == "314275"


@pytest.mark.parametrize("mark", ["dot", "line", "speck"])
def test_what_is_no_digit_is_refused(mark):
    picture = Image.new("L", (200, 200), 255)
    pen = ImageDraw.Draw(picture)
    if mark == "dot":
        pen.ellipse([90, 90, 120, 120], fill=0)
    elif mark == "speck":
        picture.putpixel((50, 50), 0)
    else:
        pen.line([(0, 100), (199, 100)], fill=0, width=3)
        pen.ellipse([90, 40, 100, 50], fill=0)
    with pytest.raises(LenetError, match="no digit"):
        digits_from_picture(content(picture))


def test_evened_paper_is_white_and_evened_slate_black():
    light = lambda y, x: 1 - 0.5 * x  # noqa: E731
    for ink, paper, ground in ((20, 230, 1), (230, 60, 0)):
        grey = np.asarray(shaded(drawn(3, ink=ink, paper=paper), light)).astype(np.float32) / 255
        evened = even(grey)
        blank = np.asarray(drawn(3)) == 255
        assert np.abs(evened[blank] - ground).mean() < 0.05
        assert np.abs(evened[np.asarray(drawn(3)) == 0] - ground).min() > 0.25


def test_otsu_parts_two_heaps():
    values = np.concatenate([np.full(900, 0.1), np.full(100, 0.8)])
    assert 0.1 < otsu(values) < 0.8
    assert otsu(np.full(5, 0.3)) == pytest.approx(0.3)


@pytest.mark.slow
def test_black_ink_is_told_from_orange_squares():
    """The colour in which the ink stands out is looked at, not that in which the squares do."""
    picture = squared(
        drawn(4, size=400, mode="RGB", ink=(30, 30, 30), paper=(232, 230, 224)), (240, 170, 110)
    )
    assert read(picture, "lenet5-modern") == "4"
