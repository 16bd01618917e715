"""Digits from files, by download, embedded; and every way in which files can be damaged."""

import gzip
import hashlib
import shutil
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import numpy as np
import pytest
import torch

from lenet_edu.data import digits as data
from lenet_edu.data.digits import MNIST_FILES, load_digits
from lenet_edu.data.splits import Source
from lenet_edu.network import paper
from lenet_edu.system.errors import LenetError

TRAIN, TEST = 240, 60


def idx(array: np.ndarray) -> bytes:
    shape = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + shape + array.astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small MNIST in torchvision's layout; one file is gzipped. Its checksums count as MNIST's."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    draw = np.random.default_rng(0)
    sums = {}
    for prefix, count in (("train", TRAIN), ("t10k", TEST)):
        for kind, array in (
            ("images-idx3", draw.integers(0, 256, (count, 28, 28))),
            ("labels-idx1", np.arange(count) % 10),
        ):
            name, content = f"{prefix}-{kind}-ubyte", idx(array)
            sums[name] = hashlib.md5(content).hexdigest()
            (raw / name).write_bytes(content)
    (raw / "t10k-images-idx3-ubyte.gz").write_bytes(
        gzip.compress((raw / "t10k-images-idx3-ubyte").read_bytes())
    )
    (raw / "t10k-images-idx3-ubyte").unlink()
    monkeypatch.setattr(data, "MNIST_FILES", sums)
    return tmp_path


def test_mnist_is_read_padded_and_scaled(folder):
    digits = load_digits("mnist", folder=folder)
    assert digits.source == Source("mnist")
    assert digits.name == "MNIST"
    assert digits.train.images.shape[1:] == (1, 32, 32)
    assert (len(digits.train) + len(digits.validation), len(digits.test)) == (TRAIN, TEST)
    raw = np.frombuffer((folder / "MNIST/raw/train-images-idx3-ubyte").read_bytes()[16:], np.uint8)
    first_held_out, first_kept = raw[: 28 * 28], raw[10 * 28 * 28 :][: 28 * 28]
    for image, pixels in (
        (digits.validation.images[0], first_held_out),
        (digits.train.images[0], first_kept),
    ):
        ink = torch.tensor(pixels / 255).view(28, 28).float()
        torch.testing.assert_close(image[0, 2:30, 2:30], ink * (1.175 + 0.1) - 0.1)
        frame = image[0].clone()
        frame[2:30, 2:30] = -0.1
        torch.testing.assert_close(frame, torch.full((32, 32), -0.1))


def test_what_is_there_is_described(folder):
    mnist, embedded = data.describe_data(folder)
    assert (mnist["state"], mnist["images"]) == ("found", TRAIN + TEST)
    assert embedded["images"] == 1797


def test_standard_scaling_has_mean_0_and_variance_1_in_training(folder):
    digits = load_digits("mnist", "standard", folder)
    deviation, mean = torch.std_mean(digits.train.images, correction=0)
    assert mean.item() == pytest.approx(0, abs=1e-4)
    assert deviation.item() == pytest.approx(1, abs=1e-4)
    torch.testing.assert_close(
        digits.scaling.apply(digits.scaling.undo(digits.test.images)), digits.test.images
    )


@pytest.mark.parametrize("name", ["train", "validation", "test"])
def test_splits_are_fixed_and_stratified(embedded, name):
    split, again = getattr(embedded, name), getattr(load_digits("embedded"), name)
    assert torch.equal(split.images, again.images)
    shares = split.labels.bincount() / len(split)
    assert shares.min() > 0.085
    assert shares.max() < 0.115


def test_splits_share_no_image(embedded):
    states = [
        image.numpy().tobytes()
        for s in (embedded.train, embedded.validation, embedded.test)
        for image in s.images
    ]
    assert len(states) == 1797
    assert len(set(states)) >= 1797 - 2  # scikit-learn's set itself may hold a digit twice


