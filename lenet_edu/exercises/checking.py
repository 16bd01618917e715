"""Checkers: unanswered, right, and each foreseen wrong answer get a message of their own.

`Number`, `Choice`, `Code` and `Conditions` differ in what they take for an answer; each has
`check(answer) -> Verdict`. `Explanation` takes an answer in the reader's own words: it shows a model answer and
three points to look for, and the reader judges.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from math import isclose

import torch
from torch import Tensor

from lenet_edu.system.language import Text, shown, translate
from lenet_edu.system.progress import note_exercise

# What makes one cell of a notebook an answer and leaves another unanswered.
UNANSWERED = (None, ...)


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and what to say to it.

    is_answered: False while the cell is as it was. exercise, checker: what was asked, for a page that asks it again. answer: the reader's. A verdict that is
    shown in a notebook counts as an attempt (`system.progress`); one that is only asserted, as below an
    exercise, does not.
    """

    right: bool
    text: str
    is_answered: bool = True
    exercise: str = field(default="", compare=False)
    checker: object = field(default=None, compare=False, repr=False)
    answer: object = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return (translate("Right. ") if self.right else "") + shown(self.text)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = "#009E73" if self.right else "#E69F00"
        style = f"border-left:4px solid {colour};padding:2px 10px;margin:2px 0;white-space:pre-wrap"
        return f'<div style="{style}">{escape(str(self))}</div>'

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        from lenet_edu.exercises.pages import describe_exercise

        if self.exercise and self.is_answered:
            note_exercise(self.exercise, "code" if callable(self.answer) else self.answer, self.right)
        return describe_exercise(self.exercise, self.checker) if self.exercise else {}


@dataclass(frozen=True)
class Number:
    """An exercise whose answer is a number.

    right: the number. because: how it comes about. hints: what to say to wrong numbers that have a reason.
    tolerance: relative; 0 asks for the number exactly.
    """

    right: float
    because: Text
    hints: Mapping[float, Text]
    tolerance: float = 0.0

    def check(self, answer) -> Verdict:
        """answer: a number, or a tensor that holds one."""
        if _is_unanswered(answer):
            return _unanswered("put your number in place of None and run the cell again.")
        try:
            number = float(answer) if not isinstance(answer, (bool, str)) else None
        except (TypeError, ValueError, RuntimeError):
            number = None
        if number is None:
            return Verdict(
                False,
                translate(
                    "A single number is wanted; {answer!r} is a {kind}.",
                    answer=answer,
                    kind=type(answer).__name__,
                ),
            )
        if self._is(number, self.right):
            return Verdict(True, self.because)
        for wrong, hint in self.hints.items():
            if self._is(number, wrong):
                return Verdict(False, hint)
        return Verdict(
            False,
            translate(
                "{number:,.6g} is too large. Write the formula down, then put numbers into it.", number=number
            )
            if number > self.right
            else translate(
                "{number:,.6g} is too small. Write the formula down, then put numbers into it.", number=number
            ),
        )

    def _is(self, number: float, wanted: float) -> bool:
        return isclose(number, wanted, rel_tol=max(self.tolerance, 1e-9))


@dataclass(frozen=True)
class Choice:
    """An exercise with lettered answers. hints: what to say to each wrong letter."""

    right: str
    because: Text
    hints: Mapping[str, Text]

    def check(self, answer) -> Verdict:
        """answer: a letter, of either case."""
        letters = sorted([self.right, *self.hints])
        offered = translate("{letters} or {last}", letters=", ".join(letters[:-1]), last=letters[-1])
        if _is_unanswered(answer):
            return _unanswered("put {offered} in place of None, in quotes.", offered=offered)
        letter = answer.strip().lower() if isinstance(answer, str) else answer
        if letter == self.right:
            return Verdict(True, self.because)
        hint = self.hints.get(letter) if isinstance(letter, str) else None
        wanted = translate(
            "One of the letters {offered} is wanted; got {answer!r}.", offered=offered, answer=answer
        )
        return Verdict(False, hint or wanted)


@dataclass(frozen=True)
class Code:
    """An exercise whose answer is a function: it is called, and held against one that is known to be right.

    right: the function wanted. cases: makes the lists of arguments to try it on. because: what to say when
    it agrees. mistakes: functions that are wrong for a reason, by the hint that each deserves.
    """

    right: Callable
    cases: Callable[[], list[tuple]]
    because: Text
    mistakes: Mapping[Text, Callable] = field(default_factory=dict)

    def check(self, answer) -> Verdict:
        """answer: a function that takes the arguments of `right`."""
        if _is_unanswered(answer):
            return _unanswered("write the function and run the cell again.")
        if not callable(answer):
            return Verdict(
                False,
                translate(
                    "Give the function itself, without brackets; got a {kind}.",
                    kind=type(answer).__name__,
                ),
            )
        cases = self.cases()
        try:
            given = [answer(*_copies(case)) for case in cases]
        except Exception as error:
            return Verdict(
                False,
                translate("It stopped with {kind}: {error}", kind=type(error).__name__, error=error),
            )
        if any(_is_unanswered(result) for result in given):
            return _unanswered("the function returns nothing. End it with return ...")
        try:
            given = [torch.as_tensor(result).detach().double() for result in given]
        except (TypeError, ValueError, RuntimeError):
            return Verdict(
                False,
                translate(
                    "It must return a tensor or numbers; it returned a {kind}.",
                    kind=type(given[0]).__name__,
                ),
            )
        return self._compare(cases, given)

    def _compare(self, cases: list[tuple], given: list[Tensor]) -> Verdict:
        wanted = _results(self.right, cases)
        if _alike(given, wanted):
            return Verdict(True, self.because)
        for hint, mistake in self.mistakes.items():
            if _alike(given, _results(mistake, cases)):
                return Verdict(False, hint)
        for got, want in zip(given, wanted, strict=True):
            if got.shape != want.shape:
                return Verdict(
                    False,
                    translate(
                        "The shape {shape} is wanted; your function returns {other}.",
                        shape=tuple(want.shape),
                        other=tuple(got.shape),
                    ),
                )
        got, want = next((g, w) for g, w in zip(given, wanted, strict=True) if not _close(g, w))
        place = tuple((~torch.isclose(got, want, rtol=1e-4, atol=1e-5)).nonzero()[0].tolist())
        at = translate(" at {place}", place=place) if place else ""
        return Verdict(
            False,
            translate(
                "The shape is right, the numbers are not: {got:.4g}{at} instead of {want:.4g}.",
                got=got[place],
                at=at,
                want=want[place],
            ),
        )


