"""The networks of figure 9, each trained as its paper has it: `lenet-edu reproduce NAME`.

row = ROWS["LeNet-1, 16x16"]
train, test = digits_for(row, load_digits())
model, found = train_row(row, train, test, seed=0)
found["error"]                         # percent of the test digits, by the weights that training ends with
"""

import re
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import product
from operator import itemgetter
from pathlib import Path

import torch
from torch import Tensor, nn

from lenet_edu.data.digits import all_training_digits, load_digits
from lenet_edu.data.splits import Data, Split, resize_for
from lenet_edu.network import architecture, paper
from lenet_edu.network.models import build
from lenet_edu.reproduction.boosting import boost
from lenet_edu.reproduction.passes import DISTORTED, OriginalRecipe, train_original
from lenet_edu.system.errors import check_choice
from lenet_edu.system.files import write_json
from lenet_edu.training.checkpoints import save_network
from lenet_edu.training.evaluation import accuracy, mistakes

# For comparisons that must not see the test split, every so many-th training digit is held out.
FOLDS = 12


@dataclass(frozen=True)
class Row:
    """A network and its training.

    about: in a few words. network: an `Architecture.config`. digits: how many of the "training" and of the
    "test" digits, by default all. engine: of `train_original`. boosted: three such networks, see `boosting`.
    seeds: how many are recorded.
    """

    about: str
    network: dict
    recipe: OriginalRecipe = field(default_factory=OriginalRecipe)
    digits: Mapping[str, int] | None = None
    engine: str = "compiled"
    boosted: bool = False
    seeds: int = 5


_LENET4 = architecture.lenet4().config
_LENET5 = architecture.lenet5().config
_SQUARED = OriginalRecipe(loss="squared", divisor=1.0)
# The paper prints the schedule of LeNet-5 alone. LeNet-1 goes on to learn for longer: this one did best on
# digits that were held out, beside shorter ones (results/family.json).
_LONG = ((5e-4, 40), (2e-4, 16), (1e-4, 12), (5e-5, 8), (1e-5, 4))
_LAST_RATE, _LAST_PASSES = paper.GLOBAL_RATES[-1]
_MORE = paper.LENET1989_PASSES - len(OriginalRecipe().rates)

# By their names in `paper.PUBLISHED_ERRORS`; that of 1989 has its own in `paper.LENET1989_TEST_ERROR`.
ROWS = {
    "LeNet 1989": Row(
        "the network of 1989, on as many digits as it had, of MNIST's; at the rates of 1998",
        architecture.lenet1989().config,
        replace(_SQUARED, schedule=(*paper.GLOBAL_RATES[:-1], (_LAST_RATE, _LAST_PASSES + _MORE))),
        digits=paper.LENET1989_DIGITS,
        engine="torch",
        seeds=3,
    ),
    "LeNet-1, 16x16": Row(
        "the network of 1990, in four times as many passes",
        architecture.lenet1().config,
        replace(_SQUARED, schedule=_LONG),
    ),
    "LeNet-4": Row("as section III-C describes it", _LENET4, _SQUARED),
    "LeNet-5": Row("as in 1998", _LENET5, seeds=10),
    "LeNet-5, distorted": Row(
        "with nine distorted versions of every digit", _LENET5, OriginalRecipe(distortions=DISTORTED)
    ),
    "Boosted LeNet-4, distorted": Row(
        "three of them, the second and third on what is hard for those before",
        _LENET4,
        # With a loss that is larger the second network, on its hard digits, is soon saturated.
        replace(_SQUARED, divisor=2.0, distortions=DISTORTED),
        boosted=True,
        seeds=3,
    ),
}


def slug(name: str) -> str:
    """A row's name as one word for the command line: "LeNet-5, distorted" is lenet-5-distorted."""
    return "-".join(re.findall(r"[\w.-]+", name.lower()))


def published(name: str) -> float:
    """The test error that is printed for a row, in percent."""
    return paper.LENET1989_TEST_ERROR if name == "LeNet 1989" else paper.PUBLISHED_ERRORS[name]


def digits_for(
    row: Row, data: Data, fold: int | None = None, folds: int = FOLDS, in_a_row: bool = False
) -> tuple[Split, Split]:
    """What a row is trained on and judged by, as its network reads them: all training digits, the test split.

    fold: a number, for a comparison that must not see the test split. Then of every so many training digits,
    `folds`, one is held out, the one of that number, and they are what is judged by. in_a_row: MNIST's file
    is instead cut into so many equal parts, and the part of that number is held out. Digits by one hand stand
    near each other in it, so that hardly any of those who wrote what is judged by wrote what is learned from.
    """
    digits, judge, places = all_training_digits(data), data.test, _places(data)
    if row.digits:
        some = _evenly(len(digits), row.digits["training"])
        digits, places = digits.select(some), places[some]
        judge = judge.select(_evenly(len(judge), row.digits["test"]))
    if fold is not None:
        part = (places * folds).long() if in_a_row else torch.arange(len(digits)) % folds
        held_out = part == fold % folds
        digits, judge = digits.select(~held_out), digits.select(held_out)
    size = architecture.architecture(row.network).input.size
    return tuple(
        Split(resize_for(size, split.images, data.scaling), split.labels) for split in (digits, judge)
    )


