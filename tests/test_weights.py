"""The weights that come with the package: whole, small, honest about where they come from."""

import pytest

from lenet_edu import paper
from lenet_edu.checkpoints import SHIPPED, load_network, shipped_names
from lenet_edu.data import load_digits
from lenet_edu.evaluation import accuracy
from lenet_edu.files import read_json
from lenet_edu.models import count_parameters

NAMES = shipped_names()


def test_both_networks_are_shipped():
    assert NAMES == ["lenet5-1998", "lenet5-modern"]
    assert count_parameters(load_network("lenet5-1998")) == paper.TOTAL_PARAMETERS


@pytest.mark.parametrize("name", NAMES)
def test_provenance_matches_the_weights(name):
    record, model = read_json(SHIPPED / f"{name}.json"), load_network(name)
    assert record["parameters"] == count_parameters(model)
    assert record["recipe"] == model.notes["recipe"]
    assert record["seed"] == model.notes["seed"]
    assert record["best_epoch"] == model.notes["epoch"]
    assert record["validation_accuracy"] == model.notes["validation_accuracy"]
    assert record["data"] == "MNIST"
    assert {"command", "versions", "device", "test_accuracy", "history"} <= record.keys()


@pytest.mark.parametrize(("name", "least"), [("lenet5-modern", 0.99), ("lenet5-1998", 0.989)])
def test_recorded_accuracy_reaches_what_the_suite_promises(name, least):
    assert read_json(SHIPPED / f"{name}.json")["test_accuracy"] >= least


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_small(name):
    assert (SHIPPED / f"{name}.safetensors").stat().st_size < 300_000


@pytest.mark.parametrize("name", NAMES)
def test_weights_read_digits_of_another_origin(name):
    """scikit-learn's digits were neither trained on nor chosen by: far above chance, and below MNIST."""
    assert accuracy(load_network(name), load_digits("embedded").test) > 0.7


@pytest.mark.parametrize("name", NAMES)
def test_weights_reach_their_record_on_mnist(name, mnist):
    recorded = read_json(SHIPPED / f"{name}.json")["test_accuracy"]
    assert accuracy(load_network(name), mnist.test) == pytest.approx(recorded, abs=0.0005)
