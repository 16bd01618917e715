"""The networks of figure 9, each trained as its paper has it: `lenet-edu reproduce NAME`.

row = ROWS["LeNet-1, 16x16"]
train, test = digits_for(row, load_digits())
model, outcome = train_row(row, train, test, seed=0)
outcome["error"]                         # percent of the test digits, by the weights that training ends with
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from lenet_edu.data.digits import all_training_digits, load_digits
from lenet_edu.data.splits import Data, Split, resize_for
from lenet_edu.network import architecture
from lenet_edu.network.models import Classifier, Network, build, fingerprint
from lenet_edu.reproduction.boosting import Team, boost
from lenet_edu.reproduction.figure_8 import encode_mistakes
from lenet_edu.reproduction.passes import train_original
from lenet_edu.reproduction.rows import ROWS, Row, published_error, slug
from lenet_edu.system.errors import check_choice
from lenet_edu.system.files import write_json
from lenet_edu.training.checkpoints import save_network
from lenet_edu.training.evaluation import accuracy

__all__ = [
    "FOLDS",
    "ROWS",
    "Row",
    "digits_for",
    "one_thread",
    "percent_wrong",
    "published_error",
    "reproduce",
    "slug",
    "train_row",
]

# For comparisons that must not see the test split, every so many-th training digit is held out.
FOLDS = 12


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread, and afterwards on as many as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def digits_for(
    row: Row, data: Data, fold: int | None = None, folds: int = FOLDS, in_a_row: bool = False
) -> tuple[Split, Split]:
    """What a row is trained on and judged by, as its network reads them: all training digits, the test split.

    fold: a number, for a comparison that must not see the test split. Then of every so many training digits,
    `folds`, one is held out, the one of that number, and they are what is judged by. in_a_row: MNIST's file
    is instead cut into so many equal parts, and the part of that number is held out. Digits by one hand stand
    near each other in it, so that hardly any of those who wrote what is judged by wrote what is learned from.
    """
    digits, held_out, places = all_training_digits(data), data.test, _places_in_file(data)
    if row.digits:
        some = _spread_evenly(len(digits), row.digits["training"])
        digits, places = digits.select(some), places[some]
        held_out = held_out.select(_spread_evenly(len(held_out), row.digits["test"]))
    if fold is not None:
        part = (places * folds).long() if in_a_row else torch.arange(len(digits)) % folds
        out = part == fold % folds
        digits, held_out = digits.select(~out), digits.select(out)
    size = architecture.architecture(row.network).input.size
    resized = [
        Split(resize_for(size, split.images, data.scaling), split.labels) for split in (digits, held_out)
    ]
    return resized[0], resized[1]


def train_row(
    row: Row,
    train: Split,
    held_out: Split,
    seed: int,
    out: Path | str | None = None,
    after_pass: Callable[[Network, dict], None] | None = None,
) -> tuple[Classifier, dict]:
    """Train a row by one seed, on one core if torch has one thread; the network and what came of it.

    What came of it: `seed`, `error` and `training_error` in percent, by the weights at the end of the
    schedule, `updates`, `minutes`, `weights` (a fingerprint), `mistakes` (see `encode_mistakes`), and
    `passes`: for each `met_error` (of patterns before their updates), `judged_error`, `loss`, and
    `effective_rates`, lowest and highest; of a boosted row `looked_at` besides, see `boosting`.
    out, after_pass: see `train_original`.
    """

    def judge_pass(model: Network, record: dict) -> None:
        record["judged_error"] = percent_wrong(model, held_out)
        if after_pass:
            after_pass(model, record)

    given = {"seed": seed, "out": out, "after_pass": judge_pass}
    if row.boosted:
        model, history = boost(row.network, train, row.recipe, **given)
    else:
        model = build(row.network)
        history = train_original(model, train, row.recipe, engine=row.engine, **given)
    outcome = {
        "seed": seed,
        "error": percent_wrong(model, held_out),
        "training_error": percent_wrong(model, train),
        "updates": history[-1]["updates"] * (len(model.networks) if isinstance(model, Team) else 1),
        "minutes": round(sum(record["seconds"] for record in history) / 60, 2),
        "weights": fingerprint(model),
        "mistakes": encode_mistakes(model, held_out),
        "passes": [_summary_of_pass(record) for record in history],
    }
    return model, outcome | ({"looked_at": model.notes["looked_at"]} if row.boosted else {})


def reproduce(
    name: str, seed: int, out: Path | str, source: str = "auto", folder: Path | str | None = None
) -> dict:
    """Train a row by one seed on one thread, and keep in `out` what comes of it; as `train_row`, with `name`.

    network.safetensors holds the weights (team.safetensors those of a boosted row), record.json the rest.
    A run that was stopped goes on after its last whole pass; one that is done is read. source, folder: as
    `load_digits` takes them.

    Raises LenetError for a name that is none of `ROWS`, and if `out` is in use or holds another run.
    """
    check_choice("row", name, tuple(ROWS))
    row, out = ROWS[name], Path(out)
    data = load_digits(source, folder=folder)
    with one_thread():
        model, outcome = train_row(row, *digits_for(row, data), seed, out)
    notes = {"row": name, "seed": seed, "recipe": row.recipe.to_dict(), "data": data.name}
    notes["scaling"] = data.scaling.to_dict()
    if isinstance(model, Network):
        save_network(out / "network.safetensors", model, notes)
    record = {"name": name, "about": row.about, "published": published_error(name), "data": data.name}
    record |= outcome
    write_json(out / "record.json", record)
    return record


def percent_wrong(model: Classifier, split: Split) -> float:
    """The error in percent."""
    return round(100 * (1 - accuracy(model, split)), 3)


def _summary_of_pass(record: dict) -> dict:
    """What stays on record of a pass, rounded, errors in percent."""
    return {
        "met_error": round(100 * record["error"], 3),
        "judged_error": record["judged_error"],
        "loss": round(record["loss"], 5),
        "effective_rates": [float(f"{rate:.3g}") for rate in record["effective_rates"]],
    }


def _places_in_file(data: Data) -> Tensor:
    """Where in MNIST's file each of `all_training_digits` is, from 0 to 1: both splits run through it all."""
    parts = (len(data.train), len(data.validation))
    return torch.cat([torch.arange(length, dtype=torch.double) / length for length in parts])


def _spread_evenly(length: int, count: int) -> Tensor:
    """So many indices of a split of that length, or all if there are fewer, evenly spread."""
    count = min(count, length)
    return torch.arange(count) * length // count
