"""The ways to train that `make bench` compares, each in a process of its own: prints one line of JSON.

    python -m bench.contenders "ours, sprint" --seed 0 --device cpu

All train the same network on MNIST, and are asked how often they are right on the test digits four times an
epoch. The clock stands still meanwhile. Nothing is chosen by what the test digits say: they only tell when a
mark is passed.
"""

import time

START = time.perf_counter()

import argparse
import json
import statistics
import sys

import torch

from lenet_edu.data.digits import load_digits
from lenet_edu.data.splits import Split
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.models import LeNet5
from lenet_edu.system.places import data_folder
from lenet_edu.training.evaluation import accuracy
from lenet_edu.training.recipes import RECIPES

# Steps that do not count for images a second, and looks at the test digits in an epoch.
WARM_UP = 60
LOOKS = 4
TUTORIAL, EXAMPLE, OURS = "the tutorial's way", "an example script", "ours"
THREADS = f"{OURS}, batches of 128"  # is timed with one thread too
DISTORTED = {"rotation": 5.0, "shift": 1.0, "scale": 0.05, "shear": 0.075}


class Clock:
    """Seconds of training, and what was seen of it: it stands still while the test digits are read."""

    def __init__(self, device: torch.device):
        self.device, self.stopped, self.start = device, 0.0, None
        self.marks, self.speeds, self.epochs, self.first_step = [], [], [], None

    def now(self) -> float:
        """Seconds since the first step began."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - self.start - self.stopped

    def look(self, model, test: Split, images: int, seconds: float) -> None:
        """Note how often the model is right by now, after so many images and seconds."""
        begun = time.perf_counter()
        training = model.training
        right = accuracy(model.eval(), test)
        model.train(training)
        self.marks.append([round(seconds, 3), images, right])
        self.stopped += time.perf_counter() - begun


def ours(seed: int, device: str, recipe, looks: bool = True) -> dict:
    """`fit` on data that lie on the device as one tensor. It times itself, without the validation digits."""
    from lenet_edu.system.devices import choose_device
    from lenet_edu.training.loop import fit

    imported = time.perf_counter()
    place = choose_device(device)
    digits = load_digits("mnist").to(place)
    model = LeNet5(**MODERN).to(place)
    model.reset_parameters(torch.Generator().manual_seed(seed))
    loaded, clock, begun = time.perf_counter(), Clock(place), []
    each = len(digits.train) // LOOKS

    def look(run) -> None:
        images = round(run.epochs_done * run.images)
        clock.look(model, digits.test, images, run.seconds - clock.stopped)

    def watch(run) -> None:
        if run.steps == 1:
            clock.first_step = run.seconds
        if run.steps == WARM_UP:
            begun.append((run.seconds, run.seen))
        # A GPU is not asked within an epoch: its clock would have to wait for it.
        if (
            looks
            and place.type == "cpu"
            and run.seen // each > max(run.seen - run.recipe.batch_size, 0) // each
        ):
            look(run)

    def epoch_ended(run) -> None:
        if len(run.history) == 1 and begun:
            seconds, images = begun[0]
            clock.speeds.append((run.images - images) / (run.seconds - clock.stopped - seconds))
        if looks:
            stopped = clock.stopped
            look(run)
            clock.stopped = stopped  # the run's own clock does not count what is done between epochs
        if len(run.history) > 1:
            clock.epochs.append(run.history[-1]["seconds"])

    hooks = {"before_batch": watch, "after_epoch": epoch_ended}
    run = fit(model, digits, recipe, seed=seed, device=device, progress=False, **hooks)
    return report(clock, imported, loaded, accuracy(model, digits.test), run.seconds - clock.stopped)


def peer(loader, model, optimizer, schedule, test: Split, epochs: int, device: torch.device) -> Clock:
    """The loop of most scripts: a DataLoader, one batch after the other, a schedule after each epoch."""
    clock, images_so_far, steps = Clock(device), 0, 0
    images, looks_at = len(loader.dataset), max(1, len(loader.dataset) // LOOKS)
    clock.start = time.perf_counter()
    for _ in range(epochs):
        begun = None
        for pictures, labels in loader:
            pictures, labels = pictures.to(device), labels.to(device)
            loss = torch.nn.functional.cross_entropy(model(pictures), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps, before, images_so_far = steps + 1, images_so_far, images_so_far + len(labels)
            if clock.first_step is None:
                clock.first_step = clock.now()
            if begun is None and steps >= WARM_UP:
                begun = (clock.now(), images_so_far)
            if images_so_far // looks_at > before // looks_at and images_so_far % images:
                clock.look(model, test, images_so_far, clock.now())
        if begun and images_so_far > begun[1]:
            clock.speeds.append((images_so_far - begun[1]) / (clock.now() - begun[0]))
        clock.look(model, test, images_so_far, clock.now())
        schedule.step()
    return clock


def tutorial(seed: int, device: str, workers: int, epochs: int) -> dict:
    """The tutorial's script on digits: PIL transforms for every image, batches of 32, its rate and schedule.

    Its vertical flip, which would make other digits of them, is a random turn by up to 5 degrees.
    """
    from torchvision import datasets, transforms

    imported = time.perf_counter()
    steps = [
        transforms.Resize((32, 32)),
        transforms.RandomRotation(5),
        transforms.ToTensor(),
        transforms.Normalize((0.5,), (0.5,)),
    ]
    transform = transforms.Compose(steps)
    return run_peer(seed, device, imported, datasets.MNIST, transform, 32, workers, epochs, _tutorials)


def example(seed: int, device: str, epochs: int) -> dict:
    """The usual first script: ToTensor, Normalize, batches of 64, Adadelta; padded to the network's 32x32."""
    from torchvision import datasets, transforms

    imported = time.perf_counter()
    steps = [transforms.Pad(2), transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    transform = transforms.Compose(steps)
    return run_peer(seed, device, imported, datasets.MNIST, transform, 64, 0, epochs, _examples)


def _tutorials(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)


def _examples(model):
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)


