"""Which device is taken, and how it is called."""

import subprocess
import sys

import pytest
import torch

from lenet_edu.system import devices
from lenet_edu.system.devices import (
    choose_device,
    describe_device,
    give_back_freed_memory,
    keep_freed_memory,
    map_processes,
)
from lenet_edu.system.errors import LenetError


def test_cuda_comes_first(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device().type == "cuda"


@pytest.mark.parametrize("faster", ["mps", "cpu"])
def test_an_apple_gpu_is_taken_where_it_is_faster(monkeypatch, faster):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(devices, "_seconds_of_steps", lambda device: 1.0 if device == faster else 2.0)
    devices._mps_is_faster.cache_clear()
    assert choose_device().type == faster
    devices._mps_is_faster.cache_clear()


def test_steps_are_measured():
    assert 0 < devices._seconds_of_steps("cpu", steps=2) < 60


@pytest.mark.parametrize("name", ["abacus", "cuda:99", ""])
def test_what_the_machine_has_not_is_refused_with_the_reason(name):
    with pytest.raises(LenetError, match="Try auto or cpu"):
        choose_device(name)


def test_the_cpu_is_called_by_its_threads():
    assert describe_device(torch.device("cpu")).startswith("CPU (")


def test_freed_memory_can_be_kept_and_given_back_more_than_once():
    for _ in range(2):
        keep_freed_memory()
        assert torch.zeros(1000, 1000).sum() == 0
        give_back_freed_memory()
        assert torch.zeros(1000, 1000).sum() == 0


@pytest.mark.skipif(devices._C_LIBRARY is None, reason="run on Linux with glibc")
def test_freed_memory_is_kept_while_asked_and_then_given_back():
    script = """
import re, torch
from lenet_edu.system.devices import give_back_freed_memory, keep_freed_memory
def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
keep_freed_memory()
few = [torch.zeros(2**18) for _ in range(100)]  # a megabyte each
before = resident()
del few
freed = resident()
give_back_freed_memory()
print(before - freed < 10, before - resident() > 80)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


def test_work_goes_to_processes_and_comes_back_with_its_task():
    powers = dict(map_processes(pow, [(2, 3), (3, 2), (5, 2)]))
    assert powers == {(2, 3): 8, (3, 2): 9, (5, 2): 25}


def test_an_error_in_a_process_arrives():
    with pytest.raises(ZeroDivisionError):
        list(map_processes(divmod, [(1, 0), (4, 2)]))
