"""The playground: the whole laboratory as one page that needs no Python, no server and no other file.

`build(folder)` writes playground/index.html. Everything is in it: what the page is made of (`page.html`,
`playground.css` and the JavaScript beside this file), the views of the widgets, the engine with its workers,
the networks' plans, the recipes, and the embedded digits. So it works from any host under any path, and as a
file.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from lenet_edu.site.playground.page import page
from lenet_edu.system.files import write_atomically

__all__ = ["build"]


def build(folder: Path | str, homes: Mapping[str, str] = MappingProxyType({"en": "../index.html"})) -> Path:
    """Write the playground below the folder of a site; the path of its page.

    homes: where its link to the other pages leads, by the language; empty: it has none.
    """
    path = Path(folder) / "playground" / "index.html"
    write_atomically(path, page(homes).encode())
    return path
