"""`lenet-edu reproduce`: train a row of the paper's figure 9 as it was trained then."""

from pathlib import Path

from lenet_edu.cli.options import add_folder_option, say
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate


def add_options(parser) -> None:
    """The options of this command."""
    parser.add_argument(
        "row", metavar="ROW", help=translate("such as lenet-5; any other word lists them all")
    )
    parser.add_argument(
        "--seeds", type=int, default=1, help=translate("how many, from 0 on, one a core (default 1)")
    )
    parser.add_argument("--data", help=translate("digits: auto (default), mnist or embedded"))
    add_folder_option(parser)
    parser.add_argument(
        "--out", metavar="DIR", help=translate("weights and records (default: a folder in runs/)")
    )


def run(options) -> dict:
    """Run the command; what --json prints."""
    from lenet_edu.reproduction import classifiers, figure_9
    from lenet_edu.system.errors import check_whole
    from lenet_edu.training.evaluation import summary

    names = {figure_9.slug(name): name for name in (*figure_9.ROWS, *classifiers.experiments())}
    if options.row not in names:
        raise LenetError(
            "There is no row {row!r}. There are: {names}.", row=options.row, names=", ".join(names)
        )
    check_whole("--seeds", options.seeds, 1)
    name = names[options.row]
    run_seeds = _network_runs if name in figure_9.ROWS else _classical_runs
    published, runs = run_seeds(options, name)
    errors = summary([run["error"] for run in runs])
    spread = (
        ""
        if errors["deviation"] is None
        else translate(" +- {deviation} over {count} seeds", deviation=errors["deviation"], count=len(runs))
    )
    say(
        options,
        "test error {mean} %{spread}; published: {published} %",
        mean=errors["mean"],
        spread=spread,
        published=published,
    )
    return {"row": name, "published": published, "error": errors, "runs": runs}


def _network_runs(options, name: str) -> tuple[float, list[dict]]:
    """Train a network once for each seed, in a process a core; published error and the runs."""
    from lenet_edu.data.digits import load_digits
    from lenet_edu.reproduction.figure_9 import ROWS, published_error, reproduce, slug
    from lenet_edu.system.devices import map_processes

    data = load_digits(options.data or "auto", folder=options.folder)
    folder = Path(options.out or Path("runs") / slug(name))
    tasks = [
        (name, seed, folder / f"seed-{seed}", options.data or "auto", options.folder)
        for seed in range(options.seeds)
    ]
    say(options, f"{data.note} {name}, {ROWS[name].about}; {data.name}, one core a seed".strip())
    runs = []
    for _, record in map_processes(reproduce, tasks):
        runs.append(record)
        say(
            options,
            "seed {seed}: test {error} %, training {training_error} %, {updates:,} updates in {minutes} min",
            seed=record["seed"],
            error=record["error"],
            training_error=record["training_error"],
            updates=record["updates"],
            minutes=record["minutes"],
        )
    say(options, "weights and records: {folder}", folder=folder)
    return published_error(name), sorted(runs, key=lambda run: run["seed"])


def _classical_runs(options, name: str) -> tuple[float, list[dict]]:
    """Choose a classifier's setting on held-out digits, fit it to all; published error and the runs."""
    from lenet_edu.data.digits import all_training_digits, load_digits
    from lenet_edu.network import paper
    from lenet_edu.reproduction.classifiers import choose, experiments, measure, preprocess

    what, data = experiments()[name], load_digits(options.data or "auto", folder=options.folder)
    background = data.scaling.background
    train, held_out, all_digits, test = (
        preprocess(split, what, background)
        for split in (data.train, data.validation, all_training_digits(data), data.test)
    )
    tried = choose(what, train, held_out)
    best = min(tried, key=lambda one: one["error"])[what.setting]
    say(
        options,
        "{setting} {best}, chosen on held-out digits among {tried_count}",
        setting=what.setting,
        best=best,
        tried_count=len(tried),
    )
    runs = []
    for seed in range(options.seeds) if what.seeds else [None]:
        outcome = measure(what, best, seed, all_digits, test)
        runs.append({**outcome, "error": outcome["test_error"], "data": data.name})
        say(
            options,
            "test {test_error} %, {minutes} min, {name}",
            test_error=outcome["test_error"],
            minutes=outcome["minutes"],
            name=data.name,
        )
    return paper.PUBLISHED_ERRORS[what.row], runs