@dataclass(frozen=True)
class Conditions:
    """An exercise with many right answers: every condition must hold.

    convert: makes the answer what the conditions expect, and raises what it likes if it cannot. wanted:
    what the answer must be, for that case. conditions: tests of the answer by the hint for who fails it,
    tried in order.

    form: how a page without a kernel asks for the answer, as "table" or "pair"; `widgets/twins/conditions.js` has
    the same conditions in the same order, and `facts` are what they need. None: in code only.
    """

    convert: Callable
    wanted: Text
    conditions: Mapping[Text, Callable]
    because: Text
    form: str | None = None
    facts: Mapping = field(default_factory=dict)

    def check(self, answer) -> Verdict:
        """answer: what `wanted` says."""
        if _is_unanswered(answer):
            return _unanswered("put your answer in place of None and run the cell again.")
        try:
            converted = self.convert(answer)
        except Exception:
            return Verdict(
                False, translate("{wanted} is wanted; got {answer!r}.", wanted=self.wanted, answer=answer)
            )
        for hint, holds in self.conditions.items():
            if not holds(converted):
                return Verdict(False, hint)
        return Verdict(True, self.because)


FEWEST_WORDS = 8  # of an explanation: less is no sentence


@dataclass(frozen=True)
class Explanation:
    """An exercise to be answered in the reader's own words, who then compares and judges.

    model: a good answer. points: what a good answer says, three short sentences to tick.
    """

    model: Text
    points: tuple[Text, Text, Text]

    def compare(self, words) -> "Comparison":
        """words: the reader's text, or None while there is none."""
        return Comparison(self, words)


class Comparison:
    """A reader's own words beside a model answer. Until there are words, the model answer is folded away.

    The folded form has a box to write in, for pages where no kernel runs.
    """

    def __init__(self, explanation: Explanation, words):
        self.explanation = explanation
        self.words = words.strip() if isinstance(words, str) else ""

    @property
    def is_written(self) -> bool:
        """Whether the reader has written a sentence."""
        return len(self.words.split()) >= FEWEST_WORDS or len(self.words) >= 3 * FEWEST_WORDS

    def __repr__(self) -> str:
        if not self.is_written:
            return shown(_WRITE_FIRST)
        model = translate("A model answer: {answer}", answer=self.explanation.model)
        return "\n".join([model, shown(_TICK), *(f"[ ] {shown(point)}" for point in self.explanation.points)])

    __str__ = __repr__

    def _repr_html_(self) -> str:
        points = "".join(
            f'<div><label><input type="checkbox"> {escape(shown(point))}</label></div>'
            for point in self.explanation.points
        )
        model = _labelled(translate("A model answer."), shown(self.explanation.model))
        model += f"<p>{escape(shown(_TICK))}</p>{points}"
        if self.is_written:
            return _framed(_labelled(translate("You wrote."), self.words) + model, "#009E73")
        label = escape(translate("your own words"))
        box = f'<textarea rows="4" style="{_BOX}" aria-label="{label}"></textarea>'
        summary = escape(translate("No kernel here? Write in this box, then compare"))
        fold = f"<details><summary>{summary}</summary>{box}{model}</details>"
        return _framed(f"{escape(shown(_WRITE_FIRST))}{fold}", "#E69F00")


_WRITE_FIRST = Text(
    "Not answered yet: write two or three sentences between the quotes and run the cell again. "
    "A model answer then stands below yours."
)
_TICK = Text("Tick what your answer says too:")
_BOX = "width:100%;max-width:46em;font:inherit;display:block;margin:6px 0"


def _labelled(label: str, text: str) -> str:
    return f"<p><b>{escape(label)}</b> {escape(text)}</p>"


def _framed(inside: str, colour: str) -> str:
    return f'<div style="border-left:4px solid {colour};padding:2px 10px;margin:2px 0">{inside}</div>'


def _unanswered(what_to_do: str, **values) -> Verdict:
    return Verdict(
        False,
        translate("Not answered yet: {what_to_do}", what_to_do=translate(what_to_do, **values)),
        is_answered=False,
    )


def _is_unanswered(answer) -> bool:
    return any(answer is nothing for nothing in UNANSWERED)


def _copies(case: tuple) -> list:
    """The arguments, so that a function that changes them in place spoils nothing."""
    return [argument.clone() if isinstance(argument, Tensor) else argument for argument in case]


def _results(function: Callable, cases: list[tuple]) -> list[Tensor]:
    with torch.no_grad():
        return [torch.as_tensor(function(*_copies(case))).double() for case in cases]


def _alike(given: list[Tensor], wanted: list[Tensor]) -> bool:
    return all(map(_close, given, wanted))


def _close(got: Tensor, want: Tensor) -> bool:
    return got.shape == want.shape and torch.allclose(got, want, rtol=1e-4, atol=1e-5)
