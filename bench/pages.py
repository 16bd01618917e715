"""How quick the pages of the site are, in Chromium: `make bench-pages`.

    python -m bench.pages                  all of it, some ten minutes
    python -m bench.pages loading          one of loading, answers, training, mnist; others' results stay

loading: each page of the English edition on a processor slowed down four times, nothing kept from before.
answers: from what a reader does to the frame that shows what comes of it. training: frames while a network
learns in the page, and beside it ConvNetJS (from npm) in a page as its demos are made. mnist: chosen as files
in the playground, and learned. Written to bench/results/pages.json, and printed.
"""

import json
import os
import platform
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.browser import CONVNETJS, convnetjs
from bench.summaries import table
from bench.widgets import ACT
from lenet_edu.data.digits import find_mnist
from lenet_edu.site.builder import build_site
from lenet_edu.site.serve import make_server
from lenet_edu.system.files import read_json, write_json
from tests.browser import CHROMIUM, chromium

RESULTS = Path(__file__).parent / "results" / "pages.json"
SLOWER = 4  # times, as browsers' tools have it for a cheap laptop
SCREEN = {"width": 1366, "height": 768}
SECONDS = 6  # of training that are watched
TIMES = 60
PATIENCE = 240_000  # milliseconds
FIRST_PICTURE = 1500  # milliseconds that are aimed at, as are these
ANSWER = 50
TO_99 = 30  # seconds

PAINTS = """() => new Promise((done) => {
  new PerformanceObserver((list) => done({
    first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    main: list.getEntries().at(-1).startTime,
  })).observe({ type: "largest-contentful-paint", buffered: true });
})"""
FRAMES = """(seconds) => new Promise((done) => {
  const times = [];
  const look = (time) => {
    times.push(time);
    if (time - times[0] < 1000 * seconds) requestAnimationFrame(look);
    else done(times);
  };
  requestAnimationFrame(look);
})"""
# A page, a kind of instrument in it, which elements are acted upon, and with which event.
ACTIONS = {
    "point at a unit": ("02_c1", "FeatureMaps", ".lenet-small", "pointermove"),
    "choose a map": ("02_c1", "FeatureMaps", ".lenet-map", "click"),
    "one step of a convolution": ("02_c1", "Convolution", ".lenet-button:nth-of-type(2)", "click"),
    "change the C3 table": ("04_c3", "C3Table", ".lenet-cell", "click"),
}
DRAW = """async (times) => {
  const pad = document.querySelector('.lenet-figure[data-widget="DrawDigit"]');
  const [sheet, chart] = [pad.querySelector(".lenet-sheet"), pad.querySelector(".lenet-chart")];
  const box = sheet.getBoundingClientRect();
  const fire = (kind, x, y) => sheet.dispatchEvent(new PointerEvent(kind,
    { bubbles: true, pointerId: 1, clientX: box.left + x, clientY: box.top + y }));
  sheet.setPointerCapture = () => {};
  fire("pointerdown", 60, 40);
  await new Promise((done) => setTimeout(done, 1000));
  const taken = [];
  for (let i = 1; i <= times; i++) {
    const painted = new Promise((done) => {
      const seen = new MutationObserver(() => { seen.disconnect(); requestAnimationFrame(() => done()); });
      seen.observe(chart, { childList: true });
    });
    const before = performance.now();
    fire("pointermove", 60 + 100 * Math.abs(Math.sin(i / 9)), 40 + (i * 150) / times);
    await painted;
    taken.push(performance.now() - before);
    await new Promise((done) => setTimeout(done, 50));
  }
  return taken;
}"""
# As ConvNetJS's own demos train: one example a turn, in the page's own thread, with a look now and then.
CONVNET = """<!doctype html><title>ConvNetJS</title><h1>ConvNetJS</h1><p id="said">-</p>
<script src="convnet-min.js"></script><script>
const net = new convnetjs.Net();
net.makeLayers([
  { type: "input", out_sx: 32, out_sy: 32, out_depth: 1 },
  { type: "conv", sx: 5, filters: 6, stride: 1, pad: 0, activation: "relu" },
  { type: "pool", sx: 2, stride: 2 },
  { type: "conv", sx: 5, filters: 16, stride: 1, pad: 0, activation: "relu" },
  { type: "pool", sx: 2, stride: 2 },
  { type: "conv", sx: 5, filters: 120, stride: 1, pad: 0, activation: "relu" },
  { type: "fc", num_neurons: 84, activation: "relu" },
  { type: "softmax", num_classes: 10 },
]);
const trainer = new convnetjs.SGDTrainer(net, { learning_rate: 0.01, momentum: 0.9, batch_size: 20 });
const image = () => { const made = new convnetjs.Vol(32, 32, 1, 0);
  for (let i = 0; i < 1024; i++) made.w[i] = Math.random(); return made; };
const images = Array.from({ length: 100 }, image);
window.trained = 0;
setInterval(() => {
  const { loss } = trainer.train(images[window.trained % 100], window.trained % 10);
  window.trained += 1;
  if (window.trained % 50 === 0) document.getElementById("said").textContent = loss.toFixed(3);
}, 0);
</script>"""


