"""A drawn digit becomes the network's input in JavaScript as in Python, and is changed as there."""

import itertools

import numpy as np
import pytest
import torch

from lenet_edu.data import normalise as pictures
from lenet_edu.data.light import is_clean_and_tiny
from lenet_edu.data.splits import PAPER_SCALING
from lenet_edu.network import paper
from lenet_edu.reproduction.robustness import AMOUNTS, change
from lenet_edu.widgets.draw_digit import STEPS, normalisation

from .node import needs_node, run

pytestmark = needs_node
SIDE = 112
NORMALISE = """
const { greyOf, normalisation, scaled } = await use("normalise.js");
return given.sheets.map(({ bytes, rows, columns }) => given.switches.map((switches) => {
  const shown = normalisation(greyOf(bytes, rows, columns), switches);
  return { ...shown, scaled: scaled(shown.image, given.scaling) };
}));
"""


def strokes(seed: int, rows: int = SIDE, columns: int = SIDE) -> np.ndarray:
    """Grey levels (rows, columns) of a few thick lines with soft edges, black on white, as from a pen."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :columns]
    near = np.full((rows, columns), np.inf)
    points = draw.uniform(0.15, 0.85, (5, 2)) * (rows, columns)
    for (y0, x0), (y1, x1) in itertools.pairwise(points):
        length = (y1 - y0) ** 2 + (x1 - x0) ** 2
        along = np.clip(((y - y0) * (y1 - y0) + (x - x0) * (x1 - x0)) / length, 0, 1)
        near = np.minimum(near, np.hypot(y - y0 - along * (y1 - y0), x - x0 - along * (x1 - x0)))
    ink = np.clip(draw.uniform(1, 2 + 0.05 * min(rows, columns)) - near, 0, 1)
    return np.round(255 * (1 - ink)).astype(np.uint8)


def printed(digit: int) -> np.ndarray:
    """A digit of figure 3, symmetric or nearly so, white on black."""
    return np.kron(paper.DIGIT_CODES[digit] > 0, np.ones((9, 9))).astype(np.uint8) * 255


SHEETS = [
    *(strokes(seed) for seed in range(20)),
    *(strokes(seed, *size) for seed, size in enumerate([(50, 190), (300, 17), (20, 20), (9, 9)])),
    *(np.pad(printed(digit), 15) for digit in range(10)),
    255 - strokes(99),
]  # fmt: skip


def test_what_is_as_small_and_clean_as_mnists_digits_is_no_photo():
    clean = np.pad(strokes(3, 20, 20), 4, constant_values=255)
    grainy = clean - np.arange(28).astype(np.uint8)
    sheets = [clean, grainy, np.pad(clean, ((0, 12), (0, 0)), constant_values=255), clean.repeat(2, 0)]
    code = """
