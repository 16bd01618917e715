"""Code cells as HTML: the code, folded where it only draws, and the outputs as they were recorded."""

import ast
import base64
import re
from html import escape

from lenet_edu.site.descriptions import Descriptions
from lenet_edu.site.pictures import Pictures
from lenet_edu.site.prose import Markdown, code_html, maths
from lenet_edu.system.pages import WIDGET

# Pictures wider than the text can be opened by themselves.
TEXT_WIDTH = 700


class Cells:
    """Renders the code cells of one page. root: leads from the page to the site's folder."""

    def __init__(
        self,
        markdown: Markdown,
        pictures: Pictures,
        descriptions: Descriptions,
        texts: dict[str, str],
        root: str,
    ):
        self._markdown, self._pictures, self._descriptions = markdown, pictures, descriptions
        self._texts, self._root = texts, root
        self._figures = 0

    def render(self, cell) -> str:
        """The HTML of a code cell; empty for an empty one."""
        if not cell.source.strip():
            return ""
        code = code_html(cell.source)
        outputs = self._outputs(cell)
        if "solution" in cell.metadata.get("tags", ()):
            return _folded("solution", self._texts["solution"], code + outputs, " data-unsearched")
        if is_folded(cell):
            code = _folded("drawing", self._texts["code_of_figure"], code)
        return f'<div class="cell">{code}{outputs}</div>\n'

    def picture(self, content: bytes, alt: str) -> str:
        """A picture as `<img>`, with a link to itself if it is wide; the first of a page is not put off."""
        address, width, height = self._pictures.add(content)
        address = self._root + address
        self._figures += 1
        loading = ' loading="lazy" decoding="async"' if self._figures > 1 else ""
        image = f'<img src="{address}" width="{width}" height="{height}" alt="{escape(alt)}"{loading}>'
        if width <= TEXT_WIDTH:
            return image
        return f'<a class="picture" href="{address}" title="{self._texts["picture_full"]}">{image}</a>'

    def _outputs(self, cell) -> str:
        if _is_answered_in_code(cell):
            return self._your_turn("your_turn")
        parts = [self._output(output, cell.source) for output in _merged(cell.outputs)]
        return f'<div class="outputs" data-unsearched>{"".join(parts)}</div>' if parts else ""

    def _output(self, output, source: str) -> str:
        if output.output_type == "stream":
            kind = " error" if output.name == "stderr" else ""
            return f'<pre class="scrolls output{kind}">{_terminal(output.text)}</pre>'
        if output.output_type == "error":
            lines = "\n".join(output.traceback)
            return f'<pre class="scrolls output error">{_terminal(lines)}</pre>'
        data = output.data
        if WIDGET in data:
            return self._widget(data, source)
        return self._shown(data, source)

    def _shown(self, data, source: str) -> str:
        """The best of what an output offers, without a widget."""
        if "text/html" in data:
            return self._html(data["text/html"])
        if "image/png" in data:
            return f"<figure>{self.picture(base64.b64decode(data['image/png']), _alt(data, source))}</figure>"
        if "text/markdown" in data:
            return self._markdown.render(data["text/markdown"])
        if "text/latex" in data:
            return f'<div class="scrolls formula">{maths(data["text/latex"].strip("$ "), "block")}</div>'
        return f'<pre class="scrolls output">{escape(data.get("text/plain", ""))}</pre>'

    def _widget(self, data, source: str) -> str:
        """A widget's place: what shows without it, and all that its script needs."""
        description = self._descriptions.as_json(data[WIDGET], self._pictures, self._root)
        name = escape(data[WIDGET]["widget"])
        still = self._your_turn("your_turn_here") if name == "Exercise" else self._shown(data, source)
        return (
            f'<figure class="lenet-figure" data-widget="{name}">'
            f'<div class="still">{still}</div>'
            f'<script type="application/json">{description}</script></figure>'
        )

    def _your_turn(self, said: str) -> str:
        """An exercise's place, with where it is answered."""
        link = f'<a href="#_run">{self._texts["your_turn_link"]}</a>'
        return f'<p class="your-turn">{self._texts[said]} {link}</p>'

    def _html(self, html: str) -> str:
        """HTML from a notebook: pictures become files, tables scroll, and answers wait for the reader."""
        html = re.sub(
            r'<img [^>]*?src="data:image/\w+;base64,([^"]+)"[^>]*>',
            lambda match: self.picture(
                base64.b64decode(match[1]), _alt_of(match[0]) or self._texts["output"]
            ),
            html,
        )
        html = re.sub(
            r"<table.*?</table>", lambda match: f'<div class="scrolls">{match[0]}</div>', html, flags=re.S
        )
        return re.sub(
            r"<details><summary>(.*?)</summary>(.*)</details>",
            self._sealed,
            f'<div class="html">{html}</div>',
            flags=re.S,
        )

    def _sealed(self, match: re.Match) -> str:
        """What a prediction holds back: encoded, so that neither the page's text nor its search tells it."""
        content = base64.b64encode(match[2].encode()).decode()
        noscript = f"<noscript>{self._texts['sealed']}</noscript>"
        return f'<details data-sealed="{content}"><summary>{match[1]}</summary>{noscript}</details>'


def is_folded(cell) -> bool:
    """Whether a cell's code is folded away: it says so, or all that comes of it is a picture or a widget."""
    if "hide-input" in cell.metadata.get("tags", ()) or cell.metadata.get("jupyter", {}).get("source_hidden"):
        return True
    shown = [output for output in cell.outputs if output.output_type in ("display_data", "execute_result")]
    draws = len(shown) == len(cell.outputs) == 1 and {"image/png", WIDGET} & set(shown[0].data)
    if not draws or _is_answered_in_code(cell):
        return False
    *before, last = ast.parse(cell.source).body
    only_imports = all(isinstance(step, (ast.Import, ast.ImportFrom)) for step in before)
    return isinstance(last, ast.Expr) and (only_imports or WIDGET in shown[0].data)


def _is_answered_in_code(cell) -> bool:
    """Whether a cell checks an answer that is not there, and that no widget can take."""
    bundles = [output.data for output in cell.outputs if "data" in output]
    forms = [bundle[WIDGET]["state"].get("traits", {}).get("form") for bundle in bundles if WIDGET in bundle]
    unanswered = any("Not answered yet" in bundle.get("text/plain", "") for bundle in bundles)
    return forms == ["code"] or (unanswered and not forms)


def _terminal(text: str) -> str:
    """What a terminal would show at last: without colours, and without what a bar of progress wrote over."""
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", text)
    return escape("\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.rstrip().split("\n")))


def _merged(outputs: list) -> list:
    """The outputs, where pieces of one stream that follow each other are one."""
    merged: list = []
    for output in outputs:
        before = merged[-1] if merged else None
        if before and output.output_type == before.output_type == "stream" and output.name == before.name:
            merged[-1] = type(output)({**before, "text": before.text + output.text})
        else:
            merged.append(output)
    return merged


def _folded(kind: str, summary: str, content: str, attributes: str = "") -> str:
    return f'<details class="{kind}"{attributes}><summary>{summary}</summary>{content}</details>\n'


def _alt(data, source: str) -> str:
    """What a picture shows, for who cannot see it: a widget's text form, else the call that drew it."""
    text = data.get("text/plain", "")
    if text and not text.startswith("<"):
        return text
    last = ast.parse(source).body[-1]
    return " ".join((ast.get_source_segment(source, last) or source).split())[:160]


def _alt_of(image: str) -> str:
    match = re.search(r'alt="([^"]*)"', image)
    return match[1] if match else ""
