"""Distortions: none changes nothing, known ones do what they say, the frame stays background."""

import pytest
import torch

from lenet_edu import augmentation
from lenet_edu.augmentation import distort
from lenet_edu.recipes import Recipe

STILL = Recipe("still", epochs=1, batch_size=1, peak_rate=0.1)


def square() -> torch.Tensor:
    image = torch.full((1, 1, 32, 32), -0.1)
    image[..., 12:20, 12:20] = 1.175
    return image


def test_no_distortion_changes_nothing(seeded):
    images = torch.rand(4, 1, 32, 32, generator=seeded)
    assert not STILL.distorts
    torch.testing.assert_close(distort(images, STILL, 0.0, seeded), images, atol=1e-5, rtol=0)


def test_a_seed_means_the_same_distortions_and_images_differ():
    recipe = STILL.changed(rotation=10.0, shift=2.0, scale=0.1, shear=0.1)
    draws = [
        distort(square().repeat(3, 1, 1, 1), recipe, -0.1, torch.Generator().manual_seed(s))
        for s in (1, 1, 2)
    ]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert not torch.allclose(draws[0][0], draws[0][1])


@pytest.mark.parametrize("draw", [0.0, 1.0], ids=["least", "most"])
@pytest.mark.parametrize(
    ("name", "value"), [("shift", 3.0), ("scale", 0.2), ("rotation", 30.0), ("shear", 0.3)]
)
def test_the_largest_distortion_is_as_large_as_the_recipe_says(monkeypatch, name, value, draw):
    monkeypatch.setattr(augmentation.torch, "rand", lambda *shape, generator: torch.full(shape, draw))
    sign = 1 if draw else -1
    moved = distort(square(), STILL.changed(**{name: value}), -0.1, torch.Generator())[0, 0] + 0.1
    places = torch.arange(32) - 15.5
    mass = moved.sum()
    down, across = (moved.sum(1) * places).sum() / mass, (moved.sum(0) * places).sum() / mass
    area = mass / (1.275 * 64)
    wanted = -sign * value if name == "shift" else 0.0
    assert down.item() == pytest.approx(wanted, abs=0.05)
    assert across.item() == pytest.approx(wanted, abs=0.05)
    # The grid tells where each output pixel comes from: a grid scaled up shows the square smaller.
    wanted_area = (1 + sign * value) ** -2 if name == "scale" else 1.0
    assert area.item() == pytest.approx(wanted_area, rel=0.05)


@pytest.mark.parametrize("draw", [0.0, 1.0], ids=["least", "most"])
@pytest.mark.parametrize(("name", "value"), [("rotation", 30.0), ("shear", 0.3)])
def test_a_bar_is_tilted_by_as_much_as_the_recipe_says(monkeypatch, name, value, draw):
    monkeypatch.setattr(augmentation.torch, "rand", lambda *shape, generator: torch.full(shape, draw))
    bar = torch.zeros(1, 1, 32, 32)
    bar[..., 6:26, 13:19] = 1
    ink = distort(bar, STILL.changed(**{name: value}), 0.0, torch.Generator())[0, 0]
    places = torch.arange(32) - 15.5
    yy, xx = ((ink.sum(axis) * places.square()).sum() for axis in (1, 0))
    xy = (ink * places[:, None] * places).sum()
    # The bar's long axis turns with a rotation; a shear moves each row in proportion to its height.
    tilt = torch.atan2(2 * xy, yy - xx).rad2deg() / 2 if name == "rotation" else -xy / yy
    assert tilt.item() == pytest.approx((1 if draw else -1) * value, rel=0.03)


def test_what_comes_in_from_outside_is_background(seeded):
    plain = torch.full((5, 1, 32, 32), -0.1)
    recipe = STILL.changed(rotation=45.0, shift=10.0, scale=0.5, shear=0.5)
    torch.testing.assert_close(distort(plain, recipe, -0.1, seeded), plain)
