"""The weights that come with the package: whole, small, honest about where they come from."""

from pathlib import Path

import pytest

from lenet_edu.data.digits import load_digits
from lenet_edu.data.splits import Split, resize_for
from lenet_edu.network import paper
from lenet_edu.network.models import count_parameters, fingerprint
from lenet_edu.reproduction import figure_9
from lenet_edu.system.files import read_json
from lenet_edu.training.checkpoints import SHIPPED, load_network, shipped_names
from lenet_edu.training.evaluation import accuracy
from results import weights

RESULTS = Path(__file__).parents[2] / "results"
NAMES = shipped_names()
REPRODUCED = [name for name, command in weights.COMMANDS.items() if command.startswith("reproduce")]


def test_what_is_made_is_what_is_shipped():
    assert sorted(weights.COMMANDS) == NAMES
    assert count_parameters(load_network("lenet5-1998")) == paper.TOTAL_PARAMETERS
    for name in NAMES:
        assert read_json(SHIPPED / f"{name}.json")["command"] == f"lenet-edu {weights.COMMANDS[name]}"


@pytest.mark.parametrize("name", NAMES)
def test_provenance_matches_the_weights(name):
    record, model = read_json(SHIPPED / f"{name}.json"), load_network(name)
    assert record["parameters"] == count_parameters(model)
    assert record["recipe"] == model.notes["recipe"]
    assert record["seed"] == model.notes["seed"]
    assert record["data"] == "MNIST"
    assert {"command", "versions", "device", "test_accuracy"} <= record.keys()


@pytest.mark.parametrize("name", REPRODUCED)
def test_reproduced_weights_are_those_of_the_recorded_seed_0(name):
    record, model = read_json(SHIPPED / f"{name}.json"), load_network(name)
    row = record["name"]
    recorded = read_json(RESULTS / "family.json")["experiments"][row]
    first = recorded["runs"][0]
    assert first["seed"] == record["seed"] == 0
    assert fingerprint(model) == first["weights"] == record["weights"]
    assert (record["error"], record["passes"]) == (first["error"], first["passes"])
    assert record["recipe"] == figure_9.ROWS[row].recipe.to_dict()


def test_the_best_epoch_of_the_modern_one_is_shipped():
    record, model = read_json(SHIPPED / "lenet5-modern.json"), load_network("lenet5-modern")
    assert record["best_epoch"] == model.notes["epoch"]
    assert record["validation_accuracy"] == model.notes["validation_accuracy"]
    assert record["test_accuracy"] >= 0.99


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_small(name):
    assert (SHIPPED / f"{name}.safetensors").stat().st_size < 300_000


@pytest.mark.parametrize("name", NAMES)
def test_weights_read_digits_of_another_origin(name):
    """scikit-learn's digits were neither trained on nor chosen by: far above chance, and below MNIST."""
    digits, model = load_digits("embedded"), load_network(name)
    size = model.architecture.input.size
    split = Split(resize_for(size, digits.test.images, digits.scaling), digits.test.labels)
    assert accuracy(model, split) > 0.6


@pytest.mark.parametrize("name", NAMES)
def test_weights_reach_their_record_on_mnist(name, mnist):
    record, model, test = read_json(SHIPPED / f"{name}.json"), load_network(name), mnist.test
    if name in REPRODUCED:
        _, test = figure_9.digits_for(figure_9.ROWS[record["name"]], mnist)
    assert accuracy(model, test) == pytest.approx(record["test_accuracy"], abs=0.0005)
