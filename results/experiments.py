"""What is trained for figure 9 beside its rows: the experiments of family.json, kind by kind.

What the paper leaves open ("open", "halves", "parts", "squares", "passes", "distortions") and what each
choice of 1998 is worth ("worth") are compared on digits held out of the training split, without the test
split. The rows of figure 9 ("row") train on all 60,000 digits, and are judged on the test digits by the
weights that the schedule ends with. What was read off the test digits before the recipe was chosen stays on
record ("earlier"), and so do other readings of the whole ("reading").
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter

import torch

from lenet_edu.data.splits import Split
from lenet_edu.network import architecture, paper
from lenet_edu.network.losses import map_loss
from lenet_edu.network.models import build, fingerprint
from lenet_edu.reproduction.figure_9 import percent_wrong, train_row
from lenet_edu.reproduction.passes import DISTORTED, STEPS_AS_PRINTED, OriginalRecipe, start
from lenet_edu.reproduction.rows import ROWS, Row
from lenet_edu.training.evaluation import count_right

UNITS = float(paper.DIGIT_CODES[0].size)

# Which training digits judge an experiment in place of the test digits, as `digits_for` takes it beside the
# fold, whose number is the seed: every twelfth, one half, or a sixth of MNIST's file in a row.
TWELFTH, HALF, PART = {}, {"folds": 2}, {"folds": 6, "in_a_row": True}

SQUARED_DIVISORS = (0.5, 1.0, 2.0, 5.0)
DISTORTION_SIZES = (0.5, 1.0, 2.0)
ADAM_RATE, ADAM_BATCH = 1e-3, 32


def by_original(row: Row, train: Split, held_out: Split, seed: int) -> dict:
    """One run as the row has it; see `train_row`."""
    return train_row(row, train, held_out, seed)[1]


def by_adam(row: Row, train: Split, held_out: Split, seed: int) -> dict:
    """The same passes, order and decline of rates as `train_row`, with Adam's steps for batches."""
    model, begun = build(row.network), perf_counter()
    start(model, row.recipe, seed)
    optimizer = torch.optim.Adam(model.parameters())
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed)).split(ADAM_BATCH)
    passes = []
    for rate in row.recipe.rates:
        optimizer.param_groups[0]["lr"] = ADAM_RATE * rate / row.recipe.rates[0]
        right = 0
        for batch in order:
            output = model(train.images[batch])
            loss = map_loss(output, train.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            right += int(count_right(model, output, train.labels[batch]))
        met = round(100 * (1 - right / len(train)), 3)
        passes.append({"met_error": met, "judged_error": percent_wrong(model, held_out)})
    return {
        "seed": seed,
        "error": percent_wrong(model, held_out),
        "training_error": percent_wrong(model, train),
        "updates": len(order) * len(passes),
        "minutes": round((perf_counter() - begun) / 60, 2),
        "weights": fingerprint(model),
        "passes": passes,
    }


@dataclass(frozen=True)
class Experiment:
    """One network, trained in one way by several seeds.

    kind: what it is to show, as the head of this file has it.
    row: its network and recipe, and by how many seeds.
    holdout: which training digits judge it, see `TWELFTH`; None: the test digits do.
    train: trains it once, see `by_original`.
    """

    kind: str
    row: Row
    holdout: Mapping | None = None
    train: Callable[[Row, Split, Split, int], dict] = by_original

    @property
    def seeds(self) -> int:
        """How many are recorded."""
        return self.row.seeds


def earlier() -> dict[str, Row]:
    """What was read off the test digits before the recipe of `ROWS` was chosen: it stays on record."""
    return {
        "sum of four": replace(
            ROWS["LeNet-5"],
            about="LeNet-5 with coefficients of the sum of four, from 1/4",
            recipe=replace(ROWS["LeNet-5"].recipe, coefficient=0.25, coefficient_of="sum"),
        ),
        "LeNet-1, 20 passes": replace(
            ROWS["LeNet-1, 16x16"],
            about="LeNet-1 by the schedule of LeNet-5",
            recipe=replace(ROWS["LeNet-1, 16x16"].recipe, schedule=paper.GLOBAL_RATES),
        ),
    }


def readings() -> dict[str, Row]:
    """Other readings of the paper as a whole, as often as the one of `ROWS`, and on the test digits too."""
    return {
        "divisor 42": replace(
            ROWS["LeNet-5"],
            about="LeNet-5 with its loss twice as large",
            recipe=replace(ROWS["LeNet-5"].recipe, divisor=UNITS / 2),
        ),
        "steps as printed": replace(
            ROWS["LeNet-5"],
            about="LeNet-5 from +-1/sqrt(F), the loss as it stands, its curvature a running estimate",
            recipe=replace(ROWS["LeNet-5"].recipe, **STEPS_AS_PRINTED),
        ),
    }


def open_choices() -> dict[str, Row]:
    """LeNet-5 with one of those things changed that the paper does not fix."""
    begun = OriginalRecipe(divisor=UNITS, j=1.0, coefficient=0.25, coefficient_of="sum")

    def changed(about: str, **values) -> Row:
        return Row(about, ROWS["LeNet-5"].network, replace(begun, **values), seeds=3)

    return {
        "start": changed(f"divisor {UNITS:.0f}, j = 1, coefficients of the sum of four, from 1/4"),
        "mean of four": changed(
            "coefficients of the mean of four, from 1", coefficient=1.0, coefficient_of="mean"
        ),
        "mean of four, divisor 42": changed(
            "coefficients of the mean of four, and the loss twice as large",
            coefficient=1.0,
            coefficient_of="mean",
            divisor=UNITS / 2,
        ),
        "j 0.1": changed("j = 0.1", j=0.1),
        "j 10": changed("j = 10", j=10.0),
        "mean of four, j 10": changed(
            "coefficients of the mean of four, and j = 10", coefficient=1.0, coefficient_of="mean", j=10.0
        ),
        "mean of four, j 20": changed(
            "coefficients of the mean of four, and j = 20", coefficient=1.0, coefficient_of="mean", j=20.0
        ),
        "divisor 42": changed("loss twice as large", divisor=UNITS / 2),
        "divisor 168": changed("loss half as large", divisor=UNITS * 2),
        "coefficient 1": changed("coefficients from 1", coefficient=1.0),
        "coefficient 1/2": changed("coefficients from 1/2", coefficient=0.5),
    }


def halves() -> dict[str, Row]:
    """What is open in the other reading: half of the training digits are learned from, half judge."""
    begun = replace(ROWS["LeNet-5"].recipe, **STEPS_AS_PRINTED | {"memory": 0.8})

    def changed(about: str, seeds: int = 2, **values) -> Row:
        return Row(about, ROWS["LeNet-5"].network, replace(begun, **values), seeds=seeds)

    return {
        "start": changed("coefficients of the sum of four from 0.5, memory 0.8, j = 1", seeds=4),
        "memory 0.5": changed("half of the curvature stays", seeds=4, memory=0.5),
        "memory 0.9": changed("nine tenths of it stay", memory=0.9),
        "mean of four": changed(
            "coefficients of the mean of four, from 2", coefficient=2.0, coefficient_of="mean"
        ),
        "coefficient 0.35": changed("coefficients from 0.35", coefficient=0.35),
        "coefficient 0.7": changed("coefficients from 0.7", coefficient=0.7),
        "divisor 1/2": changed("the loss twice as large", divisor=0.5),
        "divisor 2": changed("the loss half as large", divisor=2.0),
        "j 0.1": changed("j = 0.1", j=0.1),
        "j 10": changed("j = 10", j=10.0),
        "LeNet-5": replace(
            ROWS["LeNet-5"], about="the reading of the row LeNet-5: from 2.4/F, the loss over 84", seeds=2
        ),
    }


def parts() -> dict[str, Row]:
    """Both readings with hardly a hand on both sides: a part of MNIST's file, in a row, judges."""
    printed = replace(ROWS["LeNet-5"].recipe, **STEPS_AS_PRINTED)

    def changed(about: str, recipe: OriginalRecipe = ROWS["LeNet-5"].recipe, **values) -> Row:
        return Row(about, ROWS["LeNet-5"].network, replace(recipe, **values), seeds=4)

    return {
        "LeNet-5": changed("the reading of the row LeNet-5: from 2.4/F, the loss over 84"),
        "divisor 42": changed("its loss twice as large", divisor=UNITS / 2),
        "j 10": changed("j = 10", j=10.0),
        "steps as printed": changed("the other reading: from 1/sqrt(F), the loss as it stands", printed),
    }


def passes() -> dict[str, Row]:
    """How LeNet-1 is trained: the paper prints the schedule of LeNet-5 alone."""
    printed, row = paper.GLOBAL_RATES, ROWS["LeNet-1, 16x16"]

    def changed(about: str, schedule) -> Row:
        return replace(row, about=about, recipe=replace(row.recipe, schedule=tuple(schedule)), seeds=2)

    long = [(rate, n // 2) for rate, n in row.recipe.schedule]
    return {
        "as LeNet-5": changed("the 20 passes of LeNet-5", printed),
        "rates doubled": changed("at twice its rates", [(2 * rate, n) for rate, n in printed]),
        "40": changed("each rate for twice as long", [(rate, 2 * n) for rate, n in printed]),
        "40, higher": changed("half of 40 at the first rate, few at the last", long),
        "40, from 0.0007": changed("the same from a higher rate", [(7e-4, 20), *long[1:]]),
        "80, higher": changed("twice as long still", row.recipe.schedule),
    }


def squares() -> dict[str, Row]:
    """How large squared errors are beside mu: open as well."""
    small = replace(ROWS["LeNet-1, 16x16"].recipe, schedule=paper.GLOBAL_RATES)  # before "passes"
    rows = {
        f"{name.split(',')[0]} over {divisor:g}": replace(
            ROWS[name],
            about=f"1/2 sum (x - target)^2 over {divisor:g}",
            recipe=replace(recipe, divisor=divisor),
            seeds=2,
        )
        for name, recipe in {"LeNet-1, 16x16": small, "LeNet-4": ROWS["LeNet-4"].recipe}.items()
        for divisor in SQUARED_DIVISORS
    }
    rows["LeNet-1, sum of four"] = replace(
        ROWS["LeNet-1, 16x16"],
        about="coefficients of the sum of four, from 1/4",
        recipe=replace(small, coefficient_of="sum", coefficient=0.25),
        seeds=2,
    )
    return rows


def distortions() -> dict[str, Row]:
    """How large distortions may be: open too."""
    row, rows = ROWS["LeNet-5, distorted"], {}
    for times in DISTORTION_SIZES:
        limits = {kind: times * limit for kind, limit in DISTORTED.items()}
        rows[f"times {times:g}"] = replace(
            row,
            about=", ".join(f"{kind} {limit:g}" for kind, limit in limits.items()),
            recipe=replace(row.recipe, distortions=limits),
            seeds=2,
        )
    return rows


def worth() -> dict[str, Row]:
    """LeNet-5 as it is trained for figure 9, with one choice of 1998 changed for one of today."""
    recipe = ROWS["LeNet-5"].recipe

    def changed(about: str, network: dict | None = None, **values) -> Row:
        plan = architecture.lenet5(**(network or {}))
        return Row(about, plan.config, replace(recipe, **values), seeds=3)

    softmax = {"loss": "cross_entropy"}
    return {
        "equation 8": changed("distance to the right code alone, equation 8", loss="distance"),
        "softmax": changed("softmax in place of RBF units", {"output": "linear"}, divisor=1.0, **softmax),
        "softmax, over 10": changed(
            "the same with a loss ten times smaller", {"output": "linear"}, divisor=10.0, **softmax
        ),
        "full table": changed("C3 reads all maps of S2", {"c3": "full"}),
        "max pooling": changed("the largest of four", {"subsampling": "max"}),
        "ReLU": changed("ReLU, in F6 too, which can then say no -1", {"activation": "relu"}),
        "ReLU, softmax": changed(
            "both, the loss over 10", {"activation": "relu", "output": "linear"}, divisor=10.0, **softmax
        ),
        "SGD": changed("one step for all parameters: rate / mu", method="sgd"),
    }


def modern() -> dict[str, Row]:
    """The same with a method of today."""
    about = f"Adam in batches of {ADAM_BATCH}, at {ADAM_RATE:g} and the schedule's decline"
    return {"Adam": replace(ROWS["LeNet-5"], about=about, seeds=3)}


# In the order of the record: the kind, its rows by name, what judges them, and what trains them.
KINDS = (
    ("earlier", earlier, None, by_original),
    ("reading", readings, None, by_original),
    ("open", open_choices, TWELFTH, by_original),
    ("halves", halves, HALF, by_original),
    ("parts", parts, PART, by_original),
    ("squares", squares, TWELFTH, by_original),
    ("distortions", distortions, TWELFTH, by_original),
    ("passes", passes, PART, by_original),
    ("worth", worth, TWELFTH, by_original),
    ("worth", modern, TWELFTH, by_adam),
)


def experiments() -> dict[str, Experiment]:
    """All of them by their names in family.json: a row by its own, others as "kind: name"."""
    by_name = {name: Experiment("row", row) for name, row in ROWS.items()}
    for kind, rows, holdout, train in KINDS:
        for name, row in rows().items():
            by_name[f"{kind}: {name}"] = Experiment(kind, row, holdout, train)
    return by_name


def entries_of_kind(entries: dict, kind: str) -> dict[str, dict]:
    """Those of a record's entries that are experiments of a kind, by their names within it."""
    return {
        name.removeprefix(f"{kind}: "): entries[name]
        for name, experiment in experiments().items()
        if experiment.kind == kind and name in entries
    }
