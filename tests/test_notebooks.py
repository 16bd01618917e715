"""The notebooks as a whole: pairs, cells, and whether nbval sees what it should. nbval itself runs them."""

import ast
import re
import shutil
import subprocess
import sys
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from statistics import median

import nbformat
import numpy as np
import pytest
from PIL import Image

from lenet_edu.exercises import NOTEBOOKS as QUESTIONS
from lenet_edu.exercises.glossary import TERMS
from lenet_edu.site.minutes import WORDS_A_MINUTE, minutes
from tools.notebooks import build, glossary
from tools.notebooks.minutes import PAGE as TEACHING

ROOT = Path(__file__).resolve().parents[1]
IGNORED = {"nbval-ignore-output", "nbval-skip"}
NAMES = build.names()
LAYERS = [name for name in NAMES if "01" <= name < "09"]
WALK = [name for name in NAMES if name < "10"]
REWRITTEN = [name for name in NAMES if name[:2] in TERMS]
# The notebooks that ask the questions of a module: one of its own, and for some an appendix.
ASKED_IN = {key: [name] for key, name in zip(QUESTIONS, NAMES, strict=False) if "/" not in name}
ASKED_IN["family"] = ["15_the_family", "appendices/D_boosting"]
ASKED_IN["project"] = ["appendices/P_a_network_of_your_own"]


def code_cells(name: str) -> list:
    return [cell for cell in build.read(name).cells if cell.cell_type == "code"]


def tags(cell) -> set[str]:
    return set(cell.metadata.get("tags", []))


def shown(cell) -> str:
    """All text that a cell shows, on the stream and as its result."""
    outputs = cell.get("outputs", [])
    return "\n".join(out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs)


@pytest.mark.parametrize("name", NAMES)
def test_source_and_notebook_say_the_same(name):
    written = (build.SOURCE / f"{name}.py").read_text(encoding="utf-8")
    assert build.to_source(build.read(name)) == written, f"{name}: run `make notebooks`"


@pytest.mark.parametrize("name", NAMES)
def test_cell_ids_follow_from_the_source(name):
    assert [c.id for c in build.from_source(name).cells] == [c.id for c in build.read(name).cells]


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_was_executed_in_order_and_without_error(name):
    cells = code_cells(name)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "run `make notebooks`"
    assert not [out for cell in cells for out in cell.outputs if out.output_type == "error"]


@pytest.mark.parametrize("name", NAMES)
def test_no_warning_reaches_the_reader(name):
    said = [out for cell in code_cells(name) for out in cell.outputs if out.get("name") == "stderr"]
    assert not said


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_short(name):
    for cell in code_cells(name):
        assert len(cell.source.splitlines()) <= 15, cell.source
    longest = 7 if "/" in name else 5  # an appendix is for readers who know the course
    assert median(len([line for line in c.source.splitlines() if line]) for c in code_cells(name)) <= longest


@pytest.mark.parametrize("name", NAMES)
def test_nbval_compares_most_cells_that_show_something(name):
    """Cells that depend on data, device or time are ignored; were they the most, nbval would be blind."""
    cells = code_cells(name)
    assert all("nbval-skip" not in tags(cell) for cell in cells)
    ignored = [cell for cell in cells if IGNORED & tags(cell)]
    assert len(ignored) <= len(cells) / (5 if name in WALK else 3)
    for cell in ignored:
        assert not re.search(r"ledger|assert|check\(|ask\(", cell.source), "arithmetic must be compared"


@pytest.mark.parametrize("name", NAMES)
def test_no_magics_no_svg_no_leftover_widgets(name):
    for cell in code_cells(name):
        assert not cell.source.lstrip().startswith(("%", "!"))
        kinds = {kind for out in cell.outputs for kind in out.get("data", {})}
        assert not kinds & {"image/svg+xml", "application/vnd.jupyter.widget-view+json"}


