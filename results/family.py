"""Trains the networks of figure 9 as in 1998, on MNIST, and writes family.json.

    python results/family.py               every experiment, all seeds
    python results/family.py "LeNet-5"     only those whose name has this in it

Every run is kept as it comes, and what is there is not run again: remove it from the file to have it anew.
What the paper leaves open is compared on digits held out of the training split, without the test split. The
networks then train on all 60,000 digits, and are judged on the test digits by the weights that the schedule
ends with. Their errors on the way, pass after pass, are written down to be drawn beside figure 5; nothing
is chosen by them.
"""

import sys
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numba
import torch
from recording import all_training_digits, named_on_the_command_line, open_record, run_all, summary, waiting

from lenet_edu import architecture, paper
from lenet_edu.data import MNIST_NAME, Split, load_digits
from lenet_edu.devices import describe_device
from lenet_edu.evaluation import accuracy
from lenet_edu.files import write_json
from lenet_edu.models import Network, build
from lenet_edu.original import OriginalRecipe, train_original

FILE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Experiment:
    """A network and how it is trained; `row` of figure 9, or None for a comparison on held-out digits."""

    what: str
    row: str | None = None
    network: dict = field(default_factory=lambda: architecture.lenet5().config)
    recipe: OriginalRecipe = field(default_factory=OriginalRecipe)
    seeds: int = 3


def experiments() -> dict[str, Experiment]:
    """All of them by name."""
    units = OriginalRecipe().divisor
    return {
        "LeNet-5": Experiment("as in 1998", "LeNet-5", seeds=10),
        "open: as chosen": Experiment("as chosen"),
        "open: coefficient 1": Experiment("coefficients start at 1", recipe=OriginalRecipe(coefficient=1.0)),
        "open: coefficient 1/2": Experiment(
            "coefficients start at 1/2", recipe=OriginalRecipe(coefficient=0.5)
        ),
        "open: divisor 42": Experiment("loss twice as large", recipe=OriginalRecipe(divisor=units / 2)),
        "open: divisor 168": Experiment("loss half as large", recipe=OriginalRecipe(divisor=units * 2)),
    }


def splits(what: Experiment) -> tuple[Split, Split]:
    """What is trained on and what is judged by: all digits and the test split, or without held-out ones."""
    data = load_digits()
    if what.row is None:
        return data.train, data.validation
    return all_training_digits(data), data.test


def percent_wrong(model: Network, split: Split) -> float:
    """The error in percent."""
    return round(100 * (1 - accuracy(model, split)), 3)


def fingerprint(model: Network) -> str:
    """The same for the same weights, bit for bit."""
    return sha256(b"".join(value.numpy().tobytes() for value in model.state_dict().values())).hexdigest()


def measure(name: str, seed: int) -> dict:
    """One run, on one core."""
    torch.set_num_threads(1)
    what = experiments()[name]
    train, judge = splits(what)
    model = build(what.network)

    def look(model: Network, record: dict) -> None:
        record["judged_error"] = percent_wrong(model, judge)

    history = train_original(model, train, what.recipe, seed=seed, after_pass=look)
    return {
        "seed": seed,
        "error": history[-1]["judged_error"],
        "training_error": percent_wrong(model, train),
        "updates": history[-1]["updates"],
        "minutes": round(sum(record["seconds"] for record in history) / 60, 2),
        "weights": fingerprint(model),
        "passes": [
            {
                "met_error": round(100 * record["error"], 3),
                "judged_error": record["judged_error"],
                "loss": round(record["loss"], 5),
                "effective_rates": [float(f"{rate:.3g}") for rate in record["effective_rates"]],
            }
            for record in history
        ],
    }


def keep(kept: dict, name: str, found: dict) -> None:
    """Write a run down at once."""
    what = experiments()[name]
    entry = kept["experiments"].setdefault(name, {"runs": []})
    entry["runs"] = sorted([*entry["runs"], found], key=lambda run: run["seed"])
    entry |= {
        "what": what.what,
        "row": what.row,
        "published": paper.PUBLISHED_ERRORS.get(what.row),
        "network": what.network,
        "recipe": what.recipe.to_dict(),
        "judged_on": "held-out digits" if what.row is None else "test digits",
        "error": summary([run["error"] for run in entry["runs"]]),
        "training_error": summary([run["training_error"] for run in entry["runs"]]),
    }
    kept["experiments"] = {
        one: kept["experiments"][one] for one in experiments() if one in kept["experiments"]
    }
    write_json(FILE, kept)


def main() -> int:
    only, data = named_on_the_command_line(__doc__), load_digits()
    if data.source != MNIST_NAME:
        print(f"{data.note} There is nothing to measure without MNIST.", file=sys.stderr)
        return 2
    kept = open_record(FILE, numba=numba.__version__) | {
        "command": "python results/family.py",
        "data": data.source,
        "digits": {"training": len(data.train) + len(data.validation), "test": len(data.test)},
        "held_out": len(data.validation),
        "device": f"{describe_device(torch.device('cpu'))}, one core a run",
    }

    def done(name: str, found: dict) -> None:
        keep(kept, name, found)
        print(f"{name}, seed {found['seed']}: {found['error']} %, {found['minutes']} min", flush=True)

    run_all(waiting(kept, experiments(), only), measure, done)
    return 0


if __name__ == "__main__":
    sys.exit(main())