def test_embedded_digits_are_a_fifth_for_testing_in_the_papers_frame(embedded):
    assert len(embedded.test) == pytest.approx(1797 / 5, abs=10)
    images = embedded.train.images
    assert images.shape[1:] == (1, 32, 32)
    assert images.min().item() == pytest.approx(paper.BACKGROUND)
    assert images.max().item() == pytest.approx(paper.FOREGROUND)
    assert (images[..., :6, :] == images.min()).all()


def test_embedded_digits_step_in_and_say_so(tmp_path):
    digits = load_digits(folder=tmp_path)
    assert digits.name.startswith("embedded")
    assert str(tmp_path) in digits.note


def test_mnist_that_is_nowhere_is_an_error_if_asked_for(tmp_path):
    with pytest.raises(LenetError, match=r"MNIST is not in .* LENET_EDU_OFFLINE"):
        load_digits("mnist", folder=tmp_path)


@pytest.mark.parametrize("arguments", [("cifar",), ("auto", "percent")], ids=str)
def test_unknown_choices_are_refused(arguments):
    with pytest.raises(LenetError, match="must be one of"):
        load_digits(*arguments)


def damage(content: bytes, how: str) -> bytes:
    return {
        "truncated": content[:-5],
        "too long": content + b"x",
        "header only": content[:8],
        "empty": b"",
        "wrong magic": b"\x89PNG" + content[4:],
        "one bit": content[:-1] + bytes([content[-1] ^ 1]),
    }[how]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("truncated", "truncated"),
        ("too long", "header promises"),
        ("header only", "truncated"),
        ("empty", "begins with nothing"),
        ("wrong magic", "begins with 89504e47"),
        ("one bit", "checksum"),
    ],
)
def test_damaged_files_are_named_with_what_to_do(folder, how, message):
    path = folder / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(damage(path.read_bytes(), how))
    with pytest.raises(LenetError, match=message):
        data.describe_data(folder)
    with pytest.raises(LenetError, match=message) as error:
        load_digits(folder=folder)
    assert str(path) in str(error.value)
    assert "lenet-edu data" in str(error.value)


def test_damaged_gzip_is_named(folder):
    path = folder / "MNIST" / "raw" / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(LenetError, match=r"t10k-images-idx3-ubyte\.gz could not be read"):
        load_digits(folder=folder)


@pytest.mark.parametrize("place", [30, 60, 100, -6, -2])
def test_gzip_damaged_anywhere_is_named(folder, place):
    path = folder / "MNIST" / "raw" / "t10k-images-idx3-ubyte.gz"
    content = bytearray(path.read_bytes())
    content[place] ^= 255
    content[place + 1] ^= 255
    path.write_bytes(content)
    with pytest.raises(LenetError, match=r"t10k-images-idx3-ubyte\.gz .*lenet-edu data"):
        load_digits(folder=folder)


@pytest.mark.slow
def test_what_unpacks_to_gigabytes_is_refused_before_it_does(folder):
    path = folder / "MNIST" / "raw" / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 3]) + bytes(data._LONGEST + 10_000)))
    with pytest.raises(LenetError, match=f"holds {data._LONGEST + 1:,} bytes"):
        load_digits(folder=folder)


OTHER_LAYOUTS = {
    "one folder deeper": "MNIST/MNIST/raw/{name}",
    "without raw": "MNIST/{name}",
    "without folders": "{name}",
    "lower case": "mnist/raw/{name}",
    "with a dot": "MNIST/raw/{dotted}",
    "each in a folder of its name": "{dotted}/{dotted}",
}


@pytest.mark.parametrize("layout", OTHER_LAYOUTS.values(), ids=OTHER_LAYOUTS)
def test_mnist_in_another_layout_is_found(folder, tmp_path, layout):
    there, other = load_digits("mnist", folder=folder), tmp_path / "other"
    for path in (folder / "MNIST" / "raw").iterdir():
        name = path.name
        target = other / layout.format(name=name, dotted=name.replace("-idx", ".idx"))
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    moved = load_digits("mnist", folder=other)
    assert torch.equal(moved.train.images, there.train.images)
    assert torch.equal(moved.test.labels, there.test.labels)
    assert data.describe_data(other)[0]["where"].startswith(str(other))


