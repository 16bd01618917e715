"""Widgets on one page: none moves or restyles a part of another, measured for every pair and order."""

import pytest

from lenet_edu.widgets import base
from tests.browser import (
    PATIENCE,
    chromium,
    needs_chromium,
    open_notebook,
    run_cell,
    running_lab,
    write_notebook,
)
from tests.widgets.gallery import SETUP, WIDGETS

pytestmark = needs_chromium

# How all parts of a widget look and where they lie, with the style sheets of some widgets only, in order.
MEASURE = """([widget, sheets]) => {
    const all = [...document.querySelectorAll("head style[id^='lenet_edu.widgets']")];
    for (const sheet of all) sheet.remove();
    for (const name of sheets) document.head.append(all.find((sheet) => sheet.id.includes(`.${name}.`)));
    const root = document.querySelector(`.jp-OutputArea-output .lenet-widget[data-widget=${widget}]`);
    const { left, top } = root.getBoundingClientRect();
    const parts = [root, ...root.querySelectorAll("*")].map((part) => {
        const box = part.getBoundingClientRect();
        const place = [box.left - left, box.top - top, box.width, box.height];
        const { color, backgroundColor, font, display, cursor } = getComputedStyle(part);
        const look = [part.getAttribute("class"), color, backgroundColor, font, display, cursor].join(" ");
        return [look, part.getClientRects().length ? place : []];
    });
    for (const sheet of all) document.head.append(sheet);
    return parts;
}"""


def differences(one: list, other: list) -> list:
    """The parts that look different, or lie a tenth of a pixel apart."""
    return [
        (a, b)
        for a, b in zip(one, other, strict=True)
        if a[0] != b[0] or a[1] != pytest.approx(b[1], abs=0.1)
    ]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("styles")
    write_notebook(folder / "all.ipynb", SETUP, *WIDGETS.values())
    with running_lab(folder, folder) as lab, chromium() as browser:
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        open_notebook(page, lab, "all.ipynb")
        for place in range(len(WIDGETS) + 1):
            run_cell(page, place)
        shown = "document.querySelectorAll('.jp-OutputArea-output .lenet-widget')"
        page.wait_for_function(f"{shown}.length === {len(WIDGETS)}", timeout=PATIENCE)
        page.add_style_tag(content=".jp-Cell { content-visibility: visible !important }")
        page.wait_for_timeout(1500)
        yield page


def names(page) -> list[str]:
    return page.locator(".jp-OutputArea-output .lenet-widget").evaluate_all(
        "all => all.map(e => e.dataset.widget)"
    )


def test_every_widget_is_on_the_page(page):
    files = {path.stem for path in base.HERE.glob("*.py")} - {"__init__", "base", "material"}
    assert set(names(page)) == files


def test_no_widget_changes_another_whichever_comes_first(page):
    for widget in names(page):
        alone = page.evaluate(MEASURE, [widget, [widget]])
        assert len(alone) > 10
        for other in names(page):
            for sheets in ([widget, other], [other, widget]):
                if other != widget:
                    together = page.evaluate(MEASURE, [widget, sheets])
                    assert not differences(alone, together), (widget, sheets)


def test_a_rule_that_is_not_nested_would_be_seen(page):
    """The measurement itself: a sheet as it would be without scopes moves parts of another widget."""
    alone = page.evaluate(MEASURE, ["predict", ["predict"]])
    page.add_style_tag(
        content=".lenet-choices.lenet-choices.lenet-choices.lenet-choices { display: contents }"
    )
    assert differences(alone, page.evaluate(MEASURE, ["predict", ["predict"]]))
