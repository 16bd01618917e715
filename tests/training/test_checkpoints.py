"""Weights come back as they were; whatever is damaged, foreign or dangerous stays out."""

import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from lenet_edu.network.architecture import MODERN
from lenet_edu.network.models import LeNet5, RGBLeNet
from lenet_edu.system.errors import LenetError
from lenet_edu.system.tensors import save_tensors
from lenet_edu.training.checkpoints import load_network, save_network

TABLE = np.arange(96).reshape(6, 16) % 5 == 0


@pytest.mark.parametrize(
    "model",
    [LeNet5(), LeNet5(**MODERN), LeNet5(c3=TABLE), RGBLeNet(3)],
    ids=lambda model: model.architecture.name,
)
def test_a_network_comes_back_from_its_file_alone(model, tmp_path):
    save_network(tmp_path / "x.safetensors", model, {"seed": 7})
    again = load_network(tmp_path / "x.safetensors")
    assert again.architecture == model.architecture
    assert again.notes["seed"] == 7
    assert not again.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)


def test_tensors_that_do_not_fit_the_named_network_are_refused(tmp_path):
    tensors = {**LeNet5().state_dict(), "C1.bias": torch.zeros(7)}
    save_tensors(tmp_path / "x.safetensors", tensors, {"network": LeNet5().architecture.config})
    with pytest.raises(LenetError, match=r"C1\.bias should be \(6,\), is \(7,\)"):
        load_network(tmp_path / "x.safetensors")


@pytest.mark.parametrize("length", [0, 4, 40, 2000, -1])
def test_a_truncated_file_is_named(tmp_path, length):
    path = tmp_path / "x.safetensors"
    save_network(path, LeNet5())
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(LenetError, match=r"x\.safetensors is not a whole safetensors file"):
        load_network(path)


class Trap:
    """Unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("write", [torch.save, lambda trap, path: path.write_bytes(pickle.dumps(trap))])
def test_a_pickle_is_never_opened(tmp_path, write):
    path, sprung = tmp_path / "x.safetensors", tmp_path / "sprung"
    write(Trap(sprung), path)
    with pytest.raises(LenetError, match="can run code"):
        load_network(path)
    assert not sprung.exists()


def test_a_foreign_safetensors_file_is_refused(tmp_path):
    save_file({"weight": torch.zeros(3)}, tmp_path / "x.safetensors")
    with pytest.raises(LenetError, match="not written by lenet_edu"):
        load_network(tmp_path / "x.safetensors")


@pytest.mark.parametrize("notes", ["{", "[]"])
def test_damaged_notes_are_refused(tmp_path, notes):
    save_file({"weight": torch.zeros(3)}, tmp_path / "x.safetensors", metadata={"lenet_edu": notes})
    with pytest.raises(LenetError, match="damaged notes"):
        load_network(tmp_path / "x.safetensors")


def test_missing_weights_are_named_with_what_there_is(tmp_path):
    with pytest.raises(LenetError, match=r"lenet1, .*lenet5-modern"):
        load_network("lenet6")
    with pytest.raises(LenetError, match="No such file"):
        load_network(tmp_path / "none.safetensors")
