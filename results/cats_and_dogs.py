"""Measures how far the RGB LeNet goes on cats and dogs, and writes cats_and_dogs.json: `make results`.

    python -m results.cats_and_dogs               every experiment, all seeds; about 40 minutes on two cores
    python -m results.cats_and_dogs tutorial      only those whose name has this in it

Every run is written down as it comes, and what is there is not run again: remove it from the file to run
it anew.
The rungs of the ladder and the augmentations are compared on every fifth training picture, which is held
out for that, and never see the folder `val`. Two recipes, the tutorial's and the one chosen so, are then
trained on all training pictures, and read the folder `val` once, with their last weights.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from lenet_edu.data.picture_sets import load_cats_and_dogs
from lenet_edu.data.splits import Data, Split, hold_out
from lenet_edu.network.models import RGBLeNet
from lenet_edu.system.devices import describe_device, map_processes
from lenet_edu.system.files import write_json
from lenet_edu.training.evaluation import probabilities
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import RECIPES, Recipe
from results.recording import missing_runs, open_record, parse_filter

FILE = Path(__file__).with_suffix(".json")
HELD_OUT_EVERY = 5


@dataclass(frozen=True)
class Experiment:
    """What is trained: a recipe, on all training pictures or on those that are not held out."""

    what: str
    recipe: Recipe
    on_all: bool = False
    f7: bool = True
    seeds: int = 3


def ladder() -> dict[str, Experiment]:
    """From the tutorial's recipe to ours: each rung is the one before with a single change."""
    steps = (
        ("batches of 128, one cycle of rates", {"batch_size": 128, "peak_rate": 0.1, "halve_every": 0}),
        ("Nesterov's momentum", {"nesterov": True}),
        ("no flip", {"vertical_flip": 0.0}),
        ("mirrored left and right", {"horizontal_flip": 0.5}),
        ("shifted by up to 3 pixels", {"shift": 3.0}),
        ("turned and scaled", {"rotation": 10.0, "scale": 0.15}),
        ("other colours", {"colour": 0.2}),
        ("He's start", {"start": "scaled"}),
        ("weight decay", {"weight_decay": 0.002}),
        ("label smoothing", {"smoothing": 0.1}),
        ("100 epochs", {"epochs": 100}),
    )
    recipe = RECIPES["tutorial"]
    rungs = {"ladder 00": Experiment("the tutorial's recipe", recipe)}
    for number, (what, change) in enumerate(steps, 1):
        recipe = recipe.changed(**change)
        rungs[f"ladder {number:02}"] = Experiment(what, recipe)
    return rungs


def shifted_only() -> Recipe:
    """The top of the ladder without what rungs 06 and 07 added."""
    return ladder()["ladder 11"].recipe.changed(rotation=0.0, scale=0.0, colour=0.0)


def augmentations() -> dict[str, Experiment]:
    """One kind of distortion alone, on top of the rung without any; rungs 02 and 04 are two others."""
    plain = ladder()["ladder 03"].recipe
    kinds = {"shifted": {"shift": 3.0}, "other colours": {"colour": 0.2}}
    return {f"augmented, {name}": Experiment(name, plain.changed(**change)) for name, change in kinds.items()}


def experiments() -> dict[str, Experiment]:
    """All of them by name."""
    return {
        "tutorial": Experiment("the tutorial's recipe", RECIPES["tutorial"], on_all=True, seeds=5),
        "ours": Experiment("the top of the ladder", RECIPES["pictures_best"], on_all=True, seeds=5),
        **ladder(),
        **augmentations(),
        "fewer distortions": Experiment("100 epochs, only mirrored and shifted", shifted_only()),
        "without F7": replace(ladder()["ladder 10"], what="without the superfluous layer", f7=False),
    }


def split_anew(data: Data, on_all: bool) -> Data:
    """All training pictures, with `val` to look at; or every fifth held out, and `val` not there at all."""
    images = torch.cat([data.train.images, data.validation.images])
    labels = torch.cat([data.train.labels, data.validation.labels])
    if on_all:
        return replace(data, train=Split(images, labels), validation=data.test)
    rest, held = (Split(*pair) for pair in hold_out(images, labels, every=HELD_OUT_EVERY))
    return replace(data, train=rest, validation=held, test=held)


def measure(name: str, seed: int) -> dict:
    """One run, on one core."""
    torch.set_num_threads(1)
    what = experiments()[name]
    data = split_anew(load_cats_and_dogs(progress=False), what.on_all)
    model = RGBLeNet(len(data.classes), what.f7)
    model.reset_parameters(torch.Generator().manual_seed(seed), what.recipe.start)
    run = fit(model, data, what.recipe, seed=seed, device="cpu", progress=False)
    model.load_state_dict(run.last_weights)
    images = data.validation.images
    plain, mirrored = probabilities(model, images), probabilities(model, images.flip(3))
    labels = data.validation.labels
    outcome = {
        "seed": seed,
        "accuracy": (plain.argmax(1) == labels).double().mean().item(),
        "with_mirror_image": ((plain + mirrored).argmax(1) == labels).double().mean().item(),
        "best_epochs_accuracy": max(record["validation_accuracy"] for record in run.history),
        "train_accuracy": run.history[-1]["train_accuracy"],
        "steps": run.steps,
        "seconds": round(run.seconds, 1),
    }
    if seed == 0 and what.on_all:
        keys = ("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
        outcome["history"] = [{key: round(record[key], 5) for key in keys} for record in run.history]
    return outcome


def write_record(record: dict, name: str, outcome: dict) -> None:
    """Write a run down at once."""
    what = experiments()[name]
    entry = record["experiments"].setdefault(name, {"runs": []})
    entry |= {"what": what.what, "recipe": what.recipe.to_dict(), "on_all": what.on_all, "f7": what.f7}
    entry["runs"] = sorted([*entry["runs"], outcome], key=lambda run: run["seed"])
    record["experiments"] = {name: record["experiments"][name] for name in sorted(record["experiments"])}
    write_json(FILE, record)


def main() -> int:
    only, data = parse_filter(__doc__), load_cats_and_dogs(progress=False)
    if data.source.kind == "shapes":
        print(f"{data.note} There is nothing to measure without them.", file=sys.stderr)
        return 2
    record = open_record(FILE) | {
        "command": "make results",
        "data": data.name,
        "pictures": {"train": len(data.train) + len(data.validation), "val": len(data.test)},
        "machine": describe_device(torch.device("cpu")),
    }

    for (name, _), outcome in map_processes(measure, missing_runs(record, experiments(), only)):
        write_record(record, name, outcome)
        print(
            f"{name}, seed {outcome['seed']}: {outcome['accuracy']:.2%}, {outcome['seconds']} s", flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
