"""Writing files so that nothing is ever half-written, on Linux, macOS and Windows alike."""

import errno
import json
import os
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from lenet_edu.system.errors import LenetError

# A folder in which something has written has this file, empty. It stays: to remove it would let two that ask
# at that moment both have the lock.
LOCK = ".lock"
# What file systems without locks answer.
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}
# Windows refuses to replace a file that another program has open: seconds between further attempts.
_WAITS = (0.01, 0.03, 0.1, 0.3, 1.0) if sys.platform == "win32" else ()

# Names that mean a device in every folder of Windows, with any ending, and what no name there may hold.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_FORBIDDEN = set('<>:"/\\|?*')


def write_atomically(path: Path | str, content: bytes) -> None:
    """Put `content` at `path`, all of it or, if anything fails, none of it.

    Makes the folder if need be. An older file of that name stays whole until the new one is complete.
    Raises LenetError if the folder cannot be written to or the disk is full.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        _replace(temporary, path)
    except BaseException as error:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise LenetError(
            "{path} could not be written: {reason}. Nothing was changed there; make room or choose "
            "another folder.",
            path=path,
            reason=error.strerror or error,
        ) from error


def _replace(source: str, target: Path) -> None:
    for seconds in _WAITS:
        try:
            os.replace(source, target)
        except PermissionError:
            time.sleep(seconds)
        else:
            return
    os.replace(source, target)


def write_json(path: Path | str, value) -> None:
    """Write `value` as indented JSON, atomically."""
    write_atomically(path, (json.dumps(value, indent=1) + "\n").encode())


def read_json(path: Path | str):
    """The value in a JSON file; LenetError if it is missing, unreadable or damaged."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LenetError(
            "{path} could not be read: {reason}.",
            path=path,
            reason=getattr(error, "strerror", None) or error,
        ) from error


def append_line(path: Path | str, line: str) -> None:
    """Add a line to a text file, on disk when this returns; LenetError if it cannot be written."""
    try:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise LenetError(
            "{path} could not be written: {reason}. Make room.", path=path, reason=error.strerror or error
        ) from error


@contextmanager
def lock_folder(folder: Path | str):
    """While this lasts, no other process or thread that asks likewise can write to `folder`, which is made.

    The lock goes with the process, however it ends. Raises LenetError if another holds it, or the folder
    cannot be made or written to.
    """
    lock = FileLock(Path(folder) / LOCK)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LenetError(
            "{folder} is in use: another training writes to it. Wait for it, or choose another folder.",
            folder=folder,
        ) from error
    except (OSError, NotImplementedError) as error:
        if not isinstance(error, NotImplementedError) and error.errno not in _NO_LOCKS:
            raise LenetError(
                "{folder} could not be written: {reason}. Choose another folder.",
                folder=folder,
                reason=error.strerror or error,
            ) from error
    try:
        yield
    finally:
        lock.release()


def check_name(what: str, name: str) -> None:
    """Raise `LenetError` unless `name` can be that of a file or folder on every system, Windows included."""
    wrong = not name or name.startswith(".") or name.endswith((".", " ")) or len(name.encode()) > 200
    wrong = wrong or any(letter in _FORBIDDEN or ord(letter) < 32 for letter in name)
    if wrong or name.split(".")[0].strip().lower() in _DEVICES:
        raise LenetError(
            "{what} must be usable as the name of a folder; got {name!r}. Leave out {forbidden}, dots "
            "at either end and names such as aux or con.",
            what=what,
            name=name,
            forbidden=" ".join(sorted(_FORBIDDEN)),
        )
