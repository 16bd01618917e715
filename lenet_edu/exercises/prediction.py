"""Predictions: the reader commits to an answer, and only then it shows.

In JupyterLab a prediction has buttons. Where no kernel runs, on a web page, the answer is folded away;
in plain text, question and answer follow each other, so that a notebook runs through without a person.
"""

from base64 import b64encode
from dataclasses import dataclass
from html import escape
from io import BytesIO

from lenet_edu.errors import check_choice


@dataclass(frozen=True)
class Prediction:
    """A question about what comes next, asked because a wrong answer is common.

    right: the right choice. choices: every choice in the order shown, and what to say to who takes it.
    """

    question: str
    right: str
    choices: dict[str, str]

    def __post_init__(self):
        check_choice("The right choice", self.right, tuple(self.choices))


class Asked:
    """A prediction in front of a reader: `commit(choice)` settles it. Shows itself at the end of a cell."""

    def __init__(self, prediction: Prediction, shown=None):
        self.prediction = prediction
        self.shown = shown
        self.committed: str | None = None

    def commit(self, choice: str) -> str:
        """Settle on a choice; what there is to say to it. Raises LenetError if it is not offered."""
        check_choice("The prediction", choice, tuple(self.prediction.choices))
        self.committed = choice
        return self.response(choice)

    def response(self, choice: str) -> str:
        """What to say to who takes this choice: whether it is right, why it tempts, why it is not so."""
        right = self.prediction.right
        verdict = "Yes" if choice == right else "No"
        said = f"{verdict}: {self.prediction.choices[choice]}"
        return said if choice == right else f"{said}\nIt is “{right}”: {self.prediction.choices[right]}"

    def __repr__(self) -> str:
        prediction = self.prediction
        lines = [f"Predict. {prediction.question}", *(f"  ( ) {choice}" for choice in prediction.choices)]
        lines.append(f"It is “{prediction.right}”: {prediction.choices[prediction.right]}")
        return "\n".join(lines if self.shown is None else [*lines, str(self.shown)])

    def _repr_html_(self) -> str:
        prediction = self.prediction
        choices = "".join(f"<li>{escape(choice)}</li>" for choice in prediction.choices)
        answer = f"It is “{prediction.right}”: {prediction.choices[prediction.right]}"
        return (
            f'<div style="{_FRAME}"><b>Predict.</b> {escape(prediction.question)}<ul>{choices}</ul>'
            f"<details><summary>Open when you have settled on an answer</summary>"
            f"<p>{escape(answer)}</p>{_html(self.shown)}</details></div>"
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/plain": repr(self), "text/html": self._repr_html_()}
        try:
            bundle |= self.widget()._repr_mimebundle_()
        except ImportError:  # the package without its notebooks: the folded answer does
            return bundle
        return bundle | {"text/plain": repr(self)}

    def widget(self):
        """Radio buttons, a button to commit with, and room for the answer, as one ipywidget."""
        import ipywidgets

        question = ipywidgets.HTML(f"<b>Predict.</b> {escape(self.prediction.question)}")
        options = ipywidgets.RadioButtons(options=list(self.prediction.choices), value=self.committed)
        options.layout.width = "auto"
        button = ipywidgets.Button(description="Commit", tooltip="Settle on this answer and see what it is")
        answer = ipywidgets.HTML()

        def settle(_):
            if options.value is None:
                answer.value = "<i>Choose first: a guess will do.</i>"
                return
            said = "".join(f"<p>{escape(line)}</p>" for line in self.commit(options.value).split("\n"))
            answer.value = said + _html(self.shown)
            options.disabled = button.disabled = True

        button.on_click(settle)
        box = ipywidgets.VBox([question, options, button, answer])
        box.layout.border_left = "4px solid #0072B2"
        box.layout.padding = "2px 12px"
        return box


_FRAME = "border-left:4px solid #0072B2;padding:2px 12px"


def _html(shown) -> str:
    """What is held back, as HTML: a figure as a picture, a thing that has HTML as that, else its text."""
    if shown is None:
        return ""
    if hasattr(shown, "savefig"):
        buffer = BytesIO()
        shown.savefig(buffer, format="png")
        return f'<img src="data:image/png;base64,{b64encode(buffer.getvalue()).decode()}">'
    if hasattr(shown, "_repr_html_"):
        return shown._repr_html_()
    return f"<pre>{escape(str(shown))}</pre>"
