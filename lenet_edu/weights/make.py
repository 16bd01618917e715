"""Trains the weights that come with the package, on MNIST: `make weights`.

Beside each file of weights stands its provenance: command, recipe, seed, versions, history, accuracy.
"""

import shlex
import sys
import tempfile
from pathlib import Path

from lenet_edu import cli
from lenet_edu.files import read_json, write_atomically, write_json

HERE = Path(__file__).parent
COMMANDS = {
    "lenet5-modern": "train modern --data mnist --epochs 12 --seed 0",
    "lenet5-1998": "train 1998 --data mnist --epochs 15 --seed 0",
}


def make(name: str) -> None:
    """Train one network and put its best weights and its provenance here."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        status = cli.main([*shlex.split(COMMANDS[name]), "--out", str(run)])
        if status:
            sys.exit(status)
        record = read_json(run / "run.json")
        del record["out"]
        write_atomically(HERE / f"{name}.safetensors", (run / "best.safetensors").read_bytes())
        write_json(HERE / f"{name}.json", {"command": f"lenet-edu {COMMANDS[name]}", **record})


if __name__ == "__main__":
    for name in sys.argv[1:] or COMMANDS:
        make(name)
