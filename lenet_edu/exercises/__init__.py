"""What the notebooks ask: predictions to commit to, and exercises whose checkers give hints. One module for each
notebook, named after its layer. Right answers and foreseen wrong ones are computed, never typed.

    ask("c1.parameters", row.parameters)  # asks, and shows the second argument afterwards
    check("c1.side", 14)                  # Verdict: right, or a hint
    explain("c1.sharing", "Because ...")  # a model answer to compare, and three points to tick
    quiz("c1")                         # questions on this notebook and those before it, after every third one

Each module has `PREDICTIONS` and `EXERCISES` by name; some have `EXPLANATIONS` or a `QUIZ`, predictions by name.
Answers come from the network's description or from calling the package. Names of questions and letters of choices
are what progress is recorded by, in every language: they stay when a text changes.
"""

from dataclasses import replace
from importlib import import_module

from lenet_edu.exercises.checking import Comparison, Verdict
from lenet_edu.exercises.prediction import Asked, Estimate, Prediction, Quiz
from lenet_edu.system.errors import check_choice
from lenet_edu.system.language import Text

NOTEBOOKS = (
    "start",
    "input",
    "c1",
    "s2",
    "c3",
    "s4",
    "c5",
    "f6",
    "output",
    "network",
    "learning",
    "training",
    "cats_and_dogs",
    "bugs",
    "recipe",
    "family",
    "project",
)


def ask(name: str, shown=None) -> Asked:
    """Ask the prediction `name`, such as "c1.parameters"; `shown` is held back until the reader commits.

    shown: a figure, a row of the ledger, a number or a text. Without a person nothing waits: the text form
    holds the question, its choices and the answer. Raises LenetError for an unknown name.
    """
    return Asked(name, _find(name, "PREDICTIONS"), shown)


def check(name: str, answer) -> Verdict:
    """Check an answer to the exercise `name`, such as "c1.side"; a verdict that is shown is recorded.

    Raises LenetError for an unknown name.
    """
    checker = _find(name, "EXERCISES")
    return replace(checker.check(answer), exercise=name, checker=checker, answer=answer)


def explain(name: str, words: str | None) -> Comparison:
    """Compare the reader's own words with the model answer of `name`, such as "c1.sharing".

    words: two or three sentences; None or an empty text while there are none. Raises LenetError for an unknown
    name.
    """
    return _find(name, "EXPLANATIONS").compare(words)


def quiz(notebook: str) -> Quiz:
    """The recap at the end of a notebook, such as "c1". Raises LenetError for a notebook without one."""
    check_choice(Text("The notebook with a quiz"), notebook, tuple(filter(_recap_of, NOTEBOOKS)))
    return Quiz(_recap_of(notebook))


def predictions() -> dict[str, Prediction | Estimate]:
    """All predictions of the course by name, with those of recaps as "c1.quiz.ink"."""
    asked = {}
    for notebook in NOTEBOOKS:
        own = import_module(f"{__name__}.{notebook}").PREDICTIONS
        asked |= {f"{notebook}.{question}": one for question, one in own.items()}
        asked |= _recap_of(notebook)
    return asked


def _recap_of(notebook: str) -> dict[str, Prediction | Estimate]:
    questions = getattr(import_module(f"{__name__}.{notebook}"), "QUIZ", {})
    return {f"{notebook}.quiz.{question}": one for question, one in questions.items()}


def _find(name: str, kind: str):
    notebook, _, question = name.partition(".")
    check_choice(Text("The notebook that asks"), notebook, NOTEBOOKS)
    questions = getattr(import_module(f"{__name__}.{notebook}"), kind, {})
    check_choice(Text("A question of {notebook}", notebook=notebook), question, tuple(questions))
    return questions[question]
