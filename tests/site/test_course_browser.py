"""Every instrument on the pages of notebooks 00 to 10, used as a reader would, on a laptop and on a phone."""

import pytest

from lenet_edu.site.sources import NOTEBOOKS
from tests.browser import needs_chromium, shows
from tests.site.test_browser import LAPTOP, PHONE, reader, see_everything

pytestmark = [needs_chromium, pytest.mark.slow]
COURSE = [path.stem for path in sorted(NOTEBOOKS.glob("[01]?_*.ipynb")) if path.stem < "11"]


def draw(figure) -> None:
    sheet = figure.locator(".lenet-sheet")
    sheet.scroll_into_view_if_needed()
    box, page = sheet.bounding_box(), figure.page
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 6)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 5 / 6, steps=8)
    page.mouse.up()
    shows(figure.locator(".lenet-answer"), "reads 1")


def slide(figure, label: str) -> None:
    figure.get_by_label(label, exact=True).focus()
    figure.page.keyboard.press("ArrowRight")


def point_at_another_digit(figure) -> None:
    before = figure.locator(".lenet-verdict").inner_text()
    slide(figure, "image")
    figure.page.wait_for_function(
        "([figure, before]) => figure.querySelector('.lenet-verdict').innerText !== before",
        arg=[figure.element_handle(), before],
    )


def pad(figure) -> None:
    slide(figure, "padding")
    shows(figure, "+ 2 × 1 − ")


def decide(figure) -> None:
    figure.get_by_role("button", name="OR", exact=True).click()
    shows(figure.locator(".lenet-votes"), "OR: one is enough")


def link(figure) -> None:
    figure.get_by_role("gridcell", name="map 0 of S2 to map 1 of C3").click()
    shows(figure.locator(".lenet-counts"), "61 links × 25 + 16 biases")


def turn(figure) -> None:
    slide(figure, "rotation")
    shows(figure, "1°")
    shows(figure.locator(".lenet-judged"), "reads")


def step(figure) -> None:
    figure.get_by_role("button", name="Step", exact=True).click()
    shows(figure.locator(".lenet-verdict"), "1 step")


def answer(figure) -> None:
    """A prediction: the first choice, or a number."""
    choices = figure.get_by_role("radio")
    if choices.count():
        choices.first.check()
    else:
        figure.locator("input").first.fill("1")
    figure.get_by_role("button", name="Commit").click()
    shows(figure, "right so far")


def check(figure) -> None:
    """An exercise, asked to check before it is answered; one in code says where it is answered."""
    button = figure.get_by_role("button", name="Check")
    if button.count():
        button.click()
        figure.locator(".lenet-verdict:not(:empty), [role=alert]:not(:empty)").first.wait_for()
    else:
        shows(figure, "JupyterLab")


USES = {
    "DrawDigit": draw,
    "FeatureMaps": point_at_another_digit,
    "DigitCodes": point_at_another_digit,
    "Convolution": pad,
    "Subsampling": decide,
    "C3Table": link,
    "Robustness": turn,
    "LossSurface": step,
    "Predict": answer,
    "Exercise": check,
}


@pytest.mark.parametrize("viewport", [PHONE, LAPTOP], ids=["phone", "laptop"])
@pytest.mark.parametrize("name", COURSE)
def test_every_instrument_of_a_page_comes_alive_and_answers(browser, address, name, viewport):
    with reader(browser, address, viewport=viewport) as page:
        page.goto(f"{address}{name}.html")
        see_everything(page)
        figures = page.locator(".lenet-figure")
        assert figures.count()
        for place in range(figures.count()):
            figure = figures.nth(place)
            figure.scroll_into_view_if_needed()
            page.wait_for_function("figure => 'alive' in figure.dataset", arg=figure.element_handle())
            USES[figure.get_attribute("data-widget")](figure)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    ("name", "widget"),
    [("00_start_here", "DrawDigit"), ("05_s4", "Robustness"), ("10_how_a_network_learns", "LossSurface")],
)
def test_a_page_has_the_instrument_that_its_text_speaks_of(browser, address, name, widget):
    with reader(browser, address) as page:
        page.goto(f"{address}{name}.html")
        assert page.locator(f'.lenet-figure[data-widget="{widget}"]').count() == 1


def test_the_first_notebook_and_those_on_learning_lead_to_the_playground(browser, address):
    with reader(browser, address) as page:
        page.goto(f"{address}10_how_a_network_learns.html")
        page.locator(".invitation a").click()
        page.wait_for_url("**/playground/index.html")
        page.goto(f"{address}02_c1.html")
        assert page.locator(".invitation").count() == 0
