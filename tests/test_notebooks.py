"""The notebooks as a whole: pairs, cells, and whether nbval sees what it should. nbval itself runs them."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
sys.path.insert(0, str(NOTEBOOKS))
import build  # noqa: E402

IGNORED = {"nbval-ignore-output", "nbval-skip"}
NAMES = build.names()


def code_cells(name: str) -> list:
    return [cell for cell in build.read(name).cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", NAMES)
def test_source_and_notebook_say_the_same(name):
    written = (NOTEBOOKS / "source" / f"{name}.py").read_text(encoding="utf-8")
    assert build.to_source(build.read(name)) == written, f"{name}: run `make notebooks`"


@pytest.mark.parametrize("name", NAMES)
def test_cell_ids_follow_from_the_source(name):
    assert [c.id for c in build.from_source(name).cells] == [c.id for c in build.read(name).cells]


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_was_executed_in_order_and_without_error(name):
    cells = code_cells(name)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "run `make notebooks`"
    assert not [out for cell in cells for out in cell.outputs if out.output_type == "error"]


@pytest.mark.parametrize("name", NAMES)
def test_no_warning_reaches_the_reader(name):
    said = [out for cell in code_cells(name) for out in cell.outputs if out.get("name") == "stderr"]
    assert not said


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_short(name):
    for cell in code_cells(name):
        assert len(cell.source.splitlines()) <= 15, cell.source


@pytest.mark.parametrize("name", NAMES)
def test_nbval_compares_most_cells_that_show_something(name):
    """Cells that depend on data, device or time are ignored; were they the most, nbval would be blind."""
    cells = code_cells(name)
    assert all("nbval-skip" not in cell.metadata.get("tags", []) for cell in cells)
    ignored = [cell for cell in cells if IGNORED & set(cell.metadata.get("tags", []))]
    assert len(ignored) <= len(cells) / 3


@pytest.mark.parametrize("name", NAMES)
def test_no_magics_no_svg_no_leftover_widgets(name):
    for cell in code_cells(name):
        assert not cell.source.lstrip().startswith(("%", "!"))
        kinds = {kind for out in cell.outputs for kind in out.get("data", {})}
        assert not kinds & {"image/svg+xml", "application/vnd.jupyter.widget-view+json"}


@pytest.mark.parametrize("name", NAMES)
def test_links_between_notebooks_lead_somewhere(name):
    text = "\n".join(cell.source for cell in build.read(name).cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\(([^)#]+\.ipynb)\)", text):
        assert (NOTEBOOKS / target).exists(), target


def test_nbval_fails_when_a_number_is_changed(tmp_path):
    """The whole point of nbval, tried on the first cells of a real notebook with one digit changed."""
    notebook = build.read("09_whole_network")
    place = next(i for i, c in enumerate(notebook.cells) if "count_parameters(model)" in c.source)
    notebook.cells = notebook.cells[: place + 1]
    nbformat.write(notebook, tmp_path / "right.ipynb")
    shown = notebook.cells[-1].outputs[0]
    assert "60,000" in shown.text
    shown.text = shown.text.replace("60,000", "60,001")
    nbformat.write(notebook, tmp_path / "wrong.ipynb")

    assert run_nbval(tmp_path / "right.ipynb").returncode == 0
    wrong = run_nbval(tmp_path / "wrong.ipynb")
    assert wrong.returncode == 1
    assert "60,001" in wrong.stdout


def run_nbval(notebook: Path) -> subprocess.CompletedProcess:
    sanitizer = NOTEBOOKS / "sanitize.cfg"
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "--nbval-sanitize-with", str(sanitizer), str(notebook)],
        capture_output=True,
        text=True,
        cwd=notebook.parent,
        check=False,
    )
