"""Chromium comes to the same bits as node, and goes on where a closed tab stood."""

import hashlib
import json
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from lenet_edu.data.splits import PAPER_SCALING
from lenet_edu.engine.plan import plan
from lenet_edu.network.architecture import MODERN, lenet5
from lenet_edu.training.recipes import RECIPES
from tests.browser import CHROMIUM, chromium, needs_chromium

from .networks import NETWORKS, stirred
from .node import ENGINE, needs_node, run
from .test_training import SPAWN

# Everything is drawn in JavaScript, so that only text goes to and fro.
TRAIN = """
async (js, plans) => {
  const noise = (count, seed) => Float32Array.from({ length: count }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32 - 0.5;
  });
  const engine = await js.loadEngine();
  const sums = {};
  for (const [name, plan] of Object.entries(plans)) {
    const network = engine.network(plan);
    network.weights = noise(network.size, 1).map((x) => x / 5);
    network.rates = new Float32Array(network.size).fill(1e-5);
    const count = 24;
    const pixels = plan.input.maps * plan.input.size ** 2;
    const images = noise(count * pixels, 2);
    const labels = Int32Array.from({ length: count }, (_, n) => n % network.classCount);
    for (let n = 0; n < 5; n++) {
      network.learn(images, labels);
      network.step({ rate: 1e-3, momentum: 0.9, nesterov: true, weightDecay: 5e-4 });
    }
    network.trainPatterns(images, labels);
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", network.weights));
    sums[name] = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return sums;
}
"""

# A training of 300 digits in workers; the checksum of its last weights.
WHOLE = """
async ({ trainer, data }, given, more = {}) => {
  const { train, validation, test, source } = await data.loadEmbeddedDigits();
  const few = { ...train, bytes: train.bytes.subarray(0, 300 * 64), labels: train.labels.subarray(0, 300) };
  const training = await trainer.startTraining({
    ...given, data: { train: few, validation, test, source }, seed: 5, ...more,
  });
  const sum = async ({ weights }) => Array.from(
    new Uint8Array(await crypto.subtle.digest("SHA-256", weights)),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
  const play = (until) => new Promise((resolve, reject) => {
    for (const name of ["paused", "finished"]) training.addEventListener(name, resolve, { once: true });
    for (const name of ["diverged", "failed"]) {
      training.addEventListener(name, ({ detail }) => reject(new Error(detail.message)), { once: true });
    }
    training.play(until);
  });
  return { training, sum, play };
}
"""
GIVEN = {
    "plan": plan(lenet5(**MODERN)),
    "recipe": RECIPES["small"].changed(epochs=2, elastic=0.5).to_dict(),
    "scaling": PAPER_SCALING.to_dict(),
}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def address():
    """Where the engine is served, beside what it uses of the package."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=ENGINE.parent))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{ENGINE.name}"
    server.shutdown()
    server.server_close()


@contextmanager
def kept_chromium(folder):
    """A headless Chromium that keeps what pages store in a folder, as a reader's does; yields its tabs."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder, executable_path=CHROMIUM, args=arguments, headless=True
        )
        yield context
        context.close()


def in_page(page, address: str, body: str, **given):
    """What `body` returns in a page, where `engine`, `trainer`, `data`, `storage` and `whole` are at hand."""
    page.goto(address)
    return page.evaluate(
        f"""async ([address, given]) => {{
          const names = ["engine", "trainer", "data", "storage"];
          const at = (name) => import(`${{address}}/${{name}}.js`);
          const modules = await Promise.all(names.map(at));
          const [engine, trainer, data, storage] = modules;
          const whole = (given, more) => ({WHOLE})({{ trainer, data }}, given, more);
          {body}
        }}""",
        [address, given],
    )


@needs_node
@needs_chromium
def test_same_weights_in_node_and_chromium(address):
    plans = {name: plan(stirred(make).architecture) for name, make in NETWORKS.items()}
    in_node = run(f"return await ({TRAIN})(js, given.plans);", plans=plans)
    code = f"""
    import * as js from "{address}/engine.js";
    ({TRAIN})(js, {json.dumps(plans)}).then((sums) => postMessage(sums));
    """
    with chromium() as browser:
        page = browser.new_page()
        page.goto(address)
        in_worker = page.evaluate(
            """(code) => new Promise((done, fail) => {
              const file = new Blob([code], { type: "text/javascript" });
              const worker = new Worker(URL.createObjectURL(file), { type: "module" });
              worker.onmessage = ({ data }) => done(data);
              worker.onerror = (event) => fail(new Error(event.message));
            })""",
            code,
        )
    assert in_worker == in_node
    assert len(set(in_node.values())) == len(NETWORKS)


BODY = """
const sums = [];
for (const workers of [1, 2, 3]) {
  const { training, sum, play } = await whole(given, { workers, SPAWN });
  await play();
  sums.push(await sum(await training.state()));
  training.close();
}
return sums;
"""


@needs_node
@needs_chromium
def test_a_whole_training_comes_to_the_same_bits_in_node_and_chromium_with_any_number_of_workers(address):
    in_node = run(
        f"""
        const {{ spawn }} = await import({SPAWN});
        const [trainer, data] = [await use("trainer.js"), await use("data.js")];
        const whole = (given, more) => ({WHOLE})({{ trainer, data }}, given, more);
        {BODY.replace("SPAWN", "spawn")}
        """,
        **GIVEN,
    )
    with chromium() as browser:
        in_chromium = in_page(browser.new_page(), address, BODY.replace("SPAWN", ""), **GIVEN)
    assert len({*in_node, *in_chromium}) == 1


