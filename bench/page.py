"""docs/speed.md, made from the results that are there."""

import statistics
from pathlib import Path

from bench import browser, browser_training, busy, colour, pages, updates
from bench.aims import cpu_aims, gpu_aims
from bench.contenders import EXAMPLE, OURS, THREADS, TUTORIAL, contenders
from bench.summaries import describe_times, of, seconds_to, table, typical
from lenet_edu.system.files import read_json

RESULTS = Path(__file__).parent / "results"
MARKS = (0.98, 0.99, 0.993)


def page() -> str:
    """docs/speed.md, from the results that are there."""
    parts = [HEAD]
    for device, title in (("cpu", "On a CPU"), ("cuda", "On a GPU")):
        path = RESULTS / f"training-{device}.json"
        if path.exists():
            parts += section(title, read_json(path))
        else:
            parts.append(f"## {title}\n\nNot measured yet: `make bench{'-gpu' * (device == 'cuda')}`.\n")
    if busy.RESULTS.exists():
        parts.append(busy.section(read_json(busy.RESULTS)))
    if colour.RESULTS.exists():
        parts.append(colour.section(read_json(colour.RESULTS)))
    if updates.RESULTS.exists():
        parts.append(updates.section(read_json(updates.RESULTS)))
    if browser.RESULTS.exists():
        parts.append(browser.section(read_json(browser.RESULTS)))
    if browser_training.RESULTS.exists():
        parts.append(browser_training.section(read_json(browser_training.RESULTS)))
    if pages.RESULTS.exists():
        parts.append(pages.section(read_json(pages.RESULTS)))
    return "\n".join(parts)


HEAD = """# How fast it is, and how good

This page is written by `python -m bench.speed --docs` from the results in `bench/results/`. All contenders
train the same network, the modern LeNet-5 with its 61,706 parameters, on the same machine, one process
after the other and in turns, so that a slow minute of the machine hits all alike.

- **Ours**: `fit`, with the named recipes. It keeps 5,000 of MNIST's 60,000 training digits for validation.
- **The tutorial's way**: torchvision's data set, four PIL transforms for every image (resize, turn, tensor,
  normalise), a DataLoader with 0 or 2 workers, batches of 32, SGD at 0.01 with momentum 0.9.
- **An example script**: `ToTensor`, `Normalize`, a DataLoader, batches of 64, Adadelta at 1.0, times 0.7
  an epoch.

Seconds are seconds of training: neither the start nor the looks at validation or test digits count. *Cold*
is what a process needs before it: importing, loading, and the first step. The test digits tell when a mark
is passed, four times an epoch; nothing was chosen by them.
"""


def section(title: str, record: dict) -> list[str]:
    """The tables of one device."""
    here = record["machine"]
    on = here["gpu"] or f"{here['cpu']}, {here['cores']} cores"
    runs = [run for run in record["runs"] if not run["one_thread"]]
    parts = [
        f"## {title}\n",
        f"{on}; {here['system']}, Python {here['python']}, torch {here['torch']}, {here['date']}. "
        f"Command: `{record['command']}`.\n",
        "### To an accuracy\n",
        accuracies(runs),
        "### Images a second\n",
        speeds(runs),
        "### Start and memory\n",
        starts(runs),
        f"`import lenet_edu.training.loop` takes {record['imports']['lenet_edu']:.2f} s beyond torch's own "
        f"{record['imports']['torch']:.1f} s.\n",
    ]
    single = [run for run in record["runs"] if run["one_thread"]]
    if single:
        one_thread = typical(single, "images_per_second")
        all_threads = typical([run for run in runs if run["contender"] == THREADS], "images_per_second")
        parts.append(
            f"Threads: batches of 128 go through at {one_thread:,.0f} images a second with one thread, at "
            f"{all_threads:,.0f} with torch's own number, {runs[0]['threads']}.\n"
        )
    parts += ["### Where the time goes\n", profile_text(record["profile"])]
    if record["ways"]:
        parts += ["### Ways that were tried\n", ways_text(record["ways"])]
    return [
        *parts,
        "### Against what was aimed at\n",
        cpu_aims(record) if here["gpu"] is None else gpu_aims(record),
    ]


