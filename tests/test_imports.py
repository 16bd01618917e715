"""Imports only go down the house's floors, and a bare import stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lenet_edu"
FLOORS = (
    {"errors"},
    {"paper", "files", "devices"},
    {"architecture"},
    {"ledger", "layers"},
    {"models", "losses"},
    {"data", "recipes", "checkpoints"},
    {"pictures", "augmentation", "evaluation", "activations"},
    {"training"},
    {"plots", "lab"},
    {"cli"},
)
FLOOR = {module: floor for floor, modules in enumerate(FLOORS) for module in modules}
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


def imports(module: str) -> set[str]:
    """The package's own modules that a module imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lenet_edu"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return found


def test_every_module_has_its_floor():
    assert set(MODULES) == set(FLOOR)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    assert all(FLOOR[other] < FLOOR[module] for other in imports(module)), imports(module)


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("lenet_edu", {"torch", "matplotlib", "ipywidgets", "sklearn", "numpy"}),
        ("lenet_edu.paper, lenet_edu.architecture, lenet_edu.ledger", {"torch", "matplotlib"}),
        ("lenet_edu.training, lenet_edu.cli", {"matplotlib", "ipywidgets", "sklearn", "torchvision"}),
    ],
)
def test_imports_stay_light(modules, absent):
    code = f"import {modules}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not absent & set(done.stdout.split())
