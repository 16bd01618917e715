"""Images as bytes are to whoever uses them the float tensor that they were read into before."""

import copy
import operator
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lenet_edu.data.byte_images import ByteImages, concatenate
from lenet_edu.data.splits import PAPER_SCALING, Split, pad
from lenet_edu.network.models import LeNet5
from lenet_edu.system.errors import LenetError
from lenet_edu.training.evaluation import evaluate, probabilities
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import Recipe

COUNT = 60


def to_floats(pixels):
    return PAPER_SCALING.apply(pad(pixels) / 255)


@pytest.fixture
def pixels(seeded):
    return torch.randint(256, (2 * COUNT, 1, 28, 28), dtype=torch.uint8, generator=seeded)


@pytest.fixture
def images(pixels, seeded):
    """Some of the pixels, in an order of their own."""
    return ByteImages(pixels, to_floats, torch.randperm(2 * COUNT, generator=seeded)[:COUNT])


@pytest.fixture
def floats(images):
    """What they stand for, by the formula as it was before there were bytes."""
    return F.pad(images._pixels[images._places].float() / 255, (2,) * 4) * (1.175 + 0.1) - 0.1


INDICES = {
    "number": 3,
    "number from the end": -1,
    "numpy's number": np.int64(4),
    "slice": slice(3, 50, 7),
    "list": [5, 2, 2],
    "tensor": torch.tensor([7, 0, 1]),
    "tensor of one": torch.tensor(7),
    "table": torch.tensor([[7, 0], [1, 2]]),
    "mask": torch.arange(COUNT) % 3 == 0,
    "mask of bytes": (torch.arange(COUNT) % 3 == 0).byte(),
    "array": np.array([1, 4]),
    "none": None,
    "all": ...,
    "nothing": slice(0, 0),
    "pixels of some": (slice(0, 5), 0, slice(2, 30)),
    "pixels of all": (slice(None), 0, 16, [3, 4]),
    "one and its pixels": (3, 0),
    "some and some pixels": (torch.tensor([1, 2]), 0, torch.tensor([16, 17])),
    "true": True,
}


@pytest.mark.filterwarnings("ignore:indexing with dtype torch.uint8")
@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_an_index_gives_what_it_gives_of_floats(images, floats, index):
    given = images[index]
    assert type(given) is torch.Tensor
    assert torch.equal(given, floats[index])


@pytest.mark.parametrize("index", [COUNT, -COUNT - 1, torch.tensor([COUNT])], ids=str)
def test_places_that_there_are_not_are_refused(images, index):
    with pytest.raises(IndexError):
        images[index]


def test_it_has_the_shape_and_kind_of_floats(images, floats):
    for name in ("shape", "dtype", "device", "ndim", "requires_grad", "is_leaf", "is_cuda"):
        assert getattr(images, name) == getattr(floats, name)
    assert (len(images), images.numel(), images.size(1)) == (COUNT, COUNT * 1024, 1)
    assert images.is_floating_point()
    assert torch.is_floating_point(images)


USES = {
    "arithmetic": lambda x: 2 - x * x,
    "comparison": lambda x: x > 0,
    "pixels that are light": lambda x: x[x > 0],
    "method": lambda x: x.flatten(1).mean(0),
    "function": lambda x: torch.cat([x[:2], x, x]),
    "two of them": lambda x: torch.cdist(x.flatten(1), x.flatten(1)),
    "named argument": lambda x: F.avg_pool2d(input=x, kernel_size=2),
    "weights": lambda x: F.conv2d(x, torch.ones(1, 1, 3, 3)),
    "copy": lambda x: x.clone(),
    "deep copy": copy.deepcopy,
    "device": lambda x: x.to("cpu"),
    "precision": lambda x: x.double(),
    "as a tensor": lambda x: torch.as_tensor(x).detach(),
    "numpy": lambda x: torch.from_numpy(x.numpy()),
    "array": lambda x: torch.from_numpy(np.asarray(x)),
    "list": lambda x: torch.tensor(x.tolist()),
    "one by one": lambda x: torch.stack(list(x)),
    "parts": lambda x: torch.cat(x.split(7)),
    "of its own shape": torch.zeros_like,
    "text": lambda x: torch.tensor([ord(letter) for letter in repr(x)]),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_what_is_done_with_it_is_done_with_floats(images, floats, use):
    given = use(images)
    assert type(given) is torch.Tensor
    assert torch.equal(given, use(floats))
    assert torch.equal(images.clone(), floats)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.mul_(2),
        lambda x: operator.iadd(x, 1),
        lambda x: x.__setitem__(0, 1.0),
        lambda x: x.requires_grad_(),
    ],
)
def test_nobody_changes_it(images, change):
    with pytest.raises(LenetError, match=r"read-only.*images\.clone\(\)"):
        change(images)


def test_a_network_is_trained_and_judged_as_by_floats(images, floats, embedded):
    labels = torch.arange(COUNT) % 10
    outcomes = []
    for x in (images, floats):
        data = replace(embedded, train=Split(x, labels), validation=Split(x, labels))
        model = LeNet5()
        model.reset_parameters(torch.Generator().manual_seed(0))
        fit(model, data, Recipe("test", 2, 16, peak_rate=0.001), device="cpu", progress=False)
        outcomes.append((evaluate(model, data.train), probabilities(model, x), *model.parameters()))
    assert outcomes[0][0] == outcomes[1][0]
    assert all(map(torch.equal, outcomes[0][1:], outcomes[1][1:]))


def test_parts_stay_bytes_and_come_together_again(images, floats):
    split = Split(images, torch.arange(COUNT))
    first, rest = split.select(slice(0, 20)), split.select(torch.arange(20, COUNT))
    assert isinstance(split.to("cpu").images, ByteImages)
    assert isinstance(first.images, ByteImages)
    together = concatenate([first.images, rest.images])
    assert isinstance(together, ByteImages)
    assert torch.equal(together.clone(), floats)
    assert torch.equal(concatenate([first.images, floats]), torch.cat([floats[:20], floats]))


SHARED = """
import re, sys
from lenet_edu import load_digits
def megabytes(field):
    return int(re.search(field + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
import torch
before = megabytes("RssAnon")
images = load_digits("mnist", folder=sys.argv[1]).train.images
total = sum(images[start:start + 1000].sum().item() for start in range(0, len(images), 1000))
print(megabytes("RssAnon") - before, megabytes("VmHWM") - megabytes("VmRSS"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="run on Linux, where a process can tell its memory")
def test_mnist_as_files_takes_little_memory_of_ones_own(mnist_folder):
    raw = mnist_folder / "train-images-idx3-ubyte"
    if not raw.exists():
        pytest.skip("unpack MNIST's files to run this test")
    folder = mnist_folder.parent.parent
    command = [sys.executable, "-c", SHARED, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    own, peak = map(float, done.stdout.split())
    assert own < 60  # floats would take 287
    assert peak < 80