def train_row(
    row: Row,
    train: Split,
    judge: Split,
    seed: int,
    out: Path | str | None = None,
    after_pass: Callable[[nn.Module, dict], None] | None = None,
) -> tuple[nn.Module, dict]:
    """Train a row by one seed, on one core if torch has one thread; the network and what came of it.

    That is: `seed`, `error` and `training_error` in percent, by the weights at the end of the schedule,
    `updates`, `minutes`, `weights` (a fingerprint), `mistakes` (`listed` as text), and `passes`: for each
    `met_error` (of patterns before their updates), `judged_error`, `loss`, and `effective_rates`, lowest
    and highest; of a boosted row `looked_at` besides, see `boosting`. out, after_pass: see `train_original`.
    """

    def look(model: nn.Module, record: dict) -> None:
        record["judged_error"] = percent_wrong(model, judge)
        if after_pass:
            after_pass(model, record)

    given = {"seed": seed, "out": out, "after_pass": look}
    if row.boosted:
        model, history = boost(row.network, train, row.recipe, **given)
    else:
        model = build(row.network)
        history = train_original(model, train, row.recipe, engine=row.engine, **given)
    found = {
        "seed": seed,
        "error": percent_wrong(model, judge),
        "training_error": percent_wrong(model, train),
        "updates": history[-1]["updates"] * (len(model.networks) if row.boosted else 1),
        "minutes": round(sum(record["seconds"] for record in history) / 60, 2),
        "weights": fingerprint(model),
        "mistakes": listed(model, judge),
        "passes": [_told(record) for record in history],
    }
    return model, found | ({"looked_at": model.notes["looked_at"]} if row.boosted else {})


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
    torch.set_num_threads(1)
    data = load_digits(source, folder=folder)
    train, test = digits_for(row, data)
    model, found = train_row(row, train, test, seed, out)
    notes = {"row": name, "seed": seed, "recipe": row.recipe.to_dict(), "data": data.name}
    notes["scaling"] = data.scaling.to_dict()
    if not row.boosted:
        save_network(out / "network.safetensors", model, notes)
    found = {"name": name, "about": row.about, "published": published(name), "data": data.name, **found}
    write_json(out / "record.json", found)
    return found


def percent_wrong(model: nn.Module, split: Split) -> float:
    """The error in percent."""
    return round(100 * (1 - accuracy(model, split)), 3)


def fingerprint(model: nn.Module) -> str:
    """The same for the same weights, bit for bit."""
    return sha256(b"".join(value.numpy().tobytes() for value in model.state_dict().values())).hexdigest()


def listed(model: nn.Module, split: Split) -> str:
    """All wrong answers as a line of text, `index:label>answer`, in the split's order; see `mistakes_of`."""
    wrong = sorted(mistakes(model, split), key=lambda mistake: mistake.index)
    return " ".join(f"{one.index}:{one.label}>{one.predicted}" for one in wrong)


def mistakes_of(text: str) -> list[tuple[int, int, int]]:
    """Index in the split, label and answer of each mistake that `listed` wrote down."""
    return [tuple(map(int, one.replace(">", ":").split(":"))) for one in text.split()]


def found_again(
    pairs: Sequence[tuple[int, int]], made_by: Mapping[tuple[int, int, int], int]
) -> list[int | None]:
    """Which digits of the test split a figure shows, if it shows them in the split's order: an index a pair.

    pairs: label and answer, see `paper.MISTAKES`. made_by: mistakes, see `mistakes_of`, and how many runs
    made each. As many pairs as can be are given a digit for which a run made that mistake, no digit twice and
    all in order: a longest common subsequence. Of several, the one whose mistakes were made by most runs.
    None for a pair that is given none.
    """
    ours = sorted(made_by)
    following = [bisect(ours, index, key=itemgetter(0)) for index, _, _ in ours]
    # How many of pairs[i:] can be given a digit of ours[j:], and how many runs made those mistakes.
    best = [[(0, 0)] * (len(ours) + 1) for _ in range(len(pairs) + 1)]
    for i, j in product(reversed(range(len(pairs))), reversed(range(len(ours)))):
        best[i][j] = max(best[i + 1][j], best[i][j + 1])
        if pairs[i] == ours[j][1:]:
            count, runs = best[i + 1][following[j]]
            best[i][j] = max(best[i][j], (count + 1, runs + made_by[ours[j]]))
    places, j = [None] * len(pairs), 0
    for i in range(len(pairs)):
        if best[i][j] == best[i + 1][j]:
            continue
        while best[i][j] == best[i][j + 1]:
            j += 1
        places[i], j = ours[j][0], following[j]
    return places


def _told(record: dict) -> dict:
    return {
        "met_error": round(100 * record["error"], 3),
        "judged_error": record["judged_error"],
        "loss": round(record["loss"], 5),
        "effective_rates": [float(f"{rate:.3g}") for rate in record["effective_rates"]],
    }


def _places(data: Data) -> Tensor:
    """Where in MNIST's file each of `all_training_digits` is, from 0 to 1: both splits run through it all."""
    parts = (len(data.train), len(data.validation))
    return torch.cat([torch.arange(length, dtype=torch.double) / length for length in parts])


def _evenly(length: int, count: int) -> Tensor:
    """So many indices of a split of that length, or all if there are fewer, evenly spread."""
    count = min(count, length)
    return torch.arange(count) * length // count
