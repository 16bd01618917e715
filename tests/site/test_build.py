"""The built site as files: complete, small, every link with an end, and never in place of anything else."""

import gzip
import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

from lenet_edu.cli.main import main
from lenet_edu.site import address
from lenet_edu.site.builder import build_site
from lenet_edu.site.sources import NOTEBOOKS, find_notebooks
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translations
from lenet_edu.training.checkpoints import shipped_names
from tests.site.conftest import write_notebook

# Bytes: of a page with all that it shows, and of the English edition without MNIST.
FIRST_USE, WHOLE = 1_500_000, 8_000_000


class _Addresses(HTMLParser):
    """What a page asks for, what it links to, and the anchors that it has."""

    def __init__(self, html: str):
        super().__init__()
        self.asked, self.linked, self.anchors = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if "id" in given:
            self.anchors.append(given["id"])
        for name in ("href", "src"):
            if name in given:
                is_link = tag == "a" or given.get("rel") == "alternate"
                (self.linked if is_link else self.asked).append(given[name])


def check_links(site) -> None:
    pages = {path: _Addresses(path.read_text("utf-8")) for path in site.rglob("*.html")}
    for path, page in pages.items():
        assert len(page.anchors) == len(set(page.anchors)), path.name
        assert not [ask for ask in page.asked if urlsplit(ask).netloc], path.name
        for link in page.asked + page.linked:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            assert not parts.path.startswith("/"), f"{path.name}: {link} is not relative"
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path.name}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors, f"{path.name}: {link}"


def test_the_small_site_links_within_itself(small_site):
    check_links(small_site)
    start = (small_site / "00_start_here.html").read_text("utf-8")
    assert 'href="01_input.html#old-anchor"' in start
    assert 'href="docs/speed.html"' in start
    assert 'href="zh/00_start_here.html"' in start
    assert "<h1" in (small_site / "appendices" / "more.html").read_text("utf-8")
    assert "a script." in (small_site / "docs" / "speed.html").read_text("utf-8"), (
        "no link to what is not published"
    )


def test_the_first_page_tells_of_every_notebook_and_how_long_it_takes(small_site):
    index = (small_site / "index.html").read_text("utf-8")
    assert "What a seam is." in index
    assert "INPUT, the image" in index
    assert re.findall(r'"minutes">([^<]+)<', index) == ["1 min"] * 3
    assert 'data-widget="DrawDigit"' in index
    assert "从这里开始" in (small_site / "zh" / "index.html").read_text("utf-8")


def test_each_page_leads_to_the_same_page_in_the_other_language(small_site):
    leads = {
        "index.html": "zh/index.html",
        "00_start_here.html": "zh/00_start_here.html",
        "docs/guide.html": "../zh/docs/guide.html",
        "01_input.html": "zh/index.html",  # it is not translated yet
        "zh/index.html": "../index.html",
        "zh/00_start_here.html": "../00_start_here.html",
        "zh/docs/guide.html": "../../docs/guide.html",
    }
    for page, other in leads.items():
        text = (small_site / page).read_text("utf-8")
        language, name = ("zh", "English") if page.startswith("zh/") else ("en", "中文")
        assert f'<html lang="{language}"' in text, page
        assert re.search(f'<a class="tool language" href="{other}"[^>]*>{name}</a>', text), page
    assert "playground/index.html?lang=zh" in (small_site / "zh" / "index.html").read_text("utf-8")


def test_what_languages_share_is_there_once(small_site):
    assert len(list((small_site / "zh").rglob("*.webp"))) == 1
    endings = {path.suffix for path in (small_site / "zh").rglob("*") if path.is_file()}
    assert endings == {".html", ".js", ".webp"}
    texts = json.loads((small_site / "assets" / "translations" / "zh.json").read_text("utf-8"))
    assert texts["Check"] == translations("zh")["Check"]
    assert "Skip to the text" not in texts  # pages say it themselves


def test_links_to_others_appear_with_the_projects_address(project, tmp_path, monkeypatch):
    monkeypatch.setattr(address, "REPOSITORY", "https://github.com/someone/lenet")
    build_site(tmp_path / "site", project / "notebooks")
    page = (tmp_path / "site" / "01_input.html").read_text("utf-8")
    assert "git clone https://github.com/someone/lenet.git" in page
    assert "mybinder.org/v2/gh/someone/lenet/main?urlpath=lab/tree/notebooks/01_input.ipynb" in page
    assert "colab.research.google.com/github/someone/lenet/blob/main/notebooks/01_input.ipynb" in page
    speed = (tmp_path / "site" / "docs" / "speed.html").read_text("utf-8")
    assert 'href="https://github.com/someone/lenet/blob/main/bench/speed.py"' in speed


def test_without_an_address_no_other_host_is_linked_to(small_site):
    for path in small_site.rglob("*.html"):
        assert not [link for link in _Addresses(path.read_text("utf-8")).linked if urlsplit(link).netloc]


