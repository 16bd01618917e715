"""How fast widgets answer, measured in Chromium on a real JupyterLab: `make bench-widgets`.

Local actions: from the event to the frame that shows it, the time in our own code, and how many messages went
to the kernel meanwhile. Drawing: from a move of the pen to the layers painted, through the kernel.
Training: from a press of a button, or of the keys in another cell, to the answer. Written to
bench/results/widgets.json, and printed.
"""

import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from lenet_edu.system.files import write_json
from tests.browser import (
    CHROMIUM,
    PATIENCE,
    chromium,
    open_notebook,
    run_cell,
    running_lab,
    write_notebook,
)

ROOT = Path(__file__).resolve().parents[1]

RESULTS = ROOT / "bench" / "results" / "widgets.json"
SETUP = """
from lenet_edu.network.layer_outputs import activations
from lenet_edu.training.checkpoints import load_network
from lenet_edu.data.digits import load_digits
from lenet_edu.training.recipes import RECIPES
from lenet_edu.widgets import *
digits = load_digits("embedded").test.one_of_each()
network = load_network("lenet5-1998")
"""
PANEL = 'TrainingPanel(load_digits(), recipe=RECIPES["fast"].changed(epochs=500), folder="runs")'
# What is shown, which elements are acted upon, and with which event.
LOCAL = {
    "FeatureMaps: point at a unit": ("FeatureMaps(network, digits, digit=3)", ".lenet-small", "pointermove"),
    "FeatureMaps: choose a map": ("FeatureMaps(network, digits, digit=3)", ".lenet-map", "click"),
    "C3Table: click a cell": ("C3Table()", ".lenet-cell", "click"),
    "C3Table: point at a column": ("C3Table()", ".lenet-cell", "pointerenter"),
    "DigitCodes: click a pixel": (
        "DigitCodes(network, digits, digit=3)",
        ".lenet-code .lenet-picture",
        "click",
    ),
    "Convolution: step": (
        "Convolution(digits.images[3], network.C1)",
        ".lenet-button:nth-of-type(2)",
        "click",
    ),
}
ACT = """async ([selector, kind, times]) => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = done;
        channel.port2.postMessage(0);
    }));
    let messages = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (...data) { messages += 1; return send.apply(this, data); };
    const taken = [];
    for (let i = 0; i < times; i++) {
        const all = document.querySelectorAll(`.lenet-widget ${selector}`);
        const target = all[(i * 7) % all.length];
        const box = target.getBoundingClientRect();
        const [x, y] = [(i * 0.37) % 1, (i * 0.61) % 1];
        const at = { clientX: box.left + box.width * x, clientY: box.top + box.height * y };
        await frame();
        const before = performance.now();
        target.dispatchEvent(new PointerEvent(kind, { bubbles: kind !== "pointerenter", ...at }));
        const handled = performance.now();
        await frame();
        taken.push([handled - before, performance.now() - before]);
    }
    WebSocket.prototype.send = send;
    return [taken, messages];
}"""
DRAW = """async (times) => {
    const sheet = document.querySelector(".lenet-sheet");
    const chart = document.querySelector(".lenet-chart");
    const box = sheet.getBoundingClientRect();
    const fire = (kind, x, y) => sheet.dispatchEvent(new PointerEvent(kind,
        { bubbles: true, pointerId: 1, clientX: box.left + x, clientY: box.top + y }));
    sheet.setPointerCapture = () => {};
    fire("pointerdown", 60, 40);
    await new Promise((done) => setTimeout(done, 1000));
    const taken = [];
    for (let i = 1; i <= times; i++) {
        const painted = new Promise((done) => {
            const seen = new MutationObserver(() => { seen.disconnect(); done(); });
            seen.observe(chart, { childList: true });
        });
        const before = performance.now();
        fire("pointermove", 60 + 100 * Math.abs(Math.sin(i / 9)), 40 + (i * 150) / times);
        await painted;
        taken.push(performance.now() - before);
        await new Promise((done) => setTimeout(done, 30));
    }
    return taken;
}"""

