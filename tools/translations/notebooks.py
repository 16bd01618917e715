"""Notebooks in other languages: their prose from notebooks/locale/LANGUAGE/NN_name.po, their code shared."""

import os
import re
from pathlib import Path

import nbformat

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
            cell.source = _redirect(
                translations.get(cell.id) or cell.source, edition(name, language), language
            )
    return notebook


def bring_up_to_date(name: str, language: str, anew: bool = False) -> str:
    """Build one notebook in one language; what was done: "up to date", "text renewed" or "executed".

    Cells are executed only if the code has changed or `anew` is set.
    """
    return build.renew(compose(name, language), edition(name, language), anew)


def _redirect(text: str, page: Path, language: str) -> str:
    """Links as they must be on a page below notebooks/LANGUAGE: what is there stays, all else lies above."""

    def redirect(link: re.Match) -> str:
        target = link[2]
        if re.match(r"\w+:", target) or _has_edition(Path(os.path.normpath(page.parent / target))):
            return link[0]
        above = f"../{target}"
        document = Path(above).with_suffix(f".{language}.md")  # docs/NAME.zh.md beside docs/NAME.md
        own = target.endswith(".md") and (page.parent / document).exists()
        return f"{link[1]}{document.as_posix() if own else above}{link[3]}"

    return _LINK.sub(redirect, text)


def _has_edition(target: Path) -> bool:
    if not target.is_relative_to(build.NOTEBOOKS):
        return False  # a page of docs/
    if target.exists():
        return True
    language, _, name = target.relative_to(build.NOTEBOOKS).with_suffix("").as_posix().partition("/")
    return name in build.names() and is_complete(name, language)
