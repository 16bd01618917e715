"""LossSurface: its steps in Python and in the browser are the same, and a reader can take them."""

import re

import pytest
import torch

from lenet_edu.network.surface import Surface
from lenet_edu.system.errors import LenetError
from lenet_edu.widgets import LossSurface
from lenet_edu.widgets.loss_surface import LARGEST_RATE, LONGEST
from tests.browser import needs_chromium, said, shows
from tests.widgets.gallery import SURFACE
from tests.widgets.helpers import javascript, needs_node


def valley(points: int = 17) -> Surface:
    """A slanting valley with its lowest point at (1, -1.5), as far as 3 around (0, 0)."""
    x, y = torch.linspace(-3, 3, points), torch.linspace(-3, 3, points)[:, None]
    across, along = x + y + 0.5, x - y - 2.5
    return Surface(("a", "b"), (0.0, 0.0), 3.0, across.square() + 0.1 * along.square() + 0.2 * across.sin())


def test_buttons_have_their_methods():
    widget = LossSurface(valley(), rate=0.1)
    start = list(widget.path[0])
    assert start == [-1.5, 1.5]
    assert widget.step()
    widget.run(20)
    assert [tuple(place) for place in widget.path] == valley().descend((-1.5, 1.5), 0.1, steps=21)
    assert repr(widget) == f"LossSurface(rate 0.1, momentum 0, 21 steps: loss {widget.loss:.2f})"
    widget.reset()
    assert widget.path == [start]


def test_a_step_off_the_map_is_not_taken():
    widget = LossSurface(valley(), rate=LARGEST_RATE)
    widget.run(50)
    assert len(widget.path) < 51
    assert not widget.step()
    assert all(widget.surface.holds((x, y)) for x, y in widget.path)


def test_a_path_ends_when_it_is_as_long_as_can_be():
    widget = LossSurface(valley(), rate=0.001)
    widget.path = [[0.0, 0.0]] * (LONGEST + 1)
    assert not widget.step()


@pytest.mark.parametrize("surface", [None, 3, torch.rand(5, 5)])
def test_only_a_surface_is_shown(surface):
    with pytest.raises(LenetError, match=r"what loss_surface\(...\) gives"):
        LossSurface(surface)


@needs_node
@pytest.mark.parametrize(("rate", "momentum"), [(0.05, 0.0), (0.3, 0.0), (0.04, 0.9)])
def test_the_browsers_steps_are_pythons(rate, momentum):
    widget = LossSurface(valley(), rate=rate, momentum=momentum)
    widget.run(30)
    body = """const losses = js.floats(given.losses, 17 * 17, "");
        const ground = js.surface({ losses, points: 17, centre: given.centre, reach: given.reach });
        const path = [given.start];
        while (path.length < given.count) path.push(ground.step(path, given.rate, given.momentum));
        return path.map((place) => [...place, ground.at(place).loss]);"""
    given = {name: getattr(widget, name) for name in ("losses", "centre", "reach", "start")}
    given |= {"count": len(widget.path), "rate": rate, "momentum": momentum}
    for place, (x, y, loss) in zip(widget.path, javascript("loss_surface", body, **given), strict=True):
        assert (x, y) == pytest.approx(place, rel=1e-9)
        assert loss == pytest.approx(widget.surface.at((x, y))[0], rel=1e-9)


@needs_chromium
def test_a_reader_steps_runs_and_puts_the_ball_elsewhere(opened):
    with opened(SURFACE, "print(w)", "print([round(x, 6) for x in w.path[0]])") as page:
        root = page.locator(".lenet-widget")
        shows(root, "0 steps: loss")
        root.get_by_role("button", name="Step").click()
        shows(root, "1 step: loss")
        page.get_by_role("slider", name="momentum").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        shows(root, "0.10 × last step")
        root.get_by_role("button", name="Run").click()
        root.get_by_role("button", name="Run").wait_for(timeout=90_000)
        taken = re.search(r"(\d+) steps: loss", root.inner_text())[1]
        assert int(taken) > 3
        assert f"momentum 0.1, {taken} steps" in said(page, 1)
        root.get_by_role("button", name="Reset").click()
        shows(root, "0 steps: loss")
        before = said(page, 2)
        page.locator(".lenet-surface").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        after = said(page, 2)
        x, y = (b - a for a, b in zip(eval(before), eval(after), strict=True))
        assert x == pytest.approx(3 / 25, abs=1e-5)
        assert y == pytest.approx(-3 / 25, abs=1e-5)
        box = page.locator(".lenet-surface").bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        shows(root, "0 steps: loss")
        assert page.locator(".lenet-ball").get_attribute("cx").startswith("500")
