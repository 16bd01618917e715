"""`lenet-edu train`: train a network, or go on with a run."""

from __future__ import annotations

import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lenet_edu.cli.options import (
    SWITCHES,
    add_data_options,
    add_device_option,
    add_network_options,
    architecture_of,
    load_data,
    say,
)
from lenet_edu.network import architecture
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate

if TYPE_CHECKING:
    from lenet_edu.data.splits import Data
    from lenet_edu.network.models import Network
    from lenet_edu.training.recipes import Recipe
    from lenet_edu.training.runs import Run


def add_options(parser) -> None:
    """The options of this command."""
    add_network_options(parser, "modern")
    parser.add_argument("--recipe", help=translate("a named recipe (default: the quick one for the network)"))
    parser.add_argument("--epochs", type=int, help=translate("passes over the training images"))
    parser.add_argument("--batch-size", type=int, help=translate("images a step"))
    parser.add_argument("--peak-rate", type=float, help=translate("the highest learning rate"))
    parser.add_argument(
        "--seed", type=int, help=translate("initial weights, order and distortions (default 0)")
    )
    add_data_options(parser)
    parser.add_argument("--scaling", help=translate("input scaling of digits: paper (default) or standard"))
    parser.add_argument(
        "--train-on-all",
        action="store_true",
        default=None,
        help=translate("hold no training pictures out, and validate on DIR/val, as the tutorial does"),
    )
    add_device_option(parser)
    parser.add_argument(
        "--out", metavar="DIR", help=translate("the run's folder (default: a new one in runs/)")
    )
    parser.add_argument("--resume", metavar="DIR", help=translate("go on with the run in this folder"))
    parser.add_argument("--quiet", action="store_true", help=translate("no progress bar"))


@dataclass
class Job:
    """One training, new or to be gone on with: what `fit` is given.

    model: with its initial weights.
    data: what it is trained and evaluated on.
    recipe: the one that the run starts or was started with.
    seed: of initial weights, order and distortions.
    folder: that the run is saved in.
    resume: True if the folder holds a run to go on with.
    """

    model: Network
    data: Data
    recipe: Recipe
    seed: int
    folder: Path
    resume: bool


def run(options) -> dict:
    """Run the command; what --json prints."""
    from lenet_edu.system.files import write_json
    from lenet_edu.training.loop import fit

    start = time.perf_counter()
    job = _resumed_job(options) if options.resume else _new_job(options)
    record = _describe_start(options, job)
    write_json(job.folder / "run.json", record)  # better refused now than at the end
    _report_start(options, job, record)
    try:
        trained = fit(
            job.model,
            job.data,
            job.recipe,
            seed=job.seed,
            device=options.device,
            out=job.folder,
            resume=job.resume,
            progress=not options.quiet,
        )
    except KeyboardInterrupt:
        print(
            translate("\nStopped, and saved. To go on: lenet-edu train --resume {folder}", folder=job.folder),
            file=sys.stderr,
        )
        raise
    record |= _describe_end(job, trained, time.perf_counter() - start)
    write_json(job.folder / "run.json", {**record, "history": trained.history})
    _report_end(options, record)
    return record


def _new_job(options) -> Job:
    """A new run as the options have it; its folder is made last, when nothing else can be refused."""
    import torch

    from lenet_edu.network.models import build
    from lenet_edu.system.devices import choose_device
    from lenet_edu.training.recipes import choose_recipe, named_recipe
    from lenet_edu.training.runs import STATE, new_run_folder

    plan = architecture_of(options, default="modern")
    seed = options.seed or 0
    if not 0 <= seed < 2**31:
        raise LenetError("--seed must be from 0 to {highest}; got {seed}.", highest=2**31 - 1, seed=seed)
    if options.out and (Path(options.out) / STATE).exists():
        raise LenetError(
            "{out} already holds a run: go on with --resume {out}, or choose another --out.", out=options.out
        )
    choose_device(options.device)
    if options.recipe:
        named_recipe(options.recipe, plan)
    data = load_data(options, plan, options.scaling, held_out=not options.train_on_all)
    if "classes" in plan.config:
        plan = architecture.architecture({**plan.config, "classes": len(data.classes)})
    recipe = choose_recipe(options.recipe, plan, len(data.train)).changed(
        epochs=options.epochs, batch_size=options.batch_size, peak_rate=options.peak_rate
    )
    model = build(plan.config)
    model.reset_parameters(torch.Generator().manual_seed(seed), recipe.start)
    folder = Path(options.out) if options.out else new_run_folder("runs", plan.name)
    return Job(model, data, recipe, seed, folder, resume=False)


