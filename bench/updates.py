"""How long one update of the original training takes, compiled and by torch: a part of `make bench`.

    python -m bench.updates                  measures in turns, half a minute; writes its results

One digit an update, one core, random digits, since time does not depend on what is drawn. Both ways come to
the same weights (tests/reproduction/test_compiled.py).
"""

import os
import platform
import statistics
import sys
import time
from pathlib import Path

import numba
import torch

from lenet_edu import paper
from lenet_edu.data.splits import Split
from lenet_edu.network.models import LeNet1, LeNet4, LeNet5, Network
from lenet_edu.reproduction.passes import OriginalRecipe, train_original
from lenet_edu.system.files import write_json

ROOT = Path(__file__).resolve().parents[1]

RESULTS = ROOT / "bench" / "results" / "updates-cpu.json"
ROUNDS = 5
UPDATES = {"compiled": 4000, "torch": 400}
NETWORKS = {"LeNet-1": LeNet1, "LeNet-4": LeNet4, "LeNet-5": LeNet5}
AIM = 0.15  # milliseconds an update of LeNet-5, compiled


def milliseconds(model: Network, engine: str) -> float:
    """Of one update: those of a pass, less what a pass with a single update takes."""
    digits = torch.rand(UPDATES[engine], *model.architecture.input.output_shape)
    split = Split(digits, torch.arange(len(digits)) % model.architecture.classes)
    loss = "map" if model.has_rbf_output else "squared"
    recipe = OriginalRecipe(loss=loss, schedule=((1e-5, 1),), patterns=1)
    one, all_of_them = (
        train_original(model, split, recipe, updates=count, engine=engine)[0]["seconds"]
        for count in (1, len(split))
    )
    return 1000 * (all_of_them - one) / (len(split) - 1)


def measure() -> dict:
    """All of it: medians of rounds in turns, the first of which warms up."""
    torch.set_num_threads(1)
    times_by_network = {name: {engine: [] for engine in UPDATES} for name in NETWORKS}
    for number in range(ROUNDS + 1):
        for name, network in NETWORKS.items():
            for engine, times in times_by_network[name].items():
                taken = milliseconds(network(), engine)
                if number:
                    times.append(taken)
    return {
        "command": "make bench",
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "numba": numba.__version__,
        "date": time.strftime("%Y-%m-%d"),
        "milliseconds": {
            name: {engine: round(statistics.median(times), 4) for engine, times in engines.items()}
            for name, engines in times_by_network.items()
        },
    }


def section(record: dict) -> str:
    """The part of docs/speed.md."""
    passes = sum(passes for _, passes in paper.GLOBAL_RATES)
    lines = [
        f"| | compiled | torch | | {passes} passes of 60,000, compiled |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, times in record["milliseconds"].items():
        minutes = times["compiled"] / 1000 * passes * 60_000 / 60
        ratio = times["torch"] / times["compiled"]
        lines.append(
            f"| {name} | {times['compiled']:.3f} ms | {times['torch']:.3f} ms "
            f"| {ratio:.1f}x | {minutes:.1f} min |"
        )
    table = "\n".join(lines)
    return f"""## The original training

One update for one digit, forward, backward and the step of every parameter, on one core. Compiled are the
loops of `lenet_edu/reproduction/loops.py`, by torch the same with autograd and `sdlm.SDLM`.
{record["machine"]}, torch {record["torch"]}, numba {record["numba"]}, {record["date"]}. Medians
of {ROUNDS} rounds, after one to warm up.

{table}

Aimed at: {AIM:g} ms an update of LeNet-5. One seed a core: on {record["cores"]} cores, {record["cores"]} runs
at a time.
"""


def main() -> int:
    write_json(RESULTS, measure())
    print(f"written: {RESULTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
