"""Takes the pictures of README in Chromium: `python -m tools.pictures [NAME ...]`. Needs MNIST.

A page of the site, DrawDigit and FeatureMaps come from the site that it builds; the notebook and
TrainingPanel from JupyterLab.
"""

import sys
import tempfile
from pathlib import Path

from lenet_edu.site.builder import build_site
from tests.browser import PATIENCE, chromium, open_notebook, run_cell, running_lab, shows, write_notebook
from tests.site.conftest import served
from tools.architecture import DOCS

PANEL = """
from lenet_edu import TrainingPanel, load_digits
TrainingPanel(load_digits(), folder="runs", device="cpu")
"""


def instrument(page, address: str, name: str, widget: str):
    """A notebook's instrument on its page, when it is alive."""
    page.goto(f"{address}{name}.html")
    place = f'.lenet-figure[data-widget="{widget}"]'
    page.locator(place).scroll_into_view_if_needed()
    page.locator(f"{place}[data-alive]").wait_for(timeout=PATIENCE)
    return page.locator(place)


def draw_digit(page, address: str):
    figure = instrument(page, address, "01_input", "DrawDigit")
    box = figure.locator(".lenet-sheet").bounding_box()
    across, down = zip(*((0.3, 0.2), (0.72, 0.2), (0.5, 0.5), (0.42, 0.85)), strict=True)
    stroke = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in zip(across, down, strict=True)
    ]
    page.mouse.move(*stroke[0])
    page.mouse.down()
    for place in stroke[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()
    shows(figure.locator(".lenet-answer"), "reads 7")
    return figure


def feature_maps(page, address: str):
    figure = instrument(page, address, "02_c1", "FeatureMaps")
    figure.get_by_label("C3, map 5").first.click()
    box = figure.locator(".lenet-large canvas").bounding_box()
    page.mouse.move(box["x"] + 0.35 * box["width"], box["y"] + 0.25 * box["height"])
    shows(figure.locator(".lenet-words"), "C3, map 5")
    return figure


def site(page, address: str):
    page.goto(f"{address}index.html")
    page.wait_for_load_state("networkidle")
    return page


def notebook(page, address: str):
    open_notebook(page, address, "04_c3.ipynb")
    page.locator(".jp-OutputArea-output img").first.wait_for(timeout=PATIENCE)
    return page


def training_panel(page, address: str):
    open_notebook(page, address, "panel.ipynb")
    run_cell(page, 0)
    panel = page.locator(".lenet-widget")
    panel.get_by_role("button", name="Train", exact=True).click(timeout=PATIENCE)
    shows(panel.locator(".lenet-said"), "epoch 2")
    panel.get_by_role("button", name="Pause", exact=True).click()
    page.wait_for_timeout(1000)
    return panel


def take(pictures, address: str) -> None:
    """Save each picture in docs/ as NAME.png."""
    with chromium() as browser:
        for picture in pictures:
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            picture(page, address).screenshot(path=DOCS / f"{picture.__name__}.png")
            page.close()
            print(f"docs/{picture.__name__}.png", flush=True)


def main() -> None:
    wanted = sys.argv[1:]

    def chosen(*pictures):
        return [picture for picture in pictures if not wanted or picture.__name__ in wanted]

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if of_the_site := chosen(site, draw_digit, feature_maps):
            build_site(folder / "site")
            with served(folder / "site") as address:
                take(of_the_site, address)
        if of_the_lab := chosen(notebook):
            with running_lab(folder) as address:
                take(of_the_lab, address)
        if of_a_training := chosen(training_panel):
            write_notebook(folder / "panel.ipynb", PANEL.strip())
            with running_lab(folder, folder) as address:
                take(of_a_training, address)


if __name__ == "__main__":
    main()
