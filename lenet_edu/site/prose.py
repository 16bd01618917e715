"""Markdown as HTML: headings with anchors of their own, links to the site's pages, maths as MathML."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

import mistune
from latex2mathml.converter import convert
from mistune.plugins.math import math
from mistune.plugins.table import table
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from lenet_edu.system.errors import LenetError


@dataclass(frozen=True)
class Heading:
    """A heading of a page. level: 1 is the page's title. anchor: what a link to it ends with."""

    level: int
    text: str
    anchor: str


class Markdown:
    """Renders the Markdown of one page; `headings` are those met so far.

    resolve: gives for an address in the source the one in the site, or "" where nothing is to be linked.
    picture: gives for a picture's address in the source its whole `<img>`.
    """

    def __init__(self, resolve: Callable[[str], str], picture: Callable[[str, str], str]):
        self.headings: list[Heading] = []
        self._anchors: set[str] = set()
        self._render = mistune.Markdown(_Renderer(self, resolve, picture), plugins=[table, math])

    def render(self, text: str) -> str:
        """The HTML of a piece of Markdown."""
        return str(self._render(text))

    def add_heading(self, level: int, html: str) -> Heading:
        """A heading with an anchor that no other of this page has."""
        text = unescape(re.sub(r"<[^>]+>", "", html)).strip()
        wanted = anchor = slug(text)
        number = 1
        while anchor in self._anchors:
            number += 1
            anchor = f"{wanted}-{number}"
        self._anchors.add(anchor)
        self.headings.append(Heading(level, text, anchor))
        return self.headings[-1]


def slug(text: str) -> str:
    """A heading as an anchor: letters and digits of any script in lower case, hyphens between.

    Jupyter's anchors, which keep capitals, come to the same. Ids of the page's own parts begin with an
    underscore, which no anchor does.
    """
    letters = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\W_]+", "-", letters).strip("-") or "section"


# The classes of code that page.css colours.
_COLOURED = re.findall(
    r"\.(\w+)",
    (Path(__file__).parent / "page.css").read_text("utf-8").partition("/* Code")[2].partition("/*")[0],
)
_PLAIN_CODE = re.compile(rf'<span class="(?!(?:{"|".join(_COLOURED)})")\w+">([^<]*)</span>')


def code_html(code: str, language: str = "python") -> str:
    """Code with coloured parts in `<span>`s of Pygments' classes; plain if the language is unknown."""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    coloured = _PLAIN_CODE.sub(r"\1", highlight(code, lexer, HtmlFormatter(nowrap=True)))
    return f'<pre class="scrolls code"><code>{coloured}</code></pre>'


_RAISED_PRIME = re.compile(r"<msup>(<mi>\w+</mi>)<mi>&#x02032;</mi></msup>")


def maths(latex: str, display: str) -> str:
    """A formula as MathML. display: "inline" or "block". Raises LenetError if it is no LaTeX."""
    try:
        mathml = convert(latex, display=display)
    except Exception as error:
        raise LenetError(
            "The formula {latex!r} is no LaTeX that can be drawn: {error!r}. Mend it.",
            latex=latex,
            error=error,
        ) from error
    if unknown := re.search(r"\\\w+", mathml):
        raise LenetError(
            "The formula {latex!r} has {unknown}, which cannot be drawn there. Mend it.",
            latex=latex,
            unknown=unknown[0],
        )
    # A prime is high already; raised once more, it is but a speck where there is no font for maths.
    return _RAISED_PRIME.sub(r"<mrow>\1<mo>&#x02032;</mo></mrow>", mathml)


class _Renderer(mistune.HTMLRenderer):
    def __init__(self, page: Markdown, resolve, picture):
        super().__init__(escape=False)
        self._page, self._resolve, self._picture = page, resolve, picture

    def heading(self, text: str, level: int, **attributes) -> str:
        heading = self._page.add_heading(level, text)
        link = f'<a class="anchor" href="#{heading.anchor}" aria-hidden="true" tabindex="-1">#</a>'
        return f'<h{level} id="{heading.anchor}">{text}{link if level > 1 else ""}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        address = self._resolve(url)
        return f'<a href="{escape(address)}">{text}</a>' if address else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return self._picture(url, text)

    def block_code(self, code: str, info: str | None = None) -> str:
        return code_html(code.rstrip("\n"), (info or "text").split()[0]) + "\n"

    def table(self, text: str) -> str:
        return f'<div class="scrolls"><table>{text}</table></div>\n'

    def block_math(self, text: str) -> str:
        return f'<div class="scrolls formula">{maths(text.strip(), "block")}</div>\n'

    def inline_math(self, text: str) -> str:
        return maths(text, "inline")
