"""What the site's scripts fetch: the widgets' and the engine's files, weights, plans, embedded digits."""

import json
import shutil
from pathlib import Path

import numpy as np
from safetensors import safe_open

from lenet_edu.engine.plan import plan
from lenet_edu.network.architecture import MODERN, architecture, lenet5, rgb_lenet

FOLDER = "assets"
_PACKAGE = Path(__file__).resolve().parents[1]
# What of each wing a browser reads.
_COPIED = {
    "widgets": (".js", ".css"),
    "engine": (".js", ".wasm", ".gz"),
    "weights": (".safetensors", ".json"),
}


def write_assets(site: Path) -> None:
    """Write them into `site`/assets, with the same folders as in the package, so that their imports hold."""
    folder = site / FOLDER
    for wing, endings in _COPIED.items():
        for path in sorted((_PACKAGE / wing).rglob("*")):
            if path.suffix in endings:
                target = folder / wing / path.relative_to(_PACKAGE / wing)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    plans = folder / "plans"
    plans.mkdir(parents=True)
    for name, described in _architectures().items():
        (plans / f"{name}.json").write_text(json.dumps(plan(described)), encoding="utf-8")
    (folder / "digits.bin").write_bytes(embedded_digits())


def embedded_digits() -> bytes:
    """scikit-learn's 1,797 digits: 64 bytes (0 to 16) an image, then one byte a label."""
    from sklearn import datasets

    digits = datasets.load_digits()
    return digits.images.astype(np.uint8).tobytes() + digits.target.astype(np.uint8).tobytes()


def _architectures() -> dict:
    """By name: those of the shipped weights, and those that the command line names."""
    shipped = {}
    for path in sorted((_PACKAGE / "weights").glob("*.safetensors")):
        with safe_open(path, "np") as file:
            shipped[path.stem] = architecture(json.loads(file.metadata()["lenet_edu"])["network"])
    return {**shipped, "lenet5": lenet5(), "modern": lenet5(**MODERN), "rgb": rgb_lenet()}
