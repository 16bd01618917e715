"""How torch's threads share a CPU with other processes: all of them where the cores are free, else modestly.

A step of training is some sixty small tasks. After each, torch's threads wait for each other. Where another
process wants the cores, one thread is often awaited that has no core, and training falls to a twentieth of
its speed. A single thread waits for nobody, and keeps about the share of the cores that it is entitled to.

The results stay the same bits. In most networks a step hangs on the number of threads in one thing only: to
compute the gradient of a convolution's weights and biases each thread sums its part of the batch, and then
the parts are added. One thread that sums the same parts gets the same bits, see `convolution_parts`. Where
that is not so, all threads are used, and on Linux made to sleep at once when they have to wait.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread, get_ident
from time import perf_counter, thread_time

# Turns of the loop before a thread of GNU OpenMP (torch's on Linux) sleeps: some ten microseconds, which is
# as fast as the default where the cores are free. "active" makes it a thousand instead of a hundred while
# there are more threads than cores.
SPINNING = {"OMP_WAIT_POLICY": "active", "GOMP_SPINCOUNT": "10000"}

# By Python's threads that have torch use one thread at the moment: how many it uses there otherwise.
_limited: dict[int, int] = {}


def limit_spinning() -> None:
    """Set SPINNING in the environment, which counts only before torch is imported; what is set stays."""
    if sys.platform == "linux" and not SPINNING.keys() & os.environ.keys():
        os.environ.update(SPINNING)


def convolution_parts() -> int:
    """In how many parts of the batch this thread sums the gradient of a convolution; 1 but in `OneThread`."""
    return _limited.get(get_ident(), 1)


class OneThread:
    """While `on`, torch uses one thread here and gives the bits that it gives with all of them.

    threads: how many torch uses otherwise.
    """

    # A thread that waits for no other one computes whenever it has a core.
    CPU_TIME_TELLS = True

    def __init__(self):
        import torch

        self._set_threads, self.threads = torch.set_num_threads, _unlimited_threads()

    @property
    def on(self) -> bool:
        """Whether one thread is used, here as in whatever called this."""
        return get_ident() in _limited

    @property
    def is_available(self) -> bool:
        """False where torch has one thread anyway."""
        return self.threads > 1

    def turn_on(self) -> None:
        """Go on with one thread."""
        self._set_threads(1)
        _limited[get_ident()] = self.threads

    def turn_off(self) -> None:
        """Go on with all threads."""
        self._set_threads(self.threads)
        _limited.pop(get_ident(), None)

    @contextmanager
    def using_one(self) -> Iterator[None]:
        """Use one thread for a moment."""
        was_on = self.on
        self.turn_on()
        try:
            yield
        finally:
            if not was_on:
                self.turn_off()

    @contextmanager
    def using_all(self) -> Iterator[None]:
        """Use all threads for a moment."""
        was_on = self.on
        self.turn_off()
        try:
            yield
        finally:
            if was_on:
                self.turn_on()


class Throttle:
    """Makes every thread of torch in this process sleep almost at once when it has to wait, while `on`.

    libgomp itself does so while it manages more threads than there are cores. So a thread is started that has
    libgomp start idle ones, and that is all it does; they end with it.
    """

    # Threads sleep while they wait for each other, also where every core is free.
    CPU_TIME_TELLS = False

    def __init__(self):
        self._library, self._release, self._holder = _gnu_openmp(), None, None

    @property
    def is_available(self) -> bool:
        """False where torch has one thread, or its threads are not libgomp's."""
        return self._library is not None and _torch_threads() > 1

    @property
    def on(self) -> bool:
        """Whether threads are made to sleep."""
        return self._holder is not None

    def turn_on(self) -> None:
        """Start the idle threads; return when they are there."""
        started, self._release = Event(), Event()
        self._holder = Thread(target=self._hold_threads, args=(started, self._release), daemon=True)
        self._holder.start()
        started.wait()

    def turn_off(self) -> None:
        """End the idle threads; return when they are gone."""
        if self._holder and self._release:
            self._release.set()
            self._holder.join()
            self._holder = None

    def _hold_threads(self, started: Event, release: Event) -> None:
        assert self._library is not None  # see is_available
        count = max(len(os.sched_getaffinity(0)) - _torch_threads(), 0) + 2
        # A task that does nothing and needs no interpreter.
        self._library.GOMP_parallel(ctypes.CDLL(None).sched_yield, None, count, 0)
        started.set()
        release.wait()


