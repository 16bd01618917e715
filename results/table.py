"""Writes docs/figure_9.md: the paper's figure 9 beside ours, from what classical.json and family.json hold.

python -m results.table
"""

from pathlib import Path

from lenet_edu.network import paper
from lenet_edu.reproduction.rows import ROWS, slug
from lenet_edu.system.files import read_json, write_atomically
from results.experiments import entries_of_kind

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "figure_9.md"

INTRODUCTION = """\
# Figure 9, reproduced

This page is written by `python -m results.table` from the records in `results/`. Section III-C of the paper
of 1998 compares classifiers on MNIST; here is what the same ones come to in this suite. All errors are in
percent of the {test:,} test digits. They are read once, by the weights at the end of the schedule, never at
the best pass. What had to be chosen was chosen on digits held out of the training digits.

The last column is the whole command: `--seeds` says over how many starts. A run is one seed on one core.
"""

OPEN = """\
## What the paper leaves open

LeNet-5, one thing changed at a time. The error is that on held-out digits: each seed holds out another
twelfth of the {training:,} training digits, the same for all. So compare seed by seed: one twelfth is harder
than another, and two seeds of one recipe differ by about 0.1. *start* is what we began with.
"""

HALVES = """\
The same for the other reading, from weights within 1/sqrt(F) and with the loss as it stands. Here each seed
learns from one half of the training digits and is judged by the other; so errors are larger. *LeNet-5* is the
reading of the row in the table above.
"""

PARTS = """\
And both readings once more, so that hardly anyone who wrote what is judged by wrote what is learned from. In
MNIST's file digits by one hand stand near each other: each seed holds out another sixth of it, in a row.
"""

UNKNOWN = """\
By {recipes} recipes LeNet-5 comes to {errors} on the test digits, {seeds} seeds each. The paper
prints {printed:g}, uncertain by about {uncertain:g}; {good} of the {runs} runs are there or below. Nothing
that was tried here moved the error by more than seeds do. What is not known: where the weights of 1998 began,
its j, its first coefficients, whether its curvature had a memory, and which of several trained networks its
figure is of.
"""

SQUARES = """\
The networks before LeNet-5 are trained on squared errors, half their sum over the ten units. The scale is
open there too:
"""

PASSES = """\
The schedule is printed for LeNet-5 alone. For LeNet-1 it is open, and was chosen after that scale. Parts of
MNIST's file judge, as above:
"""

DISTORTIONS = """\
And how large the distortions may be, shifts in pixels, the rest as shares:
"""

WORTH = """\
## What a choice of 1998 is worth

LeNet-5 of figure 9, one of its choices replaced by one of today, in the same {passes} passes. Held-out
digits, as above.
"""


def page() -> str:
    """The whole page."""
    classical, family = read_json(HERE / "classical.json"), read_json(HERE / "family.json")
    entries = family["experiments"]
    return "\n".join(
        [
            INTRODUCTION.format(**family["digits"]),
            figure_9(classical["experiments"], entries),
            f"On a CPU, one core a run. Versions: {_versions(family['versions'] | classical['versions'])}.\n",
            *unlike_the_paper(entries),
            *before(entries),
            *readings(entries),
            short_of_print(classical["experiments"], entries),
            OPEN.format(**family["digits"]),
            comparison(entries, "open"),
            HALVES,
            comparison(entries, "halves"),
            PARTS,
            comparison(entries, "parts"),
            unknown(entries),
            SQUARES,
            comparison(entries, "squares"),
            PASSES,
            comparison(entries, "passes"),
            DISTORTIONS,
            comparison(entries, "distortions"),
            WORTH.format(passes=sum(passes for _, passes in paper.GLOBAL_RATES)),
            comparison(entries, "worth"),
        ]
    )


def figure_9(classical: dict, family: dict) -> str:
    """Each row that is recorded, in the order of the figure, the network of 1989 last."""
    head = ["", "paper", "ours", "best, worst", "seeds", "training", "updates", "minutes", "command"]
    rows = []
    for name in (*paper.PUBLISHED_ERRORS, *ROWS):
        if name in family and name not in [row[0] for row in rows]:
            rows.append(_row(name, family[name], family[name]["error"], name))
        for one, entry in classical.items():
            if entry["row"] == name:
                rows.append(_row(one, entry, entry["test_error"], one))
    return _table(head, rows)