@contextmanager
def opened(browser, slower: int = 1, **options):
    """A page of a browser that has never been here, and what asks its processor and its network."""
    context = browser.new_context(**{"viewport": SCREEN, "service_workers": "block", **options})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    tools = context.new_cdp_session(page)
    tools.send("Network.enable")
    if slower > 1:
        tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    yield page, tools
    context.close()


def loading(browser, address: str, site: Path) -> dict:
    """For each page milliseconds to its first and its largest picture, and bytes: at first, and all."""
    english = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return {name: load(browser, address + name) for name in english if not name.startswith(("zh/", "404"))}


def load(browser, address: str) -> dict:
    with opened(browser, SLOWER) as (page, tools):
        sizes = []
        tools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        page.goto(address, wait_until="load")
        paints = page.evaluate(PAINTS)
        page.wait_for_load_state("networkidle")
        first = sum(sizes)
        tools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        for figure in page.locator("img, .lenet-figure").all():
            figure.scroll_into_view_if_needed()
        page.wait_for_load_state("networkidle")
        return {"milliseconds": paints, "bytes": {"first": int(first), "all": int(sum(sizes))}}


def answers(browser, address: str, _) -> dict:
    """Milliseconds from what a reader does to the frame that shows it: the median, and 95 in 100."""
    taken = {}
    for name, (stem, widget, selector, kind) in ACTIONS.items():
        with opened(browser) as (page, _):
            bring_alive(page, f"{address}{stem}.html", widget)
            own = f'[data-widget="{widget}"] .lenet-widget {selector}'
            script = ACT.replace("`.lenet-widget ${selector}`", json.dumps(own))
            pairs, _ = page.evaluate(script, [selector, kind, TIMES])
            taken[name] = [painted for _, painted in pairs]
    with opened(browser) as (page, _):
        bring_alive(page, f"{address}00_start_here.html", "DrawDigit")
        taken["draw: all layers answer"] = page.evaluate(DRAW, TIMES)
    return {
        name: dict(zip(("median", "most"), np.percentile(times, (50, 95)).round(1).tolist(), strict=True))
        for name, times in taken.items()
    }


def bring_alive(page, address: str, widget: str) -> None:
    page.goto(address)
    figure = f'.lenet-figure[data-widget="{widget}"]'
    page.locator(figure).first.scroll_into_view_if_needed()
    page.locator(f"{figure}[data-alive]").first.wait_for()


def training(browser, address: str, site: Path) -> dict:
    """Frames a second and the longest one, in milliseconds, and images learned a second."""
    results = {}
    with opened(browser) as (page, _):
        page.goto(f"{address}playground/index.html#v=1&recipe=small&epochs=400")
        page.locator(".lenet-map").first.wait_for()
        results["playground"] = train(page)
    with opened(browser) as (page, _):
        bring_alive(page, f"{address}11_train.html", "TrainingPanel")
        results["notebook 11"] = train(page)
    (site / "convnet.html").write_text(CONVNET, encoding="utf-8")
    (site / "convnet-min.js").write_text(convnetjs(), encoding="utf-8")
    with opened(browser) as (page, _):
        page.goto(f"{address}convnet.html")
        frames = page.evaluate(FRAMES, 1)
        before = page.evaluate("trained")
        frames = page.evaluate(FRAMES, SECONDS)
        images = page.evaluate("trained") - before
        results[f"ConvNetJS {CONVNETJS}"] = smoothness(frames) | {"images": round(images / SECONDS)}
    return results


def train(page) -> dict:
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function("document.querySelector('.lenet-said').textContent.includes('images/s')")
    frames = page.evaluate(FRAMES, SECONDS)
    said = page.locator(".lenet-said").text_content() or ""
    speed = next(part for part in said.split(" · ") if part.endswith(" images/s"))
    return smoothness(frames) | {"images": int(speed.removesuffix(" images/s").replace(",", ""))}


def smoothness(times: list[float]) -> dict:
    gaps = np.diff(times)
    return {"frames": round(1000 / float(gaps.mean()), 1), "longest": round(float(gaps.max()), 1)}


