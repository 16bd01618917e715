"""Writing files so that nothing is ever half-written."""

import json
import os
import tempfile
from pathlib import Path

from lenet_edu.errors import LenetError


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
