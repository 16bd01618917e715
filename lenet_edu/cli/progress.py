"""`lenet-edu progress`: what a reader has answered, to hand in; and for a teacher, what a class has."""

import html
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from lenet_edu.cli.options import say
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import write_atomically, write_json
from lenet_edu.system.language import Text, language, shown, translate
from lenet_edu.system.places import is_folder
from lenet_edu.system.progress import (
    OFF,
    by_name,
    empty_progress,
    is_sealed,
    progress_file,
    read_progress,
    set_name,
)

_MOST_MISSED = 15  # questions in the teacher's list
_SEALS = {True: Text("whole"), False: Text("changed by hand"), None: Text("none (from a page)")}


def add_options(parser) -> None:
    """The options of this command."""
    parser.add_argument("action", nargs="?", choices=("show", "collect"), default="show")
    parser.add_argument(
        "folder", nargs="?", type=Path, help=translate("collect: the folder with the students' files")
    )
    parser.add_argument("--name", help=translate("show: the name under which you hand your file in"))
    parser.add_argument(
        "--out",
        type=Path,
        help=translate("show: save your file here, to hand in; collect: write the table as a page"),
    )


def run(options) -> dict:
    """Run the command; what --json prints."""
    if options.action == "show":
        return _show(options)
    if options.folder is None:
        raise LenetError("Which folder? Run: lenet-edu progress collect FOLDER")
    summary = collect(options.folder)
    say(options, _as_text(summary))
    if options.out:
        write_atomically(options.out, _as_page(summary).encode())
        say(options, "The page is {out}.", out=options.out)
    return summary


def _show(options) -> dict:
    path = progress_file()
    if path is None:
        raise LenetError("Nothing is recorded, since LENET_EDU_PROGRESS is {off!r}.", off=OFF)
    if options.name is not None:
        set_name(options.name)
    record = read_progress(path) if path.exists() else empty_progress()
    row = summarise(record, record["name"] or translate("you"))
    say(options, _line(row))
    if options.out:
        write_json(options.out, record)
        say(options, "Hand in {out}.", out=options.out)
    return row


def collect(folder: Path) -> dict:
    """What the files of a class say: a row a student, and the questions that were missed most often.

    Returns {"students": rows, "missed": rows, "refused": reasons}. A file that is no progress is named among
    the refused and stops nothing. Raises LenetError if the folder is none, or has no file of progress.
    """
    if not is_folder(folder):
        raise LenetError(
            "{folder} is no folder. Give the one that the students' files lie in.", folder=folder
        )
    records, refused = {}, []
    for path in sorted(folder.rglob("*.json")):
        try:
            record = read_progress(path)
        except LenetError as error:
            refused.append(str(error))
            continue
        name = record["name"] or path.relative_to(folder).with_suffix("").as_posix()
        while name in records:
            name = translate("{name} (again)", name=name)
        records[name] = record
    if not records:
        reasons = f" {refused[0]}" if refused else ""
        raise LenetError(
            "{folder} has no file of progress (*.json).{reasons}", folder=folder, reasons=reasons
        )
    return {
        "students": [summarise(record, name) for name, record in records.items()],
        "missed": _most_missed(records.values()),
        "refused": refused,
    }


def summarise(record: dict, name: str) -> dict:
    """One reader in numbers. exercises: right and tried, by the notebook's module as `c1`."""
    predictions, exercises = by_name(record)["predictions"].values(), record["exercises"]
    notebooks: dict[str, list[int]] = {}
    for exercise, one in exercises.items():
        counts = notebooks.setdefault(exercise.partition(".")[0], [0, 0])
        counts[0] += one["right"]
        counts[1] += 1
    return {
        "name": name,
        "predictions": len(predictions),
        "right at first": sum(one["right"] for one in predictions),
        "exercises": notebooks,
        "seal": _SEALS[is_sealed(record)],
    }


