"""How long each notebook takes, by the measure of `lenet_edu.site.minutes`.

    python -m tools.notebooks.minutes            # prints the table
    python -m tools.notebooks.minutes --write    # and puts it into docs/teaching.md

The map in 00 states the same minutes of reading.
"""

import argparse
import re
from pathlib import Path

from lenet_edu.site.minutes import WORDS_A_MINUTE, Minutes
from lenet_edu.site.minutes import minutes as minutes_of
from lenet_edu.system.files import write_atomically
from tools.notebooks import build

__all__ = ["PAGE", "WORDS_A_MINUTE", "minutes", "table"]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "teaching.md"
_HEAD = ["| notebook | reading and running | exercises |", "|---|---|---|"]
# Where the table stands in the page.
_TABLE = re.compile(re.escape("\n".join(_HEAD)) + r"\n(?:\|.*\n)*")


def minutes(name: str) -> Minutes:
    """What the notebook of that name takes."""
    return minutes_of(build.read(name))


def table() -> str:
    """A row for each notebook and one for all, in minutes, as Markdown."""
    measured = {name: minutes(name) for name in build.names()}
    total = Minutes(*map(sum, zip(*measured.values(), strict=True)))
    rows = [_row(_title(name), own) for name, own in measured.items()]
    return "\n".join([*_HEAD, *rows, _row("all", total)]) + "\n"


def _title(name: str) -> str:
    title = build.read(name).cells[0].source.splitlines()[0].removeprefix("# ")
    return f"[{title}](../notebooks/{name}.ipynb)"


def _row(title: str, own: Minutes) -> str:
    return f"| {title} | {own.reading:.0f} | {own.exercises:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{PAGE.name}")
    made = table()
    print(made, end="")
    if parser.parse_args().write:
        text = PAGE.read_text(encoding="utf-8")
        write_atomically(PAGE, _TABLE.sub(lambda _: made, text).encode())


if __name__ == "__main__":
    main()
