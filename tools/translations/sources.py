"""What is translated: the prose of each notebook, and the texts of the package; and in which file it is."""

import ast
from itertools import pairwise
from pathlib import Path

import polib
from babel.messages.jslexer import Token, tokenize, unquote_string

from tools.notebooks import build
from tools.translations import catalogue

PACKAGE = "lenet_edu"
ROOT = Path(__file__).resolve().parents[2] / PACKAGE
LOCALE = build.NOTEBOOKS / "locale"
_END = Token("end", "", 0)
# Functions that take a text, and which of their arguments it is, counted from 1.
CALLED = {"translate": 1, "Text": 1, "LenetError": 1, "say": 2, "_unanswered": 1}


def languages() -> list[str]:
    """Languages other than English that have a folder of translations."""
    return sorted(path.name for path in LOCALE.iterdir() if path.is_dir())


def names() -> list[str]:
    """All that is translated: the notebooks by their names, and the package."""
    return [*build.names(), PACKAGE]


def path_of(name: str, language: str) -> Path:
    """The file of translations."""
    if name == PACKAGE:
        return ROOT / "locale" / language / "LC_MESSAGES" / f"{PACKAGE}.po"
    return LOCALE / language / f"{name}.po"


def texts(name: str) -> list[catalogue.Text]:
    """The English: of a notebook each cell of prose by its id, of the package each text with its files."""
    if name == PACKAGE:
        return _texts_of_package()
    cells = build.from_source(name).cells
    return [catalogue.Text(cell.source, cell.id) for cell in cells if cell.cell_type == "markdown"]


def read(name: str, language: str) -> polib.POFile:
    """The translations as they stand in the file."""
    return catalogue.read(path_of(name, language), language)


def extracted(name: str, language: str) -> polib.POFile:
    """The translations, brought up to date with the English of now."""
    return catalogue.bring_up_to_date(read(name, language), texts(name))


def extract(name: str, language: str) -> polib.POFile:
    """Bring the file of translations up to date; it is left alone if it is so already."""
    new = extracted(name, language)
    if not path_of(name, language).exists() or str(new) != str(read(name, language)):
        catalogue.write(path_of(name, language), new)
    return new


def calls(path: Path) -> list[tuple[ast.Call, ast.expr]]:
    """The calls in a module of Python that take a text, each with what stands for the text; in order."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    places = ((call, CALLED.get(call.func.id, 0) - 1) for call in sorted(found, key=lambda call: call.lineno))
    return [(call, call.args[place]) for call, place in places if 0 <= place < len(call.args)]


def _texts_of_package() -> list[catalogue.Text]:
    places: dict[str, list[str]] = {}
    for path in sorted([*ROOT.rglob("*.py"), *ROOT.rglob("*.js")]):
        for text in _python_texts(path) if path.suffix == ".py" else javascript_texts(path):
            places.setdefault(text, []).append(path.relative_to(ROOT).as_posix())
    return [catalogue.Text(text, None, tuple(dict.fromkeys(files))) for text, files in places.items()]


def _python_texts(path: Path) -> list[str]:
    given = (text for _, text in calls(path) if isinstance(text, ast.Constant))
    return [text.value for text in given if isinstance(text.value, str)]


def javascript_texts(path: Path) -> list[str]:
    """The texts of `translate("...")`, also within each other: Babel's own extraction finds the outer."""
    read = (token for token in tokenize(path.read_text(encoding="utf-8")) if "comment" not in token.type)
    tokens = [*read, _END, _END]
    begins = [
        place + 2
        for place, (name, bracket) in enumerate(pairwise(tokens))
        if (name.value, bracket.value) == ("translate", "(")
    ]
    return [text for text in (_joined(tokens, place) for place in begins) if text]


def _joined(tokens: list[Token], place: int) -> str:
    """The texts that stand at a place, with plus signs between them, as one; empty if there is none."""
    if tokens[place].type != "string":
        return ""
    text = unquote_string(tokens[place].value)
    return text + _joined(tokens, place + 2) if tokens[place + 1].value == "+" else text
