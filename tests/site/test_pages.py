"""What becomes of a notebook's cells: prose, code, outputs, pictures, answers that are held back."""

import base64
import json
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from lenet_edu.site.cells import Cells, is_folded
from lenet_edu.site.descriptions import Descriptions
from lenet_edu.site.pictures import Pictures
from lenet_edu.site.prose import Markdown, slug
from lenet_edu.site.search import sections
from lenet_edu.site.sources import resolve
from lenet_edu.site.texts import texts_in
from lenet_edu.system.errors import LenetError
from lenet_edu.system.pages import FILE, WIDGET, to_base64, unveiled, veiled
from tests.site.conftest import code_cell, png

CODE = {"widget": "Exercise", "state": {"traits": {"form": "code"}}}


def markdown() -> Markdown:
    return Markdown(lambda link: "" if "nowhere" in link else link, lambda link, alt: f"<img src={link}>")


@pytest.fixture
def cells(tmp_path):
    return Cells(markdown(), Pictures(tmp_path), Descriptions(tmp_path), texts_in("en"), "../")


def test_anchors_never_collide_and_do_not_depend_on_what_follows():
    page = markdown()
    page.render("## A step\n\n## A step\n\n## A step 2\n\n## A step")
    anchors = [heading.anchor for heading in page.headings]
    assert anchors[:2] == ["a-step", "a-step-2"]
    assert len(set(anchors)) == 4
    assert not any(anchor.startswith("_") for anchor in anchors)


def test_jupyters_anchors_come_to_the_same():
    assert slug("The row of the ledger") == slug("The-row-of-the-ledger") == "the-row-of-the-ledger"
    assert slug("卷积核 5x5?") == "卷积核-5x5"
    assert slug("?!") == "section"


def test_links_to_nowhere_are_no_links():
    html = markdown().render("[one](02_c1.ipynb) and [two](nowhere.py)")
    assert '<a href="02_c1.ipynb">one</a> and two' in html


def test_formulas_are_mathml_and_bad_ones_are_named():
    html = markdown().render("Inline $w_{i}x_i$.\n\n$$\n\\frac{a}{b}\n$$")
    assert html.count("<math") == 2
    assert "<mfrac>" in html
    assert "$" not in html
    with pytest.raises(LenetError, match="frac"):
        markdown().render("$\\frac{$")
    with pytest.raises(LenetError, match="lfloor"):
        markdown().render("$\\Big\\lfloor x$")


def test_a_prime_is_not_raised_twice():
    assert "msup" not in markdown().render("$f'(a)$")
    assert "msup" in markdown().render("$x^2$")


def test_tables_and_code_scroll_inside_themselves():
    html = markdown().render("| a |\n|---|\n| 1 |\n\n```python\nx = 1\n```")
    assert html.count('class="scrolls') == 2
    assert '<span class="mi">1</span>' in html


@pytest.mark.parametrize(
    ("cell", "folded"),
    [
        (code_cell("plots.digits(images)", {"image/png": png("red"), "text/plain": "<Figure>"}), True),
        (code_cell("from x import y\n\ny()", {"image/png": png("red"), "text/plain": "<Figure>"}), True),
        (code_cell("a = 1\nplots.digits(a)", {"image/png": png("red"), "text/plain": "<Figure>"}), False),
        (code_cell("plots.digits(images)", "printed\n", {"image/png": png("red")}), False),
        (code_cell("1 + 1", {"text/plain": "2"}), False),
        (
            code_cell("x = None\ncheck('a', x)", {WIDGET: {"widget": "Exercise", "state": {"traits": {}}}}),
            True,
        ),
        (code_cell("def f(): ...\ncheck('a', f)", {WIDGET: CODE}), False),
        (code_cell("1 + 1", {"text/plain": "2"}, tags=["hide-input"]), True),
        (code_cell("x = 1"), False),
    ],
)
def test_code_is_folded_where_it_only_draws(cell, folded):
    assert is_folded(cell) is folded


def test_pictures_become_smaller_files_each_once(cells, tmp_path):
    bundle = {"image/png": png("red", (300, 200)), "text/plain": "<Figure size 300x200 with 1 Axes>"}
    html = cells.render(code_cell("plots.digits(\n    images\n)", bundle)) + cells.render(
        code_cell("draw()", bundle)
    )
    assert len(list((tmp_path / "pictures").iterdir())) == 1
    sources = set(re.findall(r'src="([^"]+)"', html))
    assert len(sources) == 1
    assert (tmp_path / sources.pop().removeprefix("../")).stat().st_size < len(
        base64.b64decode(bundle["image/png"])
    )
    assert 'width="300" height="200" alt="plots.digits( images )"' in html
    assert html.count("loading=") == 1, "the first picture of a page is not put off"


