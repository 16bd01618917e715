"""fit(): the training loop. It can be watched, changed and stopped, and goes on where it stopped.

Knows nothing of plots or widgets: they look on through `before_batch` and `after_epoch`.
"""

import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from threading import current_thread, main_thread
from time import monotonic, perf_counter

import torch
from tqdm.auto import tqdm

from lenet_edu.data.splits import Data
from lenet_edu.network.models import Network
from lenet_edu.system.devices import choose_device, give_back_freed_memory, keep_freed_memory
from lenet_edu.system.errors import LenetError
from lenet_edu.system.threads import ThreadChoice
from lenet_edu.training.distortions import draw_distortions
from lenet_edu.training.evaluation import evaluate
from lenet_edu.training.inputs import check_data
from lenet_edu.training.recipes import Recipe, choose_recipe
from lenet_edu.training.runs import Run, RunFolder, open_run_folder, weights_of
from lenet_edu.training.steps import Stepper


class DivergedError(LenetError):
    """The loss exploded or is no longer a number; the model has the weights of the last epoch that ended."""


# Points of the curve in an epoch: to read the loss makes a GPU wait for the CPU.
LOGS_PER_EPOCH = 20

# A run that is kept in a folder is saved at least this often, in seconds, and after every epoch.
_SAVE_EVERY = 20.0

# A loss this many times as large as the first one has exploded.
_EXPLODED = 100.0


