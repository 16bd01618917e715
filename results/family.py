"""Trains the networks of figure 9 as in 1998, on MNIST, and writes family.json.

    python -m results.family               every experiment, all seeds; half a day on two cores
    python -m results.family "LeNet-5"     only those whose name has this in it

What there is to train, and what for, is in experiments.py. Every run is written down as it comes, and what is
there is not run again: remove it from the file to have it anew. The errors of the rows on the way, pass after
pass, are written down to be drawn beside figure 5; nothing is chosen by them.
"""

from dataclasses import replace
from pathlib import Path

import numba
import torch

from lenet_edu.data.splits import Split
from lenet_edu.network.models import build, fingerprint
from lenet_edu.reproduction.figure_9 import FOLDS, digits_for, one_thread
from lenet_edu.reproduction.passes import train_original
from lenet_edu.reproduction.rows import Row, published_error
from lenet_edu.system.devices import describe_device, map_processes
from lenet_edu.system.files import write_json
from lenet_edu.training.evaluation import summary
from results.experiments import experiments
from results.recording import load_mnist, missing_runs, open_record, parse_filter

FILE = Path(__file__).with_suffix(".json")

# Of which run a test makes the first updates again, and how many.
STRETCHED = ("LeNet-5", 0)
STRETCH = 2000


def measure(name: str, seed: int) -> dict:
    """One run, on one core."""
    experiment = experiments()[name]
    fold = {} if experiment.holdout is None else {"fold": seed, **experiment.holdout}
    train, held_out = digits_for(experiment.row, load_mnist(), **fold)
    with one_thread():
        run = experiment.train(experiment.row, train, held_out, seed)
        if seed or experiment.kind != "row":
            for one_pass in run["passes"]:
                one_pass.pop("effective_rates", None)  # those of seed 0 will do
        if (name, seed) == STRETCHED:
            run["begins_with"] = {"updates": STRETCH, "weights": stretch(experiment.row, train)}
    return run


def stretch(row: Row, train: Split) -> str:
    """The fingerprint of the weights after the first updates of seed 0: soon made again, and compared."""
    model, first = build(row.network), replace(row.recipe, schedule=((row.recipe.rates[0], 1),))
    train_original(model, train, first, seed=0, updates=STRETCH)
    return fingerprint(model)


def write_run(record: dict, name: str, run: dict) -> None:
    """Put a run into the record, and write the record at once."""
    experiment = experiments()[name]
    row = experiment.row
    entry = record["experiments"].setdefault(name, {"runs": []})
    entry["runs"] = sorted([*entry["runs"], run], key=lambda one: one["seed"])
    entry |= {
        "about": row.about,
        "published": published_error(name) if experiment.kind == "row" else None,
        "network": row.network,
        "recipe": row.recipe.to_dict(),
        "digits": dict(row.digits) if row.digits else None,
        "judged_on": "test digits" if experiment.holdout is None else "held-out digits",
        "error": summary([one["error"] for one in entry["runs"]]),
        "training_error": summary([one["training_error"] for one in entry["runs"]]),
    }
    record["experiments"] = {
        one: record["experiments"][one] for one in experiments() if one in record["experiments"]
    }
    write_json(FILE, record)


def main() -> None:
    only, data = parse_filter(__doc__), load_mnist()
    record = open_record(FILE, numba=numba.__version__) | {
        "command": "python -m results.family",
        "data": data.name,
        "digits": {"training": len(data.train) + len(data.validation), "test": len(data.test)},
        "folds": FOLDS,
        "device": f"{describe_device(torch.device('cpu'))}, one core a run",
    }
    for (name, _), run in map_processes(measure, missing_runs(record, experiments(), only)):
        write_run(record, name, run)
        print(f"{name}, seed {run['seed']}: {run['error']} %, {run['minutes']} min", flush=True)


if __name__ == "__main__":
    main()
