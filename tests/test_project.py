"""The project's own files: that the lists of dependencies agree, and that nothing foreign got in."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version

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


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/site.md"])
def test_pages_name_files_and_commands_that_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    places = re.findall(r"`((?:lenet_edu|tools|tests|notebooks|docs|results|bench|data)/[\w./]*)`", text)
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    named = [place for place in places if not re.search(r"\bN(?:N_name|AME)\b", place)]
    missing = [place for place in named if not (ROOT / place).exists()]
    missing += [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    assert not missing
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"(?:`|^    )make ([a-z-]+)", text, re.M)) <= targets


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
