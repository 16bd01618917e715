"""Measures the classical classifiers of the paper's figure 9, and writes classical.json.

    python results/classical.py                   all of them; about a quarter of an hour on one core
    python results/classical.py linear            only those whose name has this in it

Every run is kept as it comes, and what is there is not run again: remove it from the file to have it anew.
The one setting of each is chosen on the digits that are held out of the training digits. It is then fitted
to all training digits, and reads the test digits once. Errors are in percent.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sklearn
import torch
from recording import all_training_digits, named_on_the_command_line, open_record, summary
from threadpoolctl import threadpool_limits

from lenet_edu import paper
from lenet_edu.baselines import (
    COMPONENTS,
    HIDDEN_UNITS,
    Outcome,
    deslant,
    least_squares,
    logistic,
    nearest_neighbours,
    one_hidden_layer,
    quadratic,
)
from lenet_edu.data import MNIST_NAME, Data, Split, crop, load_digits
from lenet_edu.devices import describe_device
from lenet_edu.files import write_json

FILE = Path(__file__).with_suffix(".json")
PENALTIES = (1, 10, 100, 1000, 10_000, 100_000)
NEIGHBOURS = (1, 3, 5, 7)
RATES = (0.01, 0.03, 0.1, 0.3)
# As many as LeNet-5's.
PASSES = sum(passes for _, passes in paper.GLOBAL_RATES)


@dataclass(frozen=True)
class Experiment:
    """A row of figure 9: the classifier, the setting that is chosen, and among which values.

    fixed: the other settings. seeds: 0 if the outcome depends on none.
    """

    row: str
    what: str
    classify: Callable[..., Outcome]
    setting: str
    values: tuple[float, ...]
    fixed: dict = field(default_factory=dict)
    seeds: int = 0

    @property
    def deslanted(self) -> bool:
        """Whether it sees digits set upright, as its row is named."""
        return self.row.endswith("deslanted")


def experiments() -> dict[str, Experiment]:
    """All of them by name."""
    network = {"passes": PASSES, "units": HIDDEN_UNITS, "batch_size": 10}
    found = {}
    for row in ("linear", "linear, deslanted"):
        for way, classify in (("least squares", least_squares), ("logistic", logistic)):
            found[f"{row}, {way}"] = Experiment(row, f"linear, {way}", classify, "penalty", PENALTIES)
    for row in ("K-NN Euclidean", "K-NN Euclidean, deslanted"):
        found[row] = Experiment(row, "nearest neighbours", nearest_neighbours, "neighbours", NEIGHBOURS)
    found["40 PCA + quadratic"] = Experiment(
        "40 PCA + quadratic",
        "polynomial of second degree, least squares",
        quadratic,
        "penalty",
        PENALTIES,
        {"components": COMPONENTS},
    )
    found["784-300-10"] = Experiment(
        "784-300-10", "one hidden layer of tanh units", one_hidden_layer, "rate", RATES, network, seeds=3
    )
    return found


def seen(split: Split, what: Experiment, background: float) -> Split:
    """The digits as the classifier sees them: 28x28; or upright, 20x20 (section III-A)."""
    if not what.deslanted:
        return Split(crop(split.images, paper.MNIST_SIZE), split.labels)
    return Split(crop(deslant(split.images, background), paper.GLYPH_SIZE), split.labels)


def choose(what: Experiment, train: Split, held_out: Split) -> list[dict]:
    """The error on the digits that are held out with each value of the setting; of a network, seed 0's."""
    seed = {"seed": 0} if what.seeds else {}
    tried = []
    for value in what.values:
        outcome = what.classify(train, held_out, **{what.setting: value}, **what.fixed, **seed)
        tried.append({what.setting: value, "error": round(outcome.test, 3)})
    return tried


def measure(what: Experiment, value: float, seed: int | None, train: Split, test: Split) -> dict:
    """One run, on all training digits."""
    start = time.perf_counter()
    seeded = {} if seed is None else {"seed": seed}
    outcome = what.classify(train, test, **{what.setting: value}, **what.fixed, **seeded)
    return {
        "seed": seed,
        "test_error": round(outcome.test, 3),
        "training_error": None if outcome.training is None else round(outcome.training, 3),
        "updates": outcome.updates,
        "minutes": round((time.perf_counter() - start) / 60, 3),
    }


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
    if data.source != MNIST_NAME:
        print(f"{data.note} There is nothing to measure without MNIST.", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    versions = {"numpy": np.__version__, "scikit-learn": sklearn.__version__}
    kept = open_record(FILE, **versions) | {
        "command": "python results/classical.py",
        "data": data.source,
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
