"""The same bits in node and in Chromium: a short training of each kind, from one start, in a worker there."""

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lenet_edu.engine.plan import plan
from tests.browser import chromium, needs_chromium

from .networks import NETWORKS, stirred
from .node import ENGINE, needs_node, run

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


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def address():
    """Where the engine's folder is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=ENGINE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


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
