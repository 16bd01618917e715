"""The widgets on a page without a kernel, in a real Chromium, used as a reader would."""

import json
import re
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from PIL import Image

from lenet_edu.data.digits import load_digits
from lenet_edu.exercises import ask, check
from lenet_edu.exercises.c1 import EXERCISES, PREDICTIONS
from lenet_edu.exercises.checking import Code
from lenet_edu.network.layer_outputs import activations
from lenet_edu.system import language
from lenet_edu.system.pages import WIDGET
from lenet_edu.system.progress import older_words
from lenet_edu.training.checkpoints import load_network
from lenet_edu.widgets import (
    C3Table,
    Convolution,
    DigitCodes,
    DrawDigit,
    FeatureMaps,
    Robustness,
    Subsampling,
)
from lenet_edu.widgets.predict import Predict
from tests.browser import chromium, needs_chromium, pixels, shows
from tests.twins.site import serving, write_page, write_site

pytestmark = [needs_chromium, pytest.mark.slow]
WAITING = torch.tensor([222, 226, 230])  # the colour of what Convolution has not computed yet
KEY = "lenet_edu.progress"  # of the browser's storage
BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked'); } })"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with all that widgets ask for."""
    return write_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def address(folder):
    with serving(folder) as where:
        yield where


@pytest.fixture
def opened(folder, address, browser, request):
    """opened(description): a page with that widget; nothing may go wrong there unless `fails`."""

    @contextmanager
    def page_with(description, fails=False, script="", **options):
        name = re.sub(r"\W", "_", request.node.name)
        write_page(folder, name, description)
        context = browser.new_context(viewport={"width": 1000, "height": 900}, **options)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        troubles = []
        page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"{address}/{name}.html")
        page.wait_for_selector(f"body[data-state={'failed' if fails else 'alive'}]")
        yield page
        context.close()
        assert fails or not troubles

    return page_with


@pytest.fixture(scope="module")
def network():
    return load_network("lenet5-1998")


@pytest.fixture(scope="module")
def digits():
    return load_digits("embedded").test.one_of_each()


def described(widget) -> dict:
    """What a notebook's output says of it."""
    return widget.description()[WIDGET]


def slide(page, label: str, key: str, times: int) -> None:
    """Press a key on a slider."""
    page.get_by_label(label, exact=True).focus()
    for _ in range(times):
        page.keyboard.press(key)


def test_feature_maps(opened, network, digits):
    outputs = activations(network, digits.images[7:8])
    with opened(described(FeatureMaps(network, digits, digit=3))) as page:
        assert page.locator("#still").count() == 0
        slide(page, "image", "ArrowRight", 4)
        best, winner = outputs["OUTPUT"][0].min(0)
        shows(page.locator(".lenet-verdict"), f"smallest: {winner} ({best:.1f})")
        page.get_by_label("C3, map 5").first.click()
        enlarged = page.locator(".lenet-large canvas")
        box = enlarged.bounding_box()
        page.mouse.move(box["x"] + 3.5 * box["width"] / 10, box["y"] + 2.5 * box["height"] / 10)
        shows(page.locator(".lenet-words"), "C3, map 5, row 2, column 3")
        shows(page.locator(".lenet-value"), f"value {outputs['C3'][0, 5, 2, 3]:.5f}"[:-1])


def test_feature_maps_by_touch(opened, network, digits):
    with opened(described(FeatureMaps(network, digits, digit=3)), has_touch=True) as page:
        box = page.locator(".lenet-large canvas").bounding_box()
        page.touchscreen.tap(box["x"] + 10.5 * box["width"] / 28, box["y"] + 12.5 * box["height"] / 28)
        shows(page.locator(".lenet-words"), "C1, map 0, row 12, column 10")


def test_convolution_builds_its_output_up_while_it_plays(opened, network, digits):
    with opened(described(Convolution(digits.images[3], network.C1))) as page:
        result = page.locator(".lenet-result canvas")
        assert not (pixels(result) == WAITING).all(-1).any()
        page.get_by_role("button", name="Play").click()
        page.wait_for_timeout(400)
        page.get_by_role("button", name="Pause").click()
        waiting = (pixels(result) == WAITING).all(-1)
        assert waiting[-1].all()
        assert not waiting[0].any()
        page.get_by_label("row 0, column 0").fill("0.7")
        page.keyboard.press("Tab")
        assert page.get_by_label("kernel").first.input_value() == "your own"
        slide(page, "padding", "ArrowRight", 2)
        shows(page.locator(".lenet-widget"), "⌊(32 + 2 × 2 − 5) / 1⌋ + 1 = 32")


def test_c3_table(opened):
    with opened(described(C3Table())) as page:
        page.get_by_role("gridcell", name="map 0 of S2 to map 1 of C3").click()
        shows(page.locator(".lenet-counts"), "61 links × 25 + 16 biases = 1,541 parameters")


