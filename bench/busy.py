"""How fast training is on a busy machine: `make bench-busy`, some minutes; then docs/speed.md tells.

Speeds alone and beside busy processes are measured in turns in one run and reported as ratios, since a
machine is rarely quiet. Each way of starting is a process of its own that trains the modern LeNet-5 on
random digits for a while whenever it is told to, so that no start is timed:

    package first       the package is imported before torch, as on the command line
    torch first         torch is imported before the package, as in many a notebook
    torch first, plain  the same without the choice of threads: what training was before
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

from lenet_edu.system.files import write_json
from lenet_edu.system.threads import SPINNING

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "busy-cpu.json"
WAYS = ("package first", "torch first", "torch first, plain")
AIM = 0.4  # of the speed alone, beside one busy process a core
BUSY = "while True: pass"
BATCH = 128


def train(way: str) -> None:
    """In a process of its own: train for as many seconds as each line of input says, and print the speed."""
    import torch

    from lenet_edu.data.digits import load_digits
    from lenet_edu.data.splits import Data, Split
    from lenet_edu.network.architecture import MODERN
    from lenet_edu.network.models import LeNet5
    from lenet_edu.training.loop import fit
    from lenet_edu.training.recipes import RECIPES
    from lenet_edu.training.steps import Stepper

    if way.endswith("plain"):
        Stepper.modest_threads = lambda self: None
    digits = load_digits("embedded")
    # As many for each image of the validation split as MNIST has.
    images = torch.rand(100 * BATCH, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    split = Split(images, torch.arange(len(images)) % 10)
    data = Data(split, digits.validation, digits.test, scaling=digits.scaling, source=digits.source)
    recipe = RECIPES["plain"].changed(epochs=10_000)
    for line in sys.stdin:
        seconds, done, start = float(line), [], time.perf_counter()

        def stop(run, seconds=seconds, done=done, start=start):
            if time.perf_counter() - start > seconds:
                done.append(run.steps * BATCH / (time.perf_counter() - start))
                raise KeyboardInterrupt

        try:
            fit(LeNet5(**MODERN), data, recipe, device="cpu", progress=False, before_batch=stop)
        except KeyboardInterrupt:
            print(done[0], flush=True)


class Worker:
    """A process that trains when it is told to."""

    def __init__(self, way: str):
        environment = {name: value for name, value in os.environ.items() if name not in SPINNING}
        environment.pop("OMP_NUM_THREADS", None)
        first = "lenet_edu" if way == "package first" else "torch"
        command = [sys.executable, "-c", f"import {first}; from bench.busy import train; train({way!r})"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True
        )

    def start(self, seconds: float) -> None:
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()

    def speed(self) -> float:
        return float(self.process.stdout.readline())

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def speeds_together(workers: list[Worker], seconds: float) -> float:
    """Images a second of all workers, which train at once."""
    for worker in workers:
        worker.start(seconds)
    return sum(worker.speed() for worker in workers)


def measure(rounds: int, seconds: float) -> dict:
    """Speeds by way and by what is beside it, a list with one of each round."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    speeds_by_way = {way: {"alone": [], "busy": [], "three": []} for way in WAYS}
    workers = {way: [Worker(way) for _ in range(3)] for way in WAYS}
    for trio in workers.values():
        for worker in trio:  # imports, and a first step
            speeds_together([worker], 0.5)
    for number in range(rounds):
        for way, trio in workers.items():
            speeds = speeds_by_way[way]
            speeds["alone"].append(speeds_together(trio[:1], seconds))
            beside = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(cores)]
            try:
                speeds["busy"].append(speeds_together(trio[:1], seconds))
            finally:
                for process in beside:
                    process.kill()
                    process.wait()
            speeds["three"].append(speeds_together(trio, seconds))
        print(f"round {number + 1} of {rounds}: {summary(speeds_by_way)}", flush=True)
    for trio in workers.values():
        for worker in trio:
            worker.end()
    return {
        "command": "make bench-busy",
        "machine": platform.machine(),
        "cores": cores,
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "date": time.strftime("%Y-%m-%d"),
        "rounds": rounds,
        "seconds": seconds,
        "speeds": {
            way: {key: [round(v) for v in vs] for key, vs in one.items()}
            for way, one in speeds_by_way.items()
        },
    }


def ratios(speeds: dict) -> dict:
    """Medians over the rounds: what is left beside busy processes, and three at once against one alone."""
    pairs = {"busy": "busy", "three": "three"}
    return {
        name: statistics.median(a / b for a, b in zip(speeds[key], speeds["alone"], strict=True))
        for name, key in pairs.items()
    }


def summary(speeds_by_way: dict) -> str:
    """One line about all ways."""
    return "; ".join(
        f"{way}: " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios(speeds).items())
        for way, speeds in speeds_by_way.items()
    )


def section(result: dict) -> str:
    """The part of docs/speed.md."""
    before = statistics.median(result["speeds"][WAYS[-1]]["alone"])
    lines = [
        "| | alone, images a second | alone, of what it was | beside a busy process a core | three at once |",
        "| --- | --- | --- | --- | --- |",
    ]
    for way, speeds in result["speeds"].items():
        alone, left = statistics.median(speeds["alone"]), ratios(speeds)
        of_before = statistics.median(
            a / b for a, b in zip(speeds["alone"], result["speeds"][WAYS[-1]]["alone"], strict=True)
        )
        lines.append(
            f"| {way} | {alone:,.0f} | {of_before:.2f} | {left['busy']:.2f} of alone "
            f"| {left['three']:.2f} of one alone |"
        )
    table = "\n".join(lines)
    load = "" if result["load"] is None else f", the machine's load {result['load']} at the end"
    return f"""## On a busy machine

Training wants all cores, and other programs want them too. The modern LeNet-5, batches of {BATCH}, in
processes that import the package first, as the command line does, or torch first, as many notebooks do;
"plain" is torch first without what `lenet_edu/system/threads.py` does, as all of them were before. "Three at
once" is what three trainings side by side reach together. {result["machine"]}, {result["cores"]} cores{load},
{result["date"]}; medians of {result["rounds"]} rounds in turns, {result["seconds"]:g} s each. Command:
`{result["command"]}`.

{table}

Aimed at: {AIM:g} of the speed alone beside a busy process a core; three at once no slower than one after the
other, which is 1.00; alone no slower than before, which was {before:,.0f} images a second in this run.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    write_json(RESULTS, measure(options.rounds, options.seconds))
    print(
        f"written: {RESULTS.relative_to(ROOT)}; bring it into docs/speed.md with python -m bench.speed --docs"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
