"""The site in a real Chromium, without any kernel: as a reader of the pages would use it."""

import json
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser import PATIENCE, needs_chromium, shows
from tests.site.conftest import served

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PHONE, LAPTOP, PROJECTOR = (
    {"width": width, "height": height} for width, height in ((360, 740), (1200, 800), (1920, 1080))
)
pytestmark = [needs_chromium, pytest.mark.slow]


@contextmanager
def reader(browser, address: str, troubles_allowed: str = "^$", **options):
    """A reader's page. Requests to other hosts are blocked; at the end there were none, and no errors."""
    context = browser.new_context(**{"viewport": LAPTOP, "service_workers": "block", **options})
    foreign, troubles = [], []

    def guard(route):
        if route.request.url.startswith((address, "data:", "blob:", "file:")):
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    context.route("**/*", guard)
    page = context.new_page()
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    yield page
    context.close()
    assert not foreign
    assert not [trouble for trouble in troubles if not re.search(troubles_allowed, trouble)]


@pytest.fixture(scope="module")
def small(small_site):
    with served(small_site.parent) as root:
        yield f"{root}{small_site.name}/"


def names(site) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


def see_everything(page) -> None:
    """Scroll through a page, so that all that waits for the reader comes."""
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 700):
        page.evaluate("top => scrollTo(0, top)", top)
        page.wait_for_timeout(30)
    page.wait_for_load_state("networkidle")


@pytest.fixture(scope="module")
def visits(browser, site, address) -> dict[str, dict]:
    """What one visit of each page comes to, by its name: troubles in it, and serious findings of axe."""
    visits = {}
    with reader(browser, address, reduced_motion="reduce") as page:
        for name in names(site):
            page.set_viewport_size(LAPTOP)
            page.goto(address + name)
            visits[name] = {"findings": findings(page), "troubles": troubles(page)}
    return visits