def run_peer(seed, device, imported, kind, transform, batch, workers, epochs, optimisation) -> dict:
    """Train a peer on torchvision's MNIST; test digits go through the transform without what is random."""
    torch.manual_seed(seed)
    place = torch.device(device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu")
    root = data_folder()
    train, test = (kind(root, train=train, transform=transform) for train in (True, False))
    steps = [step for step in transform.transforms if "Random" not in type(step).__name__]
    test.transform = type(transform)(steps)
    loader = torch.utils.data.DataLoader(train, batch, shuffle=True, num_workers=workers)
    model = LeNet5(**MODERN).to(place)
    loaded = time.perf_counter()
    pictures, labels = next(iter(torch.utils.data.DataLoader(test, len(test))))
    ready = Split(pictures.to(place), labels)
    clock = peer(loader, model, *optimisation(model), ready, epochs, place)
    return report(clock, imported, loaded, clock.marks[-1][2], clock.marks[-1][0])


def report(clock: Clock, imported: float, loaded: float, right: float, seconds: float) -> dict:
    """One run as plain figures: seconds, images a second, MiB, the share of test digits read right."""
    import resource  # Windows has none; the rest of this file can be tested there, too

    unit = 1024 if sys.platform == "linux" else 1024**2
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    on_device = torch.cuda.max_memory_allocated() / 2**20 if clock.device.type == "cuda" else None
    return {
        "cold": {
            "import": round(imported - START, 3),
            "load": round(loaded - imported, 3),
            "first_step": round(clock.first_step, 4),
        },
        "images_per_second": round(statistics.median(clock.speeds)) if clock.speeds else None,
        "training_seconds": round(seconds, 3),
        "accuracy": right,
        "marks": clock.marks,
        "peak_mib": round(peak),
        "device_mib": on_device,
        "epoch_ms": round(1000 * statistics.median(clock.epochs), 1) if clock.epochs else None,
        "threads": torch.get_num_threads(),
    }


def contenders() -> dict:
    """Name -> the function that runs it and its arguments besides seed and device."""
    by_name = {f"{OURS}, {name}": (ours, (RECIPES[name],)) for name in ("sprint", "fast", "thorough", "best")}
    for size in (32, 64, 128, 512):
        rate = 0.1 if size == 512 else min(0.15, 0.15 * size / 128)
        plain = RECIPES["plain"].changed(batch_size=size, epochs=2 if size == 512 else 1, peak_rate=rate)
        by_name[f"{OURS}, batches of {size}"] = (ours, (plain, False))
        by_name[f"{OURS}, batches of {size}, distorted"] = (ours, (plain.changed(**DISTORTED), False))
    for workers in (0, 2):
        by_name[f"{TUTORIAL}, {workers} workers"] = (tutorial, (workers, 6))
    return {**by_name, EXAMPLE: (example, (6,))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contender")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    run, arguments = contenders()[options.contender]
    print(json.dumps(run(options.seed, options.device, *arguments)))


if __name__ == "__main__":
    main()
