"""What is translated: the prose of each notebook, and the texts of the package; and in which file it is."""

import ast
from pathlib import Path

import polib
from babel.messages.extract import extract as extract_texts

from tools.notebooks import build
from tools.translations import catalogue

PACKAGE = "lenet_edu"
ROOT = Path(__file__).resolve().parents[2] / PACKAGE
LOCALE = build.NOTEBOOKS / "locale"
# Functions that take a text, and which of their arguments it is, counted from 1.
CALLED = {"translate": 1, "Text": 1, "LenetError": 1, "say": 2}


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


def calls(path: Path) -> list[ast.Call]:
    """The calls in a module of Python that name a text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call for call in found if isinstance(call.func, ast.Name) and call.func.id in CALLED]


def _texts_of_package() -> list[catalogue.Text]:
    places: dict[str, list[str]] = {}
    for path in sorted([*ROOT.rglob("*.py"), *ROOT.rglob("*.js")]):
        method = "python" if path.suffix == ".py" else "javascript"
        with path.open("rb") as file:
            for found in extract_texts(
                method, file, keywords={name: (place,) for name, place in CALLED.items()}
            ):
                places.setdefault(found[1], []).append(path.relative_to(ROOT).as_posix())
    return [catalogue.Text(text, None, tuple(dict.fromkeys(files))) for text, files in places.items()]
