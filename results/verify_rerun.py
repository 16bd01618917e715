"""Runs a recorded run of family.json again, from its start to its end: `make again`.

    python -m results.verify_rerun                seed 0 of LeNet-5, some minutes
    python -m results.verify_rerun "LeNet-4" 2    another row, another seed

It must come to the same weights, bit for bit, on any CPU.
"""

import sys

from lenet_edu.system.files import read_json
from results.family import FILE, measure


def main(name: str = "LeNet-5", seed: str = "0") -> int:
    runs = read_json(FILE)["experiments"][name]["runs"]
    recorded = next(one for one in runs if one["seed"] == int(seed))
    run = measure(name, int(seed))
    print(f"{name}, seed {seed}: {run['error']} %, recorded {recorded['error']} %")
    same = run["weights"] == recorded["weights"]
    print("the same weights, bit for bit" if same else "OTHER WEIGHTS")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
