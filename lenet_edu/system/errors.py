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
    """Raise `LenetError` unless `given` is one of `choices`; `what` names it, and may be a `Text`."""
    if given not in choices:
        raise LenetError(
            "{what} must be one of {choices}; got {given!r}.",
            what=what,
            choices=", ".join(map(str, choices)),
            given=given,
        )


def check_whole(what: str, given, least: int, most: int | None = None) -> None:
    """Raise `LenetError` unless `given` is an int from `least` to `most`; None: no upper limit."""
    if isinstance(given, int) and given >= least and (most is None or given <= most):
        return
    if most is None:
        raise LenetError(
            "{what} must be a whole number of at least {least}; got {given!r}.",
            what=what,
            least=least,
            given=given,
        )
    raise LenetError(
        "{what} must be a whole number from {least} to {most}; got {given!r}.",
        what=what,
        least=least,
        most=most,
        given=given,
    )


def check_above_0(what: str, given) -> None:
    """Raise `LenetError` unless `given` is a finite number above 0."""
    if not isinstance(given, (int, float)) or not 0 < given < inf:
        raise LenetError("{what} must be a number above 0; got {given!r}.", what=what, given=given)
