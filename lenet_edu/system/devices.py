"""Where the arithmetic is done: CUDA, MPS or the CPU."""

import ctypes
import multiprocessing
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache
from time import perf_counter
from typing import TypeVar

import torch
from torch import nn

from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate

Outcome = TypeVar("Outcome")

# The functions of this process's C library, where that is glibc; other libraries manage memory in other ways.
_C_LIBRARY = ctypes.CDLL(None) if sys.platform == "linux" else None
if not hasattr(_C_LIBRARY, "malloc_trim"):
    _C_LIBRARY = None


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; "auto" takes CUDA if it is there, MPS where it is faster, else the CPU.

    Raises LenetError if the name is unknown or the machine has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() and _mps_is_faster() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise LenetError(
            "This machine cannot use the device {name!r} ({reason}). Try auto or cpu.",
            name=name,
            reason=reason,
        ) from error
    return device


@lru_cache
def _mps_is_faster() -> bool:
    """Measured once a process: networks as small as these often keep a GPU waiting for its next task."""
    return _seconds_of_steps("mps") < _seconds_of_steps("cpu")


def _seconds_of_steps(device: str, steps: int = 20) -> float:
    """How long some steps of two convolutions, as large as LeNet-5's, take on a batch of 128."""
    images = torch.rand(128, 1, 32, 32, device=device)
    first = nn.Conv2d(1, 6, 5)
    model = nn.Sequential(first, nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.Flatten()).to(
        device
    )
    start = perf_counter()
    for step in range(2 * steps):
        if step == steps:  # what came before was warming up
            start = perf_counter()
        model(images).square().mean().backward()
        first.weight.detach().sum().item()  # waits until the device is done
    return perf_counter() - start


def describe_device(device: torch.device) -> str:
    """What a reader calls the device: its name, or how many threads the CPU is used with."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU (MPS)"
    return translate(
        "CPU ({machine}, {threads} threads)", machine=platform.machine(), threads=torch.get_num_threads()
    )


def map_processes(work: Callable[..., Outcome], tasks: Iterable[tuple]) -> Iterator[tuple[tuple, Outcome]]:
    """work(*task) for each task, in as many processes as there are cores: each task and what came of it.

    They come as they are done. work: a module's function, since a process that starts has to find it.
    """
    # Windows waits for at most 61 processes at once.
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 61), multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(work, *task): task for task in tasks}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        except BaseException:
            # After an error or Ctrl-C nothing more is begun.
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, where it is Linux with glibc; nothing elsewhere.

    A step of training asks for the same few megabytes over and over. Given back to the system each time,
    they come back as new pages, and that took up to a quarter of a step on a CPU.
    """
    _limit_freed_memory(2**30)


def give_back_freed_memory() -> None:
    """End `keep_freed_memory`: others on the machine get what is free, and most of what is freed later."""
    _limit_freed_memory(2**23)
    if _C_LIBRARY:
        _C_LIBRARY.malloc_trim(0)


def _limit_freed_memory(kept: int) -> None:
    """Keep at most about so many freed bytes."""
    if _C_LIBRARY:
        for parameter in (-1, -3):  # malloc.h: M_TRIM_THRESHOLD and M_MMAP_THRESHOLD
            _C_LIBRARY.mallopt(parameter, kept)