def accuracies(runs: list[dict]) -> str:
    """Seconds to each mark (median over seeds, with how many reached it), and the accuracy at the end."""
    head = [
        "",
        "seeds",
        *(f"to {mark:.1%}" for mark in MARKS),
        "at the end",
        "training",
        "against the tutorial",
    ]
    rivals = of(runs, f"{TUTORIAL}, 0 workers")
    lines = []
    for name in contenders():
        mine = [run for run in of(runs, name) if run["marks"]]
        if not mine:
            continue
        times = [[seconds_to(run, mark) for run in mine] for mark in MARKS]
        ends = [100 * run["accuracy"] for run in mine]
        spread = f" ± {statistics.stdev(ends):.2f}" if len(ends) > 1 else ""
        at_end = f"{statistics.mean(ends):.2f}%{spread}"
        ratio = None
        if rivals and not name.startswith(TUTORIAL):
            slow = [seconds_to(run, 0.98) for run in rivals]
            if all(slow) and all(times[0]):
                ratio = statistics.median(slow) / statistics.median(times[0])
        lines.append(
            [
                name,
                str(len(mine)),
                *(describe_times(seconds) for seconds in times),
                at_end,
                f"{typical(mine, 'training_seconds'):.1f} s",
                f"{ratio:.1f}x sooner at 98%" if ratio else "",
            ]
        )
    return table(head, lines)


def speeds(runs: list[dict]) -> str:
    """Images a second when warm, and how many times as many as the tutorial's way."""
    base = of(runs, f"{TUTORIAL}, 0 workers")
    head = ["", "images a second", "of the tutorial's, 0 workers", "an epoch of 60,000"]
    lines = []
    for name in contenders():
        mine = [run for run in of(runs, name) if run["images_per_second"]]
        if not mine:
            continue
        speed = typical(mine, "images_per_second")
        ratio = f"{speed / typical(base, 'images_per_second'):.1f}x" if base else ""
        lines.append([name, f"{speed:,.0f}", ratio, f"{60_000 / speed:.1f} s"])
    return table(head, lines)


def starts(runs: list[dict]) -> str:
    """Seconds before the first step is done, and the most memory."""
    head = ["", "import", "load", "first step", "peak memory"]
    lines = []
    for name in (f"{OURS}, fast", f"{TUTORIAL}, 0 workers", f"{TUTORIAL}, 2 workers", EXAMPLE):
        mine = of(runs, name)
        if not mine:
            continue
        cold = [
            statistics.median(run["cold"][part] for run in mine) for part in ("import", "load", "first_step")
        ]
        lines.append(
            [name, *(f"{seconds:.2f} s" for seconds in cold), f"{typical(mine, 'peak_mib'):,.0f} MiB"]
        )
    return table(head, lines)


def profile_text(profile: dict) -> str:
    """The profile in a few sentences and a table."""
    share = profile["gflops_reached"] / profile["gflops_limit"]
    text = (
        f"To train on one image takes {profile['mflop_per_image']:.2f} million operations. A step of "
        f"{profile['batch']} distorted images takes {profile['step_ms']:.2f} ms: "
        f"{profile['gflops_reached']:.0f} thousand million operations a second, {share:.0%} of the "
        f"{profile['gflops_limit']:.0f} that one large matrix product reaches here.\n"
    )
    if "shares" in profile:
        lines = [[kind, f"{part:.0%}"] for kind, part in profile["shares"].items()]
        text += "\n" + table(["kind of work", "share of a step"], lines)
    return text


def ways_text(ways: list[dict]) -> str:
    """The ways side by side."""
    names = list(dict.fromkeys(way["way"] for way in ways))
    batches = list(dict.fromkeys(way["batch"] for way in ways))
    lines = []
    for name in names:
        mine = {way["batch"]: way for way in ways if way["way"] == name}
        lines.append(
            [
                name,
                *(f"{mine[batch]['step_ms']:.2f} ms" for batch in batches),
                f"{mine[batches[0]]['first_step_s']:.1f} s",
            ]
        )
    head = ["a plain step, not distorted", *(f"batches of {batch}" for batch in batches), "the first step"]
    return (
        table(head, lines) + "\n"
        "bfloat16 is not taken: it gains nothing in small batches, nor on processors without units for it. "
        "Compiling needs a compiler on the reader's machine.\n"
    )
