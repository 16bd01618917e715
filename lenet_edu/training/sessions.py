"""A training that can be paused, stepped, changed, reset, saved and resumed, while other work goes on.

    session = Session(load_digits(), folder="runs")
    session.train(); session.pause(); session.step(); session.wait()

`fit` does the work, in a thread of its own; a pause is an interruption that `fit` goes on from. So nothing
here can make a run come out otherwise than one that was never touched.

`describe_runs` and `delete_run` manage the folder in which the runs lie.
"""

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock, Thread

import torch

from lenet_edu.data.picture_sets import load_again
from lenet_edu.data.splits import Data, Source
from lenet_edu.network import architecture
from lenet_edu.network.models import Network, build
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import check_name, lock_folder
from lenet_edu.system.places import user_path
from lenet_edu.training.loop import describe_failure_to_learn, fit
from lenet_edu.training.recipes import Recipe, default_recipe
from lenet_edu.training.runs import STATE, Run, load_run, new_run_folder

READY, RUNNING, PAUSED, FINISHED, STOPPED = "ready", "running", "paused", "finished", "stopped"

# States of runs on disk that no session has: ended with their process, or not readable.
INTERRUPTED, DAMAGED = "interrupted", "damaged"

# An empty file in a run's folder while its session runs; it stays behind if the process is killed.
_RUNNING_MARK = "running"


class _PauseError(Exception):
    """Raised between two batches, when what was asked for is done."""


