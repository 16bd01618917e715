"""Imports go down: no wing imports from a wing above it, and light work does not load heavy libraries."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lenet_edu

PACKAGE = Path(lenet_edu.__file__).parent
# Wings on one floor do not import each other.
FLOORS = (
    {"system"},
    {"network"},
    {"data", "plots"},
    {"training"},
    {"reproduction", "engine"},
    {"widgets", "cli"},
    {"exercises"},
)
FLOOR = {wing: floor for floor, wings in enumerate(FLOORS) for wing in wings}


def imports(wing: str) -> set[str]:
    """The other wings that a wing imports anywhere in it."""
    parts = set()
    for path in (PACKAGE / wing).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lenet_edu"):
                names = node.module.split(".")[1:2] or [alias.name for alias in node.names]
                parts |= set(names)
    return parts - {wing}


def test_every_folder_of_modules_has_its_floor():
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(FLOOR)
    assert [path.name for path in PACKAGE.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("wing", sorted(FLOOR))
def test_imports_go_down(wing):
    assert all(FLOOR[other] < FLOOR[wing] for other in imports(wing)), imports(wing)


def test_the_door_offers_editors_what_it_loads():
    block = next(
        node
        for node in ast.parse(Path(lenet_edu.__file__).read_text("utf-8")).body
        if isinstance(node, ast.If)
    )
    listed = {
        alias.name: node.module.removeprefix("lenet_edu.") for node in block.body for alias in node.names
    }
    assert {name: lenet_edu._MODULES.get(name, "lenet_edu") for name in listed} == listed
    assert sorted(listed) == sorted(lenet_edu.__all__)


def test_the_door_opens_on_every_name():
    assert set(lenet_edu.__all__) <= set(dir(lenet_edu))
    assert all(getattr(lenet_edu, name) is not None for name in lenet_edu.__all__)
    with pytest.raises(AttributeError, match="no attribute 'LeNet6'"):
        _ = lenet_edu.LeNet6


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("lenet_edu", {"torch", "matplotlib", "ipywidgets", "sklearn", "numpy"}),
        ("lenet_edu.network.paper, lenet_edu.network.ledger", {"torch", "matplotlib"}),
        (
            "lenet_edu.training.loop, lenet_edu.cli.main",
            {"matplotlib", "ipywidgets", "sklearn", "torchvision"},
        ),
        ("lenet_edu.exercises", {"matplotlib", "ipywidgets", "sklearn"}),
    ],
)
def test_imports_stay_light(modules, absent):
    code = f"import {modules}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not absent & set(done.stdout.split())
