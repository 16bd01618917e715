"""Exercises and predictions: every foreseen answer gets its own message, and nothing shows too soon."""

import itertools
import sys
from importlib import import_module

import numpy as np
import pytest
import torch

from lenet_edu import load_digits, plots, read_results
from lenet_edu.exercises import NOTEBOOKS, ask, check, explain, prediction, quiz, yourself
from lenet_edu.exercises.checking import Choice, Code, Conditions, Explanation, Number, Verdict
from lenet_edu.exercises.prediction import Estimate, Prediction, Quiz
from lenet_edu.network import paper
from lenet_edu.network.ledger import ledger
from lenet_edu.network.models import LeNet5
from lenet_edu.reproduction.robustness import errors_on_record
from lenet_edu.system.errors import LenetError
from lenet_edu.system.pages import WIDGET
from lenet_edu.widgets.predict import Predict


def every(kind: str) -> dict:
    """All exercises or predictions of the suite by their full name."""
    modules = {name: import_module(f"lenet_edu.exercises.{name}") for name in NOTEBOOKS}
    return {
        f"{name}.{key}": value
        for name, module in modules.items()
        for key, value in getattr(module, kind).items()
    }


EXERCISES, PREDICTIONS = every("EXERCISES"), every("PREDICTIONS")


def of_kind(kind: type):
    names = [name for name, exercise in EXERCISES.items() if isinstance(exercise, kind)]
    return pytest.mark.parametrize("name", names)


def wrong(name: str, answer) -> str:
    verdict = check(name, answer)
    assert isinstance(verdict, Verdict)
    assert not verdict.right, verdict
    return verdict.text


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("nothing", [None, ...])
def test_unanswered_is_said_and_not_called_wrong(name, nothing):
    assert wrong(name, nothing).startswith("Not answered yet")


@of_kind(Number)
def test_a_number_is_right_or_gets_the_hint_that_fits(name):
    exercise = EXERCISES[name]
    assert check(name, exercise.right).right
    assert check(name, torch.tensor(exercise.right, dtype=torch.double)).right
    assert [wrong(name, number) for number in exercise.hints] == list(exercise.hints.values())
    assert "too large" in wrong(name, exercise.right * 1000 + 1)
    assert "too small" in wrong(name, -1e6)
    for unfit in ("12", [1, 2], True, object(), torch.ones(2)):
        assert "single number is wanted" in wrong(name, unfit)


@of_kind(Number)
def test_hints_of_a_number_are_for_different_wrong_numbers(name):
    exercise = EXERCISES[name]
    assert exercise.right not in exercise.hints
    assert len(exercise.hints) >= 3


@of_kind(Choice)
def test_a_choice_is_right_or_gets_the_hint_that_fits(name):
    exercise = EXERCISES[name]
    assert check(name, exercise.right).right
    assert check(name, f" {exercise.right.upper()} ").right
    said = [wrong(name, letter) for letter in exercise.hints]
    assert said == list(exercise.hints.values())
    assert len(set(said)) == len(said)
    for unfit in ("z", "", 1, ["a"]):
        assert "letters" in wrong(name, unfit)


@of_kind(Code)
def test_code_is_right_or_gets_the_hint_of_its_mistake(name):
    exercise = EXERCISES[name]
    assert check(name, exercise.right).right
    assert len(exercise.mistakes) >= 3
    for hint, mistake in exercise.mistakes.items():
        assert wrong(name, mistake) == hint


@of_kind(Code)
def test_code_that_fails_in_other_ways_is_told_how(name):
    exercise = EXERCISES[name]

    def breaks(*arguments):
        raise IndexError("out of range")

    assert wrong(name, breaks) == "It stopped with IndexError: out of range"
    assert "returns nothing" in wrong(name, lambda *arguments: None)
    assert "without brackets" in wrong(name, exercise.right(*exercise.cases()[0]))
    assert "must return a tensor" in wrong(name, lambda *arguments: "five")
    assert "shape" in wrong(name, lambda *arguments: torch.zeros(7, 7, 7))
    assert "instead of" in wrong(name, lambda *arguments: torch.as_tensor(exercise.right(*arguments)) + 123.4)


@of_kind(Code)
def test_code_may_change_its_arguments(name):
    exercise = EXERCISES[name]

    def greedy(*arguments):
        result = torch.as_tensor(exercise.right(*arguments)).clone()
        for argument in arguments:
            if isinstance(argument, torch.Tensor):
                argument.zero_()
        return result

    assert check(name, greedy).right


def said_to(name: str, answers: list) -> list[str]:
    said = [wrong(name, answer) for answer in answers]
    assert len(set(said)) == len(said), "two kinds of wrong answer get the same message"
    return said


