"""The playground in a headless Chromium, from a folder that is served plainly, and as a file."""

import re
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from lenet_edu.data.digits import find_mnist
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger as lenet_ledger
from lenet_edu.site import playground
from lenet_edu.training.checkpoints import load_network
from lenet_edu.training.evaluation import evaluate
from tests.browser import PATIENCE, needs_chromium, shows
from tests.site.conftest import served

pytestmark = needs_chromium
# 1998's switches and three epochs on the embedded digits.
SWITCHES = "net=lenet5&c3=paper&sub=average&act=scaled_tanh&out=linear"
SHORT = f"#v=1&{SWITCHES}&data=embedded&recipe=small&epochs=3&seed=5"
# One refused, the page still stands.
REFUSALS = {
    "no workers": ("delete window.Worker", "This browser has no web workers"),
    "no WebAssembly": ("delete window.WebAssembly", "This browser has no WebAssembly"),
    "no SIMD": (
        "WebAssembly.compile = async () => { throw new WebAssembly.CompileError('invalid opcode 0xfd'); }",
        "A browser with WebAssembly SIMD is needed",
    ),
}
BLOCKED = "Object.defineProperty(window, 'indexedDB', { get: () => ({ open: () => { %s } }) })"
REFUSED = """const request = { error: new DOMException("The user denied permission") };
    setTimeout(() => request.onerror()); return request;"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the playground, and the address at which it is served."""
    folder = tmp_path_factory.mktemp("site")
    playground.build(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/playground/"
    server.shutdown()
    server.server_close()


@contextmanager
def visit(browser, address: str, before: str = "", context=None, **options):
    """The page, ready to be used; nothing may go wrong in it or be fetched from elsewhere."""
    own = context or browser.new_context(**options)
    page = own.new_page()
    troubles, asked = [], []
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    if before:
        page.add_init_script(before)
    page.goto(address)
    yield page
    assert not troubles
    start = address.split("/playground/")[0]
    assert all(url.startswith((start, "blob:", "data:")) for url in asked)
    (page if context else own).close()


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def becomes(page, state: str, within: int = PATIENCE) -> None:
    from playwright.sync_api import expect

    expect(page.locator(".lenet-state")).to_have_text(state, timeout=within)


def opened(page, title: str):
    """A section of the page, open."""
    part = page.locator("details.card", has=page.get_by_role("heading", name=title, exact=True))
    if part.get_attribute("open") is None:
        part.locator("summary").first.click()
    return part


def weights_sum(page) -> str:
    return re.search(r"[0-9a-f]{64}", page.locator(".sum").text_content())[0]


def steps(page) -> int:
    return int(re.search(r"step (\d+)", page.locator(".lenet-said").text_content())[1])


def wait_until_ready(page) -> None:
    page.locator(".lenet-map").first.wait_for(timeout=PATIENCE)


def test_the_embedded_digits_are_learned_to_97_percent_of_those_held_out(browser, site):
    with visit(browser, site[1]) as page:
        wait_until_ready(page)
        assert page.url.endswith("data=embedded&recipe=small&epochs=40&seed=0")
        press(page, "Train")
        becomes(page, "finished", 5 * PATIENCE)
        shows(page.locator(".test"), "of 364 test images are read rightly")
        accuracy = float(re.match(r"[\d.]+", page.locator(".test").inner_text())[0])
        assert accuracy >= 97
        # What is drawn is what was learned.
        mistakes = opened(page, "Mistakes")
        counts = [int(text or 0) for text in mistakes.locator("td").all_inner_texts()]
        assert sum(counts) == 183
        paths = page.locator("path.lenet-train").all()
        assert [path.get_attribute("d").count("L") > 200 for path in paths] == [True, True]


def test_a_link_followed_in_a_fresh_profile_leads_to_the_same_weights(browser, site):
    sums, links = [], [site[1] + SHORT]
    for _ in range(2):
        with visit(browser, links[-1]) as page:
            wait_until_ready(page)
            shows(page.locator(".lenet-said"), "epoch 0.00 of 3")
            press(page, "Train")
            becomes(page, "finished")
            sums.append(weights_sum(page))
            links.append(page.get_by_label("link to this run").input_value())
    assert sums[0] == sums[1]
    assert links == [links[0]] * 3


def test_a_page_closed_in_mid_epoch_goes_on_to_the_same_bits(browser, site):
    address = site[1] + SHORT
    with visit(browser, address) as page:
        wait_until_ready(page)
        press(page, "Train")
        becomes(page, "finished")
        wanted = weights_sum(page)
    context = browser.new_context()
    with visit(browser, address, context=context) as page:
        wait_until_ready(page)
        for done in range(1, 8):
            press(page, "Step")
            shows(page.locator(".lenet-said"), f"step {done} ")
            becomes(page, "paused")
    with visit(browser, address, context=context) as page:
        becomes(page, "paused")
        assert steps(page) == 7
        press(page, "Go on")
        becomes(page, "finished")
        assert weights_sum(page) == wanted
        # And once more: it is still there, and finished.
    with visit(browser, address, context=context) as page:
        becomes(page, "finished")
        assert weights_sum(page) == wanted
        press(page, "Reset")
        becomes(page, "ready")
        assert steps(page) == 0
    context.close()


def test_saved_weights_answer_alike_in_python_and_come_back(browser, site, tmp_path, embedded):
    with visit(browser, site[1] + SHORT) as page:
        wait_until_ready(page)
        press(page, "Epoch")
        becomes(page, "paused")
        opened(page, "Link and weights")
        with page.expect_download() as download:
            press(page, "Save the weights")
        path = tmp_path / "lenet.safetensors"
        download.value.save_as(path)
        accuracy = float(re.search(r"validation ([\d.]+)%", page.locator(".lenet-said").inner_text())[1])
        sum_ = weights_sum(page)
    model = load_network(path)
    assert 100 * evaluate(model, embedded.validation)[1] == pytest.approx(accuracy, abs=0.01)
    assert model.notes["seed"] == 5
    assert model.notes["link"] == SHORT
    flat = torch.cat([parameter.detach().flatten() for parameter in model.parameters()]).numpy()
    with visit(browser, site[1]) as page:
        wait_until_ready(page)
        part = opened(page, "Link and weights")
        part.get_by_label("load weights").set_input_files(path)
        shows(part, "This run began with the weights of a file")
        shows(page.locator(".sum"), sum_)
        assert sum_ == _sha(flat)
        shows(opened(page, "Network, data and recipe"), "average")
        part.get_by_label("load weights").set_input_files(__file__)
        shows(page.locator("#notices"), "This is not a whole safetensors file")


def _sha(weights: np.ndarray) -> str:
    import hashlib

    return hashlib.sha256(np.ascontiguousarray(weights, "<f4").tobytes()).hexdigest()


def test_the_network_is_chosen_by_switches_and_by_its_table(browser, site):
    from playwright.sync_api import expect

    with visit(browser, site[1]) as page:
        wait_until_ready(page)
        choices, ledger = (
            opened(page, "Network, data and recipe"),
            opened(page, "The network's ledger and table"),
        )
        choices.get_by_label("output", exact=True).select_option("rbf")
        expect(choices.get_by_label("recipe", exact=True)).to_have_value("small_rbf")
        shows(ledger, "RBF, fixed codes")
        # Two in a row: the second does not take back the first, which the page is still taking up.
        choices.get_by_label("subsampling", exact=True).select_option("trainable")
        choices.get_by_label("activation", exact=True).select_option("scaled_tanh")
        ledger.get_by_role("button", name="paper", exact=True).click()
        expect(choices.get_by_label("c3", exact=True)).to_have_value("table")
        # The network of section II-B, with the paper's figures.
        shows(ledger.locator("tfoot"), f"{lenet_ledger(lenet5()).totals['parameters']:,}")
        ledger.get_by_role("gridcell", name="map 0 of S2 to map 0 of C3: connected").click()
        expect(choices.get_by_label("c3", exact=True)).to_have_value("own")
        assert re.search(r"c3=[0-9a-f]{24}&", page.url)
        press(page, "Step")
        becomes(page, "paused")
        assert choices.get_by_label("output", exact=True).is_disabled()
        press(page, "Reset")
        becomes(page, "ready")
        for name, layer in (("LeNet-4", "C5"), ("LeNet-1", "S4"), ("LeNet 1989", "H2")):
            choices.get_by_label("network", exact=True).select_option(name)
            page.locator(f'.lenet-line[data-layer="{layer}"]').wait_for()
            press(page, "Step")
            shows(page.locator(".lenet-said"), "step 1")
            becomes(page, "paused")
            press(page, "Reset")
            becomes(page, "ready")


def test_a_drawing_is_read_while_the_network_learns(browser, site):
    from playwright.sync_api import expect

    with visit(browser, site[1]) as page:
        wait_until_ready(page)
        press(page, "Train")
        page.locator(".lenet-sheet").scroll_into_view_if_needed()
        box = page.locator(".lenet-sheet").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.2 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.8 * box["height"], steps=10)
        page.mouse.up()
        expect(page.locator(".answer")).to_have_text("read as 1", timeout=5 * PATIENCE)
        bars = page.locator(".pad .lenet-bar-row .lenet-formula")
        before = bars.all_inner_texts()
        page.wait_for_function(
            "(before) => [...document.querySelectorAll('.pad .lenet-bar-row .lenet-formula')]"
            ".map((e) => e.textContent).join() !== before",
            arg=",".join(before),
        )
        # The maps are those of the drawing, and any unit that is clicked tells how it comes about.
        shows(page.locator("#inside"), "10: a drawing")
        page.locator(".lenet-line[data-layer=C3] .lenet-map").nth(2).click()
        shows(page.locator(".lenet-words"), "C3, map 2")
        shows(page.locator(".lenet-how"), "terms)")
        press(page, "Pause")
        becomes(page, "paused")


