"""Opening the notebooks in JupyterLab, also as root and on a machine without a display."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from lenet_edu.system.errors import LenetError

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
FIRST = NOTEBOOKS / "00_start_here.ipynb"


def lab_command(arguments: list[str]) -> list[str]:
    """The command that opens notebook 00 in JupyterLab; `arguments` go to it."""
    where = [f"--ServerApp.root_dir={NOTEBOOKS}", f"--LabApp.default_url=/lab/tree/{FIRST.name}"]
    command = [sys.executable, "-m", "jupyterlab", *where, *arguments]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return command


def lab_environment() -> dict[str, str]:
    """What JupyterLab and its kernels see of the environment; on Linux with how long torch's threads wait.

    A notebook's training runs in a thread of its own, beside which the browser and other kernels want their
    cores. Threads that wait for the next small task do best to wait some ten microseconds (libgomp counts
    in turns of a loop): for longer they take the cores from others, for shorter they lose half the speed.
    """
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    if sys.platform != "linux" or any(name in os.environ for name in names):
        return dict(os.environ)
    return {**os.environ, **dict(zip(names, ("active", "10000"), strict=True))}


def open_lab(arguments: list[str]) -> int:
    """Run JupyterLab until the reader stops it; its exit status.

    Raises LenetError if JupyterLab or the notebooks are not there.
    """
    if find_spec("jupyterlab") is None:
        raise LenetError("JupyterLab is not installed here. Run: pip install -e '.[notebooks]'")
    if not FIRST.exists():
        raise LenetError(f"{FIRST} is missing: the notebooks come with a clone of the project, not by pip.")
    try:
        done = subprocess.run(
            lab_command(arguments), cwd=NOTEBOOKS.parent, env=lab_environment(), check=False
        )
        return done.returncode
    except KeyboardInterrupt:
        return 0
