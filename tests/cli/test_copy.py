"""`lenet-edu copy`: copies for a reader, whose own work is never overwritten."""

import json

import pytest

from lenet_edu.cli import copy as cli_copy
from lenet_edu.cli.copy import copy_notebooks, reset_notebook
from lenet_edu.cli.main import main
from lenet_edu.system.errors import LenetError


@pytest.fixture
def originals(tmp_path, monkeypatch):
    """A suite of two notebooks, one of them in a folder."""
    folder = tmp_path / "originals"
    (folder / "appendices").mkdir(parents=True)
    (folder / "00_start.ipynb").write_text("start, first version", "utf-8")
    (folder / "appendices" / "A_more.ipynb").write_text("more", "utf-8")
    (folder / ".ipynb_checkpoints").mkdir()
    monkeypatch.setattr(cli_copy, "NOTEBOOKS", folder)
    return folder


def test_the_suite_is_copied_whole(tmp_path, capsys):
    assert main(["copy", str(tmp_path / "mine"), "--json"]) == 0
    changes = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "00_start_here.ipynb" in changes["copied"]
    for name in changes["copied"]:
        assert (tmp_path / "mine" / name).read_bytes() == (cli_copy.NOTEBOOKS / name).read_bytes()


def test_what_the_reader_changed_stays_and_the_rest_is_brought_up_to_date(originals, tmp_path, capsys):
    mine = tmp_path / "mine"
    both = ["00_start.ipynb", "appendices/A_more.ipynb"]
    assert copy_notebooks(mine) == {"copied": both, "updated": [], "yours": []}
    assert copy_notebooks(mine) == {"copied": [], "updated": [], "yours": []}
    (mine / both[0]).write_text("start, with my answers", "utf-8")
    assert copy_notebooks(mine) == {"copied": [], "updated": [], "yours": []}  # there is nothing newer
    (originals / both[0]).write_text("start, second version", "utf-8")
    (originals / both[1]).write_text("more and more", "utf-8")
    assert main(["copy", str(mine)]) == 0
    assert f"lenet-edu copy {mine} --reset 00_start.ipynb" in capsys.readouterr().out
    assert (mine / both[0]).read_text("utf-8") == "start, with my answers"
    assert (mine / both[1]).read_text("utf-8") == "more and more"


def test_a_reset_keeps_the_readers_copy(originals, tmp_path):
    mine = tmp_path / "mine"
    copy_notebooks(mine)
    (mine / "00_start.ipynb").write_text("spoilt", "utf-8")
    name = reset_notebook(mine, "00_start")
    assert (mine / name).read_text("utf-8") == "spoilt"
    assert (mine / "00_start.ipynb").read_text("utf-8") == "start, first version"
    (mine / "00_start.ipynb").unlink()
    assert reset_notebook(mine, "00_start.ipynb") == ""
    assert copy_notebooks(mine) == {"copied": [], "updated": [], "yours": []}


def test_without_its_record_every_notebook_counts_as_the_readers(originals, tmp_path):
    copy_notebooks(tmp_path / "mine")
    (tmp_path / "mine" / cli_copy.RECORD).write_text("[", "utf-8")
    (originals / "00_start.ipynb").write_text("start, second version", "utf-8")
    assert copy_notebooks(tmp_path / "mine")["yours"] == ["00_start.ipynb"]


def test_bad_folders_and_names_are_refused(originals, tmp_path, capsys):
    with pytest.raises(LenetError, match="where the notebooks come from"):
        copy_notebooks(originals)
    with pytest.raises(LenetError, match="is no notebook of the suite; choose from 00_start"):
        reset_notebook(tmp_path, "no_such")
    (tmp_path / "file").write_text("", "utf-8")
    assert main(["copy", str(tmp_path / "file" / "mine")]) == 2
    assert str(tmp_path / "file" / "mine") in capsys.readouterr().err


def test_worksheets_hold_no_solutions_and_no_answers(tmp_path, capsys):
    """On the real notebooks: what a student gets, as text."""
    assert main(["copy", str(tmp_path / "sheets"), "--without-solutions"]) == 0
    for name in cli_copy._shipped(False):
        sheet = json.loads((tmp_path / "sheets" / name).read_text("utf-8"))
        whole = json.loads((cli_copy.NOTEBOOKS / name).read_text("utf-8"))
        solutions = [cell for cell in whole["cells"] if "solution" in cell["metadata"].get("tags", [])]
        assert len(sheet["cells"]) == len(whole["cells"]) - len(solutions)
        shown = json.dumps([cell.get("outputs") for cell in sheet["cells"]], ensure_ascii=False)
        assert "It is “" not in shown
        assert "A model answer." not in shown
    first = (tmp_path / "sheets" / "02_c1.ipynb").read_text("utf-8")
    assert "Predict. " in first
    assert "Not answered yet" in first


def test_a_worksheet_becomes_the_whole_notebook_when_it_is_copied_again(tmp_path):
    copy_notebooks(tmp_path / "mine", worksheets=True)
    whole = cli_copy.NOTEBOOKS / "02_c1.ipynb"
    assert (tmp_path / "mine" / "02_c1.ipynb").read_bytes() != whole.read_bytes()
    assert "02_c1.ipynb" in copy_notebooks(tmp_path / "mine")["updated"]
    assert (tmp_path / "mine" / "02_c1.ipynb").read_bytes() == whole.read_bytes()