class ThreadChoice:
    """Chooses between a modest way and all threads, as they are, while something runs that can be measured.

        with ThreadChoice() as choice:
            for batch in batches:
                step(batch)
                choice.count(len(batch))

    It begins modestly: on a busy machine a single step may take seconds with all threads. Now and then the
    other way is tried for a moment, and chosen if it is clearly faster. After each trial in vain the next one
    is twice as far away; but one is made at once when the speed has fallen. What was before is restored.
    All threads are not tried while one alone has to share its core: others want the cores, and a trial is
    dear then. modest: None where the work is not done by torch's threads.
    """

    WINDOW = 0.06  # seconds that a speed is measured over, or one step if that takes longer
    SOONEST, LATEST = 0.5, 16.0  # seconds between two trials
    WORSE = 0.6  # what counts as fallen, as a share of the best speed
    # What counts as faster when all threads are tried, and when the modest way is: if in doubt, all.
    ALL_BETTER, MODEST_BETTER = 1.03, 1.15
    OWN_CORE = 0.9  # what a thread that shares its core with nobody has of the time at the least

    def __init__(self, modest: "OneThread | Throttle | None", clock=perf_counter, cpu_clock=thread_time):
        self._clock, self._cpu_clock = clock, cpu_clock
        self._seconds = self._cpu_seconds = 0.0  # since the last choice or trial
        self._trying, self._patience, self._best = False, self.SOONEST, 0.0
        self._speed = 0.0  # items a second, in the last window of the way in use
        self._is_first = True
        self.modest = modest if modest and modest.is_available else None

    def __enter__(self) -> "ThreadChoice":
        if self.modest:
            self.modest.turn_on()
        self._trial_at = self._clock() + self.WINDOW
        self._begin_window()
        return self

    def __exit__(self, *_) -> None:
        if self.modest and self.modest.on:
            self.modest.turn_off()

    def change(self, modest: "OneThread | Throttle | None") -> None:
        """From now on choose between another modest way and all threads."""
        self.__exit__()
        self.modest = modest if modest and modest.is_available else None
        self.__enter__()

    def skip(self) -> None:
        """Leave the time since the last `count` out of the measurement: something else was done in it."""
        self._begin_window()

    def count(self, items: int) -> None:
        """Note that so many more items are done; change the number of threads if it is time to."""
        if not self.modest:
            return
        if self._is_first:  # it warms up
            self._is_first = False
            self._begin_window()
            return
        self._items += items
        seconds = self._clock() - self._start
        if seconds >= self.WINDOW:
            self._seconds += seconds
            self._cpu_seconds += self._cpu_clock() - self._cpu_start
            self._judge(self._items / seconds)
            self._begin_window()

    def _judge(self, speed: float) -> None:
        now = self._clock()
        if self._trying:
            self._trying = False
            if speed > self._what_counts_as_better() * self._speed:
                self._patience, self._speed, self._best = self.SOONEST, speed, speed
            else:
                self._switch()
                self._patience = min(2 * self._patience, self.LATEST)
            self._trial_at = now + self._patience
            return
        has_fallen = speed < self.WORSE * self._best
        self._best = speed if has_fallen else max(self._best, speed)
        self._speed = speed
        if has_fallen or now >= self._trial_at:
            if self._shares_its_core():
                self._trial_at = now + self.SOONEST
                self._seconds = self._cpu_seconds = 0.0
            else:
                self._switch()
                self._trying = True

    def _what_counts_as_better(self) -> float:
        if self._shares_its_core():
            return 1.0
        return self.MODEST_BETTER if self.modest and self.modest.on else self.ALL_BETTER

    def _shares_its_core(self) -> bool:
        """Whether the one thread that is on had to wait for a core."""
        is_alone = self.modest is not None and self.modest.on and self.modest.CPU_TIME_TELLS
        return is_alone and self._cpu_seconds < self.OWN_CORE * self._seconds

    def _switch(self) -> None:
        self._seconds = self._cpu_seconds = 0.0
        if self.modest and self.modest.on:
            self.modest.turn_off()
        elif self.modest:
            self.modest.turn_on()

    def _begin_window(self) -> None:
        self._items, self._start, self._cpu_start = 0, self._clock(), self._cpu_clock()


def _torch_threads() -> int:
    import torch

    return torch.get_num_threads()


def _unlimited_threads() -> int:
    """How many threads torch uses here where no OneThread is on.

    A thread of Python begins with the number that was set last in any other one, be it for a moment only.
    """
    here = _torch_threads()
    return _limited.get(get_ident()) or (max(_limited.values(), default=1) if here == 1 else here)


def _gnu_openmp() -> ctypes.CDLL | None:
    """The library of torch through which its libgomp is found; None where torch uses another OpenMP."""
    if sys.platform != "linux":
        return None
    import torch

    try:
        library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
        return library if hasattr(library, "GOMP_parallel") else None
    except OSError:
        return None
