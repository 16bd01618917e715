"""Colour pictures as tensors: from folders ROOT/train/CLASS/* and ROOT/val/CLASS/*, of any format and size.

    data = load_images("CatAndDog")
    data.train.images                      # (N, 3, 32, 32)
    data.classes                           # ("cat", "dog")
    data = load_cats_and_dogs()            # without a folder: CIFAR-10's, or shapes that are drawn here

Every file is decoded once, in parallel. What came of it is kept on disk under a key of the files'
contents, so that the next start only reads and compares them.
"""

import hashlib
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm.auto import tqdm

from lenet_edu.data.digits import Data, Scaling, Split, data_folder, hold_out, load_digits_again
from lenet_edu.data.pictures import open_picture
from lenet_edu.network.architecture import rgb_lenet
from lenet_edu.system.errors import LenetError
from lenet_edu.system.tensors import load_tensors, save_tensors

TRAIN, VALIDATION = "train", "val"

# What data calls itself; pictures from folders add their classes and a key of their contents.
CIFAR_NAME = "CIFAR-10's cats and dogs"
SHAPES_NAME = "drawn shapes"
NONE_HELD_OUT = ", none held out"
_FOLDERS = "pictures of "

# Values from -1 to 1, as the tutorial has them.
HALF_SCALING = Scaling("half", -1.0, 1.0)

# Every so many-th training picture of each class is held out to choose by.
_VALIDATION_EVERY = 10

# Files that systems leave in folders; nobody takes them for pictures.
_NOT_PICTURES = {"thumbs.db", "desktop.ini"}

# Of what could not be read, so many are named; the others are counted.
_NAMED = 5


def load_images(
    root: Path | str,
    *,
    size: int = rgb_lenet().input.size,
    held_out: bool = True,
    strict: bool = False,
    cache: Path | str | None = None,
    progress: bool = True,
) -> Data:
    """The pictures below a folder in three splits, (N, 3, size, size), from -1 to 1.

    ROOT/train/CLASS/* gives the training split, less every tenth picture of each class, which is the
    validation split; ROOT/val/CLASS/* is the test split. So one can choose by the validation split and
    still have the folder `val` untouched.
    held_out: if False, all of ROOT/train is the training split, and ROOT/val is both validation and test
    split, as in the tutorial. Then nothing may be chosen any more: see `Run.last_weights`.
    strict: a file that is no picture is an error; else it is left out, with a warning that names it.
    cache: where decoded pictures are kept; by default LENET_EDU_CACHE, else the user's own cache.

    Raises LenetError for a missing or empty folder, a single class, and classes that differ between splits.
    """
    root = Path(root)
    files, classes = _find_files(root)
    contents = _hash_contents([path for split in files.values() for path, _ in split], progress)
    key = _key(root, files, contents, size)
    store = _cache_folder(cache) / f"images-{_short(str(root.resolve()))}-{key}.safetensors"
    pixels, labels, failures = _stored(store) or _decode_all(root, files, size, progress, store)
    _report(root, failures, len(contents), strict)
    for name in (TRAIN, VALIDATION):
        _check_counts(root / name, labels[name], classes)
    scaled = [(HALF_SCALING.apply(pixels[name] / 255), labels[name]) for name in (TRAIN, VALIDATION)]
    source = f"{_FOLDERS}{', '.join(classes)} ({key[:8]})"
    return _splits(*scaled, held_out, source=source, classes=classes, root=str(root))


