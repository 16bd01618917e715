"""How fast training is, beside two common ways: `make bench`, `make bench-gpu`, and docs/speed.md.

    python -m bench.speed                  every contender, several seeds, interleaved; about half an hour
    python -m bench.speed --only sprint    those whose name has this in it; the others' results stay
    python -m bench.speed --docs           writes docs/speed.md anew from the results that are there

Each run is a process of its own. Results are written as they come, so that an interrupted bench has what it
had.
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

import torch

from bench.contenders import OURS, THREADS, contenders
from bench.page import RESULTS, page
from bench.profiling import compare_ways, profile
from lenet_edu.data.digits import find_mnist
from lenet_edu.system.files import read_json, write_atomically, write_json
from lenet_edu.system.places import data_folder

ROOT = Path(__file__).resolve().parents[1]

PAGE = ROOT / "docs" / "speed.md"
# Runs of each contender. `best` takes several minutes each, `thorough` more than one.
SEEDS = {f"{OURS}, sprint": 5, f"{OURS}, fast": 5, f"{OURS}, thorough": 10, f"{OURS}, best": 3}
FEWER = 2


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--only", default="", help="contenders whose name has this in it")
    parser.add_argument("--docs", action="store_true", help="only write docs/speed.md")
    options = parser.parse_args()
    if not options.docs:
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


def measure(options) -> None:
    """Run what is asked for, seed after seed, and write every result at once."""
    path = RESULTS / f"training-{options.device}.json"
    record = read_json(path) if path.exists() else {"runs": []}
    record |= {
        "machine": machine(options.device),
        "command": "make bench" if options.device == "cpu" else "make bench-gpu",
    }
    names = [name for name in contenders() if options.only in name]
    for seed in range(max(SEEDS.values())):
        for name in names:
            if seed >= SEEDS.get(name, FEWER):
                continue
            write_run(record, path, run_contender(name, seed, options.device))
            if name == THREADS and options.device == "cpu":
                write_run(record, path, run_contender(name, seed, options.device, threads=1))
    record["imports"] = time_imports()
    record["profile"] = profile(options.device)
    record["ways"] = compare_ways() if options.device == "cpu" else []
    write_json(path, record)


def write_run(record: dict, path: Path, run: dict) -> None:
    """Put a run in the place of an earlier one of the same name, seed and threads, and write the record."""

    def key(one: dict) -> list[str]:
        return [str(one[part]) for part in ("contender", "seed", "one_thread")]

    others = [other for other in record["runs"] if key(other) != key(run)]
    record["runs"] = sorted([*others, run], key=key)
    write_json(path, record)


def run_contender(name: str, seed: int, device: str, threads: int | None = None) -> dict:
    """A contender's run in a fresh process."""
    environment = {**os.environ} | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
    command = [sys.executable, "-m", "bench.contenders", name, f"--seed={seed}", f"--device={device}"]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"{name}, seed {seed}, failed:\n{done.stderr[-3000:]}")
    run = json.loads(done.stdout.splitlines()[-1])
    whole = round(time.perf_counter() - start, 2)
    print(f"{name}, seed {seed}: {run['images_per_second']} images/s, {run['accuracy']:.2%}, {whole} s")
    return {"contender": name, "seed": seed, "one_thread": threads == 1, **run, "whole_seconds": whole}


def time_imports(times: int = 5) -> dict:
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


if __name__ == "__main__":
    sys.exit(main())