def _resumed_job(options) -> Job:
    """The run in the folder that --resume names."""
    from lenet_edu.data.picture_sets import load_again
    from lenet_edu.data.splits import Source
    from lenet_edu.network.models import build
    from lenet_edu.training.runs import load_run

    changed = [f"--{name.replace('_', '-')}" for name in _FIXED if getattr(options, name) is not None]
    if changed:
        raise LenetError("A resumed run keeps its settings: leave out {changed}.", changed=", ".join(changed))
    folder = Path(options.resume)
    begun, _, notes = load_run(folder)
    source = Source.from_notes({**notes, "root": options.images or begun.root})
    data = load_again(source, notes["scaling"]["name"], options.folder, progress=not options.quiet)
    return Job(build(notes["state_of"]), data, begun.started_with, begun.seed, folder, resume=True)


# What a resumed run takes from its folder: these options cannot be given with --resume.
_FIXED = (
    "network",
    *SWITCHES,
    "without_f7",
    "train_on_all",
    "recipe",
    "epochs",
    "batch_size",
    "peak_rate",
    "seed",
    "data",
    "scaling",
    "out",
)


def _describe_start(options, job: Job) -> dict:
    """What is known of a run before it begins, for its run.json."""
    import torch

    from lenet_edu.network.models import count_parameters
    from lenet_edu.system.devices import choose_device, describe_device

    return {
        "network": job.model.architecture.name,
        "parameters": count_parameters(job.model),
        "recipe": job.recipe.to_dict(),
        "seed": job.seed,
        "data": job.data.name,
        "device": describe_device(choose_device(options.device)),
        "out": str(job.folder),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }


def _report_start(options, job: Job, record: dict) -> None:
    data, recipe = job.data, job.recipe
    if data.note:
        say(options, data.note)
    sizes = " / ".join(f"{len(split):,}" for split in (data.train, data.validation, data.test))
    say(
        options,
        "{network}, {parameters:,} parameters, on {device}",
        network=record["network"],
        parameters=record["parameters"],
        device=record["device"],
    )
    say(options, "{name}: {sizes} images to train, validate, test", name=data.name, sizes=sizes)
    say(
        options,
        "recipe {name}: {epochs} epochs, batches of {batch_size}, seed {seed}",
        name=recipe.name,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        seed=job.seed,
    )


def _describe_end(job: Job, trained: Run, seconds: float) -> dict:
    """What came of the run; the test split is evaluated here, once.

    Where no pictures were held out, the best epoch was chosen by the test split itself: then the last one
    counts.
    """
    from lenet_edu.training.evaluation import accuracy

    images = len(job.data.train) * len(trained.history)
    chosen_by_test = not job.data.source.held_out
    if chosen_by_test:
        job.model.load_state_dict(trained.last_weights)
    return {
        "epochs": len(trained.history),
        "best_epoch": trained.best_epoch,
        "validation_accuracy": trained.history[trained.best_epoch - 1]["validation_accuracy"],
        "test_accuracy": accuracy(job.model, job.data.test),
        "tested": "last" if chosen_by_test else "best",
        "images_per_second": round(images / trained.seconds),
        "training_seconds": round(trained.seconds, 2),
        "seconds": round(seconds, 2),
    }


def _report_end(options, record: dict) -> None:
    say(
        options,
        "validation {validation_accuracy:.2%} (epoch {best_epoch})",
        validation_accuracy=record["validation_accuracy"],
        best_epoch=record["best_epoch"],
    )
    why = ""
    if record["tested"] == "last":
        why = translate(", last weights: the best were chosen by these very pictures")
    say(options, "test {test_accuracy:.2%}{why}", test_accuracy=record["test_accuracy"], why=why)
    say(
        options,
        "{images_per_second:,} images a second, {training_seconds} s of training, {seconds} s in all",
        images_per_second=record["images_per_second"],
        training_seconds=record["training_seconds"],
        seconds=record["seconds"],
    )
    say(options, "weights: {out}/best.safetensors, {out}/last.safetensors", out=record["out"])
