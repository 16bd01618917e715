"""Any picture of a digit becomes what MNIST would have made of it."""

import pytest
import torch
from PIL import Image, ImageDraw

from lenet_edu.data.normalise import centre_by_mass, digits_from_picture, scale_to_glyph
from lenet_edu.data.splits import PAPER_SCALING
from lenet_edu.network import paper
from lenet_edu.system.errors import LenetError
from lenet_edu.training.checkpoints import load_network


def seven(
    mode="L", ink="black", background="white", size=(100, 100), offset=(0, 0), scale=1.0, width=7
) -> Image.Image:
    """A 7 of two strokes."""
    picture = Image.new(mode, size, background)
    points = [(30, 25), (65, 25), (45, 80)]
    moved = [(x * scale + offset[0], y * scale + offset[1]) for x, y in points]
    ImageDraw.Draw(picture).line(moved, fill=ink, width=round(width * scale), joint="curve")
    return picture


def digit_from_picture(path) -> torch.Tensor:
    """The one digit of a picture, (1, 32, 32)."""
    (image,) = digits_from_picture(path)
    return image


def saved(picture: Image.Image, path) -> str:
    picture.save(path)
    return str(path)


PICTURES = {
    "black on white": seven(),
    "white on black": seven(ink="white", background="black"),
    "grey on yellow": seven("RGB", ink="#222244", background="#ffee99"),
    "transparent": seven("RGBA", ink="black", background=(0, 0, 0, 0)),
    "palette": seven("RGB").convert("P"),
    "one bit": seven("1", ink=0, background=1),
    "off centre": seven(size=(300, 200), offset=(180, 90)),
    "tiny": seven(size=(14, 16), scale=0.17),
    "huge": seven(size=(1500, 1500), scale=14),
    "thin": seven(size=(1500, 1500), scale=14, width=1.5),
}


@pytest.mark.slow
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES.keys())
def test_a_picture_becomes_a_centred_glyph_that_the_networks_read(picture, tmp_path):
    image = digit_from_picture(saved(picture, tmp_path / "seven.png"))
    assert image.shape == (1, 32, 32)
    ink = PAPER_SCALING.undo(image)[0]
    assert ink.max().item() == pytest.approx(1)
    rows, columns = (ink > 0.3).any(1).nonzero(), (ink > 0.3).any(0).nonzero()
    height, width = (rows[-1] - rows[0] + 1).item(), (columns[-1] - columns[0] + 1).item()
    assert abs(max(height, width) - paper.GLYPH_SIZE) <= 1
    places = torch.arange(32) + 0.5
    for axis in (0, 1):
        centre = (ink.sum(1 - axis) * places).sum() / ink.sum()
        assert centre.item() == pytest.approx(16.5, abs=0.6)
    for name in ("lenet5-modern", "lenet5-1998"):
        assert load_network(name).classes_of(image[None]).item() == 7


def test_inverted_pictures_come_to_the_same(tmp_path):
    one = digit_from_picture(saved(seven(), tmp_path / "a.png"))
    other = digit_from_picture(saved(seven(ink="white", background="black"), tmp_path / "b.png"))
    torch.testing.assert_close(one, other)


def test_a_faint_smudge_does_not_count_as_the_digit(tmp_path):
    smudged = seven()
    ImageDraw.Draw(smudged).rectangle([2, 90, 5, 95], fill=225)
    clean = digit_from_picture(saved(seven(), tmp_path / "clean.png"))
    torch.testing.assert_close(digit_from_picture(saved(smudged, tmp_path / "smudged.png")), clean)


def test_a_camera_turned_on_its_side_is_turned_back(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees clockwise
    seven("RGB").rotate(90, expand=True).save(tmp_path / "turned.png", exif=exif)
    upright = digit_from_picture(saved(seven("RGB"), tmp_path / "upright.png"))
    torch.testing.assert_close(digit_from_picture(tmp_path / "turned.png"), upright)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.png", None, "No such file"),
        ("empty.png", b"", "it is empty"),
        ("text.png", b"seven", "no picture"),
        ("half.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no picture"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(LenetError, match=rf"{name} could not be read.*{message}"):
        digit_from_picture(tmp_path / name)


def test_a_truncated_picture_is_named(tmp_path):
    path = tmp_path / "cut.png"
    seven(size=(400, 400), scale=4).save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(LenetError, match="could not be read"):
        digit_from_picture(path)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_is_refused(tmp_path, level):
    with pytest.raises(LenetError, match="blank"):
        digit_from_picture(saved(Image.new("L", (40, 40), level), tmp_path / "blank.png"))


def test_a_stroke_thinner_than_a_pixel_keeps_its_shape():
    """A glyph of one column has the means of the stroke's rows, not its first row again and again."""
    stroke = torch.zeros(300, 17)
    stroke[150:] = 1
    glyph = scale_to_glyph(stroke)
    assert glyph.shape == (20, 1)
    assert glyph[:9].max() == 0
    assert glyph[11:].min() == pytest.approx(1)


def test_a_symmetric_digit_goes_up_and_left_whatever_its_sums_last_bit():
    for level in (1, 0.1, 0.3, 1 / 3):
        frame = centre_by_mass(torch.full((20, 20), level))[0]
        assert frame.nonzero()[0].tolist() == [6, 6]