def findings(page) -> list:
    """What axe calls serious on the page in light and in dark."""
    if not AXE.is_file():
        return []
    page.add_script_tag(path=AXE)
    serious = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious += [
            (theme, violation["id"], [node["html"][:150] for node in violation["nodes"][:3]])
            for violation in found["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
    return serious


def troubles(page) -> list:
    """Of a phone and a projector those that the page is too wide for, and how many pictures are broken."""
    page.set_viewport_size(PHONE)
    see_everything(page)
    seen = []
    for viewport in (PHONE, PROJECTOR):
        page.set_viewport_size(viewport)
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            seen.append(viewport)
    broken = "[...document.images].filter((image) => image.complete && !image.naturalWidth).length"
    if count := page.evaluate(broken):
        seen.append(f"{count} broken pictures")
    return seen


def test_every_page_loads_without_an_error_and_stays_within_its_width(visits, site):
    assert set(visits) == set(names(site))
    assert {name: visit["troubles"] for name, visit in visits.items() if visit["troubles"]} == {}


@pytest.mark.skipif(not AXE.is_file(), reason="run `npm install` for axe-core")
def test_no_page_has_a_serious_finding_of_axe_in_light_and_dark(visits):
    assert {name: visit["findings"] for name, visit in visits.items() if visit["findings"]} == {}


def test_lines_have_sixty_to_eighty_letters(browser, small, site, address):
    count = """() => {
        const lines = [];
        for (const paragraph of document.querySelectorAll(".prose > p")) {
            const letters = paragraph.textContent.length;
            if (letters < 300) continue;
            const height = paragraph.getBoundingClientRect().height;
            lines.push(letters / Math.round(height / parseFloat(getComputedStyle(paragraph).lineHeight)));
        }
        return lines.reduce((sum, length) => sum + length, 0) / lines.length;
    }"""
    with reader(browser, address) as page:
        for viewport in (LAPTOP, PROJECTOR):
            page.set_viewport_size(viewport)
            page.goto(f"{address}10_how_a_network_learns.html")
            assert 60 < page.evaluate(count) < 80


def test_print_has_every_picture_and_nothing_to_press(browser, address):
    with reader(browser, address) as page:
        page.goto(f"{address}02_c1.html", wait_until="load")
        page.wait_for_function("[...document.images].every((image) => image.complete && image.naturalWidth)")
        page.emulate_media(media="print")
        assert (
            page.evaluate("""() => [".top", ".contents", ".neighbours", ".run", ".anchor"]
            .flatMap((name) => [...document.querySelectorAll(name)])
            .filter((part) => part.checkVisibility())
            .map((part) => part.className)""")
            == []
        )
        assert page.locator("h1").is_visible()


def test_search_finds_marks_and_leads_there_by_keyboard(browser, twinned):
    with reader(browser, twinned) as page:
        page.goto(f"{twinned}index.html")
        page.keyboard.press("/")
        page.keyboard.type("CAFE")
        shows(page.locator("#_count"), "1 found")
        assert page.locator("#_results mark").first.inner_text() == "café"
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/00_start_here.html?find=CAFE#zebras")
        assert page.evaluate("CSS.highlights.get('search').size") == 1
        page.locator("#_search-button").click()
        page.keyboard.type("zebra letter")
        shows(page.locator("#_results li").first, "Old Anchor")
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.type("42")
        shows(page.locator("#_count"), "Nothing found")
        page.keyboard.press("Escape")
        assert not page.locator("#_search").is_visible()


def test_search_in_chinese(browser, small):
    with reader(browser, small) as page:
        page.goto(f"{small}zh/index.html")
        page.locator("#_search-button").click()
        page.keyboard.type("斑马")
        shows(page.locator("#_results li").first, "从这里开始")
        assert "zh/00_start_here.html" in page.locator("#_results a").first.get_attribute("href")


def test_the_switch_of_language_keeps_the_section(browser, small):
    with reader(browser, small) as page:
        page.goto(f"{small}00_start_here.html#zebras")
        page.get_by_role("link", name="中文").click()
        page.wait_for_function("decodeURIComponent(location.hash) === '#斑马'")
        assert page.url.startswith(f"{small}zh/00_start_here.html#")
        assert page.locator("html").get_attribute("lang") == "zh"
        page.get_by_role("link", name="English").click()
        page.wait_for_function("location.hash === '#zebras'")


def test_the_playground_speaks_chinese_and_its_switch_keeps_the_run(browser, small):
    with reader(browser, small) as page:
        page.goto(f"{small}playground/index.html?lang=zh")
        shows(page.locator("h1"), "训练 LeNet-5")
        page.get_by_role("button", name="训练", exact=True).wait_for()
        page.wait_for_function("location.hash.includes('seed=0')")
        said = page.locator("body").inner_text()
        words = {word for word in re.findall(r"[A-Za-z]{3,}", said) if word.islower()}
        assert words <= {"lenet", "relu", "scikit", "learn", "small", "safetensors"}, words
        link = page.evaluate("location.hash")
        page.get_by_role("link", name="English").click()
        shows(page.locator("h1"), "Train LeNet-5")
        assert page.evaluate("location.hash") == link
        assert page.get_by_role("link", name="All notebooks").get_attribute("href") == "../index.html"


def test_light_and_dark_by_system_and_by_switch(browser, small):
    paper = "getComputedStyle(document.body).backgroundColor"
    with reader(browser, small, color_scheme="dark") as page:
        page.goto(f"{small}01_input.html")
        dark = page.evaluate(paper)
        assert page.evaluate("document.body.dataset.jpThemeLight") == "false"
        page.locator("#_theme-button").click()
        light = page.evaluate(paper)
        assert light != dark
        assert page.evaluate("document.body.dataset.jpThemeLight") == "true"
        page.reload()
        assert page.evaluate(paper) == light
        page.locator("#_theme-button").click()
        assert page.evaluate("localStorage.length") == 0, "what the system says is no choice"
        page.emulate_media(color_scheme="light")
        assert page.evaluate(paper) == light


def test_contents_open_on_a_phone_and_lead_to_a_section(browser, small):
    with reader(browser, small, viewport=PHONE) as page:
        page.goto(f"{small}01_input.html")
        contents = page.locator("#_contents")
        assert not contents.is_visible()
        page.get_by_role("button", name="Contents").click()
        contents.get_by_role("link", name="Old Anchor").click()
        assert not contents.is_visible()
        assert page.url.endswith("#old-anchor")
        page.set_viewport_size(LAPTOP)
        assert contents.is_visible()
        assert contents.locator("[aria-current]").inner_text() == "01 INPUT, the image"


def test_the_first_key_leads_past_the_contents(browser, small):
    with reader(browser, small) as page:
        page.goto(f"{small}01_input.html")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the text"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "_text"


def test_pages_are_read_from_disk(browser, small_site):
    with reader(browser, "file:") as page:
        page.goto((small_site / "00_start_here.html").as_uri())
        assert page.locator(".still img").is_visible()
        shows(page.locator(".lenet-figure .note"), "lenet-edu site --serve")
        page.keyboard.press("/")
        page.keyboard.type("maths")
        shows(page.locator("#_count"), "1 found")
        page.keyboard.press("Enter")
        page.wait_for_url("**/01_input.html?find=maths**")
        page.get_by_role("link", name="More").last.click()
        shows(page.locator("h1"), "More")


TWIN = """
export async function mount(element, description, resources) {
    const digits = await resources.bytes("engine/digits.gz");
    if (location.search === "?broken") throw new Error("no such luck");
    element.textContent = `${description.widget} ${description.state.x} ${digits.length}`;
    return {};
}
"""


@pytest.fixture(scope="module")
def twinned(small_site, tmp_path_factory):
    """The small site with a twin that shows what it is given."""
    folder = tmp_path_factory.mktemp("twinned") / "site"
    shutil.copytree(small_site, folder)
    twins = folder / "assets" / "widgets" / "twins"
    twins.mkdir(parents=True, exist_ok=True)
    (twins / "page.js").write_text(TWIN)
    with served(folder) as root:
        yield root


def test_an_instrument_comes_alive_in_place_of_its_picture(browser, twinned):
    with reader(browser, twinned) as page:
        page.goto(f"{twinned}00_start_here.html")
        shows(page.locator(".lenet-figure[data-alive]"), "DrawDigit </script> 44239")
        assert page.locator(".lenet-figure img").count() == 0


def test_an_instrument_that_fails_stays_a_picture_and_says_why(browser, twinned):
    with reader(browser, twinned) as page:
        page.goto(f"{twinned}00_start_here.html?broken")
        shows(page.locator(".lenet-figure .note"), "no such luck")
        assert page.locator(".lenet-figure img").is_visible()


def test_blocked_storage_costs_no_page(browser, small):
    block = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked'); }})"
    with reader(browser, small) as page:
        page.add_init_script(block)
        page.goto(f"{small}01_input.html")
        dark = page.evaluate("document.body.dataset.jpThemeLight")
        page.locator("#_theme-button").click()
        assert page.evaluate("document.body.dataset.jpThemeLight") != dark


def test_a_missing_page_leads_home_from_any_depth(browser, small, small_site):
    shutil.copyfile(
        small_site / "404.html", small_site.parent / "404.html"
    )  # a host shows it wherever it lies
    with reader(browser, small, troubles_allowed="404") as page:
        page.goto(f"{small}zh/no/such/page.html")
        wait = "home => document.querySelector('[data-home=\"\"]').href === home"
        page.wait_for_function(wait, arg=f"{small}index.html")
        shows(page.locator("h2[lang=zh], [lang=zh] h2"), "没有这个页面")
        page.get_by_role("link", name="To the beginning").click()
        shows(page.locator("h1"), "laboratory")


def test_predictions_hold_their_answer_back_until_opened(browser, site, address):
    with reader(browser, address) as page:
        page.goto(f"{address}13_find_the_bug.html")
        sealed = page.locator("details[data-sealed]")
        if not sealed.count():
            pytest.skip("all predictions of this notebook are instruments")
        assert "a wrong path" not in page.content()
        sealed.first.locator("summary").click()
        shows(sealed.first, "It is")


def keeps_everything(page) -> None:
    shows(page.locator("#_offline"), "kept for reading offline")


def test_all_is_there_offline_after_the_first_visit(browser, small_site):
    listed = json.loads((small_site / "site.json").read_text())["files"]
    context = browser.new_context(viewport=LAPTOP)
    page = context.new_page()
    with served(small_site) as address:
        page.goto(f"{address}01_input.html")
        keeps_everything(page)
    for name in ("index.html", "zh/index.html", "docs/speed.html", "00_start_here.html", ""):
        page.goto(address + name)
        assert page.locator("h1").is_visible()
    page.goto(f"{address}00_start_here.html?find=seam")
    page.locator(".still img").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.still img').naturalWidth > 0")
    lengths = """async (names) => {
        const answers = await Promise.all(names.map((name) => fetch(name)));
        const buffers = await Promise.all(answers.map((answer) => answer.arrayBuffer()));
        return buffers.map((buffer) => buffer.byteLength);
    }"""
    assert page.evaluate(lengths, list(listed)) == [(small_site / name).stat().st_size for name in listed]
    page.goto(f"{address}nowhere.html")
    shows(page.locator("h1"), "does not exist")
    context.close()


def test_a_newer_version_is_offered_and_takes_over(browser, project, tmp_path):
    from lenet_edu.site.builder import build_site
    from tests.site.conftest import write_notebook

    folder, notebooks = tmp_path / "site", tmp_path / "notebooks"
    write_notebook(notebooks / "00_one.ipynb", "# One")
    build_site(folder, notebooks)
    context = browser.new_context(viewport=LAPTOP)
    page = context.new_page()
    with served(folder) as address:
        page.goto(f"{address}00_one.html")
        keeps_everything(page)
        write_notebook(notebooks / "00_one.ipynb", "# Another")
        build_site(folder, notebooks)
        asked = []
        context.on("request", lambda request: asked.append(request.url))
        page.reload()
        shows(page.locator("h1"), "One")
        page.get_by_role("button", name="Load it").click(timeout=PATIENCE)
        shows(page.locator("h1"), "Another")
        keeps_everything(page)
        assert not [url for url in asked if url.endswith(".safetensors")], (
            "what is unchanged is not fetched again"
        )
        assert len(page.evaluate("caches.keys()")) == 1
    context.close()