def test_drawn_digits_are_kept_and_trained_on(browser, site):
    context = browser.new_context()
    with visit(browser, site[1], context=context) as page:
        wait_until_ready(page)
        for digit in (0, 1):
            for place in range(5):
                page.locator(".pad").get_by_role("button", name="Clear").click()
                box = page.locator(".lenet-sheet").bounding_box()
                x, y, side = box["x"], box["y"], box["width"]
                page.mouse.move(x + side * (0.4 + 0.05 * place), y + 0.2 * side)
                page.mouse.down()
                page.mouse.move(x + side * (0.2 + 0.3 * digit), y + 0.5 * side, steps=4)
                page.mouse.move(x + side * (0.4 + 0.05 * place), y + 0.8 * side, steps=4)
                page.mouse.up()
                page.get_by_label("which digit it is").select_option(str(digit))
                press(page, "Keep as a digit to train on")
                shows(page.locator("#notices"), f"you have drawn {5 * digit + place + 1} digits")
        shows(opened(page, "Data"), "5 × 0, 5 × 1")
        press(page, "Train on them")
        shows(opened(page, "Network, data and recipe"), "my drawings")
        press(page, "Epoch")
        becomes(page, "paused")
        link = page.url
    with visit(browser, link, context=context) as page:
        becomes(page, "paused")
    context.close()
    with visit(browser, link) as page:
        shows(page.locator("#notices"), "They are only in the browser in which they were drawn")


