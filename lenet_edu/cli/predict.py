"""`lenet-edu predict`: say what is in picture files, or in all pictures of a folder."""

import sys
from pathlib import Path

from lenet_edu.cli.options import add_device_option, class_names, load_checkpoint, say
from lenet_edu.system.errors import LenetError

# The most pictures in one figure; of more, some from all over are drawn.
_PLOTTED = 40


def add_options(parser) -> None:
    """The options of this command."""
    parser.add_argument("pictures", nargs="+", metavar="IMAGE")
    parser.add_argument(
        "--plot", metavar="FILE", help="draw the pictures with their answers (.png, .pdf, .jpg)"
    )
    parser.add_argument(
        "--weights",
        dest="checkpoint",
        default="lenet5-modern",
        help="file or shipped name (default %(default)s)",
    )
    add_device_option(parser)


def run(options) -> dict:
    """Run the command; what --json prints."""
    import torch

    from lenet_edu.data.digits import DIGIT_CLASSES
    from lenet_edu.training.evaluation import probabilities

    model = load_checkpoint(options)
    names = class_names(model)
    images, paths, left_out = _read_pictures(options, model)
    predictions = []
    for path, row in zip(paths, probabilities(model, torch.stack(images)), strict=True):
        order = row.argsort(descending=True).tolist()
        found = {
            "image": str(path),
            "class": order[0] if names == DIGIT_CLASSES else names[order[0]],
            "actual": path.parent.name if path.parent.name in names else None,
            "probability": row[order[0]].item(),
            "probabilities": row.tolist(),
        }
        predictions.append(found)
        told = f"{path}: {found['class']} at {found['probability']:.1%}"
        actual = f", actual {found['actual']}" if found["actual"] else ""
        say(options, f"{told}, then {names[order[1]]} at {row[order[1]]:.1%}{actual}")
    result = {"network": model.architecture.name, "predictions": predictions, "left_out": left_out}
    known = [found for found in predictions if found["actual"]]
    if len(known) > 1:
        result["accuracy"] = sum(str(found["class"]) == found["actual"] for found in known) / len(known)
        say(options, f"{result['accuracy']:.2%} right of {len(known):,} whose folder names their class")
    for path, reason in left_out:
        print(f"left out: {path} ({reason})", file=sys.stderr)
    if options.plot:
        _plot_predictions(options, images, predictions)
    return result


def _read_pictures(options, model):
    """The pictures named, and those in folders named: as the network sees them; and what was left out."""
    from lenet_edu.data.digits import Scaling, as_read_at
    from lenet_edu.data.folders import decode, picture_files
    from lenet_edu.data.normalise import digit_from_picture

    scaling, takes = Scaling(**model.notes["scaling"]), model.architecture.input

    def read(path: Path):
        if takes.maps == 1:
            return as_read_at(takes.size, digit_from_picture(path, scaling)[None], scaling)[0]
        try:
            return scaling.apply(decode(path, takes.size) / 255)
        except LenetError as error:
            raise LenetError(f"{path} could not be read as a picture: {error}.") from error

    images, paths, left_out = [], [], []
    for given in map(Path, options.pictures):
        for path in picture_files(given) if given.is_dir() else [given]:
            try:
                images.append(read(path))
                paths.append(path)
            except LenetError as error:
                if not given.is_dir():
                    raise
                left_out.append([str(path), str(error)])
    if not images:
        raise LenetError(f"There are no pictures in {', '.join(options.pictures)} that can be read.")
    return images, paths, left_out


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
    say(options, f"plotted: {options.plot}, {len(shown)} of {len(predictions)} pictures")
