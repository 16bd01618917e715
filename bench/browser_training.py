"""How right the engine is after a recipe on MNIST, beside Python: whole trainings in node, some minutes each.

    python -m bench.browser_training SEED...        in node, once with each seed
    python -m bench.browser_training chromium       one epoch in a page that is watched
    python -m bench.browser_training workers        two workers, in turns with ConvNetJS

All write bench/results/browser-training.json. The recipe is `fast`, chosen on validation digits long before;
the test digits are judged once, after its end.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.browser import convnetjs
from lenet_edu.data.digits import find_mnist
from lenet_edu.data.splits import PAPER_SCALING
from lenet_edu.engine.plan import plan
from lenet_edu.network.architecture import MODERN, lenet5
from lenet_edu.system.files import write_json
from lenet_edu.training.recipes import RECIPES
from tests.browser import chromium

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "browser-training.json"
WORKERS = 2
_DURATIONS = {"wall": "dur", "CPU": "tdur"}  # of an event in a trace, in microseconds
NODE = """
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { trainOnMnist } from TRAINING;
import { spawn } from SPAWN;
const { files, ...given } = JSON.parse(readFileSync(0, "utf8"));
const opened = Object.entries(files).map(([name, path]) => ({
  name,
  arrayBuffer: async () => new Uint8Array(await readFile(path)).buffer,
}));
const answer = await trainOnMnist(given, opened, spawn);
const { user, system } = process.cpuUsage();
process.stdout.write(JSON.stringify({ ...answer, cpuSeconds: (user + system) / 1e6 }));
"""


def train_in_node(**given) -> dict:
    """What a training in node comes to; `given` as bench/browser_training.js takes it."""
    node = shutil.which("node") or sys.exit("Install node 18 or newer to train in it.")
    paths = find_mnist() or sys.exit(
        "MNIST is needed: fetch it with `lenet-edu data`, or set LENET_EDU_DATA."
    )
    script = NODE.replace("TRAINING", json.dumps((ROOT / "bench" / "browser_training.js").as_uri()))
    script = script.replace("SPAWN", json.dumps((ROOT / "tests" / "engine" / "js" / "spawn.mjs").as_uri()))
    given |= {"files": {name: str(path) for name, path in paths.items()}}
    command = [node, "--input-type=module", "-e", script]
    done = subprocess.run(command, input=json.dumps(given), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


class _Isolated(SimpleHTTPRequestHandler):
    """Sends what isolates a page, so that it may share memory and learn how much it has."""

    def end_headers(self):
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_):
        pass


def train_in_chromium(**given) -> dict:
    """What a training in a page comes to, and how long the page was busy with one thing meanwhile.

    longest_task, wall and CPU: milliseconds. A busy machine interrupts a task, which its CPU time leaves out.
    """
    paths = find_mnist() or sys.exit(
        "MNIST is needed: fetch it with `lenet-edu data`, or set LENET_EDU_DATA."
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Isolated, directory=ROOT))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(f"http://127.0.0.1:{server.server_port}/bench/")
        page.set_content('<input type="file" multiple>')
        page.set_input_files("input", [str(path) for path in paths.values()])
        page.evaluate(
            """async (given) => {
              const { trainOnMnist } = await import("/bench/browser_training.js");
              const files = document.querySelector("input").files;
              window.begun = new Promise((resolve) => {
                window.answer = trainOnMnist({ ...given, begun: resolve }, files);
              });
              window.answer.catch(() => {});
              await Promise.race([window.begun, window.answer]);
            }""",
            given,
        )
        browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
        answer = page.evaluate("window.answer")
        trace = json.loads(browser.stop_tracing())["traceEvents"]
    server.shutdown()
    return answer | _longest_task(trace)


def _longest_task(trace: list[dict]) -> dict:
    """Of all tasks on the page's main thread."""
    mains = {
        (event["pid"], event["tid"])
        for event in trace
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        event
        for event in trace
        if event["name"].endswith("RunTask") and (event["pid"], event["tid"]) in mains and "dur" in event
    ]
    longest = {key: max(task.get(name, 0) for task in tasks) / 1000 for key, name in _DURATIONS.items()}
    return {"tasks": len(tasks), "longest_task": longest}