def _most_missed(records: Iterable[dict]) -> list[dict]:
    """The questions that most readers missed, each with the commonest wrong answer."""
    asked, wrong = Counter(), {}
    for record in map(by_name, records):
        answers = {name: one.get("first", one["choice"]) for name, one in record["predictions"].items()}
        answers |= {name: one["answer"] for name, one in record["exercises"].items()}
        for name, one in [*record["predictions"].items(), *record["exercises"].items()]:
            asked[name] += 1
            if not one["right"]:
                wrong.setdefault(name, Counter())[str(answers[name])] += 1
    ranked = sorted(wrong, key=lambda name: wrong[name].total(), reverse=True)
    missed = []
    for name in ranked[:_MOST_MISSED]:
        question, answer = _in_words(name, wrong[name].most_common(1)[0][0])
        row = {"name": name, "question": question, "missed": wrong[name].total(), "asked": asked[name]}
        missed.append({**row, "commonest wrong answer": answer})
    return missed


def _in_words(name: str, answer: str) -> tuple[str, str]:
    """A prediction and a choice in the teacher's language; of an exercise its name and the answer."""
    from lenet_edu.exercises import predictions  # loads torch

    question = predictions().get(name)
    if question is None:
        return name, answer
    words, _ = dict(question.choices).get(answer, (answer, None))
    return shown(question.question), shown(words)


def _line(row: dict) -> str:
    notebooks = ", ".join(f"{name} {right}/{tried}" for name, (right, tried) in row["exercises"].items())
    line = translate(
        "{name}: {right} of {count} predictions right at first; exercises {notebooks}",
        name=row["name"],
        right=row["right at first"],
        count=row["predictions"],
        notebooks=notebooks or translate("none yet"),
    )
    if row["seal"] == _SEALS[True]:
        return line
    return line + translate("; seal: {seal}", seal=row["seal"])


def _as_text(summary: dict) -> str:
    lines = [_line(row) for row in summary["students"]]
    if summary["missed"]:
        lines += ["", translate("Missed most often:")]
    for row in summary["missed"]:
        line = translate(
            "{missed} of {asked}  {question}  most often: {answer}",
            missed=row["missed"],
            asked=row["asked"],
            question=row["question"],
            answer=row["commonest wrong answer"],
        )
        lines.append(f"  {line}")
    return "\n".join([*lines, *(translate("left out: {reason}", reason=one) for one in summary["refused"])])


def _as_page(summary: dict) -> str:
    notebooks = list(dict.fromkeys(name for row in summary["students"] for name in row["exercises"]))
    students = _table(
        [
            translate("student"),
            translate("predictions"),
            translate("right at first"),
            *notebooks,
            translate("seal"),
        ],
        [
            [
                row["name"],
                row["predictions"],
                row["right at first"],
                *("/".join(map(str, row["exercises"].get(name, ()))) for name in notebooks),
                shown(row["seal"]),
            ]
            for row in summary["students"]
        ],
    )
    missed = _table(
        [
            translate("name"),
            translate("question"),
            translate("missed"),
            translate("asked"),
            translate("commonest wrong answer"),
        ],
        [list(row.values()) for row in summary["missed"]],
    )
    refused = "".join(f"<li>{html.escape(reason)}</li>" for reason in summary["refused"])
    title = translate("Progress of a class")
    about = translate("Exercises are counted as right/tried, by notebook.")
    return (
        f'<!doctype html><html lang="{language()}"><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:16px system-ui;margin:2em;max-width:70em}table{border-collapse:collapse}"
        "td,th{padding:4px 12px;text-align:left;border-bottom:1px solid #ccc}</style>"
        f"<h1>{title}</h1><p>{about}</p>{students}<h2>{translate('Missed most often')}</h2>{missed}"
        + (f"<h2>{translate('Left out')}</h2><ul>{refused}</ul>" if refused else "")
        + "</html>"
    )


def _table(head: list[str], rows: list[list]) -> str:
    def row(cells: list, tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{html.escape(str(cell))}</{tag}>' for cell in cells)}</tr>"

    return f"<table>{row(head, 'th')}{''.join(row(cells, 'td') for cells in rows)}</table>"
