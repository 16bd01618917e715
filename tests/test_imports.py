"""Imports go down: no wing imports from a wing above it, and light work does not load heavy libraries."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lenet_edu
from tools import architecture
from tools.architecture import FLOOR, PACKAGE, WINGS, imports


def test_every_folder_of_modules_has_its_floor():
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(FLOOR)
    assert [path.name for path in PACKAGE.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("wing", WINGS)
def test_imports_go_down(wing):
    assert all(FLOOR[other] < FLOOR[wing] for other in imports(wing)), imports(wing)


@pytest.mark.parametrize("wing", WINGS)
def test_every_wing_says_what_it_is_for(wing):
    assert 60 < len(architecture.paragraph(wing)) < 400


def test_the_page_shows_the_package_as_it_is():
    assert architecture.page() == architecture.PAGE.read_text("utf-8"), "run `make pages`"
    assert architecture.picture() == architecture.PICTURE.read_text("utf-8"), "run `make pages`"


def test_what_is_drawn_leads_to_all_that_is_imported():
    for wing in WINGS:
        drawn, above = {wing}, set()
        while drawn != above:
            above, drawn = drawn, drawn.union(*(architecture.direct(other) for other in drawn))
        assert imports(wing) <= drawn


def test_no_line_of_the_picture_passes_behind_a_box():
    svg = architecture.PICTURE.read_text("utf-8")
    boxes = [
        tuple(map(float, box))
        for box in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', svg)
    ]
    lines = [_points(path) for path in re.findall(r'<path d="([^"]+)"', svg)]
    assert len(boxes) == len(WINGS)
    assert len(lines) == sum(len(architecture.direct(wing)) for wing in WINGS)
    for x, y in (point for line in lines for point in line):
        assert not any(
            left < x < left + width and top < y < top + height for left, top, width, height in boxes
        )


def _points(path):
    """Points of a path of SVG that is made of M, C and V, a few a piece."""
    x = y = 0.0
    for command, text in re.findall(r"([MCV])([^MCV]+)", path):
        numbers = [float(number) for number in text.split()]
        if command == "C":
            x1, y1, x2, y2, x3, y3 = numbers
            for t in (0.1, 0.3, 0.5, 0.7, 0.9):
                shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
                yield (
                    sum(share * at for share, at in zip(shares, (x, x1, x2, x3), strict=True)),
                    sum(share * at for share, at in zip(shares, (y, y1, y2, y3), strict=True)),
                )
        elif command == "V":
            yield x, (y + numbers[0]) / 2
        x, y = (x, numbers[0]) if command == "V" else numbers[-2:]
        yield x, y


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


LIGHT = {  # in one process, one after the other
    "lenet_edu": {"torch", "matplotlib", "ipywidgets", "sklearn", "numpy"},
    "lenet_edu.network.paper, lenet_edu.network.ledger": {"torch", "matplotlib"},
    "lenet_edu.site.builder": {"torch", "matplotlib"},
    "lenet_edu.training.loop, lenet_edu.cli.main": {"matplotlib", "ipywidgets", "sklearn", "torchvision"},
    "lenet_edu.exercises": {"matplotlib", "ipywidgets", "sklearn"},
}


@pytest.mark.slow
def test_imports_stay_light():
    code = "import sys\n" + "".join(f"import {modules}\nprint(*sys.modules)\n" for modules in LIGHT)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for (modules, absent), loaded in zip(LIGHT.items(), done.stdout.splitlines(), strict=True):
        assert not absent & set(loaded.split()), modules
