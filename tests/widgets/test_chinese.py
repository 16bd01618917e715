"""The widgets in Chinese, in a real Chromium: nothing is left in English, and labels fit a narrow page."""

import base64
import json
import re

import pytest

from lenet_edu.system.language import use
from lenet_edu.training.recipes import RECIPES
from lenet_edu.widgets.predict import Predict
from tests.browser import chromium, needs_chromium
from tests.widgets.gallery import SETUP, WIDGETS

pytestmark = [needs_chromium, pytest.mark.slow]
WIDTH = 480
# Names of layers, weights, networks, runs, recipes, keys and formats stay, and what a reader types in Python.
NAMES = re.compile(
    r"(?:[\d-]+-lenet[\w-]+|"
    r"\b(?:INPUT|OUTPUT|LeNet(?:-5 modern)?|MNIST|Enter|Python|JPEG|"
    r"scikit|learn|sigmoid|relu|cpu|cuda|mps|C1\.weight|" + "|".join(RECIPES) + r")\b)"
)
# A page with one widget, whose model has its traits and which nobody answers.
PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8">
<style>body { margin: 0; padding: 8px; font: 13px sans-serif; } STYLES</style>
<body data-jp-theme-light="true"><div id="place"></div>
<script type="module">
const module = await import(URL.createObjectURL(new Blob([MODULE], { type: "text/javascript" })));
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
const traits = TRAITS;
for (const [name, text] of Object.entries(BYTES)) traits[name] = bytes(text);
const model = {
  get: (name) => traits[name],
  set: (name, value) => void (traits[name] = value),
  save_changes() {}, send() {}, on() {}, off() {},
};
module.default.initialize?.({ model });
module.default.render({ model, el: document.getElementById("place") });
document.body.dataset.state = "alive";
</script></body></html>"""
# Elements whose content does not fit, or that stand beyond the widget's right edge; what scrolls may.
TOO_WIDE = """frame => {
  const LABELS = "button, label, th, td, span, output, select";
  const edge = frame.getBoundingClientRect().right + 1;
  const scrolls = (e) => e && e !== frame.parentElement &&
    (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  return [...frame.querySelectorAll("*")]
    .filter((e) => e.checkVisibility() && !scrolls(e) && !e.closest("svg"))
    .filter((e) => e.getBoundingClientRect().right > edge ||
      (e.matches(LABELS) && e.scrollWidth > e.clientWidth + 1 && e.clientWidth))
    .map((e) => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`);
}"""
# Of charts the texts that are not wholly within the picture.
CUT_OFF = """frame => [...frame.querySelectorAll("svg text")].filter((e) => {
  const [own, whole] = [e, e.ownerSVGElement].map((one) => one.getBoundingClientRect());
  return own.left < whole.left - 1 || own.right > whole.right + 1;
}).map((e) => e.textContent)"""
SAID = """frame => [
  ...[...frame.querySelectorAll("*")].flatMap((e) =>
    [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent)),
  ...[...frame.querySelectorAll("[aria-label], [title], [placeholder]")].flatMap((e) =>
    ["aria-label", "title", "placeholder"].map((name) => e.getAttribute(name) ?? "")),
]"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def places():
    """What the lines of the gallery are run in."""
    names = {}
    exec(SETUP, names)
    return names


@pytest.fixture
def made(request, places, tmp_path, monkeypatch):
    """A widget of the gallery, made for a reader of Chinese."""
    monkeypatch.chdir(tmp_path)
    use("zh")
    widget = eval(WIDGETS[request.param], places)
    if request.param == "TrainingPanel":
        widget.step()
        widget.wait()
    yield widget if request.param != "Predict" else Predict(widget)
    use(None)


def page_of(widget) -> str:
    """The page with a widget as it stands."""
    state = {
        name: getattr(widget, name) for name in widget.trait_names(sync=True) if not name.startswith("_")
    }
    held = {name: value for name, value in state.items() if isinstance(value, bytes)}
    plain = {name: value for name, value in state.items() if name not in held and _is_plain(value)}
    parts = {
        "STYLES": widget._css,
        "MODULE": json.dumps(widget._esm),
        "TRAITS": json.dumps(plain),
        "BYTES": json.dumps({name: base64.b64encode(value).decode() for name, value in held.items()}),
    }
    page = PAGE
    for name, part in parts.items():
        page = page.replace(name, part.replace("</script", "<\\/script"))
    return page


def _is_plain(value) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("made", WIDGETS, indirect=True)
def test_a_widget_speaks_chinese_and_its_labels_fit(made, browser, tmp_path):
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.set_content(page_of(made))
    page.locator("body[data-state=alive]").wait_for()
    frame = page.locator(".lenet-widget")
    assert not troubles
    assert frame.locator(".lenet-error:visible").all_inner_texts() == []
    too_wide, cut_off = frame.evaluate(TOO_WIDE), frame.evaluate(CUT_OFF)
    frame.screenshot(path=tmp_path / "widget.png")
    assert (too_wide, cut_off) == ([], []), tmp_path
    said = frame.evaluate(SAID)
    assert re.search("[\u4e00-\u9fff]", " ".join(said))
    assert [text for text in said if re.search("[A-Za-z]{3}", NAMES.sub("", text))] == []
    page.close()