def test_or_gets_a_message_for_each_way_to_miss_it():
    assert check("s2.or", (2.0, 6.0)).right
    assert check("s2.or", torch.tensor([2.0, 6.0])).right
    said = said_to("s2.or", ["ab", (1, 2, 3), (-2, 6), (2, 20), (2, 0)])
    assert said[1:] == list(EXERCISES["s2.or"].conditions)


def test_table_gets_a_message_for_each_way_to_miss_it():
    table = paper.C3_TABLE
    assert check("c3.table", np.roll(table, 1, axis=1)).right
    assert check("c3.table", torch.tensor(np.roll(table, 1, axis=1))).right
    triples = np.array([np.isin(range(6), some) for some in itertools.combinations(range(6), 3)]).T
    empty, twice, uneven = table.copy(), table.copy(), table.copy()
    empty[:, 0], empty[:3, 1] = False, True
    empty[3:, 1], empty[:, 2] = True, [True, True, True, False, False, False]
    twice[:, 1] = twice[:, 0]
    uneven[:, :6] = triples[:, :6]
    said = said_to("c3.table", [np.ones((3, 3)), table & False, empty, twice, uneven, table])
    assert empty.sum() == twice.sum() == uneven.sum() == table.sum()
    assert said[1:] == list(EXERCISES["c3.table"].conditions)


def test_a_code_of_ones_own_gets_a_message_for_each_way_to_miss_it():
    own = -torch.ones(12, 7)
    own[2:9, 3] = own[5, 1:6] = 1  # a plus
    assert check("f6.unit", own).right
    assert check("f6.unit", own.int().tolist()).right
    eight, blank = torch.tensor(paper.DIGIT_CODES[8]), -torch.ones(12, 7)
    nearly = eight.clone()
    nearly[0, 0] *= -1
    said = said_to("f6.unit", [torch.zeros(12, 7), eight, nearly, blank])
    assert said[1:] == list(EXERCISES["f6.unit"].conditions)


def test_a_kernel_gets_a_message_for_each_way_to_miss_it():
    assert check("c1.kernel", [[1, 1, 1], [0, 0, 0], [-1, -1, -1]]).right
    assert check("c1.kernel", torch.tensor([[2.0, 4, 2], [0, 0, 0], [-2, -4, -2]])).right
    blob, upper = [[1, 1, 1]] * 3, [[-1, -1, -1], [0, 0, 0], [1, 1, 1]]
    both, slanting = [[1, 1, 1], [-2, -2, -2], [1, 1, 1]], [[2, 0, 0], [0, 0, 0], [0, 0, -2]]
    said = said_to("c1.kernel", [[[1, 2]], blob, upper, both, slanting])
    assert said[1:] == list(EXERCISES["c1.kernel"].conditions)


def test_every_exercise_with_conditions_has_such_a_test():
    conditions = {name for name, exercise in EXERCISES.items() if isinstance(exercise, Conditions)}
    assert conditions == {"c1.kernel", "s2.or", "c3.table", "f6.unit", "project.network"}


class Knows(torch.nn.Module):
    """Answers with the class of the nearest training digit, or always with 0."""

    def __init__(self, parameters: int, kernel: bool, right: bool):
        super().__init__()
        self.spare = torch.nn.Parameter(torch.zeros(parameters - 9 * kernel))
        if kernel:
            self.seen = torch.nn.Conv2d(1, 1, 3, bias=False)
        self.right, self.known = right, load_digits("embedded").train

    def forward(self, images):
        nearest = torch.cdist(images.flatten(1), self.known.images.flatten(1)).argmin(1)
        answers = self.known.labels[nearest] if self.right else torch.zeros(len(images), dtype=torch.long)
        return torch.nn.functional.one_hot(answers, 10).float()


@pytest.mark.slow
def test_a_project_gets_a_message_for_each_way_to_miss_it():
    assert check("project.network", Knows(30_000, kernel=True, right=True)).right
    large, dense = Knows(30_001, kernel=True, right=True), Knows(900, kernel=False, right=True)
    said = said_to("project.network", ["mine", large, dense, Knows(900, kernel=True, right=False)])
    assert said[1:] == list(EXERCISES["project.network"].conditions)
    assert "more than 30,000" in wrong("project.network", LeNet5())


def test_yourself_scores_before_and_gives_reasons_after():
    key = "".join(one.right for one in yourself.QUESTIONS)
    assert len(key) == 12
    assert yourself.score(key.upper()) == yourself.reasons(", ".join(key)) == "12 of 12 right"
    assert set(key) == set("abc")
    for letters in ("abcabcabcabc"[shift:] + "abcabcabcabc"[:shift] for shift in range(3)):
        reasons = yourself.reasons(letters)
        missed = [one for one, own in zip(key, letters, strict=True) if one != own]
        assert reasons.count("It is “") == len(missed) == 12 - int(reasons.split(" of ")[0])
    assert yourself.score("") == yourself.reasons("")
    assert "Not answered yet" in yourself.score("")
    for unfit in ("abc", "abcabcabcabd", 12):
        with pytest.raises(LenetError, match="12 letters"):
            yourself.score(unfit)