# How long the panel takes to answer a button while the kernel trains, by what its status says.
PRESS = """async (times) => {
    const state = document.querySelector(".lenet-state");
    const buttons = [...document.querySelectorAll(".lenet-button")];
    const press = (name) => buttons.find((one) => one.textContent === name).click();
    const becomes = (text) => new Promise((done) => {
        const look = () => state.textContent === text && (seen.disconnect(), done(true));
        const seen = new MutationObserver(look);
        seen.observe(state, { childList: true, characterData: true, subtree: true });
        look();
    });
    const taken = [];
    for (let i = 0; i < times; i++) {
        const pair = [];
        for (const [button, status] of [["Pause", "paused"], ["Go on", "running"]]) {
            const before = performance.now();
            press(button);
            await becomes(status);
            pair.push(performance.now() - before);
        }
        taken.push(pair);
        await new Promise((done) => setTimeout(done, 400));
    }
    return taken;
}"""


def main() -> None:
    if not CHROMIUM:
        sys.exit("Install Chromium (Debian: apt install chromium), or set LENET_EDU_CHROMIUM to it.")
    results = {}
    with (
        tempfile.TemporaryDirectory() as name,
        running_lab(Path(name), name) as address,
        chromium() as browser,
    ):
        for action, (source, selector, kind) in LOCAL.items():
            page = shown(browser, address, Path(name), source)
            taken, messages = page.evaluate(ACT, [selector, kind, 200])
            own, painted = np.array(taken).T
            results[action] = {"own code": summary(own), "painted": summary(painted), "messages": messages}
            page.close()
        page = shown(browser, address, Path(name), "DrawDigit(network)")
        results["DrawDigit: pen to all layers"] = {"painted": summary(np.array(page.evaluate(DRAW, 200)))}
        page.close()
        page = shown(browser, address, Path(name), PANEL, "1 + 1")
        page.get_by_role("button", name="Train", exact=True).click()
        page.wait_for_timeout(3000)
        pauses, goings = np.array(page.evaluate(PRESS, 20)).T
        results["TrainingPanel: Pause while it trains"] = {"painted": summary(pauses)}
        results["TrainingPanel: Go on"] = {"painted": summary(goings)}
        results["another cell while it trains"] = {"painted": summary(other_cell(page, 20))}
    machine = {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    write_json(
        RESULTS, {"command": "make bench-widgets", "unit": "ms", "machine": machine, "actions": results}
    )
    show(results)


def other_cell(page, times: int) -> np.ndarray:
    """Milliseconds from pressing the keys in the second cell until its answer is there."""
    run_cell(page, 1)
    prompt = page.locator(".jp-CodeCell").nth(1).locator(".jp-InputPrompt")
    page.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    taken = []
    for _ in range(times):
        page.wait_for_timeout(300)
        before = prompt.inner_text()
        start = time.perf_counter()
        page.keyboard.press("Control+Enter")
        changed = "([prompt, before]) => prompt.innerText !== before && /[0-9]/.test(prompt.innerText)"
        page.wait_for_function(changed, arg=[prompt.element_handle(), before], polling=5)
        taken.append(1000 * (time.perf_counter() - start))
    return np.array(taken)


def shown(browser, address: str, folder: Path, source: str, *more: str):
    """A page with that widget, and further cells."""
    write_notebook(folder / "bench.ipynb", f"{SETUP}{source}", *more)
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    open_notebook(page, address, "bench.ipynb")
    run_cell(page, 0)
    page.locator(".lenet-widget").wait_for(timeout=PATIENCE)
    page.wait_for_timeout(1000)
    return page


def summary(milliseconds: np.ndarray) -> dict:
    """Median and 95th percentile, in milliseconds."""
    return {
        "median": round(float(np.median(milliseconds)), 2),
        "p95": round(float(np.quantile(milliseconds, 0.95)), 2),
    }


def show(results: dict) -> None:
    print(f"{'':<38} {'own code':>16} {'painted':>16}  messages")
    print(f"{'milliseconds':<38} {'median':>8}{'p95':>8} {'median':>8}{'p95':>8}")
    for action, times in results.items():
        own, painted = times.get("own code"), times["painted"]
        ours = f"{own['median']:>8}{own['p95']:>8}" if own else " " * 16
        print(f"{action:<38} {ours} {painted['median']:>8}{painted['p95']:>8}  {times.get('messages', '')}")


if __name__ == "__main__":
    main()
