"""Where the time of a step goes: its kinds of work, other ways that torch offers, and the machine's limit."""

import time

import torch

from lenet_edu.data.digits import load_digits
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.ledger import ledger
from lenet_edu.network.models import LeNet5
from lenet_edu.system.devices import keep_freed_memory
from lenet_edu.training.distortions import draw_distortions
from lenet_edu.training.recipes import RECIPES
from lenet_edu.training.steps import Stepper

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
    result = {
        "batch": batch,
        "step_ms": round(1000 * seconds, 3),
        "mflop_per_image": round(work / 1e6, 3),
        "gflops_reached": round(work * batch / seconds / 1e9, 1),
        "gflops_limit": round(limit / 1e9, 1),
    }
    if device == "cpu":
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
            take(steps)
        result["shares"] = shares({e.key: e.self_cpu_time_total for e in profiler.key_averages()})
    return result


def plain_step(layout: torch.memory_format, dtype: torch.dtype | None = None, compiled: bool = False):
    """One way to train a new network on a batch: a function of images and labels."""
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


def compare_ways() -> list[dict]:
    """Milliseconds of a plain step in each way that torch offers on a CPU, in turns; the best of rounds."""
    last, plain = torch.channels_last, torch.contiguous_format
    steppers = {
        "maps last in memory (taken)": plain_step(last),
        "maps first": plain_step(plain),
        "bfloat16, maps last": plain_step(last, torch.bfloat16),
        "torch.compile, maps last": plain_step(last, compiled=True),
    }
    return [row for batch in (32, 128) for row in time_in_turns(steppers, batch)]


def time_in_turns(steppers: dict, batch: int, rounds: int = 5, steps: int = 60) -> list[dict]:
    """Milliseconds of a step by each way, and seconds of its first."""
    images, labels = torch.rand(batch, 1, 32, 32), torch.arange(batch) % 10
    first, best = {}, dict.fromkeys(steppers, float("inf"))
    for _ in range(rounds):
        for name, step in steppers.items():
            start = time.perf_counter()
            step(images, labels)
            first.setdefault(name, time.perf_counter() - start)
            start = time.perf_counter()
            for _ in range(steps):
                step(images, labels)
            best[name] = min(best[name], (time.perf_counter() - start) / steps)
    return [
        {
            "way": name,
            "batch": batch,
            "step_ms": round(1000 * best[name], 2),
            "first_step_s": round(first[name], 2),
        }
        for name in steppers
    ]


def shares(times: dict[str, float]) -> dict[str, float]:
    """Parts of the whole by kind, the largest first; what is of no kind is the rest."""
    whole, by_kind = sum(times.values()), dict.fromkeys([*KINDS, "the rest"], 0.0)
    for key, spent in times.items():
        kind = next((kind for kind, words in KINDS.items() if any(word in key for word in words)), "the rest")
        by_kind[kind] += spent / whole
    return {kind: round(share, 3) for kind, share in sorted(by_kind.items(), key=lambda item: -item[1])}


def flops(model) -> float:
    """Floating-point operations to train on one image: two for a multiply-add, three passes.

    Forward, gradients of the weights, gradients of the inputs; the image itself needs no gradient.
    """
    book = ledger(model)
    rows = [row.multiply_adds.value for row in book.rows]
    return 2.0 * (3 * sum(rows) - rows[0])


def flops_limit(device: str, side: int = 2048) -> float:
    """Operations a second of one large matrix product in single precision."""
    a, b = torch.rand(2, side, side, device=device)
    best = float("inf")
    for _ in range(6):
        start = time.perf_counter()
        (a @ b)[0, 0].item()
        best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best
