"""Measures the classical classifiers of the paper's figure 9, and writes classical.json.

    python results/classical.py                   all of them; about a quarter of an hour on one core
    python results/classical.py linear            only those whose name has this in it

Every run is kept as it comes, and what is there is not run again: remove it from the file to have it anew.
The one setting of each is chosen on the digits that are held out of the training digits. It is then fitted
to all training digits, and reads the test digits once. Errors are in percent.
"""

import sys
from pathlib import Path

import numpy as np
import sklearn
import torch
from threadpoolctl import threadpool_limits

from lenet_edu.data.digits import all_training_digits, load_digits
from lenet_edu.data.splits import Data
from lenet_edu.network import paper
from lenet_edu.reproduction.classifiers import Experiment, choose, experiments, measure, seen
from lenet_edu.system.devices import describe_device
from lenet_edu.system.files import write_json
from lenet_edu.training.evaluation import summary
from results.recording import named_on_the_command_line, open_record

FILE = Path(__file__).with_suffix(".json")


def keep(kept: dict, name: str, entry: dict) -> None:
    """Write down at once what there is of an experiment."""
    kept["experiments"] = {
        one: {**kept["experiments"], name: entry}[one]
        for one in experiments()
        if one == name or one in kept["experiments"]
    }
    write_json(FILE, kept)


def run(kept: dict, name: str, what: Experiment, data: Data) -> None:
    """What is not there yet of one experiment."""
    entry = kept["experiments"].get(name)
    train, held_out = (seen(split, what, data.background) for split in (data.train, data.validation))
    if entry is None:
        tried = choose(what, train, held_out)
        best = min(tried, key=lambda one: one["error"])
        entry = {
            "row": what.row,
            "published": paper.PUBLISHED_ERRORS[what.row],
            "what": what.what,
            "deslanted": what.deslanted,
            "pixels": train.images[0].numel(),
            "settings": {what.setting: best[what.setting], **what.fixed},
            "validation": tried,
            "test_error": None,
            "training_error": None,
            "runs": [],
        }
        keep(kept, name, entry)
    there = {one["seed"] for one in entry["runs"]}
    waiting = [seed for seed in (range(what.seeds) if what.seeds else (None,)) if seed not in there]
    if not waiting:
        return
    everything, test = (
        seen(split, what, data.background) for split in (all_training_digits(data), data.test)
    )
    for seed in waiting:
        found = measure(what, entry["settings"][what.setting], seed, everything, test)
        entry["runs"] = sorted([*entry["runs"], found], key=lambda one: one["seed"] or 0)
        for key in ("test_error", "training_error"):
            errors = [one[key] for one in entry["runs"]]
            entry[key] = None if None in errors else summary(errors)
        keep(kept, name, entry)
        print(
            f"{name}: {found['test_error']} % (paper: {entry['published']}), {found['minutes']} min",
            flush=True,
        )


def main() -> int:
    only, data = named_on_the_command_line(__doc__), load_digits()
    if data.source.kind != "mnist":
        print(f"{data.note} There is nothing to measure without MNIST.", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    versions = {"numpy": np.__version__, "scikit-learn": sklearn.__version__}
    kept = open_record(FILE, **versions) | {
        "command": "python results/classical.py",
        "data": data.name,
        "digits": {"training": len(data.train) + len(data.validation), "test": len(data.test)},
        "held_out": len(data.validation),
        "device": describe_device(torch.device("cpu")),
    }
    with threadpool_limits(1):
        for name, what in experiments().items():
            if only in name:
                run(kept, name, what, data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
