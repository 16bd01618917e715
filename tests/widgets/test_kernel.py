"""What becomes of widgets whose kernel goes: they say so, and a notebook opened again still shows them."""

import json
import urllib.request

import nbformat
import pytest

from lenet_edu.exercises import quiz
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

# What exercises show beside the widgets: predictions with a number, several of them; and cards that need no
# kernel, with the beginning of what they say.
QUESTIONS = ['ask("c1.dense", "shown after")', 'quiz("c1")']
CARDS = {'check("c1.side", 14)': "Right.", 'explain("c1.sharing", None)': "Not answered yet"}
CELLS = [*WIDGETS.values(), *QUESTIONS, *CARDS]
VIEWS = len(WIDGETS) + 1 + len(quiz("c1").asked)

SHOWN = ".jp-OutputArea-output .lenet-widget"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kernel")


@pytest.fixture(scope="module")
def lab(folder):
    """A plain JupyterLab, started without `lenet-edu lab`."""
    with running_lab(folder, folder) as address:
        yield address


@pytest.fixture
def page(lab, folder, request):
    """A page with all widgets and exercises, each in a cell of its own after one that makes ready."""
    name = f"{request.node.name}.ipynb"
    write_notebook(folder / name, SETUP, *CELLS)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        open_notebook(page, lab, name)
        for place in range(len(CELLS) + 1):
            run_cell(page, place)
        page.wait_for_function(f"document.querySelectorAll('{SHOWN}').length === {VIEWS}", timeout=PATIENCE)
        yield page


def stop_kernels(lab: str) -> None:
    """End every session of the server, as one who closes all and comes back tomorrow."""
    sessions = json.load(urllib.request.urlopen(f"{lab}/api/sessions?token=test"))
    for session in sessions:
        address = f"{lab}/api/sessions/{session['id']}?token=test"
        urllib.request.urlopen(urllib.request.Request(address, method="DELETE"))


def wait_until_all(page, state: str) -> None:
    page.wait_for_function(
        f"[...document.querySelectorAll('{SHOWN}')].every(e => e.dataset.kernel === '{state}')",
        timeout=PATIENCE,
    )


def test_a_notebook_saved_closed_and_opened_again_shows_its_widgets(page, lab, folder, request):
    wait_until_all(page, "alive")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Commit").first.click()
    page.locator(".lenet-answer-text p").first.wait_for(timeout=PATIENCE)
    page.get_by_role("slider").first.focus()  # Ctrl+S works in a widget, too
    for _ in range(2):  # what was saved once must also be there when the notebook is saved without its kernel
        page.keyboard.press("Control+s")
        page.wait_for_timeout(1500)
        page.goto("about:blank")
        stop_kernels(lab)
        open_notebook(page, lab, f"{request.node.name}.ipynb")
        page.wait_for_function(f"document.querySelectorAll('{SHOWN}').length === {VIEWS}", timeout=PATIENCE)
        wait_until_all(page, "lost")
        assert page.get_by_text("Error displaying widget").count() == 0
        assert (
            page.locator(".lenet-notice")
            .first.text_content()
            .endswith("Run this cell again to bring it back.")
        )
        assert "so far" in page.locator("[data-widget=predict]").first.text_content()
        for said in CARDS.values():
            page.locator(".jp-OutputArea-output").get_by_text(said).first.wait_for(timeout=PATIENCE)
        page.locator(".jp-CodeCell").first.locator(".cm-content").click()
        page.keyboard.type(" ")
    run_cell(page, 0)
    run_cell(page, 3)
    page.locator(f"{SHOWN}[data-widget=c3_table][data-kernel=alive]").wait_for(timeout=PATIENCE)
    saved = nbformat.read(folder / f"{request.node.name}.ipynb", as_version=4)
    assert len(json.dumps(saved.metadata)) < 3_000_000


def test_a_restarted_kernel_is_told_in_every_widget(page):
    wait_until_all(page, "alive")
    page.locator('[data-command="notebook:restart-kernel"], [title^="Restart the kernel"]').first.click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    wait_until_all(page, "lost")
    for widget in page.locator(SHOWN).all():
        assert "Run this cell again" in widget.locator(".lenet-notice").first.text_content()
    panel = page.locator("[data-widget=training_panel]")
    assert panel.locator("[inert]").get_by_role("button", name="Train", include_hidden=True).count() == 1


def test_a_kernel_that_was_shut_down_is_told_when_the_reader_comes_back(page, lab):
    wait_until_all(page, "alive")
    stop_kernels(lab)
    page.wait_for_timeout(2500)
    for widget in page.locator(SHOWN).all():
        widget.hover()
    wait_until_all(page, "lost")


def test_a_page_reloaded_keeps_its_widgets_alive(page):
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1500)
    page.reload()
    page.wait_for_function(f"document.querySelectorAll('{SHOWN}').length === {VIEWS}", timeout=PATIENCE)
    wait_until_all(page, "alive")
