"""What the scripts beside this one share: what is recorded, and which runs are waiting."""

import argparse
import platform
import time
from pathlib import Path

import torch

from lenet_edu.system.files import read_json


def named_on_the_command_line(doc: str) -> str:
    """What the names of the experiments to run shall contain; nothing for all of them."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("only", nargs="?", default="", help="experiments whose name has this in it")
    return parser.parse_args().only


def open_record(file: Path, **versions: str) -> dict:
    """What is recorded so far, with the versions and the date of now."""
    kept = read_json(file) if file.exists() else {"experiments": {}}
    versions = {"python": platform.python_version(), "torch": torch.__version__, **versions}
    return kept | {"versions": versions, "date": time.strftime("%Y-%m-%d")}


def waiting(kept: dict, experiments: dict, only: str) -> list[tuple[str, int]]:
    """Experiment and seed of each run that is asked for and not recorded."""
    return [
        (name, seed)
        for name, what in experiments.items()
        if only in name
        for seed in range(what.seeds)
        if all(run["seed"] != seed for run in kept["experiments"].get(name, {"runs": []})["runs"])
    ]
