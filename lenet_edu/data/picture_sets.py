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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm.auto import tqdm

from lenet_edu.data.byte_images import ByteImages
from lenet_edu.data.digits import load_digits
from lenet_edu.data.pictures import open_picture
from lenet_edu.data.splits import HALF_SCALING, NAMES, Data, Source, Split, hold_out
from lenet_edu.network.architecture import rgb_lenet
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate
from lenet_edu.system.places import cache_folder, data_folder, is_folder, readable, unreachable, user_path
from lenet_edu.system.tensors import load_tensors, save_tensors

TRAIN, VALIDATION = "train", "val"

# Every so many-th training picture of each class is held out to choose by.
_VALIDATION_EVERY = 10

# Files that systems leave in folders; nobody takes them for pictures.
_NOT_PICTURES = {"thumbs.db", "desktop.ini"}

# Of what could not be read, so many are named; the others are counted.
_NAMED = 5

# Pictures of more pixels than this are decoded one at a time: of 100 megapixels one alone fills a gigabyte.
_LARGE = 16_000_000
_one_large = Lock()


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

    Folders may be links, and classes may have any name. A class with a single training picture keeps it, and
    has none in the validation split; a warning says so.

    Raises LenetError for a missing, closed or empty folder, a single class, and classes that differ between
    splits.
    """
    root = Path(os.path.abspath(user_path(root)))
    files, classes = _find_files(root)
    contents = _hash_contents([path for split in files.values() for path, _ in split], progress)
    key = _key(root, files, contents, size)
    cache = cache_folder() if cache is None else user_path(cache)
    store = cache and cache / f"images-{_short(str(root.resolve()))}-{key}.safetensors"
    pixels, labels, failures = _load_cache(store) or _decode_all(root, files, size, progress, store)
    _report(root, failures, len(contents), strict)
    for name in (TRAIN, VALIDATION):
        _check_counts(root / name, labels[name], classes)
    if held_out:
        _check_enough(root / TRAIN, labels[TRAIN], classes)
    pairs = [(pixels[name], labels[name]) for name in (TRAIN, VALIDATION)]
    return _split(*pairs, source=Source("folder", held_out, str(root), key[:8]), classes=classes)


def load_cats_and_dogs(
    folder: Path | str | None = None, *, held_out: bool = True, progress: bool = True
) -> Data:
    """CIFAR-10's cats and dogs, from disk or through torchvision; else drawn shapes, and `note` says so.

    folder: where data sets live, see `data.data_folder`. If it has a folder CatAndDog, that is taken.
    held_out, progress: as in `load_images`.
    """
    root = data_folder(folder)
    if is_folder(root / "CatAndDog"):
        return load_images(root / "CatAndDog", held_out=held_out, progress=progress)
    try:
        return _cifar(root, held_out)
    except (LenetError, OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        note = (
            f"No cats and dogs could be had: {reason} Drawn rings and crosses step in. They are no animals."
        )
        return replace(draw_shapes(), note=note)


def load_again(
    source: Source,
    scaling: str = "paper",
    folder: Path | str | None = None,
    progress: bool = True,
) -> Data:
    """The data of a source, pictures or digits, once more.

    scaling, folder: as `load_digits` takes them. progress: as in `load_images`.
    Raises LenetError if the data is no longer there, or no longer the same.
    """
    if source.kind in ("mnist", "embedded"):
        return load_digits(source.kind, scaling, folder)
    if source.kind == "shapes":
        return draw_shapes()
    if source.kind == "cifar":
        return _cifar(data_folder(folder), source.held_out)
    if source.kind != "folder":
        kinds = ", ".join([*NAMES, "folder"])
        raise LenetError(
            "The data {kind!r} cannot be loaded again: it is none of {kinds}. Load it yourself.",
            kind=source.kind,
            kinds=kinds,
        )
    if not source.root:
        raise LenetError(
            "The pictures were read from a folder, and it is not known which. Name it: --images DIR."
        )
    data = load_images(source.root, held_out=source.held_out, progress=progress)
    if data.source != source:
        raise LenetError(
            "{root} no longer holds the same pictures: their fingerprint was {key}, now it is {now}. "
            "Name the folder that has them, or train anew.",
            root=source.root,
            key=source.key,
            now=data.source.key,
        )
    return data


def draw_shapes(count: int = 1000, seed: int = 0) -> Data:
    """Rings and crosses of any place, size, turn and colour: as many as `count` to train, made in an instant.

    They learn fast and are no measure of anything: they show that all works where there are no pictures.
    """
    generator = torch.Generator().manual_seed(seed)
    train, validation, test = (_draw(number, generator) for number in (count, count // 5, count // 5))
    return Data(
        train, validation, test, scaling=HALF_SCALING, source=Source("shapes"), classes=("cross", "ring")
    )


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


def _split(train, test, source: Source, classes: tuple[str, ...]) -> Data:
    """Pairs (bytes, labels) as three splits."""
    rest, validation = hold_out(*train, every=_VALIDATION_EVERY) if source.held_out else (train, test)
    splits = (Split(ByteImages(pixels, _scale), labels) for pixels, labels in (rest, validation, test))
    return Data(*splits, scaling=HALF_SCALING, source=source, classes=classes)


def _scale(pixels: Tensor) -> Tensor:
    return HALF_SCALING.apply(pixels / 255)


def _cifar(root: Path, held_out: bool) -> Data:
    """Two of CIFAR-10's classes; fetched through torchvision if they are not there."""
    from torchvision.datasets import CIFAR10

    here = is_folder(root / CIFAR10.base_folder)
    if not here and os.environ.get("LENET_EDU_OFFLINE"):
        raise LenetError("CIFAR-10 is not in {root} and LENET_EDU_OFFLINE forbids fetching it.", root=root)
    parts = []
    for train in (True, False):
        cifar = CIFAR10(str(root), train=train, download=not here)
        chosen = [cifar.class_to_idx[name] for name in ("cat", "dog")]
        labels = torch.tensor(cifar.targets)
        wanted = torch.isin(labels, torch.tensor(chosen))
        pixels = torch.from_numpy(cifar.data)[wanted].permute(0, 3, 1, 2).contiguous()
        parts.append((pixels, (labels[wanted] == chosen[1]).long()))
    return _split(*parts, source=Source("cifar", held_out), classes=("cat", "dog"))


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
    if not is_folder(root):
        raise LenetError(
            "{root} is no folder. Give one that holds {train}/CLASS/* and {validation}/CLASS/*.",
            root=root,
            train=TRAIN,
            validation=VALIDATION,
        )
    pictures = {}
    for name in (TRAIN, VALIDATION):
        folder = root / name
        if not is_folder(folder):
            here = [path.name for path in _folders_in(root)]
            raise LenetError(
                "{root} has no folder {name}; it has {here}. Pictures belong into {train}/CLASS/ and "
                "{validation}/CLASS/.",
                root=root,
                name=name,
                here=", ".join(here) or translate("no folders at all"),
                train=TRAIN,
                validation=VALIDATION,
            )
        pictures[name] = {readable(path.name): find_pictures(path) for path in _folders_in(folder)}
    classes = tuple(pictures[TRAIN])
    if len(classes) < 2:
        raise LenetError(
            "{train} has {classes_count} classes ({classes}); at least 2 are needed.",
            train=root / TRAIN,
            classes_count=len(classes),
            classes=", ".join(classes),
        )
    if tuple(pictures[VALIDATION]) != classes:
        odd = sorted(set(classes) ^ set(pictures[VALIDATION]))
        raise LenetError(
            "The classes of {train} and {validation} differ: {odd} is in one of them only.",
            train=root / TRAIN,
            validation=root / VALIDATION,
            odd=", ".join(odd),
        )
    files = {
        name: [(path, label) for label, one in enumerate(classes) for path in pictures[name][one]]
        for name in pictures
    }
    return files, classes