def test_a_site_replaces_a_site_and_nothing_else(project, tmp_path):
    notebooks, mine = project / "notebooks", tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(LenetError, match="holds other files"):
        build_site(mine, notebooks)
    with pytest.raises(LenetError, match="is a file"):
        build_site(mine / "thesis.txt", notebooks)
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]
    build_site(tmp_path / "site", notebooks)
    (tmp_path / "site" / "old.html").write_text("of an earlier version")
    build_site(tmp_path / "site", notebooks)
    assert not (tmp_path / "site" / "old.html").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "site"]


def test_a_failed_build_leaves_the_old_site(project, tmp_path):
    site, notebooks = tmp_path / "site", tmp_path / "notebooks"
    build_site(site, project / "notebooks")
    before = (site / "site.json").read_bytes()
    write_notebook(notebooks / "00_broken.ipynb", "# Broken\n\n$\\frac{$")
    with pytest.raises(LenetError, match=r"notebooks/00_broken\.ipynb: The formula"):
        build_site(site, notebooks)
    assert (site / "site.json").read_bytes() == before


def test_notebooks_that_cannot_be_shown_are_named(tmp_path):
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    with pytest.raises(LenetError, match="holds no notebooks"):
        build_site(tmp_path / "site", notebooks)
    write_notebook(notebooks / "00_fresh.ipynb", "# Fresh", nbformat.v4.new_code_cell("1 + 1"))
    with pytest.raises(LenetError, match="has not been run"):
        build_site(tmp_path / "site", notebooks)
    (notebooks / "00_fresh.ipynb").write_text("{")
    with pytest.raises(LenetError, match="could not be read"):
        build_site(tmp_path / "site", notebooks)


def test_the_command_line_refuses_in_one_line(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["site", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("lenet-edu site: ")
    assert said.count("\n") == 1


@pytest.mark.slow
def test_every_notebook_is_a_page_and_every_link_has_an_end(site):
    check_links(site)
    assert all((site / source.address).is_file() for source in find_notebooks(NOTEBOOKS))
    for page in site.glob("[0-9]*.html"):
        assert page.read_text("utf-8").count("<h1") == 1, page.name


@pytest.mark.slow
def test_the_site_is_small(site):
    listed = json.loads((site / "site.json").read_text())["files"]
    sizes = {
        path.relative_to(site).as_posix(): path.stat().st_size for path in site.rglob("*") if path.is_file()
    }
    assert set(sizes) == {*listed, "site.json", "sw.js"}
    english = [page for page in site.rglob("*.html") if page.relative_to(site).parts[0] != "zh"]
    shown = "".join(page.read_text("utf-8") for page in english)
    of_others = {
        path
        for path in sizes
        if path.startswith("zh/")
        or (path.startswith("assets/material/") and path.rpartition("/")[2] not in shown)
    }
    assert sum(size for path, size in sizes.items() if path not in of_others) < WHOLE
    instruments = [path for path in sizes if path.startswith(("assets/widgets/", "assets/engine/"))]
    for page in site.rglob("*.html"):
        # All pictures too, though those below wait until the reader comes near, and all instruments.
        told = _told_by(page)
        asked = {ask for ask in _Addresses(told).asked if not ask.startswith("data:")}
        files = {(page.parent / ask).resolve().relative_to(site.resolve()).as_posix() for ask in asked}
        files |= {f"assets/{name}" for name in re.findall(r'"file":"([^"]+)"', told)}
        weights = [f"assets/weights/{name}.safetensors" for name in re.findall(r'"weights":"([^"]+)"', told)]
        files.update(name for name in weights if name in sizes)
        if "data-widget" in told:
            files.update(instruments)
        first = page.stat().st_size + sum(sizes[name] for name in files)
        assert first < FIRST_USE, f"{page.name}: {first:,} bytes"


def _told_by(page) -> str:
    """A page's text, with what its predictions hold back."""
    text = page.read_text("utf-8")
    return text + "".join(b64decode(held).decode() for held in re.findall(r'data-sealed="([^"]+)"', text))


@pytest.mark.slow
def test_what_instruments_fetch_is_there(site):
    for name in shipped_names():
        assert (site / "assets" / "weights" / f"{name}.safetensors").is_file()
        assert json.loads((site / "assets" / "plans" / f"{name}.json").read_text())["layers"]
    assert len(gzip.decompress((site / "assets/engine/digits.gz").read_bytes())) == 1797 * 65
    assert (site / "assets" / "engine" / "lenet.wasm").read_bytes()[:4] == b"\0asm"
    # Modules import each other by relative addresses, as they do in the package.
    for script in (site / "assets").rglob("*.js"):
        for other in re.findall(r'^import [^;]* from "(\.[^"]+)";', script.read_text("utf-8"), re.M):
            assert (script.parent / other).resolve().is_file(), f"{script.name}: {other}"
