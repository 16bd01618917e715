"""Predictions: the reader commits to an answer, and only then it shows.

In JupyterLab a prediction has buttons (see `widgets.predict`). Where no kernel runs, on a web page, the answer
is folded away; in plain text, question and answer follow each other, so that a notebook runs through without
a person.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from math import isfinite

from lenet_edu.system.errors import LenetError, check_choice
from lenet_edu.system.language import Text, shown, translate
from lenet_edu.system.pages import veiled
from lenet_edu.system.progress import older_words, settle_prediction


@dataclass(frozen=True)
class Prediction:
    """A question about what comes next, asked because a wrong answer is common.

    choices: every choice in the order shown, by its letter, and what to say to who takes it. right: the letter
    of the right one. Records of progress hold the letters, so a choice keeps its letter when it is reworded or
    others come and go.
    """

    question: Text
    right: str
    choices: dict[str, tuple[str, Text]]

    def __post_init__(self):
        check_choice(Text("The right choice"), self.right, tuple(self.choices))

    @property
    def answer(self) -> str:
        """The right choice and why."""
        return self.reason(self.right)

    def reason(self, choice: str) -> str:
        """What a choice says, and what there is to say to it."""
        words, said = self.choices[choice]
        return translate("“{choice}”: {reason}", choice=words, reason=said)

    def judge(self, choice: str) -> tuple[bool, str]:
        """Whether a letter is right, and what there is to say to it. LenetError if it is not offered."""
        check_choice(Text("The prediction"), choice, tuple(self.choices))
        return choice == self.right, shown(self.choices[choice][1])


@dataclass(frozen=True)
class Estimate:
    """A prediction of a number. What lies within `factor` of the right one counts as right.

    hints: what to say to wrong numbers that have a reason, within the same factor.
    """

    question: Text
    right: float
    because: Text
    hints: dict[float, Text] = field(default_factory=dict)
    factor: float = 1.5
    choices = ()

    @property
    def answer(self) -> str:
        """The right number and why."""
        return translate("{number:,}: {reason}", number=self.right, reason=self.because)

    def judge(self, guess: str) -> tuple[bool, str]:
        """Whether a guess is near enough, and what there is to say to it. LenetError if it is no number."""
        try:
            number = float(str(guess).replace(",", "").replace(" ", ""))
        except ValueError:
            number = float("nan")
        if not isfinite(number):
            raise LenetError("The prediction must be a number, such as 1,000; got {guess!r}.", guess=guess)
        if self._near(number, self.right):
            return True, translate("near enough.") if number != self.right else translate("to the digit.")
        for wrong, hint in self.hints.items():
            if self._near(number, wrong):
                return False, shown(hint)
        return False, translate("too many.") if number > self.right else translate("too few.")

    def _near(self, guess: float, number: float) -> bool:
        return number / self.factor <= guess <= number * self.factor


# Whether the first answer to each question in this session was right, by the question's name.
_settled: dict[str, bool] = {}


class Asked:
    """A prediction in front of a reader: `commit(choice)` settles it. Shows itself at the end of a cell.

    name: what the question is recorded by, such as "c1.shift", in every language. lead: what stands before the
    question. among: the names of the questions that the score is of; all of the session if not given.
    """

    def __init__(
        self,
        name: str,
        prediction: Prediction | Estimate,
        shown=None,
        lead: str = Text("Predict."),
        among=None,
    ):
        self.name = name
        self.prediction = prediction
        self.shown = shown
        self._lead = lead
        self.among = among
        self.committed: str | None = None

    @property
    def lead(self) -> str:
        """What stands before the question."""
        return shown(self._lead)

    @property
    def question(self) -> str:
        """What is asked."""
        return shown(self.prediction.question)

    @property
    def choices(self) -> dict[str, str]:
        """What is offered, by its letter; nothing where a number is asked for."""
        if isinstance(self.prediction, Estimate):
            return {}
        return {letter: shown(words) for letter, (words, _) in self.prediction.choices.items()}

    def commit(self, choice: str) -> str:
        """Settle on the letter of a choice, or on a number; what there is to say to it, and the right one.

        Raises LenetError if the choice is not offered, or is no number where one is asked for.
        """
        right, said = self.prediction.judge(choice)
        self.committed = str(choice)
        _settled.setdefault(self.name, right)
        settle_prediction(self.name, self.committed, right)
        verdict = translate("Yes: {said}", said=said) if right else translate("No: {said}", said=said)
        if right and self.choices:
            return verdict
        return verdict + "\n" + translate("It is {answer}", answer=self.prediction.answer)

    def score(self) -> str:
        """How the reader has done in this session, as `2 of 3 right so far`. First answers count."""
        counted = [right for asked, right in _settled.items() if self.among is None or asked in self.among]
        return translate("{right} of {count} right so far", right=sum(counted), count=len(counted))

    def held_back(self) -> str:
        """What is shown once the reader has committed, as HTML."""
        return _html(self.shown)

    def veiled_answer(self) -> str:
        """What a page without a kernel judges by (`widgets/twins/predict.js`), veiled."""
        one = self.prediction
        held = {"right": one.right, "answer": one.answer, "shown": self.held_back()}
        held["among"] = None if self.among is None else sorted(self.among)
        held["older"] = older_words(self.name)
        if isinstance(one, Estimate):
            hints = [(wrong, shown(hint)) for wrong, hint in one.hints.items()]
            return veiled({**held, "factor": one.factor, "hints": hints})
        return veiled({**held, "said": {letter: shown(said) for letter, (_, said) in one.choices.items()}})

    def __repr__(self) -> str:
        offered = [f"  ( ) {choice}" for choice in self.choices.values()]
        offered = offered or [f"  [{translate('a number')}]"]
        lines = [
            f"{self.lead} {self.question}",
            *offered,
            translate("It is {answer}", answer=self.prediction.answer),
        ]
        return "\n".join(lines if self.shown is None else [*lines, str(shown(self.shown))])

    def _repr_html_(self) -> str:
        choices = "".join(f"<li>{escape(choice)}</li>" for choice in self.choices.values())
        return (
            f'<div style="{_FRAME}"><b>{escape(self.lead)}</b> {escape(self.question)}<ul>{choices}</ul>'
            f"<details><summary>{escape(translate('Choose an answer first, then open'))}</summary>"
            f"<p>{escape(translate('It is {answer}', answer=self.prediction.answer))}</p>{_html(self.shown)}</details></div>"
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/plain": repr(self), "text/html": self._repr_html_()}
        try:
            from lenet_edu.widgets.predict import Predict
        except ImportError:  # the package without its notebooks: the folded answer does
            return bundle
        return {**Predict(self).view(), **bundle}


class Quiz:
    """Predictions by name, one after another, with a score of their own. Shows itself at the end of a cell."""

    def __init__(self, predictions: Mapping[str, Prediction | Estimate]):
        count = len(predictions)
        self.asked = [
            Asked(
                name,
                prediction,
                lead=Text("Recap {place} of {count}.", place=place, count=count),
                among=set(predictions),
            )
            for place, (name, prediction) in enumerate(predictions.items(), start=1)
        ]

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.asked))

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for asked in self.asked:
            display(asked)


_FRAME = "border-left:4px solid #0072B2;padding:2px 12px"


def _html(held) -> str:
    """What is held back, as HTML: a figure as a picture, a thing that has HTML as that, else its text."""
    if held is None:
        return ""
    if hasattr(held, "savefig"):
        buffer = BytesIO()
        held.savefig(buffer, format="png")
        return f'<img src="data:image/png;base64,{b64encode(buffer.getvalue()).decode()}">'
    if hasattr(held, "_repr_html_"):
        return held._repr_html_()
    return f"<pre>{escape(str(shown(held)))}</pre>"
