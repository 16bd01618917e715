"""The text of the playground's page, put together from its parts."""

import base64
import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

import lenet_edu
from lenet_edu.site.playground.bundle import bundle
from lenet_edu.site.playground.content import content
from lenet_edu.system.language import LANGUAGES, Text, script_translations
from lenet_edu.widgets import base

HERE = Path(__file__).parent
PACKAGE = Path(lenet_edu.__file__).parent
# The widgets whose views the page shows.
WIDGETS = ("training_panel", "feature_maps", "c3_table")


# What stands in the page before its script begins, which says it in the reader's language.
TEXTS = {
    "title": Text("Playground: train LeNet-5 in this page"),
    "description": Text(
        "LeNet-5 and its family, trained in your browser: watch every map, kernel and mistake while it "
        "learns."
    ),
    "heading": Text("Train LeNet-5, here"),
    "lead": Text(
        "A convolutional network of 1998 learns to read digits in this page. Press Train, watch every layer, "
        "and draw a digit of your own."
    ),
    "inside": Text("Inside the network"),
    "curves": Text("How it learns"),
    "pad": Text("Draw a digit"),
    "noscript": Text("This page computes in your browser: it needs JavaScript."),
    "licence": Text(
        "The embedded digits are the 1,797 of the UCI Optical Recognition of Handwritten Digits data set "
        "(E. Alpaydin and C. Kaynak, CC BY 4.0), as scikit-learn has them. Nothing that you give to this "
        "page leaves it."
    ),
}
HOME = Text("All notebooks")


def page(homes: Mapping[str, str]) -> str:
    """The whole page, in all languages.

    homes: where its link to the other pages leads, by the language; without an English one it has none.
    """
    script, files = bundle(HERE / "playground.js", PACKAGE)
    files = [*files, Path(__file__).relative_to(PACKAGE).as_posix()]
    home = f'<a id="home" href="{escape(homes["en"])}" data-text>{HOME}</a>' if "en" in homes else ""
    parts = {
        **{name: escape(text, quote=True) for name, text in TEXTS.items()},
        "style": "\n".join([*map(base.styles, WIDGETS), _read("playground.css")]),
        "home": home,
        "content": _json(content()),
        "languages": _json({"languages": LANGUAGES, "homes": dict(homes), "texts": _translations(files)}),
        "engine": _base64("lenet.wasm"),
        "digits": _base64("digits.gz"),
        "code": script.replace("</script", "<\\/script"),
    }
    text = _read("page.html")
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    return text


def _translations(files: Iterable[str]) -> dict[str, dict[str, str]]:
    """What the page's files say, by the language and the English."""
    return {
        language: {
            english: said for file in files for english, said in script_translations(language, file).items()
        }
        for language in LANGUAGES
        if language != "en"
    }


def _json(value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")


def _base64(name: str) -> str:
    return base64.b64encode((PACKAGE / "engine" / name).read_bytes()).decode()


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
