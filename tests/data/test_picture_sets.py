"""Folders of pictures: every format that people have, every way to be bad, and what is kept."""

import io
import os
import struct
import time
import warnings
import zlib
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from PIL import Image

from lenet_edu.data import picture_sets as images
from lenet_edu.data.picture_sets import decode, draw_shapes, load_again, load_cats_and_dogs, load_images
from lenet_edu.data.splits import Source
from lenet_edu.network.models import RGBLeNet
from lenet_edu.system.errors import LenetError
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import Recipe

SIDE = 32


def picture(seed: int = 0, size=(40, 30), mode: str = "RGB") -> Image.Image:
    """A smooth picture, so that what JPEG loses is little."""
    generator = np.random.default_rng(seed)
    coarse = Image.fromarray(generator.integers(0, 255, (4, 4, 3), dtype=np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC).convert(mode)


def reference(shown: Image.Image) -> torch.Tensor:
    small = shown.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(small)).permute(2, 0, 1)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Two classes: 20 and 20 pictures to train, 4 and 4 to validate."""
    monkeypatch.setenv("LENET_EDU_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "pictures"
    for split, number in (("train", 20), ("val", 4)):
        for label, name in enumerate(("cat", "dog")):
            (folder / split / name).mkdir(parents=True)
            for i in range(number):
                picture(1000 * label + i).save(folder / split / name / f"{i:02}.png")
    return folder


def load(root, **options):
    return load_images(root, progress=False, **options)


# Formats -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("a.png", "RGB", {}),
        ("a.jpg", "RGB", {"quality": 95}),
        ("a.JPEG", "RGB", {"quality": 95, "progressive": True}),
        ("a.webp", "RGB", {"lossless": True}),
        ("a.bmp", "RGB", {}),
        ("a.gif", "P", {}),
        ("a.tiff", "RGB", {}),
        ("grey.png", "L", {}),
        ("grey.jpg", "L", {"quality": 95}),
        ("palette.png", "P", {}),
        ("bits.png", "1", {}),
        ("cmyk.jpg", "CMYK", {"quality": 95}),
        ("no extension", "RGB", {"format": "PNG"}),
        ("wrong.jpg", "RGB", {"format": "PNG"}),
    ],
)
def test_every_format_and_mode_gives_the_picture(tmp_path, name, mode, options):
    shown = picture(3, mode=mode)
    shown.save(tmp_path / name, **options)
    pixels = decode(tmp_path / name, SIDE)
    assert (pixels.dtype, tuple(pixels.shape)) == (torch.uint8, (3, SIDE, SIDE))
    difference = (pixels.int() - reference(shown).int()).abs().float()
    assert difference.mean() < (0.01 if "jp" not in name.lower() and "gif" not in name else 6)


def test_transparent_parts_are_white(tmp_path):
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    clear.paste((0, 0, 255, 255), (0, 0, 20, 40))
    clear.save(tmp_path / "a.png")
    pixels = decode(tmp_path / "a.png", SIDE)
    assert pixels[:, 5, 2].tolist() == [0, 0, 255]
    assert pixels[:, 5, 30].tolist() == [255, 255, 255]


def test_a_rotated_photograph_stands_upright(tmp_path):
    shown = picture(5)
    for orientation, turned in ((3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90)):
        exif = Image.Exif()
        exif[0x0112] = orientation
        shown.transpose(turned).save(tmp_path / "a.jpg", exif=exif, quality=98)
        difference = (decode(tmp_path / "a.jpg", SIDE).int() - reference(shown).int()).abs().float()
        assert difference.mean() < 4


def test_sixteen_bits_are_brought_to_eight(tmp_path):
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    pixels = decode(tmp_path / "a.png", SIDE).float()
    assert pixels[0, 0, 0] < 8 < 247 < pixels[0, -1, -1]
    assert pixels[0].mean().item() == pytest.approx(127.5, abs=2)


def test_a_large_picture_is_averaged_and_not_sampled(tmp_path):
    """Fine stripes become grey; nearest neighbours would keep them black and white."""
    stripes = np.zeros((640, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(tmp_path / "a.png")
    assert (decode(tmp_path / "a.png", SIDE).float() - 127.5).abs().max() < 10


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (5, 2), (3000, 20)])
def test_any_size_becomes_the_networks(tmp_path, size):
    Image.new("RGB", size, (10, 200, 30)).save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png", SIDE).flatten(1).float().mean(1).tolist() == pytest.approx(
        [10, 200, 30]
    )


# Bad files ---------------------------------------------------------------------------------------------


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that promises a size and has nothing of it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def encoded(kind: str) -> bytes:
    buffer = io.BytesIO()
    picture(7, size=(200, 200)).save(buffer, kind)
    return buffer.getvalue()


BAD = {
    "empty": b"",
    "text": b"these are no pixels\n",
    "html": b"<html><body>404 not found</body></html>",
    "zeros": bytes(5000),
    "jpeg head only": encoded("JPEG")[:20],
    "jpeg cut in half": encoded("JPEG")[: len(encoded("JPEG")) // 2],
    "png head only": encoded("PNG")[:30],
    "png cut in half": encoded("PNG")[: len(encoded("PNG")) // 2],
    "webp cut in half": encoded("WEBP")[: len(encoded("WEBP")) // 2],
    "gif head only": b"GIF89a",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "pdf": b"%PDF-1.4\n",
    "zip": b"PK\x03\x04" + bytes(100),
    "bomb": png_of_size(60_000, 60_000),
    "png of no pixels": png_of_size(32, 32),
    "png of size 0": png_of_size(0, 0),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_named_left_out_and_nothing_stops(root, kind):
    (root / "train" / "cat" / "bad.jpg").write_bytes(BAD[kind])
    with pytest.warns(UserWarning, match=r"1 of 49 files .*cat/bad.jpg \(.*left out"):
        data = load(root)
    assert len(data.train) + len(data.validation) == 40
    with pytest.raises(LenetError, match=r"bad\.jpg.*strict=False"):
        load(root, strict=True)
    run = fit(RGBLeNet(), data, Recipe("test", 1, 8, peak_rate=0.01), device="cpu", progress=False)
    assert len(run.history) == 1


def test_many_bad_files_are_counted_and_some_named(root):
    for i in range(8):
        (root / "train" / "dog" / f"bad{i}.png").write_bytes(b"no")
    with pytest.warns(UserWarning, match="8 of 56 files .*bad4.*and 3 more"):
        load(root)


def test_what_systems_leave_in_folders_is_not_even_looked_at(root):
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store", ".hidden.png"):
        (root / "train" / "cat" / name).write_bytes(b"no picture")
    (root / "train" / ".ipynb_checkpoints").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(root).classes == ("cat", "dog")


# Folders -----------------------------------------------------------------------------------------------


def test_splits_labels_and_scaling(root):
    data = load(root)
    assert (data.classes, len(data.train), len(data.validation), len(data.test)) == (("cat", "dog"), 36, 4, 8)
    assert data.validation.labels.tolist() == [0, 0, 1, 1]
    assert data.test.labels.tolist() == [0] * 4 + [1] * 4
    wanted = reference(picture(1002)) / 127.5 - 1
    torch.testing.assert_close(data.test.images[6], wanted)
    assert data.train.images.shape == (36, 3, 32, 32)
    RGBLeNet().check_images(data.train.images)


def test_pictures_in_folders_below_belong_to_their_class(root):
    (root / "val" / "dog" / "more" / "deep").mkdir(parents=True)
    picture(9).save(root / "val" / "dog" / "more" / "deep" / "x.png")
    assert load(root).test.labels.tolist() == [0] * 4 + [1] * 5


def remove(folder) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda root: remove(root), "is no folder"),
        (lambda root: remove(root / "val"), "has no folder val; it has train"),
        (lambda root: (remove(root / "train"), remove(root / "val")), "no folders at all"),
        (
            lambda root: (remove(root / "train" / "dog"), remove(root / "val" / "dog")),
            r"has 1 classes \(cat\)",
        ),
        (lambda root: remove(root / "val" / "dog"), "differ: dog is in one of them only"),
        (lambda root: (root / "val" / "fish").mkdir(), "differ: fish"),
        (
            lambda root: [path.unlink() for path in (root / "val" / "dog").iterdir()],
            "val has no pictures of dog",
        ),
        (
            lambda root: [path.write_bytes(b"") for path in (root / "train" / "cat").iterdir()],
            "no pictures of cat",
        ),
    ],
    ids=["none", "no val", "neither", "one class", "class missing", "class more", "class empty", "all bad"],
)
@pytest.mark.filterwarnings("ignore:.*could not be read")
def test_a_folder_that_does_not_do_says_what_is_wrong(root, spoil, message):
    spoil(root)
    with pytest.raises(LenetError, match=message):
        load(root)


def link(path, target) -> None:
    try:
        path.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("links cannot be made here: switch on Windows' developer mode to run this test")


def test_linked_folders_and_files_belong_to_their_class(root, tmp_path):
    """As where a data set is put together of others."""
    plain = load(root)
    linked = tmp_path / "linked"
    for split in ("train", "val"):
        for name in ("cat", "dog"):
            (linked / split / name).mkdir(parents=True)
            link(linked / split / name / "part", root / split / name)
    data = load(linked)
    for split in ("train", "validation", "test"):
        assert torch.equal(getattr(data, split).images, getattr(plain, split).images)
    link(linked / "val" / "cat" / "one.png", root / "val" / "dog" / "00.png")
    assert len(load(linked).test) == len(plain.test) + 1


def test_a_link_to_a_folder_above_is_not_followed_for_ever(root):
    link(root / "train" / "cat" / "loop", root / "train")
    link(root / "val" / "dog" / "loop", root / "val" / "dog")
    data = load(root)
    # Behind the first link lie the dogs, which count as cats then, and the folder of cats that holds it.
    assert (len(data.train) + len(data.validation), len(data.test)) == (20 + 20 + 20, 8)


def test_a_link_that_leads_nowhere_is_named_and_left_out(root):
    link(root / "train" / "cat" / "gone.png", root / "nowhere.png")
    with pytest.warns(UserWarning, match=r"1 of 49 files .*cat/gone.png"):
        assert len(load(root).test) == 8


def only(root, name: str, number: int) -> None:
    for path in sorted((root / "train" / name).iterdir())[number:]:
        path.unlink()


def test_a_class_with_a_single_training_picture_keeps_it(root):
    only(root, "dog", 1)
    with pytest.warns(UserWarning, match="single picture of dog.*validation split has none"):
        data = load(root)
    assert data.train.labels.bincount().tolist() == [18, 1]
    assert data.validation.labels.bincount(minlength=2).tolist() == [2, 0]
    run = fit(RGBLeNet(), data, Recipe("test", 1, 8, peak_rate=0.01), device="cpu", progress=False)
    assert len(run.history) == 1


def test_one_picture_of_each_class_is_too_few_to_hold_any_out(root):
    for name in ("cat", "dog"):
        only(root, name, 1)
    with pytest.raises(LenetError, match=r"one picture of each class.*--train-on-all"):
        load(root)
    assert len(load(root, held_out=False).train) == 2


def test_names_that_are_no_utf_8_can_be_printed(root):
    name = os.fsdecode(b"ch\xe4t")
    try:
        for split in ("train", "val"):
            (root / split / "cat").rename(root / split / name)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only: nothing to see here")
    (root / "train" / name / os.fsdecode(b"\xff.png")).write_bytes(b"no picture")
    with pytest.warns(UserWarning, match=r"ch\\xe4t/\\xff.png"):
        data = load(root)
    assert data.classes == (r"ch\xe4t", "dog")
    data.name.encode("ascii")
    assert load_again(data.source, progress=False).classes == data.classes


def closed(path) -> None:
    """Close a folder to this user; root opens every folder."""
    path.chmod(0)
    if os.access(path, os.R_OK):
        path.chmod(0o755)
        pytest.skip("no folder is closed to this user: run as another than root, and not on Windows")


@pytest.mark.parametrize("where", ["", "train", "val/dog"])
def test_a_closed_folder_is_named(root, where):
    closed(root / where)
    try:
        with pytest.raises(LenetError, match="could not be opened: Permission denied"):
            load(root)
    finally:
        (root / where).chmod(0o755)


@pytest.mark.parametrize("where", ["train", "val/dog"])
def test_a_folder_that_the_system_refuses_to_open_is_named(root, where, monkeypatch):
    """As above, for whoever runs the tests as root."""
    listing, scanning = Path.iterdir, os.scandir

    def refuse(call):
        def guarded(path=".", *rest):
            if Path(path) == root / where:
                raise PermissionError(13, "Permission denied", str(path))
            return call(path, *rest)

        return guarded

    monkeypatch.setattr(Path, "iterdir", refuse(listing))
    monkeypatch.setattr(os, "scandir", refuse(scanning))
    with pytest.raises(LenetError, match=f"{where} could not be opened: Permission denied. Make it readable"):
        load(root)


def test_a_user_without_a_home_has_no_cache_and_loses_nothing(root, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    for name in ("LENET_EDU_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert len(load(root).test) == 8


def test_a_tilde_is_the_users_home(root, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(root.parent))
    data = load_images(f"~/{root.name}", progress=False, cache="~/kept")
    assert data.source.root == str(root)
    assert list((root.parent / "kept").glob("*.safetensors"))
    root.rename(root.parent / "CatAndDog")
    assert load_cats_and_dogs("~").source.kind == "folder"


def test_the_source_names_the_folder_from_wherever_it_was_loaded(root, monkeypatch):
    monkeypatch.chdir(root.parent)
    assert load(root.name).source.root == str(root)


@pytest.mark.slow
def test_large_pictures_are_decoded_one_at_a_time(root, monkeypatch):
    inside, most = [], []

    def slow(path, size):
        inside.append(path)
        most.append(len(inside))
        time.sleep(0.01)
        inside.remove(path)
        return torch.zeros(3, size, size, dtype=torch.uint8)

    monkeypatch.setattr(images, "decode", slow)
    monkeypatch.setattr(images, "_LARGE", 10)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    load(root)
    assert max(most) == 1
    most.clear()
    monkeypatch.setattr(images, "_LARGE", 10**9)
    load(root, cache=root.parent / "another")
    assert max(most) > 1


# The cache ---------------------------------------------------------------------------------------------


def test_the_second_start_decodes_nothing(root, monkeypatch):
    (root / "train" / "cat" / "bad.jpg").write_bytes(b"no")
    with pytest.warns(UserWarning, match="bad.jpg"):
        first = load(root)

    def fail(*_):
        raise AssertionError("decoded again")

    monkeypatch.setattr(images, "decode", fail)
    with pytest.warns(UserWarning, match="bad.jpg"):
        second = load(root)
    for name in ("train", "validation", "test"):
        one, two = getattr(first, name), getattr(second, name)
        assert torch.equal(one.images, two.images)
        assert torch.equal(one.labels, two.labels)
    assert first.source == second.source


def test_a_changed_file_is_noticed_even_if_size_and_time_are_the_same(root, tmp_path):
    first = load(root)
    path = root / "val" / "cat" / "01.png"
    before = path.stat()
    content = bytearray(path.read_bytes())
    Image.new("RGB", (40, 30), "red").save(path)
    path.write_bytes(path.read_bytes().ljust(len(content), b"\0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    second = load(root)
    assert first.source != second.source
    assert second.test.images[1, :, 0, 0].tolist() == [1, -1, -1]
    # Of one folder only the newest is kept.
    assert len(list((tmp_path / "cache").glob("*.safetensors"))) == 1


def test_a_damaged_or_forbidden_cache_only_costs_time(root, tmp_path):
    first = load(root)
    (cached,) = (tmp_path / "cache").glob("*.safetensors")
    cached.write_bytes(cached.read_bytes()[:100])
    assert torch.equal(load(root).test.images, first.test.images)
    (tmp_path / "file").write_text("in the way")
    assert torch.equal(load(root, cache=tmp_path / "file").test.images, first.test.images)


@pytest.mark.slow
def test_a_network_learns_from_them(root):
    for split in ("train", "val"):
        for name, colour in (("cat", 60), ("dog", 190)):
            for path in (root / split / name).iterdir():
                Image.new("RGB", (32, 32), (colour, 100, 255 - colour)).save(path)
    model = RGBLeNet()
    model.reset_parameters(torch.Generator().manual_seed(0))
    run = fit(model, load(root), Recipe("test", 8, 8, peak_rate=0.02), device="cpu", progress=False)
    assert run.history[-1]["validation_accuracy"] == 1


def test_nothing_held_out_is_the_tutorials_way(root):
    data = load(root, held_out=False)
    assert (len(data.train), len(data.validation), len(data.test)) == (40, 8, 8)
    assert torch.equal(data.validation.images, data.test.images)
    assert data.source != load(root).source


def test_data_are_loaded_again_from_their_source(root):
    for held_out in (True, False):
        data = load(root, held_out=held_out)
        again = load_again(data.source)
        assert torch.equal(again.train.images, data.train.images)
        assert again.source == data.source
    with pytest.raises(LenetError, match="Name it"):
        load_again(replace(data.source, root=""))
    picture(5).save(root / "train" / "cat" / "00.png")
    with pytest.raises(LenetError, match="no longer holds the same pictures"):
        load_again(data.source)
    assert load_again(Source("shapes")).classes == ("cross", "ring")
    with pytest.raises(LenetError, match="CIFAR-10 is not in"):
        load_again(Source("cifar"))
    assert len(load_again(Source("embedded")).test) > 300
    with pytest.raises(LenetError, match="'mine' cannot be loaded again"):
        load_again(Source("mine"))


def test_the_notes_of_an_older_run_name_its_data(root):
    """Before sources there was only the data's name, as it is still printed."""
    for held_out in (True, False):
        data = load(root, held_out=held_out)
        source = Source.from_notes({"data": data.name, "root": str(root)})
        assert (source, source.root) == (data.source, str(root))
        assert torch.equal(load_again(source).train.images, data.train.images)