def load_cats_and_dogs(
    folder: Path | str | None = None, *, held_out: bool = True, progress: bool = True
) -> Data:
    """CIFAR-10's cats and dogs, from disk or through torchvision; else drawn shapes, and `note` says so.

    folder: where data sets live, see `data.data_folder`. If it has a folder CatAndDog, that is taken.
    held_out, progress: as in `load_images`.
    """
    root = data_folder(folder)
    if (root / "CatAndDog").is_dir():
        return load_images(root / "CatAndDog", held_out=held_out, progress=progress)
    try:
        return _cifar(root, held_out)
    except (LenetError, OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        note = (
            f"No cats and dogs could be had: {reason} Drawn rings and crosses step in. They are no animals."
        )
        return replace(drawn_shapes(), note=note)


def load_again(
    source: str,
    scaling: str = "paper",
    folder: Path | str | None = None,
    root: Path | str = "",
    progress: bool = True,
) -> Data:
    """The data that called themselves `source`, pictures or digits, as a run recorded it.

    scaling, folder: as `load_digits` takes them. root: the folder of pictures that were read from one.
    progress: as in `load_images`. Raises LenetError if they are no longer there, or no longer the same.
    """
    if source == SHAPES_NAME:
        return drawn_shapes()
    held_out, plain = not source.endswith(NONE_HELD_OUT), source.removesuffix(NONE_HELD_OUT)
    if plain == CIFAR_NAME:
        return _cifar(data_folder(folder), held_out)
    if not plain.startswith(_FOLDERS):
        return load_digits_again(source, scaling, folder)
    if not root:
        raise LenetError(f"{source} were read from a folder, and it is not known which. Name it.")
    found = load_images(root, held_out=held_out, progress=progress)
    if found.source != source:
        raise LenetError(
            f"{root} no longer holds the same pictures: wanted {source}, found {found.source}. "
            "Name the folder that has them, or train anew."
        )
    return found


def drawn_shapes(count: int = 1000, seed: int = 0) -> Data:
    """Rings and crosses of any place, size, turn and colour: as many as `count` to train, made in an instant.

    They learn fast and are no measure of anything: they show that all works where there are no pictures.
    """
    generator = torch.Generator().manual_seed(seed)
    train, validation, test = (_draw(number, generator) for number in (count, count // 5, count // 5))
    return Data(train, validation, test, scaling=HALF_SCALING, source=SHAPES_NAME, classes=("cross", "ring"))


def _draw(count: int, generator: torch.Generator) -> Split:
    size = rgb_lenet().input.size
    labels = torch.arange(count) % 2
    draws = torch.rand(count, 11, generator=generator)
    radius = size * (0.2 + 0.15 * draws[:, 0])
    centre = size / 2 + (draws[:, 1:3] - 0.5) * (size - 2 * radius[:, None])
    across = torch.arange(size)[None, None, :] + 0.5 - centre[:, 0, None, None]
    down = torch.arange(size)[None, :, None] + 0.5 - centre[:, 1, None, None]
    angle, radius = (draws[:, 3] * torch.pi)[:, None, None], radius[:, None, None]
    along = across * angle.cos() + down * angle.sin()
    athwart = down * angle.cos() - across * angle.sin()
    width = radius / 4
    ring = ((across.square() + down.square()).sqrt() - (radius - width)).abs() - width
    cross = torch.minimum(
        torch.maximum(along.abs() - radius, athwart.abs() - width),
        torch.maximum(athwart.abs() - radius, along.abs() - width),
    )
    # How far a pixel is outside the shape, as how much of the pixel is paper.
    cover = (0.5 - torch.where(labels[:, None, None] == 1, ring, cross)).clamp(0, 1)[:, None]
    paper, paint = draws[:, 4:7, None, None], draws[:, 7:10, None, None]
    colours = paper + cover * (paint - paper)
    noise = torch.randn(colours.shape, generator=generator) * 0.05
    return Split(HALF_SCALING.apply((colours + noise).clamp(0, 1)), labels)


def _splits(train, test, held_out: bool, *, source: str, classes: tuple[str, ...], root: str = "") -> Data:
    """Pairs (images, labels) as three splits."""
    rest, validation = hold_out(*train, every=_VALIDATION_EVERY) if held_out else (train, test)
    source += "" if held_out else NONE_HELD_OUT
    splits = (Split(*pair) for pair in (rest, validation, test))
    return Data(*splits, scaling=HALF_SCALING, source=source, classes=classes, root=root)


def _cifar(root: Path, held_out: bool) -> Data:
    """Two of CIFAR-10's classes; fetched through torchvision if they are not there."""
    from torchvision.datasets import CIFAR10

    here = (root / CIFAR10.base_folder).is_dir()
    if not here and os.environ.get("LENET_EDU_OFFLINE"):
        raise LenetError(f"CIFAR-10 is not in {root} and LENET_EDU_OFFLINE forbids fetching it.")
    parts = []
    for train in (True, False):
        found = CIFAR10(str(root), train=train, download=not here)
        chosen = [found.class_to_idx[name] for name in ("cat", "dog")]
        labels = torch.tensor(found.targets)
        wanted = torch.isin(labels, torch.tensor(chosen))
        pixels = torch.from_numpy(found.data)[wanted].permute(0, 3, 1, 2).contiguous()
        parts.append((HALF_SCALING.apply(pixels / 255), (labels[wanted] == chosen[1]).long()))
    return _splits(*parts, held_out, source=CIFAR_NAME, classes=("cat", "dog"))


def decode(path: Path | str | bytes, size: int) -> Tensor:
    """A picture file as (3, size, size) bytes: upright, on a ground where it is transparent, smoothly scaled.

    Its proportions are not kept: a wide picture becomes narrow, as in the tutorial. Raises LenetError with
    the reason if the file is no whole picture.
    """
    picture = open_picture(path, 2 * size)
    # Pixels are averaged over the area that becomes one.
    small = picture.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return torch.from_numpy(np.array(small)).permute(2, 0, 1).contiguous()


# Finding -----------------------------------------------------------------------------------------------


def _find_files(root: Path) -> tuple[dict[str, list[tuple[Path, int]]], tuple[str, ...]]:
    """Each split's files with their labels, in order, and the names of the classes."""
    if not root.is_dir():
        raise LenetError(
            f"{root} is no folder. Give one that holds {TRAIN}/CLASS/* and {VALIDATION}/CLASS/*."
        )
    found = {}
    for name in (TRAIN, VALIDATION):
        folder = root / name
        if not folder.is_dir():
            here = sorted(path.name for path in root.iterdir() if path.is_dir())
            raise LenetError(
                f"{root} has no folder {name}; it has {', '.join(here) or 'no folders at all'}. "
                f"Pictures belong into {TRAIN}/CLASS/ and {VALIDATION}/CLASS/."
            )
        found[name] = {
            path.name: picture_files(path)
            for path in sorted(folder.iterdir())
            if path.is_dir() and not path.name.startswith(".")
        }
    classes = tuple(found[TRAIN])
    if len(classes) < 2:
        raise LenetError(
            f"{root / TRAIN} has {len(classes)} classes ({', '.join(classes)}); at least 2 are needed."
        )
    if tuple(found[VALIDATION]) != classes:
        odd = sorted(set(classes) ^ set(found[VALIDATION]))
        raise LenetError(
            f"The classes of {root / TRAIN} and {root / VALIDATION} differ: "
            f"{', '.join(odd)} is in one of them only."
        )
    files = {
        name: [(path, label) for label, one in enumerate(classes) for path in found[name][one]]
        for name in found
    }
    return files, classes


def picture_files(folder: Path) -> list[Path]:
    """The files in a folder and in folders below it, in order; without hidden ones and those of systems."""
    files = []
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in inner) or path.name.lower() in _NOT_PICTURES
        if not hidden and path.is_file():
            files.append(path)
    return files


def _check_counts(folder: Path, labels: Tensor, classes: tuple[str, ...]) -> None:
    counts = torch.bincount(labels, minlength=len(classes)).tolist()
    empty = [name for name, number in zip(classes, counts, strict=True) if not number]
    if empty:
        raise LenetError(f"{folder} has no pictures of {', '.join(empty)} that can be read.")


def _report(root: Path, failures: list[list[str]], files: int, strict: bool) -> None:
    """Say which files are left out, or refuse to leave any out."""
    if not failures:
        return
    named = "; ".join(f"{name} ({reason})" for name, reason in failures[:_NAMED])
    more = f"; and {len(failures) - _NAMED} more" if len(failures) > _NAMED else ""
    text = f"{len(failures)} of {files:,} files in {root} could not be read as pictures: {named}{more}."
    if strict:
        raise LenetError(f"{text} Mend or remove them, or load with strict=False.")
    warnings.warn(f"{text} They are left out.", stacklevel=3)


# Decoding and keeping ----------------------------------------------------------------------------------


def _decode_all(root: Path, files: dict, size: int, progress: bool, store: Path):
    """Pixels and labels by split, and what could not be read; kept in `store` if that can be written."""
    pixels, labels, failures = {}, {}, []
    for name, entries in files.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures and odd tags: either it can be read or not
            decoded = _in_parallel(lambda entry: _try(entry[0], size), entries, progress, f"reading {name}")
        good = [place for place, result in enumerate(decoded) if isinstance(result, Tensor)]
        failures += [
            [str(path.relative_to(root)), result]
            for (path, _), result in zip(entries, decoded, strict=True)
            if not isinstance(result, Tensor)
        ]
        blank = torch.zeros(0, 3, size, size, dtype=torch.uint8)
        pixels[name] = torch.stack([decoded[place] for place in good]) if good else blank
        labels[name] = torch.tensor([entries[place][1] for place in good], dtype=torch.long)
    _keep(store, pixels, labels, failures)
    return pixels, labels, failures


def _try(path: Path, size: int) -> Tensor | str:
    try:
        return decode(path, size)
    except LenetError as error:
        return str(error)


def _in_parallel(work, items: list, progress: bool, what: str) -> list:
    """The results in order. Threads, since Pillow and hashing let others work meanwhile."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        results = threads.map(work, items)
        return list(
            tqdm(results, total=len(items), desc=what, unit="file", disable=not progress, leave=False)
        )


def _hash_contents(paths: list[Path], progress: bool) -> list[str]:
    def digest(path: Path) -> str:
        try:
            return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
        except OSError:
            return "unreadable"

    return _in_parallel(digest, paths, progress, "comparing")


def _key(root: Path, files: dict, contents: list[str], size: int) -> str:
    """Changes with any name, label, content, and the size."""
    entries = [(str(path.relative_to(root)), label) for split in files.values() for path, label in split]
    return _short(repr((size, list(zip(entries, contents, strict=True)))))


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _cache_folder(cache: Path | str | None) -> Path:
    if cache is not None:
        return Path(cache)
    if os.environ.get("LENET_EDU_CACHE"):
        return Path(os.environ["LENET_EDU_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lenet_edu"


def _stored(store: Path):
    """What `_decode_all` kept; None if there is nothing, or nothing whole."""
    if not store.exists():
        return None
    try:
        tensors, notes = load_tensors(store)
        pixels = {name: tensors[f"pixels.{name}"] for name in (TRAIN, VALIDATION)}
        labels = {name: tensors[f"labels.{name}"] for name in (TRAIN, VALIDATION)}
        return pixels, labels, notes["failures"]
    except (LenetError, KeyError):
        return None


def _keep(store: Path, pixels: dict, labels: dict, failures: list) -> None:
    """Write them for the next start, in place of what an earlier state of the same folder left."""
    tensors = {f"pixels.{name}": tensor for name, tensor in pixels.items()}
    tensors |= {f"labels.{name}": tensor for name, tensor in labels.items()}
    try:
        save_tensors(store, tensors, {"failures": failures})
    except LenetError:
        return  # it only saves time
    same_root = store.name.rsplit("-", 1)[0]
    for older in store.parent.glob(f"{same_root}-*.safetensors"):
        if older != store:
            older.unlink(missing_ok=True)
