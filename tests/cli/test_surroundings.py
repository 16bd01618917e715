"""The command line in surroundings that are not those it was made in: homes, closed folders, odd names."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image, ImageDraw

from lenet_edu.cli.main import main


def draw_seven(path) -> None:
    """A seven, black on white."""
    picture = Image.new("L", (60, 60), 255)
    ImageDraw.Draw(picture).line([(15, 12), (45, 12), (25, 50)], fill=0, width=5)
    picture.save(path)


def run(capsys, *arguments):
    """Exit status, standard output and standard error of a command."""
    status = main(list(map(str, arguments)))
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home, and a folder to work in, of the test's own."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"


@pytest.mark.slow
def test_a_tilde_is_the_home_in_every_path_that_is_given(home, capsys):
    train = ("train", "--data", "embedded", "--epochs", "1", "--quiet", "--device", "cpu")
    status, out, err = run(capsys, *train, "--out", "~/run", "--json")
    assert (status, json.loads(out.splitlines()[-1])["out"]) == (0, str(home / "run")), err
    draw_seven(home / "seven.png")
    for arguments in (
        ("train", "--resume", "~/run", "--quiet", "--device", "cpu"),
        ("evaluate", "~/run/best.safetensors", "--data", "embedded", "--folder", "~/data"),
        ("predict", "~/seven.png", "--weights", "~/run/best.safetensors", "--plot", "~/seen.png"),
        ("data", "--no-fetch", "--folder", "~/data"),
    ):
        status, _, err = run(capsys, *arguments)
        assert status == 0, err
    assert (home / "seen.png").exists()
    assert os.listdir(".") == []
    assert "set" in run(capsys, "train", "rgb", "--images", "~/set")[2]


@pytest.mark.slow
def test_of_several_pictures_those_that_can_be_read_are_told(tmp_path, capsys):
    good, blank = tmp_path / "good.png", tmp_path / "blank.png"
    draw_seven(good)
    Image.new("L", (50, 50), 255).save(blank)
    status, out, err = run(capsys, "predict", good, blank)
    assert (status, f"{good}: " in out) == (2, True)
    assert "left out: " in err
    assert "blank.png" in err
    status, out, _ = run(capsys, "predict", good, blank, "--json")
    result = json.loads(out.splitlines()[-1])
    assert status == 2
    assert [prediction["image"] for prediction in result["predictions"]] == [good.as_posix()]
    assert [path for path, _ in result["left_out"]] == [str(blank)]
    status, _, err = run(capsys, "predict", blank)
    assert (status, err.count("\n")) == (2, 1)


@pytest.mark.slow
def test_in_a_folder_there_may_be_anything(tmp_path, capsys):
    draw_seven(tmp_path / "good.png")
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    status, _, err = run(capsys, "predict", tmp_path)
    assert (status, "notes.txt" in err) == (0, True)


def test_a_file_that_the_system_refuses_is_named_in_a_line(capsys, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied", "closed/state.safetensors")

    monkeypatch.setattr("lenet_edu.data.digits.describe_data", refuse)
    status, _, err = run(capsys, "data", "--no-fetch")
    assert status == 2
    assert err == (
        "lenet-edu data: closed/state.safetensors could not be used: Permission denied. "
        "Choose another place, or mend this one.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("data", "--no-fetch", "--folder", "closed"),
        ("train", "--folder", "closed"),
        ("train", "rgb", "--images", "closed/set"),
        ("predict", "closed/a.png"),
        ("evaluate", "closed/x.safetensors"),
        ("train", "--resume", "closed/run"),
        ("train", "--data", "embedded", "--out", "closed/run"),
    ],
    ids=" ".join,
)
def test_a_closed_folder_is_named_in_a_line(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "closed").mkdir(mode=0)
    if os.access("closed", os.R_OK):
        pytest.skip("no folder is closed to this user: run as another than root, and not on Windows")
    status, _, err = run(capsys, *arguments)
    (tmp_path / "closed").chmod(0o755)
    assert (status, err.count("\n")) == (2, 1)
    assert "closed" in err
    assert "Permission denied" in err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode here: run this on Linux")
def test_a_name_that_is_no_utf_8_is_printed_by_its_bytes(tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    draw_seven(tmp_path / name)
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    command = [sys.executable, "-m", "lenet_edu.cli", "predict", ".", "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert rb"caf\xe9.png: " in done.stderr
    (prediction,) = json.loads(done.stdout)["predictions"]
    assert prediction["image"] == name  # so that a program can open it