@needs_chromium
def test_a_tab_closed_in_mid_epoch_goes_on_to_the_same_bits(address, tmp_path):
    """The page is closed without a word while it trains; another one of the same name goes on."""
    begin = 'const { training, sum, play } = await whole(given, { workers: 2, name: "mine" });'
    with kept_chromium(tmp_path / "profile") as context:
        wanted = in_page(
            context.new_page(),
            address,
            "const { training, sum, play } = await whole(given); await play(); "
            "return sum(await training.state());",
            **GIVEN,
        )
        page = context.new_page()
        steps = in_page(
            page,
            address,
            f"{begin} await play({{ steps: 4 }}); training.play(); await training.pause(); "
            "await training.save(); training.play(); return (await training.state()).steps;",
            **GIVEN,
        )
        page.close()
    assert steps >= 4
    with kept_chromium(tmp_path / "profile") as context:
        came = in_page(
            context.new_page(),
            address,
            f"{begin} const {{ steps, seen }} = await training.state(); await play(); "
            "return { steps, seen, sum: await sum(await training.state()) };",
            **GIVEN,
        )
    assert came["steps"] >= 4
    assert came["sum"] == wanted


@needs_chromium
def test_an_exploded_loss_stops_the_training_of_a_page_with_its_last_good_weights(address):
    with chromium() as browser:
        came = in_page(
            browser.new_page(),
            address,
            """
            const recipe = { ...given.recipe, epochs: 3, warm_up: 0 };
            const { training, sum, play } = await whole({ ...given, recipe }, { workers: 2 });
            await play({ epochs: 1 });
            const good = await sum(await training.state());
            await training.changeRate(1e12);
            const message = await play().then(() => "nothing", (error) => error.message);
            return { good, message, last: await sum(await training.state()) };
            """,
            **GIVEN,
        )
    assert "the training has diverged" in came["message"]
    assert came["last"] == came["good"]


IDX = {
    "train-images-idx3-ubyte": (3, 60_000),
    "train-labels-idx1-ubyte": (1, 60_000),
    "t10k-images-idx3-ubyte": (3, 10_000),
    "t10k-labels-idx1-ubyte": (1, 10_000),
}


def idx(name: str) -> bytes:
    """A made-up file in MNIST's format: right in all but its content, so that only the checksum tells."""
    dimensions, count = IDX[name]
    sides = [count, 28, 28][:dimensions]
    header = bytes([0, 0, 8, dimensions]) + b"".join(side.to_bytes(4, "big") for side in sides)
    return header + bytes(int(np.prod(sides)))


PICK = """
const input = Object.assign(document.createElement("input"), { type: "file", multiple: true });
document.body.replaceChildren(input);
window.mnist = (await import(`${address}/data.js`)).readMnist;
return "ready";
"""
READ = """async () => {
  const files = document.querySelector("input").files;
  try {
    const read = await window.mnist(files);
    const splits = ["train", "validation", "test"];
    return Object.fromEntries(splits.map((name) => [name, read[name].labels.length]));
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}"""


@needs_chromium
def test_files_that_are_not_mnist_are_named_in_the_page_where_they_were_picked(address):
    good = "t10k-labels-idx1-ubyte"
    cases = [
        ([("notes.txt", b"hello")], "notes.txt is none of MNIST's files"),
        ([(good, idx(good))], f"{good} fails its checksum"),
        ([(good, idx(good)[:-5])], f"{good} holds 10,003 bytes instead of 10,008"),
        ([(good, idx("t10k-images-idx3-ubyte"))], "begins with 00000803, not with 00000801"),
        ([(f"{good}.gz", b"\x1f\x8b\x08\x00cut")], "could not be unpacked"),
        ([], "MNIST is four files. Missing: train-images-idx3-ubyte"),
    ]
    with chromium() as browser:
        page = browser.new_page()
        assert in_page(page, address, PICK) == "ready"
        for files, message in cases:
            payload = [
                {"name": name, "mimeType": "application/octet-stream", "buffer": content}
                for name, content in files
            ]
            page.set_input_files("input", payload)
            assert message in page.evaluate(READ)


@needs_chromium
def test_mnist_is_read_from_picked_files_and_kept(address, mnist, mnist_folder, tmp_path):
    paths = [str(path) for name in IDX for path in mnist_folder.glob(f"{name}*")][:4]
    with kept_chromium(tmp_path / "profile") as context:
        page = context.new_page()
        in_page(page, address, PICK)
        page.set_input_files("input", paths)
        counts = page.evaluate(READ)
        page.evaluate(
            """async (address) => {
              const { openStorage } = await import(`${address}/storage.js`);
              const read = await window.mnist(document.querySelector("input").files);
              await (await openStorage()).put("data", "mnist", read);
            }""",
            address,
        )
    with kept_chromium(tmp_path / "profile") as context:
        sums = in_page(
            context.new_page(),
            address,
            """
            const kept = await (await storage.openStorage()).get("data", "mnist");
            const hex = async (bytes) => Array.from(
              new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)),
              (byte) => byte.toString(16).padStart(2, "0")).join("");
            return [await hex(kept.test.bytes), await hex(kept.train.labels)];
            """,
        )
    splits = (mnist.train, mnist.validation, mnist.test)
    assert counts == dict(zip(("train", "validation", "test"), map(len, splits), strict=True))
    ink = PAPER_SCALING.undo(mnist.test.images)[:, 0, 2:-2, 2:-2].mul(255).round().byte().numpy()
    labels = mnist.train.labels.byte().numpy()
    assert sums == [hashlib.sha256(part.tobytes()).hexdigest() for part in (ink, labels)]