def mnist(browser, address: str, _) -> dict:
    """Seconds to read MNIST's files and to learn them, and the share of test digits that are read rightly."""
    paths = find_mnist() or sys.exit("MNIST is needed: `lenet-edu data`, or set LENET_EDU_DATA.")
    link = "#v=1&net=lenet5&c3=full&sub=max&act=relu&out=linear&data=mnist&recipe=sprint&seed=0"
    with opened(browser) as (page, _):
        page.goto(f"{address}playground/index.html{link}")
        page.locator("#notices", has_text="is on MNIST").wait_for()
        start = time.perf_counter()
        page.get_by_label("MNIST's four files").set_input_files([str(path) for path in paths.values()])
        page.locator(".lenet-said", has_text="epoch 0.00 of 2").wait_for()
        read = time.perf_counter()
        page.get_by_role("button", name="Train", exact=True).click()
        page.locator(".lenet-state", has_text="finished").wait_for()
        learned = time.perf_counter()
        said = page.locator(".test").text_content() or ""
    return {
        "read": round(read - start, 1),
        "learn": round(learned - read, 1),
        "right": float(said.partition("%")[0]) / 100,
        "load": round(os.getloadavg()[0], 1),
    }


PARTS = {"loading": loading, "answers": answers, "training": training, "mnist": mnist}


def section(record: dict) -> str:
    """The part of docs/speed.md, from what has been measured."""
    load = ", ".join(f"{name} {record[name]['load']:.1f}" for name in PARTS if name in record)
    lines = [
        "## The pages of the site",
        "",
        f"In Chromium {record['chromium']}, {record['machine']}, {record['cores']} cores, {record['date']}. "
        f"The machine's load at the end of each part: {load}. `make bench-pages`.",
        "",
    ]
    if part := record.get("loading"):
        lines += [
            f"Each page on a processor slowed down {SLOWER} times, nothing kept from before, sent without "
            "compression: milliseconds to the first text or picture and to the largest one of the screen, "
            "megabytes until it rests, and after a walk through all its pictures and instruments.",
            "",
            table(["page", "first", "largest", "MB at first", "MB in all"], loading_rows(part["results"])),
        ]
    if part := record.get("answers"):
        rows = [
            [name, f"{one['median']:.0f} ms", f"{one['most']:.0f} ms"]
            for name, one in part["results"].items()
        ]
        lines += [
            f"From what a reader does to the frame that shows what comes of it, {TIMES} times each, on the "
            "processor as it is:",
            "",
            table(["what is done", "median", "95 of 100 within"], rows),
        ]
    if part := record.get("training"):
        rows = [
            [name, f"{one['frames']:.0f}", f"{one['longest']:.0f} ms", f"{one['images']:,}"]
            for name, one in part["results"].items()
        ]
        lines += [
            f"While LeNet-5 learns in the page, {SECONDS} seconds watched. ConvNetJS trains the same layers "
            "in a page as its demos are made, in the page's own thread. Its npm package holds no pages of "
            "its own, and CNN Explainer is not published there: neither's own pages can be measured here.",
            "",
            table(["page", "frames a second", "longest frame", "images a second"], rows),
        ]
    if part := record.get("mnist"):
        one = part["results"]
        lines += [
            f"MNIST's four files chosen in the playground: read and checked in {one['read']:.1f} s, learned "
            f"in {one['learn']:.1f} s (`sprint`, load {one['load']:.1f}), {one['right']:.2%} of the test "
            "digits read rightly.",
            "",
        ]
    lines.append(
        f"Aimed at: the first picture within {FIRST_PICTURE / 1000} s, 1.5 MB, an answer within {ANSWER} ms, "
        f"60 frames a second, and 99% of MNIST's test digits within {TO_99} s on two free cores.\n"
    )
    return "\n".join(lines)


def loading_rows(results: dict) -> list[list[str]]:
    return [
        [
            name.removesuffix(".html"),
            *(f"{one['milliseconds'][kind]:.0f}" for kind in ("first", "main")),
            *(f"{one['bytes'][kind] / 1e6:.2f}" for kind in ("first", "all")),
        ]
        for name, one in results.items()
    ]


def main(parts: list[str]) -> int:
    if not CHROMIUM:
        sys.exit("Install Chromium (Debian: apt install chromium), or set LENET_EDU_CHROMIUM to it.")
    if unknown := set(parts) - set(PARTS):
        sys.exit(f"There is no part {', '.join(unknown)}; parts are {', '.join(PARTS)}.")
    record = read_json(RESULTS) if RESULTS.exists() else {}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        site = Path(folder) / "site"
        build_site(site)
        server = make_server(site, 0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        record |= {
            "command": "make bench-pages",
            "chromium": browser.version.partition(".")[0],
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "date": time.strftime("%Y-%m-%d"),
        }
        for name in parts or PARTS:
            results = PARTS[name](browser, f"http://127.0.0.1:{server.server_address[1]}/", site)
            record[name] = {"results": results, "load": round(os.getloadavg()[0], 1)}
            write_json(RESULTS, record)
        server.shutdown()
    print(section(record))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