def test_pictures_in_colour_train_the_rgb_network(browser, site, tmp_path):
    from PIL import Image

    generator = np.random.default_rng(0)
    for name, colour in (("red", (200, 40, 40)), ("blue", (40, 40, 200))):
        (tmp_path / "mine" / name).mkdir(parents=True)
        for i in range(12):
            noise = generator.integers(-30, 30, (24, 40, 3))
            levels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(levels).save(tmp_path / "mine" / name / f"{i}.png")
    (tmp_path / "mine" / "red" / "broken.png").write_bytes(b"no picture")
    with visit(browser, site[1]) as page:
        wait_until_ready(page)
        data = opened(page, "Data")
        data.get_by_label("folder of pictures").set_input_files(tmp_path / "mine")
        shows(page.locator("#notices"), "1 of 25 files could not be read as pictures")
        shows(data, "Pictures of blue, red")
        page.locator('.lenet-line[data-layer="F7"]').wait_for(timeout=PATIENCE)
        assert "net=rgb" in page.url
        recipe = opened(page, "Network, data and recipe").get_by_label("recipe", exact=True)
        recipe.select_option("tutorial")
        press(page, "Train")
        becomes(page, "finished")
        shows(page.locator(".test"), "100.00% of")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("holiday.jpg", b"x", "holiday.jpg is none of MNIST's files"),
        ("train-labels-idx1-ubyte", b"x", "is not what its name says"),
        ("train-labels-idx1-ubyte.gz", b"\x1f\x8b broken", "it could not be unpacked"),
    ],
)
def test_wrong_files_are_told(browser, site, tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with visit(browser, site[1]) as page:
        wait_until_ready(page)
        opened(page, "Data").get_by_label("MNIST's four files").set_input_files(path)
        shows(page.locator("#notices"), message)


def test_a_link_to_data_that_is_not_there_and_a_wrong_link_say_so(browser, site):
    with visit(browser, site[1] + "#v=1&data=mnist&recipe=fast&seed=2") as page:
        shows(page.locator("#notices"), "is on MNIST, which the page does not have")
    with visit(browser, site[1] + "#v=7") as page:
        shows(page.locator("#notices"), "begins with #v=1")
        wait_until_ready(page)


@pytest.mark.parametrize("what", REFUSALS)
def test_a_browser_that_cannot_train_says_what_is_missing(browser, site, what):
    before, message = REFUSALS[what]
    with visit(browser, site[1], before) as page:
        shows(page.get_by_role("alert"), message)


@pytest.mark.parametrize("how", ["throw new DOMException('denied', 'SecurityError')", REFUSED])
def test_a_browser_that_keeps_nothing_trains_all_the_same(browser, site, how):
    with visit(browser, site[1] + SHORT, BLOCKED % how) as page:
        shows(page.locator("#notices"), "The browser keeps nothing for this page")
        wait_until_ready(page)
        press(page, "Epoch")
        becomes(page, "paused")


def test_the_page_works_as_a_file(browser, site):
    path = (site[0] / "playground" / "index.html").as_uri()
    with visit(browser, path + SHORT) as page:
        wait_until_ready(page)
        assert opened(page, "Data").get_by_role("button", name="Get it from this server").is_disabled()
        press(page, "Train")
        becomes(page, "finished")
        of_file = weights_sum(page)
    with visit(browser, site[1] + SHORT) as page:
        wait_until_ready(page)
        press(page, "Train")
        becomes(page, "finished")
        assert weights_sum(page) == of_file


AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.skipif(not AXE.exists(), reason="npm install axe-core to run this test")
def test_nothing_serious_stands_between_the_page_and_its_readers_in_light_and_dark(browser, site):
    with visit(browser, site[1] + SHORT, color_scheme="light", reduced_motion="reduce") as page:
        wait_until_ready(page)
        for summary in page.locator("details.card > summary").all():
            summary.click()
        press(page, "Epoch")
        becomes(page, "paused")
        page.evaluate(AXE.read_text("utf-8"))
        papers = set()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            papers.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
            found = page.evaluate("() => axe.run().then(({ violations }) => violations)")
            serious = [one for one in found if one["impact"] in ("serious", "critical")]
            assert not [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in serious]
        assert len(papers) == 2


@pytest.mark.slow
def test_mnist_by_file_picker_is_learned_to_99_percent(browser, site, mnist_folder):
    link = "#v=1&net=lenet5&c3=full&sub=max&act=relu&out=linear&data=mnist&recipe=sprint&seed=0"
    with visit(browser, site[1] + link) as page:
        shows(page.locator("#notices"), "is on MNIST, which the page does not have")
        files = [path for path in mnist_folder.iterdir() if "ubyte" in path.name]
        chosen = {path.name.removesuffix(".gz"): path for path in sorted(files)}
        opened(page, "Data").get_by_label("MNIST's four files").set_input_files(list(chosen.values()))
        shows(page.locator(".lenet-said"), "epoch 0.00 of 2")
        press(page, "Train")
        becomes(page, "finished", 10 * PATIENCE)
        page.locator(".test").get_by_text("10,000 test images").wait_for(timeout=PATIENCE)
        assert float(re.match(r"[\d.]+", page.locator(".test").inner_text())[0]) >= 99


@pytest.mark.slow
def test_mnist_comes_from_the_server_that_has_it(browser, site, mnist_folder):
    with (
        served(site[0], find_mnist(mnist_folder)) as address,
        visit(browser, f"{address}playground/index.html") as page,
    ):
        wait_until_ready(page)
        data = opened(page, "Data")
        press(page, "Get it from this server")
        data.get_by_text("MNIST is here, 60,000 digits to train on and 10,000 to test.").wait_for(
            timeout=PATIENCE
        )
        shows(page.locator(".lenet-said"), "epoch 0.00 of 5")
        assert "data=mnist" in page.evaluate("location.hash")
        press(page, "Step")
        shows(page.locator(".lenet-said"), "step 1")


def test_a_server_without_mnist_is_told_how_to_have_it(browser, site):
    with served(site[0]) as address:
        page = browser.new_page()
        page.goto(f"{address}playground/index.html")
        wait_until_ready(page)
        opened(page, "Data")
        press(page, "Get it from this server")
        shows(page.locator("#notices"), "Start it with: lenet-edu site --serve")
        page.close()
