"""What the site is made of: the notebooks, and the pages of Markdown that they link to."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import nbformat

from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import LANGUAGES

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOKS = PROJECT / "notebooks"
# Notebooks to look things up in, which have no number.
REFERENCE = ("glossary",)


@dataclass(frozen=True)
class Source:
    """One page's source.

    path: its file. name: its place in the project, as links have it. address: its place in the site.
    group: "notebooks", "appendices" or "documents".
    """

    path: Path
    name: str
    address: str
    language: str
    group: str

    @property
    def root(self) -> str:
        """Leads from the page to the site's folder."""
        return "../" * self.address.count("/")


def find_notebooks(folder: Path) -> list[Source]:
    """The notebooks in a folder, in order: main ones and appendices of each language.

    Raises LenetError if there are none.
    """
    sources = []
    for path in folder.rglob("*.ipynb"):
        inside = path.relative_to(folder)
        if not _belongs(inside):
            continue
        language = inside.parts[0] if inside.parts[0] in LANGUAGES else "en"
        group = "notebooks" if _is_numbered(inside) else "appendices"
        address = inside.with_suffix(".html").as_posix()
        sources.append(Source(path, f"notebooks/{inside.as_posix()}", address, language, group))
    if not sources:
        raise LenetError(
            "{folder} holds no notebooks: they come with a clone of the project, not by pip. Build "
            "the site in a clone.",
            folder=folder,
        )
    return sorted(sources, key=lambda source: (source.language, source.group != "notebooks", source.address))


def _belongs(inside: Path) -> bool:
    """Whether a notebook is the project's: a reader's own may lie beside them, and checkpoints do."""
    if not set(inside.parts[:-1]) <= {*LANGUAGES, "appendices"}:
        return False
    return "appendices" in inside.parts or _is_numbered(inside) or inside.stem in REFERENCE


def _is_numbered(inside: Path) -> bool:
    return bool(re.match(r"\d\d_", inside.name)) and "appendices" not in inside.parts


def find_documents(sources: list[Source], project: Path) -> list[Source]:
    """The pages of Markdown in docs/ that the sources link to, directly or by way of each other."""
    documents: dict[str, Source] = {}
    waiting = list(sources)
    while waiting:
        source = waiting.pop()
        for link in re.findall(r"\]\(([^)\s#]+\.md)", source.path.read_text("utf-8")):
            name = resolve(source.name, link)
            path = project / name
            if name.startswith("docs/") and name not in documents and path.is_file():
                language, address = _place_of_document(name)
                documents[name] = Source(path, name, address, language, "documents")
                waiting.append(documents[name])
    return [documents[name] for name in sorted(documents)]


def _place_of_document(name: str) -> tuple[str, str]:
    """The language of docs/NAME.md or docs/NAME.LANGUAGE.md, and its address in the site."""
    plain, _, language = PurePosixPath(name).stem.rpartition(".")
    if language not in LANGUAGES:
        return "en", PurePosixPath(name).with_suffix(".html").as_posix()
    return language, f"{language}/docs/{plain}.html"


def resolve(name: str, link: str) -> str:
    """The place in the project that a relative link in the file `name` leads to."""
    parts: list[str] = []
    for part in (*PurePosixPath(name).parent.parts, *PurePosixPath(link).parts):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def read_notebook(path: Path):
    """A notebook; LenetError if it is damaged or was never run."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        raise LenetError(
            "{path} could not be read as a notebook: {error}. Restore or rebuild it.", path=path, error=error
        ) from error
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    if code and not any(cell.execution_count or cell.outputs for cell in code):
        raise LenetError(
            "{path} has not been run: the site shows recorded outputs. Run `make notebooks` first.", path=path
        )
    return notebook
