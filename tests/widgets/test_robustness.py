"""Robustness: what it computes and refuses without a browser, and what a reader sees in one."""

import re

import matplotlib
import numpy as np
import pytest
import torch

from lenet_edu.data import normalise as pictures
from lenet_edu.data.splits import PAPER_SCALING, Scaling
from lenet_edu.network import paper
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.models import LeNet5
from lenet_edu.plots import style
from lenet_edu.reproduction.robustness import AMOUNTS, STILL, change
from lenet_edu.training.checkpoints import load_network
from lenet_edu.widgets import Robustness
from lenet_edu.widgets.robustness import SIDE
from tests.browser import needs_chromium, pixels, run_cell, shows
from tests.widgets.helpers import THREE, draw, floats

matplotlib.use("agg")

WIDTH = 1400


def numbers(data: bytes) -> torch.Tensor:
    return torch.from_numpy(floats(data).copy())


def seven() -> bytes:
    """A sheet with a 7 on it."""
    sheet = np.full((SIDE, SIDE), 255, np.uint8)
    sheet[20:28, 30:80] = sheet[28:95, 66:76] = 0
    return sheet.tobytes()


@pytest.fixture
def widget(network, digits) -> Robustness:
    return Robustness(network, digits, digit=3)


# Without a browser


@pytest.mark.parametrize("name", ["lenet5-1998", "lenet5-modern"])
def test_what_is_shown_is_what_the_changes_and_the_network_come_to(name, digits):
    model = load_network(name)
    widget = Robustness(model, digits, digit=5)
    amounts = {"scale": 1.35, "shift": -0.15, "rotation": -22.0, "noise": 0.07}
    for kind, amount in amounts.items():
        setattr(widget, kind, amount)
    wanted = change(digits.images[5:6], **amounts)
    assert torch.equal(widget.image, wanted)
    assert torch.equal(widget.original, digits.images[5:6])
    assert torch.equal(numbers(widget.pixels).view(2, 1, 32, 32), torch.cat([digits.images[5:6], wanted]))
    with torch.no_grad():
        torch.testing.assert_close(numbers(widget.outputs), model(wanted)[0], rtol=1e-4, atol=1e-4)
    assert widget.answer == str(model.classes_of(wanted).item())
    assert widget.expected == "5"
    assert widget.rbf == model.has_rbf_output


def test_the_verdict_says_right_or_wrong_with_the_numbers_that_decide(widget):
    assert re.fullmatch(r"reads 3 \(distance [\d.]+\): right", widget.verdict)
    widget.rotation = 60.0
    distances = numbers(widget.outputs)
    nearest = distances.argmin().item()
    assert nearest != 3
    assert widget.verdict == (
        f"reads {nearest} (distance {distances[nearest]:.1f}): wrong, it is a 3 ({distances[3]:.1f})"
    )
    assert repr(widget) == f"Robustness(digit 3, rotation 60: reads {nearest})"


def test_without_labels_the_answer_without_a_change_is_the_measure(digits):
    model = load_network("lenet5-modern")
    widget = Robustness(model, digits.images, digit=3)
    assert widget.labels == [""] * 10
    assert widget.verdict.endswith(", as without a change")
    widget.rotation = 60.0
    assert widget.expected == str(model.classes_of(digits.images[3:4]).item())
    scores = numbers(widget.outputs)
    assert widget.answer == str(scores.argmax().item()) != widget.expected
    assert widget.verdict == (
        f"reads {widget.answer} (score {scores.max():.1f}); without a change it reads {widget.expected} "
        f"(now {scores[int(widget.expected)]:.1f})"
    )


