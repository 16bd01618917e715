"""What JupyterHub starts for a student: copies of the notebooks that are missing, then JupyterLab."""

import os
import sys
from pathlib import Path

from jupyterhub.singleuser import main as serve

from lenet_edu.cli.copy import copy_notebooks
from lenet_edu.cli.lab import HIDDEN, IDLE, SETTINGS, trust_notebooks
from lenet_edu.system.errors import LenetError

FOLDER = Path.home() / "lenet-edu"


def main() -> None:
    """Copy, sign, serve."""
    try:
        copy_notebooks(FOLDER)
    except LenetError as error:  # the disk may be full: the student's own work can still be opened
        print(f"The notebooks could not be copied: {error}", file=sys.stderr)
    trust_notebooks(FOLDER)
    sys.argv += [
        f"--ContentsManager.hide_globs={HIDDEN}",
        f"--MappingKernelManager.cull_idle_timeout={IDLE}",
        f"--LabApp.app_settings_dir={SETTINGS}",
    ]
    if os.geteuid() == 0:  # a hub that root tries out with one account for all
        sys.argv.append("--allow-root")
    serve()


if __name__ == "__main__":
    main()
