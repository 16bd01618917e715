"""How fast training is, beside two common ways: `make bench`, `make bench-gpu`, and docs/speed.md.

    python bench/speed.py                  every contender, several seeds, interleaved; about half an hour
    python bench/speed.py --only sprint    those whose name has this in it; the others' results stay
    python bench/speed.py --docs           writes docs/speed.md anew from the results that are there

Each run is a process of its own. Results are kept as they come, so that an interrupted bench has what it had.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench import busy, pictures, updates
from bench.contenders import EXAMPLE, OURS, TUTORIAL, contenders
from lenet_edu.data.digits import data_folder, find_mnist
from lenet_edu.system.files import read_json, write_atomically, write_json

ROOT = Path(__file__).resolve().parents[1]

RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "speed.md"
MARKS = (0.98, 0.99, 0.993)
# Runs of each contender. `best` takes several minutes each, `thorough` more than one.
SEEDS = {f"{OURS}, sprint": 5, f"{OURS}, fast": 5, f"{OURS}, thorough": 10, f"{OURS}, best": 3}
FEWER = 2
THREADS = f"{OURS}, batches of 128"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--only", default="", help="contenders whose name has this in it")
    parser.add_argument("--docs", action="store_true", help="only write docs/speed.md")
    options = parser.parse_args()
    if not options.docs:
        import torch

        if options.device == "cuda" and not torch.cuda.is_available():
            print("There is no CUDA GPU here. On a machine with one: make bench-gpu")
            return 2
        if find_mnist() is None:
            print(f"MNIST is not in {data_folder()}. Fetch it first: lenet-edu data")
            return 2
        measure(options)
    write_atomically(PAGE, page().encode())
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


# Measuring -------------------------------------------------------------------------------------------


def measure(options) -> None:
    """Run what is asked for, seed after seed, and keep every result at once."""
    path = RESULTS / f"training-{options.device}.json"
    kept = read_json(path) if path.exists() else {"runs": []}
    kept |= {
        "machine": machine(options.device),
        "command": "make bench" if options.device == "cpu" else "make bench-gpu",
    }
    names = [name for name in contenders() if options.only in name]
    for seed in range(max(SEEDS.values())):
        for name in names:
            if seed >= SEEDS.get(name, FEWER):
                continue
            keep(kept, path, one(name, seed, options.device))
            if name == THREADS and options.device == "cpu":
                keep(kept, path, one(name, seed, options.device, threads=1))
    kept["imports"] = imports()
    kept["profile"] = profile(options.device)
    kept["ways"] = ways() if options.device == "cpu" else []
    write_json(path, kept)


def keep(kept: dict, path: Path, found: dict) -> None:
    """Put a run in the place of an earlier one of the same name, seed and threads."""
    which = ("contender", "seed", "one_thread")
    same = [all(run[key] == found[key] for key in which) for run in kept["runs"]]
    kept["runs"] = [run for run, is_same in zip(kept["runs"], same, strict=True) if not is_same] + [found]
    kept["runs"].sort(key=lambda run: [str(run[key]) for key in which])
    write_json(path, kept)


def one(name: str, seed: int, device: str, threads: int | None = None) -> dict:
    """A contender's run in a fresh process."""
    environment = {**os.environ} | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
    script = [sys.executable, str(ROOT / "bench" / "contenders.py"), name]
    start = time.perf_counter()
    done = subprocess.run(
        [*script, f"--seed={seed}", f"--device={device}"], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise SystemExit(f"{name}, seed {seed}, failed:\n{done.stderr[-3000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    whole = round(time.perf_counter() - start, 2)
    print(f"{name}, seed {seed}: {found['images_per_second']} images/s, {found['accuracy']:.2%}, {whole} s")
    return {"contender": name, "seed": seed, "one_thread": threads == 1, **found, "whole_seconds": whole}


def imports(times: int = 5) -> dict:
    """Seconds to import torch, and beyond that all of ours that trains: medians over fresh processes."""
    code = (
        "import time; a = time.perf_counter(); import torch; b = time.perf_counter();"
        "import lenet_edu.training.loop; print(b - a, time.perf_counter() - b)"
    )
    pairs = []
    for _ in range(times):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        pairs.append([float(word) for word in done.stdout.split()])
    torchs, rest = (round(statistics.median(column), 3) for column in zip(*pairs, strict=True))
    return {"torch": torchs, "lenet_edu": rest}


def machine(device: str) -> dict:
    """What it was measured on."""
    import torch

    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if device == "cuda" else None,
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
    }


# Where the time goes ---------------------------------------------------------------------------------

KINDS = {
    "convolutions": ("convolution",),
    "pooling": ("max_pool",),
    "squash (ReLU)": ("clamp_min", "threshold", "relu"),
    "matrix products (C5, F6, OUTPUT)": ("addmm", "aten::mm", "linear"),
    "distortions": ("grid_sampler", "affine_grid", "bmm", "cos", "sin", "stack"),
    "optimiser": ("sgd", "SGD"),
    "loss and counting": ("softmax", "nll_loss", "argmax", "eq", "sum"),
}


def profile(device: str, batch: int = 128, steps: int = 60) -> dict:
    """Shares of a step by kind of work, and how far it is from what the machine can multiply."""
    import torch

    from lenet_edu.data.digits import load_digits
    from lenet_edu.network.architecture import MODERN
    from lenet_edu.network.models import LeNet5
    from lenet_edu.system.devices import keep_freed_memory
    from lenet_edu.training.distortions import draw_distortions
    from lenet_edu.training.recipes import RECIPES
    from lenet_edu.training.steps import Stepper

    keep_freed_memory()
    digits, recipe = load_digits("mnist").to(device), RECIPES["fast"]
    model = LeNet5(**MODERN).to(device, memory_format=torch.channels_last)
    stepper = Stepper(model, digits, recipe)
    drawn = draw_distortions(recipe, batch, torch.Generator()).to(device)
    index = torch.arange(batch, device=device)

    def take(count: int) -> float:
        start = time.perf_counter()
        for _ in range(count):
            stepper.step(index, drawn, 0.01)
        stepper.totals.tolist()
        return (time.perf_counter() - start) / count

    take(steps)
    seconds = take(steps)
    limit, work = flops_limit(device), flops(model)
    found = {
        "batch": batch,
        "step_ms": round(1000 * seconds, 3),
        "mflop_per_image": round(work / 1e6, 3),
        "gflops_reached": round(work * batch / seconds / 1e9, 1),
        "gflops_limit": round(limit / 1e9, 1),
    }
    if device == "cpu":
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
            take(steps)
        found["shares"] = shares({e.key: e.self_cpu_time_total for e in profiler.key_averages()})
    return found


def ways() -> list[dict]:
    """Milliseconds of a plain step in each way that torch offers on a CPU, in turns; the best of rounds."""
    import torch

    from lenet_edu.network.architecture import MODERN
    from lenet_edu.network.models import LeNet5

    def stepper(layout, dtype=None, compiled=False):
        model = LeNet5(**MODERN).to(memory_format=layout)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True, fused=True)

        def loss_of(images, labels):
            with torch.autocast("cpu", torch.bfloat16, enabled=dtype is not None):
                return torch.nn.functional.cross_entropy(model(images), labels)

        loss_of = torch.compile(loss_of) if compiled else loss_of

        def step(images, labels):
            loss = loss_of(images, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        return step

    last, plain = torch.channels_last, torch.contiguous_format
    steppers = {
        "maps last in memory (taken)": stepper(last),
        "maps first": stepper(plain),
        "bfloat16, maps last": stepper(last, torch.bfloat16),
        "torch.compile, maps last": stepper(last, compiled=True),
    }
    found = []
    for batch in (32, 128):
        images, labels = torch.rand(batch, 1, 32, 32), torch.arange(batch) % 10
        first, best = {}, dict.fromkeys(steppers, float("inf"))
        for _ in range(5):
            for name, step in steppers.items():
                start = time.perf_counter()
                step(images, labels)
                first.setdefault(name, time.perf_counter() - start)
                start = time.perf_counter()
                for _ in range(60):
                    step(images, labels)
                best[name] = min(best[name], (time.perf_counter() - start) / 60)
        for name in steppers:
            times = {"step_ms": round(1000 * best[name], 2), "first_step_s": round(first[name], 2)}
            found.append({"way": name, "batch": batch, **times})
    return found


def shares(times: dict[str, float]) -> dict[str, float]:
    """Parts of the whole by kind, the largest first; what is of no kind is the rest."""
    whole, found = sum(times.values()), dict.fromkeys([*KINDS, "the rest"], 0.0)
    for key, spent in times.items():
        kind = next((kind for kind, words in KINDS.items() if any(word in key for word in words)), "the rest")
        found[kind] += spent / whole
    return {kind: round(share, 3) for kind, share in sorted(found.items(), key=lambda item: -item[1])}


def flops(model) -> float:
    """Floating-point operations to train on one image: two for a multiply-add, three passes.

    Forward, gradients of the weights, gradients of the inputs; the image itself needs no gradient.
    """
    from lenet_edu.network.ledger import ledger

    book = ledger(model)
    rows = [row.multiply_adds.value for row in book.rows]
    return 2.0 * (3 * sum(rows) - rows[0])


def flops_limit(device: str, side: int = 2048) -> float:
    """Operations a second of one large matrix product in single precision."""
    import torch

    a, b = torch.rand(2, side, side, device=device)
    best = float("inf")
    for _ in range(6):
        start = time.perf_counter()
        (a @ b)[0, 0].item()
        best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best


# The page --------------------------------------------------------------------------------------------


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
    if pictures.RESULTS.exists():
        parts.append(pictures.section(read_json(pictures.RESULTS)))
    if updates.RESULTS.exists():
        parts.append(updates.section(read_json(updates.RESULTS)))
    return "\n".join(parts)


HEAD = """# How fast it is, and how good

This page is written by `python bench/speed.py --docs` from the results in `bench/results/`. All contenders
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


def section(title: str, kept: dict) -> list[str]:
    """The tables of one device."""
    here = kept["machine"]
    on = here["gpu"] or f"{here['cpu']}, {here['cores']} cores"
    runs = [run for run in kept["runs"] if not run["one_thread"]]
    parts = [
        f"## {title}\n",
        f"{on}; {here['system']}, Python {here['python']}, torch {here['torch']}, {here['date']}. "
        f"Command: `{kept['command']}`.\n",
        "### To an accuracy\n",
        accuracies(runs),
        "### Images a second\n",
        speeds(runs),
        "### Start and memory\n",
        starts(runs),
        f"`import lenet_edu.training.loop` takes {kept['imports']['lenet_edu']:.2f} s beyond torch's own "
        f"{kept['imports']['torch']:.1f} s.\n",
    ]
    single = [run for run in kept["runs"] if run["one_thread"]]
    if single:
        one_thread = typical(single, "images_per_second")
        all_threads = typical([run for run in runs if run["contender"] == THREADS], "images_per_second")
        parts.append(
            f"Threads: batches of 128 go through at {one_thread:,.0f} images a second with one thread, at "
            f"{all_threads:,.0f} with torch's own number, {runs[0]['threads']}.\n"
        )
    parts += ["### Where the time goes\n", profile_text(kept["profile"])]
    if kept["ways"]:
        parts += ["### Ways that were tried\n", ways_text(kept["ways"])]
    return [
        *parts,
        "### Against what was aimed at\n",
        goals(kept) if here["gpu"] is None else gpu_goals(kept),
    ]


def of(runs: list[dict], name: str) -> list[dict]:
    return [run for run in runs if run["contender"] == name]


def typical(runs: list[dict], what: str) -> float:
    """The median over seeds."""
    return statistics.median(run[what] for run in runs)


def seconds_to(run: dict, mark: float) -> float | None:
    """Seconds of training until so many test digits were first right; None if they never were."""
    return next((seconds for seconds, _, right in run["marks"] if right >= mark), None)


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
                *(told(found) for found in times),
                at_end,
                f"{typical(mine, 'training_seconds'):.1f} s",
                f"{ratio:.1f}x sooner at 98%" if ratio else "",
            ]
        )
    return table(head, lines)


def told(times: list[float | None]) -> str:
    """As `5.3 s`, `5.3 s (4 of 5)` or `not reached`; those that did not get there count as slowest."""
    reached = sorted(seconds for seconds in times if seconds is not None)
    if 2 * len(reached) <= len(times):
        return f"not reached ({len(reached)} of {len(times)})" if reached else "not reached"
    padded = reached + [float("inf")] * (len(times) - len(reached))
    middle = statistics.median_low(padded) if len(reached) < len(times) else statistics.median(reached)
    return f"{middle:.1f} s" + (f" ({len(reached)} of {len(times)})" if len(reached) < len(times) else "")


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


def profile_text(found: dict) -> str:
    """The profile in a few sentences and a table."""
    share = found["gflops_reached"] / found["gflops_limit"]
    text = (
        f"To train on one image takes {found['mflop_per_image']:.2f} million operations. A step of "
        f"{found['batch']} distorted images takes {found['step_ms']:.2f} ms: {found['gflops_reached']:.0f} "
        f"thousand million operations a second, {share:.0%} of the {found['gflops_limit']:.0f} that one "
        "large matrix product reaches here.\n"
    )
    if "shares" in found:
        lines = [[kind, f"{part:.0%}"] for kind, part in found["shares"].items()]
        text += "\n" + table(["kind of work", "share of a step"], lines)
    return text


def ways_text(found: list[dict]) -> str:
    """The ways side by side."""
    names = list(dict.fromkeys(way["way"] for way in found))
    batches = list(dict.fromkeys(way["batch"] for way in found))
    lines = []
    for name in names:
        mine = {way["batch"]: way for way in found if way["way"] == name}
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


def goals(kept: dict) -> str:
    """Each aim beside what was measured."""
    runs = [run for run in kept["runs"] if not run["one_thread"]]
    rival = typical(of(runs, f"{TUTORIAL}, 0 workers"), "images_per_second")
    plain, distorted = (
        typical(of(runs, f"{OURS}, batches of 32{more}"), "images_per_second") / rival
        for more in ("", ", distorted")
    )
    sprint, thorough, best = (of(runs, f"{OURS}, {name}") for name in ("sprint", "thorough", "best"))
    lines = [
        [
            "4x the images a second of the tutorial's way, batches of 32",
            f"{plain:.1f}x, distorted {distorted:.1f}x",
        ],
        [
            "99.0% within 8 s of training, median of 5 seeds",
            f"`sprint`: {told([seconds_to(r, 0.99) for r in sprint])}",
        ],
        ["99.5% within 90 s, mean over 10 seeds", f"`thorough`: {mean_accuracy(thorough)}"],
        ["99.6% with no limit of time", f"`best`: {mean_accuracy(best)}"],
        ["`import` within 0.1 s beyond torch", f"{kept['imports']['lenet_edu']:.3f} s"],
    ]
    gain = [100 * statistics.mean(run["accuracy"] for run in found) for found in (best, thorough) if found]
    more = f" Three times the epochs of `thorough` gain {gain[0] - gain[1]:.2f} points." if best else ""
    return table(["aim", "measured"], lines) + (
        "\nBatches of 32 leave two threads too little work in each convolution, and none of the ways above "
        f"is faster there.{more}\n"
    )


def gpu_goals(kept: dict) -> str:
    """The aims for a GPU."""
    sprint, large = of(kept["runs"], f"{OURS}, sprint"), of(kept["runs"], f"{OURS}, batches of 512")
    lines = [
        ["99.0% in under 0.5 s, warm", f"`sprint`: {told([seconds_to(run, 0.99) for run in sprint])}"],
        ["an epoch at batches of 512 within 30 ms", f"{typical(large, 'epoch_ms'):.0f} ms"],
    ]
    return table(["aim", "measured"], lines)


def mean_accuracy(runs: list[dict]) -> str:
    """As `99.53% ± 0.04 in 71 s (10 seeds)`."""
    if not runs:
        return "not measured"
    rights = [100 * run["accuracy"] for run in runs]
    spread = f" ± {statistics.stdev(rights):.2f}" if len(rights) > 1 else ""
    seconds = typical(runs, "training_seconds")
    return f"{statistics.mean(rights):.2f}%{spread} in {seconds:.0f} s ({len(runs)} seeds)"


def table(head: list[str], lines: list[list[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