def _folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, links to folders included, in order; without hidden ones."""
    try:
        inner = sorted(folder.iterdir(), key=lambda path: path.name)
        return [path for path in inner if path.is_dir() and not path.name.startswith(".")]
    except OSError as error:
        raise unreachable(folder, error) from error


def find_pictures(folder: Path) -> list[Path]:
    """The files in a folder and in folders below it, in order; without hidden ones and those of systems.

    Follows links; one that leads nowhere is listed as well, so that whoever opens it can say so.
    Raises LenetError if a folder cannot be opened.
    """
    return sorted(_walk(folder, frozenset()), key=lambda path: path.relative_to(folder).parts)


def _walk(folder: Path, above: frozenset[str]) -> Iterator[Path]:
    """The files below a folder. above: where the folders really are that it lies in."""
    here = os.path.realpath(folder)
    if here in above:  # a link to a folder that it lies in would never end
        return
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                path = Path(entry.path)
                if entry.name.startswith(".") or entry.name.lower() in _NOT_PICTURES:
                    continue
                if entry.is_dir():
                    yield from _walk(path, above | {here})
                elif entry.is_file() or (entry.is_symlink() and not path.exists()):
                    yield path
    except OSError as error:
        raise unreachable(folder, error) from error


def _check_counts(folder: Path, labels: Tensor, classes: tuple[str, ...]) -> None:
    counts = torch.bincount(labels, minlength=len(classes)).tolist()
    empty = [name for name, number in zip(classes, counts, strict=True) if not number]
    if empty:
        raise LenetError(
            "{folder} has no pictures of {empty} that can be read.", folder=folder, empty=", ".join(empty)
        )


def _check_enough(folder: Path, labels: Tensor, classes: tuple[str, ...]) -> None:
    """Warn of classes of which nothing can be held out; raise if nothing can be of any."""
    counts = torch.bincount(labels, minlength=len(classes)).tolist()
    single = [name for name, number in zip(classes, counts, strict=True) if number == 1]
    if len(single) == len(classes):
        raise LenetError(
            "{folder} has one picture of each class: none can be held out to validate. Add pictures, "
            "or train on all (--train-on-all, held_out=False).",
            folder=folder,
        )
    if single:
        warnings.warn(
            translate(
                "{folder} has a single picture of {single}. It is trained on, and the validation split "
                "has none.",
                folder=folder,
                single=", ".join(single),
            ),
            stacklevel=3,
        )


def _report(root: Path, failures: list[list[str]], files: int, strict: bool) -> None:
    """Say which files are left out, or refuse to leave any out."""
    if not failures:
        return
    named = "; ".join(f"{name} ({reason})" for name, reason in failures[:_NAMED])
    more = translate("; and {count} more", count=len(failures) - _NAMED) if len(failures) > _NAMED else ""
    text = translate(
        "{count} of {files:,} files in {root} could not be read as pictures: {named}{more}.",
        count=len(failures),
        files=files,
        root=root,
        named=named,
        more=more,
    )
    if strict:
        raise LenetError("{text} Mend or remove them, or load with strict=False.", text=text)
    warnings.warn(translate("{text} They are left out.", text=text), stacklevel=3)


# Decoding, and the cache ----------------------------------------------------------------------------------


def _decode_all(root: Path, files: dict, size: int, progress: bool, store: Path | None):
    """Pixels and labels by split, and what could not be read; kept in `store` if that can be written."""
    pixels, labels, failures = {}, {}, []
    for name, entries in files.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures and odd tags: either it can be read or not
            decoded = _in_parallel(lambda entry: _try(entry[0], size), entries, progress, f"reading {name}")
        good = [place for place, result in enumerate(decoded) if isinstance(result, Tensor)]
        failures += [
            [readable(path.relative_to(root).as_posix()), result]
            for (path, _), result in zip(entries, decoded, strict=True)
            if not isinstance(result, Tensor)
        ]
        blank = torch.zeros(0, 3, size, size, dtype=torch.uint8)
        pixels[name] = torch.stack([decoded[place] for place in good]) if good else blank
        labels[name] = torch.tensor([entries[place][1] for place in good], dtype=torch.long)
    _save_cache(store, pixels, labels, failures)
    return pixels, labels, failures


def _try(path: Path, size: int) -> Tensor | str:
    try:
        with _one_large if _pixels_of(path) > _LARGE else nullcontext():
            return decode(path, size)
    except LenetError as error:
        return str(error)


def _pixels_of(path: Path) -> int:
    """How many pixels a picture file says that it has; 0 if it says nothing that is understood."""
    try:
        with Image.open(path) as picture:
            return picture.width * picture.height
    except Exception:  # whatever is wrong with it, `decode` will say
        return 0


def _in_parallel(work, items: list, progress: bool, what: str) -> list:
    """The results in order. Threads, since Pillow and hashing let others work meanwhile."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        results = threads.map(work, items)
        return list(
            tqdm(results, total=len(items), desc=what, unit="file", disable=not progress, leave=False)
        )


