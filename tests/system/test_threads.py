"""How torch's threads share a CPU: the environment, one thread, idle threads, the choice between speeds."""

import os
import subprocess
import sys
from threading import Thread

import pytest
import torch

from lenet_edu.system.threads import SPINNING, OneThread, ThreadChoice, Throttle, convolution_parts

LINUX = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(os, "sched_getaffinity"),
    reason="run on Linux: torch's threads are libgomp's there",
)


def environment_after_import(**given) -> dict:
    env = {name: value for name, value in os.environ.items() if name not in SPINNING} | given
    code = f"import lenet_edu, os; print({{name: os.environ.get(name) for name in {list(SPINNING)}}})"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return eval(done.stdout)


@LINUX
def test_importing_the_package_limits_spinning_but_for_who_has_set_it():
    assert environment_after_import() == SPINNING
    given = {"GOMP_SPINCOUNT": "7"}
    assert environment_after_import(**given) == {"OMP_WAIT_POLICY": None, **given}


IDLE = """
import os, time, torch
from lenet_edu.system.threads import Throttle
torch.set_num_threads(2)
torch.rand(500, 500) @ torch.rand(500, 500)
count = lambda: len(os.listdir("/proc/self/task"))
throttle, counts, before = Throttle(), [], count()
for _ in range(3):
    throttle.turn_on()
    counts.append(count() - before)
    throttle.turn_off()
    throttle.turn_off()
    while count() > before:  # the system takes a moment to clear a thread that has ended
        time.sleep(0.01)
print(throttle.is_available, throttle.on, counts, torch.get_num_threads())
"""


@pytest.mark.slow
@LINUX
def test_idle_threads_come_and_go_and_torch_keeps_its_number():
    done = subprocess.run(
        [sys.executable, "-c", IDLE], capture_output=True, text=True, check=True, timeout=300
    )
    cores = len(os.sched_getaffinity(0))
    # The thread that holds them, and as many as it takes to be more than the cores.
    assert done.stdout.split("[")[0] == "True False "
    assert done.stdout.endswith(f"[{', '.join([str(max(cores - 2, 0) + 2)] * 3)}] 2\n")


@pytest.mark.parametrize("way", [OneThread, Throttle])
def test_one_thread_has_nobody_to_wait_for(way, set_threads):
    set_threads(1)
    assert not way().is_available
    with ThreadChoice(way()) as choice:
        for _ in range(100):
            choice.count(1)
        assert choice.modest is None


def test_one_thread_is_taken_and_all_are_given_back(set_threads):
    set_threads(3)
    way = OneThread()

    def state():
        return way.on, torch.get_num_threads(), convolution_parts()

    with way.using_one():
        assert state() == (True, 1, 3)
        with way.using_all():
            assert state() == (False, 3, 1)
        assert state() == (True, 1, 3)
    assert state() == (False, 3, 1)


def test_a_thread_that_begins_while_one_is_used_elsewhere_knows_how_many_there_are(set_threads):
    set_threads(3)
    seen = []

    def look():
        way = OneThread()
        seen.append((way.threads, way.on, convolution_parts()))
        way.turn_off()
        seen.append(torch.get_num_threads())

    with OneThread().using_one():
        thread = Thread(target=look)
        thread.start()
        thread.join()
        assert seen == [(3, False, 1), 3]
        assert (torch.get_num_threads(), convolution_parts()) == (1, 3)


def test_another_way_can_be_chosen_on_the_way(set_threads):
    set_threads(2)
    first, second = FakeThrottle(), FakeThrottle()
    with ThreadChoice(first) as choice:
        choice.change(second)
        assert (first.on, second.on) == (False, True)
        choice.change(None)
        assert not second.on


@pytest.fixture
def set_threads():
    """torch.set_num_threads, undone afterwards."""
    threads = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(threads)


class FakeThrottle:
    """Counts how often it is turned on."""

    is_available = True
    CPU_TIME_TELLS = True

    def __init__(self):
        self.on, self.times = False, 0

    def turn_on(self):
        self.on, self.times = True, self.times + 1

    def turn_off(self):
        self.on = False


class Machine:
    """A clock, and steps that take as long as the machine's state and the way of waiting make them.

    share: of a core, what this process has of it.
    """

    def __init__(self, seconds, share=1.0):
        self.now, self.throttle, self.seconds, self.share = 0.0, FakeThrottle(), seconds, share
        self.cpu_seconds = 0.0

    def run(self, choice, seconds):
        end, steps = self.now + seconds, 0
        while self.now < end:
            self.now += self.seconds[self.throttle.on]
            self.cpu_seconds += self.share * self.seconds[self.throttle.on]
            choice.count(1)
            steps += 1
        return steps


FREE = {False: 0.01, True: 0.02}
BUSY = {False: 0.2, True: 0.02}


def choose(machine) -> ThreadChoice:
    return ThreadChoice(machine.throttle, clock=lambda: machine.now, cpu_clock=lambda: machine.cpu_seconds)


def test_a_free_machine_keeps_its_speed():
    machine = Machine(FREE)
    with choose(machine) as choice:
        steps = machine.run(choice, 60)
    assert steps > 0.97 * 60 / FREE[False]
    assert not machine.throttle.on
    assert machine.throttle.times < 12


def test_a_busy_machine_is_answered_at_once():
    machine = Machine(BUSY)
    with choose(machine) as choice:
        machine.run(choice, 1)
        assert machine.throttle.on
        assert machine.run(choice, 60) > 0.9 * 60 / BUSY[True]
    assert not machine.throttle.on  # as it was before


def test_the_choice_follows_the_machine_both_ways():
    machine = Machine(FREE)
    with choose(machine) as choice:
        machine.run(choice, 30)
        for state, throttled, seconds in ((BUSY, True, 2), (FREE, False, 17), (BUSY, True, 2)):
            machine.seconds = state
            machine.run(choice, seconds)
            assert machine.throttle.on is throttled


def test_a_thread_that_shares_its_core_stays_alone_until_it_has_one_of_its_own():
    machine = Machine(FREE, share=0.7)
    with choose(machine) as choice:
        machine.run(choice, 30)
        assert machine.throttle.times == 1
        assert machine.throttle.on
        machine.share = 1.0
        machine.run(choice, 2)
        assert not machine.throttle.on


def test_cpu_time_that_does_not_tell_is_not_asked():
    machine = Machine(FREE, share=0.7)
    machine.throttle.CPU_TIME_TELLS = False
    with choose(machine) as choice:
        machine.run(choice, 2)
        assert not machine.throttle.on


def test_what_is_skipped_does_not_count():
    machine = Machine(FREE)
    with choose(machine) as choice:
        machine.run(choice, 10)
        times = machine.throttle.times
        for _ in range(20):
            machine.now += 0.5  # an evaluation, say
            choice.skip()
            choice.count(1)
        assert machine.throttle.times <= times + 1


def test_an_error_ends_it_too():
    machine = Machine(BUSY)

    def stop_while_on():
        with choose(machine) as choice:
            machine.run(choice, 2)
            assert machine.throttle.on
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_while_on()
    assert not machine.throttle.on
