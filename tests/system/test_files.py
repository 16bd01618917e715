"""Files are written whole or not at all."""

import errno
import os

import pytest

from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import read_json, write_atomically, write_json


def test_folders_are_made_and_nothing_else_is_left(tmp_path):
    write_atomically(tmp_path / "a" / "b", b"content")
    assert (tmp_path / "a" / "b").read_bytes() == b"content"
    assert os.listdir(tmp_path / "a") == ["b"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_whole(tmp_path, monkeypatch, step):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "weights"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, step, full)
    with pytest.raises(LenetError, match=f"{path} could not be written: No space left"):
        write_atomically(path, b"new and longer")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["weights"]


def test_a_folder_that_refuses_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LenetError, match="could not be written"):
        write_atomically(tmp_path / "file" / "weights", b"content")


def test_json_round_trip_and_damage(tmp_path):
    write_json(tmp_path / "x.json", {"a": [1, 2.5]})
    assert read_json(tmp_path / "x.json") == {"a": [1, 2.5]}
    (tmp_path / "x.json").write_text("{")
    for name in ("x.json", "missing.json"):
        with pytest.raises(LenetError, match=rf"{name} could not be read"):
            read_json(tmp_path / name)
