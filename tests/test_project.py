"""The project's own files: that the lists of dependencies agree, and that nothing foreign got in."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version

from lenet_edu.network.architecture import lenet5, rgb_lenet
from lenet_edu.network.ledger import ledger, show_shape
from tools.oldest import requirements

ROOT = Path(__file__).parents[1]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
LOCK = dict(
    line.split("==") for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines() if line.strip()
)


@pytest.mark.parametrize("wanted", requirements(), ids=str)
def test_lock_holds_an_allowed_version_of_every_requirement(wanted):
    assert wanted.name in LOCK, f"{wanted.name} is missing from requirements.lock"
    assert Version(LOCK[wanted.name]) in wanted.specifier


def test_lock_holds_names_and_versions_only():
    for name, version in LOCK.items():
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
        assert re.fullmatch(r"[0-9][0-9A-Za-z.]*", version)


def test_conda_environment_installs_what_pyproject_lists():
    environment = (ROOT / "environment.yml").read_text(encoding="utf-8")
    python = re.search(r'requires-python = "(.+)"', PYPROJECT)[1]
    listed = re.findall(r"^ +- ([^\n]+)", environment, re.M)
    assert listed == ["conda-forge", f"python{python}", "pip", "pip:", "-e .[notebooks]"]


def test_known_bad_release_is_excluded():
    widgets = next(wanted for wanted in requirements() if wanted.name == "ipywidgets")
    assert Version("8.1.9") not in widgets.specifier


@pytest.mark.slow
def test_readme_names_commands_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = set(re.findall(r"\bmake ([a-z-]+)", readme))
    assert {"lab", "test"} <= named <= targets
    commands = set(re.findall(r"^ *lenet-edu ([a-z]+)", readme, re.M))
    help_text = subprocess.run(
        [sys.executable, "-m", "lenet_edu.cli", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert commands
    assert all(command in help_text for command in commands)


def code_of(page: str) -> list[str]:
    """The lines of a page's code, without their comments."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    lines = [*re.findall(r"^    (\S.*)$", text, re.M), *"".join(blocks).splitlines()]
    return [bare for line in lines if (bare := re.sub(r"(^| +)#.*", "", line).rstrip())]


def test_the_chinese_readme_has_every_command_of_the_english_one():
    own = [line for line in code_of("README.zh.md") if line != "LENET_EDU_LANG=zh make lab"]
    assert own == code_of("README.md")


@pytest.mark.parametrize(
    "page",
    [
        *("README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/site.md"),
        *("README.zh.md", "docs/teaching.md", "docs/teaching.zh.md", "docs/tutorial.zh.md"),
    ],
)
def test_pages_name_files_and_commands_that_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    places = re.findall(r"`((?:lenet_edu|tools|tests|notebooks|docs|results|bench|data)/[\w./]*)`", text)
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    named = [place for place in places if not re.search(r"\bN(?:N_name|AME)\b", place)]
    missing = [place for place in named if not (ROOT / place).exists()]
    # An edition is built as soon as it is translated whole; its notebook is there before.
    links = [link.replace("notebooks/zh/", "notebooks/") for link in links]
    missing += [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    assert not missing
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"(?:`|^    )make ([a-z-]+)", text, re.M)) <= targets


@pytest.mark.parametrize(
    ("architecture", "names"),
    [(lenet5(), ("units", "parameters", "connections")), (rgb_lenet(), ("parameters",))],
)
def test_the_page_for_the_tutorials_readers_has_the_ledgers_figures(architecture, names):
    page = (ROOT / "docs" / "tutorial.zh.md").read_text(encoding="utf-8")
    book = ledger(architecture)
    for row in book.rows:
        figures = [f"{getattr(row, name).value:,}" for name in names]
        assert f" | {' | '.join([show_shape(row.output_shape), *figures])} |" in page, row.name
    assert f"| {' | '.join(f'{book.totals[name]:,}' for name in names)} |" in page


def test_citation_and_package_tell_the_same():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    for field in ("version", "license"):
        stated = re.search(rf'^{field} = "(.+)"', PYPROJECT, re.M)[1]
        assert re.search(rf"^{field}: (.+)", citation, re.M)[1] == stated


def test_no_script_changes_where_python_looks():
    tracked = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("not a git checkout: install git and clone the project to run this test")
    changes = "sys.path." + "insert"
    assert not [name for name in tracked.stdout.split() if changes in (ROOT / name).read_text("utf-8")]


def test_no_file_is_large_or_holds_a_machines_paths():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout: install git and clone the project to run this test")
    for name in tracked.stdout.split():
        content = (ROOT / name).read_bytes()
        assert len(content) < 2_000_000, name
        assert not re.search(rb"/(?:home|Users)/[a-z]", content), name
