"""Splits, their sources, and frames of pixels."""

import json
from dataclasses import replace

import pytest
import torch

from lenet_edu.data.picture_sets import draw_shapes
from lenet_edu.data.splits import NAMES, Source, crop, hold_out, pad
from lenet_edu.system.errors import LenetError


def test_pad_puts_background_around(seeded):
    images = torch.rand(2, 1, 27, 28, generator=seeded)
    padded = pad(images, background=-1)
    assert padded.shape == (2, 1, 32, 32)
    assert torch.equal(padded[..., 2:29, 2:30], images)
    assert padded.sum() == pytest.approx(images.sum().item() - (2 * 32 * 32 - images.numel()), rel=1e-4)
    with pytest.raises(LenetError, match="33x20"):
        pad(torch.rand(1, 1, 33, 20))


def test_one_of_each_takes_the_first_image_of_every_class(embedded):
    ten = embedded.test.one_of_each()
    assert ten.labels.tolist() == list(range(10))
    for label in range(10):
        first = (embedded.test.labels == label).nonzero()[0, 0]
        assert torch.equal(ten.images[label], embedded.test.images[first])


def test_the_middle_is_what_was_padded():
    image = torch.rand(2, 1, 28, 28)
    assert torch.equal(crop(pad(image), 28), image)
    assert torch.equal(crop(pad(image[..., :25, :25]), 25), image[..., :25, :25])
    with pytest.raises(LenetError, match="middle of 28x28 pixels can be up to that size; got 33"):
        crop(image, 33)


@pytest.mark.parametrize(
    "source",
    [
        Source("mnist"),
        Source("cifar", held_out=False),
        Source("folder", True, "somewhere", "1a2b3c4d"),
        Source("folder", False, "somewhere", "1a2b3c4d"),
        Source("mine"),
    ],
    ids=str,
)
def test_a_source_is_read_from_notes_new_and_old(source):
    written = json.loads(json.dumps({"source": source.to_dict(), "root": source.root}))
    assert Source.from_notes(written) == source
    assert Source.from_notes(written).root == source.root
    classes = ("cat (big), tabby", "dog")
    name = replace(draw_shapes(10), source=source, classes=classes).name
    assert Source.from_notes({"data": name, "root": source.root}) == source


def test_notes_without_any_data_are_no_known_source():
    assert Source.from_notes({}).kind not in NAMES


def test_a_source_is_the_same_wherever_its_pictures_lie():
    assert Source("folder", True, "here", "1a2b3c4d") == Source("folder", True, "there", "1a2b3c4d")
    assert Source("folder", True, "here", "1a2b3c4d") != Source("folder", True, "here", "ffffffff")


def test_the_only_image_of_a_class_is_not_held_out():
    labels = torch.tensor([0, 0, 0, 0, 1, 2, 2])
    (_, stays), (_, held) = hold_out(torch.arange(7), labels, every=3)
    assert stays.tolist() == [0, 0, 1, 2]
    assert held.tolist() == [0, 0, 2]
