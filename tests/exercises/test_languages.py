"""Exercises in other languages: every text is translated, and an answer is the same record in each."""

import json
import re
from base64 import b64decode
from importlib import import_module

import pytest

from lenet_edu.cli.progress import collect
from lenet_edu.exercises import (
    NOTEBOOKS,
    ask,
    check,
    explain,
    glossary,
    prediction,
    predictions,
    quiz,
    yourself,
)
from lenet_edu.exercises.checking import Choice, Code, Conditions, Number
from lenet_edu.exercises.prediction import Estimate
from lenet_edu.system import language
from lenet_edu.system.language import Text
from lenet_edu.system.pages import WIDGET
from lenet_edu.system.progress import by_name, is_sealed, older_words, read_progress
from lenet_edu.widgets.predict import Predict

OTHERS = [name for name in language.LANGUAGES if name != "en"]


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The file that answers are recorded in."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("LENET_EDU_PROGRESS", str(path))
    monkeypatch.setattr(prediction, "_settled", {})
    return path


@pytest.fixture
def speak():
    """Show everything in a language, until the test ends."""
    yield language.use
    language.use(None)


def texts_of_questions():
    """All that predictions say, those of recaps and of the test too."""
    for one in [*predictions().values(), *yourself.QUESTIONS]:
        yield one.question
        if isinstance(one, Estimate):
            yield from (one.because, *one.hints.values())
        else:
            yield from (said for _, said in one.choices.values())
            yield from (words for words, _ in one.choices.values() if re.search("[a-z]", words))


def texts_of_exercises():
    """All that checkers and model answers say."""
    for notebook in NOTEBOOKS:
        module = import_module(f"lenet_edu.exercises.{notebook}")
        for one in module.EXERCISES.values():
            yield one.because
            if isinstance(one, Number | Choice):
                yield from one.hints.values()
            if isinstance(one, Code):
                yield from one.mistakes
            if isinstance(one, Conditions):
                yield from (one.wanted, *one.conditions)
        for one in getattr(module, "EXPLANATIONS", {}).values():
            yield from (one.model, *one.points)


def texts_of_glossary():
    """The terms and what they mean."""
    for terms in glossary.TERMS.values():
        yield from (*terms, *terms.values())


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("texts", [texts_of_questions, texts_of_exercises, texts_of_glossary])
def test_every_text_is_translated(texts, name):
    translations = language.translations(name)
    said = list(texts())
    assert len(said) > 100
    assert [text for text in said if not isinstance(text, Text) or text.template not in translations] == []


def test_a_question_is_asked_and_judged_in_chinese(speak):
    asked = ask("c1.shift")
    speak("zh")
    assert asked.question == "数字向右移动两个像素。C1 的特征图会怎样？"
    assert list(asked.choices) == ["a", "b", "c"]
    assert asked.choices["b"] == "向右移动两个位置"
    assert asked.commit("a").startswith("不对：C1 不会忘记")
    assert "答案：“向右移动两个位置”：同一个卷积核" in repr(asked)
    assert "先猜后看。" in asked._repr_html_()
    assert "够接近了" in ask("c1.dense").commit("5,000,000")
    assert repr(quiz("c1").asked[1]).startswith("回顾 2/6。")


def test_exercises_and_explanations_answer_in_chinese(speak):
    speak("zh")
    assert str(check("c1.side", 14)).startswith("正确。(28 + 2 × 2 - 5)")
    assert str(check("c1.side", 196)).startswith("这是特征图中单元的个数")
    assert str(check("c3.debug", "z")) == "请填字母 a, b 或 c 之一；得到的是 'z'。"
    veiled = check("c3.table", None)._repr_mimebundle_()[WIDGET]["state"]["checker"]
    assert json.loads(b64decode(veiled))["hints"][1].startswith("有一列是空的")
    assert "参考答案" in explain("c1.sharing", None)._repr_html_()
    assert yourself.reasons("a" * 12).startswith("12 题答对 3 题\n1. “存储样本占用太多内存”：")
    assert "特征图有多大？" in repr(yourself.questions())


