"""Where the package keeps things on its user's machine."""

import os
from pathlib import Path


def data_folder(folder: Path | str | None = None) -> Path:
    """Where data sets live: the folder given, else LENET_EDU_DATA, else data/ beside the notebooks.

    An installed copy without notebooks uses data/ in the current folder.
    """
    if folder is not None:
        return Path(folder)
    if os.environ.get("LENET_EDU_DATA"):
        return Path(os.environ["LENET_EDU_DATA"])
    project = Path(__file__).resolve().parents[2]
    return (project if (project / "notebooks").is_dir() else Path.cwd()) / "data"
