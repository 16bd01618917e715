"""The one exception that the package raises for mistakes that its user can mend."""


class LenetError(ValueError):
    """Bad input: the message names the thing, what was expected, what came, and what to do.

    The command line prints it as it stands and exits with status 2.
    """


def check_choice(what: str, given, choices) -> None:
    """Raise `LenetError` unless `given` is one of `choices`."""
    if given not in choices:
        raise LenetError(f"{what} must be one of {', '.join(map(str, choices))}; got {given!r}.")
