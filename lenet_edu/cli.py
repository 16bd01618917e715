"""The command line: lenet-edu ledger | data | train | evaluate | predict | lab.

Every command takes --json: its last line on standard output is then one JSON object, and what is said
to a person goes to standard error. Bad input ends with one line and exit status 2.
"""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

from lenet_edu import architecture
from lenet_edu.errors import LenetError

PRESETS = {
    "1998": architecture.lenet5().config,
    "modern": architecture.lenet5(**architecture.MODERN).config,
    "rgb": architecture.rgb_lenet().config,
}
DIGIT_PRESETS = ("1998", "modern")
SWITCHES = ("c3", "subsampling", "activation", "output")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status: 0, 2 for bad input, 130 if interrupted."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.run is not _lab:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        result = options.run(options)
        if result is not None and options.json:
            print(json.dumps(result))
        sys.stdout.flush()
    except LenetError as error:
        print(f"lenet-edu {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nlenet-edu {options.command}: interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does: that is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


# The ledger ------------------------------------------------------------------------------------------


def _ledger(options) -> dict:
    from lenet_edu.ledger import ledger

    book = ledger(_architecture(options, default="1998"))
    if not options.json:
        print(book)
    return book.to_dict()


# Data ------------------------------------------------------------------------------------------------


def _data(options) -> dict:
    from lenet_edu import data

    failure = None
    if options.fetch and data.find_mnist(options.folder) is None:
        try:
            data.fetch_mnist(options.folder)
        except LenetError as error:
            failure = str(error)
    found = data.describe_data(options.folder)
    for item in found:
        _say(options, "  ".join(str(value) for value in item.values() if value not in ("", None)))
    if failure:
        _say(options, f"{failure}\nThe embedded digits step in until MNIST is there.")
    return {"found": found, "failure": failure}


# Train -----------------------------------------------------------------------------------------------


def _train(options) -> dict:
    from lenet_edu.training import fit

    start = time.perf_counter()
    model, digits, recipe, seed, out = _resumed(options) if options.resume else _planned(options)
    result = _started(options, model, digits, recipe, seed, out)
    try:
        run = fit(
            model,
            digits,
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
    return _finished(options, result, model, digits, run, time.perf_counter() - start)


def _planned(options):
    """Model, data, recipe, seed and folder of a new run."""
    import torch

    from lenet_edu.data import load_digits
    from lenet_edu.models import build
    from lenet_edu.recipes import default_recipe, named_recipe

    plan = _architecture(options, default="modern")
    seed = options.seed or 0
    if not 0 <= seed < 2**31:
        raise LenetError(f"--seed must be from 0 to {2**31 - 1}; got {seed}.")
    wanted = named_recipe(options.recipe) if options.recipe else None
    digits = load_digits(options.data or "auto", options.scaling or "paper", options.folder)
    recipe = (wanted or default_recipe(plan, len(digits.train))).changed(
        epochs=options.epochs, batch_size=options.batch_size, peak_rate=options.peak_rate
    )
    model = build(plan.config)
    model.reset_parameters(torch.Generator().manual_seed(seed))
    stamp = time.strftime("%Y-%m-%d-%H%M%S")
    out = Path(options.out or f"runs/{stamp}-{plan.name.lower().replace(' ', '-').replace(',', '')}")
    return model, digits, recipe, seed, out


def _resumed(options):
    """Model, data, recipe, seed and folder of an earlier run that goes on."""
    from lenet_edu.data import load_digits_again
    from lenet_edu.models import build
    from lenet_edu.runs import load_run

    fixed = (
        "network",
        *SWITCHES,
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
    digits = load_digits_again(notes["data"], notes["scaling"]["name"], options.folder)
    return build(notes["state_of"]), digits, run.started_with, run.seed, out


def _started(options, model, digits, recipe, seed, out: Path) -> dict:
    """Say what is about to be trained, and put it in the run's folder: better refused now than at the end."""
    import torch

    from lenet_edu.devices import choose_device, describe_device
    from lenet_edu.files import write_json
    from lenet_edu.models import count_parameters
    from lenet_edu.runs import STATE

    if (out / STATE).exists() and not options.resume:
        raise LenetError(f"{out} already holds a run: go on with --resume {out}, or choose another --out.")
    device = describe_device(choose_device(options.device))
    result = {
        "network": model.architecture.name,
        "parameters": count_parameters(model),
        "recipe": recipe.to_dict(),
        "seed": seed,
        "data": digits.source,
        "device": device,
        "out": str(out),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
    write_json(out / "run.json", result)
    if digits.note:
        _say(options, digits.note)
    sizes = " / ".join(f"{len(split):,}" for split in (digits.train, digits.validation, digits.test))
    _say(options, f"{result['network']}, {result['parameters']:,} parameters, on {device}")
    _say(options, f"{digits.source}: {sizes} digits to train, validate, test")
    _say(
        options, f"recipe {recipe.name}: {recipe.epochs} epochs, batches of {recipe.batch_size}, seed {seed}"
    )
    return result


def _finished(options, result: dict, model, digits, run, seconds: float) -> dict:
    """Look at the test split, once, and record what came of the run."""
    from lenet_edu.evaluation import accuracy
    from lenet_edu.files import write_json

    images = len(digits.train) * len(run.history)
    result |= {
        "epochs": len(run.history),
        "best_epoch": run.best_epoch,
        "validation_accuracy": run.history[run.best_epoch - 1]["validation_accuracy"],
        "test_accuracy": accuracy(model, digits.test),
        "images_per_second": round(images / run.seconds),
        "training_seconds": round(run.seconds, 2),
        "seconds": round(seconds, 2),
    }
    write_json(Path(result["out"]) / "run.json", {**result, "history": run.history})
    _say(options, f"validation {result['validation_accuracy']:.2%} (epoch {result['best_epoch']})")
    _say(options, f"test {result['test_accuracy']:.2%}")
    _say(
        options,
        f"{result['images_per_second']:,} images a second, {result['training_seconds']} s of training, "
        f"{result['seconds']} s in all",
    )
    _say(options, f"weights: {result['out']}/best.safetensors")
    return result


# Evaluate and predict --------------------------------------------------------------------------------


def _evaluate(options) -> dict:
    from lenet_edu.data import load_digits
    from lenet_edu.evaluation import confusion

    model = _load(options)
    digits = load_digits(options.data or "auto", model.notes["scaling"]["name"], options.folder)
    if digits.note:
        _say(options, digits.note)
    split = getattr(digits, options.split)
    table = confusion(model, split)
    right, count = int(table.trace()), len(split)
    _say(options, f"{model.architecture.name} on the {options.split} split of {digits.source}:")
    _say(options, f"{right / count:.2%} right, {count - right} mistakes in {count:,}")
    _say(options, "\nactual \\ predicted\n" + _counts(table.tolist()))
    return {
        "checkpoint": options.checkpoint,
        "network": model.architecture.name,
        "data": digits.source,
        "split": options.split,
        "accuracy": right / count,
        "mistakes": count - right,
        "images": count,
        "confusion": table.tolist(),
    }


def _predict(options) -> dict:
    import torch

    from lenet_edu.data import Scaling
    from lenet_edu.evaluation import probabilities
    from lenet_edu.pictures import digit_from_picture

    model = _load(options)
    scaling = Scaling(**model.notes["scaling"])
    images = torch.stack([digit_from_picture(Path(picture), scaling) for picture in options.pictures])
    predictions = []
    for picture, row in zip(options.pictures, probabilities(model, images), strict=True):
        order = row.argsort(descending=True)
        predictions.append(
            {
                "image": picture,
                "class": order[0].item(),
                "probability": row[order[0]].item(),
                "probabilities": row.tolist(),
            }
        )
        runner_up = f"then {order[1]} at {row[order[1]]:.1%}"
        _say(options, f"{picture}: {order[0]} at {row[order[0]]:.1%}, {runner_up}")
    return {"network": model.architecture.name, "predictions": predictions}


def _load(options):
    """The checkpoint's network, on the chosen device; it must be one for digits."""
    from lenet_edu.checkpoints import load_network
    from lenet_edu.devices import choose_device

    model = load_network(options.checkpoint, choose_device(options.device))
    takes, digits = model.architecture.input, architecture.lenet5().input
    if takes != digits:
        raise LenetError(
            f"{options.checkpoint} is a {model.architecture.name}, which takes pictures of "
            f"{takes.maps}x{takes.size}x{takes.size}; digits are {digits.maps}x{digits.size}x{digits.size}. "
            "Give a checkpoint of a digit network."
        )
    if "scaling" not in model.notes:
        raise LenetError(
            f"{options.checkpoint} does not say how its input was scaled. Give one that training wrote."
        )
    return model


# The lab ---------------------------------------------------------------------------------------------


def _lab(options) -> None:
    from lenet_edu.lab import open_lab

    open_lab(options.rest)


# Shared by the commands ------------------------------------------------------------------------------


def _architecture(options, default: str) -> architecture.Architecture:
    """The preset that was named, with the switches that were given."""
    config = dict(PRESETS[options.network or default])
    for name in SWITCHES:
        value = getattr(options, name)
        if value is not None:
            config[name] = value.split(",") if name == "c3" and "," in value else value
    return architecture.architecture(config)


def _say(options, text: str) -> None:
    print(text, file=sys.stderr if options.json else sys.stdout)


def _counts(table: list[list[int]]) -> str:
    head = "     " + "".join(f"{column:6d}" for column in range(len(table)))
    return "\n".join(
        [head, *(f"{row:5d}" + "".join(f"{n:6d}" for n in counts) for row, counts in enumerate(table))]
    )


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage above it."""

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="lenet-edu", description="The LeNet-5 laboratory.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run, about: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        sub.add_argument("--json", action="store_true", help="print one JSON object on the last line")
        sub.set_defaults(run=run)
        return sub

    sub = command("ledger", _ledger, "Every shape, parameter and connection of a network, computed.")
    _network_options(sub, tuple(PRESETS), "1998")

    sub = command("data", _data, "What data is found, and where; fetches MNIST if it is missing.")
    _folder_option(sub)
    sub.add_argument(
        "--fetch", action=argparse.BooleanOptionalAction, default=True, help="fetch MNIST if it is missing"
    )

    sub = command("train", _train, "Train a digit network and save its weights.")
    _network_options(sub, DIGIT_PRESETS, "modern")
    sub.add_argument("--recipe", help="a named recipe (default: the quick one for the network)")
    sub.add_argument("--epochs", type=int, help="passes over the training digits")
    sub.add_argument("--batch-size", type=int, help="digits a step")
    sub.add_argument("--peak-rate", type=float, help="the highest learning rate")
    sub.add_argument("--seed", type=int, help="initial weights, order and distortions (default 0)")
    _data_options(sub)
    sub.add_argument("--scaling", help="input scaling: paper (default) or standard")
    _device_option(sub)
    sub.add_argument("--out", metavar="DIR", help="the run's folder (default: a new one in runs/)")
    sub.add_argument("--resume", metavar="DIR", help="go on with the run in this folder")
    sub.add_argument("--quiet", action="store_true", help="no progress bar")

    sub = command("evaluate", _evaluate, "Accuracy and confusion table of trained weights.")
    sub.add_argument("checkpoint", help="a .safetensors file, or the name of shipped weights")
    sub.add_argument("--split", choices=("train", "validation", "test"), default="test")
    _data_options(sub)
    _device_option(sub)

    sub = command("predict", _predict, "Read the digit in picture files.")
    sub.add_argument("pictures", nargs="+", metavar="IMAGE")
    sub.add_argument(
        "--weights",
        dest="checkpoint",
        default="lenet5-modern",
        help="file or shipped name (default %(default)s)",
    )
    _device_option(sub)

    command("lab", _lab, "Open the notebooks in JupyterLab; further arguments go to it.")
    return parser


def _network_options(sub, presets: tuple[str, ...], default: str) -> None:
    sub.add_argument("network", nargs="?", choices=presets, help=f"which network (default {default})")
    sub.add_argument("--c3", help="table, full, or six rows such as X...XXX..XXXX.XX,XX...XXX..XXXX.X,...")
    sub.add_argument("--subsampling", help=", ".join(architecture.POOLINGS))
    sub.add_argument("--activation", help=", ".join(architecture.ACTIVATIONS))
    sub.add_argument("--output", help=", ".join(architecture.OUTPUTS))


def _data_options(sub) -> None:
    sub.add_argument("--data", help="auto (default), mnist or embedded")
    _folder_option(sub)


def _folder_option(sub) -> None:
    sub.add_argument("--folder", type=Path, help="where data sets live (default: LENET_EDU_DATA, else data/)")


def _device_option(sub) -> None:
    sub.add_argument("--device", default="auto", help="auto (default), cpu, cuda or mps")


if __name__ == "__main__":
    sys.exit(main())
