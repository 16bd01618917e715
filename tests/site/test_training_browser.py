"""TrainingPanel and DrawDigit on the pages of 11 and 12: a reader trains there and draws for it."""

import pytest

from tests.browser import needs_chromium, shows
from tests.site.test_browser import LAPTOP, reader
from tests.site.test_course_browser import draw

pytestmark = [needs_chromium, pytest.mark.slow]
READY, TRAINED = 60_000, 240_000  # milliseconds


def instrument(page, widget: str):
    """The instrument of that kind, alive."""
    figure = page.locator(f'.lenet-figure[data-widget="{widget}"]')
    figure.scroll_into_view_if_needed()
    page.wait_for_selector(f'.lenet-figure[data-widget="{widget}"][data-alive]', timeout=READY)
    return figure


def press(panel, name: str) -> None:
    panel.get_by_role("button", name=name, exact=True).click()


def test_a_reader_trains_on_the_page_and_draws_for_the_network(browser, address):
    from playwright.sync_api import expect

    with reader(browser, address, viewport=LAPTOP) as page:
        page.goto(f"{address}11_train.html")
        pad = instrument(page, "DrawDigit")
        shows(pad, "the network that was trained for this page")
        draw(pad)
        recorded = pad.locator(".lenet-caption", has_text="probability").inner_text()
        panel = instrument(page, "TrainingPanel")
        shows(panel, "1,797 small digits")
        assert panel.get_by_label("data", exact=True).input_value() == "embedded digits"
        assert panel.get_by_label("network", exact=True).locator("option").all_inner_texts() == [
            "LeNet-5",
            "LeNet-4",
            "LeNet-1",
            "LeNet 1989",
        ]
        press(panel, "Step")
        shows(panel.locator(".lenet-said"), "step 1")
        shows(panel.locator(".lenet-reading"), "read as")
        panel.get_by_label("digit", exact=True).focus()
        page.keyboard.press("Home")
        shows(panel.locator(".lenet-reading"), "0 is")
        press(panel, "Go on")
        expect(panel.locator(".lenet-state")).to_have_text("finished", timeout=TRAINED)
        accuracy = panel.locator(".lenet-said").inner_text().partition("validation ")[2].partition("%")[0]
        assert float(accuracy) > 90
        assert panel.locator(".lenet-confusion td").count() == 100
        shows(panel, "Runs in this browser")
        shows(pad, "the network that you have trained")
        shows(pad.locator(".lenet-answer"), "reads 1")
        assert pad.locator(".lenet-caption", has_text="probability").inner_text() != recorded
        page.goto(f"{address}playground/index.html")
        runs = page.locator("details", has_text="kept in this browser")
        runs.locator("summary").first.click()
        expect(runs).to_contain_text("lenet5-embedded-small-0", timeout=READY)


def test_a_panel_for_pictures_says_what_the_page_lacks(browser, address):
    from playwright.sync_api import expect

    with reader(browser, address, viewport=LAPTOP) as page:
        page.goto(f"{address}12_cats_and_dogs.html")
        figure = page.locator('.lenet-figure[data-widget="TrainingPanel"]')
        figure.scroll_into_view_if_needed()
        reason = figure.locator(".lenet-not-alive")
        expect(reason).to_contain_text("it trains on pictures, which a page does not have", timeout=READY)
        assert figure.locator("img").is_visible()
