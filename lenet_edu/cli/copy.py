"""`lenet-edu copy`: the notebooks for one reader, whose own work is never overwritten."""

import json
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from lenet_edu.cli.lab import NOTEBOOKS
from lenet_edu.cli.options import say
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import read_json, write_atomically, write_json
from lenet_edu.system.language import translate
from lenet_edu.system.pages import WIDGET

# What was last copied into the folder: digests by name of notebook, which tell whether the reader changed it.
RECORD = ".lenet_edu_copies.json"
# In HTML the answer of a prediction and the model answer of an explanation are folded away.
_FOLDED = "<details>"
# Widgets whose description holds the right answer.
_ASKING = ("Predict", "Exercise")


def add_options(parser) -> None:
    """The options of this command."""
    parser.add_argument(
        "out", type=Path, help=translate("a folder for the notebooks; it is made if it is missing")
    )
    parser.add_argument(
        "--reset",
        metavar="NOTEBOOK",
        help=translate("take this one afresh, as 04_c3; yours is kept beside it"),
    )
    parser.add_argument(
        "--without-solutions",
        action="store_true",
        help=translate(
            "worksheets: leave out the solutions and the answers to predictions, to hand out or to print"
        ),
    )


def run(options) -> dict:
    """Run the command; what --json prints."""
    worksheets = options.without_solutions
    if options.reset:
        changes = {"reset": reset_notebook(options.out, options.reset, worksheets)}
        say(
            options,
            "{name} is as new in {out}; yours is now {mine}.",
            name=options.reset,
            out=options.out,
            mine=changes["reset"],
        )
        return changes
    changes = copy_notebooks(options.out, worksheets)
    say(options, _summary(changes, options.out))
    return changes


def copy_notebooks(folder: Path, worksheets: bool = False) -> dict[str, list[str]]:
    """Copy what is missing, and bring up to date what the reader has not changed.

    worksheets: as `worksheet` makes them.

    Returns names under "copied", "updated" and "yours", which are those that have a newer version and were
    left as they are. Raises LenetError if the folder cannot be written to.
    """
    _refuse_the_originals(folder)
    changes: dict[str, list[str]] = {"copied": [], "updated": [], "yours": []}
    record = _read_record(folder)
    for name, content in _shipped(worksheets).items():
        here, new = _digest_of_file(folder / name), _digest(content)
        if here in (None, record.get(name)) and here != new:
            write_atomically(folder / name, content)
            changes["updated" if here else "copied"].append(name)
        elif here != new and record.get(name) != new:
            changes["yours"].append(name)
            continue
        record[name] = new
    write_json(folder / RECORD, record)
    return changes


def reset_notebook(folder: Path, name: str, worksheets: bool = False) -> str:
    """Put the shipped notebook in place of the reader's; the name that the reader's has now, "" if none.

    Raises LenetError for a name that is no notebook's, and if the folder cannot be written to.
    """
    _refuse_the_originals(folder)
    shipped = _shipped(worksheets)
    name = name if name.endswith(".ipynb") else f"{name}.ipynb"
    if name not in shipped:
        raise LenetError(
            "{name} is no notebook of the suite; choose from {shipped}.",
            name=name,
            shipped=", ".join(shipped),
        )
    target, mine = folder / name, ""
    if target.exists():
        mine = f"{target.stem} (mine, {datetime.now():%Y-%m-%d %H-%M-%S}).ipynb"
        target.rename(target.with_name(mine))
    write_atomically(target, shipped[name])
    write_json(folder / RECORD, {**_read_record(folder), name: _digest(shipped[name])})
    return mine


def worksheet(content: bytes) -> bytes:
    """A notebook without its solutions, and without the answers in what is shown of its predictions."""
    notebook = json.loads(content)
    notebook["cells"] = [
        cell for cell in notebook["cells"] if "solution" not in cell["metadata"].get("tags", [])
    ]
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            asks = data.get(WIDGET, {}).get("widget") in _ASKING
            if asks or _FOLDED in "".join(data.get("text/html", "")):
                output["data"] = {"text/plain": _question_alone(data["text/plain"])}
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


def _question_alone(text: list[str] | str) -> str:
    """What stands before the answer in the text of a prediction; other texts whole."""
    return "".join(text).split("\nIt is ")[0]


def _refuse_the_originals(folder: Path) -> None:
    if folder.resolve() == NOTEBOOKS:
        raise LenetError(
            "{folder} is where the notebooks come from. Choose another folder for copies.", folder=folder
        )


def _shipped(worksheets: bool) -> dict[str, bytes]:
    """The suite's notebooks by their path, from the first to the last."""
    paths = sorted(
        path for path in NOTEBOOKS.rglob("*.ipynb") if not any(part.startswith(".") for part in path.parts)
    )
    if not paths:
        raise LenetError(
            "{notebooks} holds no notebooks: they come with a clone of the project, not by pip.",
            notebooks=NOTEBOOKS,
        )
    contents = {path.relative_to(NOTEBOOKS).as_posix(): path.read_bytes() for path in paths}
    return {name: worksheet(content) if worksheets else content for name, content in contents.items()}


def _read_record(folder: Path) -> dict[str, str]:
    try:
        record = read_json(folder / RECORD)
    except LenetError:  # without it every notebook counts as the reader's
        return {}
    return record if isinstance(record, dict) else {}


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _digest_of_file(path: Path) -> str | None:
    return _digest(path.read_bytes()) if path.exists() else None


def _summary(changes: dict[str, list[str]], folder: Path) -> str:
    copied, updated = len(changes["copied"]), len(changes["updated"])
    lines = [f"{copied} notebooks copied to {folder}, {updated} brought up to date."]
    for name in changes["yours"]:
        lines.append(
            f"{name}: yours stays as it is. To take the newer version: lenet-edu copy {folder} --reset {name}"
        )
    return "\n".join(lines)