def test_a_drawing_takes_the_images_place_while_there_is_one(widget, network):
    widget.set_state({"drawing": memoryview(seven()), "shift": 0.1})
    ink = pictures.ink_of(torch.from_numpy(np.frombuffer(seven(), np.uint8).copy()).view(SIDE, SIDE) / 255)
    wanted = PAPER_SCALING.apply(pictures.normalise(ink))[None]
    assert torch.equal(widget.original, wanted)
    assert torch.equal(widget.image, change(wanted, shift=0.1))
    assert widget.expected == str(network.classes_of(wanted).item())
    assert repr(widget).startswith("Robustness(drawing, shift 0.1: reads ")
    for empty in (b"", b"\xff" * SIDE**2):
        widget.drawing = seven()
        widget.drawing = empty
        assert repr(widget).startswith("Robustness(digit 3, shift 0.1: reads ")
        assert widget.expected == "3"


def test_values_that_come_together_and_no_change_again(widget, digits):
    widget.set_state({"digit": 8, "scale": 0.6, "noise": 0.25})
    assert torch.equal(widget.image, change(digits.images[8:9], scale=0.6, noise=0.25))
    widget.set_state(dict(STILL))
    assert torch.equal(widget.image, digits.images[8:9])
    assert repr(widget).startswith("Robustness(digit 8, unchanged: reads ")


def test_its_sliders_are_the_measured_amounts_and_the_papers(widget):
    for slider in widget.sliders:
        kind = slider["kind"]
        assert (slider["min"], slider["max"]) == (min(AMOUNTS[kind]), max(AMOUNTS[kind]))
        assert (slider["still"], slider["paper"]) == (STILL[kind], paper.ROBUST_UP_TO.get(kind))
        steps = (slider["still"] - slider["min"]) / slider["step"]
        assert steps == pytest.approx(round(steps))  # no change is a place of the slider


@pytest.mark.slow
def test_the_picture_for_readers_without_a_kernel_tells_what_each_change_alone_does(widget, network, digits):
    axes = [axis for axis in widget.figure().axes if axis.get_title()]
    assert len(axes) == 4 * 7
    for axis in axes:
        kind, amount, _, answer = axis.get_title().split()
        image = change(digits.images[3:4], **{kind: float(amount)})
        assert answer == str(network.classes_of(image).item())
        assert axis.title.get_color() == (style.INK if answer == "3" else style.RED)
        np.testing.assert_array_equal(axis.images[0].get_array(), image[0, 0])


def test_a_network_of_another_scaling_sees_its_own_paper_and_ink(digits):
    levels = Scaling("standard", -0.42, 2.8)
    widget = Robustness(LeNet5(**MODERN), levels.apply(PAPER_SCALING.undo(digits.images)), scaling=levels)
    widget.noise = 0.5
    assert widget.levels == [-0.42, 2.8]
    assert widget.image.min().item() == pytest.approx(-0.42, abs=1e-5)
    assert widget.image.max().item() == pytest.approx(2.8, abs=1e-5)


@pytest.mark.parametrize(("trait", "value"), [("noise", 0.3), ("digit", 3), ("drawing", seven())])
def test_every_change_is_answered_so_that_the_browser_sends_the_next(widget, monkeypatch, trait, value):
    sent = []
    monkeypatch.setattr(widget, "send", sent.append)
    widget.set_state({trait: value})
    assert sent == ([] if (trait, value) == ("digit", 3) else [{"read": True}])


# In a browser


MADE = "Robustness(network, digits, digit=3)"
# A cell that fails would take the next ones with it.
REFUSED = """
try:
    w.noise = 0.7
except ValueError as error:
    print(error)
"""


def greys(canvas) -> torch.Tensor:
    """The grey levels of a canvas, (rows, columns)."""
    return pixels(canvas)[..., 0]


def inked(image: torch.Tensor) -> torch.Tensor:
    """An image (1, 1, 32, 32) as the grey levels that it is painted with."""
    return 255 * (1 - PAPER_SCALING.undo(image[0, 0]))


