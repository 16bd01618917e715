"""Writing files so that nothing is ever half-written."""

import fcntl
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from lenet_edu.system.errors import LenetError


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` at `path`, all of it or, if anything fails, none of it.

    Makes the folder if need be. An older file of that name stays whole until the new one is complete.
    Raises LenetError if the folder cannot be written to or the disk is full.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise LenetError(
            f"{path} could not be written: {error.strerror or error}. "
            "Nothing was changed there; make room or choose another folder."
        ) from error


def write_json(path: Path, value) -> None:
    """Write `value` as indented JSON, atomically."""
    write_atomically(path, (json.dumps(value, indent=1) + "\n").encode())


def read_json(path: Path):
    """The value in a JSON file; LenetError if it is missing, unreadable or damaged."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LenetError(f"{path} could not be read: {getattr(error, 'strerror', None) or error}.") from error


def append_line(path: Path, line: str) -> None:
    """Add a line to a text file, on disk when this returns; LenetError if it cannot be written."""
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise LenetError(f"{path} could not be written: {error.strerror or error}. Make room.") from error


@contextmanager
def lock_folder(folder: Path):
    """While this lasts, no other process or thread that asks likewise can write to `folder`, which is made.

    The lock goes with the process, however it ends. Raises LenetError if another holds it, or the folder
    cannot be made.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise LenetError(f"{folder} could not be written: {error.strerror or error}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LenetError(
                f"{folder} is in use: another training writes to it. Wait for it, or choose another folder."
            ) from error
        except OSError:
            pass  # a file system that knows no locks
        yield
    finally:
        os.close(descriptor)
