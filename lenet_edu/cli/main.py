"""The command line: lenet-edu ledger | data | train | reproduce | evaluate | predict | lab.

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

from lenet_edu.network import architecture
from lenet_edu.system.errors import LenetError
from lenet_edu.system.places import use_readable_streams, user_path

PRESETS = {
    "1998": architecture.lenet5().config,
    "modern": architecture.lenet5(**architecture.MODERN).config,
    "rgb": architecture.rgb_lenet().config,
}
SWITCHES = ("c3", "subsampling", "activation", "output")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status: 0, 2 for bad input, 130 if interrupted."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.run is not _lab:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    use_readable_streams()
    try:
        for name in ("out", "resume", "images", "folder", "plot", "checkpoint"):
            given = getattr(options, name, None)
            if given:
                setattr(options, name, type(given)(user_path(given)))
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
    except OSError as error:
        # What the commands ask of the machine has errors of its own; this is a file or folder that is closed.
        where = f"{error.filename} could not be used: " if error.filename else ""
        print(f"lenet-edu {options.command}: {where}{error.strerror or error}.", file=sys.stderr)
        return 2
    return getattr(options, "status", 0)


# The ledger ------------------------------------------------------------------------------------------


def _ledger(options) -> dict:
    from lenet_edu.network.ledger import ledger

    book = ledger(_architecture(options, default="1998"))
    if not options.json:
        print(book)
    return book.to_dict()


# Data ------------------------------------------------------------------------------------------------


def _data(options) -> dict:
    from lenet_edu.data import digits as data

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

    plan = _architecture(options, default="modern")
    seed = options.seed or 0
    if not 0 <= seed < 2**31:
        raise LenetError(f"--seed must be from 0 to {2**31 - 1}; got {seed}.")
    wanted = named_recipe(options.recipe) if options.recipe else None
    data = _load_data(options, plan, options.scaling, held_out=not options.train_on_all)
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
    from lenet_edu.data.splits import Source
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
    source = Source.from_notes({**notes, "root": options.images or run.root})
    data = load_again(source, notes["scaling"]["name"], options.folder, progress=not options.quiet)
    return build(notes["state_of"]), data, run.started_with, run.seed, out


def _load_data(options, plan: architecture.Architecture, scaling: str | None, held_out: bool):
    """The data that the options name, of the kind that the network takes."""
    from lenet_edu.data.digits import load_digits
    from lenet_edu.data.folders import load_cats_and_dogs, load_images
    from lenet_edu.data.splits import HALF_SCALING

    if plan.input == architecture.rgb_lenet().input:
        if options.data or scaling not in (None, HALF_SCALING.name):
            raise LenetError(f"--data and --scaling are for digits; {plan.name} takes --images DIR.")
        quiet = getattr(options, "quiet", False)
        if options.images:
            return load_images(options.images, held_out=held_out, progress=not quiet)
        return load_cats_and_dogs(options.folder, held_out=held_out, progress=not quiet)
    if options.images or not held_out:
        raise LenetError(f"--images and --train-on-all are for colour pictures; {plan.name} reads digits.")
    return load_digits(options.data or "auto", scaling or "paper", options.folder)


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
        "data": data.name,
        "device": device,
        "out": str(out),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
    write_json(out / "run.json", result)
    if data.note:
        _say(options, data.note)
    sizes = " / ".join(f"{len(split):,}" for split in (data.train, data.validation, data.test))
    _say(options, f"{result['network']}, {result['parameters']:,} parameters, on {device}")
    _say(options, f"{data.name}: {sizes} images to train, validate, test")
    _say(
        options, f"recipe {recipe.name}: {recipe.epochs} epochs, batches of {recipe.batch_size}, seed {seed}"
    )
    return result


def _finished(options, result: dict, model, data, run, seconds: float) -> dict:
    """Look at the test split, once, and record what came of the run.

    Where no pictures were held out, the best epoch was chosen by the test split itself: then the last one
    counts.
    """
    from lenet_edu.system.files import write_json
    from lenet_edu.training.evaluation import accuracy

    images = len(data.train) * len(run.history)
    chosen_by_test = not data.source.held_out
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
    _say(options, f"validation {result['validation_accuracy']:.2%} (epoch {result['best_epoch']})")
    why = ", last weights: the best were chosen by these very pictures" if chosen_by_test else ""
    _say(options, f"test {result['test_accuracy']:.2%}{why}")
    _say(
        options,
        f"{result['images_per_second']:,} images a second, {result['training_seconds']} s of training, "
        f"{result['seconds']} s in all",
    )
    _say(options, f"weights: {result['out']}/best.safetensors, {result['out']}/last.safetensors")
    return result


# Reproduce -------------------------------------------------------------------------------------------


def _reproduce(options) -> dict:
    from lenet_edu.reproduction import classifiers, figure_9
    from lenet_edu.system.errors import check_whole
    from lenet_edu.training.evaluation import summary

    names = {figure_9.slug(name): name for name in (*figure_9.ROWS, *classifiers.experiments())}
    if options.row not in names:
        raise LenetError(f"There is no row {options.row!r}. There are: {', '.join(names)}.")
    check_whole("--seeds", options.seeds, 1)
    name = names[options.row]
    run = _network_runs if name in figure_9.ROWS else _classical_runs
    published, runs = run(options, name)
    errors = summary([run["error"] for run in runs])
    spread = "" if errors["deviation"] is None else f" +- {errors['deviation']} over {len(runs)} seeds"
    _say(options, f"test error {errors['mean']} %{spread}; published: {published} %")
    return {"row": name, "published": published, "error": errors, "runs": runs}


def _network_runs(options, name: str) -> tuple[float, list[dict]]:
    """Train a network once for each seed, in a process a core; published error and the runs."""
    from lenet_edu.data.digits import load_digits
    from lenet_edu.reproduction.figure_9 import ROWS, published_error, reproduce, slug
    from lenet_edu.system.devices import map_processes

    data = load_digits(options.data or "auto", folder=options.folder)
    folder = Path(options.out or Path("runs") / slug(name))
    tasks = [
        (name, seed, folder / f"seed-{seed}", options.data or "auto", options.folder)
        for seed in range(options.seeds)
    ]
    _say(options, f"{data.note} {name}, {ROWS[name].about}; {data.name}, one core a seed".strip())
    runs = []
    for _, found in map_processes(reproduce, tasks):
        runs.append(found)
        _say(
            options,
            f"seed {found['seed']}: test {found['error']} %, training {found['training_error']} %, "
            f"{found['updates']:,} updates in {found['minutes']} min",
        )
    _say(options, f"weights and records: {folder}")
    return published_error(name), sorted(runs, key=lambda run: run["seed"])


def _classical_runs(options, name: str) -> tuple[float, list[dict]]:
    """Choose a classifier's setting on held-out digits, fit it to all; published error and the runs."""
    from lenet_edu.data.digits import all_training_digits, load_digits
    from lenet_edu.network import paper
    from lenet_edu.reproduction.classifiers import choose, experiments, measure, preprocess

    what, data = experiments()[name], load_digits(options.data or "auto", folder=options.folder)
    train, held_out, all_digits, test = (
        preprocess(split, what, data.background)
        for split in (data.train, data.validation, all_training_digits(data), data.test)
    )
    tried = choose(what, train, held_out)
    best = min(tried, key=lambda one: one["error"])[what.setting]
    _say(options, f"{what.setting} {best}, chosen on held-out digits among {len(tried)}")
    runs = []
    for seed in range(options.seeds) if what.seeds else [None]:
        found = measure(what, best, seed, all_digits, test)
        runs.append({**found, "error": found["test_error"], "data": data.name})
        _say(options, f"test {found['test_error']} %, {found['minutes']} min, {data.name}")
    return paper.PUBLISHED_ERRORS[what.row], runs


