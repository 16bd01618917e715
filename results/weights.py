"""Trains the weights that come with the package, on MNIST: `make weights`.

Beside each file of weights stands its provenance: command, recipe, seed, versions, history, accuracy. The
networks of figure 9 are by the first seed that was recorded, seed 0, and not by the best.

    python -m results.weights                       all of them
    python -m results.weights lenet4 --from DIR     one, from the folder that `reproduce --out` wrote
"""

import argparse
import platform
import shlex
import sys
import tempfile
from pathlib import Path

import torch

from lenet_edu.cli import main as cli
from lenet_edu.network.models import count_parameters
from lenet_edu.system.devices import describe_device
from lenet_edu.system.files import read_json, write_atomically, write_json
from lenet_edu.training.checkpoints import SHIPPED, load_network

COMMANDS = {
    "lenet5-1998": "reproduce lenet-5 --data mnist",
    "lenet5-1998-distorted": "reproduce lenet-5-distorted --data mnist",
    "lenet5-modern": "train modern --data mnist --epochs 12 --seed 0",
    "lenet4": "reproduce lenet-4 --data mnist",
    "lenet1": "reproduce lenet-1-16x16 --data mnist",
    "lenet1989": "reproduce lenet-1989 --data mnist",
}


def make(name: str, folder: Path) -> None:
    """Train one network in a folder, or take what it holds, and put weights and provenance here."""
    status = cli.main([*shlex.split(COMMANDS[name]), "--out", str(folder)])
    if status:
        sys.exit(status)
    keep = _train if COMMANDS[name].startswith("train") else _reproduce
    weights, record = keep(folder)
    write_atomically(SHIPPED / f"{name}.safetensors", weights.read_bytes())
    write_json(SHIPPED / f"{name}.json", {"command": f"lenet-edu {COMMANDS[name]}", **record})


def _train(folder: Path) -> tuple[Path, dict]:
    """The best weights of a run of `fit`, and its record."""
    record = read_json(folder / "run.json")
    del record["out"]
    return folder / "best.safetensors", record


def _reproduce(folder: Path) -> tuple[Path, dict]:
    """The last weights of seed 0 of a row, and its record."""
    weights = folder / "seed-0" / "network.safetensors"
    record, model = read_json(folder / "seed-0" / "record.json"), load_network(weights)
    return weights, {
        "network": model.architecture.name,
        "parameters": count_parameters(model),
        "recipe": model.notes["recipe"],
        "device": f"{describe_device(torch.device('cpu'))}, one core",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "test_accuracy": 1 - record["error"] / 100,
        **record,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(COMMANDS)} (default: all)")
    parser.add_argument("--from", dest="folder", type=Path, help="a folder that `reproduce` or `train` wrote")
    options = parser.parse_args()
    for name in options.names or COMMANDS:
        if options.folder:
            make(name, options.folder)
            continue
        with tempfile.TemporaryDirectory() as folder:
            make(name, Path(folder) / "run")


if __name__ == "__main__":
    main()
