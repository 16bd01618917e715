"""For every run of pytest: what nbval does not compare, and which notebooks in other languages it runs."""

import os
from datetime import date
from pathlib import Path

import pytest

from lenet_edu.system.language import LANGUAGES
from lenet_edu.system.pages import WIDGET

# Notebooks have a language of their own, that of their folder; kernels inherit the surroundings.
os.environ.pop("LENET_EDU_LANG", None)

# Notebooks in other languages have the code of the English ones: a third of them each day is enough, all of
# them in three days. Processes that share the work inherit the day, also over midnight.
THIRDS = 3
os.environ.setdefault("LENET_EDU_DAY", str(date.today().toordinal()))


@pytest.hookimpl
def pytest_collectstart(collector):
    """A widget's description holds the digits and weights of the day, which are other ones without MNIST."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += (WIDGET,)


def pytest_ignore_collect(collection_path, config):
    """Leave out notebooks in other languages whose day it is not, unless their folder is asked for."""
    edition = folder_of_edition(collection_path)
    if edition is None or collection_path.suffix != ".ipynb":
        return None
    asked = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    if any(folder_of_edition(path) == edition for path in asked):
        return None
    return None if is_due(collection_path, int(os.environ["LENET_EDU_DAY"])) else True


def is_due(notebook: Path, day: int) -> bool:
    """Whether it is the notebook's day: one of three that follow each other."""
    edition = folder_of_edition(notebook)
    return sorted(edition.rglob("*.ipynb")).index(notebook) % THIRDS == day % THIRDS


def folder_of_edition(path: Path) -> Path | None:
    """notebooks/LANGUAGE, if the path is that or lies in it; None for English notebooks and for all else."""
    notebooks = Path(__file__).resolve().parent / "notebooks"
    inside = path.relative_to(notebooks).parts if path.is_relative_to(notebooks) else ()
    return notebooks / inside[0] if inside and inside[0] in LANGUAGES else None