def test_another_data_set_of_the_same_file_names_is_not_taken_for_mnist(folder, tmp_path, monkeypatch):
    (folder / "MNIST").rename(folder / "FashionMNIST")
    monkeypatch.setattr(data, "MNIST_FILES", dict.fromkeys(MNIST_FILES, "0" * 32))
    assert data.find_mnist(folder) is None


def test_files_that_are_found_elsewhere_but_not_all_are_named(folder):
    raw = folder / "MNIST" / "raw"
    (raw / "t10k-labels-idx1-ubyte").unlink()
    raw.rename(folder / "digits")
    with pytest.raises(LenetError, match=r"raw lacks t10k-labels-idx1-ubyte; found: .*digits"):
        load_digits(folder=folder)


def test_a_missing_file_is_named(folder):
    (folder / "MNIST/raw/t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(LenetError, match="lacks t10k-labels-idx1-ubyte"):
        load_digits(folder=folder)


@pytest.fixture
def online(monkeypatch):
    monkeypatch.delenv("LENET_EDU_OFFLINE")
    monkeypatch.setattr(data, "_reachable_mirrors", lambda: ["http://127.0.0.1/"])


def test_fetched_files_land_in_torchvisions_layout(folder, online, monkeypatch, tmp_path):
    (folder / "MNIST/raw/t10k-images-idx3-ubyte.gz").rename(folder / "x.gz")
    content = gzip.decompress((folder / "x.gz").read_bytes())
    (folder / "MNIST/raw/t10k-images-idx3-ubyte").write_bytes(content)

    def download(root, mirrors):
        return shutil.copytree(folder / "MNIST" / "raw", root / "MNIST" / "raw")

    monkeypatch.setattr(data, "_download", download)
    target = tmp_path / "elsewhere"
    assert len(load_digits(folder=target).test) == TEST
    assert sorted(path.name for path in target.rglob("*") if path.is_file()) == sorted(MNIST_FILES)


def test_a_download_that_breaks_off_leaves_nothing_and_the_embedded_digits_step_in(
    online, monkeypatch, tmp_path
):
    def download(root, mirrors):
        (root / "half").write_bytes(b"half a file")
        raise OSError("connection reset")

    monkeypatch.setattr(data, "_download", download)
    digits = load_digits(folder=tmp_path)
    assert "connection reset" in digits.note
    assert digits.name.startswith("embedded")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert socket.getdefaulttimeout() is None


def test_servers_that_refuse_or_keep_silent_count_as_unreachable(monkeypatch):
    from torchvision.datasets import MNIST

    monkeypatch.setattr(data, "_PATIENCE", 0.3)
    with socket.socket() as silent, socket.socket() as refusing:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        refusing.bind(("127.0.0.1", 0))
        mirrors = [f"http://127.0.0.1:{s.getsockname()[1]}/" for s in (silent, refusing)]
        monkeypatch.setattr(MNIST, "mirrors", mirrors)
        assert data._reachable_mirrors() == []


class Answering(BaseHTTPRequestHandler):
    """A server that has every file."""

    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Nothing into the tests' output."""


def test_the_server_that_answers_is_asked_first(monkeypatch):
    from torchvision.datasets import MNIST

    with socket.socket() as refusing, HTTPServer(("127.0.0.1", 0), Answering) as server:
        refusing.bind(("127.0.0.1", 0))
        Thread(target=server.handle_request, daemon=True).start()
        dead, alive = (
            f"http://127.0.0.1:{port}/" for port in (refusing.getsockname()[1], server.server_port)
        )
        monkeypatch.setattr(MNIST, "mirrors", [dead, alive])
        assert data._reachable_mirrors() == [alive, dead]
