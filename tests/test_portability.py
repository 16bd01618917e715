"""The package asks nothing of its machine that Windows does not have; seen on others by taking it away."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lenet_edu

PACKAGE = Path(lenet_edu.__file__).parent
ROOT = PACKAGE.parent


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess:
    """Python with what Windows lacks taken away, in a folder; whoever opens text without utf-8 is warned."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-X", "warn_default_encoding", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


LIFE = """
import tests.without_posix, sys
from lenet_edu.cli.main import main

def say(*arguments):
    status = main(list(arguments))
    assert status == 0, (arguments, status)

say("ledger")
say("data", "--no-fetch")
say("train", "--data", "embedded", "--epochs", "1", "--out", "run", "--quiet", "--device", "cpu")
say("evaluate", "run/best.safetensors", "--data", "embedded", "--device", "cpu")
assert main(["train", "--data", "embedded", "--out", "run"]) == 2
say("train", "--resume", "run", "--quiet", "--device", "cpu")

from lenet_edu import Session, Split, load_digits, plots, widgets, read_results
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import lock_folder
from lenet_edu.training.recipes import Recipe
from lenet_edu.exercises import check

digits = load_digits("embedded")
session = Session(digits, recipe=Recipe("test", 1, 512, peak_rate=0.1), folder="runs", device="cpu")
session.train()
session.wait()
assert session.status == "finished", session.error
session.save("kept")
for name in ("aux", "nul.txt", "a:b", "dot.", "CON"):
    try:
        session.save(name)
    except LenetError:
        continue
    raise AssertionError(name)
with lock_folder("run"):
    try:
        with lock_folder("run"):
            raise AssertionError("locked twice")
    except LenetError as error:
        print(error)
assert "fcntl" not in sys.modules or sys.modules["fcntl"] is None
print("lived")
"""


@pytest.mark.slow
def test_a_life_without_what_windows_lacks(tmp_path):
    done = run("-c", LIFE, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "lived"
    assert "is in use" in done.stdout


@pytest.mark.slow
def test_tests_of_the_ground_floors_pass_without_what_windows_lacks(tmp_path):
    files = [str(ROOT / "tests" / name) for name in ("system", "data/test_digits.py", "data/test_splits.py")]
    arguments = ["-q", "-p", "tests.without_posix", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
    # Which kills another process; here that one would lock otherwise than this one.
    arguments += ["-k", "not free_when_that_one_is_killed"]
    done = run("-m", "pytest", *arguments, *files, folder=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def calls(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            yield name, node


@pytest.mark.slow
@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_text_is_read_and_written_as_utf_8(path):
    for name, node in calls(ast.parse(path.read_text(encoding="utf-8"))):
        if name in ("read_text", "write_text"):
            by_place = len(node.args) > ["read_text", "write_text"].index(name)
            by_name = any(keyword.arg == "encoding" for keyword in node.keywords)
            assert by_place or by_name, f"{path}:{node.lineno}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_is_imported_that_only_posix_has(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    assert not names & {"fcntl", "pwd", "grp", "resource", "termios", "pty", "tty"}


def test_no_file_has_a_name_that_windows_refuses():
    from lenet_edu.system.files import check_name

    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout: install git and clone the project to run this test")
    parts = {part for name in tracked.stdout.splitlines() for part in Path(name).parts}
    for part in parts:
        check_name("A file", part.lstrip("."))
    assert len({name.lower() for name in tracked.stdout.splitlines()}) == len(tracked.stdout.splitlines())
