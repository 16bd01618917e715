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
from lenet_edu.network.models import PHOTO_LAPSE, RGBLeNet, allow_for_lapses
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import read_json
from lenet_edu.training.checkpoints import SHIPPED, load_network, shipped_names
from lenet_edu.training.evaluation import calibration_error, probabilities
from lenet_edu.training.reading import Reading, predict
from results import reading as record_of_reading
from results.fuzz import broken_pictures
from results.strokes import drawn


def png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def test_a_reading_says_what_it_is_and_whether_it_is_sure(tmp_path):
    drawn(3).save(tmp_path / "three.png")
    (reading,) = lenet_edu.predict("lenet5-modern", tmp_path / "three.png")
    assert (reading.name, reading.is_sure) == ("3", True)
    assert reading.probabilities.sum().item() == pytest.approx(1)
    assert repr(reading).startswith("Reading(3, 9") or repr(reading) == "Reading(3, 100.0%)"
    doubt = Reading(reading.image, torch.tensor([0.6, 0.4]), ("cat", "dog"))
    assert str(doubt) == "cat at 60.0%, not sure, then dog at 40.0%"


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_network_reads_at_its_own_size(name):
    model = load_network(name)
    (reading,) = predict(model, png(drawn(7)))
    assert reading.image.shape == model.architecture.input.output_shape
    assert reading.name == "7"


def test_a_network_for_pictures_takes_the_whole_picture():
    (reading,) = predict(RGBLeNet(), png(drawn(3, mode="RGB", ink=(0, 0, 0), paper=(255, 255, 255))))
    assert reading.image.shape == (3, 32, 32)
    assert reading.name in "01"
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


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_names())
def test_a_picture_that_had_to_be_cleaned_is_told_with_the_temperature_of_photos(name):
    model = load_network(name)
    record = read_json(SHIPPED / f"{name}.json")
    assert model.photo_temperature == record["photo_temperature"] > 0
    small = drawn(4, size=28, pen=0.12)
    for picture, temperature, lapse in (
        (small, model.temperature, 0),
        (small.resize((280, 280)), model.photo_temperature, PHOTO_LAPSE),
    ):
        (reading,) = predict(model, png(picture))
        chances = (model.class_scores(reading.image[None]) / temperature).softmax(1)
        torch.testing.assert_close(reading.probabilities, (1 - lapse) * chances[0] + lapse / 10)


def test_no_photo_is_told_at_99_percent_however_high_its_score():
    certain = torch.eye(10)
    told = allow_for_lapses(certain)
    torch.testing.assert_close(told.sum(1), torch.ones(10))
    assert 0.98 < told.max() < 0.99


def test_a_network_without_a_temperature_of_photos_has_one_for_all():
    model, images = RGBLeNet(), torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(model.probabilities(images, from_photos=True), model.probabilities(images))


@pytest.mark.parametrize("name", shipped_names())
def test_probabilities_are_true_of_mnists_test_digits(name, mnist):
    model = load_network(name)
    seen = resize_for(model.architecture.input.size, mnist.test.images, mnist.scaling)
    assert calibration_error(probabilities(model, seen), mnist.test.labels) <= 0.01


def test_the_page_tells_what_is_on_record():
    assert record_of_reading.tables(
        read_json(record_of_reading.FILE)["experiments"]
    ) in record_of_reading.PAGE.read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_broken_pictures_are_read_or_refused(seed):
    random.seed(seed)
    for content in broken_pictures(seed, 100):
        with suppress(LenetError):
            assert all(np.isfinite(reading.probability) for reading in predict("lenet5-modern", content))
