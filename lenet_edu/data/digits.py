"""Digits as tensors: MNIST from disk or by download, else the embedded digits, which are always there.

digits = load_digits()
digits.train.images                    # (N, 1, 32, 32)
"""

import gzip
import hashlib
import os
import socket
import sys
import tempfile
import urllib.request
import zlib
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from time import monotonic

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.data.byte_images import ByteImages, concatenate
from lenet_edu.data.splits import (
    NAMES,
    PAPER_SCALING,
    Data,
    Scaling,
    Source,
    Split,
    hold_out,
    pad,
    standard_scaling,
)
from lenet_edu.network import paper
from lenet_edu.system.errors import LenetError, check_choice
from lenet_edu.system.language import translate
from lenet_edu.system.places import data_folder, is_file, unreachable

SOURCES = ("auto", "mnist", "embedded")
SCALINGS = ("paper", "standard")

# MD5 of each file once unpacked. They notice damage; nothing rests on them for safety.
MNIST_FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}

# scikit-learn's digits as browsers get them; a test compares the two. Importing scikit-learn for them takes
# 75 MB and a second.
_SMALL_DIGITS = Path(__file__).parents[1] / "engine" / "digits.gz"
_SMALL_SIZE = 8

# Every so many-th image of each class is held out, so the splits are fixed and stratified.
_MNIST_VALIDATION_EVERY = 12  # 5,000 of 60,000
_EMBEDDED_TEST_EVERY = 5
_EMBEDDED_VALIDATION_EVERY = 8

# Where the files are not in torchvision's layout, they are looked for in so many folders below the data's.
_SEARCH_DEPTH = 3
# The longest file of MNIST, in bytes: what unpacks to more is none of them.
_LONGEST = 16 + 60_000 * paper.MNIST_SIZE**2

# The network counts as unreachable after this many seconds without an answer.
_PATIENCE = 3.0


def load_digits(source: str = "auto", scaling: str = "paper", folder: Path | str | None = None) -> Data:
    """The digits as the paper feeds them: 32x32, glyph of 20x20, -0.1 to 1.175.

    source: "mnist" (from disk, else by download), "embedded" (scikit-learn's 1,797), or "auto": MNIST if
    it can be had, else the embedded digits, and `note` says so.
    scaling: "paper", or "standard" for mean 0 and variance 1 over the training split.
    folder: where MNIST lies or is to lie in torchvision's layout; see `data_folder`.

    Raises LenetError for damaged files, and for source "mnist" if it can be had from nowhere.
    """
    check_choice("data", source, SOURCES)
    check_choice("scaling", scaling, SCALINGS)
    if source == "embedded":
        return _embedded_digits(scaling)
    paths = find_mnist(folder)
    if paths is None:
        try:
            paths = fetch_mnist(folder)
        except LenetError as error:
            if source == "mnist":
                raise
            digits = _embedded_digits(scaling)
            return replace(
                digits, note=translate("{error} The {name} step in.", error=error, name=digits.name)
            )
    return _mnist_digits(paths, scaling)


def all_training_digits(data: Data) -> Split:
    """The training split and what was held out of it, for a last training when all is chosen."""
    parts = (data.train, data.validation)
    images, labels = ([getattr(part, key) for part in parts] for key in ("images", "labels"))
    return Split(concatenate(images), torch.cat(labels))


def find_mnist(folder: Path | str | None = None) -> dict[str, Path] | None:
    """The paths of MNIST's four files by their names, plain or gzipped; None if there is none of them.

    They are taken from MNIST/raw, torchvision's layout, or else from wherever they lie in the data's folder
    under names such as train-images.idx3-ubyte, if their checksums are MNIST's.
    Raises LenetError if some are there and others are missing, or if the folder cannot be opened.
    """
    root = data_folder(folder)
    raw = root / "MNIST" / "raw"
    paths = {name: path for name in MNIST_FILES if (path := _find_file(raw, name))}
    if len(paths) < len(MNIST_FILES):
        paths = {**_search(root), **paths}
    if not paths:
        return None
    missing = [name for name in MNIST_FILES if name not in paths]
    if missing:
        there = ", ".join(str(path) for path in paths.values())
        raise LenetError(
            "{raw} lacks {missing}; found: {there}. {anew}",
            raw=raw,
            missing=", ".join(missing),
            there=there,
            anew=_anew(raw),
        )
    return paths