def test_subsampling(opened, network, digits):
    maps = activations(network, digits.images[3:4])["C1"][0]
    with opened(described(Subsampling(maps))) as page:
        page.get_by_role("button", name="OR", exact=True).click()
        shows(page.locator(".lenet-votes"), "OR: one is enough")
        assert page.evaluate("window.mounted.model.get('bias')") == 6


def test_digit_codes(opened, network, digits):
    widget = DigitCodes(network, digits, digit=3)
    with opened(described(widget)) as page:
        code = page.get_by_label(re.compile("code of 3"))
        box = code.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 14, box["y"] + box["height"] / 24)
        codes = [list(one) for one in widget.codes]
        codes[3][0] *= -1
        widget.codes = codes
        shows(page.locator(".lenet-verdict"), f"nearest: 3, at {widget.distances()[3]:.2f}")


def test_robustness(opened, network, digits):
    widget = Robustness(network, digits, digit=3)
    with opened(described(widget)) as page:
        slide(page, "rotation", "ArrowRight", 25)
        slide(page, "noise", "ArrowRight", 10)
        widget.rotation, widget.noise = 25.0, 0.1
        shows(page.locator(".lenet-judged"), widget.verdict)
        box = page.locator(".lenet-sheet").bounding_box()
        page.mouse.move(box["x"] + 110, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 110, box["y"] + 180, steps=8)
        page.mouse.up()
        shows(page.locator(".lenet-judged"), "reads 1")


def test_draw_digit(opened, network, tmp_path):
    with opened(described(DrawDigit(network))) as page:
        box = page.locator(".lenet-sheet").bounding_box()
        page.mouse.move(box["x"] + 110, box["y"] + 30)
        page.mouse.down()
        page.mouse.move(box["x"] + 110, box["y"] + 190, steps=8)
        page.mouse.up()
        shows(page.locator(".lenet-answer"), "reads 1")
        assert page.locator(".lenet-step").count() == 5
        page.get_by_role("button", name="Undo").click()
        shows(page.locator(".lenet-steps"), "Draw a digit on the sheet")
        picture = tmp_path / "seven.png"
        seven = np.full((300, 200), 250, np.uint8)
        seven[40:75, 40:160] = seven[40:260, 125:160] = 20
        Image.fromarray(seven).save(picture)
        page.get_by_label("upload a picture").set_input_files(picture)
        shows(page.locator(".lenet-answer"), "reads 7")
        (tmp_path / "none.png").write_text("no picture")
        page.get_by_label("upload a picture").set_input_files(tmp_path / "none.png")
        shows(page.get_by_role("alert"), "the picture could not be read as a picture")


def test_a_prediction_holds_its_answer_back_and_is_kept(opened):
    one = PREDICTIONS["parameters"]
    words, _ = next(choice for letter, choice in one.choices.items() if letter != one.right)
    _, reason = one.choices[one.right]
    asked = ask("c1.parameters", "shown afterwards")
    with opened(described(Predict(asked))) as page:
        whole = page.evaluate("document.documentElement.outerHTML")
        assert reason not in whole
        assert "shown afterwards" not in whole
        page.get_by_role("button", name="Commit").click()
        shows(page.get_by_role("alert"), "Choose an answer first")
        page.get_by_role("radio", name=words).check()
        page.get_by_role("button", name="Commit").click()
        shows(page.locator(".lenet-answer-text"), reason)
        shows(page.locator(".lenet-after"), "shown afterwards")
        shows(page.locator(".lenet-predict"), "0 of 1 right so far")
        page.reload()
        shows(page.locator(".lenet-answer-text"), reason)
        assert page.get_by_role("button", name="Commit").is_disabled()
        page.evaluate("localStorage.setItem('lenet_edu.progress', '{broken')")
        page.reload()
        page.wait_for_selector("body[data-state=alive]")
        assert page.get_by_role("button", name="Commit").is_enabled()


def test_an_answer_that_an_older_page_kept_in_english_words_is_shown_and_counts(opened):
    words = older_words("c1.shift")
    kept = {"first": "they stay as they are", "choice": "they move two places to the right", "right": False}
    record = {"version": 1, "predictions": {words["question"]: kept}, "exercises": {}}
    language.use("zh")
    description = described(Predict(ask("c1.shift")))
    language.use(None)
    keep = f"localStorage.setItem({KEY!r}, JSON.stringify({json.dumps(record)}))"
    with opened(description, script=keep) as page:
        assert page.get_by_role("radio", name="向右移动两个位置").is_checked()
        shows(page.locator(".lenet-predict"), "0 of 1 right so far")
        named = json.loads(page.evaluate(f"localStorage.getItem({KEY!r})"))
        assert named["predictions"] == {"c1.shift": {"first": "a", "choice": "b", "right": False}}


