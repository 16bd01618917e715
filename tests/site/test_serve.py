"""`lenet-edu site --serve`: what browsers insist on, MNIST's files, and a page for what is missing."""

import gzip
import threading
import urllib.error
import urllib.request

import pytest

from lenet_edu.site.serve import make_server
from lenet_edu.system.errors import LenetError


@pytest.fixture
def address(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    for name in ("index.html", "a.js", "a.css", "a.wasm", "a.webp", "a.json", "404.html"):
        (site / name).write_text(name)
    plain, packed = tmp_path / "labels", tmp_path / "images.gz"
    plain.write_bytes(b"labels")
    packed.write_bytes(gzip.compress(b"images"))
    server = make_server(site, 0, {"train-labels-idx1-ubyte": plain, "train-images-idx3-ubyte": packed})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "text/html"),
        ("a.js", "text/javascript"),
        ("a.css", "text/css"),
        ("a.wasm", "application/wasm"),
        ("a.webp", "image/webp"),
        ("a.json", "application/json"),
    ],
)
def test_files_have_the_types_that_browsers_insist_on(address, name, kind):
    with urllib.request.urlopen(address + name) as answer:
        assert answer.headers["Content-Type"].startswith(kind)


def test_mnist_is_served_unpacked(address):
    for name, content in (("train-labels-idx1-ubyte", b"labels"), ("train-images-idx3-ubyte", b"images")):
        with urllib.request.urlopen(f"{address}assets/mnist/{name}") as answer:
            assert answer.read() == content


@pytest.mark.parametrize(
    "path", ["nowhere.html", "assets/mnist/t10k-labels-idx1-ubyte", "../labels", "deep/er/"]
)
def test_what_is_missing_has_a_page(address, path):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(address + path)
    assert caught.value.code == 404
    assert caught.value.read() == b"404.html"


def test_a_port_that_is_taken_is_named(address, tmp_path):
    port = int(address.rstrip("/").rpartition(":")[2])
    with pytest.raises(LenetError, match=f"Port {port}"):
        make_server(tmp_path, port)
