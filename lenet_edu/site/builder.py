"""Builds the site: notebooks in, a folder of static files out."""

import shutil
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from lenet_edu.site import address, offline
from lenet_edu.site.assets import write_assets
from lenet_edu.site.descriptions import Descriptions
from lenet_edu.site.drawing import favicon, network_map
from lenet_edu.site.pages import Page, render_page
from lenet_edu.site.pictures import Pictures
from lenet_edu.site.search import index_script
from lenet_edu.site.sources import NOTEBOOKS, find_documents, find_notebooks
from lenet_edu.site.texts import texts_in
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import LANGUAGES

HERE = Path(__file__).parent
PLAYGROUND = "lenet_edu.site.playground"
COPIED = ("page.css", "page.js")
_TEMPLATES = Environment(
    loader=PackageLoader("lenet_edu.site"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def build_site(folder: Path | str, notebooks: Path = NOTEBOOKS) -> dict:
    """Build the site in `folder`; how many pages, files and bytes there are.

    A site that was there before is replaced once the new one is complete. Raises LenetError if `folder`
    holds anything else, or if a notebook is missing, damaged, or was never run.
    """
    folder = Path(folder).absolute()
    _check_target(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".site-") as place:
        site = Path(place) / "new"
        site.mkdir()
        pages = _write(site, notebooks)
        if folder.exists():
            folder.rename(Path(place) / "old")
        site.rename(folder)
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return {"folder": str(folder), "pages": len(pages), "files": len(sizes), "bytes": sum(sizes)}


def _check_target(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise LenetError("{folder} is a file; give the name of a folder for the site.", folder=folder)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / offline.LIST).is_file():
        raise LenetError(
            "{folder} holds other files, which a new site would replace. Give a new or empty folder.",
            folder=folder,
        )


def _write(site: Path, notebooks: Path) -> list[Page]:
    """Write all files of the site; its pages."""
    sources = find_notebooks(notebooks)
    sources += find_documents(sources, notebooks.parent)
    pictures = Pictures(site)
    descriptions = Descriptions(site)
    pages = [
        render_page(source, sources, pictures.of(_home(source.language)), descriptions, notebooks.parent)
        for source in sources
    ]
    shelves = {
        language: [page for page in pages if page.source.language == language] for language in LANGUAGES
    }
    shelves = {language: own for language, own in shelves.items() if own}
    addresses = {source.address for source in sources}
    playground = find_spec(PLAYGROUND) is not None
    for language, own in shelves.items():
        _write_language(site, own, [other for other in shelves if other != language], addresses, playground)
    _write_text(site / "404.html", _missing(list(shelves)))
    _write_text(site / "favicon.svg", favicon())
    for name in COPIED:
        shutil.copyfile(HERE / name, site / name)
    write_assets(site)
    if playground:
        homes = {language: f"../{_home(language)}index.html" for language in shelves}
        import_module(PLAYGROUND).build(site, homes)
    offline.write_worker(site)
    return pages


def _write_language(
    site: Path, pages: list[Page], others: list[str], addresses: set[str], playground: bool
) -> None:
    """The pages of one language, with their first page and their search. others: the other languages."""
    language = pages[0].source.language
    home = _home(language)
    groups = {
        group: [page for page in pages if page.source.group == group]
        for group in ("notebooks", "appendices", "documents")
    }
    shared = {
        "groups": groups,
        "home": home,
        "playground": _playground(language) if playground else "",
        "clone": address.clone_address(),
    }
    in_order = groups["notebooks"] + groups["appendices"]
    neighbours = dict(zip(in_order, zip([None, *in_order], [*in_order[1:], None], strict=False), strict=True))
    for page in pages:
        inside = page.source.address.removeprefix(home)
        own = {
            "page": page,
            "root": page.source.root,
            "others": {other: _edition(inside, other, addresses) for other in others},
            "neighbours": neighbours.get(page, (None, None)),
            "runners": address.runners(page.source.name),
        }
        _write_text(site / page.source.address, _fill("notebook.html", language, **own, **shared))
    own = {
        "page": None,
        "root": "../" * home.count("/"),
        "others": {other: f"{_home(other)}index.html" for other in others},
        "map": network_map(groups["notebooks"], texts_in(language)["map"]),
        "instrument": next((page.instrument for page in pages if page.instrument), ""),
    }
    _write_text(site / home / "index.html", _fill("index.html", language, **own, **shared))
    _write_text(site / home / "search.js", index_script(pages))


def _missing(languages: list[str]) -> str:
    """The page for an address that does not exist, in all languages of the site."""
    own = {language: (texts_in(language), _home(language)) for language in languages}
    return _fill("missing.html", languages[0], own=own, style=(HERE / "page.css").read_text("utf-8"))


def _home(language: str) -> str:
    """The folder of a language's pages within the site, with a slash; empty for English."""
    return "" if language == "en" else f"{language}/"


def _playground(language: str) -> str:
    """The address of the playground in a language: one page has all of them."""
    return "playground/index.html" + ("" if language == "en" else f"?lang={language}")


def _edition(inside: str, language: str, addresses: set[str]) -> str:
    """The address of the same page in another language; of that language's first page if there is none."""
    same = f"{_home(language)}{inside}"
    return same if same in addresses else f"{_home(language)}index.html"


def _fill(template: str, language: str, **values) -> str:
    return _TEMPLATES.get_template(template).render(
        language=language, languages=LANGUAGES, texts=texts_in(language), **values
    )


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
