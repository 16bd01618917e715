"""What every test shares: no test fetches anything or depends on what data the machine has."""

import os
from pathlib import Path

import pytest
import torch

from lenet_edu.data.digits import find_mnist, load_digits
from lenet_edu.data.splits import Data, Split
from lenet_edu.network.models import Network
from lenet_edu.training.checkpoints import load_network
from tests.browser import needs_chromium

# Tests are written for English, whatever the machine speaks.
os.environ["LANGUAGE"] = "en"
# What tests answer is nobody's progress; notebooks' kernels inherit it.
os.environ["LENET_EDU_PROGRESS"] = "off"

_MACHINES_DATA = os.environ.get("LENET_EDU_DATA")

# MNIST read from disk, and a boosted team of three trained networks.
_SLOW_FIXTURES = ("mnist", "team")


def pytest_collection_modifyitems(items):
    """Mark what can be told from a test itself; `slow` is written beside the others that are."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker("notebook")
        if needs_chromium.mark in item.iter_markers("skipif"):
            item.add_marker("browser")
        fixtures = getattr(item, "fixturenames", ())
        if any(name in fixtures for name in _SLOW_FIXTURES):
            item.add_marker("slow")
        if "mnist_folder" in fixtures:
            item.add_marker("data")


@pytest.fixture(autouse=True)
def _no_data_and_no_network(request, monkeypatch, tmp_path):
    if request.node.path.suffix != ".ipynb":
        monkeypatch.setenv("LENET_EDU_DATA", str(tmp_path / "no-data"))
        monkeypatch.setenv("LENET_EDU_OFFLINE", "1")


@pytest.fixture(scope="session")
def embedded() -> Data:
    """The embedded digits."""
    return load_digits("embedded")


@pytest.fixture(scope="session")
def digits(embedded) -> Split:
    """One of the embedded test digits of each class, in order."""
    return embedded.test.one_of_each()


@pytest.fixture(scope="session")
def network() -> Network:
    """The shipped network of 1998."""
    return load_network("lenet5-1998")


@pytest.fixture
def few(embedded) -> Data:
    """A few of the embedded digits, for training in an instant."""
    splits = {
        name: Split(getattr(embedded, name).images[:160], getattr(embedded, name).labels[:160])
        for name in ("train", "validation", "test")
    }
    return Data(**splits, scaling=embedded.scaling, source=embedded.source)


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The folder of MNIST's four files, for tests that mean nothing without them."""
    folder = Path(_MACHINES_DATA) if _MACHINES_DATA else Path(__file__).parents[1] / "data"
    files = find_mnist(folder)
    if files is None:
        pytest.skip("fetch MNIST with `lenet-edu data`, or set LENET_EDU_DATA, to run this test")
    return next(iter(files.values())).parent


@pytest.fixture(scope="session")
def mnist(mnist_folder) -> Data:
    """The real MNIST."""
    return load_digits("mnist", folder=mnist_folder)


@pytest.fixture
def seeded() -> torch.Generator:
    """A generator that draws the same numbers in every run."""
    return torch.Generator().manual_seed(0)
