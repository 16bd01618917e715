"""Makes what the engine needs and what is committed: `make engine`.

    python -m tools.engine                 needs ziglang, which brings clang and the linker

lenet.wasm is compiled from lenet.c, constants.js holds the numbers that Python states, so that none is typed
twice, and digits.gz the digits that come with scikit-learn. Tests make them again and compare.
"""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from sklearn import datasets

from lenet_edu.data import light, normalise
from lenet_edu.network import paper
from lenet_edu.network.losses import RUBBISH_DISTANCE
from lenet_edu.reproduction import robustness

ENGINE = Path(__file__).resolve().parents[1] / "lenet_edu" / "engine"
TARGET = ("-target", "wasm32-freestanding", "-mcpu=generic+simd128+bulk_memory")
# -ffp-contract=off: a product is rounded before it is added, everywhere.
OPTIONS = (
    "-Os",
    "-ffp-contract=off",
    "-ffreestanding",
    "-fno-builtin",
    "-fno-sanitize=all",
    "-Wall",
    "-Wno-unused",
)
LINKER = ("-nostdlib", "-Wl,--no-entry", "-Wl,-z,stack-size=65536", "-Wl,--strip-all")


def build(wasm: Path) -> None:
    """Compile to the file `wasm`; raises CalledProcessError after the compiler has said why it could not."""
    compiler = (sys.executable, "-m", "ziglang", "cc")
    subprocess.run([*compiler, *TARGET, *OPTIONS, *LINKER, "lenet.c", "-o", wasm], cwd=ENGINE, check=True)
    wasm.chmod(0o644)  # the linker takes it for a program


def constants() -> str:
    """The text of constants.js: its numbers, each with what it means."""
    stated = {
        "IMAGE_SIZE": (paper.IMAGE_SIZE, "Section II-B: pixels along a side of what the network sees."),
        "GLYPH_SIZE": (paper.GLYPH_SIZE, "Section II-B: pixels along the longer side of a digit in it."),
        "MNIST_SIZE": (paper.MNIST_SIZE, "Pixels along a side of an image of MNIST's files."),
        "BACKGROUND": (paper.BACKGROUND, "Section II-B: the value of paper."),
        "FOREGROUND": (paper.FOREGROUND, "Section II-B: the value of ink."),
        "INITIAL_WEIGHT_RANGE": (
            paper.INITIAL_WEIGHT_RANGE,
            "Appendix A: a unit with F inputs starts with weights within this over F.",
        ),
        "RUBBISH_DISTANCE": (RUBBISH_DISTANCE, "The distance of the class of rubbish, j of equation 9."),
        "FAINT": (
            normalise.FAINT,
            "What is paler than this share of the darkest ink is no edge.",
        ),
        "PICKED": (normalise.PICKED, "The same for a digit that was picked from its sheet."),
        "BLANK": (normalise.BLANK, "A sheet whose levels differ by less than this shows nothing."),
        "MIDDLE": (normalise.MIDDLE, "Where a digit's centre of mass is put, in pixels from the edge."),
        "TIE": (
            normalise.TIE,
            "So near the middle between two places a digit goes up or to the left.",
        ),
        "TINY": (light.TINY, "A clean picture of no more pixels a side is one like MNIST's, and no photo."),
        "STILL": (
            dict(robustness.STILL),
            "Kinds of change, and how much of each changes nothing.",
        ),
        "AMOUNTS": (dict(robustness.AMOUNTS), "The amounts of each that are measured."),
    }
    head = "// Numbers that Python states. `make engine` writes this file: change them there.\n"
    return head + "".join(
        f"\n/** {meaning} */\nexport const {name} = {_script(value)};\n"
        for name, (value, meaning) in stated.items()
    )


def _script(value) -> str:
    """JSON as prettier lays it out."""
    if not isinstance(value, dict):
        return re.sub(r"\.0\b", "", json.dumps(value))
    return "{\n" + "".join(f"  {key}: {_script(entry)},\n" for key, entry in value.items()) + "}"


def digits() -> bytes:
    """The embedded digits as data.js reads them: 64 bytes a digit, 0 to 16; then the labels."""
    bunch = datasets.load_digits()
    return bunch.images.astype(np.uint8).tobytes() + bunch.target.astype(np.uint8).tobytes()


def main() -> int:
    wasm, numbers, small = (ENGINE / name for name in ("lenet.wasm", "constants.js", "digits.gz"))
    build(wasm)
    numbers.write_text(constants(), "utf-8", newline="\n")
    small.write_bytes(gzip.compress(digits(), 9, mtime=0))
    for file in (wasm, numbers, small):
        print(f"written: {file.relative_to(ENGINE.parents[1])}, {file.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
