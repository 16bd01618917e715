"""`lenet-edu lab` in a real browser: JupyterLab comes up with notebook 00 open, and its cells run."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from lenet_edu.cli import lab as cli_lab
from lenet_edu.cli.lab import FIRST, HIDDEN, NOTEBOOKS, SETTINGS, lab_arguments, trust_notebooks
from tests.browser import PATIENCE, chromium, needs_chromium, open_notebook, run_cell, running_lab


def test_lab_opens_the_first_notebook_and_passes_arguments_on():
    arguments = lab_arguments(["--port", "9999"])
    assert any(argument.endswith(f"/{FIRST.name}") for argument in arguments)
    assert arguments[-2:] == ["--port", "9999"]
    assert ("--allow-root" in arguments) == (hasattr(os, "geteuid") and os.geteuid() == 0)


@pytest.mark.slow
def test_lab_runs_in_its_own_process_and_gives_jupyterlabs_exit_status(monkeypatch):
    from jupyterlab.labapp import LabApp

    given = []

    def launch(argv):
        given.extend(argv)
        sys.exit(7)

    monkeypatch.setattr(LabApp, "launch_instance", launch)
    monkeypatch.setattr(cli_lab, "trust_notebooks", lambda: None)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.chdir(NOTEBOOKS)
    assert cli_lab.open_lab(["--port=1"]) == 7
    assert given == lab_arguments(["--port=1"])


def test_the_settings_that_lab_brings_along_are_jupyterlabs_own():
    schemas = Path(sys.prefix) / "share" / "jupyter" / "lab" / "schemas"
    settings = json.loads((SETTINGS / "overrides.json").read_text("utf-8"))
    for plugin, values in settings.items():
        package, name = plugin.split(":")
        schema = json.loads((schemas / package / f"{name}.json").read_text("utf-8"))
        assert set(values) <= set(schema["properties"])


def test_a_notebook_names_the_kernel_that_jupyterlab_would_write_into_it(tmp_path):
    import asyncio

    from lenet_edu.cli.contents import Contents, kernel_metadata

    bare = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    other = {"kernelspec": {"name": "julia", "display_name": "Julia", "language": "julia"}}
    for name, metadata in (("a.ipynb", bare), ("b.ipynb", other)):
        notebook = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        (tmp_path / name).write_text(json.dumps(notebook), encoding="utf-8")
    contents = Contents(root_dir=str(tmp_path))
    assert asyncio.run(contents.get("a.ipynb"))["content"]["metadata"] == kernel_metadata()
    assert asyncio.run(contents.get("b.ipynb"))["content"]["metadata"] == other
    assert kernel_metadata()["language_info"]["version"] == sys.version.split()[0]
    assert json.loads((tmp_path / "a.ipynb").read_text("utf-8"))["metadata"] == bare


@pytest.mark.slow
def test_the_notebooks_are_signed(monkeypatch, tmp_path):
    from nbformat import read
    from nbformat.sign import NotebookNotary

    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    trust_notebooks()
    assert NotebookNotary(data_dir=str(tmp_path / "data")).check_signature(read(FIRST, as_version=4))


def test_a_folder_that_cannot_be_written_costs_the_signatures_only(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "file" / "data"))
    trust_notebooks()
    assert "could not be signed" in capsys.readouterr().out


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
        cell = run_cell(page, 1)
        # [*] while it runs, and [1] when it has run in this kernel.
        expect(cell.locator(".jp-InputPrompt")).to_have_text("[1]:", timeout=PATIENCE)
        cell.locator(".jp-OutputArea img").wait_for(timeout=PATIENCE)


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


def items(page) -> list[str]:
    """What the file browser lists."""
    page.locator(".jp-DirListing-item").first.wait_for(timeout=PATIENCE)
    return page.locator(".jp-DirListing-itemText").all_inner_texts()


@needs_chromium
def test_the_file_browser_shows_folders_and_notebooks_in_order_and_nothing_else(lab):
    folders = sorted({path.parent.name for path in NOTEBOOKS.glob("[!.]*/*.ipynb")} - set(HIDDEN))
    with chromium() as browser:
        page = browser.new_page()
        open_notebook(page, lab)
        names = [text.strip() for text in items(page)]
        assert names == folders + sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
        page.wait_for_timeout(3000)
        assert page.get_by_text("Would you like to").count() == 0
        assert page.locator(".Toastify__toast").count() == 0


@needs_chromium
def test_an_untouched_notebook_is_closed_without_a_question_and_leaves_no_kernel(lab):
    from playwright.sync_api import expect

    with chromium() as browser:
        page = browser.new_page()
        open_notebook(page, lab, "01_input.ipynb")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=PATIENCE)
        page.keyboard.press("Escape")
        page.locator("#jp-main-dock-panel .lm-TabBar-tab.lm-mod-current .lm-TabBar-tabCloseIcon").click()
        expect(page.locator(".jp-Notebook")).to_have_count(0, timeout=PATIENCE)
        page.wait_for_timeout(3000)
        with urllib.request.urlopen(f"{lab}/api/sessions?token=test") as sessions:
            assert "01_input.ipynb" not in [one["path"] for one in json.load(sessions)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for this")
def test_ending_the_command_ends_jupyterlab_and_its_kernels(tmp_path):
    with running_lab(tmp_path) as address:
        request = urllib.request.Request(f"{address}/api/kernels?token=test", data=b"{}", method="POST")
        urllib.request.urlopen(request)
        (pid,) = {int(line) for line in (tmp_path / "pid").read_text().split()}
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and group_members(pid):
            time.sleep(0.2)
        assert group_members(pid) == []


def group_members(leader: int) -> list[str]:
    """The processes that still run in the group of this one."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True
    )
    lines = [line.split() for line in listed.stdout.splitlines()]
    return [pid for pid, group, state in lines if int(group) == leader and not state.startswith("Z")]
