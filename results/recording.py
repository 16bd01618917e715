"""What the scripts beside this one share: what is recorded, and which runs are waiting."""

import argparse
import platform
import sys
import time
from pathlib import Path

import torch

from lenet_edu.data.digits import load_digits
from lenet_edu.data.splits import Data
from lenet_edu.system.files import read_json


def parse_filter(doc: str) -> str:
    """The command line's only argument: what the names of the experiments to run contain; "" for all."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("only", nargs="?", default="", help="experiments whose name has this in it")
    return parser.parse_args().only


def load_mnist() -> Data:
    """MNIST; where there is none, say so and end with status 2."""
    data = load_digits()
    if data.source.kind != "mnist":
        print(f"{data.note} There is nothing to measure without MNIST.", file=sys.stderr)
        sys.exit(2)
    return data


def open_record(file: Path, **versions: str) -> dict:
    """What is recorded so far, with the versions and the date of now."""
    record = read_json(file) if file.exists() else {"experiments": {}}
    versions = {"python": platform.python_version(), "torch": torch.__version__, **versions}
    return record | {"versions": versions, "date": time.strftime("%Y-%m-%d")}


def missing_runs(record: dict, experiments: dict, only: str) -> list[tuple[str, int]]:
    """Experiment and seed of each run that is asked for and not recorded."""
    return [
        (name, seed)
        for name, experiment in experiments.items()
        if only in name
        for seed in range(experiment.seeds)
        if all(run["seed"] != seed for run in record["experiments"].get(name, {"runs": []})["runs"])
    ]
