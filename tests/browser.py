"""JupyterLab and a headless Chromium for tests that act as a reader would."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress

import nbformat
import pytest
import torch

CHROMIUM = os.environ.get("LENET_EDU_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_chromium = pytest.mark.skipif(
    not CHROMIUM, reason="install Chromium (Debian: apt install chromium), or set LENET_EDU_CHROMIUM to it"
)
PATIENCE = 60_000  # milliseconds


@contextmanager
def running_lab(folder, root=None):
    """A JupyterLab with settings of its own in `folder`; yields its address, and stops it afterwards.

    It is the one of `lenet-edu lab`, or a plain one on the notebooks in `root`.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    private = ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    lab = ["lenet_edu.cli", "lab"] if root is None else ["jupyterlab", f"--ServerApp.root_dir={root}"]
    options = [f"--port={port}", "--no-browser", "--ip=127.0.0.1", "--IdentityProvider.token=test"]
    if root is not None:
        options.append("--allow-root")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *lab, *options],
            stdout=log,
            stderr=log,
            env={**os.environ, **dict.fromkeys(private, str(folder))},
            start_new_session=True,
        )
    (folder / "pid").write_text(str(process.pid))
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api?token=test", timeout=1)
                break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        with suppress(ProcessLookupError):  # it may have ended by itself
            if hasattr(os, "killpg"):
                os.killpg(process.pid, 15)
            else:  # Windows
                process.terminate()
        process.wait(timeout=20)


@contextmanager
def chromium(**options):
    """A headless Chromium, closed afterwards."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE / 2)  # a page may share its cores with other tests
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments, **options)
        yield browser
        browser.close()


def open_notebook(page, address: str, path: str = "") -> None:
    """Go to a notebook (or where the lab first leads) and wait until its kernel is there.

    A cell that is run before its kernel is there does not run at all.
    """
    # `reset`: no tabs of pages before. Without a path JupyterLab goes where `lenet-edu lab` sends readers.
    page.goto(f"{address}/lab/tree/{path}?token=test&reset" if path else f"{address}/?token=test")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=PATIENCE)


def run_cell(page, place: int):
    """Run one code cell as a reader does; the cell."""
    cell = page.locator(".jp-CodeCell").nth(place)
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    return cell


def write_notebook(path, *sources: str) -> None:
    """A notebook of code cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


@contextmanager
def dark_lab(folder):
    """A running lab in its dark theme: its address."""
    themes = folder / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
    themes.parent.mkdir(parents=True)
    themes.write_text('{"theme": "JupyterLab Dark"}')
    with running_lab(folder, folder) as address:
        yield address


@contextmanager
def widget_page(address: str, path: str, **options):
    """A page with the widget of a notebook's first cell; nothing may go wrong there meanwhile."""
    with chromium() as browser:
        page = browser.new_page(**options)
        troubles = []
        page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        open_notebook(page, address, path)
        run_cell(page, 0)
        page.locator(".lenet-widget").first.wait_for(timeout=PATIENCE)
        yield page
        assert not troubles


def shows(locator, text: str) -> None:
    """Wait until a part of the page contains the text."""
    from playwright.sync_api import expect

    expect(locator).to_contain_text(text, timeout=15_000)


def said(page, place: int) -> str:
    """What a further cell prints when it is run."""
    cell = run_cell(page, place)
    output = cell.locator(".jp-OutputArea-output pre")
    output.first.wait_for(timeout=PATIENCE)
    return output.first.inner_text().strip()


def pixels(locator) -> torch.Tensor:
    """The colours of a canvas, (rows, columns, 3)."""
    read = """canvas => {
        const {width, height} = canvas;
        return [height, width, Array.from(canvas.getContext("2d").getImageData(0, 0, width, height).data)];
    }"""
    height, width, data = locator.evaluate(read)
    return torch.tensor(data).view(height, width, 4)[..., :3]
