"""Runs of the bench in numbers and words: medians over seeds, seconds to a mark, tables."""

import statistics


def of(runs: list[dict], name: str) -> list[dict]:
    """The runs of one contender."""
    return [run for run in runs if run["contender"] == name]


def typical(runs: list[dict], what: str) -> float:
    """The median over seeds."""
    return statistics.median(run[what] for run in runs)


def seconds_to(run: dict, mark: float) -> float | None:
    """Seconds of training until so many test digits were first right; None if they never were."""
    return next((seconds for seconds, _, right in run["marks"] if right >= mark), None)


def describe_times(times: list[float | None]) -> str:
    """As `5.3 s`, `5.3 s (4 of 5)` or `not reached`; those that did not get there count as slowest."""
    reached = sorted(seconds for seconds in times if seconds is not None)
    if 2 * len(reached) <= len(times):
        return f"not reached ({len(reached)} of {len(times)})" if reached else "not reached"
    padded = reached + [float("inf")] * (len(times) - len(reached))
    middle = statistics.median_low(padded) if len(reached) < len(times) else statistics.median(reached)
    return f"{middle:.1f} s" + (f" ({len(reached)} of {len(times)})" if len(reached) < len(times) else "")


def mean_accuracy(runs: list[dict]) -> str:
    """As `99.53% ± 0.04 in 71 s (10 seeds)`."""
    if not runs:
        return "not measured"
    rights = [100 * run["accuracy"] for run in runs]
    spread = f" ± {statistics.stdev(rights):.2f}" if len(rights) > 1 else ""
    seconds = typical(runs, "training_seconds")
    return f"{statistics.mean(rights):.2f}%{spread} in {seconds:.0f} s ({len(runs)} seeds)"


def table(head: list[str], lines: list[list[str]]) -> str:
    """A table in Markdown."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