def fetch_mnist(folder: Path | str | None = None) -> dict[str, Path]:
    """Download MNIST through torchvision, with a progress bar; the paths of its files by their names.

    Nothing is left behind if it fails. Raises LenetError if the network is unreachable (noticed within
    5 seconds), if LENET_EDU_OFFLINE is set, or if the folder cannot be written to.
    """
    root = data_folder(folder)
    if os.environ.get("LENET_EDU_OFFLINE"):
        raise LenetError("MNIST is not in {root} and LENET_EDU_OFFLINE forbids fetching it.", root=root)
    mirrors = _reachable_mirrors()
    if not mirrors:
        raise LenetError(
            "MNIST is not in {root} and cannot be fetched: its servers are unreachable.", root=root
        )
    raw = root / "MNIST" / "raw"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root) as temporary, _socket_timeout(30):
            fetched = _download(Path(temporary), mirrors)
            raw.mkdir(parents=True, exist_ok=True)
            for name in MNIST_FILES:
                os.replace(fetched / name, raw / name)
    except (OSError, RuntimeError, EOFError, zlib.error) as error:
        raise LenetError("MNIST could not be fetched into {root}: {error}", root=root, error=error) from error
    return {name: raw / name for name in MNIST_FILES}


def describe_data(folder: Path | str | None = None) -> list[dict]:
    """What data there is and where: `data`, `state` ("found" or "missing"), `where`, `images`.

    Reads every file, and raises LenetError if one is damaged.
    """
    paths = find_mnist(folder)
    mnist = {"data": NAMES["mnist"], "state": "missing", "where": str(data_folder(folder)), "images": 0}
    if paths:
        counts = {name: len(_read_idx(path, name)) for name, path in paths.items()}
        images = sum(count for name, count in counts.items() if "images" in name)
        where = os.path.commonpath(path.parent for path in paths.values())
        mnist |= {"state": "found", "where": where, "images": images}
    embedded = {
        "data": NAMES["embedded"],
        "state": "found",
        "where": "with scikit-learn",
        "images": len(_load_small_digits()[1]),
    }
    return [mnist, embedded]


def _mnist_digits(paths: dict[str, Path], scaling: str) -> Data:
    (pixels, labels), test = _read_pair(paths, "train"), _read_pair(paths, "t10k")
    train, validation = hold_out(torch.arange(len(labels)), labels, every=_MNIST_VALIDATION_EVERY)
    levels = _levels(scaling, ByteImages(pixels, _ink_of_bytes, train[0]))
    images = partial(ByteImages, to_floats=lambda some: levels.apply(_ink_of_bytes(some)))
    return Data(
        train=Split(images(pixels, places=train[0]), train[1]),
        validation=Split(images(pixels, places=validation[0]), validation[1]),
        test=Split(images(test[0]), test[1]),
        scaling=levels,
        source=Source("mnist"),
    )


def _ink_of_bytes(pixels: Tensor) -> Tensor:
    """(N, 1, 28, 28) bytes -> ink (N, 1, 32, 32), 0 to 1."""
    return pad(pixels) / 255


