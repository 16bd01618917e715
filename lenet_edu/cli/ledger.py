"""`lenet-edu ledger`: every shape, parameter and connection of a network, computed."""

from lenet_edu.cli.options import add_network_options, architecture_of


def add_options(parser) -> None:
    """The options of this command."""
    add_network_options(parser, "1998")


def run(options) -> dict:
    """Run the command; what --json prints."""
    from lenet_edu.network.ledger import ledger

    book = ledger(architecture_of(options, default="1998"))
    if not options.json:
        print(book)
    return book.to_dict()
