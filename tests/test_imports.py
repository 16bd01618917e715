"""Imports only go down the house's floors, and a bare import stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lenet_edu"
FLOORS = (
    {"errors", "style"},
    {"paper", "files", "devices"},
    {"architecture"},
    {"ledger", "layers"},
    {"models", "losses", "optim"},
    {"data", "recipes", "checkpoints"},
    {"pictures", "images", "augmentation", "evaluation", "activations", "baselines"},
    {"runs", "steps", "fused", "robustness"},
    {"training", "original"},
    {"sessions", "plots", "lab", "boosting"},
    {"family"},
    {"widgets"},
    {"exercises"},
    {"cli"},
)
FLOOR = {module: floor for floor, modules in enumerate(FLOORS) for module in modules}
FILES = {path.stem: [path] for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
# A folder of modules is one room.
FILES |= {path.parent.name: sorted(path.parent.glob("*.py")) for path in PACKAGE.glob("*/__init__.py")}
MODULES = sorted(FILES)


def imports(module: str) -> set[str]:
    """The package's own modules that a module imports anywhere in it; a folder's own parts do not count."""
    found = set()
    for node in (node for path in FILES[module] for node in ast.walk(ast.parse(path.read_text("utf-8")))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lenet_edu"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return found - {module}


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
        ("lenet_edu.exercises", {"matplotlib", "ipywidgets", "sklearn"}),
    ],
)
def test_imports_stay_light(modules, absent):
    code = f"import {modules}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not absent & set(done.stdout.split())