# Evaluate and predict --------------------------------------------------------------------------------


def _evaluate(options) -> dict:
    from lenet_edu.data.splits import Source
    from lenet_edu.training.evaluation import confusion

    model = _load(options)
    held_out = Source.from_notes(model.notes).held_out  # split as it was for training
    data = _load_data(options, model.architecture, model.notes["scaling"]["name"], held_out)
    names = _class_names(model)
    if tuple(data.classes) != names:
        raise LenetError(
            f"{options.checkpoint} knows {', '.join(names)}; the data has {', '.join(data.classes)}. "
            "Give pictures of the classes that it was trained on."
        )
    if data.note:
        _say(options, data.note)
    split = _as_read(model, getattr(data, options.split), data.scaling)
    table = confusion(model, split)
    right, count = int(table.trace()), len(split)
    _say(options, f"{model.architecture.name} on the {options.split} split of {data.name}:")
    _say(options, f"{right / count:.2%} right, {count - right} mistakes in {count:,}")
    _say(options, "\nactual \\ predicted\n" + _counts(table.tolist(), names))
    return {
        "checkpoint": options.checkpoint,
        "network": model.architecture.name,
        "data": data.name,
        "classes": list(names),
        "split": options.split,
        "accuracy": right / count,
        "mistakes": count - right,
        "images": count,
        "confusion": table.tolist(),
    }


