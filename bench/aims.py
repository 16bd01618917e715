"""What the speed of training was aimed at, beside what was measured."""

import statistics

from bench.contenders import OURS, TUTORIAL
from bench.summaries import describe_times, mean_accuracy, of, seconds_to, table, typical


def cpu_aims(record: dict) -> str:
    """Each aim beside what was measured."""
    runs = [run for run in record["runs"] if not run["one_thread"]]
    rival = typical(of(runs, f"{TUTORIAL}, 0 workers"), "images_per_second")
    plain, distorted = (
        typical(of(runs, f"{OURS}, batches of 32{more}"), "images_per_second") / rival
        for more in ("", ", distorted")
    )
    sprint, thorough, best = (of(runs, f"{OURS}, {name}") for name in ("sprint", "thorough", "best"))
    lines = [
        [
            "4x the images a second of the tutorial's way, batches of 32",
            f"{plain:.1f}x, distorted {distorted:.1f}x",
        ],
        [
            "99.0% within 8 s of training, median of 5 seeds",
            f"`sprint`: {describe_times([seconds_to(r, 0.99) for r in sprint])}",
        ],
        ["99.5% within 90 s, mean over 10 seeds", f"`thorough`: {mean_accuracy(thorough)}"],
        ["99.6% with no limit of time", f"`best`: {mean_accuracy(best)}"],
        ["`import` within 0.1 s beyond torch", f"{record['imports']['lenet_edu']:.3f} s"],
    ]
    gain = [100 * statistics.mean(run["accuracy"] for run in group) for group in (best, thorough) if group]
    more = f" Three times the epochs of `thorough` gain {gain[0] - gain[1]:.2f} points." if best else ""
    return table(["aim", "measured"], lines) + (
        "\nBatches of 32 leave two threads too little work in each convolution, and none of the ways above "
        f"is faster there.{more}\n"
    )


def gpu_aims(record: dict) -> str:
    """The aims for a GPU."""
    sprint, large = of(record["runs"], f"{OURS}, sprint"), of(record["runs"], f"{OURS}, batches of 512")
    lines = [
        [
            "99.0% in under 0.5 s, warm",
            f"`sprint`: {describe_times([seconds_to(run, 0.99) for run in sprint])}",
        ],
        ["an epoch at batches of 512 within 30 ms", f"{typical(large, 'epoch_ms'):.0f} ms"],
    ]
    return table(["aim", "measured"], lines)
