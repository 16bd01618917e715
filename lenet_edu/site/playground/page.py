"""The text of the playground's page, put together from its parts."""

import base64
import json
from html import escape
from pathlib import Path

import lenet_edu
from lenet_edu.site.playground.bundle import bundle
from lenet_edu.site.playground.content import content
from lenet_edu.widgets import base

HERE = Path(__file__).parent
PACKAGE = Path(lenet_edu.__file__).parent
# The widgets whose views the page shows.
WIDGETS = ("training_panel", "feature_maps", "c3_table")


def page(home: str) -> str:
    """The whole page. home: where its link to the other pages leads; empty: it has none."""
    parts = {
        "style": "\n".join([*map(base.styles, WIDGETS), _read("playground.css")]),
        "home": f'<a href="{escape(home)}">All notebooks</a>' if home else "",
        "content": json.dumps(content(), separators=(",", ":")).replace("<", "\\u003c"),
        "engine": _base64("lenet.wasm"),
        "digits": _base64("digits.gz"),
        "code": bundle(HERE / "playground.js", PACKAGE).replace("</script", "<\\/script"),
    }
    text = _read("page.html")
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    return text


def _base64(name: str) -> str:
    return base64.b64encode((PACKAGE / "engine" / name).read_bytes()).decode()


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
