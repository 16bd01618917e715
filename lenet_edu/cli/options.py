"""What several commands share: their options, and what these name: a network, data, a checkpoint."""

import argparse
import sys
from pathlib import Path

from lenet_edu.network import architecture
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import LANGUAGES, translate

PRESETS = {
    "1998": architecture.lenet5().config,
    "modern": architecture.lenet5(**architecture.MODERN).config,
    "rgb": architecture.rgb_lenet().config,
}
SWITCHES = ("c3", "subsampling", "activation", "output")


def add_network_options(parser, default: str) -> None:
    """Which network: a preset, and the switches that change it."""
    parser.add_argument(
        "network",
        nargs="?",
        choices=tuple(PRESETS),
        help=translate("which network (default {default})", default=default),
    )
    parser.add_argument(
        "--c3", help=translate("table, full, or six rows such as X...XXX..XXXX.XX,XX...XXX..XXXX.X,...")
    )
    parser.add_argument("--subsampling", help=", ".join(architecture.POOLINGS))
    parser.add_argument("--activation", help=", ".join(architecture.ACTIVATIONS))
    parser.add_argument("--output", help=", ".join(architecture.OUTPUTS))
    parser.add_argument(
        "--without-f7",
        action="store_true",
        default=None,
        help=translate("rgb: leave its superfluous layer out"),
    )


def add_data_options(parser) -> None:
    """Which data: digits or a folder of pictures."""
    parser.add_argument("--data", help=translate("digits: auto (default), mnist or embedded"))
    parser.add_argument(
        "--images",
        metavar="DIR",
        help=translate(
            "rgb: a folder with train/CLASS/* and val/CLASS/* (default: cats and dogs, else drawn shapes)"
        ),
    )
    add_folder_option(parser)


def add_folder_option(parser) -> None:
    """Where data sets live."""
    parser.add_argument(
        "--folder", type=Path, help=translate("where data sets live (default: LENET_EDU_DATA, else data/)")
    )


def add_language_option(parser) -> None:
    """The language of what is said; without the option it is what the surroundings ask for."""
    parser.add_argument(
        "--lang",
        choices=tuple(LANGUAGES),
        default=argparse.SUPPRESS,  # it may stand before or behind the command
        help=translate("language (default: LENET_EDU_LANG, else the notebooks' here, else the system's)"),
    )


def add_device_option(parser) -> None:
    """Where the arithmetic is done."""
    parser.add_argument("--device", default="auto", help=translate("auto (default), cpu, cuda or mps"))


def architecture_of(options, default: str) -> architecture.Architecture:
    """The preset that was named, with the switches that were given."""
    config = dict(PRESETS[options.network or default])
    for name in SWITCHES:
        value = getattr(options, name)
        if value is not None:
            config[name] = value.split(",") if name == "c3" and "," in value else value
    if options.without_f7:
        config["f7"] = False
    return architecture.architecture(config)


def load_data(options, plan: architecture.Architecture, scaling: str | None, held_out: bool):
    """The data that the options name, of the kind that the network takes."""
    from lenet_edu.data.digits import load_digits
    from lenet_edu.data.picture_sets import load_cats_and_dogs, load_images
    from lenet_edu.data.splits import HALF_SCALING

    if plan.input == architecture.rgb_lenet().input:
        if options.data or scaling not in (None, HALF_SCALING.name):
            raise LenetError(
                "--data and --scaling are for digits; {name} takes --images DIR.", name=plan.name
            )
        quiet = getattr(options, "quiet", False)
        if options.images:
            return load_images(options.images, held_out=held_out, progress=not quiet)
        return load_cats_and_dogs(options.folder, held_out=held_out, progress=not quiet)
    if options.images or not held_out:
        raise LenetError(
            "--images and --train-on-all are for colour pictures; {name} reads digits.", name=plan.name
        )
    return load_digits(options.data or "auto", scaling or "paper", options.folder)


def load_checkpoint(options):
    """The checkpoint's network, on the chosen device."""
    from lenet_edu.system.devices import choose_device
    from lenet_edu.training.checkpoints import load_network

    model = load_network(options.checkpoint, choose_device(options.device))
    if "scaling" not in model.notes:
        raise LenetError(
            "{checkpoint} does not say how its input was scaled. Give one that training wrote.",
            checkpoint=options.checkpoint,
        )
    return model


def class_names(model) -> tuple[str, ...]:
    """What the checkpoint's classes are called; those of digits went without saying for a while."""
    from lenet_edu.data.splits import DIGIT_CLASSES

    return tuple(model.notes.get("classes", DIGIT_CLASSES))


def say(options, text: str, /, **values) -> None:
    """Tell a person, in their language: on standard output, or on standard error if --json has the former.

    text, values: as for `translate`.
    """
    print(translate(text, **values), file=sys.stderr if options.json else sys.stdout)