def fit(
    model: Network,
    data: Data,
    recipe: Recipe | str | None = None,
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

    recipe: or the name of one; by default the quick one that fits network and data. seed: decides order and
    distortions, not the initial weights, which are the model's own. device: "auto", "cpu", "cuda", "mps".
    out: a folder to save the run in, see `runs`: its state when it starts, after every epoch, every 20
    seconds, and when it is interrupted; resume: go on from that state. On a CPU the same weights come out,
    bit for bit, as if it had never stopped, where torch has as many threads as before, however busy the
    machine is.
    before_batch(run): before every batch. It may put another recipe into `run.recipe` (learning rate,
    momentum and batch size count from that batch on, distortions from the next epoch), or raise what it
    likes to stop. after_epoch(run): after each epoch.

    Raises DivergedError if the loss explodes or is no longer a number; LenetError if `out` is in use, already
    holds a run that is not resumed, holds none to resume, or cannot be written to; or if data and recipe do
    not suit the network. Warns if the network has learned nothing in the end.
    """
    data = check_data(model, data)
    if not (resume and isinstance(recipe, Recipe)):  # a run may have been begun when less was refused
        recipe = choose_recipe(recipe, model.architecture, len(data.train))
    chosen = choose_device(device)
    on_cpu = chosen.type == "cpu"
    # A CPU convolves this layout about a third faster.
    layout = torch.channels_last if on_cpu else torch.contiguous_format
    model.to(chosen).to(memory_format=layout).train()
    data = data.to(chosen)
    stepper = Stepper(model, data, recipe)
    with (
        _memory_kept(on_cpu),
        stepper.one_thread.using_all(),  # this may be a callback of another fit, which uses one
        open_run_folder(out, _notes(data, recipe, seed), resume) as folder,
        ThreadChoice(stepper.modest_threads()) as threads,
    ):
        run = _begin_run(folder, stepper, data, recipe, seed, resume)
        with _progress_bar(run, progress) as bar, _interrupt_between_batches() as interrupted:
            while len(run.history) < run.recipe.epochs:
                try:
                    _train_epoch(run, stepper, folder, bar, before_batch, interrupted, threads)
                except DivergedError:
                    model.load_state_dict(run.last_weights)
                    raise
                _end_epoch(run, stepper, folder, data, bar)
                threads.skip()
                if after_epoch:
                    after_epoch(run)
                if interrupted():
                    raise KeyboardInterrupt
    model.load_state_dict(run.best_weights)
    model.to(memory_format=torch.contiguous_format).eval()
    message = describe_failure_to_learn(run, data)
    if message and current_thread() is main_thread():  # in a thread of its own a session tells it
        warnings.warn(message, stacklevel=2)
    return run


@contextmanager
def _memory_kept(on_cpu: bool) -> Iterator[None]:
    """What training on a CPU frees stays with the process while it trains, and no longer."""
    if on_cpu:
        keep_freed_memory()
    try:
        yield
    finally:
        if on_cpu:
            give_back_freed_memory()


def _notes(data: Data, recipe: Recipe, seed: int) -> dict:
    """What a run was given, as its folder keeps it."""
    return {
        "scaling": data.scaling.to_dict(),
        "data": data.name,
        "source": data.source.to_dict(),
        "classes": list(data.classes),
        "seed": seed,
        "recipe": recipe.to_dict(),
    }


def _begin_run(
    folder: RunFolder, stepper: Stepper, data: Data, recipe: Recipe, seed: int, resume: bool
) -> Run:
    """A new run, or the one of the folder with model and momentum as it was left."""
    model = stepper.model
    # Whole, so that the pictures are found from any other folder when the run goes on.
    root = str(Path(data.source.root).absolute()) if data.source.root else ""
    if resume:
        run = folder.restore(model, stepper.momentum())
        run.root = root  # the folder may have moved
        stepper.totals.copy_(run.totals)
    else:
        run = Run(recipe, seed, len(data.train), root=root, last_weights=weights_of(model))
        folder.save_state(run, model, stepper.momentum())
    run.totals = stepper.totals
    return run


def _train_epoch(
    run: Run, stepper: Stepper, folder: RunFolder, bar, before_batch, interrupted, threads
) -> None:
    """Take the epoch's batches from `run.seen` on."""
    bar.set_description(f"epoch {len(run.history) + 1}/{run.recipe.epochs}")
    order, distortions = _plan_epoch(run, stepper.split.labels.device)
    start, saved = perf_counter() - run.seconds_of_epoch, monotonic()
    threads.skip()
    while run.seen < run.images:
        try:
            if before_batch:
                before_batch(run)
            if interrupted():
                raise KeyboardInterrupt
        except BaseException:
            run.seconds_of_epoch = perf_counter() - start
            folder.save_state(run, stepper.model, stepper.momentum())
            raise
        if stepper.recipe is not run.recipe:
            size = stepper.recipe.batch_size
            stepper.set_recipe(run.recipe)
            if size != run.recipe.batch_size:
                threads.change(stepper.modest_threads())
        batch = slice(run.seen, min(run.seen + run.recipe.batch_size, run.images))
        stepper.step(order[batch], None if distortions is None else distortions[batch], run.rate)
        before, run.seen, run.steps = run.seen, batch.stop, run.steps + 1
        run.seconds_of_epoch = perf_counter() - start
        bar.update(run.seen - before)
        if run.seen * LOGS_PER_EPOCH // run.images > before * LOGS_PER_EPOCH // run.images:
            _log_point(run, bar)
            run.seconds_of_epoch = perf_counter() - start
        threads.count(run.seen - before)
        if monotonic() - saved > _SAVE_EVERY:
            folder.save_state(run, stepper.model, stepper.momentum())
            saved = monotonic()
            threads.skip()


def _plan_epoch(run: Run, device: torch.device):
    """The order of the images, and a distortion for each place in it, or None: by seed and epoch alone.

    A generator of its own for every epoch: whoever resumes needs none of the draws before.
    """
    generator = torch.Generator().manual_seed((run.seed << 20) + len(run.history))
    order = torch.randperm(run.images, generator=generator).to(device)
    if not run.recipe.distorts:
        return order, None
    return order, draw_distortions(run.recipe, run.images, generator).to(device)


def _log_point(run: Run, bar) -> None:
    """Add a point to the curve; stop if the loss is none that could still come down."""
    loss, right = run.totals.tolist()
    seen_before, loss_before, right_before = run.last_logged
    run.last_logged = [run.seen, loss, right]
    since = run.seen - seen_before
    point = {
        "epoch": run.epochs_done,
        "loss": (loss - loss_before) / since,
        "accuracy": (right - right_before) / since,
    }
    first = run.curve[0]["loss"] if run.curve else point["loss"]
    if not isfinite(loss) or point["loss"] > _EXPLODED * max(first, 1):
        raise DivergedError(
            f"The loss became {point['loss']:.3g} in epoch {len(run.history) + 1}, by step {run.steps}, at "
            f"learning rate {run.rate:.3g}: training has diverged. Lower the learning rate (peak_rate). "
            "Weights saved before are untouched."
        )
    run.curve.append(point)
    bar.set_postfix(loss=f"{loss / run.seen:.3f}", accuracy=f"{right / run.seen:.2%}", refresh=False)


def _end_epoch(run: Run, stepper: Stepper, folder: RunFolder, data: Data, bar) -> None:
    """Evaluate on the validation split, record the epoch, save the weights, make ready for the next one."""
    model = stepper.model
    with stepper.one_thread.using_all():  # few images may have other last digits with one
        loss, right = evaluate(model, data.validation)
    _, train_loss, train_right = run.last_logged
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
    run.seen, run.seconds_of_epoch, run.last_logged = 0, 0.0, [0, 0.0, 0.0]
    run.totals.zero_()
    bar.set_postfix(
        loss=f"{record['train_loss']:.3f}",
        accuracy=f"{record['train_accuracy']:.2%}",
        validation=f"{right:.2%}",
    )
    folder.save_epoch(run, model, stepper.momentum())


def describe_failure_to_learn(run: Run, data: Data) -> str:
    """What to say if the best epoch does not beat the commonest class as the answer every time; else ""."""
    labels = data.validation.labels
    share = labels.bincount().max().item() / len(labels)
    chance = share + 2 * (share * (1 - share) / len(labels)) ** 0.5  # two standard deviations
    best = max(record["validation_accuracy"] for record in run.history)
    if best > chance:
        return ""
    return (
        f"The network has learned nothing in {len(run.history)} epochs: it gets {best:.1%} of the "
        f"validation images right, and the same answer for all would get {share:.1%}. Lower peak_rate "
        f"({run.recipe.peak_rate:g} now) or enlarge batch_size ({run.recipe.batch_size} now); if these "
        "are right, check the labels."
    )


def _progress_bar(run: Run, shown: bool) -> tqdm:
    total, done = run.recipe.epochs * run.images, round(run.epochs_done * run.images)
    return tqdm(total=total, initial=done, unit="img", unit_scale=True, disable=not shown)


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