# Without a folder --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_drawn_shapes_are_two_kinds_that_a_network_learns():
    data = draw_shapes()
    assert (data.classes, len(data.train), len(data.test)) == (("cross", "ring"), 1000, 200)
    assert data.train.images.abs().max() <= 1
    assert torch.bincount(data.train.labels).tolist() == [500, 500]
    assert torch.equal(data.train.images, draw_shapes().train.images)
    assert not torch.equal(data.train.images[:200], data.test.images)
    model = RGBLeNet()
    model.reset_parameters(torch.Generator().manual_seed(0))
    run = fit(model, data, Recipe("test", 15, 32, peak_rate=0.05), device="cpu", progress=False)
    assert run.history[-1]["validation_accuracy"] > 0.85


def test_without_any_pictures_drawn_ones_step_in_and_say_so():
    data = load_cats_and_dogs()
    assert data.name == "drawn shapes"
    assert "LENET_EDU_OFFLINE forbids" in data.note
    assert "They are no animals." in data.note


def test_a_folder_of_cats_and_dogs_is_taken(root, tmp_path):
    root.rename(tmp_path / "CatAndDog")
    assert load_cats_and_dogs(tmp_path).classes == ("cat", "dog")
    assert len(load_cats_and_dogs(tmp_path).test) == 8


def test_cifars_cats_and_dogs_are_taken_if_they_are_there(tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR10

    class Small:
        class_to_idx: ClassVar = {
            name: i for i, name in enumerate(("plane", "car", "bird", "cat", "deer", "dog"))
        }
        base_folder = CIFAR10.base_folder

        def __init__(self, root, train, download):
            assert not download
            self.targets = [3, 0, 5, 5, 3, 1] * (20 if train else 2)
            values = np.arange(len(self.targets), dtype=np.uint8)[:, None, None, None]
            self.data = np.broadcast_to(values, (len(self.targets), 32, 32, 3)).copy()

    (tmp_path / CIFAR10.base_folder).mkdir()
    monkeypatch.setattr("torchvision.datasets.CIFAR10", Small)
    data = load_cats_and_dogs(tmp_path)
    assert (data.name, data.classes) == ("CIFAR-10's cats and dogs", ("cat", "dog"))
    assert data.test.labels.tolist() == [0, 1, 1, 0] * 2
    assert data.test.images[1].unique().item() == pytest.approx(2 / 127.5 - 1)
    assert (len(data.train), len(data.validation)) == (72, 8)
