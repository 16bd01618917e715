"""`lenet-edu predict`: say what is in picture files, or in all pictures of a folder."""

import sys
from pathlib import Path

from lenet_edu.cli.options import add_device_option, load_checkpoint, say
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate

# The most pictures in one figure; of more, some from all over are drawn.
_PLOTTED = 40
# Of what could not be read, so many are named; the others are counted.
_NAMED = 5


def add_options(parser) -> None:
    """The options of this command."""
    parser.add_argument("pictures", nargs="+", metavar="IMAGE")
    parser.add_argument(
        "--plot", metavar="FILE", help=translate("draw the pictures with their answers (.png, .pdf, .jpg)")
    )
    parser.add_argument(
        "--weights",
        dest="checkpoint",
        default="lenet5-modern",
        help=translate("file or shipped name (default %(default)s)"),
    )
    add_device_option(parser)


def run(options) -> dict:
    """Run the command; what --json prints."""
    model = load_checkpoint(options)
    readings, left_out = _read(options, model)
    predictions, images = [], []
    for path, several in readings:
        for number, reading in enumerate(several, 1):
            record = _record(path, number, len(several), reading)
            predictions.append(record)
            images.append(reading.image)
            which = (
                translate(", digit {number} of {count}", number=number, count=len(several))
                if len(several) > 1
                else ""
            )
            actual = translate(", actual {actual}", actual=record["actual"]) if record["actual"] else ""
            say(options, f"{path}{which}: {reading}{actual}")
    result = {"network": model.architecture.name, "predictions": predictions, "left_out": left_out}
    known = [record for record in predictions if record["actual"]]
    if len(known) > 1:
        result["accuracy"] = sum(str(record["class"]) == record["actual"] for record in known) / len(known)
        say(
            options,
            "{accuracy:.2%} right of {known_count:,} whose folder names their class",
            accuracy=result["accuracy"],
            known_count=len(known),
        )
    for _, reason in left_out:
        print(translate("left out: {reason}", reason=reason), file=sys.stderr)
    if options.plot:
        _plot_predictions(options, images, predictions)
    # In a folder there may be anything; a picture that was named should have been read.
    options.status = 2 if {name for name, _ in left_out} & set(options.pictures) else 0
    return result


def _record(path: Path, number: int, count: int, reading) -> dict:
    """A reading as JSON has it: digits are numbers, other classes go by their names."""
    from lenet_edu.data.splits import DIGIT_CLASSES
    from lenet_edu.system.places import readable

    folder = readable(path.parent.name)
    return {
        "image": path.as_posix(),
        "number": number,
        "of": count,
        "class": reading.order[0] if reading.classes == DIGIT_CLASSES else reading.name,
        "sure": reading.is_sure,
        "actual": folder if folder in reading.classes else None,
        "probability": reading.probability,
        "probabilities": reading.probabilities.tolist(),
    }


def _read(options, model):
    """What is read in the pictures named, and in those in folders named, by path; and what was left out.

    Raises LenetError if nothing can be read.
    """
    from lenet_edu.data.picture_sets import find_pictures
    from lenet_edu.system.places import is_folder, user_path
    from lenet_edu.training.reading import predict

    readings, left_out = [], []
    for name in options.pictures:
        given = user_path(name)
        for path in find_pictures(given) if is_folder(given) else [given]:
            try:
                readings.append((path, predict(model, path)))
            except LenetError as error:
                left_out.append([name if path == given else path.as_posix(), str(error)])
    if not readings:
        if len(left_out) == 1:
            raise LenetError(left_out[0][1])
        reasons = "".join(f"\n  {reason}" for _, reason in left_out[:_NAMED])
        more = (
            translate("\n  and {count} more", count=len(left_out) - _NAMED) if len(left_out) > _NAMED else ""
        )
        raise LenetError(
            "There are no pictures in {pictures} that can be read.{reasons}{more}",
            pictures=", ".join(options.pictures),
            reasons=reasons,
            more=more,
        )
    return readings, left_out


def _plot_predictions(options, images, predictions) -> None:
    """Write a figure of the pictures with what they were taken for; mistakes in red."""
    from io import BytesIO

    from lenet_edu import plots
    from lenet_edu.system.files import write_atomically

    kind = Path(options.plot).suffix.lower().lstrip(".")
    if kind not in ("png", "pdf", "jpg"):
        raise LenetError(
            "--plot takes a name that ends in .png, .pdf or .jpg; got {plot}.", plot=options.plot
        )
    every = slice(None, None, -(-len(predictions) // _PLOTTED))
    shown = predictions[every]
    guesses = [(str(one["class"]), one["actual"], one["probability"]) for one in shown]
    content = BytesIO()
    plots.predictions(images[every], guesses).savefig(content, format=kind)
    write_atomically(Path(options.plot), content.getvalue())
    say(
        options,
        "plotted: {plot}, {shown_count} of {predictions_count} pictures",
        plot=options.plot,
        shown_count=len(shown),
        predictions_count=len(predictions),
    )