def _as_read(model, split, scaling):
    """The split as the network reads it: digits at its size, pictures in colour as they are."""
    from lenet_edu.data.splits import Split, resize_for

    takes = model.architecture.input
    return split if takes.maps > 1 else Split(resize_for(takes.size, split.images, scaling), split.labels)


def _predict(options) -> dict:
    import torch

    from lenet_edu.data.splits import DIGIT_CLASSES
    from lenet_edu.system.places import readable
    from lenet_edu.training.evaluation import probabilities

    model = _load(options)
    names = _class_names(model)
    images, paths, left_out = _read_pictures(options, model)
    predictions = []
    for path, row in zip(paths, probabilities(model, torch.stack(images)), strict=True):
        order = row.argsort(descending=True).tolist()
        found = {
            "image": path.as_posix(),
            "class": order[0] if names == DIGIT_CLASSES else names[order[0]],
            "actual": folder if (folder := readable(path.parent.name)) in names else None,
            "probability": row[order[0]].item(),
            "probabilities": row.tolist(),
        }
        predictions.append(found)
        told = f"{path}: {found['class']} at {found['probability']:.1%}"
        actual = f", actual {found['actual']}" if found["actual"] else ""
        _say(options, f"{told}, then {names[order[1]]} at {row[order[1]]:.1%}{actual}")
    result = {"network": model.architecture.name, "predictions": predictions, "left_out": left_out}
    known = [found for found in predictions if found["actual"]]
    if len(known) > 1:
        result["accuracy"] = sum(str(found["class"]) == found["actual"] for found in known) / len(known)
        _say(options, f"{result['accuracy']:.2%} right of {len(known):,} whose folder names their class")
    for path, reason in left_out:
        print(f"left out: {path} ({reason})", file=sys.stderr)
    if options.plot:
        _plot_predictions(options, images, predictions)
    # In a folder there may be anything; a picture that was named should have been read.
    options.status = 2 if {path for path, _ in left_out} & set(options.pictures) else 0
    return result


def _read_pictures(options, model):
    """The pictures named, and those in folders named: as the network sees them; and what was left out."""
    from lenet_edu.data.folders import decode, find_pictures
    from lenet_edu.data.normalise import digit_from_picture
    from lenet_edu.data.splits import Scaling, resize_for
    from lenet_edu.system.places import is_folder

    scaling, takes = Scaling(**model.notes["scaling"]), model.architecture.input

    def read(path: Path):
        if takes.maps == 1:
            return resize_for(takes.size, digit_from_picture(path, scaling)[None], scaling)[0]
        try:
            return scaling.apply(decode(path, takes.size) / 255)
        except LenetError as error:
            raise LenetError(f"{path} could not be read as a picture: {error}.") from error

    images, paths, left_out = [], [], []
    for given in options.pictures:
        folder = user_path(given)
        for path in find_pictures(folder) if is_folder(folder) else [folder]:
            try:
                images.append(read(path))
                paths.append(path)
            except LenetError as error:
                left_out.append([given if path == folder else path.as_posix(), str(error)])
    if not images and len(left_out) == 1:
        raise LenetError(left_out[0][1])
    if not images:
        raise LenetError(f"There are no pictures in {', '.join(options.pictures)} that can be read.")
    return images, paths, left_out


# The most pictures in one figure; of more, some from all over are drawn.
_PLOTTED = 40


