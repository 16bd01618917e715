"""`lenet-edu lab` in a real browser: JupyterLab comes up with notebook 00 open, and its cells run."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest

from lenet_edu.lab import FIRST, lab_command

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="install Chromium (Debian: apt install chromium)")


def test_lab_opens_the_first_notebook_and_passes_arguments_on():
    command = lab_command(["--port", "9999"])
    assert any(argument.endswith(f"/{FIRST.name}") for argument in command)
    assert command[command.index("--port") + 1] == "9999"
    assert ("--allow-root" in command) == (os.geteuid() == 0)


@pytest.fixture
def lab(tmp_path):
    """The address that a JupyterLab of its own first opens, with settings of its own, stopped afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    options = [f"--port={port}", "--no-browser", "--IdentityProvider.token=test", "--ip=127.0.0.1"]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(tmp_path),
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path),
    }
    environment["JUPYTERLAB_WORKSPACES_DIR"] = str(tmp_path)
    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "lenet_edu.cli", "lab", *options],
        stdout=log,
        stderr=log,
        env=environment,
        start_new_session=True,
    )
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api?token=test", timeout=1)
                break
            except OSError:
                time.sleep(0.5)
        yield f"{address}/?token=test"
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=20)


@contextmanager
def opened(address: str, heading: str):
    """The page at `address` in Chromium, once its notebook and kernel are there."""
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page()
        page.goto(address)
        expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=60_000)
        # A cell that is run before its kernel is there does not run at all.
        expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=60_000)
        yield page
        browser.close()


@needs_chromium
def test_notebook_opens_in_the_browser_and_runs(lab):
    from playwright.sync_api import expect

    with opened(lab, "00 · Start here") as page:
        first = page.locator(".jp-CodeCell").first
        first.locator(".jp-OutputArea img").wait_for(timeout=30_000)
        first.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        # [*] while it runs, and [1] when it has run in this kernel.
        expect(first.locator(".jp-InputPrompt")).to_have_text("[1]:", timeout=60_000)
        first.locator(".jp-OutputArea img").wait_for(timeout=30_000)


@needs_chromium
def test_a_prediction_shows_its_answer_when_the_reader_commits_and_a_checker_answers(lab):
    from playwright.sync_api import expect

    address = lab.replace("/?", "/lab/tree/02_c1.ipynb?")
    with opened(address, "02 · C1, the first convolution") as page:
        for cell in range(3):
            page.locator(".jp-CodeCell").nth(cell).locator(".cm-content").click()
            page.keyboard.press("Shift+Enter")
        asked = page.locator(".jp-CodeCell").nth(2).locator(".jp-OutputArea")
        expect(asked.get_by_role("button", name="Commit")).to_be_visible(timeout=60_000)
        expect(asked).not_to_contain_text("6 x (5 x 5 + 1) = 156")
        asked.get_by_label("4,704").check()
        asked.get_by_role("button", name="Commit").click()
        expect(asked).to_contain_text("No: that is the number of units", timeout=20_000)
        expect(asked).to_contain_text("6 x (5 x 5 + 1) = 156")
