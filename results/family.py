"""Trains the networks of figure 9 as in 1998, on MNIST, and writes family.json.

    python results/family.py               every experiment, all seeds; half a day on two cores
    python results/family.py "LeNet-5"     only those whose name has this in it

Every run is kept as it comes, and what is there is not run again: remove it from the file to have it anew.
What the paper leaves open ("open", "halves", "parts", "squares", "passes", "distortions") and what each
choice of 1998 is worth ("worth") are compared on digits held out of the training split, without the test
split. The rows of figure 9 then train on all 60,000 digits, and are judged on the test digits by the weights
that the schedule ends with. Their errors on the way, pass after pass, are written down to be drawn beside
figure 5; nothing is chosen by them. What was read off the test digits before the recipe was chosen stays on
record ("earlier"), and so do other readings of the whole ("reading").
"""

import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numba
import torch

from lenet_edu.data.digits import load_digits
from lenet_edu.data.splits import Split
from lenet_edu.network import architecture, paper
from lenet_edu.network.losses import map_loss
from lenet_edu.network.models import build
from lenet_edu.reproduction.figure_9 import (
    FOLDS,
    ROWS,
    Row,
    digits_for,
    fingerprint,
    percent_wrong,
    published,
    train_row,
)
from lenet_edu.reproduction.passes import DISTORTED, STEPS_AS_PRINTED, OriginalRecipe, start, train_original
from lenet_edu.system.devices import describe_device, map_processes
from lenet_edu.system.files import write_json
from lenet_edu.training.evaluation import count_right, summary
from results.recording import named_on_the_command_line, open_record, waiting

FILE = Path(__file__).with_suffix(".json")

UNITS = float(paper.DIGIT_CODES[0].size)
# Into how many parts MNIST's file is cut where a part in a row is held out.
PARTS = 6
# How many updates of the recorded seed 0 tests make again.
STRETCH = 2000

SQUARED_DIVISORS = (0.5, 1.0, 2.0, 5.0)
DISTORTION_SIZES = (0.5, 1.0, 2.0)
ADAM, ADAM_RATE, ADAM_BATCH = "worth: Adam", 1e-3, 32


def experiments() -> dict[str, Row]:
    """All of them by name."""
    kinds = (earlier, readings, open_choices, halves, parts, sizes, passes, worth)
    return ROWS | {name: row for kind in kinds for name, row in kind().items()}


def earlier() -> dict[str, Row]:
    """What was read off the test digits before the recipe of `ROWS` was chosen: it stays on record."""
    return {
        "earlier: sum of four": replace(
            ROWS["LeNet-5"],
            about="LeNet-5 with coefficients of the sum of four, from 1/4",
            recipe=replace(ROWS["LeNet-5"].recipe, coefficient=0.25, coefficient_of="sum"),
        ),
        "earlier: LeNet-1, 20 passes": replace(
            ROWS["LeNet-1, 16x16"],
            about="LeNet-1 by the schedule of LeNet-5",
            recipe=replace(ROWS["LeNet-1, 16x16"].recipe, schedule=paper.GLOBAL_RATES),
        ),
    }


