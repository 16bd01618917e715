"""`lenet-edu train`: train a network, or go on with a run."""

import platform
import sys
import time
from pathlib import Path

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


def add_options(parser) -> None:
    """The options of this command."""
    add_network_options(parser, "modern")
    parser.add_argument("--recipe", help="a named recipe (default: the quick one for the network)")
    parser.add_argument("--epochs", type=int, help="passes over the training images")
    parser.add_argument("--batch-size", type=int, help="images a step")
    parser.add_argument("--peak-rate", type=float, help="the highest learning rate")
    parser.add_argument("--seed", type=int, help="initial weights, order and distortions (default 0)")
    add_data_options(parser)
    parser.add_argument("--scaling", help="input scaling of digits: paper (default) or standard")
    parser.add_argument(
        "--train-on-all",
        action="store_true",
        default=None,
        help="hold no training pictures out, and validate on DIR/val, as the tutorial does",
    )
    add_device_option(parser)
    parser.add_argument("--out", metavar="DIR", help="the run's folder (default: a new one in runs/)")
    parser.add_argument("--resume", metavar="DIR", help="go on with the run in this folder")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(options) -> dict:
    """Run the command; what --json prints."""
    from lenet_edu.training.loop import fit

    start = time.perf_counter()
    model, data, recipe, seed, out = _resumed(options) if options.resume else _planned(options)
    result = _started(options, model, data, recipe, seed, out)
    try:
        run = fit(
            model,
            data,
            recipe,
            seed=seed,
            device=options.device,
            out=out,
            resume=bool(options.resume),
            progress=not options.quiet,
        )
    except KeyboardInterrupt:
        print(f"\nStopped, and saved. To go on: lenet-edu train --resume {out}", file=sys.stderr)
        raise
    return _finished(options, result, model, data, run, time.perf_counter() - start)


def _planned(options):
    """Model, data, recipe, seed and folder of a new run."""
    import torch

    from lenet_edu.network.models import build
    from lenet_edu.training.recipes import default_recipe, named_recipe

    plan = architecture_of(options, default="modern")
    seed = options.seed or 0
    if not 0 <= seed < 2**31:
        raise LenetError(f"--seed must be from 0 to {2**31 - 1}; got {seed}.")
    wanted = named_recipe(options.recipe) if options.recipe else None
    data = load_data(options, plan, options.scaling, held_out=not options.train_on_all)
    if "classes" in plan.config:
        plan = architecture.architecture({**plan.config, "classes": len(data.classes)})
    recipe = (wanted or default_recipe(plan, len(data.train))).changed(
        epochs=options.epochs, batch_size=options.batch_size, peak_rate=options.peak_rate
    )
    model = build(plan.config)
    model.reset_parameters(torch.Generator().manual_seed(seed), recipe.start)
    stamp = time.strftime("%Y-%m-%d-%H%M%S")
    out = Path(options.out or f"runs/{stamp}-{plan.name.lower().replace(' ', '-').replace(',', '')}")
    return model, data, recipe, seed, out


def _resumed(options):
    """Model, data, recipe, seed and folder of an earlier run that goes on."""
    from lenet_edu.data.folders import load_again
    from lenet_edu.network.models import build
    from lenet_edu.training.runs import load_run

    fixed = (
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
    changed = [f"--{name.replace('_', '-')}" for name in fixed if getattr(options, name) is not None]
    if changed:
        raise LenetError(f"A resumed run keeps its settings: leave out {', '.join(changed)}.")
    out = Path(options.resume)
    run, _, notes = load_run(out)
    root = options.images or run.root
    data = load_again(
        notes["data"], notes["scaling"]["name"], options.folder, root, progress=not options.quiet
    )
    return build(notes["state_of"]), data, run.started_with, run.seed, out


def _started(options, model, data, recipe, seed, out: Path) -> dict:
    """Say what is about to be trained, and put it in the run's folder: better refused now than at the end."""
    import torch

    from lenet_edu.network.models import count_parameters
    from lenet_edu.system.devices import choose_device, describe_device
    from lenet_edu.system.files import write_json
    from lenet_edu.training.runs import STATE

    if (out / STATE).exists() and not options.resume:
        raise LenetError(f"{out} already holds a run: go on with --resume {out}, or choose another --out.")
    device = describe_device(choose_device(options.device))
    result = {
        "network": model.architecture.name,
        "parameters": count_parameters(model),
        "recipe": recipe.to_dict(),
        "seed": seed,
        "data": data.source,
        "device": device,
        "out": str(out),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
    write_json(out / "run.json", result)
    if data.note:
        say(options, data.note)
    sizes = " / ".join(f"{len(split):,}" for split in (data.train, data.validation, data.test))
    say(options, f"{result['network']}, {result['parameters']:,} parameters, on {device}")
    say(options, f"{data.source}: {sizes} images to train, validate, test")
    say(options, f"recipe {recipe.name}: {recipe.epochs} epochs, batches of {recipe.batch_size}, seed {seed}")
    return result


def _finished(options, result: dict, model, data, run, seconds: float) -> dict:
    """Look at the test split, once, and record what came of the run.

    Where no pictures were held out, the best epoch was chosen by the test split itself: then the last one
    counts.
    """
    from lenet_edu.system.files import write_json
    from lenet_edu.training.evaluation import accuracy

    images = len(data.train) * len(run.history)
    chosen_by_test = data.validation.images is data.test.images
    if chosen_by_test:
        model.load_state_dict(run.last_weights)
    result |= {
        "epochs": len(run.history),
        "best_epoch": run.best_epoch,
        "validation_accuracy": run.history[run.best_epoch - 1]["validation_accuracy"],
        "test_accuracy": accuracy(model, data.test),
        "tested": "last" if chosen_by_test else "best",
        "images_per_second": round(images / run.seconds),
        "training_seconds": round(run.seconds, 2),
        "seconds": round(seconds, 2),
    }
    write_json(Path(result["out"]) / "run.json", {**result, "history": run.history})
    say(options, f"validation {result['validation_accuracy']:.2%} (epoch {result['best_epoch']})")
    why = ", last weights: the best were chosen by these very pictures" if chosen_by_test else ""
    say(options, f"test {result['test_accuracy']:.2%}{why}")
    say(
        options,
        f"{result['images_per_second']:,} images a second, {result['training_seconds']} s of training, "
        f"{result['seconds']} s in all",
    )
    say(options, f"weights: {result['out']}/best.safetensors, {result['out']}/last.safetensors")
    return result
