"""What a network reads in a picture, how sure it says it is, and that broken pictures do not break it."""

import io
import random
from contextlib import suppress

import numpy as np
import pytest
import torch
from PIL import Image

import lenet_edu
from lenet_edu.data.splits import resize_for
from lenet_edu.network.models import RGBLeNet
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import read_json
from lenet_edu.training.checkpoints import SHIPPED, load_network, shipped_names
from lenet_edu.training.evaluation import calibration_error, probabilities
from lenet_edu.training.reading import Reading, predict
from results.fuzz import broken_pictures
from results.strokes import drawn


def png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def test_a_reading_says_what_it_is_and_whether_it_is_sure(tmp_path):
    drawn(3).save(tmp_path / "three.png")
    (found,) = lenet_edu.predict("lenet5-modern", tmp_path / "three.png")
    assert (found.name, found.is_sure) == ("3", True)
    assert found.probabilities.sum().item() == pytest.approx(1)
    assert repr(found).startswith("Reading(3, 9") or repr(found) == "Reading(3, 100.0%)"
    doubt = Reading(found.image, torch.tensor([0.6, 0.4]), ("cat", "dog"))
    assert str(doubt) == "cat at 60.0%, not sure, then dog at 40.0%"


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_network_reads_at_its_own_size(name):
    model = load_network(name)
    (found,) = predict(model, png(drawn(7)))
    assert found.image.shape == model.architecture.input.output_shape
    assert found.name == "7"


def test_a_network_for_pictures_takes_the_whole_picture():
    (found,) = predict(RGBLeNet(), png(drawn(3, mode="RGB", ink=(0, 0, 0), paper=(255, 255, 255))))
    assert found.image.shape == (3, 32, 32)
    assert found.name in "01"
    with pytest.raises(LenetError, match="could not be read"):
        predict(RGBLeNet(), b"no picture")


def test_calibration_error_is_the_gap_between_what_is_said_and_what_is_so():
    said = torch.tensor([[0.8, 0.2]] * 10)
    assert calibration_error(said, torch.tensor([0] * 8 + [1] * 2)) == pytest.approx(0, abs=1e-6)
    assert calibration_error(said, torch.tensor([0] * 5 + [1] * 5)) == pytest.approx(0.3, abs=1e-6)
    sure = torch.tensor([[1.0, 0.0]] * 4)
    assert calibration_error(torch.cat([said, sure]), torch.tensor([1] * 10 + [0] * 4)) == pytest.approx(
        8 / 14
    )


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_networks_have_their_temperature_beside_their_weights(name):
    model = load_network(name)
    assert model.temperature == read_json(SHIPPED / f"{name}.json")["temperature"] > 0
    images = torch.rand(4, *model.architecture.input.output_shape)
    chances = model.probabilities(images)
    torch.testing.assert_close(chances, (model.class_scores(images) / model.temperature).softmax(1))


@pytest.mark.parametrize("name", shipped_names())
def test_probabilities_are_true_of_mnists_test_digits(name, mnist):
    model = load_network(name)
    seen = resize_for(model.architecture.input.size, mnist.test.images, mnist.scaling)
    assert calibration_error(probabilities(model, seen), mnist.test.labels) <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_broken_pictures_are_read_or_refused(seed):
    random.seed(seed)
    for content in broken_pictures(seed, 100):
        with suppress(LenetError):
            assert all(np.isfinite(found.probability) for found in predict("lenet5-modern", content))
