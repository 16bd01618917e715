"""The one exception that the package raises for mistakes that its user can mend."""

from math import inf

from lenet_edu.system.language import translate


class LenetError(ValueError):
    """Bad input: the message names the thing, what was expected, what came, and what to do.

    It is translated: give it in English, with names in braces for the values, as for `language.translate`.
    The command line prints it as it stands and exits with status 2.
    """

    def __init__(self, text: str = "", /, **values):
        super().__init__(translate(text, **values))


def check_choice(what: str, given, choices) -> None:
    """Raise `LenetError` unless `given` is one of `choices`."""
    if given not in choices:
        raise LenetError(
            "{what} must be one of {choices}; got {given!r}.",
            what=what,
            choices=", ".join(map(str, choices)),
            given=given,
        )


def check_whole(what: str, given, least: int, most: int | None = None) -> None:
    """Raise `LenetError` unless `given` is an int from `least` to `most`; None: no upper limit."""
    if not isinstance(given, int) or given < least or (most is not None and given > most):
        wanted = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise LenetError(
            "{what} must be a whole number {wanted}; got {given!r}.", what=what, wanted=wanted, given=given
        )


def check_above_0(what: str, given) -> None:
    """Raise `LenetError` unless `given` is a finite number above 0."""
    if not isinstance(given, (int, float)) or not 0 < given < inf:
        raise LenetError("{what} must be a number above 0; got {given!r}.", what=what, given=given)
