"""How right the engine is after a recipe on MNIST, beside Python: whole trainings in node, some minutes each.

    python -m bench.browser_accuracy SEED...       trains with each seed, and writes bench/results/browser-accuracy.json

The recipe is `fast`, chosen on validation digits long before; the test digits are judged once, after its end.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from lenet_edu.data.digits import find_mnist
from lenet_edu.data.splits import PAPER_SCALING
from lenet_edu.engine.plan import plan
from lenet_edu.network.architecture import MODERN, lenet5
from lenet_edu.system.files import write_json
from lenet_edu.training.recipes import RECIPES

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "browser-accuracy.json"
WORKERS = 2
NODE = """
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { trainOnMnist } from TRAINING;
import { spawn } from SPAWN;
const { files, ...given } = JSON.parse(readFileSync(0, "utf8"));
const opened = Object.entries(files).map(([name, path]) => ({
  name,
  arrayBuffer: async () => new Uint8Array(await readFile(path)).buffer,
}));
const answer = await trainOnMnist(given, opened, spawn);
process.stdout.write(JSON.stringify({ ...answer, peakMegabytes: process.resourceUsage().maxRSS / 1024 }));
"""


def train_in_node(**given) -> dict:
    """What a training in node comes to; `given` as bench/browser_training.js takes it."""
    node = shutil.which("node") or sys.exit("Install node 18 or newer to train in it.")
    paths = find_mnist() or sys.exit("MNIST is needed: fetch it with `lenet-edu data`, or set LENET_EDU_DATA.")
    script = NODE.replace("TRAINING", json.dumps((ROOT / "bench" / "browser_training.js").as_uri()))
    script = script.replace("SPAWN", json.dumps((ROOT / "tests" / "engine" / "js" / "spawn.mjs").as_uri()))
    given |= {"files": {name: str(path) for name, path in paths.items()}}
    command = [node, "--input-type=module", "-e", script]
    done = subprocess.run(command, input=json.dumps(given), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def setting(recipe: str = "fast") -> dict:
    """The modern network and a recipe, as the engine takes them."""
    return {
        "plan": plan(lenet5(**MODERN)),
        "recipe": RECIPES[recipe].to_dict(),
        "scaling": PAPER_SCALING.to_dict(),
        "workers": WORKERS,
    }


def main(seeds: list[int]) -> int:
    runs = {}
    if RESULTS.exists():
        runs = json.loads(RESULTS.read_text("utf-8"))["runs"]
    for seed in seeds:
        run = train_in_node(**setting(), seed=seed)
        print(seed, run["accuracy"], [round(epoch["wall"], 1) for epoch in run["epochs"]], run["peakMegabytes"])
        last = run["epochs"][-1]
        runs[str(seed)] = {
            "test_accuracy": run["accuracy"],
            "validation_accuracy": last["validation_accuracy"],
            "train_loss": last["train_loss"],
            "seconds": [epoch["wall"] for epoch in run["epochs"]],
            "sha256": run["sha256"],
        }
        about = {"network": "modern", "recipe": "fast", "workers": WORKERS}
        write_json(RESULTS, {"command": "python -m bench.browser_accuracy SEED...", **about, "runs": runs})
    return 0


if __name__ == "__main__":
    sys.exit(main([int(seed) for seed in sys.argv[1:]] or [0]))
