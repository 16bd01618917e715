"""Writes the glossary's pages from lenet_edu/exercises/glossary.py: `make pages`.

notebooks/glossary.ipynb is in English; notebooks/LANGUAGE/glossary.ipynb has each term in both languages,
side by side.
"""

import re
from pathlib import Path

import nbformat

from lenet_edu.exercises.glossary import FIRST, HEAD, OTHER, TERMS
from lenet_edu.system.files import write_atomically
from lenet_edu.system.language import LANGUAGES, translations
from tools.notebooks import build
from tools.translations import notebooks, sources


def page(language: str = "en") -> Path:
    """The file of the page in a language."""
    return (build.NOTEBOOKS if language == "en" else build.NOTEBOOKS / language) / "glossary.ipynb"


def notebook(language: str = "en") -> nbformat.NotebookNode:
    """The page: all terms by the English alphabet, each with a link to where it is explained first."""
    entries = sorted(
        (term.lower(), _entry(term, meaning, number, language))
        for number, terms in TERMS.items()
        for term, meaning in terms.items()
    )
    cells = [nbformat.v4.new_markdown_cell(_head(language), id="head")]
    for letter in dict.fromkeys(term[0] for term, _ in entries):
        lines = [text for term, text in entries if term[0] == letter]
        if language != "en":
            lines = [f"| {LANGUAGES[language]} | {LANGUAGES['en']} |", "|---|---|", *lines]
        text = "\n".join([f"## {letter.upper()}", "", *lines])
        cells.append(nbformat.v4.new_markdown_cell(text, id=f"letter-{letter}"))
    made = nbformat.v4.new_notebook(cells=cells, metadata=build.METADATA)
    made.nbformat_minor = 5
    return made


def _head(language: str) -> str:
    if language != "en":
        return _in(HEAD, language)
    others = (f"[{LANGUAGES[other]}]({other}/glossary.ipynb)" for other in sources.languages())
    return f"{HEAD}\n\n{OTHER.format(pages=', '.join(others))}"


def _entry(term: str, meaning: str, number: str, language: str) -> str:
    name, title = _notebook(number, "en")
    first = FIRST.format(title=title, name=name)
    if language == "en":
        return f"- **{term}**: {meaning} {first}"
    _, own_title = _notebook(number, language)
    own = _in(FIRST, language).format(title=own_title, name=name)
    colon = "：" if language == "zh" else ": "
    return f"| **{_in(term, language)}**{colon}{_in(meaning, language)}{own} | **{term}**: {meaning} |"


def _in(text: str, language: str) -> str:
    """The text in a language."""
    return translations(language).get(text, str(text))


def bold_terms(name: str) -> list[str]:
    """The terms in bold in a notebook's prose, in order.

    Bold that ends in a full stop, a colon or a question mark, begins with a digit or names keys ("Shift +
    Enter") is a label and no term.
    """
    text = "\n".join(cell.source for cell in build.read(name).cells if cell.cell_type == "markdown")
    text = re.sub(r"`[^`]*`|\$[^$]*\$|\[[^\]]*\]\([^)]*\)", "", text)
    found = [" ".join(words.split()) for words in re.findall(r"\*\*([^*]+)\*\*", text)]
    return [words for words in found if not re.search(r"[.:?!]$|^\d|\+", words)]


def _notebook(number: str, language: str) -> tuple[str, str]:
    """The file and the title of the notebook of that number, as ("02_c1", "02 C1")."""
    name = next(name for name in build.names() if name.startswith(number))
    cells = (build.from_source(name) if language == "en" else notebooks.compose(name, language)).cells
    title = re.search(r"^# (\d+) · ([^,，\n]+)", cells[0].source, flags=re.M)
    return name, f"{title[1]} {title[2]}"


def main() -> None:
    for language in ("en", *sources.languages()):
        page(language).parent.mkdir(exist_ok=True)
        write_atomically(page(language), nbformat.writes(notebook(language)).encode())
        print(f"written: {page(language).relative_to(build.NOTEBOOKS)}")


if __name__ == "__main__":
    main()
