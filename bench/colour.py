"""How fast pictures are read and trained on, beside the tutorial's script: a part of `make bench`.

    python -m bench.colour                  reads and trains in turns, a few minutes; writes its results

Both read the same folders, CatAndDog/train and CatAndDog/val with 12,000 JPEGs, and train the same RGB LeNet
in batches of 32 with the tutorial's recipe, in turns, so that a slow minute hits all alike.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import nn
from torchvision import datasets, transforms

from lenet_edu.data.picture_sets import load_images
from lenet_edu.data.splits import Data
from lenet_edu.network.models import RGBLeNet
from lenet_edu.system.devices import keep_freed_memory
from lenet_edu.system.files import write_json
from lenet_edu.system.places import data_folder
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import RECIPES

ROOT = Path(__file__).resolve().parents[1]

RESULTS = ROOT / "bench" / "results" / "colour-cpu.json"
BATCH = RECIPES["tutorial"].batch_size
ROUNDS = 3
WORKERS = (0, 2)


def transform(flips: bool):
    """The tutorial's transforms, for training with its flip."""
    steps = [transforms.Resize((32, 32)), *([transforms.RandomVerticalFlip()] if flips else [])]
    return transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)])


def loaders(root: Path, workers: int) -> dict:
    """A DataLoader for each of the tutorial's two folders."""
    return {
        name: torch.utils.data.DataLoader(
            datasets.ImageFolder(root / name, transform(name == "train")),
            BATCH,
            shuffle=True,
            num_workers=workers,
        )
        for name in ("train", "val")
    }


def tutorials_network() -> nn.Module:
    """The same network in torch's own parts."""
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(800, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()),
        *(nn.Linear(84, 10), nn.Linear(10, 2)),
    )


def seconds(work) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def read_all(batches: dict) -> int:
    """Take every batch of both folders; how many pictures came."""
    return sum(len(labels) for loader in batches.values() for _, labels in loader)


def take_all(data: Data) -> int:
    """The same of ours: every batch of both splits, the training pictures in a new order."""
    count = 0
    for split, order in (
        (data.train, torch.randperm(len(data.train))),
        (data.test, torch.arange(len(data.test))),
    ):
        for batch in order.split(BATCH):
            images, _ = split.images[batch], split.labels[batch]
            count += len(images)
    return count


class Tutorial:
    """The tutorial's loop, an epoch at a time."""

    def __init__(self, root: Path, workers: int):
        self.loader, self.model = loaders(root, workers)["train"], tutorials_network()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)

    def epoch(self) -> None:
        """One pass over the training folder."""
        for images, labels in self.loader:
            loss = nn.functional.cross_entropy(self.model(images), labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()


def ours(data: Data) -> float:
    """Seconds of the second epoch of `fit` with the same recipe; it leaves validation out of them."""
    model = RGBLeNet()
    run = fit(model, data, RECIPES["tutorial"].changed(epochs=2), device="cpu", progress=False)
    return run.history[-1]["seconds"]


def measure(root: Path) -> dict:
    """All of it: medians of rounds."""
    with tempfile.TemporaryDirectory() as cache:
        load = lambda: load_images(root, cache=cache, held_out=False, progress=False)  # noqa: E731
        starts = [seconds(load), seconds(load)]
        data = load()
    readers = {workers: loaders(root, workers) for workers in WORKERS}
    trainers = {workers: Tutorial(root, workers) for workers in WORKERS}
    keep_freed_memory()
    reading, training = {}, {}
    for number in range(ROUNDS + 1):  # the first is a warm-up
        for workers in WORKERS:
            times = seconds(lambda: read_all(readers[workers])), seconds(trainers[workers].epoch)  # noqa: B023
            if number:
                reading.setdefault(f"tutorial, {workers} workers", []).append(times[0])
                training.setdefault(f"tutorial, {workers} workers", []).append(times[1])
        times = seconds(lambda: take_all(data)), ours(data)
        if number:
            reading.setdefault("ours", []).append(times[0])
            training.setdefault("ours", []).append(times[1])
    return {
        "command": "make bench",
        "files": take_all(data),
        "training_pictures": len(data.train),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
        "first_start": round(starts[0], 2),
        "second_start": round(starts[1], 2),
        "reading": {name: round(statistics.median(times), 3) for name, times in reading.items()},
        "training": {name: round(statistics.median(times), 3) for name, times in training.items()},
    }


def section(record: dict) -> str:
    """The part of docs/speed.md."""
    lines = ["| | all files read, an epoch | | training, an epoch | |", "| --- | --- | --- | --- | --- |"]
    for name in record["reading"]:
        cells = [name]
        for what in ("reading", "training"):
            ratio = record[what]["tutorial, 0 workers"] / record[what][name]
            cells += [f"{record[what][name]:.2f} s", f"{ratio:,.1f}x"]
        lines.append(f"| {' | '.join(cells)} |")
    best = min(record["training"][f"tutorial, {workers} workers"] for workers in WORKERS)
    table = "\n".join(lines)
    return f"""## Pictures in colour

{record["files"]:,} JPEGs of cats and dogs, {record["training_pictures"]:,} of them to train; the RGB LeNet in
batches of {BATCH}, with the tutorial's recipe. {record["cores"]} cores, torch {record["torch"]},
{record["date"]}. Medians of {ROUNDS} passes, after one to warm up.

{table}

Ours decodes every file once, in {record["first_start"]:.1f} s, and keeps what came of it; the next start
takes {record["second_start"]:.1f} s. Aimed at: reading at least 4x as fast, training 5x. Training is
{best / record["training"]["ours"]:.1f}x as fast as the tutorial's script with the better number of workers.
"""


def main() -> int:
    root = data_folder() / "CatAndDog"
    if not root.is_dir():
        print(f"There is no {root}: pictures are not measured.", file=sys.stderr)
        return 0
    write_json(RESULTS, measure(root))
    print(f"written: {RESULTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
