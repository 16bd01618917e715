"""What is translated: the prose of each notebook, and the texts of the package; and in which file it is.

What a notebook's code gives a figure to write, as its title, belongs to the package's texts: code is shared.
"""

import ast
import re
from collections.abc import Iterator
from inspect import signature
from itertools import pairwise
from pathlib import Path

import polib
from babel.messages.jslexer import Token, tokenize, unquote_string

from lenet_edu import plots
from lenet_edu.plots.canvas import NAMED, TEXTS
from tools.notebooks import build
from tools.translations import catalogue

PACKAGE = "lenet_edu"
ROOT = Path(__file__).resolve().parents[2] / PACKAGE
LOCALE = build.NOTEBOOKS / "locale"
_END = Token("end", "", 0)
# Functions that take a text, and which of their arguments it is, counted from 1.
CALLED = {"translate": 1, "Text": 1, "LenetError": 1, "DivergedError": 1, "say": 2, "_unanswered": 1}


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
    for name in build.names():
        for text in _texts_of_figures(name):
            places.setdefault(text, []).append(f"notebooks/{name}")
    return [catalogue.Text(text, None, tuple(dict.fromkeys(files))) for text, files in places.items()]


def _python_texts(path: Path) -> list[str]:
    given = (text for _, text in calls(path) if isinstance(text, ast.Constant))
    return [text.value for text in given if isinstance(text.value, str)]


def _texts_of_figures(name: str) -> Iterator[str]:
    """Titles, labels and names that the cells of a notebook give to functions of `plots`."""
    code = "\n".join(cell.source for cell in build.from_source(name).cells if cell.cell_type == "code")
    nodes = list(ast.walk(ast.parse(code)))
    values: dict[str, ast.expr] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = node.value
    for call in nodes:
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("plots."):
            draw = getattr(plots, ast.unparse(call.func).partition(".")[2])
            named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
            for parameter, value in signature(draw).bind(*call.args, **named).arguments.items():
                if parameter in TEXTS | NAMED:
                    yield from filter(_is_worded, _written(value, values))


def _is_worded(text: str) -> bool:
    """Whether there are words to translate; what begins with a value could be any text once filled in."""
    return not text.startswith("{") and bool(re.search("[a-z]{2}|[a-z] ", re.sub(r"\{\w+\}", "", text)))


def _written(value: ast.expr | None, values: dict[str, ast.expr]) -> Iterator[str]:
    """The texts in a literal, or in what a name stands for: a text, each in a list, the names in a table."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(_part(part, place) for place, part in enumerate(parts))
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(keys=parts):
            for part in parts:
                yield from _written(part, values)
        case ast.ListComp(elt=part) | ast.GeneratorExp(elt=part) | ast.DictComp(key=part):
            yield from _written(part, values)
        case ast.Name(id=name) if name in values:
            yield from _written(values[name], {other: values[other] for other in values if other != name})


def _part(part: ast.expr, place: int) -> str:
    """A part of an f-string; of a value its name in braces, or for an expression its place."""
    match part:
        case ast.FormattedValue(value=ast.Name(id=name)):
            return f"{{{name}}}"
        case ast.FormattedValue():
            return f"{{value_{place}}}"
    return str(ast.literal_eval(part))


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
