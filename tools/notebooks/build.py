"""Keeps each notebook and its source alike, and executes it: `make notebooks`.

source/NN_name.py is what is reviewed, NN_name.ipynb what readers open; appendices are named
"appendices/A_name" on both sides. Where the two differ, the one that was edited last wins; the notebook is
executed anew if its code has changed. `--all` executes every notebook, names only those.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from lenet_edu.system.files import write_atomically
from lenet_edu.system.language import LANGUAGES

SOURCE = Path(__file__).resolve().parent / "source"
NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What of a cell's metadata is kept: all else is some editor's.
CELL_METADATA = ("tags", "jupyter")


def names() -> list[str]:
    """Every notebook's name in order: NN_name, then appendices/A_name."""
    found = set()
    for folder, suffix in ((NOTEBOOKS, "ipynb"), (SOURCE, "py")):
        for pattern in (f"[0-9]*.{suffix}", f"appendices/[A-Z]_*.{suffix}"):
            found |= {path.relative_to(folder).with_suffix("").as_posix() for path in folder.glob(pattern)}
    return sorted(found)


def from_source(name: str) -> nbformat.NotebookNode:
    """The notebook that the source describes, not executed, with cell ids that depend on the text alone."""
    return _from_text((SOURCE / f"{name}.py").read_text(encoding="utf-8"))


def to_source(notebook: nbformat.NotebookNode) -> str:
    """The source that describes a notebook, formatted as all Python here."""
    bare = nbformat.from_dict(_tidy(notebook))
    bare.metadata = {
        "jupytext": {
            "notebook_metadata_filter": "-all",
            "cell_metadata_filter": ",".join((*CELL_METADATA, "-all")),
        }
    }
    return _format(jupytext.writes(bare, fmt="py:percent"))


def read(name: str) -> nbformat.NotebookNode:
    """The notebook as readers have it."""
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def bring_up_to_date(name: str, anew: bool) -> str:
    """Mend one pair; what was done: "up to date", "text renewed" or "executed".

    Cells are executed only if the code has changed or `anew` is set.
    """
    source, notebook = SOURCE / f"{name}.py", NOTEBOOKS / f"{name}.ipynb"
    both = source.exists() and notebook.exists()
    alike = both and to_source(read(name)) == source.read_text(encoding="utf-8")
    if alike and not anew:
        return "up to date"
    edited = to_source(read(name)) if _newer(notebook, than=source) and not alike else None
    text = edited or to_source(from_source(name))
    done = renew(_from_text(text), notebook, anew)
    write_atomically(source, text.encode())
    return done


def renew(notebook: nbformat.NotebookNode, path: Path, anew: bool, language: str = "en") -> str:
    """Write the notebook with outputs: those that it has there if its code is the same, else executed.

    language: what its outputs speak. What was done is returned: "up to date", "text renewed" or "executed".
    """
    before = nbformat.read(path, as_version=4) if path.exists() else None
    if before is None or anew or _code(before) != _code(notebook):
        path.parent.mkdir(parents=True, exist_ok=True)
        execute(notebook, path.parent, language)
        write_atomically(path, nbformat.writes(notebook).encode())
        return "executed"
    outputs = {cell.id: cell for cell in before.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(deepcopy({key: outputs[cell.id][key] for key in ("outputs", "execution_count")}))
    if nbformat.writes(notebook) == nbformat.writes(before):
        return "up to date"
    write_atomically(path, nbformat.writes(notebook).encode())
    return "text renewed"


def _code(notebook: nbformat.NotebookNode) -> list[tuple[str, str, dict]]:
    return [(c.id, c.source, dict(c.metadata)) for c in notebook.cells if c.cell_type == "code"]


def execute(
    notebook: nbformat.NotebookNode, folder: Path = NOTEBOOKS, language: str = "en"
) -> nbformat.NotebookNode:
    """Run every cell in a new kernel, in the folder and the language; CellExecutionError if one fails."""
    client = NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env={**os.environ, "LENET_EDU_LANG": language})  # whatever the machine speaks
    for cell in notebook.cells:
        _drop_widgets(cell)
    notebook.metadata = METADATA
    return notebook


def _from_text(text: str) -> nbformat.NotebookNode:
    return _tidy(jupytext.reads(text, fmt="py:percent"))


def _format(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(SOURCE / "cell.py"), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def _tidy(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    counts: dict[str, int] = {}
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in CELL_METADATA if key in cell.metadata}
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        counts[digest] = counts.get(digest, 0) + 1
        cell.id = digest if counts[digest] == 1 else f"{digest}-{counts[digest]}"
    notebook.metadata = METADATA
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def _drop_widgets(cell: nbformat.NotebookNode) -> None:
    """A widget without its kernel shows nothing: keep what stands beside it, the figure or the text."""
    outputs = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        view = data.pop("application/vnd.jupyter.widget-view+json", None)
        if data or view is None:
            outputs.append(output)
    if cell.cell_type == "code":
        cell.outputs = outputs


def _newer(path: Path, than: Path) -> bool:
    if not (path.exists() and than.exists()):
        return path.exists()
    return path.stat().st_mtime > than.stat().st_mtime


def main() -> int:
    from tools.translations import notebooks as editions  # which in turn builds with what stands above
    from tools.translations import sources

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NN_name", help="only these (default: every one)")
    parser.add_argument("--all", action="store_true", help="execute also what is up to date")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(names()))
    if unknown:
        parser.error(f"no such notebook: {', '.join(unknown)}; there are {', '.join(names())}")
    for name in options.names or names():
        try:
            print(f"{name}: {bring_up_to_date(name, options.all)}", flush=True)
            for language in sources.languages():
                sources.extract(name, language)
                if language in LANGUAGES and editions.is_complete(name, language):
                    done = editions.bring_up_to_date(name, language, options.all)
                    print(f"{language}/{name}: {done}", flush=True)
        except CellExecutionError as error:
            print(f"{name}: a cell failed; the notebook is left as it was.\n{error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
