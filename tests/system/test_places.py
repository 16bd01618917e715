"""Paths as users write them, and where things lie."""

import io
import os
import sys
from pathlib import Path

import pytest

from lenet_edu.system import places
from lenet_edu.system.errors import LenetError
from lenet_edu.system.places import (
    cache_folder,
    data_folder,
    is_file,
    is_folder,
    read_results,
    readable,
    user_path,
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of the test's own."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("LENET_EDU_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def homeless(monkeypatch):
    """A user of whom the system knows no home, as in a container."""

    def unknown(*_):
        raise RuntimeError("Could not determine home directory.")

    for name in ("LENET_EDU_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", unknown)
    monkeypatch.setattr(Path, "expanduser", unknown)


def test_a_tilde_is_the_home_wherever_a_folder_is_named(home, monkeypatch):
    assert user_path("~/run") == home / "run"
    assert user_path("runs/~") == Path("runs/~")
    assert data_folder("~/data") == home / "data"
    monkeypatch.setenv("LENET_EDU_DATA", "~/sets")
    assert data_folder() == home / "sets"
    assert cache_folder() == home / ".cache" / "lenet_edu"
    monkeypatch.setenv("XDG_CACHE_HOME", "~/cache")
    assert cache_folder() == home / "cache" / "lenet_edu"
    monkeypatch.setenv("LENET_EDU_CACHE", "~/mine")
    assert cache_folder() == home / "mine"


def test_without_a_home_a_tilde_is_refused_and_nothing_is_cached(homeless):
    with pytest.raises(LenetError, match="this user has no home"):
        user_path("~/run")
    assert user_path("~backup.png") == Path("~backup.png")
    assert cache_folder() is None


def test_the_projects_data_and_results_are_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LENET_EDU_DATA")
    project = Path(__file__).parents[2]
    assert data_folder() == project / "data"
    assert "experiments" in read_results("cats_and_dogs")


def test_an_installed_copy_has_its_data_here_and_says_where_results_come_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LENET_EDU_DATA")
    monkeypatch.setattr(places, "_PROJECT", tmp_path / "site-packages")
    assert data_folder() == tmp_path / "data"
    with pytest.raises(LenetError, match="come with a clone of the project"):
        read_results("family")


def test_what_cannot_be_asked_is_no_answer(tmp_path, monkeypatch):
    assert (is_folder(tmp_path), is_file(tmp_path), is_file(tmp_path / "x")) == (True, False, False)
    (tmp_path / "x").touch()
    assert (is_file(tmp_path / "x"), is_file(tmp_path / "x" / "y")) == (True, False)

    def refuse(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "stat", refuse)
    monkeypatch.setattr(Path, "stat", refuse)
    for question in (is_file, is_folder):
        with pytest.raises(LenetError, match="x could not be opened: Permission denied"):
            question(tmp_path / "x")


@pytest.mark.skipif(
    sys.platform in ("win32", "darwin"), reason="names there are Unicode: run this test on Linux"
)
def test_a_name_that_is_no_utf_8_is_shown_by_its_bytes():
    name = os.fsdecode(b"caf\xe9.png")
    assert readable(name) == r"caf\xe9.png"
    assert readable("café.png") == "café.png"


def test_what_a_terminal_does_not_know_ends_no_program(monkeypatch):
    for encoding, shown in (("utf-8", r"é\xe9"), ("ascii", r"\xe9\xe9")):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
        monkeypatch.setattr(sys, "stdout", stream)
        places.use_readable_streams()
        print("é" + chr(0xDCE9), end="", flush=True)
        assert stream.buffer.getvalue().decode(encoding) == shown
