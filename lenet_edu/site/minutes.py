"""How long a notebook takes to read, by a stated measure.

Words of prose at a careful reader's speed, and seconds for each row of a table, line of code, picture,
prediction and widget. Exercises are counted apart. Pages, the map in notebook 00 and docs/teaching.md state
these minutes.
"""

import re
from typing import NamedTuple

WORDS_A_MINUTE = 200
SECONDS = {"row": 2, "line": 3, "picture": 10, "prediction": 30, "widget": 60}
EXERCISE_MINUTES = {"check(": 3, "explain(": 3, "quiz(": 4}
_WIDGETS = re.compile(
    r"^(?:DrawDigit|FeatureMaps|Convolution|Subsampling|C3Table|DigitCodes|Robustness|TrainingPanel)\("
    r"|= (?:Convolution|C3Table|TrainingPanel)\(|^interactive\(",
    flags=re.M,
)
# Two characters of Chinese are read like a word.
_WORD = re.compile(r"[\u4e00-\u9fff]{1,2}|[^\s\u4e00-\u9fff]+")


class Minutes(NamedTuple):
    """Minutes for reading and running, and for exercises."""

    reading: float
    exercises: float


def minutes(notebook) -> Minutes:
    """The time that a notebook (of nbformat) takes."""
    seconds = exercises = 0.0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            seconds += _prose_seconds(cell.source)
        elif "solution" not in cell.metadata.get("tags", []):
            asked = [each for call, each in EXERCISE_MINUTES.items() if f'{call}"' in cell.source]
            exercises += sum(asked)
            seconds += 0 if asked else _code_seconds(cell)
    return Minutes(seconds / 60, exercises)


def _prose_seconds(text: str) -> float:
    lines = text.splitlines()
    rows = sum(line.startswith("|") for line in lines)
    prose = "\n".join(line for line in lines if not line.startswith("|"))
    words = _WORD.findall(re.sub(r"\]\([^)]*\)|[#*`$\\]", " ", prose))
    return SECONDS["row"] * rows + 60 * len(words) / WORDS_A_MINUTE


def _code_seconds(cell) -> float:
    seconds = SECONDS["line"] * len([line for line in cell.source.splitlines() if line])
    if _WIDGETS.search(cell.source):
        return seconds + SECONDS["widget"]
    if re.search(r'\bask\("', cell.source):
        return seconds + SECONDS["prediction"]
    pictures = sum("image/png" in output.get("data", {}) for output in cell.get("outputs", ()))
    return seconds + SECONDS["picture"] * pictures
