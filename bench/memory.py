"""What a notebook's kernel takes of the memory: `make bench-memory`.

Each notebook is run from its first cell to its last in a kernel, as JupyterLab does it, in a copy of its
folder. Then the kernel says of itself, in megabytes:

    resident   what it holds
    peak       the most that it ever held
    shared     of what it holds, what other kernels on the machine can hold with it: files that are mapped,
               such as the libraries' code and MNIST

A class needs the shared part once, and the rest for each student.
"""

import argparse
import json
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient

from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import write_json

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "memory.json"
NOTEBOOKS = ("04_c3", "11_train", "13_find_the_bug")
FIELDS = {"resident": "VmRSS", "peak": "VmHWM", "shared": "RssFile"}
# What a kernel runs to tell its memory.
ASK = "print(open('/proc/self/status').read())"
PATIENCE = 540  # seconds for one cell


def read_status(status: str) -> dict[str, int]:
    """Megabytes by the names of `FIELDS`, from the text of /proc/self/status."""
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return {name: round(int(lines[field].split()[0]) / 1024) for name, field in FIELDS.items()}


def measure(name: str) -> dict[str, int]:
    """Run a notebook in a kernel of its own; what the kernel takes in the end, and its seconds."""
    with TemporaryDirectory() as folder:
        notebooks = Path(folder) / "notebooks"
        shutil.copytree(ROOT / "notebooks", notebooks, ignore=shutil.ignore_patterns("locale", "zh"))
        notebook = nbformat.read(notebooks / f"{name}.ipynb", as_version=4)
        asking = nbformat.v4.new_code_cell(ASK)
        notebook.cells.append(asking)
        start = time.perf_counter()
        NotebookClient(notebook, timeout=PATIENCE, resources={"metadata": {"path": str(notebooks)}}).execute()
    status = "".join(output["text"] for output in asking["outputs"])
    return {**read_status(status), "seconds": round(time.perf_counter() - start)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notebooks", nargs="+", default=NOTEBOOKS)
    options = parser.parse_args()
    if not Path("/proc/self/status").exists():
        raise LenetError("A process tells its memory on Linux only: run this there.")
    result = {"date": time.strftime("%Y-%m-%d"), "torch": version("torch"), "notebooks": {}}
    for name in options.notebooks:
        result["notebooks"][name] = measure(name)
        print(json.dumps({name: result["notebooks"][name]}), flush=True)
    write_json(RESULTS, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
