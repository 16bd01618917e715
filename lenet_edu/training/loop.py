"""fit(): the training loop. It can be watched, changed and stopped, and goes on where it stopped.

Knows nothing of plots or widgets: they look on through `before_batch` and `after_epoch`.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from threading import current_thread, main_thread
from time import monotonic, perf_counter

import torch
from tqdm.auto import tqdm

from lenet_edu.data.splits import Data
from lenet_edu.network.losses import criterion
from lenet_edu.network.models import Network
from lenet_edu.system.devices import choose_device, keep_freed_memory
from lenet_edu.system.errors import LenetError
from lenet_edu.training.distortions import draw_distortions
from lenet_edu.training.evaluation import loss_and_accuracy
from lenet_edu.training.recipes import Recipe, default_recipe
from lenet_edu.training.runs import Run, kept, weights_of
from lenet_edu.training.steps import Stepper


class DivergedError(LenetError):
    """The loss exploded or is no longer a number; the model has the weights of the last epoch that ended."""


# How often in an epoch the loss is looked at: each look makes a GPU wait for the CPU.
_LOOKS = 20

# A run that is kept in a folder is saved at least this often, in seconds, and after every epoch.
_SAVE_EVERY = 20.0

# A loss this many times as large as the first one has exploded.
_EXPLODED = 100.0


def fit(
    model: Network,
    data: Data,
    recipe: Recipe | None = None,
    *,
    seed: int = 0,
    device: str = "auto",
    out: Path | str | None = None,
    resume: bool = False,
    progress: bool = True,
    before_batch: Callable[[Run], None] | None = None,
    after_epoch: Callable[[Run], None] | None = None,
) -> Run:
    """Train `model` on `data.train` and leave it with the weights that did best on `data.validation`.

    recipe: by default the quick one that fits network and data. seed: decides order and distortions, not the
    initial weights, which are the model's own. device: "auto", "cpu", "cuda", "mps".
    out: a folder that keeps the run, see `runs`: its state when it starts, after every epoch, every 20
    seconds, and when it is interrupted; resume: go on from that state. On a CPU the same weights come out,
    bit for bit, as if it had never stopped.
    before_batch(run): before every batch. It may put another recipe into `run.recipe` (learning rate,
    momentum and batch size count from that batch on, distortions from the next epoch), or raise what it
    likes to stop. after_epoch(run): after each epoch.

    Raises DivergedError if the loss explodes or is no longer a number; LenetError if `out` is in use, already
    holds a run that is not resumed, holds none to resume, or cannot be written to.
    """
    recipe = recipe or default_recipe(model.architecture, len(data.train))
    device = choose_device(device)
    if device.type == "cpu":
        keep_freed_memory()
    # A CPU convolves this layout about a third faster.
    layout = torch.channels_last if device.type == "cpu" else torch.contiguous_format
    model.to(device, memory_format=layout).train()
    data = data.to(device)
    notes = {
        "scaling": data.scaling.to_dict(),
        "data": data.name,
        "source": data.source.to_dict(),
        "classes": list(data.classes),
        "seed": seed,
        "recipe": recipe.to_dict(),
    }
    run = Run(recipe, seed, len(data.train), root=data.source.root, last_weights=weights_of(model))
    stepper = Stepper(model, data, recipe)
    with kept(out, notes, resume) as keeper, _progress_bar(run, progress) as bar:
        if resume:
            keeper.restore(run, model, stepper.momentum())
            stepper.totals.copy_(run.totals)
            bar.update(round(run.epochs_done * run.images))
        else:
            keeper.save_state(run, model, stepper.momentum())
        run.totals = stepper.totals
        with _interrupt_between_batches() as interrupted:
            while len(run.history) < run.recipe.epochs:
                try:
                    _train_epoch(run, stepper, keeper, bar, before_batch, interrupted)
                except DivergedError:
                    model.load_state_dict(run.last_weights)
                    raise
                _end_epoch(run, stepper, keeper, data, bar)
                if after_epoch:
                    after_epoch(run)
                if interrupted():
                    raise KeyboardInterrupt
    model.load_state_dict(run.best_weights)
    model.to(memory_format=torch.contiguous_format).eval()
    return run


def _train_epoch(run: Run, stepper: Stepper, keeper, bar, before_batch, interrupted) -> None:
    """Take the epoch's batches from `run.seen` on."""
    bar.set_description(f"epoch {len(run.history) + 1}/{run.recipe.epochs}")
    order, distortions = _plan_epoch(run, stepper.split.labels.device)
    start, saved = perf_counter() - run.seconds_of_epoch, monotonic()
    while run.seen < run.images:
        try:
            if before_batch:
                before_batch(run)
            if interrupted():
                raise KeyboardInterrupt
        except BaseException:
            run.seconds_of_epoch = perf_counter() - start
            keeper.save_state(run, stepper.model, stepper.momentum())
            raise
        if stepper.recipe is not run.recipe:
            stepper.follow(run.recipe)
        batch = slice(run.seen, min(run.seen + run.recipe.batch_size, run.images))
        stepper.step(order[batch], None if distortions is None else distortions[batch], run.rate)
        before, run.seen, run.steps = run.seen, batch.stop, run.steps + 1
        run.seconds_of_epoch = perf_counter() - start
        bar.update(run.seen - before)
        if run.seen * _LOOKS // run.images > before * _LOOKS // run.images:
            _look(run, bar)
            run.seconds_of_epoch = perf_counter() - start
        if monotonic() - saved > _SAVE_EVERY:
            keeper.save_state(run, stepper.model, stepper.momentum())
            saved = monotonic()