def _hash_contents(paths: list[Path], progress: bool) -> list[str]:
    def digest(path: Path) -> str:
        content = hashlib.blake2b(digest_size=16)
        try:
            with path.open("rb") as file:
                while block := file.read(2**20):
                    content.update(block)
        except OSError:
            return "unreadable"
        return content.hexdigest()

    return _in_parallel(digest, paths, progress, "comparing")


def _key(root: Path, files: dict, contents: list[str], size: int) -> str:
    """Changes with any name, label, content, and the size."""
    entries = [
        (path.relative_to(root).as_posix(), label) for split in files.values() for path, label in split
    ]
    return _short(repr((size, list(zip(entries, contents, strict=True)))))


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _load_cache(store: Path | None):
    """What `_save_cache` wrote; None if there is nothing, or nothing whole."""
    if store is None:
        return None
    try:
        tensors, notes = load_tensors(store)
        pixels = {name: tensors[f"pixels.{name}"] for name in (TRAIN, VALIDATION)}
        labels = {name: tensors[f"labels.{name}"] for name in (TRAIN, VALIDATION)}
        return pixels, labels, notes["failures"]
    except (LenetError, KeyError):
        return None


def _save_cache(store: Path | None, pixels: dict, labels: dict, failures: list) -> None:
    """Write them for the next start, in place of what an earlier state of the same folder left."""
    if store is None:
        return
    tensors = {f"pixels.{name}": tensor for name, tensor in pixels.items()}
    tensors |= {f"labels.{name}": tensor for name, tensor in labels.items()}
    same_root = store.name.rsplit("-", 1)[0]
    with suppress(LenetError, OSError):  # it only saves time
        save_tensors(store, tensors, {"failures": failures})
        for older in store.parent.glob(f"{same_root}-*.safetensors"):
            if older != store:
                older.unlink(missing_ok=True)
