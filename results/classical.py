"""Measures the classical classifiers of the paper's figure 9, and writes classical.json.

    python -m results.classical                   all of them; about a quarter of an hour on one core
    python -m results.classical linear            only those whose name has this in it

Every run is written down as it comes, and what is there is not run again: remove it from the file to run
it anew.
The one setting of each is chosen on the digits that are held out of the training digits. It is then fitted
to all training digits, and reads the test digits once. Errors are in percent.
"""

from pathlib import Path

import numpy as np
import sklearn
import torch
from threadpoolctl import threadpool_limits

from lenet_edu.data.digits import all_training_digits
from lenet_edu.data.splits import Data
from lenet_edu.network import paper
from lenet_edu.reproduction.classifiers import Experiment, choose, experiments, measure, preprocess
from lenet_edu.system.devices import describe_device
from lenet_edu.system.files import write_json
from lenet_edu.training.evaluation import summary
from results.recording import load_mnist, open_record, parse_filter

FILE = Path(__file__).with_suffix(".json")


def write_record(record: dict, name: str, entry: dict) -> None:
    """Write down at once what there is of an experiment."""
    record["experiments"] = {
        one: {**record["experiments"], name: entry}[one]
        for one in experiments()
        if one == name or one in record["experiments"]
    }
    write_json(FILE, record)


def run(record: dict, name: str, what: Experiment, data: Data) -> None:
    """What is not there yet of one experiment."""
    entry = record["experiments"].get(name)
    train, held_out = (preprocess(split, what, data.background) for split in (data.train, data.validation))
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
        write_record(record, name, entry)
    there = {one["seed"] for one in entry["runs"]}
    waiting = [seed for seed in (range(what.seeds) if what.seeds else (None,)) if seed not in there]
    if not waiting:
        return
    everything, test = (
        preprocess(split, what, data.background) for split in (all_training_digits(data), data.test)
    )
    for seed in waiting:
        outcome = measure(what, entry["settings"][what.setting], seed, everything, test)
        entry["runs"] = sorted([*entry["runs"], outcome], key=lambda one: one["seed"] or 0)
        for key in ("test_error", "training_error"):
            errors = [one[key] for one in entry["runs"]]
            entry[key] = None if None in errors else summary(errors)
        write_record(record, name, entry)
        print(
            f"{name}: {outcome['test_error']} % (paper: {entry['published']}), {outcome['minutes']} min",
            flush=True,
        )


def main() -> None:
    only, data = parse_filter(__doc__), load_mnist()
    torch.set_num_threads(1)
    versions = {"numpy": np.__version__, "scikit-learn": sklearn.__version__}
    record = open_record(FILE, **versions) | {
        "command": "python -m results.classical",
        "data": data.name,
        "digits": {"training": len(data.train) + len(data.validation), "test": len(data.test)},
        "held_out": len(data.validation),
        "device": describe_device(torch.device("cpu")),
    }
    with threadpool_limits(1):
        for name, what in experiments().items():
            if only in name:
                run(record, name, what, data)


if __name__ == "__main__":
    main()
