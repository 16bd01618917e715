"""Notebooks handed out one by one, opened in another folder, with other data than they were made with."""

import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from tools.notebooks import build


@pytest.mark.slow
def test_notebook_12_holds_in_any_folder_and_for_any_number_of_classes(tmp_path, monkeypatch):
    """Three classes instead of two, a few pictures of each."""
    draw = np.random.default_rng(0)
    for split, number in (("train", 20), ("val", 6)):
        for label, name in enumerate(("cat", "dog", "zebra")):
            folder = tmp_path / "CatAndDog" / split / name
            folder.mkdir(parents=True)
            for i in range(number):
                pixels = draw.integers(0, 60, (32, 32, 3)) + 80 * label
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i:02}.png")
    monkeypatch.setenv("LENET_EDU_DATA", str(tmp_path))
    monkeypatch.setenv("LENET_EDU_CACHE", str(tmp_path / "cache"))
    elsewhere = tmp_path / "downloads" / "notebooks"
    elsewhere.mkdir(parents=True)
    notebook = build.read("12_cats_and_dogs")
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(elsewhere)}}).execute()
    said = "".join(
        output.get("text", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream"
    )
    assert "pictures of cat, dog, zebra" in said


@pytest.mark.parametrize("name", build.names())
def test_no_notebook_reads_by_a_path_that_depends_on_where_it_lies(name):
    """Runs may be written beside the folder that a notebook is in; what is read comes from the package."""
    source = (build.SOURCE / f"{name}.py").read_text(encoding="utf-8")
    assert 'read_json("..' not in source
    assert 'Path("..' not in source
    assert "../results" not in "\n".join(line for line in source.splitlines() if not line.startswith("#"))