def _load_small_digits() -> tuple[Tensor, Tensor]:
    """scikit-learn's digits: bytes (1797, 1, 8, 8), 0 to 16, and labels (1797,)."""
    packed = np.frombuffer(gzip.decompress(_SMALL_DIGITS.read_bytes()), np.uint8)
    pixels, labels = np.split(packed, [-(len(packed) // (_SMALL_SIZE**2 + 1))])
    return torch.tensor(pixels).view(-1, 1, _SMALL_SIZE, _SMALL_SIZE), torch.tensor(labels).long()


def _embedded_digits(scaling: str) -> Data:
    pixels, labels = _load_small_digits()
    small = pixels.float() / pixels.max().item()
    # Bicubic overshoots a little at sharp edges; ink is from 0 to 1.
    glyphs = F.interpolate(small, size=(paper.GLYPH_SIZE,) * 2, mode="bicubic").clamp(0, 1)
    rest, test = hold_out(pad(glyphs), labels, every=_EMBEDDED_TEST_EVERY)
    train, validation = hold_out(*rest, every=_EMBEDDED_VALIDATION_EVERY)
    levels = _levels(scaling, train[0])
    splits = (Split(levels.apply(ink), labels) for ink, labels in (train, validation, test))
    return Data(*splits, scaling=levels, source=Source("embedded"))


def _levels(scaling: str, ink: Tensor) -> Scaling:
    """ink: of the training split, (N, 1, 32, 32), 0 to 1."""
    return PAPER_SCALING if scaling == "paper" else standard_scaling(ink)


# The files of MNIST ----------------------------------------------------------------------------------


def _read_pair(paths: dict[str, Path], prefix: str) -> tuple[Tensor, Tensor]:
    """Bytes (N, 1, 28, 28), and labels (N,)."""
    names = (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
    images, labels = (torch.from_numpy(_read_idx(paths[name], name)) for name in names)
    return images[:, None], labels.long()


def _content(path: Path) -> np.ndarray:
    """The bytes of a file, unpacked if it is gzipped; never much more than MNIST's longest file has.

    Of a plain file they are the file itself, mapped: all processes of a machine share them. Not on Windows,
    where a mapped file could not be removed.
    """
    with path.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
        if not is_packed and sys.platform != "win32" and os.path.getsize(path):
            return np.memmap(path, np.uint8, mode="c").view(np.ndarray)  # c: whoever writes gets a copy
        file.seek(0)
        if is_packed:
            with gzip.GzipFile(fileobj=file) as unpacked:
                return np.frombuffer(bytearray(unpacked.read(_LONGEST + 1)), np.uint8)
        return np.frombuffer(bytearray(file.read(_LONGEST + 1)), np.uint8)


def _checksum(path: Path) -> str:
    """The MD5 of a file's bytes, unpacked if it is gzipped.

    It is read in pieces: the pages of a mapping that are read count as this process's memory.
    """
    md5 = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        with gzip.GzipFile(fileobj=file) if is_packed else file as content:
            left = _LONGEST + 1
            while left and (piece := content.read(min(left, 2**20))):
                md5.update(piece)
                left -= len(piece)
    return md5.hexdigest()


def _read_idx(path: Path, name: str) -> np.ndarray:
    """The bytes of an IDX file, in its own shape; every way in which it can be damaged has its message."""
    raw = path.parent
    try:
        content, checksum = _content(path), _checksum(path)
    except PermissionError as error:
        raise unreachable(path, error) from error
    except (OSError, EOFError, zlib.error) as error:
        raise LenetError(
            "{path} could not be read: {error}. {anew}", path=path, error=error, anew=_anew(raw)
        ) from error
    dimensions = 3 if "idx3" in name else 1
    magic, wanted = content[:4].tobytes(), bytes([0, 0, 8, dimensions])
    if magic != wanted:
        raise LenetError(
            "{path} is not what its name says: it begins with {magic}, not with {wanted}. {anew}",
            path=path,
            magic=magic.hex() or translate("nothing"),
            wanted=wanted.hex(),
            anew=_anew(raw),
        )
    header = 4 + 4 * dimensions
    shape = tuple(int.from_bytes(content[i : i + 4].tobytes(), "big") for i in range(4, header, 4))
    expected = header + int(np.prod(shape))
    if len(content) != expected:
        raise LenetError(
            "{path} holds {content_count:,} bytes where its header promises {expected:,}: it is "
            "truncated or damaged. {anew}",
            path=path,
            content_count=len(content),
            expected=expected,
            anew=_anew(raw),
        )
    if checksum != MNIST_FILES[name]:
        raise LenetError(
            "{path} fails its checksum: it is damaged, or not MNIST's. {anew}", path=path, anew=_anew(raw)
        )
    return content[header:].reshape(shape)


def _anew(raw: Path) -> str:
    return translate("To fetch MNIST anew, remove {raw} and run: lenet-edu data", raw=raw)


def _find_file(raw: Path, name: str) -> Path | None:
    candidates = (raw / name, raw / f"{name}.gz")
    return next((path for path in candidates if is_file(path)), None)


def _search(root: Path) -> dict[str, Path]:
    """MNIST's files that lie elsewhere or are called otherwise, as other sites have them, by their names.

    Other data sets use the same names, so that only the checksum tells which files they are.
    """
    names = {checksum: name for name, checksum in MNIST_FILES.items()}
    paths = {}
    for folder, folders, files in os.walk(root):
        below = len(Path(folder).relative_to(root).parts)
        folders[:] = sorted(name for name in folders if below < _SEARCH_DEPTH and name[0] != ".")
        for file in sorted(files):
            if "ubyte" not in file.lower() and "idx" not in file.lower():
                continue
            try:
                name = names.get(_checksum(Path(folder) / file))
            except (OSError, EOFError, zlib.error):
                continue
            if name:
                paths.setdefault(name, Path(folder) / file)
    return paths


# Fetching --------------------------------------------------------------------------------------------


def _download(root: Path, mirrors: list[str]) -> Path:
    """torchvision's download into `root`, its files unpacked and checked; the folder they are in."""
    from torchvision.datasets import MNIST

    # A subclass of the same name, since torchvision names the folder after the class.
    type("MNIST", (MNIST,), {"mirrors": mirrors})(str(root), download=True)
    return root / "MNIST" / "raw"


def _reachable_mirrors() -> list[str]:
    """torchvision's servers, the first that answered in front; empty if none did in time."""
    from torchvision.datasets import MNIST

    answers: Queue[str | None] = Queue()

    def ask(mirror: str) -> None:
        try:
            request = urllib.request.Request(mirror + MNIST.resources[-1][0], method="HEAD")
            with urllib.request.urlopen(request, timeout=_PATIENCE):
                answers.put(mirror)
        except OSError:
            answers.put(None)

    # Threads that may be left behind: looking up a name can outlast any timeout.
    for mirror in MNIST.mirrors:
        Thread(target=ask, args=(mirror,), daemon=True).start()
    deadline = monotonic() + _PATIENCE
    for _ in MNIST.mirrors:
        try:
            first = answers.get(timeout=max(0, deadline - monotonic()))
        except Empty:
            return []
        if first is not None:
            return [first, *(mirror for mirror in MNIST.mirrors if mirror != first)]
    return []


@contextmanager
def _socket_timeout(seconds: float):
    """For torchvision's download, which sets none of its own and would wait for a silent server for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
