"""Where things lie on the user's machine: paths as users write them, the folders for data and for caches."""

import codecs
import io
import os
import sys
from pathlib import Path

from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import read_json

# The clone that the package lies in, if it was installed from one.
_PROJECT = Path(__file__).resolve().parents[2]


def user_path(path: Path | str) -> Path:
    """A path as a user may write it, `~` and `~name` included.

    Shells expand `~` only at the beginning of a word: not in --out=~/run, nor in what a program sets.
    Raises LenetError for `~` where the user has no home.
    """
    path = Path(path)
    try:
        return path.expanduser()
    except RuntimeError as error:
        if path.parts[0] != "~":  # a name that only begins like one, as ~backup
            return path
        raise LenetError(
            "{path} could not be found: this user has no home. Give a whole path.", path=path
        ) from error


def is_folder(path: Path) -> bool:
    """True if `path` is a folder; LenetError if it cannot be told, since a folder above it is closed."""
    return _ask(path.is_dir, path)


def is_file(path: Path) -> bool:
    """True if `path` is a file; LenetError if it cannot be told, since a folder above it is closed."""
    return _ask(path.is_file, path)


def _ask(question, path: Path) -> bool:
    # Before Python 3.14 is_dir and is_file raise where permission is missing, from then on they say no.
    try:
        if question():
            return True
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        raise unreachable(path, error) from error
    return False


def unreachable(path: Path | str, error: OSError) -> LenetError:
    """The error for a file or folder that the system refuses to open."""
    return LenetError(
        "{path} could not be opened: {reason}. Make it readable, or choose another place.",
        path=path,
        reason=error.strerror or error,
    )


def data_folder(folder: Path | str | None = None) -> Path:
    """Where data sets live: the folder given, else LENET_EDU_DATA, else data/ beside the notebooks.

    An installed copy without notebooks uses data/ in the current folder.
    """
    if folder is not None:
        return user_path(folder)
    if os.environ.get("LENET_EDU_DATA"):
        return user_path(os.environ["LENET_EDU_DATA"])
    return (_PROJECT if (_PROJECT / "notebooks").is_dir() else Path.cwd()) / "data"


def read_results(name: str) -> dict:
    """The recorded experiments of results/NAME.json in the project, from whatever folder this is asked.

    Raises LenetError if they are not there, as where the package alone is installed.
    """
    path = _PROJECT / "results" / f"{name}.json"
    if not path.exists():
        raise LenetError(
            "{path} is missing: the recorded results come with a clone of the project, not by pip. "
            "Install the package from a clone: pip install -e '.[notebooks]'",
            path=path,
        )
    return read_json(path)


def cache_folder() -> Path | None:
    """Where decoded pictures are kept: LENET_EDU_CACHE, else the user's own cache.

    None for a user without a home, as in a container that runs under a number of its own.
    """
    if os.environ.get("LENET_EDU_CACHE"):
        return user_path(os.environ["LENET_EDU_CACHE"])
    if os.environ.get("XDG_CACHE_HOME"):
        return user_path(os.environ["XDG_CACHE_HOME"]) / "lenet_edu"
    try:
        return Path.home() / ".cache" / "lenet_edu"
    except RuntimeError:
        return None


def readable(name: Path | str) -> str:
    """A path or a name for screens and files: bytes in it that are no UTF-8 are shown as \\xe9."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _show_bytes(error: UnicodeError) -> tuple[str, int]:
    """For `codecs`: letters that a stream cannot show, and bytes in names that are no UTF-8, as \\xe9."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    bad = "".join(
        f"\\x{ord(letter) - 0xDC00:02x}" if 0xDC80 <= ord(letter) <= 0xDCFF else ascii(letter)[1:-1]
        for letter in letters
    )
    return bad, error.end


codecs.register_error("lenet_edu.show_bytes", _show_bytes)


def use_readable_streams() -> None:
    """Let nothing that is printed end the program, whatever letters the terminal knows."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="lenet_edu.show_bytes")
