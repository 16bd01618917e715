"""How fast the engine is in node and in Chromium, beside two common ways: `make bench-browser`.

    python -m bench.browser                measures in turns, some minutes; writes its results and prints them

One worker, one core, random images, since time does not depend on what is drawn. Of each, the shortest of all
rounds. ConvNetJS comes from npm into build/, for this measurement only.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from lenet_edu.engine.plan import plan
from lenet_edu.network.architecture import MODERN, lenet5
from lenet_edu.system.files import write_json
from tests.browser import CHROMIUM, chromium

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "browser.json"
MODULES = ROOT / "build" / "bench-browser"
CONVNETJS = "0.3.0"
ROUNDS = 20
NODE = """
import { readFileSync } from "node:fs";
import { measure } from MEASURE;
process.stdout.write(JSON.stringify(await measure(JSON.parse(readFileSync(0, "utf8")))));
"""
CHROME = """([given, address]) => new Promise((done, fail) => {
  const code = `import { measure } from "${address}/bench/browser_measure.js";
    onmessage = (event) => measure(event.data).then((answer) => postMessage({ answer }),
      (error) => postMessage({ error: String(error) }));
    postMessage("ready");`;
  const file = new Blob([code], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(file), { type: "module" });
  worker.onerror = (event) => fail(new Error(event.message));
  worker.onmessage = ({ data }) => {
    if (data === "ready") worker.postMessage(given);
    else if (data.error) fail(new Error(data.error));
    else done(data.answer);
  };
})"""


def convnetjs() -> str:
    """The text of ConvNetJS, fetched by npm when it is not there yet."""
    file = MODULES / "node_modules" / "convnetjs" / "build" / "convnet-min.js"
    if not file.exists():
        npm = shutil.which("npm") or sys.exit("Install npm to measure ConvNetJS.")
        command = [npm, "install", "--silent", "--no-save", "--prefix", MODULES, f"convnetjs@{CONVNETJS}"]
        MODULES.mkdir(parents=True, exist_ok=True)
        subprocess.run(command, check=True)
    return file.read_text("utf-8")


def in_node(given: dict) -> dict:
    """What node measures."""
    node = shutil.which("node") or sys.exit("Install node 18 or newer to measure in it.")
    script = NODE.replace("MEASURE", json.dumps((ROOT / "bench" / "browser_measure.js").as_uri()))
    command = [node, "--input-type=module", "-e", script]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def in_chromium(given: dict) -> dict | None:
    """What a worker of a headless Chromium measures; None without one."""
    if not CHROMIUM:
        return None
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=ROOT))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(f"{address}/bench/")  # any page of this origin
        answer = page.evaluate(CHROME, [given, address])
    server.shutdown()
    return answer


def section(record: dict) -> str:
    """The part of docs/speed.md."""
    places = list(record["measured"])
    rows = [f"| | {' | '.join(places)} |", f"| --- |{' --- |' * len(places)}"]
    for name in record["measured"]["node"]["milliseconds"]:
        times = [f"{record['measured'][place]['milliseconds'][name]:.3f} ms" for place in places]
        rows.append(f"| {name} | {' | '.join(times)} |")
    ratios = [f"{record['measured'][place]['timesConvNetJS']:.0f}x" for place in places]
    rows.append(f"| engine, modern, against ConvNetJS | {' | '.join(ratios)} |")
    kernels = ["| kernel, microseconds an example | forward | gradient | back |", "| --- | --- | --- | --- |"]
    times = record["measured"]["node"]["microseconds"]
    for name in dict.fromkeys(name.rsplit(" ", 1)[0] for name in times):
        own = [f"{times[f'{name} {kernel}']:.2f}" for kernel in ("forward", "gradient", "back")]
        kernels.append(f"| {name} | {' | '.join(own)} |")
    table, kernel_table = "\n".join(rows), "\n".join(kernels)
    return f"""## In a browser

One worker of the engine (`lenet_edu/engine`), milliseconds an example of a batch of 128, forward, backward
and step, where nothing else is said. {record["machine"]}, {record["cores"]} cores, node {record["node"]},
{record["date"]}. Of each the shortest of {record["rounds"]} rounds in turns.

{table}

Aimed at: 50 times ConvNetJS, an image through all layers in 0.3 ms, an update a pattern in 0.20 ms. The
engine's kernels, in node, for eight examples at once:

{kernel_table}
"""


def main() -> int:
    rounds = int(os.environ.get("ROUNDS", ROUNDS))
    plans = {"modern": plan(lenet5(**MODERN)), "1998": plan(lenet5())}
    given = {"plans": plans, "convnet": convnetjs(), "rounds": rounds}
    measured = {"node": in_node(given), "Chromium": in_chromium(given)}
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    record = {
        "command": "make bench-browser",
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "node": version.stdout.strip(),
        "date": time.strftime("%Y-%m-%d"),
        "rounds": rounds,
        "measured": {place: answer for place, answer in measured.items() if answer},
    }
    write_json(RESULTS, record)
    print(section(record))
    return 0


if __name__ == "__main__":
    sys.exit(main())