def test_the_sheet_of_yourself_shows_all_choices_and_no_answer():
    plain = repr(yourself.questions())
    for one in yourself.QUESTIONS:
        assert list(one.choices) == ["a", "b", "c"]
        for letter, (words, reason) in one.choices.items():
            assert f"({letter}) {words}" in plain
            assert reason not in plain
            assert reason not in yourself.questions()._repr_html_()


@pytest.mark.parametrize("question", [lambda name: check(name, 1), ask], ids=["check", "ask"])
@pytest.mark.parametrize(
    ("name", "got"), [("c7.side", "'c7'"), ("c1.colour", "'colour'"), ("c1", "''"), ("", "''")]
)
def test_an_unknown_question_is_refused_by_name(question, name, got):
    with pytest.raises(LenetError, match=f"got {got}"):
        question(name)


def test_a_verdict_shows_as_text_and_as_html_without_running_what_it_quotes():
    assert str(check("c1.side", 14)).startswith("Right. (28 + 2 x 2 - 5) / 2")
    assert "<script>" not in check("c1.side", "<script>")._repr_html_()


def choices_of(name: str) -> list[str]:
    """The letters of a prediction; for an estimate the right number, those with a hint, and two more."""
    asked = PREDICTIONS[name]
    if isinstance(asked, Prediction):
        return list(asked.choices)
    return [f"{number:,}" for number in (asked.right, *asked.hints, asked.right * 99, 0.5)]


@pytest.mark.parametrize("name", PREDICTIONS)
def test_each_choice_of_a_prediction_gets_a_response_of_its_own(name):
    asked, choices = PREDICTIONS[name], choices_of(name)
    said = [ask(name).commit(choice) for choice in choices]
    assert len(set(said)) == len(said) >= 2
    for choice, response in zip(choices, said, strict=True):
        right = choice == (choices[0] if isinstance(asked, Estimate) else asked.right)
        assert response.startswith("Yes: " if right else "No: ")
        assert asked.answer[-20:] in response or response == "Yes: to the digit." + f"\nIt is {asked.answer}"


def test_a_prediction_must_offer_its_right_answer():
    with pytest.raises(LenetError, match="right choice"):
        Prediction("Which?", right="c", choices={"a": ("", ""), "b": ("", "")})


def test_a_choice_that_is_not_offered_cannot_be_committed_to():
    asked = ask("c1.parameters")
    with pytest.raises(LenetError, match="must be one of a, b, c; got '156'"):
        asked.commit("156")
    assert asked.committed is None


@pytest.mark.parametrize("guess", ["", "many", "nan", "inf", "1e999"])
def test_an_estimate_must_be_a_number(guess):
    with pytest.raises(LenetError, match="must be a number"):
        ask("c1.dense").commit(guess)


def test_an_estimate_may_be_off_by_its_factor():
    estimate = Estimate("How many?", right=1000, because="so", factor=1.5)
    assert [estimate.judge(guess)[0] for guess in ("1,000", "1499", "1501", "667", "666", "-1000")] == [
        *(True, True, False, True, False, False)
    ]


def test_the_score_counts_first_answers_only(monkeypatch):
    monkeypatch.setattr(prediction, "_settled", {})
    asked = ask("c1.parameters")
    asked.commit("b")
    ask("c1.parameters").commit("a")
    ask("c1.dense").commit("5000000")
    assert asked.score() == "1 of 2 right so far"


def test_without_a_person_the_text_goes_through_to_the_answer():
    asked = ask("c1.parameters", ledger(LeNet5())["C1"].parameters)
    text = asked._repr_mimebundle_()["text/plain"]
    assert text == repr(asked)
    assert text.index("4,704") < text.index("It is “156”") < text.index("6 x (5 x 5 + 1) = 156")
    assert asked.committed is None
    assert "[a number]\nIt is 4,821,600: " in repr(ask("c1.dense"))


def test_on_a_page_without_kernel_the_answer_is_folded_away():
    html = ask("c1.parameters", plots.network(LeNet5()))._repr_html_()
    asked, answer = html.split("<details>")
    assert "It is" not in asked
    assert "It is" in answer
    assert "data:image/png;base64," in answer


def test_the_browser_has_nothing_of_the_answer_before_the_reader_commits():
    face = Predict(ask("c1.parameters", ledger(LeNet5())["C1"]))
    before = str({name: value for name, value in face.get_state().items() if not name.startswith("_")})
    assert "122,304" in before  # it is one of the choices
    assert "6 x (5 x 5 + 1)" not in before
    assert "share the same 25 weights" not in before
    face._handle_custom_msg({"commit": "b"}, [])
    assert face.settled
    assert face.committed == face.asked.committed == "b"
    assert "number of units" in face.response
    assert "6 x (5 x 5 + 1) = 156" in face.shown
    assert "right so far" in face.score


