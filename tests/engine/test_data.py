"""Digits in JavaScript: splits and pixels as in Python, and a message for every wrong file."""

import gzip

import numpy as np
import pytest

from lenet_edu.data.digits import load_digits
from lenet_edu.data.splits import Split
from tools import engine as compiler

from .node import ENGINE, needs_node, run

pytestmark = needs_node
PAPER = {"name": "paper", "background": -0.1, "ink": 1.175}

READ = """
const out = new Float32Array(1024);
const written = {};
for (const name of ["train", "validation", "test"]) {
  const read = reader(data[name], given.scaling);
  const places = Array.from(data[name].labels.keys()).filter((i) => i % given.every === 0);
  const images = new Float32Array(places.length * 1024);
  places.forEach((i, n) => { read(i, out); images.set(out, n * 1024); });
  written[name] = { labels: data[name].labels, images };
}
return written;
"""


def same_digits(came: dict, wanted: Split, every: int, tolerance: float) -> bool:
    """Whether JavaScript's split is Python's: all labels, and every `every`-th image."""
    alike = np.array_equal(came["labels"], wanted.labels)
    images = wanted.images[::every].flatten()
    return alike and np.allclose(came["images"], images, atol=tolerance)


@pytest.mark.parametrize("scaling", ["paper", "standard"])
def test_embedded_digits_are_those_of_python(scaling):
    from sklearn import datasets

    bunch, wanted = datasets.load_digits(), load_digits("embedded", scaling)
    came = run(
        'const { embeddedDigits, reader } = await use("data.js");'
        "const data = embeddedDigits(given.small, given.labels);" + READ,
        small=bunch.images.astype(np.uint8).ravel(),
        labels=bunch.target.astype(np.uint8),
        scaling=wanted.scaling.to_dict(),
        every=1,
    )
    assert all(same_digits(came[name], getattr(wanted, name), 1, 1e-5) for name in came)


def test_the_digits_that_travel_with_the_engine_are_scikit_learns():
    """What is packed is compared: how it is packed depends on the version of zlib."""
    packed = (ENGINE / "digits.gz").read_bytes()
    assert gzip.decompress(packed) == compiler.digits(), "run `make engine`"
    assert len(packed) < 45_000


@pytest.mark.slow
@pytest.mark.parametrize("source", ["", "base64", "packed", "given.bytes"])
def test_embedded_digits_come_from_beside_the_page_or_from_inside_it(source):
    """From a file, from text inside a page, from packed bytes, and from bytes that a server has unpacked."""
    wanted = load_digits("embedded")
    came = run(
        """
        const { loadEmbeddedDigits, reader } = await use("data.js");
        const packed = await (await import("node:fs/promises")).readFile(given.file);
        const base64 = packed.toString("base64");
        const data = await loadEmbeddedDigits(SOURCE);
        """.replace("SOURCE", source)
        + READ,
        file=str(ENGINE / "digits.gz"),
        bytes=compiler.digits(),
        scaling=wanted.scaling.to_dict(),
        every=1,
    )
    assert all(same_digits(came[name], getattr(wanted, name), 1, 1e-5) for name in came)


def test_a_damaged_file_of_digits_is_named():
    for content in (np.zeros(64, np.uint8), np.array([0x1F, 0x8B, 8, 1, 2], np.uint8)):
        with pytest.raises(AssertionError, match="digits"):
            run('await (await use("data.js")).loadEmbeddedDigits(given.content);', content=content)


def test_mnist_is_that_of_python(mnist, mnist_folder):
    came = run(
        """
        const { readMnist, reader } = await use("data.js");
        const { readFileSync } = await import("node:fs");
        const { gzipSync } = await import("node:zlib");
        const bytes = (name) => readFileSync(`${given.folder}/${name}`);
        const file = (name, content) => ({ name, arrayBuffer: async () => new Uint8Array(content).buffer });
        const names = ["train-labels-idx1-ubyte", "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"];
        const packed = file("t10k-labels-idx1-ubyte (1).gz", gzipSync(bytes("t10k-labels-idx1-ubyte")));
        const data = await readMnist([...names.map((name) => file(name, bytes(name))), packed]);
        """
        + READ,
        folder=str(mnist_folder),
        scaling=PAPER,
        every=97,
    )
    assert all(same_digits(came[name], getattr(mnist, name), 97, 0) for name in came)


LABELS = np.zeros(60008, np.uint8)
LABELS[:8] = [0, 0, 8, 1, 0, 0, 0xEA, 0x60]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "digits.zip",
            LABELS,
            "digits.zip is none of MNIST's files. They are called train-images-idx3-ubyte",
        ),
        ("train-labels-idx1-ubyte", LABELS[:0], "begins with nothing, not with 00000801"),
        ("train-labels-idx1-ubyte", LABELS[4:], "begins with 0000ea60, not with 00000801"),
        ("train-labels-idx1-ubyte", LABELS[:-1], "holds 60,007 bytes instead of 60,008"),
        ("train-labels-idx1-ubyte", LABELS, "fails its checksum"),
        ("train-labels-idx1-ubyte.gz", np.array([0x1F, 0x8B, 8, 1, 2], np.uint8), "could not be unpacked"),
    ],
)
def test_a_file_that_is_not_mnists_is_refused_by_name(name, content, message):
    with pytest.raises(AssertionError, match=message):
        run(
            """
            const content = given.content;
            const file = { name: given.name, arrayBuffer: async () => content.slice().buffer };
            await (await use("data.js")).readMnist([file]);
            """,
            name=name,
            content=content,
        )


def test_missing_files_are_named():
    with pytest.raises(AssertionError, match="Missing: train-images-idx3-ubyte, train-labels-idx1-ubyte"):
        run('await (await use("data.js")).readMnist([]);')