def readings() -> dict[str, Row]:
    """Other readings of the paper as a whole, as often as the one of `ROWS`, and on the test digits too."""
    return {
        "reading: divisor 42": replace(
            ROWS["LeNet-5"],
            about="LeNet-5 with its loss twice as large",
            recipe=replace(ROWS["LeNet-5"].recipe, divisor=UNITS / 2),
        ),
        "reading: steps as printed": replace(
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
        "open: start": changed(f"divisor {UNITS:.0f}, j = 1, coefficients of the sum of four, from 1/4"),
        "open: mean of four": changed(
            "coefficients of the mean of four, from 1", coefficient=1.0, coefficient_of="mean"
        ),
        "open: mean of four, divisor 42": changed(
            "coefficients of the mean of four, and the loss twice as large",
            coefficient=1.0,
            coefficient_of="mean",
            divisor=UNITS / 2,
        ),
        "open: j 0.1": changed("j = 0.1", j=0.1),
        "open: j 10": changed("j = 10", j=10.0),
        "open: mean of four, j 10": changed(
            "coefficients of the mean of four, and j = 10", coefficient=1.0, coefficient_of="mean", j=10.0
        ),
        "open: mean of four, j 20": changed(
            "coefficients of the mean of four, and j = 20", coefficient=1.0, coefficient_of="mean", j=20.0
        ),
        "open: divisor 42": changed("loss twice as large", divisor=UNITS / 2),
        "open: divisor 168": changed("loss half as large", divisor=UNITS * 2),
        "open: coefficient 1": changed("coefficients from 1", coefficient=1.0),
        "open: coefficient 1/2": changed("coefficients from 1/2", coefficient=0.5),
    }


def halves() -> dict[str, Row]:
    """What is open in the other reading: half of the training digits are learned from, half judge."""
    begun = replace(ROWS["LeNet-5"].recipe, **STEPS_AS_PRINTED | {"memory": 0.8})

    def changed(about: str, seeds: int = 2, **values) -> Row:
        return Row(about, ROWS["LeNet-5"].network, replace(begun, **values), seeds=seeds)

    return {
        "halves: start": changed("coefficients of the sum of four from 0.5, memory 0.8, j = 1", seeds=4),
        "halves: memory 0.5": changed("half of the curvature stays", seeds=4, memory=0.5),
        "halves: memory 0.9": changed("nine tenths of it stay", memory=0.9),
        "halves: mean of four": changed(
            "coefficients of the mean of four, from 2", coefficient=2.0, coefficient_of="mean"
        ),
        "halves: coefficient 0.35": changed("coefficients from 0.35", coefficient=0.35),
        "halves: coefficient 0.7": changed("coefficients from 0.7", coefficient=0.7),
        "halves: divisor 1/2": changed("the loss twice as large", divisor=0.5),
        "halves: divisor 2": changed("the loss half as large", divisor=2.0),
        "halves: j 0.1": changed("j = 0.1", j=0.1),
        "halves: j 10": changed("j = 10", j=10.0),
        "halves: LeNet-5": replace(
            ROWS["LeNet-5"], about="the reading of the row LeNet-5: from 2.4/F, the loss over 84", seeds=2
        ),
    }


def parts() -> dict[str, Row]:
    """Both readings with hardly a hand on both sides: a part of MNIST's file, in a row, judges."""
    printed = replace(ROWS["LeNet-5"].recipe, **STEPS_AS_PRINTED)

    def changed(about: str, recipe: OriginalRecipe = ROWS["LeNet-5"].recipe, **values) -> Row:
        return Row(about, ROWS["LeNet-5"].network, replace(recipe, **values), seeds=4)

    return {
        "parts: LeNet-5": changed("the reading of the row LeNet-5: from 2.4/F, the loss over 84"),
        "parts: divisor 42": changed("its loss twice as large", divisor=UNITS / 2),
        "parts: j 10": changed("j = 10", j=10.0),
        "parts: steps as printed": changed(
            "the other reading: from 1/sqrt(F), the loss as it stands", printed
        ),
    }


def passes() -> dict[str, Row]:
    """How LeNet-1 is trained: the paper prints the schedule of LeNet-5 alone."""
    printed, row = paper.GLOBAL_RATES, ROWS["LeNet-1, 16x16"]

    def changed(about: str, schedule) -> Row:
        return replace(row, about=about, recipe=replace(row.recipe, schedule=tuple(schedule)), seeds=2)

    long = [(rate, n // 2) for rate, n in row.recipe.schedule]
    return {
        "passes: as LeNet-5": changed("the 20 passes of LeNet-5", printed),
        "passes: rates doubled": changed("at twice its rates", [(2 * rate, n) for rate, n in printed]),
        "passes: 40": changed("each rate for twice as long", [(rate, 2 * n) for rate, n in printed]),
        "passes: 40, higher": changed("half of 40 at the first rate, few at the last", long),
        "passes: 40, from 0.0007": changed("the same from a higher rate", [(7e-4, 20), *long[1:]]),
        "passes: 80, higher": changed("twice as long still", row.recipe.schedule),
    }


def sizes() -> dict[str, Row]:
    """How large squared errors are beside mu, and how large distortions may be: open as well."""
    found = {}
    small = replace(ROWS["LeNet-1, 16x16"].recipe, schedule=paper.GLOBAL_RATES)  # before "passes"
    for name, recipe in {"LeNet-1, 16x16": small, "LeNet-4": ROWS["LeNet-4"].recipe}.items():
        for divisor in SQUARED_DIVISORS:
            found[f"squares: {name.split(',')[0]} over {divisor:g}"] = replace(
                ROWS[name],
                about=f"1/2 sum (x - target)^2 over {divisor:g}",
                recipe=replace(recipe, divisor=divisor),
                seeds=2,
            )
    row, about = ROWS["LeNet-1, 16x16"], "coefficients of the sum of four, from 1/4"
    found["squares: LeNet-1, sum of four"] = replace(
        row, about=about, recipe=replace(small, coefficient_of="sum", coefficient=0.25), seeds=2
    )
    for times in DISTORTION_SIZES:
        limits = {kind: times * limit for kind, limit in DISTORTED.items()}
        found[f"distortions: times {times:g}"] = replace(
            ROWS["LeNet-5, distorted"],
            about=", ".join(f"{kind} {limit:g}" for kind, limit in limits.items()),
            recipe=replace(ROWS["LeNet-5, distorted"].recipe, distortions=limits),
            seeds=2,
        )
    return found


def worth() -> dict[str, Row]:
    """LeNet-5 as it is trained for figure 9, with one choice of 1998 changed for one of today."""
    recipe = ROWS["LeNet-5"].recipe

    def changed(about: str, network: dict | None = None, **values) -> Row:
        plan = architecture.lenet5(**(network or {}))
        return Row(about, plan.config, replace(recipe, **values), seeds=3)

    softmax = {"loss": "cross_entropy"}
    return {
        "worth: equation 8": changed("distance to the right code alone, equation 8", loss="distance"),
        "worth: softmax": changed(
            "softmax in place of RBF units", {"output": "linear"}, divisor=1.0, **softmax
        ),
        "worth: softmax, over 10": changed(
            "the same with a loss ten times smaller", {"output": "linear"}, divisor=10.0, **softmax
        ),
        "worth: full table": changed("C3 reads all maps of S2", {"c3": "full"}),
        "worth: max pooling": changed("the largest of four", {"subsampling": "max"}),
        "worth: ReLU": changed("ReLU, in F6 too, which can then say no -1", {"activation": "relu"}),
        "worth: ReLU, softmax": changed(
            "both, the loss over 10", {"activation": "relu", "output": "linear"}, divisor=10.0, **softmax
        ),
        "worth: SGD": changed("one step for all parameters: rate / mu", method="sgd"),
        ADAM: changed(f"Adam in batches of {ADAM_BATCH}, at {ADAM_RATE:g} and the schedule's decline"),
    }


def by_adam(row: Row, train: Split, judge: Split, seed: int) -> dict:
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
        passes.append({"met_error": met, "judged_error": percent_wrong(model, judge)})
    return {
        "seed": seed,
        "error": percent_wrong(model, judge),
        "training_error": percent_wrong(model, train),
        "updates": len(order) * len(passes),
        "minutes": round((perf_counter() - begun) / 60, 2),
        "weights": fingerprint(model),
        "passes": passes,
    }


def on_test(name: str) -> bool:
    """Whether an experiment is judged by the test digits."""
    return name in {**ROWS, **earlier(), **readings()}


def held_out(name: str, seed: int) -> dict:
    """Which training digits judge an experiment, as `digits_for` takes it; none if the test digits do."""
    if on_test(name):
        return {}
    if name in halves():
        return {"fold": seed, "folds": 2}
    if name in {**parts(), **passes()}:
        return {"fold": seed, "folds": PARTS, "in_a_row": True}
    return {"fold": seed}


def measure(name: str, seed: int) -> dict:
    """One run, on one core."""
    torch.set_num_threads(1)
    row = experiments()[name]
    train, judge = digits_for(row, load_digits(), **held_out(name, seed))
    if name == ADAM:
        return by_adam(row, train, judge, seed)
    _, found = train_row(row, train, judge, seed)
    if seed or name not in ROWS:
        for one in found["passes"]:
            del one["effective_rates"]  # those of seed 0 will do
    if name == "LeNet-5" and seed == 0:
        found["begins_with"] = {"updates": STRETCH, "weights": stretch(row, train)}
    return found


def stretch(row: Row, train: Split) -> str:
    """The fingerprint of the weights after the first updates of seed 0: soon made again, and compared."""
    model, first = build(row.network), replace(row.recipe, schedule=((row.recipe.rates[0], 1),))
    train_original(model, train, first, seed=0, updates=STRETCH)
    return fingerprint(model)


def keep(kept: dict, name: str, found: dict) -> None:
    """Write a run down at once."""
    row = experiments()[name]
    entry = kept["experiments"].setdefault(name, {"runs": []})
    entry["runs"] = sorted([*entry["runs"], found], key=lambda run: run["seed"])
    entry |= {
        "about": row.about,
        "published": published(name) if name in ROWS else None,
        "network": row.network,
        "recipe": row.recipe.to_dict(),
        "digits": dict(row.digits) if row.digits else None,
        "judged_on": "test digits" if on_test(name) else "held-out digits",
        "error": summary([run["error"] for run in entry["runs"]]),
        "training_error": summary([run["training_error"] for run in entry["runs"]]),
    }
    kept["experiments"] = {
        one: kept["experiments"][one] for one in experiments() if one in kept["experiments"]
    }
    write_json(FILE, kept)


def main() -> int:
    only, data = named_on_the_command_line(__doc__), load_digits()
    if data.source.kind != "mnist":
        print(f"{data.note} There is nothing to measure without MNIST.", file=sys.stderr)
        return 2
    kept = open_record(FILE, numba=numba.__version__) | {
        "command": "python results/family.py",
        "data": data.name,
        "digits": {"training": len(data.train) + len(data.validation), "test": len(data.test)},
        "folds": FOLDS,
        "device": f"{describe_device(torch.device('cpu'))}, one core a run",
    }
    for (name, _), found in map_processes(measure, waiting(kept, experiments(), only)):
        keep(kept, name, found)
        print(f"{name}, seed {found['seed']}: {found['error']} %, {found['minutes']} min", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