class Session:
    """One training run under someone's hands.

    data, recipe, seed, device: as `fit` takes them; digits or pictures in colour. switches: those of the
    network for them, see `architecture.fitting`. folder: where runs are kept, each in a folder of its own.
    watch(session): called in the training's thread before every batch, after every epoch, and at the end.

    `status` is "ready", "running", "paused", "finished", or "stopped" (by an error: see `error`). `run` is
    the run as it stands, `model` the network, `home` the run's folder (None before it begins).

    After an error, run and model are those of the last saved state, from which the run can go on;
    `abandoned` holds the points of the curve that lie behind it.
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
        self.folder, self.watch = user_path(folder), watch or (lambda session: None)
        self._lock, self._thread, self._threads = Lock(), None, torch.get_num_threads()
        self._begin()

    def _begin(self) -> None:
        """A run that has not begun: initial weights by the seed, no folder yet."""
        self.model: Network = build(self.plan.config)
        self.model.reset_parameters(torch.Generator().manual_seed(self.seed), self.recipe.start)
        self.run = Run(self.recipe, self.seed, len(self.data.train))
        self.home: Path | None = None
        self.status, self.error, self._changes = READY, "", {}
        self.abandoned: list[dict] = []
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

        Raises LenetError for a value out of range, or for fewer epochs than have begun; then nothing has
        changed.
        """
        if self.status == READY:
            self.recipe = self.recipe.changed(**values)
            self._begin()
        else:
            self._check_epochs(values.get("epochs"))
            self.recipe_now.changed(**values)
            with self._lock:
                self._changes = {**self._changes, **values}

    def _check_epochs(self, epochs: int | None) -> None:
        """Refuse to change the number of epochs to one that has been reached."""
        if epochs in (None, self.recipe_now.epochs):
            return
        if self.status == FINISHED:
            raise LenetError("This run is finished. Reset it, and then choose the number of epochs.")
        least = len(self.run.history) + 1
        if isinstance(epochs, int) and epochs < least:
            raise LenetError(
                "epochs must be at least {least}, the epoch of this run now; got {epochs}.",
                least=least,
                epochs=epochs,
            )

    @property
    def recipe_now(self) -> Recipe:
        """The recipe that the next batch follows."""
        return self.run.recipe.changed(**self._changes)

    def save(self, name: str) -> Path:
        """Keep the run as it stands under a name in the same folder; it goes on as before. The copy's folder.

        Raises LenetError if the name is taken or no name of a folder, or if there is nothing to keep yet.
        """
        copy = _run_folder(self.folder, name)
        if copy.exists():
            raise LenetError(
                "There is a run {name!r} already in {folder}. Choose another name.",
                name=name,
                folder=self.folder,
            )
        if not self.home:
            raise LenetError("There is nothing to save yet: the run has not begun.")
        goal, was_running = self._reached, self.status == RUNNING
        self.pause()
        self.wait()
        try:
            shutil.copytree(self.home, copy)
        except OSError as error:
            shutil.rmtree(copy, ignore_errors=True)
            raise LenetError(
                "{copy} could not be written: {error}. Make room.", copy=copy, error=error
            ) from error
        if was_running and self.status == PAUSED:
            self._go(goal)
        return copy

    def load(self, home: Path | str) -> None:
        """Take up another run where it was left, its network, data, recipe and seed with it.

        Raises LenetError if there is none, if another session trains it, or if it cannot be gone on from;
        then this one stays.
        """
        run, tensors, notes = load_run(home)
        if Path(home) != self.home and _is_running(Path(home)):
            raise LenetError(
                "{home} is being trained now, elsewhere. Pause it there before you load it.", home=home
            )
        data, source = self.data, Source.from_notes(notes)
        if (data.source, data.scaling.to_dict()) != (source, notes["scaling"]):
            data = load_again(source, notes["scaling"]["name"], progress=False)
        if len(data.train) != run.images:
            raise LenetError(
                "{home} was trained on {images:,} images of {data}; here are {train_count:,}.",
                home=home,
                images=run.images,
                data=notes["data"],
                train_count=len(data.train),
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
            self.home = new_run_folder(self.folder, f"{self.plan.name} {self.recipe.name}")
        self.status, self.error, self.abandoned, self._ending = RUNNING, "", [], False
        self._reached = reached
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        # A new thread would not know what number of threads was chosen for this one.
        torch.set_num_threads(self._threads)
        home = self.home
        assert home, "_go makes the folder"
        mark = home / _RUNNING_MARK
        try:
            mark.touch()
            self.run = fit(
                self.model,
                self.data,
                self.run.started_with,
                seed=self.seed,
                device=self.device,
                out=home,
                resume=(home / STATE).exists(),
                progress=False,
                before_batch=self._before_batch,
                after_epoch=self._after_epoch,
            )
            status, self.error = FINISHED, describe_failure_to_learn(self.run, self.data)
        except _PauseError:
            status = PAUSED
        except Exception as error:
            status = STOPPED
            self.error = str(error) if isinstance(error, LenetError) else f"{type(error).__name__}: {error}"
            self._return_to_saved(home)
        finally:
            with suppress(OSError):
                mark.unlink()
        self.status = status
        self.watch(self)

    def _return_to_saved(self, home: Path) -> None:
        """After an error: show the state from which the run would go on, and say so."""
        try:
            run, tensors, _ = load_run(home)
        except LenetError:
            return
        self.abandoned = [point for point in self.run.curve if point["epoch"] > run.epochs_done]
        self.run = run
        self.model.load_state_dict(tensors["model"])
        self.error += (
            f" The run is back at its last saved state: epoch {run.epochs_done:.2f}, step {run.steps:,}, "
            f"peak learning rate {self.recipe_now.peak_rate:g}. It would go on from there."
        )

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


def describe_runs(root: Path | str) -> list[dict]:
    """The runs in the folders of `root`, the newest first, each with what it was made of and what came of it.

    Each has `name`, `state` ("running", "interrupted" by the end of its process, "paused", "finished",
    "damaged") and, if it can be read, `network` (its name), `kind` ("lenet5", "rgb"), `data`, `seed`, the
    values of its recipe in force `recipe`, `peak_rate`, `momentum`, `batch_size` and `epochs`, and of its
    course `epochs_done` (as 1.35) and `accuracy` (the best on the validation split, None before an epoch).
    """
    states = []
    for state in Path(root).glob(f"*/{STATE}"):
        with suppress(FileNotFoundError):  # deleted meanwhile
            states.append((state.stat().st_mtime_ns, state))
    return [_describe_run(state.parent, changed) for changed, state in sorted(states, reverse=True)]


def _describe_run(folder: Path, changed: int) -> dict:
    description = _read_description(folder, changed)
    state = description["state"]
    if (folder / _RUNNING_MARK).exists() and state == PAUSED:
        state = RUNNING if _is_running(folder) else INTERRUPTED
    return {"name": folder.name, **description, "state": state}


@lru_cache(maxsize=1000)
def _read_description(folder: Path, changed: int) -> dict:
    """What the state of a run says; `changed` is when it was written."""
    try:
        run, _, notes = load_run(folder)
        plan = architecture.architecture(notes["state_of"])
    except LenetError:
        return {"state": DAMAGED}
    return {
        "state": FINISHED if len(run.history) >= run.recipe.epochs else PAUSED,
        "network": plan.name,
        "kind": plan.config["network"],
        "data": str(notes["data"]),
        "seed": run.seed,
        "recipe": run.recipe.name,
        **{name: getattr(run.recipe, name) for name in ("peak_rate", "momentum", "batch_size", "epochs")},
        "epochs_done": run.epochs_done,
        "accuracy": max((record["validation_accuracy"] for record in run.history), default=None),
    }


def delete_run(root: Path | str, name: str) -> None:
    """Delete a run of the folder `root`, for good.

    Raises LenetError if there is no such run, if it is being trained, or if it cannot be deleted.
    """
    folder = _run_folder(Path(root), name)
    if not (folder / STATE).exists():
        raise LenetError("There is no run {name!r} in {root}.", name=name, root=root)
    if _is_running(folder):
        raise LenetError("{folder} is being trained. Pause it before you delete it.", folder=folder)
    try:
        # In one step, so that no half of a run stays in sight.
        shutil.rmtree(folder.rename(folder.with_name(f".deleted-{name}-{time.time_ns()}")))
    except OSError as error:
        raise LenetError(
            "{folder} could not be deleted: {reason}.", folder=folder, reason=error.strerror or error
        ) from error


def _is_running(folder: Path) -> bool:
    """True if a session, in this process or another, trains this run."""
    if not (folder / _RUNNING_MARK).exists():
        return False
    try:
        with lock_folder(folder):
            return False
    except LenetError:
        return True


def _run_folder(root: Path, name: str) -> Path:
    check_name("A run's name", name)
    return root / name