def test_a_pictures_colours_are_off_by_two_of_255_at_most(tmp_path):
    levels = np.random.default_rng(0).integers(0, 256, (64, 64, 4), np.uint8)
    levels[0], levels[1] = 0, 255
    stream = BytesIO()
    Image.fromarray(levels).save(stream, "png")
    address, *_ = Pictures(tmp_path).add(stream.getvalue())
    written = np.asarray(Image.open(tmp_path / address)).astype(int)
    off = np.abs(written - levels)
    off[levels[..., 3] == 0] = 0  # where nothing is seen
    assert off[..., :3].max() == 2
    assert off[..., 3].max() == 0
    assert off[:2].max() == 0


def test_large_bytes_and_held_back_pictures_of_widgets_are_files(tmp_path):
    weights = bytes(range(256)) * 40
    state = {
        "traits": {"name": "x" * 9000 + "!"},
        "tensors": [{"tensors": to_base64(weights)}],
        "small": "AAAA",
    }
    descriptions, pictures = Descriptions(tmp_path), Pictures(tmp_path)
    told = descriptions.as_json({"widget": "FeatureMaps", "state": state}, pictures, "../")
    assert told == descriptions.as_json({"widget": "FeatureMaps", "state": state}, pictures, "../")
    [file] = (tmp_path / "assets" / "material").iterdir()
    assert file.read_bytes() == weights
    described = json.loads(told)["state"]
    assert described["tensors"] == [{"tensors": {FILE: f"material/{file.name}"}}]
    assert (described["traits"], described["small"]) == (state["traits"], state["small"])
    shown = f'<img src="data:image/png;base64,{png("navy", (400, 300))}">'
    answer = veiled({"right": "a", "shown": shown})
    told = descriptions.as_json({"widget": "Predict", "state": {"answer": answer}}, pictures, "../")
    held_back = unveiled(json.loads(told)["state"]["answer"])
    [picture] = (tmp_path / "pictures").iterdir()
    assert held_back == {"right": "a", "shown": f'<img src="../pictures/{picture.name}">'}
    assert picture.name not in told


def test_a_widgets_place_has_its_picture_and_what_its_script_needs(cells):
    description = {"widget": "DrawDigit", "state": {"text": "</script><b>"}}
    bundle = {WIDGET: description, "image/png": png("red"), "text/plain": "DrawDigit(empty)"}
    html = cells.render(code_cell("DrawDigit(network)", bundle))
    assert '<figure class="lenet-figure" data-widget="DrawDigit"><div class="still"><figure><img' in html
    assert 'alt="DrawDigit(empty)"' in html
    assert html.count("</script>") == 1


def test_what_a_prediction_holds_back_is_not_in_the_text(cells):
    held = "<p>It is “about 1”.</p>"
    asked = f"<div><b>Predict.</b> How many?<details><summary>Open</summary>{held}</details></div>"
    html = cells.render(code_cell("ask('start.errors')", {"text/html": asked, "text/plain": "Predict."}))
    assert "about 1" not in html
    assert base64.b64decode(re.search(r'data-sealed="([^"]+)"', html)[1]).decode() == held


@pytest.mark.parametrize("description", [{}, {WIDGET: CODE}], ids=["no widget", "code"])
def test_an_exercise_that_needs_python_says_so(cells, description):
    unanswered = {"text/plain": "Not answered yet: write it.", "text/html": "<div>Not</div>", **description}
    html = cells.render(code_cell("def f(): ...\ncheck('a', f)", unanswered))
    assert "checking it needs Python" in html
    assert 'href="#_run"' in html
    assert "lenet-figure" not in html


def test_an_exercise_with_a_widget_is_answered_in_it(cells):
    description = {"widget": "Exercise", "state": {"traits": {"form": "number"}}}
    bundle = {"text/plain": "Not answered yet: put", "text/html": "<div>None</div>", WIDGET: description}
    html = cells.render(code_cell("x = None\ncheck('a', x)", bundle))
    assert 'data-widget="Exercise"' in html
    assert "needs Python" not in html


def test_solutions_are_folded_and_not_searched(cells):
    html = cells.render(code_cell("answer = 1516", tags=["solution"]))
    assert html.startswith('<details class="solution"')
    assert sections(f"<h1 id='a'>Title</h1><p>text</p>{html}") == [["a", "Title", "text"]]


def test_streams_read_as_a_terminal_shows_them_at_last(cells):
    cell = code_cell("go()", "10%\r", "100%\n", "\x1b[31m<done>\x1b[0m\n")
    html = cells.render(cell)
    assert html.count("<pre") == 2
    assert "100%\n&lt;done&gt;" in html
    assert "10%\r" not in html


def test_links_are_followed_from_the_file_that_has_them():
    assert resolve("notebooks/appendices/a.ipynb", "../01_input.ipynb") == "notebooks/01_input.ipynb"
    assert resolve("notebooks/12.ipynb", "../docs/speed.md") == "docs/speed.md"
