"""`lenet-edu lab` in a real browser: JupyterLab comes up with notebook 00 open, and its cells run."""

import os
import sys

import pytest

from lenet_edu.cli.lab import FIRST, lab_command, lab_environment
from tests.browser import PATIENCE, chromium, needs_chromium, open_notebook, run_cell, running_lab


def test_lab_opens_the_first_notebook_and_passes_arguments_on():
    command = lab_command(["--port", "9999"])
    assert any(argument.endswith(f"/{FIRST.name}") for argument in command)
    assert command[command.index("--port") + 1] == "9999"
    assert ("--allow-root" in command) == (os.geteuid() == 0)


def test_threads_wait_a_little_unless_the_reader_has_said_otherwise(monkeypatch):
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    found = [lab_environment().get(name) for name in names]
    assert found == (["active", "10000"] if sys.platform == "linux" else [None, None])
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    assert [lab_environment().get(name) for name in names] == ["passive", None]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as address:
        yield address


@needs_chromium
def test_notebook_opens_in_the_browser_and_runs(lab):
    from playwright.sync_api import expect

    with chromium() as browser:
        page = browser.new_page()
        open_notebook(page, lab)
        expect(page.get_by_role("heading", name="00 · Start here")).to_be_visible(timeout=PATIENCE)
        page.locator(".jp-CodeCell").first.locator(".jp-OutputArea img").wait_for(timeout=PATIENCE)
        first = run_cell(page, 0)
        # [*] while it runs, and [1] when it has run in this kernel.
        expect(first.locator(".jp-InputPrompt")).to_have_text("[1]:", timeout=PATIENCE)
        first.locator(".jp-OutputArea img").wait_for(timeout=PATIENCE)


@needs_chromium
def test_a_prediction_shows_its_answer_when_the_reader_commits(lab):
    from playwright.sync_api import expect

    with chromium() as browser:
        page = browser.new_page()
        open_notebook(page, lab, "02_c1.ipynb")
        for place in range(3):
            asked = run_cell(page, place).locator(".jp-OutputArea")
        expect(asked.get_by_role("button", name="Commit")).to_be_visible(timeout=PATIENCE)
        expect(asked).not_to_contain_text("6 x (5 x 5 + 1) = 156")
        asked.get_by_role("radio", name="4,704").check()
        asked.get_by_role("button", name="Commit").click()
        expect(asked).to_contain_text("No: that is the number of units", timeout=PATIENCE)
        expect(asked).to_contain_text("6 x (5 x 5 + 1) = 156")
