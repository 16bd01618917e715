"""How long a notebook takes to read, by a stated measure: `python -m tools.notebooks.minutes`.

Words of prose at a careful reader's speed, and seconds for each row of a table, line of code,
picture, prediction and widget. Exercises are counted apart. The map in 00 and docs/teaching.md state these
minutes.
"""

import re
from typing import NamedTuple

from tools.notebooks import build

WORDS_A_MINUTE = 200
SECONDS = {"row": 2, "line": 3, "picture": 10, "prediction": 30, "widget": 60}
EXERCISE_MINUTES = {"check(": 3, "explain(": 3, "quiz(": 4}
_WIDGETS = re.compile(
    r"^(?:DrawDigit|FeatureMaps|Convolution|Subsampling|C3Table|DigitCodes|Robustness|TrainingPanel)\("
    r"|= (?:Convolution|C3Table|TrainingPanel)\(|^interactive\(",
    flags=re.M,
)


class Minutes(NamedTuple):
    """Minutes for reading and running, and for exercises."""

    reading: float
    exercises: float


def minutes(name: str) -> Minutes:
    """The time that a notebook takes."""
    seconds = exercises = 0.0
    for cell in build.read(name).cells:
        if cell.cell_type == "markdown":
            lines = cell.source.splitlines()
            seconds += SECONDS["row"] * sum(line.startswith("|") for line in lines)
            text = "\n".join(line for line in lines if not line.startswith("|"))
            text = re.sub(r"\]\([^)]*\)|[#*`$\\]", " ", text)
            seconds += 60 * len(text.split()) / WORDS_A_MINUTE
            continue
        if "solution" in cell.metadata.get("tags", []):
            continue
        asked = [each for call, each in EXERCISE_MINUTES.items() if f'{call}"' in cell.source]
        if asked:
            exercises += sum(asked)
            continue
        seconds += SECONDS["line"] * len([line for line in cell.source.splitlines() if line])
        if _WIDGETS.search(cell.source):
            seconds += SECONDS["widget"]
        elif re.search(r'\bask\("', cell.source):
            seconds += SECONDS["prediction"]
        else:
            seconds += SECONDS["picture"] * sum("image/png" in out.get("data", {}) for out in cell.outputs)
    return Minutes(seconds / 60, exercises)


def main() -> None:
    total = Minutes(0, 0)
    for name in build.names():
        own = minutes(name)
        total = Minutes(total.reading + own.reading, total.exercises + own.exercises)
        print(f"{name:<26} reading {own.reading:5.1f} min, exercises {own.exercises:3.0f} min")
    print(f"{'all':<26} reading {total.reading:5.1f} min, exercises {total.exercises:3.0f} min")


if __name__ == "__main__":
    main()
