"""Exercises for a page without a kernel, as JSON: what `widgets/twins/exercise.js` judges by.

The answers are veiled, so that nobody reads them by accident; a page cannot hide them from who looks.
"""

from lenet_edu.exercises.checking import Choice, Code, Conditions, Number
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import shown
from lenet_edu.system.pages import WIDGET, veiled


def describe_exercise(name: str, checker) -> dict:
    """What a page shows in place of the verdict of `check(name, ...)`, by its kind of output."""
    form = _form(checker)
    traits = {"name": name, "answer": None, "right": False, "verdict": "", **form["traits"]}
    return {WIDGET: {"widget": "Exercise", "state": {"traits": traits, "checker": veiled(form["checker"])}}}


def _form(checker) -> dict:
    match checker:
        case Number():
            hints = [[wrong, shown(hint)] for wrong, hint in checker.hints.items()]
            judged = {"right": checker.right, "tolerance": checker.tolerance, "hints": hints}
            return {"traits": {"form": "number"}, "checker": judged | {"because": shown(checker.because)}}
        case Choice():
            letters = sorted([checker.right, *checker.hints])
            hints = {letter: shown(hint) for letter, hint in checker.hints.items()}
            judged = {"right": checker.right, "because": shown(checker.because), "hints": hints}
            return {"traits": {"form": "choice", "letters": letters}, "checker": judged}
        case Conditions():
            hints = [shown(hint) for hint in checker.conditions]
            judged = {"because": shown(checker.because), "hints": hints, "facts": checker.facts}
            return {"traits": {"form": checker.form or "code"}, "checker": judged}
        case Code():
            return {"traits": {"form": "code"}, "checker": {}}
    raise LenetError("There is no form on a page for a {kind}.", kind=type(checker).__name__)
