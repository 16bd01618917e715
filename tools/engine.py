"""Compiles lenet_edu/engine/lenet.c to lenet.wasm, which is committed: `make engine`.

    python -m tools.engine                 needs ziglang, which brings clang and the linker

The same bytes come out on every machine: a test compiles again and compares.
"""

import subprocess
import sys
from pathlib import Path

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


def main() -> int:
    wasm = ENGINE / "lenet.wasm"
    build(wasm)
    print(f"written: {wasm.relative_to(ENGINE.parents[1])}, {wasm.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
