"""One page from its source: a notebook, or a document of Markdown."""

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lenet_edu.site import address
from lenet_edu.site.cells import Cells
from lenet_edu.site.descriptions import Descriptions
from lenet_edu.site.minutes import Minutes, minutes
from lenet_edu.site.pictures import Pictures
from lenet_edu.site.prose import Heading, Markdown, slug
from lenet_edu.site.sources import Source, read_notebook, resolve
from lenet_edu.site.texts import texts_in
from lenet_edu.system.errors import LenetError
from lenet_edu.system.pages import WIDGET


@dataclass(frozen=True, eq=False)
class Page:
    """A page, rendered. about: HTML of what its reader will find out. minutes: None for a document.

    instrument: HTML of its first DrawDigit, or empty.
    """

    source: Source
    headings: list[Heading]
    body: str
    about: str = ""
    minutes: Minutes | None = None
    instrument: str = ""

    @cached_property
    def title(self) -> str:
        """Its first heading, such as `02 · C1, the first convolution`."""
        return self.headings[0].text if self.headings else self.source.path.stem

    @property
    def number(self) -> str:
        """What stands before the dot of the title, or nothing."""
        return self.title.partition(" · ")[0] if " · " in self.title else ""

    @property
    def name(self) -> str:
        """The title without its number."""
        return self.title.rpartition(" · ")[2]

    @property
    def invites_to_train(self) -> bool:
        """Whether its reader would like to train the network next: 00, 10 and 11."""
        return self.number in ("00", "10", "11")

    @property
    def sections(self) -> list[Heading]:
        """The headings of the table of contents."""
        return [heading for heading in self.headings if heading.level == 2]


def render_page(
    source: Source, sources: list[Source], pictures: Pictures, descriptions: Descriptions, project: Path
) -> Page:
    """Render one page; `sources` are those that it may link to. Raises LenetError, which names the source."""
    markdown = Markdown(
        lambda link: _site_address(link, source, sources), lambda link, alt: _document_picture(link, alt)
    )
    cells = Cells(markdown, pictures, descriptions, texts_in(source.language), source.root)

    def _document_picture(link: str, alt: str) -> str:
        path = project / resolve(source.name, link)
        if not path.is_file():
            raise LenetError("It shows {link}, which is not there. Mend the link.", link=link)
        if path.suffix == ".svg":
            return path.read_text("utf-8").replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1)
        return cells.picture(path.read_bytes(), alt)

    try:
        if source.path.suffix == ".md":
            body = markdown.render(source.path.read_text("utf-8"))
            return Page(source, markdown.headings, body)
        notebook = read_notebook(source.path)
        rendered = [
            markdown.render(cell.source) if cell.cell_type == "markdown" else cells.render(cell)
            for cell in notebook.cells
            if cell.cell_type in ("markdown", "code")
        ]
    except LenetError as error:
        raise LenetError(f"{source.name}: {error}") from error
    about = Markdown(lambda _: "", lambda *_: "").render(_about(notebook))
    instrument = next(
        (html for cell, html in zip(notebook.cells, rendered, strict=False) if _draws_digits(cell)), ""
    )
    return Page(source, markdown.headings, "".join(rendered), about, minutes(notebook), instrument)


def _site_address(link: str, source: Source, sources: list[Source]) -> str:
    """Where a link of the source leads in the site.

    What is no page of the site is looked for where the project is public; empty while it is not.
    """
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return link
    fragment = f"#{slug(unquote(parts.fragment))}" if parts.fragment else ""
    if not parts.path:
        return fragment
    name = resolve(source.name, unquote(parts.path))
    for other in sources:
        if other.name == name:
            return source.root + other.address + fragment
    return address.source_address(name)


def _about(notebook) -> str:
    """The first paragraph below the title, without the bold words that it begins with."""
    first = next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), "")
    paragraphs = [part.strip() for part in first.split("\n\n")[1:] if part.strip()]
    paragraphs = [part for part in paragraphs if "](glossary.ipynb)" not in part]  # the line of links
    if not paragraphs:
        return ""
    return paragraphs[0].rpartition("**")[2].strip() if paragraphs[0].startswith("**") else paragraphs[0]


def _draws_digits(cell) -> bool:
    return any(
        output.get("data", {}).get(WIDGET, {}).get("widget") == "DrawDigit"
        for output in cell.get("outputs", ())
    )