const { greyOf, isCleanAndTiny } = await use("normalise.js");
return given.sheets.map(({ bytes, rows, columns }) => isCleanAndTiny(greyOf(bytes, rows, columns)));
"""
    came = run(code, sheets=[{"bytes": one, "rows": one.shape[0], "columns": one.shape[1]} for one in sheets])
    assert came == [is_clean_and_tiny(sheet / 255) for sheet in sheets] == [True, False, True, False]


@pytest.mark.slow
def test_drawings_are_normalised_as_in_python():
    by_hand = [name for name in STEPS if name not in ("even", "pick")]
    switches = [dict(zip(by_hand, on, strict=True)) for on in itertools.product([True, False], repeat=4)]
    sheets = [{"bytes": sheet, "rows": sheet.shape[0], "columns": sheet.shape[1]} for sheet in SHEETS]
    came = run(NORMALISE, sheets=sheets, switches=switches, scaling=PAPER_SCALING.to_dict())
    for sheet, theirs in zip(SHEETS, came, strict=True):
        grey = torch.from_numpy(sheet) / 255
        for taken, steps in zip(switches, theirs, strict=True):
            ours, _ = normalisation(grey, {"even": False, "pick": False, **taken})
            assert list(ours) == list(steps)[:-1]
            for name, step in ours.items():
                assert (steps[name]["rows"], steps[name]["columns"]) == tuple(step.shape)
                np.testing.assert_allclose(steps[name]["values"], step.flatten(), atol=1e-6)
            scaled = PAPER_SCALING.apply(ours["image"]).flatten()
            np.testing.assert_allclose(steps["scaled"], scaled, atol=2e-6)


def test_a_drawing_comes_to_the_image_of_normalise():
    """All the switches on, in the way that the rest of the suite does it."""
    sheet = strokes(4)
    came = run(
        """
        const { greyOf, inkOf, normalise } = await use("normalise.js");
        return normalise(inkOf(greyOf(given.sheet, given.side, given.side))).values;
        """,
        sheet=sheet,
        side=SIDE,
    )
    ink = pictures.ink_of(torch.from_numpy(sheet) / 255)
    np.testing.assert_allclose(came, pictures.normalise(ink).flatten(), atol=1e-6)


@pytest.mark.slow
def test_a_canvas_is_read_as_ink_on_white_paper():
    pixels = np.array([[0, 0, 0, 255], [0, 0, 0, 0], [255, 255, 255, 255], [0, 0, 0, 51]], np.uint8)
    grey = run('return (await use("normalise.js")).greyOf(given.pixels, 2, 2).values;', pixels=pixels)
    np.testing.assert_allclose(grey, [0, 1, 1, 0.8], atol=1e-6)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("greyOf(new Uint8Array(5), 2, 2)", "2 x 2 pixels must have one byte or four for each; got 5 bytes"),
        ("greyOf(new Uint8Array(0), 0, 0)", "A sheet of 0 x 0 pixels"),
        ("greyOf(undefined, 2, 2)", "got undefined bytes"),
        ("inkOf(greyOf(new Uint8Array(4).fill(200), 2, 2))", "the picture is blank"),
        ("normalisation(greyOf(new Uint8Array(4), 2, 2))", "the picture is blank"),
        ("cropToInk({ values: new Float32Array(4), rows: 2, columns: 2 })", "there is no ink on the sheet"),
        ("change([1, 2], { background: 0, ink: 1 })", "must be a Float32Array of N x 32 x 32 numbers; got 2"),
        ("change(image, { background: 0, ink: 1 }, { slant: 1 })", "must be one of scale, shift, rotation"),
        ("change(image, { background: 0, ink: 1 }, { scale: 0 })", "scale must be a number above 0; got 0"),
        ("change(image, { background: 0, ink: 1 }, { noise: 1.5 })", "from 0 to 1; got 1.5"),
        (
            "change(image, { background: 0, ink: 1 }, { shift: '1' })",
            'shift must be a finite number; got "1"',
        ),
        ("change(image, { background: 0, ink: 1 }, { rotation: NaN })", "rotation must be a finite number"),
    ],
)
def test_what_is_no_drawing_or_no_change_is_named(body, message):
    with pytest.raises(AssertionError, match=message):
        run(
            'const image = new Float32Array(1024); const { change } = await use("changes.js");'
            f'const {{ greyOf, inkOf, cropToInk, normalisation }} = await use("normalise.js"); {body};'
        )


@pytest.mark.slow
def test_changes_are_those_of_python(embedded):
    images = embedded.test.images[:12]
    amounts = [{kind: amount} for kind in AMOUNTS for amount in AMOUNTS[kind]]
    draw = np.random.default_rng(1)
    spans = {kind: (min(values), max(values)) for kind, values in AMOUNTS.items()}
    amounts += [{kind: draw.uniform(*span) for kind, span in spans.items()} for _ in range(30)]
    came = run(
        """
        const { change } = await use("changes.js");
        return given.amounts.map((amounts) => change(given.images, given.scaling, amounts));
        """,
        images=images,
        amounts=amounts,
        scaling=PAPER_SCALING.to_dict(),
    )
    for given, theirs in zip(amounts, came, strict=True):
        exact = change(images.double(), **given).flatten()
        np.testing.assert_allclose(theirs, exact, atol=2e-7, err_msg=str(given))
        # Torch finds places in single precision, to a few millionths of a pixel.
        np.testing.assert_allclose(theirs, change(images, **given).flatten(), atol=5e-6, err_msg=str(given))
    assert np.array_equal(came[AMOUNTS["scale"].index(1.0)], images.flatten())