@pytest.mark.parametrize("name", NAMES)
def test_links_between_notebooks_lead_somewhere(name):
    text = "\n".join(cell.source for cell in build.read(name).cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\(([^)#]+\.(?:ipynb|md))\)", text):
        assert (build.NOTEBOOKS / name).parent.joinpath(target).exists(), target


@pytest.mark.parametrize("name", LAYERS)
def test_a_layers_notebook_begins_where_the_one_before_ended(name):
    cells = code_cells(name)
    arrives = next(
        cell
        for cell in cells
        if "tuple(arrives.shape)" in cell.source or "tuple(images.shape)" in cell.source
    )
    before = LAYERS[LAYERS.index(name) - 1] if name != LAYERS[0] else name
    assert shown(code_cells(before)[-1]) in shown(arrives)
    assert cells.index(arrives) <= 2


@pytest.mark.parametrize("key", QUESTIONS)
def test_every_question_is_asked_where_it_belongs(key):
    source = "\n".join(cell.source for name in ASKED_IN[key] for cell in code_cells(name))
    questions = import_module(f"lenet_edu.exercises.{key}")
    asked = re.findall(r'\bask\(\s*"([^"]+)"', source)
    checked = re.findall(r'check\("([^"]+)"', source)
    assert sorted(asked) == sorted(f"{key}.{question}" for question in questions.PREDICTIONS)
    assert sorted(checked) == sorted(2 * [f"{key}.{question}" for question in questions.EXERCISES])
    explained = re.findall(r'explain\("([^"]+)"', source)
    assert sorted(explained) == sorted(f"{key}.{name}" for name in getattr(questions, "EXPLANATIONS", {}))
    assert re.findall(r'quiz\("([^"]+)"', source) == ([key] if hasattr(questions, "QUIZ") else [])
    if ASKED_IN[key][0] in LAYERS:
        assert 2 <= len(asked) <= 4
        assert 3 <= len({*checked, *explained}) <= 6


def test_no_appendix_asks_what_belongs_elsewhere():
    for name in NAMES:
        source = "\n".join(cell.source for cell in code_cells(name))
        for key in re.findall(r'\b(?:ask|check|explain|quiz)\(\s*"(\w+)', source):
            assert name in ASKED_IN[key]


@pytest.mark.parametrize("name", REWRITTEN)
def test_what_is_bold_first_is_in_the_glossary_and_the_other_way_round(name):
    """A term is bold where it is explained first: in the notebook that the glossary names."""
    known = {term.lower() for number in TERMS if number <= name[:2] for term in TERMS[number]}
    own = {term.lower() for term in TERMS[name[:2]]}
    bold = [_singular(words.lower(), known) for words in glossary.bold_terms(name)]
    assert set(bold) == own
    assert len(bold) == len(own), "a term is bold once, where it is explained"


def _singular(words: str, known: set[str]) -> str:
    return words[:-1] if words not in known and words.endswith("s") and words[:-1] in known else words


@pytest.mark.parametrize("name", REWRITTEN)
def test_a_cell_shows_something_or_only_imports_and_defines(name):
    for cell in code_cells(name):
        if not cell.outputs and "solution" not in tags(cell):
            kinds = {type(node).__name__ for node in ast.parse(cell.source).body}
            assert kinds <= {"Import", "ImportFrom", "FunctionDef", "ClassDef"}, cell.source
    lines = [len([line for line in cell.source.splitlines() if line]) for cell in code_cells(name)]
    assert median(lines) <= 4


@pytest.mark.parametrize("name", REWRITTEN)
def test_every_notebook_leads_to_the_glossary(name):
    first = build.read(name).cells[0].source
    assert "](glossary.ipynb)" in first
    assert "After this notebook you can" in first


@pytest.mark.parametrize("name", NAMES)
def test_each_exercise_stands_open_and_its_solution_is_folded_away_below(name):
    cells = code_cells(name)
    solutions = [place for place, cell in enumerate(cells) if "solution" in tags(cell)]
    for place in solutions:
        solution, stub = cells[place], cells[place - 1]
        assert solution.metadata.jupyter == {"source_hidden": True}
        assert solution.source.startswith("# Solution\n")  # JupyterLab shows the first line of a folded cell
        assert shown(stub).startswith("Not answered yet")
        assert solution.source.splitlines()[-1] == f"assert {stub.source.splitlines()[-1]}.right"
    assert 2 * len(solutions) == sum('check("' in cell.source for cell in cells)


# What the prose may say although no cell computes it. Names of digits ("the 3") and numbers that name a
# notebook, an equation or an exercise are taken out of the text by `prose`.
GIVEN = re.compile(r"\*\*\d\. (?:Transfer|Design)\.\*\*")  # such an exercise brings numbers of its own
YEARS = {"1980", "1989", "1990", "1998"}


def figures(text: str) -> list[str]:
    """The numbers in a text without signs and separators: `6@28x28` has 6, 28 and 28, and `C5` has none."""
    text = re.sub(r"(?<=\d)[x@](?=\d)", " ", text)
    numbers = re.findall(r"(?<![\w.])\d{1,3}(?:,\d{3})+(?![\d])|(?<![\w.])\d+(?:\.\d+)?", text)
    return [number.replace(",", "") for number in numbers]


def prose(cell) -> str:
    """A cell's text without what only names: links, code, layers, headings' numbers, lists' numbers."""
    text = re.sub(r"\[[^\]]*\]\([^)]*\)|`[^`]*`", "", cell.source)
    text = re.sub(r"\b\d+ min(?:utes)?\b|\^\{?\d+\}?", "", text)  # minutes have a test of their own
    text = re.sub(
        r"LeNet-5|[Nn]otebooks \d+ to \d+|(?:[Nn]otebook|[Ee]quation|[Ff]igure|Fragment) \d+"
        r"|\*\*\d+ Start here|^#+ \d+ ·",
        "",
        text,
        flags=re.M,
    )
    text = re.sub(r"\b(?:[Tt]he|[Aa]n?|[Yy]our) \d\b(?![.,]\d)", "", text)
    return re.sub(r"^\*\*\d\.[^*]*\*\*", "", text, flags=re.M)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_in_the_prose_is_computed_by_a_cell(name):
    notebook = build.read(name)
    computed = {figure for cell in code_cells(name) for figure in figures(shown(cell))}
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not GIVEN.match(cell.source):
            missing = set(figures(prose(cell))) - computed - YEARS
            assert not missing, f"{missing} in: {cell.source}"


def test_figures_are_found_in_prose_and_in_outputs():
    assert figures("6@28x28 maps, C5, 48,120 weights (97.1%), 0.95, (10, 6)") == [
        *("6", "28", "28", "48120", "97.1", "0.95", "10", "6")
    ]
    cell = nbformat.v4.new_markdown_cell(
        "**2.** In notebook 03 the 3 of LeNet-5 had `9` by equation 7: 1,516."
    )
    assert figures(prose(cell)) == ["1516"]


def ledger_cells(name: str) -> list[int]:
    """Places of the code cells that show a row of the ledger, or a whole one."""
    return [place for place, cell in enumerate(code_cells(name)) if "receptive field" in shown(cell)]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in WALK if ledger_cells(name)])
def test_altering_any_number_of_a_ledger_row_fails(name, tmp_path):
    """The cells up to the ledger run once, then its cell again and again, each with one number wrong."""
    notebook, cells = build.read(name), code_cells(name)
    last = max(ledger_cells(name))
    altered = []
    for place in ledger_cells(name):
        text = cells[place].outputs[0].data["text/plain"]
        for number in re.finditer(r"\d+", text):
            wrong = deepcopy(cells[place])
            changed = str(int(number[0]) + 1)
            data = wrong.outputs[0].data
            data["text/plain"] = text[: number.start()] + changed + text[number.end() :]
            wrong.id = f"wrong-{len(altered)}"
            altered.append(wrong)
    notebook.cells = [*cells[: last + 1], *altered]
    nbformat.write(notebook, tmp_path / "altered.ipynb")
    done = run_nbval(tmp_path / "altered.ipynb")
    assert f"{len(altered)} failed, {last + 1} passed" in done.stdout, done.stdout[-3000:]
    assert len(altered) >= 10


def test_every_layer_and_the_whole_network_show_their_ledger():
    assert {name for name in WALK if ledger_cells(name)} == set(WALK) - {"00_start_here", "01_input"}


@pytest.mark.slow
def test_nbval_fails_when_a_number_is_changed(tmp_path):
    """The whole point of nbval, tried on the first cells of a real notebook with one digit changed."""
    notebook = build.read("09_whole_network")
    place = next(i for i, c in enumerate(notebook.cells) if "count_parameters(model)" in c.source)
    notebook.cells = notebook.cells[: place + 1]
    nbformat.write(notebook, tmp_path / "right.ipynb")
    shown = notebook.cells[-1].outputs[0]
    assert "60,000" in shown.text
    shown.text = shown.text.replace("60,000", "60,001")
    nbformat.write(notebook, tmp_path / "wrong.ipynb")

    assert run_nbval(tmp_path / "right.ipynb").returncode == 0
    wrong = run_nbval(tmp_path / "wrong.ipynb")
    assert wrong.returncode == 1
    assert "60,001" in wrong.stdout


def run_nbval(notebook: Path) -> subprocess.CompletedProcess:
    shutil.copy(ROOT / "conftest.py", notebook.parent)  # what nbval does not compare anywhere
    sanitizer = build.SOURCE.parent / "sanitize.cfg"
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "--nbval-sanitize-with", str(sanitizer), str(notebook)],
        capture_output=True,
        text=True,
        cwd=notebook.parent,
        check=False,
    )


