"""fit(): the training loop, its history, its checkpoints and how it goes on after an interruption.

Knows nothing of plots or widgets: they look on through `after_batch` and `after_epoch`.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor
from tqdm.auto import tqdm

from lenet_edu.augmentation import distort
from lenet_edu.checkpoints import load_tensors, save_network, save_tensors
from lenet_edu.data import Digits
from lenet_edu.devices import choose_device
from lenet_edu.errors import LenetError
from lenet_edu.evaluation import count_right, loss_and_accuracy
from lenet_edu.losses import criterion
from lenet_edu.models import Network
from lenet_edu.recipes import Recipe, default_recipe

BEST, LAST, STATE = "best.safetensors", "last.safetensors", "state.safetensors"

# How many batches pass between looks at the loss: each look makes a GPU wait for the CPU.
_LOOK_EVERY = 20


@dataclass
class Run:
    """A training run as it stands: what it was given, what it went through, its best and last weights.

    history: one dict an epoch, with `epoch` (from 1), `learning_rate` (at its end), `train_loss` and
    `train_accuracy` (over its batches, as they were met), `validation_loss`, `validation_accuracy`,
    `seconds` (training alone) and `images_per_second`.
    """

    recipe: Recipe
    seed: int
    history: list[dict] = field(default_factory=list)
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    last_weights: dict[str, Tensor] = field(default_factory=dict)

    @property
    def best_epoch(self) -> int:
        """The epoch of highest validation accuracy, the earliest such."""
        return max(self.history, key=lambda record: record["validation_accuracy"])["epoch"]

    @property
    def seconds(self) -> float:
        """Seconds of training, without evaluation and saving."""
        return sum(record["seconds"] for record in self.history)


def fit(
    model: Network,
    digits: Digits,
    recipe: Recipe | None = None,
    *,
    seed: int = 0,
    device: str = "auto",
    out: Path | str | None = None,
    resume: bool = False,
    progress: bool = True,
    after_batch: Callable[[int, float, float], None] | None = None,
    after_epoch: Callable[[Run], None] | None = None,
) -> Run:
    """Train `model` on `digits.train` and leave it with the weights that did best on `digits.validation`.

    recipe: by default the quick one that fits network and data. seed: decides order and
    distortions, not the initial weights, which are the model's own. device: "auto", "cpu", "cuda", "mps".
    out: a folder that gets best.safetensors, last.safetensors and the state to resume from after every
    epoch; resume: go on from that state, to the very weights that an unbroken run would have reached.
    after_batch(step, loss, accuracy): every 20 batches; after_epoch(run): after each epoch.

    Raises LenetError if the loss is no longer a number, if `out` already holds a run that is not
    resumed, or if there is nothing there to resume.
    """
    recipe = recipe or default_recipe(model.architecture, len(digits.train))
    device = choose_device(device)
    # A CPU convolves this layout about a third faster.
    layout = torch.channels_last if device.type == "cpu" else torch.contiguous_format
    model.to(device, memory_format=layout).train()
    digits = digits.to(device)
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=recipe.peak_rate,
        momentum=recipe.momentum,
        nesterov=recipe.momentum > 0,
        weight_decay=recipe.weight_decay,
    )
    run = Run(recipe, seed)
    notes = {
        "scaling": digits.scaling.to_dict(),
        "data": digits.source,
        "seed": seed,
        "recipe": recipe.to_dict(),
    }
    if out is not None:
        _open_folder(Path(out), resume)
        if resume:
            _restore(run, model, optimizer, Path(out), notes)
    bar = tqdm(
        total=recipe.epochs * len(digits.train),
        initial=len(run.history) * len(digits.train),
        unit="img",
        unit_scale=True,
        disable=not progress,
    )
    with bar:
        for epoch in range(len(run.history), recipe.epochs):
            bar.set_description(f"epoch {epoch + 1}/{recipe.epochs}")
            record = _train_epoch(model, digits, optimizer, recipe, seed, epoch, bar, after_batch)
            loss, right = loss_and_accuracy(model, digits.validation, criterion(model))
            run.history.append({**record, "validation_loss": loss, "validation_accuracy": right})
            run.last_weights = _weights(model)
            if run.best_epoch == epoch + 1:
                run.best_weights = run.last_weights
            bar.set_postfix(_postfix(record["train_loss"], record["train_accuracy"], right))
            if out is not None:
                _save(run, model, optimizer, Path(out), notes)
            if after_epoch:
                after_epoch(run)
    model.load_state_dict(run.best_weights)
    model.to(memory_format=torch.contiguous_format).eval()
    return run


def _train_epoch(model, digits, optimizer, recipe, seed, epoch, bar, after_batch) -> dict:
    """One pass over the training split in random order: its record for the history."""
    # A generator of its own for every epoch: whoever resumes needs none of the draws before.
    generator = torch.Generator().manual_seed((seed << 20) + epoch)
    images, labels = digits.train.images, digits.train.labels
    order = torch.randperm(len(labels), generator=generator).to(labels.device)
    batches = order.split(recipe.batch_size)
    loss_function = criterion(model)
    losses, right, seen = torch.zeros((), device=labels.device), torch.zeros((), device=labels.device), 0
    start = perf_counter()
    for number, batch in enumerate(batches):
        optimizer.param_groups[0]["lr"] = recipe.rate((epoch + number / len(batches)) / recipe.epochs)
        batch_images, batch_labels = images[batch], labels[batch]
        if recipe.distorts:
            batch_images = distort(batch_images, recipe, digits.scaling.background, generator)
        output = model(batch_images)
        loss = loss_function(output, batch_labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses += loss.detach() * len(batch)
        right += count_right(model, output.detach(), batch_labels)
        seen += len(batch)
        bar.update(len(batch))
        if number % _LOOK_EVERY == 0 or number == len(batches) - 1:
            mean_loss, share = losses.item() / seen, right.item() / seen
            _check_finite(mean_loss, optimizer, epoch, number)
            bar.set_postfix(_postfix(mean_loss, share), refresh=False)
            if after_batch:
                after_batch(epoch * len(batches) + number, mean_loss, share)
    seconds = perf_counter() - start
    return {
        "epoch": epoch + 1,
        "learning_rate": optimizer.param_groups[0]["lr"],
        "train_loss": mean_loss,
        "train_accuracy": share,
        "seconds": seconds,
        "images_per_second": seen / seconds,
    }


def _check_finite(loss: float, optimizer, epoch: int, batch: int) -> None:
    if loss == loss and abs(loss) != float("inf"):
        return
    rate = optimizer.param_groups[0]["lr"]
    raise LenetError(
        f"The loss became {loss} in epoch {epoch + 1}, by batch {batch + 1}, at learning rate {rate:.3g}: "
        "training has diverged. Lower peak_rate. Weights saved after earlier epochs are untouched."
    )


def _postfix(loss: float, train: float, validation: float | None = None) -> dict[str, str]:
    shown = {"loss": f"{loss:.3f}", "accuracy": f"{train:.2%}"}
    return shown if validation is None else {**shown, "validation": f"{validation:.2%}"}


def _weights(model: Network) -> dict[str, Tensor]:
    return deepcopy(model.state_dict())


def _open_folder(folder: Path, resume: bool) -> None:
    held = (folder / STATE).exists()
    if held and not resume:
        raise LenetError(f"{folder} already holds a run. Resume it, or choose another folder.")
    if resume and not held:
        raise LenetError(f"{folder} holds no run to resume: there is no {STATE} in it.")


def _save(run: Run, model: Network, optimizer, out: Path, notes: dict) -> None:
    """Write last, best if this epoch was, and the state; the state last, since it says what is done."""
    record = run.history[-1]
    here = {**notes, "epoch": record["epoch"], "validation_accuracy": record["validation_accuracy"]}
    save_network(out / LAST, model, here)
    if run.best_epoch == record["epoch"]:
        save_network(out / BEST, model, here)
    momentum = {
        name: optimizer.state[parameter]["momentum_buffer"]
        for name, parameter in model.named_parameters()
        if optimizer.state[parameter].get("momentum_buffer") is not None
    }
    tensors = {
        f"{kind}.{name}": tensor
        for kind, named in (("last", run.last_weights), ("best", run.best_weights), ("momentum", momentum))
        for name, tensor in named.items()
    }
    save_tensors(
        out / STATE, tensors, {**notes, "state_of": model.architecture.config, "history": run.history}
    )


def _restore(run: Run, model: Network, optimizer, out: Path, notes: dict) -> None:
    """Bring run, model and optimizer to where the state file left off."""
    tensors, saved = load_tensors(out / STATE)
    wanted = {**notes, "state_of": model.architecture.config}
    for name, value in wanted.items():
        if saved.get(name) != value:
            raise LenetError(
                f"{out} holds a run with another {name}: wanted {value}, found {saved.get(name)}."
            )

    def named(kind: str) -> dict[str, Tensor]:
        device = next(model.parameters()).device
        prefix = f"{kind}."
        return {n.removeprefix(prefix): t.to(device) for n, t in tensors.items() if n.startswith(prefix)}

    run.history = saved["history"]
    run.last_weights, run.best_weights = named("last"), named("best")
    model.load_state_dict(run.last_weights)
    momentum = named("momentum")
    for name, parameter in model.named_parameters():
        if name in momentum:
            optimizer.state[parameter]["momentum_buffer"] = momentum[name]