def _plot_predictions(options, images, predictions) -> None:
    """Write a figure of the pictures with what they were taken for; mistakes in red."""
    from io import BytesIO

    from lenet_edu import plots
    from lenet_edu.system.files import write_atomically

    kind = Path(options.plot).suffix.lower().lstrip(".")
    if kind not in ("png", "pdf", "jpg"):
        raise LenetError(f"--plot takes a name that ends in .png, .pdf or .jpg; got {options.plot}.")
    every = slice(None, None, -(-len(predictions) // _PLOTTED))
    shown = predictions[every]
    guesses = [(str(found["class"]), found["actual"], found["probability"]) for found in shown]
    content = BytesIO()
    plots.predictions(images[every], guesses).savefig(content, format=kind)
    write_atomically(Path(options.plot), content.getvalue())
    _say(options, f"plotted: {options.plot}, {len(shown)} of {len(predictions)} pictures")


def _load(options):
    """The checkpoint's network, on the chosen device."""
    from lenet_edu.system.devices import choose_device
    from lenet_edu.training.checkpoints import load_network

    model = load_network(options.checkpoint, choose_device(options.device))
    if "scaling" not in model.notes:
        raise LenetError(
            f"{options.checkpoint} does not say how its input was scaled. Give one that training wrote."
        )
    return model


def _class_names(model) -> tuple[str, ...]:
    """What the checkpoint's classes are called; those of digits went without saying for a while."""
    from lenet_edu.data.splits import DIGIT_CLASSES

    return tuple(model.notes.get("classes", DIGIT_CLASSES))


# The lab ---------------------------------------------------------------------------------------------


def _lab(options) -> None:
    from lenet_edu.cli.lab import open_lab

    open_lab(options.rest)


# Shared by the commands ------------------------------------------------------------------------------


def _architecture(options, default: str) -> architecture.Architecture:
    """The preset that was named, with the switches that were given."""
    config = dict(PRESETS[options.network or default])
    for name in SWITCHES:
        value = getattr(options, name)
        if value is not None:
            config[name] = value.split(",") if name == "c3" and "," in value else value
    if options.without_f7:
        config["f7"] = False
    return architecture.architecture(config)


def _say(options, text: str) -> None:
    print(text, file=sys.stderr if options.json else sys.stdout)


def _counts(table: list[list[int]], names: tuple[str, ...]) -> str:
    """The confusion table with the names of its classes."""
    wide = max(5, *map(len, names)) + 1
    head = " " * wide + "".join(f"{name:>{wide}}" for name in names)
    lines = [
        f"{name:>{wide}}" + "".join(f"{n:{wide}d}" for n in row)
        for name, row in zip(names, table, strict=True)
    ]
    return "\n".join([head, *lines])


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

    sub = command("train", _train, "Train a network and save its weights.")
    _network_options(sub, tuple(PRESETS), "modern")
    sub.add_argument("--recipe", help="a named recipe (default: the quick one for the network)")
    sub.add_argument("--epochs", type=int, help="passes over the training images")
    sub.add_argument("--batch-size", type=int, help="images a step")
    sub.add_argument("--peak-rate", type=float, help="the highest learning rate")
    sub.add_argument("--seed", type=int, help="initial weights, order and distortions (default 0)")
    _data_options(sub)
    sub.add_argument("--scaling", help="input scaling of digits: paper (default) or standard")
    sub.add_argument(
        "--train-on-all",
        action="store_true",
        default=None,
        help="hold no training pictures out, and validate on DIR/val, as the tutorial does",
    )
    _device_option(sub)
    sub.add_argument("--out", metavar="DIR", help="the run's folder (default: a new one in runs/)")
    sub.add_argument("--resume", metavar="DIR", help="go on with the run in this folder")
    sub.add_argument("--quiet", action="store_true", help="no progress bar")

    sub = command("reproduce", _reproduce, "Train a row of the paper's figure 9 as it was trained then.")
    sub.add_argument("row", metavar="ROW", help="such as lenet-5; any other word lists them all")
    sub.add_argument("--seeds", type=int, default=1, help="how many, from 0 on, one a core (default 1)")
    sub.add_argument("--data", help="digits: auto (default), mnist or embedded")
    _folder_option(sub)
    sub.add_argument("--out", metavar="DIR", help="weights and records (default: a folder in runs/)")

    sub = command("evaluate", _evaluate, "Accuracy and confusion table of trained weights.")
    sub.add_argument("checkpoint", help="a .safetensors file, or the name of shipped weights")
    sub.add_argument("--split", choices=("train", "validation", "test"), default="test")
    _data_options(sub)
    _device_option(sub)

    sub = command("predict", _predict, "Say what is in picture files, or in all pictures of a folder.")
    sub.add_argument("pictures", nargs="+", metavar="IMAGE")
    sub.add_argument("--plot", metavar="FILE", help="draw the pictures with their answers (.png, .pdf, .jpg)")
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
    sub.add_argument(
        "--without-f7",
        action="store_true",
        default=None,
        help="rgb: leave its superfluous layer out",
    )


def _data_options(sub) -> None:
    sub.add_argument("--data", help="digits: auto (default), mnist or embedded")
    sub.add_argument(
        "--images",
        metavar="DIR",
        help="rgb: a folder with train/CLASS/* and val/CLASS/* (default: cats and dogs, else drawn shapes)",
    )
    _folder_option(sub)


def _folder_option(sub) -> None:
    sub.add_argument("--folder", type=Path, help="where data sets live (default: LENET_EDU_DATA, else data/)")


def _device_option(sub) -> None:
    sub.add_argument("--device", default="auto", help="auto (default), cpu, cuda or mps")


if __name__ == "__main__":
    sys.exit(main())
