"""Prints how long each notebook takes, by the measure of `lenet_edu.site.minutes`.

    python -m tools.notebooks.minutes

The map in 00 and docs/teaching.md state these minutes.
"""

from lenet_edu.site.minutes import Minutes, minutes
from tools.notebooks import build


def main() -> None:
    total = Minutes(0, 0)
    for name in build.names():
        own = minutes(build.read(name))
        total = Minutes(total.reading + own.reading, total.exercises + own.exercises)
        print(f"{name:<26} reading {own.reading:5.1f} min, exercises {own.exercises:3.0f} min")
    print(f"{'all':<26} reading {total.reading:5.1f} min, exercises {total.exercises:3.0f} min")


if __name__ == "__main__":
    main()
