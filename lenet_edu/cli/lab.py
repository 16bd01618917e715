"""Opening the notebooks in JupyterLab, also as root and on a machine without a display."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
FIRST = NOTEBOOKS / "00_start_here.ipynb"
# What JupyterLab is told, unless a reader's own settings say otherwise: no question about news, and a
# notebook that is closed ends its kernel.
SETTINGS = Path(__file__).parent / "lab_settings"
# What a reader does not look for among the notebooks; "runs" is what trainings there leave.
HIDDEN = ["runs", "__pycache__", "*.pyc", "*~"]
# A kernel without an open notebook ends when nothing has come from it for so many seconds.
IDLE = 20 * 60

ADVICE = """\
Close a notebook's tab when you are done with it: its kernel ends, and some hundred megabytes are free again.
To stop: Ctrl+C here.
"""


def first_notebook(language: str) -> str:
    """Where notebook 00 lies below `NOTEBOOKS`, in the language if it is there in it."""
    own = f"{language}/{FIRST.name}"
    return own if (NOTEBOOKS / own).exists() else FIRST.name


def lab_arguments(arguments: list[str], language: str = "en") -> list[str]:
    """What JupyterLab is started with to open notebook 00; `arguments` go to it, too, and win."""
    ours = [
        f"--ServerApp.root_dir={NOTEBOOKS}",
        "--ServerApp.contents_manager_class=lenet_edu.cli.contents.Contents",
        f"--ContentsManager.hide_globs={HIDDEN}",
        f"--MappingKernelManager.cull_idle_timeout={IDLE}",
        f"--LabApp.default_url=/lab/tree/{first_notebook(language)}",
        f"--LabApp.app_settings_dir={SETTINGS}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        ours.append("--allow-root")
    return [*ours, *arguments]


def trust_notebooks(root: Path = NOTEBOOKS) -> None:
    """Sign the notebooks below `root`: JupyterLab does not show widgets in what nobody has signed."""
    from jupyter_core.paths import jupyter_data_dir
    from nbformat import read
    from nbformat.sign import NotebookNotary

    folder = jupyter_data_dir()
    try:
        os.makedirs(folder, exist_ok=True)
        notary = NotebookNotary(data_dir=folder)
        for path in sorted([*root.rglob("[0-9][0-9]_*.ipynb"), *root.rglob("appendices/[A-Z]_*.ipynb")]):
            notary.sign(read(path, as_version=4))
    except (OSError, ValueError) as error:
        print(
            translate(
                "The notebooks could not be signed as trusted ({error}): their widgets are pictures until "
                "run.",
                error=error,
            )
        )


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


def open_lab(arguments: list[str], language: str = "en") -> int:
    """Run JupyterLab, in this process, until the reader stops it; its exit status.

    Raises LenetError if JupyterLab or the notebooks are not there.
    """
    if find_spec("jupyterlab") is None:
        raise LenetError("JupyterLab is not installed here. Run: pip install -e '.[notebooks]'")
    if not FIRST.exists():
        raise LenetError(
            "{first} is missing: the notebooks come with a clone of the project, not by pip.", first=FIRST
        )
    from jupyterlab.labapp import LabApp

    trust_notebooks()
    os.chdir(NOTEBOOKS.parent)
    os.environ.update(lab_environment())
    print(ADVICE, end="", flush=True)
    try:
        LabApp.launch_instance(argv=lab_arguments(arguments, language))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        pass
    return 0
