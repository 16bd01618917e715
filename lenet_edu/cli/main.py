"""The command line: lenet-edu ledger | data | train | reproduce | evaluate | predict | copy | progress | site
| lab.

Every command takes --json: its last line on standard output is then one JSON object, and what is said
to a person goes to standard error. Bad input ends with one line and exit status 2.
"""

import argparse
import json
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from lenet_edu.cli import copy, data, evaluate, ledger, predict, progress, reproduce, site, train
from lenet_edu.cli.lab import open_lab
from lenet_edu.cli.options import add_language_option
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import language, translate, use
from lenet_edu.system.places import use_readable_streams, user_path


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status: 0, 2 for bad input, 130 if interrupted."""
    try:
        use(_asked_language(arguments))
        parser = _parser()
    except LenetError as error:
        print(f"lenet-edu: {error}", file=sys.stderr)
        return 2
    options, rest = parser.parse_known_args(arguments)
    if rest and options.run is not _run_lab:
        parser.error(translate("unrecognized arguments: {rest}", rest=" ".join(rest)))
    options.rest = rest
    use_readable_streams()
    try:
        _expand_paths(options)
        with _warnings_in_a_line(options.command):
            result = options.run(options)
        if result is not None and options.json:
            print(json.dumps(result))
        sys.stdout.flush()
    except LenetError as error:
        print(f"lenet-edu {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nlenet-edu {}: {}".format(options.command, translate("interrupted.")), file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does: that is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        # What the commands ask of the machine has errors of its own; this is a file or folder that is closed.
        where = translate("{file} could not be used: ", file=error.filename) if error.filename else ""
        print(f"lenet-edu {options.command}: {where}{error.strerror or error}.", file=sys.stderr)
        return 2
    return getattr(options, "status", 0)


def _asked_language(arguments: list[str] | None) -> str | None:
    """What --lang says, wherever it stands: the descriptions of all options are in that language, too."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--lang", nargs="?")
    return parser.parse_known_args(arguments)[0].lang


def _expand_paths(options) -> None:
    """Let ~ stand for the user's folder in every option that names a path."""
    for name in ("out", "resume", "images", "folder", "plot", "checkpoint"):
        given = getattr(options, name, None)
        if given:
            setattr(options, name, type(given)(user_path(given)))


@contextmanager
def _warnings_in_a_line(command: str) -> Iterator[None]:
    """A warning is for a person here: no path of a module and line of its code around it."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *_, **__: f"lenet-edu {command}: {message}\n"
    try:
        yield
    finally:
        warnings.formatwarning = before


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage above it."""

    def error(self, message: str):
        help_command = translate("see {command} --help", command=self.prog)
        self.exit(2, f"{self.prog}: {message} ({help_command})\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="lenet-edu", description=translate("The LeNet-5 laboratory."), allow_abbrev=False)
    add_language_option(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, about: str, run, add_options=None) -> None:
        command = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        command.add_argument(
            "--json", action="store_true", help=translate("print one JSON object on the last line")
        )
        add_language_option(command)
        command.set_defaults(run=run)
        if add_options:
            add_options(command)

    for module, about in (
        (ledger, translate("Every shape, parameter and connection of a network, computed.")),
        (data, translate("What data is found, and where; fetches MNIST if it is missing.")),
        (train, translate("Train a network and save its weights.")),
        (reproduce, translate("Train a row of the paper's figure 9 as it was trained then.")),
        (evaluate, translate("Accuracy and confusion table of trained weights.")),
        (predict, translate("Say what is in picture files, or in all pictures of a folder.")),
        (copy, translate("Copy the notebooks into a folder of your own, or one of them afresh.")),
        (progress, translate("What you have answered, to hand in; for teachers: collect FOLDER.")),
        (site, translate("Build the pages that need no kernel, and serve them.")),
    ):
        add(module.__name__.rpartition(".")[2], about, module.run, module.add_options)
    add("lab", translate("Open the notebooks in JupyterLab; further arguments go to it."), _run_lab)
    return parser


def _run_lab(options) -> None:
    open_lab(options.rest, language())


if __name__ == "__main__":
    sys.exit(main())
