"""Notebooks in other languages: their prose from notebooks/locale/LANGUAGE/NN_name.po, their code shared."""

import os
import re
from copy import deepcopy
from pathlib import Path

import nbformat

from lenet_edu.system.files import write_atomically
from tools.notebooks import build
from tools.translations import catalogue, sources

_LINK = re.compile(r"(\]\()([^)#\s]+)([^)]*\))")


def edition(name: str, language: str) -> Path:
    """The notebook that readers of the language open."""
    return build.NOTEBOOKS / language / f"{name}.ipynb"


def is_complete(name: str, language: str) -> bool:
    """True if the whole prose of the notebook is translated."""
    return catalogue.is_complete(sources.extracted(name, language))


def compose(name: str, language: str) -> nbformat.NotebookNode:
    """The notebook in the language, not executed: translated prose, the same code, links that stay in it.

    What is not translated yet stays English.
    """
    notebook = build.from_source(name)
    translations = {
        entry.msgctxt: entry.msgstr for entry in sources.read(name, language) if not entry.obsolete
    }
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _redirect(translations.get(cell.id) or cell.source, edition(name, language))
    return notebook


def bring_up_to_date(name: str, language: str, anew: bool = False) -> str:
    """Build one notebook in one language; what was done: "up to date", "text renewed" or "executed".

    Cells are executed only if the code has changed or `anew` is set.
    """
    notebook, path = compose(name, language), edition(name, language)
    before = nbformat.read(path, as_version=4) if path.exists() else None
    if before is None or anew or _code(before) != _code(notebook):
        path.parent.mkdir(parents=True, exist_ok=True)
        build.execute(notebook, path.parent)
        write_atomically(path, nbformat.writes(notebook).encode())
        return "executed"
    outputs = {cell.id: cell for cell in before.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(deepcopy({key: outputs[cell.id][key] for key in ("outputs", "execution_count")}))
    if nbformat.writes(notebook) == nbformat.writes(before):
        return "up to date"
    write_atomically(path, nbformat.writes(notebook).encode())
    return "text renewed"


def _code(notebook: nbformat.NotebookNode) -> list[tuple[str, str, dict]]:
    return [(c.id, c.source, dict(c.metadata)) for c in notebook.cells if c.cell_type == "code"]


def _redirect(text: str, page: Path) -> str:
    """Links as they must be on a page below notebooks/LANGUAGE: what is there stays, all else lies above."""

    def redirect(link: re.Match) -> str:
        target = link[2]
        if re.match(r"\w+:", target) or _has_edition(Path(os.path.normpath(page.parent / target))):
            return link[0]
        return f"{link[1]}../{target}{link[3]}"

    return _LINK.sub(redirect, text)


def _has_edition(target: Path) -> bool:
    if not target.is_relative_to(build.NOTEBOOKS):
        return False  # a page of docs/
    if target.exists():
        return True
    language, _, name = target.relative_to(build.NOTEBOOKS).with_suffix("").as_posix().partition("/")
    return name in build.names() and is_complete(name, language)
