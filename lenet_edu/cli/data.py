"""`lenet-edu data`: what data is there, and where; fetches MNIST."""

import argparse

from lenet_edu.cli.options import add_folder_option, say
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate


def add_options(parser) -> None:
    """The options of this command."""
    add_folder_option(parser)
    parser.add_argument(
        "--fetch",
        action=argparse.BooleanOptionalAction,
        default=True,
        help=translate("fetch MNIST if it is missing"),
    )


def run(options) -> dict:
    """Run the command; what --json prints."""
    from lenet_edu.data import digits as data

    failure = None
    if options.fetch and data.find_mnist(options.folder) is None:
        try:
            data.fetch_mnist(options.folder)
        except LenetError as error:
            failure = str(error)
    sources = data.describe_data(options.folder)
    for item in sources:
        say(options, "  ".join(str(value) for value in item.values() if value not in ("", None)))
    if failure:
        say(
            options,
            "{failure}\nThe embedded digits step in until MNIST is there.",
            failure=failure,
        )
    return {"found": sources, "failure": failure}
