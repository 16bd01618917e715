"""A training run as it stands, and the folder that keeps it; any write can be the last, and is whole.

best.safetensors, last.safetensors     the weights of the best and of the last epoch
history.jsonl                          one line an epoch, added while it runs
state.safetensors                      all that going on from here needs, the same as if never stopped
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, fields
from itertools import count
from pathlib import Path

import torch
from torch import Tensor

from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import append_line, lock_folder, write_atomically
from lenet_edu.system.places import is_file, user_path
from lenet_edu.system.tensors import load_tensors, save_tensors
from lenet_edu.training.checkpoints import save_network
from lenet_edu.training.recipes import Recipe

BEST, LAST, STATE, HISTORY = "best.safetensors", "last.safetensors", "state.safetensors", "history.jsonl"

# Raised when a state of before could no longer be gone on from to the same result.
FORMAT = 2


@dataclass(kw_only=True)
class Progress:
    """How far a run has come: what its state holds, besides weights, momentum and what it was given.

    history: one dict an epoch that has ended, with `epoch` (from 1), `learning_rate` (at its end),
        `train_loss` and `train_accuracy` (over its batches, as they were met), `validation_loss`,
        `validation_accuracy`, `seconds` (training alone) and `images_per_second`.
    curve: some twenty points an epoch, with `epoch` (as 1.35), `loss` and `accuracy` since the point before.
    seen: how many images the epoch under way has had.
    steps: all updates so far.
    seconds_of_epoch: of training, in the epoch under way.
    last_logged: `seen`, summed loss and right answers of the epoch when the last point of the curve was made.
    """

    history: list[dict] = field(default_factory=list)
    curve: list[dict] = field(default_factory=list)
    seen: int = 0
    steps: int = 0
    seconds_of_epoch: float = 0.0
    last_logged: list[float] = field(default_factory=lambda: [0, 0.0, 0.0])

    def to_notes(self) -> dict:
        """The progress as a state's notes hold it."""
        return {key: getattr(self, name) for name, key in _PROGRESS_KEYS.items()}


# Under which keys a state's notes hold the progress; `looked` is its name since the first version.
_PROGRESS_KEYS = {one.name: one.name for one in fields(Progress)} | {"last_logged": "looked"}


@dataclass
class Run(Progress):
    """A training run: what it was given, how far it has come, its best and last weights.

    recipe: in force now; whoever looks on may put another in its place.
    seed: of order and distortions.
    images: how many the training split has.
    started_with: the first recipe.
    root: the folder that the pictures were read from, if it was one.
    totals: (2,), the epoch's summed loss and right answers, on the device of the model.
    best_weights, last_weights: by name, of the best epoch and of the last one that has ended.
    """

    recipe: Recipe
    seed: int
    images: int
    started_with: Recipe = None  # pyright: ignore[reportAssignmentType]  # the one in force, set below
    root: str = ""
    totals: Tensor = field(default_factory=lambda: torch.zeros(2))
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    last_weights: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self):
        self.started_with = self.started_with or self.recipe

    @property
    def epochs_done(self) -> float:
        """How far it is, in epochs, as 1.35."""
        return len(self.history) + self.seen / self.images

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.recipe.rate(min(self.epochs_done / self.recipe.epochs, 1))

    @property
    def best_epoch(self) -> int:
        """The epoch of highest validation accuracy, the earliest such."""
        return max(self.history, key=lambda record: record["validation_accuracy"])["epoch"]

    @property
    def seconds(self) -> float:
        """Seconds of training, without evaluation and saving."""
        return sum(record["seconds"] for record in self.history) + self.seconds_of_epoch


class RunFolder:
    """The folder that a run is saved in; with None for a path, nothing is saved.

    notes: what the run was given, as plain data; it must be the same when the run is taken up again.
    """

    def __init__(self, path: Path | None, notes: dict):
        self.path, self.notes = path, notes

    def save_state(self, run: Run, model: Network, momentum: dict[str, Tensor]) -> None:
        """Write all that is needed to go on from here; refuse to if a weight is no longer a number."""
        if self.path is None:
            return
        weights = model.state_dict()
        if not all(tensor.isfinite().all() for tensor in weights.values()):
            return
        tensors = {
            f"{kind}.{name}": tensor
            for kind, named in (("model", weights), ("best", run.best_weights), ("momentum", momentum))
            for name, tensor in named.items()
        }
        state = {
            **run.to_notes(),
            "images": run.images,
            "format": FORMAT,
            "recipe_now": run.recipe.to_dict(),
            "root": run.root,
        }
        save_tensors(
            self.path / STATE,
            {**tensors, "totals": run.totals},
            {**self.notes, "state_of": model.architecture.config, **state},
        )

    def save_epoch(self, run: Run, model: Network, momentum: dict[str, Tensor]) -> None:
        """Write weights and record of an epoch that has just ended; the state last: it says what is done."""
        if self.path is None:
            return
        record = run.history[-1]
        notes = {**self.notes, "epoch": record["epoch"], "validation_accuracy": record["validation_accuracy"]}
        save_network(self.path / LAST, model, notes)
        if run.best_epoch == record["epoch"]:
            save_network(self.path / BEST, model, notes)
        append_line(self.path / HISTORY, json.dumps(record))
        self.save_state(run, model, momentum)

    def restore(self, model: Network, momentum: dict[str, Tensor]) -> Run:
        """The saved run; model and momentum are brought to where it was left.

        Raises LenetError if there is no state, or one of another run or version.
        """
        if self.path is None:
            raise LenetError("A run that is not saved in a folder cannot go on: give the folder as `out`.")
        run, tensors, saved = load_run(self.path)
        for name, value in {**self.notes, "state_of": model.architecture.config}.items():
            if name in saved and saved[name] != value:
                raise LenetError(
                    "{path} holds a run with another {name}: wanted {value}, found {saved}.",
                    path=self.path,
                    name=name,
                    value=value,
                    saved=saved[name],
                )
        model.load_state_dict(tensors["model"])
        for name, tensor in tensors["momentum"].items():
            momentum[name].copy_(tensor)
        # A line may have been added, or half of one, before the state was written.
        lines = "".join(json.dumps(record) + "\n" for record in run.history)
        write_atomically(self.path / HISTORY, lines.encode())
        return run


