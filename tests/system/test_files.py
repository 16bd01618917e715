"""Files are written whole or not at all."""

import errno
import os
import subprocess
import sys

import pytest

from lenet_edu.system import files
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import (
    append_line,
    check_name,
    lock_folder,
    read_json,
    write_atomically,
    write_json,
)


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


def test_nothing_stays_behind_whatever_interrupts(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "weights", b"content")
    assert os.listdir(tmp_path) == []


def test_a_name_as_long_as_names_can_be_is_written(tmp_path):
    write_atomically(tmp_path / ("n" * 255), b"content")
    assert (tmp_path / ("n" * 255)).read_bytes() == b"content"


def test_a_file_that_windows_holds_for_a_moment_is_replaced_after_it(tmp_path, monkeypatch):
    refused, replace = [], os.replace

    def held(source, target):
        if len(refused) < 2:
            refused.append(target)
            raise PermissionError(13, "Access is denied")
        replace(source, target)

    monkeypatch.setattr(files, "_WAITS", (0.001, 0.001, 0.001))
    monkeypatch.setattr(os, "replace", held)
    write_atomically(tmp_path / "weights", b"content")
    assert (tmp_path / "weights").read_bytes() == b"content"
    assert len(refused) == 2


def test_lines_end_alike_on_every_system(tmp_path):
    append_line(tmp_path / "log", "one")
    append_line(tmp_path / "log", "zwölf")
    assert (tmp_path / "log").read_bytes() == "one\nzwölf\n".encode()


HOLDER = """
import sys
from lenet_edu.system.files import lock_folder
with lock_folder(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_has_one_writer_and_is_free_when_that_one_is_killed(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(LenetError, match="is in use: another training writes to it"),
            lock_folder(tmp_path),
        ):
            pass
        holder.kill()
        holder.wait()
    with lock_folder(tmp_path):
        pass


def test_a_folder_is_locked_against_the_same_process_too(tmp_path):
    new = tmp_path / "new"
    with lock_folder(new), pytest.raises(LenetError, match="is in use"), lock_folder(new):
        pass
    with lock_folder(tmp_path / "new"):
        pass


def test_a_folder_that_cannot_be_made_is_not_locked(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(LenetError, match="could not be written"), lock_folder(tmp_path / "file" / "run"):
        pass


def test_a_file_system_without_locks_is_written_to_all_the_same(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files.FileLock, "acquire", refuse)
    with lock_folder(tmp_path):
        write_atomically(tmp_path / "weights", b"content")
    assert (tmp_path / "weights").read_bytes() == b"content"


@pytest.mark.parametrize(
    "name", ["aux", "NUL.txt", "com1", "a:b", "a/b", "what?", "dot.", "space ", ".hid", "", "n" * 300]
)
def test_names_that_a_system_refuses_are_refused_on_all(name):
    with pytest.raises(LenetError, match="must be usable as the name of a folder"):
        check_name("A run's name", name)


@pytest.mark.parametrize("name", ["auxiliary", "my run 2", "café", "第一", "v1.2"])
def test_other_names_are_taken(name):
    check_name("A run's name", name)