@needs_chromium
def test_keys_change_a_given_digit_until_it_is_misread_and_back(opened, network, digits):
    with opened(MADE, "print(w)") as page:
        judged, views = page.locator(".lenet-judged"), page.locator(".lenet-pair canvas")
        shows(judged, "reads 3")
        shows(judged, ": right")
        # As many percent of noise as it takes, whatever the weights.
        soiled = {n: change(digits.images[3:4], rotation=45.0, noise=n / 100) for n in range(61)}
        noise = next(n for n in range(1, 61) if network.classes_of(soiled[n]).item() != 3)
        for name, key, times in (("rotation", "ArrowRight", 45), ("noise", "ArrowRight", noise)):
            page.get_by_role("slider", name=name).focus()
            for _ in range(times):
                page.keyboard.press(key)
        shows(page.locator(".lenet-changes"), "45° left")
        shows(page.locator(".lenet-changes"), f"{noise} %")
        image = soiled[noise]
        answer = network.classes_of(image).item()
        shows(judged, f"reads {answer} (distance {network(image).min().item():.1f}): wrong, it is a 3")
        assert (greys(views.nth(1)) - inked(image)).abs().max() < 1.5
        assert (greys(views.nth(0)) - inked(digits.images[3:4])).abs().max() < 1.5
        run_cell(page, 1)
        shows(
            page.locator(".jp-OutputArea-output pre"),
            f"digit 3, rotation 45, noise {noise / 100:g}: reads {answer}",
        )
        page.get_by_role("button", name="No change").click()
        shows(judged, "reads 3")
        shows(page.locator(".lenet-changes"), "none")
        assert page.get_by_role("slider", name="rotation").input_value() == "0"
        assert torch.equal(greys(views.nth(1)), greys(views.nth(0)))
        page.get_by_role("slider", name="image").focus()
        page.keyboard.press("ArrowRight")
        shows(page.locator(".lenet-expected"), "4")


@needs_chromium
def test_a_drawn_digit_is_changed_and_judged_by_what_it_was(opened):
    from playwright.sync_api import expect

    with opened(MADE, REFUSED, "w.scale = 2") as page:
        judged = page.locator(".lenet-judged")
        draw(page, THREE)
        shows(judged, "as without a change")
        page.wait_for_timeout(500)
        read = re.match(r"reads (\d)", judged.inner_text())[1]
        page.get_by_role("slider", name="shift").focus()
        for _ in range(12):
            page.keyboard.press("ArrowLeft")
        shows(page.locator(".lenet-changes"), "0.60 up")
        shows(judged, f"; without a change it reads {read}")
        assert not judged.inner_text().startswith(f"reads {read} ")
        run_cell(page, 1)
        shows(page.locator(".lenet-error"), "noise must be from 0.0 to 0.6; got 0.7")
        run_cell(page, 2)
        shows(page.locator(".lenet-changes"), "× 2.00")
        page.get_by_role("button", name="Clear the drawing").click()
        shows(judged, "3")
        expect(page.locator(".lenet-expected > span").first).to_have_text("3")
        assert greys(page.locator(".lenet-sheet")).min() == 255


@needs_chromium
def test_it_is_labelled_and_fits_a_narrow_page_in_dark(opened):
    with opened(MADE) as page:
        for name in ("image", *STILL):
            assert page.get_by_role("slider", name=name, exact=True).count() == 1
        assert page.get_by_role("slider", name="rotation").get_attribute("aria-valuetext") == "none"
        for name in ("unchanged", "what the network sees", "sheet to draw a digit on"):
            assert page.get_by_role("img", name=name, exact=True).count() == 1
        assert page.locator(".lenet-estimate").count() == len(paper.ROBUST_UP_TO)
        page.set_viewport_size({"width": 800, "height": 1000})
        page.wait_for_timeout(500)
        shown = page.locator(".lenet-widget")
        back = shown.evaluate("e => getComputedStyle(e).backgroundColor")
        assert max(map(int, re.findall(r"\d+", back)[:3])) < 80
        width, content = shown.evaluate("e => [e.clientWidth, e.scrollWidth]")
        assert width < 600
        assert content <= width + 1