@contextmanager
def open_run_folder(path: Path | str | None, notes: dict, resume: bool) -> Iterator[RunFolder]:
    """The folder of a new run, or of one that is to go on; nothing else can write to it meanwhile.

    Raises LenetError if the folder is in use, if it holds a run that is not to go on, or none that could.
    """
    if path is None:
        yield RunFolder(None, notes)
        return
    path = user_path(path)
    if resume:
        _check_there(path)
    with lock_folder(path):
        if not resume and (path / STATE).exists():
            raise LenetError("{path} already holds a run. Resume it, or choose another folder.", path=path)
        yield RunFolder(path, notes)


def new_run_folder(root: Path | str, name: str) -> Path:
    """Make a folder for a run in `root`, named by time and `name`; by a number too if that one is there.

    Raises LenetError if it cannot be made.
    """
    root = user_path(root)
    name = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}"
    for number in count(1):
        folder = root / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            if not root.is_dir():
                raise LenetError(
                    "{folder} could not be made: {root} is no folder.", folder=folder, root=root
                ) from None
        except OSError as error:
            raise LenetError(
                "{folder} could not be made: {reason}.", folder=folder, reason=error.strerror or error
            ) from error
    raise AssertionError("count() does not end")


def load_run(folder: Path | str) -> tuple[Run, dict[str, dict[str, Tensor]], dict]:
    """The run of a folder as last saved; its tensors by kind ("model", "momentum", ...) and name; its notes.

    Raises LenetError if there is no run, a damaged one, or one of another version.
    """
    folder = user_path(folder)
    _check_there(folder)
    flat, notes = load_tensors(folder / STATE)
    _check_format(folder, notes)
    needed = {"data", "scaling", "state_of", "seed", "recipe", "recipe_now", "images"}
    missing = {*needed, *_PROGRESS_KEYS.values()} - notes.keys()
    if missing:
        raise LenetError(
            "{folder} is not a run's state: it lacks {missing}.",
            folder=folder / STATE,
            missing=", ".join(sorted(missing)),
        )
    tensors = {"model": {}, "best": {}, "momentum": {}}
    for name, tensor in flat.items():
        kind, _, rest = name.partition(".")
        if kind in tensors:
            tensors[kind][rest] = tensor
    started_with = Recipe(**notes["recipe"])
    notes["recipe"] = started_with.to_dict()  # with what recipes did not say yet when it was begun
    run = Run(
        Recipe(**notes["recipe_now"]),
        notes["seed"],
        notes["images"],
        started_with=started_with,
        root=notes.get("root", ""),
        best_weights=tensors["best"],
        last_weights=tensors["model"],
        totals=flat["totals"],
        **{name: notes[key] for name, key in _PROGRESS_KEYS.items()},
    )
    return run, tensors, notes


def list_runs(root: Path | str) -> list[dict]:
    """The runs in the folders of `root`: `name`, `epochs` and best validation `accuracy` (0 if none)."""
    runs = []
    for state in sorted(Path(root).glob(f"*/{STATE}")):
        records = read_history(state.parent)
        best = max((record["validation_accuracy"] for record in records), default=0.0)
        runs.append({"name": state.parent.name, "epochs": len(records), "accuracy": best})
    return runs


def read_history(folder: Path | str) -> list[dict]:
    """The epochs of a run that have ended; can be asked while it runs."""
    try:
        lines = (Path(folder) / HISTORY).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    records = []
    for line in lines:
        try:
            records.append(json.loads(line))
        except ValueError:  # half a line, being written or left by a crash
            break
    return records


def _check_there(folder: Path) -> None:
    if not is_file(folder / STATE):
        raise LenetError(
            "{folder} holds no run to resume: there is no {state} in it.", folder=folder, state=STATE
        )


def _check_format(folder: Path, saved: dict) -> None:
    version = saved.get("format", 1 if "history" in saved else FORMAT)
    if version != FORMAT:
        kind = "an older" if version < FORMAT else "a newer"
        raise LenetError(
            "The run in {folder} was begun by {kind} version of lenet_edu (format {version}, this one "
            "has {own}), which draws and steps otherwise: going on would give another result. Its "
            "{best} and {last} can be loaded; train anew in another folder.",
            folder=folder,
            kind=kind,
            version=version,
            own=FORMAT,
            best=BEST,
            last=LAST,
        )


def weights_of(model: Network) -> dict[str, Tensor]:
    """A copy of the model's weights."""
    return deepcopy(model.state_dict())
