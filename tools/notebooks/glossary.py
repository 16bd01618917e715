"""Writes the page notebooks/glossary.ipynb from lenet_edu/exercises/glossary.py: `make pages`."""

import re

import nbformat

from lenet_edu.exercises.glossary import TERMS
from lenet_edu.system.files import write_atomically
from tools.notebooks import build

PAGE = build.NOTEBOOKS / "glossary.ipynb"
_HEAD = """# Glossary

Each term stands in bold where the course explains it first; the link leads there. In the notebooks, the link
*Glossary* at the top of each page leads here. Back to [00 Start here](00_start_here.ipynb)."""


def notebook() -> nbformat.NotebookNode:
    """The page: all terms in alphabetical order, each with a link to the notebook that explains it first."""
    entries = sorted(
        (term.lower(), f"**{term}**: {meaning} First in [{title}]({name}.ipynb).")
        for number, terms in TERMS.items()
        for name, title in [_notebook(number)]
        for term, meaning in terms.items()
    )
    letters = dict.fromkeys(term[0] for term, _ in entries)
    cells = [nbformat.v4.new_markdown_cell(_HEAD, id="head")]
    for letter in letters:
        lines = [f"- {text}" for term, text in entries if term[0] == letter]
        text = "\n".join([f"## {letter.upper()}", "", *lines])
        cells.append(nbformat.v4.new_markdown_cell(text, id=f"letter-{letter}"))
    page = nbformat.v4.new_notebook(cells=cells, metadata=build.METADATA)
    page.nbformat_minor = 5
    return page


def bold_terms(name: str) -> list[str]:
    """The terms in bold in a notebook's prose, in order.

    Bold that ends in a full stop, a colon or a question mark, begins with a digit or names keys ("Shift +
    Enter") is a label and no term.
    """
    text = "\n".join(cell.source for cell in build.read(name).cells if cell.cell_type == "markdown")
    text = re.sub(r"`[^`]*`|\$[^$]*\$|\[[^\]]*\]\([^)]*\)", "", text)
    found = [" ".join(words.split()) for words in re.findall(r"\*\*([^*]+)\*\*", text)]
    return [words for words in found if not re.search(r"[.:?!]$|^\d|\+", words)]


def _notebook(number: str) -> tuple[str, str]:
    """The file and the title of the notebook of that number, as ("02_c1", "02 C1")."""
    name = next(name for name in build.names() if name.startswith(number))
    head = build.from_source(name).cells[0].source
    title = re.search(r"^# (\d+) · ([^,\n]+)", head, flags=re.M)
    return name, f"{title[1]} {title[2]}"


def main() -> None:
    write_atomically(PAGE, nbformat.writes(notebook()).encode())
    print(f"written: {PAGE.name}")


if __name__ == "__main__":
    main()