def comparison(entries: dict, kind: str) -> str:
    """The experiments of one kind, each with its error on held-out digits."""
    rows = [
        [
            name,
            entry["about"],
            f"{entry['error']['mean']:.2f}",
            ", ".join(f"{run['error']:.2f}" for run in entry["runs"]),
            f"{entry['training_error']['mean']:.2f}",
        ]
        for name, entry in entries_of_kind(entries, kind).items()
    ]
    return _table(["", "", "held-out error", "of seed 0, 1, ...", "training error"], rows)


def unknown(entries: dict) -> str:
    """What all recipes of LeNet-5 on the test digits come to, and what that leaves open."""
    ours = [
        entries["earlier: sum of four"],
        entries["LeNet-5"],
        *entries_of_kind(entries, "reading").values(),
    ]
    errors = [run["error"] for entry in ours for run in entry["runs"]]
    return UNKNOWN.format(
        recipes=len(ours),
        errors=", ".join(f"{entry['error']['mean']:.2f}" for entry in ours),
        seeds=min(len(entry["runs"]) for entry in ours),
        printed=paper.TEST_ERROR,
        uncertain=paper.ERROR_UNCERTAINTY,
        good=sum(error <= paper.TEST_ERROR for error in errors),
        runs=len(errors),
    )


def unlike_the_paper(entries: dict) -> list[str]:
    """What to know of each network before its row is compared with the paper's."""
    return [f"- **{name}**: {entries[name]['about']}." for name in ROWS if name in entries] + [""]


def short_of_print(classical: dict, entries: dict) -> str:
    """Which rows are above the printed error, both rounded as that is printed."""
    errors = {name: (entry["published"], entry["error"]) for name, entry in entries.items() if name in ROWS}
    errors |= {name: (entry["published"], entry["test_error"]) for name, entry in classical.items()}
    worse = [
        f"{name} ({error['mean']:.2f}, printed {printed:g})"
        for name, (printed, error) in errors.items()
        if round(error["mean"], len(f"{printed:g}".partition(".")[2])) > printed
    ]
    uncertain = f"The paper calls its error rates uncertain by about {paper.ERROR_UNCERTAINTY:g}."
    return f"Above what is printed, if rounded alike: {'; '.join(worse) or 'none'}. {uncertain}\n"


def before(entries: dict) -> list[str]:
    """What was read off the test digits before the recipe was chosen."""
    start = "Read off the test digits before the recipe was chosen, and kept: "
    return [f"{start}{_describe(entry, ', ')}.\n" for entry in entries_of_kind(entries, "earlier").values()]


def readings(entries: dict) -> list[str]:
    """What another reading of the paper comes to on the test digits."""
    return [
        f"Another reading, {_describe(entry, ': ')}, training error {_spread(entry['training_error'])}. "
        "Notebook 14 says how it was found.\n"
        for entry in entries_of_kind(entries, "reading").values()
    ]


def _describe(entry: dict, between: str) -> str:
    """What an experiment is, and its error."""
    return f"{entry['about']}{between}{_spread(entry['error'])} over {len(entry['runs'])} seeds"


def _row(name: str, entry: dict, errors: dict, command: str) -> list[str]:
    runs = entry["runs"]
    updates = runs[0]["updates"]
    return [
        name,
        f"{entry['published']:g}",
        _spread(errors),
        f"{errors['best']:.2f}, {errors['worst']:.2f}" if len(runs) > 1 else "",
        str(len(runs)) if runs[0]["seed"] is not None else "",
        _spread(entry["training_error"]) if entry["training_error"] else "",
        f"{updates:,}" if updates else "",
        f"{sum(run['minutes'] for run in runs) / len(runs):.1f}",
        f"`lenet-edu reproduce {slug(command)}{f' --seeds {len(runs)}' if len(runs) > 1 else ''}`",
    ]


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _spread(errors: dict) -> str:
    deviation = errors["deviation"]
    return f"{errors['mean']:.2f}" + ("" if deviation is None else f" ± {deviation:.2f}")


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    write_atomically(PAGE, page().encode())