def test_an_exercise_gives_the_checkers_hints(opened):
    checker = EXERCISES["side"]
    wrong, hint = next(iter(checker.hints.items()))
    description = check("c1.side", None)._repr_mimebundle_()[WIDGET]
    with opened(description) as page:
        number = page.get_by_label("your number")
        number.fill(str(wrong))
        number.press("Enter")
        shows(page.locator(".lenet-verdict"), hint)
        number.fill("many")
        page.get_by_role("button", name="Check").click()
        shows(page.get_by_role("alert"), "A single number is wanted")
        number.fill(str(checker.right))
        page.get_by_role("button", name="Check").click()
        shows(page.locator(".lenet-verdict"), f"Right. {checker.because}")
        assert page.get_by_role("alert").count() == 0
        page.reload()
        shows(page.locator(".lenet-verdict"), f"Right. {checker.because}")


def test_a_table_and_a_pair_are_checked_on_the_page(opened):
    with opened(check("c3.table", None)._repr_mimebundle_()[WIDGET]) as page:
        page.get_by_role("gridcell", name="map 2 of S2 to map 3 of C3").click()
        shows(page.locator(".lenet-exercise"), "1 links; by row: 0, 0, 1, 0, 0, 0")
        page.get_by_role("button", name="Check").click()
        shows(page.locator(".lenet-verdict"), "as many links as the paper's")
    with opened(check("s2.or", None)._repr_mimebundle_()[WIDGET]) as page:
        page.get_by_label("coefficient").fill("2")
        page.get_by_label("bias").fill("6")
        page.get_by_role("button", name="Check").click()
        shows(page.locator(".lenet-verdict"), "Right.")


def test_an_exercise_in_code_says_where_to_write_it(opened):
    name = next(name for name, checker in EXERCISES.items() if isinstance(checker, Code))
    with opened(check(f"c1.{name}", None)._repr_mimebundle_()[WIDGET]) as page:
        shows(page.locator(".lenet-exercise"), "JupyterLab")


def test_blocked_storage_is_said_and_nothing_else_breaks(opened):
    with opened(described(Predict(ask("c1.shift"))), script=BLOCKED) as page:
        page.get_by_role("radio").first.check()
        page.get_by_role("button", name="Commit").click()
        shows(page.locator(".lenet-predict"), "right so far")
        page.evaluate("""async () => {
            const { progressPanel } = await import("./widgets/twins/progress.js");
            document.querySelector("main").append(progressPanel());
        }""")
        shows(page.locator(".lenet-progress"), "This browser lets the page keep nothing")


def test_progress_is_exported_cleared_and_brought_back(opened, tmp_path):
    with opened(described(Predict(ask("c1.shift"))), accept_downloads=True) as page:
        page.get_by_role("radio").first.check()
        page.get_by_role("button", name="Commit").click()
        page.evaluate("""async () => {
            const { progressPanel } = await import("./widgets/twins/progress.js");
            document.querySelector("main").append(progressPanel());
        }""")
        line = page.locator(".lenet-progress-line")
        shows(line, "Predictions: 0 of 1 right so far")
        with page.expect_download() as download:
            page.get_by_role("button", name="Export").click()
        path = tmp_path / "progress.json"
        download.value.save_as(path)
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Clear").click()
        shows(line, "Predictions: none yet")
        (tmp_path / "other.json").write_text('{"version": 1}')
        page.locator(".lenet-progress input[type=file]").set_input_files(tmp_path / "other.json")
        shows(page.locator(".lenet-progress-note"), "This is not progress of these pages")
        page.locator(".lenet-progress input[type=file]").set_input_files(path)
        shows(line, "Predictions: 0 of 1 right so far")


def test_what_is_missing_or_unknown_leaves_the_picture_and_says_why(opened, network, digits):
    description = described(FeatureMaps(network, digits))
    description["state"]["networks"] = {"LeNet-5 1998": {"weights": "lenet9", "temperature": 1}}
    with opened(description, fails=True) as page:
        shows(page.locator("#still"), "the picture")
        shows(page.locator(".lenet-not-alive"), "plans/lenet9.json is not there: 404")
    with opened({"widget": "Loom", "state": {}}, fails=True) as page:
        shows(page.locator("#still"), "the picture")
        shows(page.locator(".lenet-not-alive"), 'There is no widget "Loom" for pages.')
    broken = described(Subsampling(torch.zeros(1, 4, 4)))
    broken["state"]["maps"] = ""
    with opened(broken, fails=True) as page:
        shows(page.locator("#still"), "the picture")
        shows(page.locator(".lenet-not-alive"), "maps: 64 bytes were expected, 0 came.")
