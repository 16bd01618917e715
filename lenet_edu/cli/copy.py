"""`lenet-edu copy`: the notebooks for one reader, whose own work is never overwritten."""

from datetime import datetime
from hashlib import sha256
from pathlib import Path

from lenet_edu.cli.lab import NOTEBOOKS
from lenet_edu.cli.options import say
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import read_json, write_atomically, write_json
from lenet_edu.system.language import translate

# What was last copied into the folder: digests by name of notebook, which tell whether the reader changed it.
RECORD = ".lenet_edu_copies.json"


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


def run(options) -> dict:
    """Run the command; what --json prints."""
    if options.reset:
        changes = {"reset": reset_notebook(options.out, options.reset)}
        say(
            options,
            "{name} is as new in {out}; yours is now {mine}.",
            name=options.reset,
            out=options.out,
            mine=changes["reset"],
        )
        return changes
    changes = copy_notebooks(options.out)
    say(options, _summary(changes, options.out))
    return changes


def copy_notebooks(folder: Path) -> dict[str, list[str]]:
    """Copy what is missing, and bring up to date what the reader has not changed.

    Returns names under "copied", "updated" and "yours", which are those that have a newer version and were
    left as they are. Raises LenetError if the folder cannot be written to.
    """
    _refuse_the_originals(folder)
    changes: dict[str, list[str]] = {"copied": [], "updated": [], "yours": []}
    record = _read_record(folder)
    for name, content in _shipped().items():
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


def reset_notebook(folder: Path, name: str) -> str:
    """Put the shipped notebook in place of the reader's; the name that the reader's has now, "" if none.

    Raises LenetError for a name that is no notebook's, and if the folder cannot be written to.
    """
    _refuse_the_originals(folder)
    shipped = _shipped()
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


def _refuse_the_originals(folder: Path) -> None:
    if folder.resolve() == NOTEBOOKS:
        raise LenetError(
            "{folder} is where the notebooks come from. Choose another folder for copies.", folder=folder
        )


def _shipped() -> dict[str, bytes]:
    """The suite's notebooks by their path, from the first to the last."""
    paths = sorted(
        path for path in NOTEBOOKS.rglob("*.ipynb") if not any(part.startswith(".") for part in path.parts)
    )
    if not paths:
        raise LenetError(
            "{notebooks} holds no notebooks: they come with a clone of the project, not by pip.",
            notebooks=NOTEBOOKS,
        )
    return {path.relative_to(NOTEBOOKS).as_posix(): path.read_bytes() for path in paths}


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
