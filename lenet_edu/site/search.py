"""The search's index: the text of each section of each page, for a script that needs no server."""

import json
from html.parser import HTMLParser

_BLOCKS = {"p", "li", "pre", "div", "td", "th", "tr", "h1", "h2", "h3", "h4", "figure", "summary", "details"}
_EMPTY = {"img", "br", "hr", "input", "meta", "link", "wbr"}


class _Sections(HTMLParser):
    """Cuts a page's HTML into sections, each a heading's anchor, its text, and the text below it.

    What is marked data-unsearched (outputs and solutions) is left out, and so are scripts and formulas.
    """

    def __init__(self):
        super().__init__()
        self.sections: list[list[str]] = [["", "", ""]]
        self._left_out = 0  # how many elements deep
        self._in_heading = False

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if self._left_out or "data-unsearched" in given or tag in ("script", "noscript", "math"):
            self._left_out += tag not in _EMPTY
            return
        if tag in ("h1", "h2", "h3") and given.get("id"):
            self.sections.append([given["id"], "", ""])
            self._in_heading = True
        elif given.get("class") == "anchor":
            self._left_out = 1
        elif tag in _BLOCKS:
            self.sections[-1][2] += " "

    def handle_endtag(self, tag):
        if self._left_out:
            self._left_out -= tag not in _EMPTY
        elif tag in ("h1", "h2", "h3"):
            self._in_heading = False

    def handle_data(self, data):
        if not self._left_out:
            self.sections[-1][1 if self._in_heading else 2] += data


def sections(html: str) -> list[list[str]]:
    """[anchor, heading, text] of each section of a page that has any text."""
    parser = _Sections()
    parser.feed(html)
    parser.close()
    cut = ([anchor, heading.strip(), " ".join(text.split())] for anchor, heading, text in parser.sections)
    return [section for section in cut if section[1] or section[2]]


def index_script(pages) -> str:
    """The index as a classic script, which a page can load from disk as well."""
    entries = [[page.source.address, page.title, sections(page.body)] for page in pages]
    return f"window.lenetSearch = {json.dumps(entries, ensure_ascii=False, separators=(',', ':'))};\n"
