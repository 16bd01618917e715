"""A training that can be paused, stepped, changed, reset, kept and taken up again, while other work goes on.

    session = Session(load_digits(), folder="runs")
    session.train(); session.pause(); session.step(); session.wait()

`fit` does the work, in a thread of its own; a pause is an interruption that `fit` goes on from. So nothing
here can make a run come out otherwise than one that was never touched.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread

import torch

from lenet_edu.data.digits import Data
from lenet_edu.data.folders import load_again
from lenet_edu.network import architecture
from lenet_edu.network.models import Network, build
from lenet_edu.system.errors import LenetError
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import Recipe, default_recipe
from lenet_edu.training.runs import STATE, Run, load_run, new_run_folder

READY, RUNNING, PAUSED, FINISHED, STOPPED = "ready", "running", "paused", "finished", "stopped"


class _PauseError(Exception):
    """Raised between two batches, when what was asked for is done."""


class Session:
    """One training run under someone's hands.

    data, recipe, seed, device: as `fit` takes them; digits or pictures in colour. switches: those of the
    network for them, see `architecture.fitting`. folder: where runs are kept, each in a folder of its own.
    watch(session): called in the training's thread before every batch, after every epoch, and at the end.

    `status` is "ready", "running", "paused", "finished", or "stopped" (by an error: see `error`). `run` is
    the run as it stands, `model` the network, `home` the run's folder (None before it begins).
    """

    def __init__(
        self,
        data: Data,
        switches: dict | None = None,
        recipe: Recipe | None = None,
        *,
        seed: int = 0,
        device: str = "auto",
        folder: Path | str = "runs",
        watch: Callable[["Session"], None] | None = None,
    ):
        self.data, self.seed, self.device = data, seed, device
        self.plan = architecture.fitting(data.train.images.shape[1], len(data.classes), switches)
        self.recipe = recipe or default_recipe(self.plan, len(data.train))
        self.folder, self.watch = Path(folder), watch or (lambda session: None)
        self._lock, self._thread, self._threads = Lock(), None, torch.get_num_threads()
        self._begin()

    def _begin(self) -> None:
        """A run that has not begun: initial weights by the seed, no folder yet."""
        self.model: Network = build(self.plan.config)
        self.model.reset_parameters(torch.Generator().manual_seed(self.seed), self.recipe.start)
        self.run = Run(self.recipe, self.seed, len(self.data.train))
        self.home: Path | None = None
        self.status, self.error, self._changes = READY, "", {}
        self._reached, self._ending = (lambda run: True), False

    # What can be asked for -------------------------------------------------------------------------------

    def train(self) -> None:
        """Train to the end; returns at once."""
        self._go(lambda run: False)

    def step(self, count: int = 1) -> None:
        """Train for one batch, or for some; returns at once."""
        target = self.run.steps + count
        self._go(lambda run: run.steps >= target)

    def epoch(self) -> None:
        """Train to the end of the epoch under way; returns at once."""
        target = len(self.run.history) + 1
        self._go(lambda run: len(run.history) >= target)

    def pause(self) -> None:
        """Stop after the batch under way; returns at once, see `wait`."""
        with self._lock:
            self._reached = lambda run: True

    def wait(self) -> None:
        """Return when nothing runs any more."""
        if self._thread:
            self._thread.join()

    def reset(self) -> None:
        """Begin again from the same initial weights, in a new folder; what has a whole epoch stays."""
        self.pause()
        self.wait()
        if self.home and not self.run.history:
            shutil.rmtree(self.home, ignore_errors=True)
        self._begin()
        self.watch(self)

    def change(self, **values) -> None:
        """Give other hyper-parameters (see `Recipe`); once a run has begun, they count from the next batch
        on.

        Raises LenetError for a value out of range; then nothing has changed.
        """
        if self.status == READY:
            self.recipe = self.recipe.changed(**values)
            self._begin()
        else:
            self.recipe_now.changed(**values)
            with self._lock:
                self._changes = {**self._changes, **values}

    @property
    def recipe_now(self) -> Recipe:
        """The recipe that the next batch follows."""
        return self.run.recipe.changed(**self._changes)

    def save(self, name: str) -> Path:
        """Keep the run as it stands under a name in the same folder; it goes on as before. The copy's folder.

        Raises LenetError if the name is taken or no name of a folder, or if there is nothing to keep yet.
        """
        goal, was_running = self._reached, self.status == RUNNING
        self.pause()
        self.wait()
        copy = self.folder / name
        if not name or Path(name).name != name or name.startswith("."):
            raise LenetError(f"A run's name must be usable as the name of a folder; got {name!r}.")
        if copy.exists():
            raise LenetError(f"There is a run {name!r} already in {self.folder}. Choose another name.")
        if not self.home:
            raise LenetError("There is nothing to save yet: the run has not begun.")
        try:
            shutil.copytree(self.home, copy)
        except OSError as error:
            shutil.rmtree(copy, ignore_errors=True)
            raise LenetError(f"{copy} could not be written: {error}. Make room.") from error
        if was_running and self.status == PAUSED:
            self._go(goal)
        return copy

    def load(self, home: Path | str) -> None:
        """Take up another run where it was left, its network, data, recipe and seed with it.

        Raises LenetError if there is none or it cannot be gone on from; then this one stays.
        """
        run, tensors, notes = load_run(home)
        data = self.data
        if (data.source, data.scaling.to_dict()) != (notes["data"], notes["scaling"]):
            data = load_again(notes["data"], notes["scaling"]["name"], root=run.root, progress=False)
        if len(data.train) != run.images:
            raise LenetError(
                f"{home} was trained on {run.images:,} images of {notes['data']}; "
                f"here are {len(data.train):,}."
            )
        self.pause()
        self.wait()
        self.data, self.seed, self.recipe = data, run.seed, run.started_with
        self.plan = architecture.architecture(notes["state_of"])
        self._begin()
        self.run, self.home = run, Path(home)
        finished = len(run.history) >= run.recipe.epochs
        self.model.load_state_dict(tensors["best"] if finished else tensors["model"])
        self.status = FINISHED if finished else PAUSED
        self.watch(self)

    # The thread ------------------------------------------------------------------------------------------

    def _go(self, reached: Callable[[Run], bool]) -> None:
        with self._lock:
            self._reached = reached
            if self.status == RUNNING and not self._ending:
                return
        self.wait()
        if self.status == FINISHED:
            raise LenetError("This run is finished. Reset it to begin again from the same initial weights.")
        if not self.home:
            self.home = new_run_folder(self.folder, self.plan.name)
        self.status, self.error, self._ending = RUNNING, "", False
        self._reached = reached
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        # A new thread would not know what number of threads was chosen for this one.
        torch.set_num_threads(self._threads)
        try:
            self.run = fit(
                self.model,
                self.data,
                self.run.started_with,
                seed=self.seed,
                device=self.device,
                out=self.home,
                resume=(self.home / STATE).exists(),
                progress=False,
                before_batch=self._before_batch,
                after_epoch=self._after_epoch,
            )
            status = FINISHED
        except _PauseError:
            status = PAUSED
        except Exception as error:
            status = STOPPED
            self.error = str(error) if isinstance(error, LenetError) else f"{type(error).__name__}: {error}"
        self.status = status
        self.watch(self)

    def _before_batch(self, run: Run) -> None:
        self.run = run
        self.watch(self)
        with self._lock:
            if self._changes:
                run.recipe, self._changes = run.recipe.changed(**self._changes), {}
            if self._reached(run):
                self._ending = True
                raise _PauseError

    def _after_epoch(self, run: Run) -> None:
        self.run = run
        self.watch(self)