def stated_minutes() -> dict[str, int]:
    """What the map in 00 says of each notebook, by number."""
    text = "\n".join(cell.source for cell in build.from_source("00_start_here").cells)
    return {
        number: int(stated)
        for number, stated in re.findall(r"^\| \S*\*\*(\d\d) .*\| (\d+) min \|", text, re.M)
    }


@pytest.mark.parametrize("name", REWRITTEN)
def test_the_minutes_that_the_map_states_are_those_of_the_measure(name):
    assert abs(stated_minutes()[name[:2]] - minutes(build.read(name)).reading) <= 5


def test_the_first_notebook_is_short_and_the_course_is_no_longer_than_nine_hours():
    """Reading and exercises of 00 to 12 together."""
    assert minutes(build.read("00_start_here")).reading <= 12
    assert sum(sum(minutes(build.read(name))) for name in NAMES if name < "13") <= 9 * 60


def test_a_longer_notebook_takes_longer():
    notebook = build.read("01_input")
    before = minutes(notebook).reading
    notebook.cells.append(nbformat.v4.new_markdown_cell("word " * 10 * WORDS_A_MINUTE))
    assert minutes(notebook).reading == pytest.approx(before + 10)


@pytest.mark.parametrize("name", [name for name in NAMES if "/" in name])
def test_an_appendix_says_what_one_can_do_afterwards_and_leads_back(name):
    cells = build.read(name).cells
    assert "After this notebook you can" in cells[0].source
    assert "](../glossary.ipynb)" in cells[0].source
    assert "Back to [" in cells[-1].source
    assert not glossary.bold_terms(name), "terms are explained in the course"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["11_train", "12_cats_and_dogs"])