def test_a_message_that_is_no_choice_is_refused_and_settles_nothing(monkeypatch):
    face = Predict(ask("c1.parameters"))
    sent = []
    monkeypatch.setattr(face, "send", sent.append)
    with pytest.raises(LenetError, match="got '156'"):
        face.commit("156")
    assert not face.settled
    assert "156" in sent[0]["error"]


def test_a_prediction_shows_its_face_where_there_are_widgets(monkeypatch):
    bundle = ask("c1.shift")._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json", WIDGET}
    monkeypatch.setitem(sys.modules, "lenet_edu.widgets.predict", None)
    assert set(ask("c1.shift")._repr_mimebundle_()) == {"text/plain", "text/html"}


EXPLANATION = Explanation("The weights are shared.", ("same weights", "every place", "few parameters"))
WORDS = "All the units of one map use the same weights and the same bias."


@pytest.mark.parametrize("words", [None, ..., "", "  ", "too short", 7])
def test_without_words_the_model_answer_is_folded_away_beside_a_box(words):
    comparison = EXPLANATION.compare(words)
    assert repr(comparison).startswith("Not answered yet")
    assert "shared" not in repr(comparison)
    before, folded = comparison._repr_html_().split("<details>")
    assert "shared" not in before
    assert "<textarea" in folded
    assert folded.count("checkbox") == 3


def test_ones_own_words_stand_beside_a_model_answer_and_three_points():
    comparison = EXPLANATION.compare(f"{WORDS} <b>")
    assert repr(comparison).count("[ ]") == 3
    html = comparison._repr_html_()
    assert html.index(WORDS) < html.index("The weights are shared.") < html.index("same weights</label>")
    assert "<b>\n" not in html
    assert "&lt;b&gt;" in html
    assert "<details>" not in html


def test_an_explanation_in_a_script_without_spaces_counts_as_written():
    assert EXPLANATION.compare("同一特征图的所有单元共享同一组权重和同一个偏置，因此参数很少。").is_written


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_explanation_has_a_model_answer_and_three_points(notebook):
    module = import_module(f"lenet_edu.exercises.{notebook}")
    for name, explanation in getattr(module, "EXPLANATIONS", {}).items():
        assert len(set(explanation.points)) == 3
        assert explain(f"{notebook}.{name}", explanation.model).is_written


def test_a_quiz_asks_one_after_another_with_a_score_of_its_own(monkeypatch):
    monkeypatch.setattr(prediction, "_settled", {})
    ask("c1.parameters").commit("b")
    first, second = Quiz({name: PREDICTIONS[name] for name in ("c1.shift", "c1.dense")}).asked
    first.commit("b")
    assert first.score() == "1 of 1 right so far"
    second.commit("5")
    assert second.score() == "1 of 2 right so far"
    assert Predict(second).lead == "Recap 2 of 2."
    assert repr(second).startswith("Recap 2 of 2. ")


def test_a_quiz_shows_a_prediction_for_each_question(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    asked = Quiz({name: PREDICTIONS[name] for name in ("c1.shift", "c1.dense")})
    asked._ipython_display_()
    assert shown == asked.asked


def test_a_notebook_without_a_quiz_is_named():
    with pytest.raises(LenetError, match="notebook with a quiz"):
        quiz("input")


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_quiz_mixes_several_questions(notebook):
    module = import_module(f"lenet_edu.exercises.{notebook}")
    if hasattr(module, "QUIZ"):
        questions = [asked.question for asked in quiz(notebook).asked]
        assert 4 <= len(set(questions)) == len(questions) <= 7


def test_what_start_and_s4_call_right_is_what_is_measured():
    """Notebook 00's nearest digits on the embedded ones, notebook 05's recorded errors of turned digits."""
    digits = load_digits("embedded")
    moved = digits.test.images.roll((2, 2), dims=(2, 3)).flatten(1)
    nearest = torch.cdist(moved, digits.train.images.flatten(1)).argmin(1)
    share = (digits.train.labels[nearest] == digits.test.labels).float().mean().item()
    assert PREDICTIONS["start.shift"].answer.startswith(f"“about {round(share, 1) * 100:.0f}”")
    amounts, errors = errors_on_record(read_results("robustness"))["lenet5-1998"]["rotation"]
    turned = [error for amount, error in zip(amounts, errors, strict=True) if abs(amount) == 30]
    assert PREDICTIONS["s4.rotation"].answer.startswith(f"“about {round(sum(turned) / 2, -1):.0f}”")
