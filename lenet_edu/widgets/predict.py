"""Predict: a prediction's face. Choose or type a number, commit, and only then see."""

from traitlets import Bool, List, Unicode

from lenet_edu.system.errors import LenetError
from lenet_edu.widgets.base import Widget, module, styles


class Predict(Widget):
    """The face of a prediction that was asked (`exercises.prediction.Asked`).

    The answer, `right`, is with Python until the reader commits: the browser does not have it.
    `commit(choice)` does what the button does. name: what the question is recorded by. choices: the letter
    and the words of each; `committed` and `right` are letters, or the number.
    """

    _esm, _css = module("predict"), styles("predict")

    lead = Unicode("Predict.").tag(sync=True)
    name = Unicode().tag(sync=True)
    question = Unicode().tag(sync=True)
    choices = List(List(Unicode())).tag(sync=True)
    settled = Bool(False).tag(sync=True)
    committed = Unicode("").tag(sync=True)
    right = Unicode("").tag(sync=True)
    is_right = Bool(False).tag(sync=True)
    response = Unicode("").tag(sync=True)
    shown = Unicode("").tag(sync=True)
    score = Unicode("").tag(sync=True)

    def __init__(self, asked):
        self.asked = asked
        choices = [list(choice) for choice in asked.choices.items()]
        super().__init__(name=asked.name, lead=asked.lead, question=asked.question, choices=choices)
        self.on_msg(lambda _, content, __: self.commit(content.get("commit", "")))

    def commit(self, choice: str) -> None:
        """Settle on a letter or a number. Raises LenetError, and says so in the widget, if it is neither."""
        try:
            said = self.asked.commit(choice)
        except LenetError as error:
            self.refuse(str(error))
        with self.hold_sync():
            self.committed, self.response = str(choice), said
            self.is_right, _ = self.asked.prediction.judge(choice)
            self.right = str(self.asked.prediction.right) if self.choices else ""
            self.shown, self.score = self.asked.held_back(), self.asked.score()
            self.settled = True

    def text(self) -> str:
        """The question."""
        return self.question

    def state(self) -> dict:
        """The traits, and what is held back, veiled."""
        return {"traits": self.plain_traits(), "answer": self.asked.veiled_answer()}

    def view(self) -> dict:
        """What a notebook needs to show the widget, without a text or a picture of its own."""
        kind = "application/vnd.jupyter.widget-view+json"
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {kind: view, **self.description()}