def test_the_script_runs_as_a_file_of_less_than_sixty_lines(name, tmp_path):
    """What the cells tagged `script` come to in a plain Python process, on a few digits or pictures."""
    cells = [cell.source for cell in code_cells(name) if "script" in tags(cell)]
    lines = [line for source in cells for line in source.splitlines() if line]
    assert len(lines) <= 60
    assert not re.search("lenet_edu", "\n".join(lines))
    few = "\n".join(lines).replace("[1500, len(data) - 1500]", "[300, len(data) - 300]")
    few = few.replace("range(epochs)", "range(1)").replace("range(4)", "range(1)")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "script.py").write_text(few.replace("and better than 90%", "and above"), "utf-8")
    draw = np.random.default_rng(0)
    for part in ("train", "val"):
        for label, animal in enumerate(("cat", "dog")):
            folder = tmp_path / "runs" / "pictures" / part / animal
            folder.mkdir(parents=True)
            for place in range(8):
                pixels = (draw.integers(0, 99, (40, 50, 3)) + 140 * label).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{place}.jpg")
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path / "here", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "the loaded best is as good as it was: True" in done.stdout
    assert len(list((tmp_path / "runs" / "script").iterdir())) == 2
    if name == "12_cats_and_dogs":
        assert re.search(r"predicted (cat|dog) +actual cat", done.stdout)


def test_the_teachers_guide_states_the_minutes_of_every_notebook():
    stated = dict(
        re.findall(r"^\| \[.*\]\(\.\./notebooks/(.+)\.ipynb\) \| (\d+) \|", TEACHING.read_text("utf-8"), re.M)
    )
    assert list(stated) == NAMES
    for name, reading in stated.items():
        assert abs(int(reading) - minutes(build.read(name)).reading) <= 5, (
            "python -m tools.notebooks.minutes --write"
        )