def test_the_widget_shows_chinese_and_sends_letters(speak):
    speak("zh")
    face = Predict(ask("c1.shift"))
    assert face.choices[1] == ["b", "向右移动两个位置"]
    assert (face.name, face.lead) == ("c1.shift", "先猜后看。")
    face.commit("b")
    assert (face.committed, face.right, face.is_right) == ("b", "b", True)


def test_an_answer_in_chinese_and_one_in_english_are_the_same_record(mine, speak):
    records = []
    for name in language.LANGUAGES:
        mine.unlink(missing_ok=True)
        speak(name)
        ask("c1.shift").commit("a")
        ask("c1.shift").commit("b")
        ask("c1.dense").commit("5,000,000")
        quiz("c1").asked[0].commit("b")
        check("c1.side", 13)._repr_mimebundle_()
        records.append(read_progress(mine))
    assert records[0] == records[1]
    assert records[0]["predictions"] == {
        "c1.shift": {"first": "a", "choice": "b", "right": False},
        "c1.dense": {"first": "5,000,000", "choice": "5,000,000", "right": True},
        "c1.quiz.sliding": {"first": "b", "choice": "b", "right": True},
    }


def older(mine, predictions: dict) -> dict:
    """A record as it was kept before questions had names."""
    record = {"version": 1, "name": "Ada", "predictions": predictions, "exercises": {}}
    mine.write_text(json.dumps(record), "utf-8")
    return record


def test_an_older_record_in_english_words_counts_and_is_gone_on_with(mine, speak):
    shift, dense = older_words("c1.shift"), older_words("c1.dense")
    before = {
        shift["question"]: {"choice": "they stay as they are", "right": False},
        dense["question"]: {"first": "12", "choice": "4,821,600", "right": False},
        "A question of another course": {"choice": "yes", "right": True},
    }
    named = by_name(older(mine, before))["predictions"]
    assert named == {
        "c1.shift": {"choice": "a", "right": False},
        "c1.dense": before[dense["question"]],
        "A question of another course": {"choice": "yes", "right": True},
    }
    speak("zh")
    ask("c1.shift").commit("b")
    record = read_progress(mine)
    assert record["predictions"]["c1.shift"] == {"first": "a", "choice": "b", "right": False}
    assert len(record["predictions"]) == 3
    assert is_sealed(record)


def test_a_question_answered_before_and_after_it_had_a_name_keeps_its_first_answer(mine):
    before = {older_words("c1.shift")["question"]: {"choice": "they stay as they are", "right": False}}
    record = older(mine, {**before, "c1.shift": {"first": "b", "choice": "b", "right": True}})
    assert by_name(record)["predictions"] == {"c1.shift": {"first": "a", "choice": "b", "right": False}}


def test_older_words_name_questions_and_choices_that_there_are():
    asked = predictions()
    older_names = [name for name in asked if older_words(name)]
    assert len(older_names) == 66
    for name in older_names:
        letters = set(older_words(name).get("choices", {}).values())
        assert letters == set(asked[name].choices)


def test_a_class_of_two_languages_and_older_records_is_counted_together(mine, tmp_path, speak):
    folder = tmp_path / "class"
    folder.mkdir()
    for name in language.LANGUAGES:
        mine.unlink(missing_ok=True)
        speak(name)
        ask("c1.shift").commit("a")
        mine.rename(folder / f"{name}.json")
    words = older_words("c1.shift")
    older(folder / "old.json", {words["question"]: {"choice": "they stay as they are", "right": False}})
    speak("zh")
    missed = collect(folder)["missed"]
    assert missed == [
        {
            "name": "c1.shift",
            "question": "数字向右移动两个像素。C1 的特征图会怎样？",
            "missed": 3,
            "asked": 3,
            "commonest wrong answer": "保持原样",
        }
    ]
