"""Progress: recorded when a reader answers, handed in as one file, collected by a teacher."""

import json

import pytest

from lenet_edu.cli.main import main
from lenet_edu.cli.progress import collect
from lenet_edu.exercises import ask, check
from lenet_edu.exercises.c1 import EXERCISES
from lenet_edu.system.errors import LenetError
from lenet_edu.system.progress import is_sealed, progress_file, read_progress

RIGHT = EXERCISES["side"].right


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The file that answers are recorded in."""
    path = tmp_path / "home" / "progress.json"
    monkeypatch.setenv("LENET_EDU_PROGRESS", str(path))
    return path


def show(verdict):
    """What JupyterLab does with the value at a cell's end."""
    verdict._repr_mimebundle_()


def test_the_first_choice_and_every_attempt_are_recorded(mine):
    asked = ask("c1.parameters")
    right = asked.prediction.right
    wrong = next(choice for choice in asked.choices if choice != right)
    asked.commit(wrong)
    asked.commit(right)
    show(check("c1.side", RIGHT - 1))
    show(check("c1.side", RIGHT))
    record = read_progress(mine)
    assert record["predictions"] == {"c1.parameters": {"first": wrong, "choice": right, "right": False}}
    assert record["exercises"] == {"c1.side": {"answer": RIGHT, "right": True, "attempts": 2}}
    assert is_sealed(record)


def test_unanswered_cells_and_solutions_below_them_are_no_attempts(mine):
    show(check("c1.side", None))
    show(check("c1.strided", lambda image, kernel, stride: None))
    assert check("c1.side", RIGHT).right  # as the solution's cell asserts it
    assert not mine.exists()


def test_off_records_nothing_and_without_a_setting_it_is_in_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("LENET_EDU_PROGRESS", "off")
    show(check("c1.side", RIGHT))
    assert progress_file() is None
    monkeypatch.delenv("LENET_EDU_PROGRESS")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert progress_file() == tmp_path / ".lenet_edu" / "progress.json"


def test_what_cannot_be_recorded_is_said_and_stops_nothing(mine):
    mine.parent.write_text("a file where the folder should be", "utf-8")
    with pytest.warns(UserWarning, match="Your progress was not recorded"):
        show(check("c1.side", RIGHT))
    mine.parent.unlink()
    mine.parent.mkdir()
    mine.write_text("{", "utf-8")
    with pytest.warns(UserWarning, match="not recorded"):
        show(check("c1.side", RIGHT))
    assert mine.read_text("utf-8") == "{"  # nothing of the reader's is overwritten


def test_a_reader_hands_in_a_file_with_a_name(mine, tmp_path, capsys):
    show(check("c1.side", RIGHT))
    out = tmp_path / "hand_in.json"
    assert main(["progress", "--name", "Ada", "--out", str(out)]) == 0
    assert "Ada: 0 of 0 predictions right at first; exercises c1 1/1" in capsys.readouterr().out
    assert read_progress(out)["name"] == "Ada"
    assert is_sealed(read_progress(out))


def test_a_class_is_a_table_and_a_page(mine, tmp_path, capsys):
    folder = tmp_path / "class"
    folder.mkdir()
    for name, answer in (("Ada", RIGHT), ("Bob", RIGHT + 4), ("Cyd", RIGHT + 4), ("Dan", RIGHT + 3)):
        mine.unlink(missing_ok=True)
        show(check("c1.side", answer))
        assert main(["progress", "--name", name, "--out", str(folder / f"{name}.json")]) == 0
    forged = json.loads((folder / "Dan.json").read_text("utf-8"))
    forged["exercises"]["c1.side"].update(right=True)
    (folder / "Dan.json").write_text(json.dumps(forged), "utf-8")
    page = {"version": 1, "predictions": {"<b>?": {"choice": "x", "right": False}}, "exercises": {}}
    (folder / "from_a_page.json").write_text(json.dumps(page), "utf-8")
    (folder / "other.json").write_text("[]", "utf-8")
    capsys.readouterr()
    assert main(["progress", "collect", str(folder), "--out", str(tmp_path / "page.html"), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {row["name"]: row["seal"] for row in summary["students"]} == {
        "Ada": "whole",
        "Bob": "whole",
        "Cyd": "whole",
        "Dan": "changed by hand",
        "from_a_page": "none (from a page)",
    }
    first = summary["missed"][0]
    assert (first["name"], first["missed"], first["asked"]) == ("c1.side", 2, 4)
    assert first["commonest wrong answer"] == str(RIGHT + 4)
    assert "other.json is no progress of this suite" in summary["refused"][0]
    written = (tmp_path / "page.html").read_text("utf-8")
    assert "Ada" in written
    assert "<b>?" not in written


def test_bad_folders_and_newer_files_are_refused(tmp_path, capsys):
    with pytest.raises(LenetError, match="is no folder"):
        collect(tmp_path / "missing")
    with pytest.raises(LenetError, match="has no file of progress"):
        collect(tmp_path)
    (tmp_path / "a.json").write_text('{"version": 2}', "utf-8")
    with pytest.raises(LenetError, match="holds progress of version 2"):
        read_progress(tmp_path / "a.json")
    assert main(["progress", "collect"]) == 2
    assert "Which folder?" in capsys.readouterr().err
