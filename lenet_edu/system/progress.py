"""What a reader has predicted and answered: one file, with no more about a person than a name.

The file is `LENET_EDU_PROGRESS`, or .lenet_edu/progress.json in the reader's home; "off" records nothing. A
page without a kernel keeps and exports the same form (`widgets/twins/progress.js`), but for the seal.

    {"version": 1, "name": "", "predictions": {NAME: {"first": ..., "choice": ..., "right": ...}},
     "exercises": {NAME: {"answer": ..., "right": ..., "attempts": ...}}, "seal": ...}

`right` of a prediction says whether the first choice was; of an exercise, whether the last answer was.
Questions have names and choices letters, so that an answer is the same record in every language. Older
records have both in English words: `by_name` reads them by older_questions.json, which never changes.
"""

import json
import os
import warnings
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import read_json, write_json
from lenet_edu.system.language import translate
from lenet_edu.system.places import user_path

VERSION = 1
OFF = "off"
_LONGEST = 200  # characters of an answer
_PATIENCE = 2.0  # seconds to wait for another kernel that writes


def progress_file() -> Path | None:
    """Where this reader's progress is; None if it is not to be recorded."""
    given = os.environ.get("LENET_EDU_PROGRESS", "")
    if given == OFF:
        return None
    return user_path(given or Path("~") / ".lenet_edu" / "progress.json")


def empty_progress() -> dict:
    """The progress of who has not begun."""
    return {"version": VERSION, "name": "", "predictions": {}, "exercises": {}}


def read_progress(path: Path) -> dict:
    """The progress in a file of this suite or of a page. Raises LenetError if it is no such file."""
    record = read_json(path)
    if isinstance(record, dict) and isinstance(record.get("version"), int) and record["version"] > VERSION:
        raise LenetError(
            "{path} holds progress of version {version}; this package knows {known}. Update it.",
            path=path,
            version=record["version"],
            known=VERSION,
        )
    if not _is_progress(record):
        raise LenetError(
            "{path} is no progress of this suite. Give a file that `lenet-edu progress` or a page has saved.",
            path=path,
        )
    return {**empty_progress(), **record}


def by_name(record: dict) -> dict:
    """The record with every prediction by its name and every choice by its letter, as older ones were not."""
    predictions: dict[str, dict] = {}
    for question, one in record["predictions"].items():
        name, letters = _older_questions().get(question, (question, {}))
        named = one | {part: letters.get(one[part], one[part]) for part in ("first", "choice") if part in one}
        if name in predictions:  # answered before and after questions had names: the first answer stays
            before = predictions[name]
            named |= {"first": before.get("first", before["choice"]), "right": before["right"]}
        predictions[name] = named
    return {**record, "predictions": predictions}


def older_words(name: str) -> dict | None:
    """How older records say it, {"question": ..., "choices": {words: letter}}; None for a newer question."""
    return _older_words().get(name)


@lru_cache
def _older_words() -> dict[str, dict]:
    return json.loads((Path(__file__).parent / "older_questions.json").read_text(encoding="utf-8"))


@lru_cache
def _older_questions() -> dict[str, tuple[str, dict[str, str]]]:
    """The name of each question, and the letters of its choices, by the words of older records."""
    return {words["question"]: (name, words.get("choices", {})) for name, words in _older_words().items()}


def is_sealed(record: dict) -> bool | None:
    """Whether a record is as the package wrote it; None for one without a seal, as pages export it.

    A seal shows that a file was changed by hand. It cannot show that somebody computed a new one.
    """
    seal = record.get("seal")
    return None if seal is None else seal == _seal(record)


def settle_prediction(name: str, choice: str, right: bool) -> None:
    """Note a choice by its letter, or a number; whether the first one was right stays."""

    def change(record: dict) -> None:
        before = record["predictions"].get(name, {})
        first = before.get("first", before.get("choice", choice))
        record["predictions"][name] = {
            "first": _shorten(first),
            "choice": _shorten(choice),
            "right": before.get("right", right),
        }

    _change(change)


def note_exercise(name: str, answer: object, right: bool) -> None:
    """Note the last answer to an exercise, and that it was one more attempt."""

    def change(record: dict) -> None:
        attempts = record["exercises"].get(name, {}).get("attempts", 0) + 1
        record["exercises"][name] = {"answer": _shorten(answer), "right": right, "attempts": attempts}

    _change(change)


def set_name(name: str) -> None:
    """The name under which the reader hands the file in; any that the teacher knows."""
    _change(lambda record: record.update(name=_shorten(name)))


def _change(change: Callable[[dict], None]) -> None:
    """Read, change, write; what cannot be recorded is said and stops nobody from learning."""
    path = progress_file()
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=_PATIENCE):
            record = by_name(read_progress(path)) if path.exists() else empty_progress()
            change(record)
            write_json(path, {**record, "seal": _seal(record)})
    except (LenetError, OSError, Timeout, NotImplementedError) as error:
        warnings.warn(translate("Your progress was not recorded: {error}", error=error), stacklevel=4)


def _seal(record: dict) -> str:
    content = {key: value for key, value in record.items() if key != "seal"}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _shorten(value: object) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _is_progress(record) -> bool:
    return (
        isinstance(record, dict)
        and record.get("version") == VERSION
        and isinstance(record.get("name", ""), str)
        and _is_map(record.get("predictions"), "choice")
        and _is_map(record.get("exercises"), "answer")
    )


def _is_map(entries, field: str) -> bool:
    return isinstance(entries, dict) and all(
        isinstance(one, dict) and field in one and isinstance(one.get("right"), bool)
        for one in entries.values()
    )