def workers_in_node(rounds: int = 100) -> dict:
    """How fast steps of a training in two workers are, in turns with ConvNetJS."""
    script = (
        f"import {{ measureWorkers }} from {json.dumps((ROOT / 'bench' / 'browser_training.js').as_uri())};"
        f"import {{ spawn }} from {json.dumps((ROOT / 'tests' / 'engine' / 'js' / 'spawn.mjs').as_uri())};"
        'import { readFileSync } from "node:fs";'
        'const given = JSON.parse(readFileSync(0, "utf8"));'
        "process.stdout.write(JSON.stringify(await measureWorkers(given, spawn)));"
    )
    node = shutil.which("node") or sys.exit("Install node 18 or newer to train in it.")
    # Without distortions, which ConvNetJS does not make either.
    given = json.dumps(setting("plain") | {"convnet": convnetjs(), "rounds": rounds})
    command = [node, "--input-type=module", "-e", script]
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def _load() -> dict:
    return {"load": os.getloadavg()[0]}


def setting(recipe: str = "fast") -> dict:
    """The modern network and a recipe, as the engine takes them."""
    return {
        "plan": plan(lenet5(**MODERN)),
        "recipe": RECIPES[recipe].to_dict(),
        "scaling": PAPER_SCALING.to_dict(),
        "workers": WORKERS,
    }


def section(record: dict) -> str:
    """The part of docs/speed.md, from what has been measured."""
    lines = ["### Whole trainings in a browser\n"]
    about = f"`{record['recipe']}`, {record['network']} network, {record['workers']} workers"
    if runs := record["node"]:
        rows = [
            "| seed | test digits right | CPU seconds | seconds an epoch | load |",
            "| --- |" + " --- |" * 4,
        ]
        for seed, run in runs.items():
            quickest = min(epoch["wall"] for epoch in run["epochs"])
            cells = [seed, f"{run['accuracy']:.2%}", f"{run['cpuSeconds']:.0f}", f"{quickest:.1f}"]
            rows.append(f"| {' | '.join(cells)} | {run['load']:.1f} |")
        lines += [
            f"On MNIST, with {about}, in node. Load is how many processes wanted one of the cores.\n",
            *rows,
            "",
        ]
    if page := record["Chromium"]:
        task = page["longest_task"]
        lines.append(
            f"In Chromium, an epoch of it: page, workers and their wasm hold {page['megabytes']:.0f} MB. The "
            f"longest of {page['tasks']} tasks of the page's own thread took {task['CPU']:.1f} ms of "
            f"computing, {task['wall']:.0f} ms with what the machine did in between.\n"
        )
    if pair := record.get("two workers"):
        lines.append(
            f"Steps in two workers, messages and all, in turns with ConvNetJS in node: "
            f"{pair['milliseconds']['engine']:.3f} ms an example, {pair['timesConvNetJS']:.0f} times as fast "
            f"(load {pair['load']:.1f}).\n"
        )
    lines.append(
        "Aimed at: 99.2% of the test digits, an epoch within 5 s on two free cores, 90 times ConvNetJS, "
        "250 MB, and no task of more than 16 ms.\n"
    )
    return "\n".join(lines)


def main(what: list[str]) -> int:
    about = {"network": "modern", "recipe": "fast", "workers": WORKERS}
    record = {"command": "python -m bench.browser_training", **about, "node": {}, "Chromium": {}}
    if RESULTS.exists():
        record |= json.loads(RESULTS.read_text("utf-8"))
    for each in what:
        if each == "chromium":
            run = train_in_chromium(**setting(), seed=0, epochs=1)
            record["Chromium"] = run | _load()
            print(json.dumps(run, indent=1))
        elif each == "workers":
            record["two workers"] = workers_in_node() | _load()
            print(json.dumps(record["two workers"]))
        else:
            run = train_in_node(**setting(), seed=int(each))
            record["node"][each] = run | _load()
            print(
                f"seed {each}: {run['accuracy']:.2%} of the test digits, {run['cpuSeconds']:.0f} CPU seconds"
            )
        write_json(RESULTS, record)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["0", "chromium", "workers"]))
