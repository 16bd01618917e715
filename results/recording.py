"""What the scripts beside this one share: what is recorded, which runs are waiting, one core a run."""

import argparse
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import torch

from lenet_edu.data import Data, Split
from lenet_edu.files import read_json


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


def run_all(runs: list[tuple[str, int]], measure: Callable, done: Callable[[str, dict], None]) -> None:
    """measure(name, seed) for each run, in a process a core; done(name, what it found) as each one ends."""
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(measure, *run): run for run in runs}
        for future in as_completed(running):
            done(running[future][0], future.result())


def all_training_digits(data: Data) -> Split:
    """The training split and what was held out of it."""
    parts = (data.train, data.validation)
    return Split(*(torch.cat([getattr(part, key) for part in parts]) for key in ("images", "labels")))


def summary(errors: list[float]) -> dict:
    """Over the runs; the deviation of a single one is None."""
    return {
        "mean": round(statistics.mean(errors), 3),
        "deviation": round(statistics.stdev(errors), 3) if len(errors) > 1 else None,
        "best": min(errors),
        "worst": max(errors),
    }