def _plan_epoch(run: Run, device: torch.device):
    """The order of the images, and a distortion for each place in it, or None: by seed and epoch alone.

    A generator of its own for every epoch: whoever resumes needs none of the draws before.
    """
    generator = torch.Generator().manual_seed((run.seed << 20) + len(run.history))
    order = torch.randperm(run.images, generator=generator).to(device)
    if not run.recipe.distorts:
        return order, None
    return order, draw_distortions(run.recipe, run.images, generator).to(device)


def _look(run: Run, bar) -> None:
    """Add a point to the curve; stop if the loss is none that could still come down."""
    loss, right = run.totals.tolist()
    seen, loss_before, right_before = run.looked
    run.looked = [run.seen, loss, right]
    since = run.seen - seen
    point = {
        "epoch": run.epochs_done,
        "loss": (loss - loss_before) / since,
        "accuracy": (right - right_before) / since,
    }
    first = run.curve[0]["loss"] if run.curve else point["loss"]
    if not isfinite(loss) or point["loss"] > _EXPLODED * max(first, 1):
        raise DivergedError(
            f"The loss became {point['loss']:.3g} in epoch {len(run.history) + 1}, by step {run.steps}, at "
            f"learning rate {run.rate:.3g}: training has diverged. Lower peak_rate. Weights saved before are "
            "untouched."
        )
    run.curve.append(point)
    bar.set_postfix(loss=f"{loss / run.seen:.3f}", accuracy=f"{right / run.seen:.2%}", refresh=False)


def _end_epoch(run: Run, stepper: Stepper, keeper, data: Data, bar) -> None:
    """Look at the validation split, record the epoch, keep the weights, make ready for the next one."""
    model = stepper.model
    loss, right = loss_and_accuracy(model, data.validation, criterion(model))
    _, train_loss, train_right = run.looked
    record = {
        "epoch": len(run.history) + 1,
        "learning_rate": run.rate,
        "train_loss": train_loss / run.images,
        "train_accuracy": train_right / run.images,
        "seconds": run.seconds_of_epoch,
        "images_per_second": run.images / run.seconds_of_epoch,
        "validation_loss": loss,
        "validation_accuracy": right,
    }
    run.history.append(record)
    run.last_weights = weights_of(model)
    if run.best_epoch == record["epoch"]:
        run.best_weights = run.last_weights
    run.seen, run.seconds_of_epoch, run.looked = 0, 0.0, [0, 0.0, 0.0]
    run.totals.zero_()
    bar.set_postfix(
        loss=f"{record['train_loss']:.3f}",
        accuracy=f"{record['train_accuracy']:.2%}",
        validation=f"{right:.2%}",
    )
    keeper.save_epoch(run, model, stepper.momentum())


def _progress_bar(run: Run, shown: bool) -> tqdm:
    return tqdm(total=run.recipe.epochs * run.images, unit="img", unit_scale=True, disable=not shown)


@contextmanager
def _interrupt_between_batches() -> Iterator[Callable[[], bool]]:
    """Ctrl-C waits for the end of a batch, where all can be saved; a second one does not wait.

    Yields what tells whether it was pressed. Signals reach the main thread only.
    """
    asked = []
    if current_thread() is not main_thread():
        yield lambda: False
        return

    def ask(*_) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
