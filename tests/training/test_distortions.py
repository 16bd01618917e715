"""Distortions: none changes nothing, known ones do what they say, the frame stays background."""

import pytest
import torch

from lenet_edu.training import distortions as augmentation
from lenet_edu.training.distortions import KNOTS, distort, draw_distortions
from lenet_edu.training.recipes import Recipe

STILL = Recipe("still", epochs=1, batch_size=1, peak_rate=0.1)


def distorted(images, recipe, background, generator) -> torch.Tensor:
    return distort(images, draw_distortions(recipe, len(images), generator), background)


def square() -> torch.Tensor:
    image = torch.full((1, 1, 32, 32), -0.1)
    image[..., 12:20, 12:20] = 1.175
    return image


def test_no_distortion_changes_nothing(seeded):
    images = torch.rand(4, 1, 32, 32, generator=seeded)
    assert not STILL.distorts
    torch.testing.assert_close(distorted(images, STILL, 0.0, seeded), images, atol=1e-5, rtol=0)


def test_a_seed_means_the_same_distortions_and_images_differ():
    recipe = STILL.changed(rotation=10.0, shift=2.0, scale=0.1, shear=0.1)
    draws = [
        distorted(square().repeat(3, 1, 1, 1), recipe, -0.1, torch.Generator().manual_seed(s))
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
    moved = distorted(square(), STILL.changed(**{name: value}), -0.1, torch.Generator())[0, 0] + 0.1
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


@pytest.mark.parametrize("draw", [0.0, 1.0], ids=["wider", "narrower"])
def test_a_squeeze_keeps_the_area(monkeypatch, draw):
    """A bell's height, width and ink are known before and after: its deviations are what is squeezed."""
    monkeypatch.setattr(augmentation.torch, "rand", lambda *shape, generator: torch.full(shape, draw))
    squares = (torch.arange(32) - 15.5).square()
    bell = torch.exp(-(squares[:, None] + squares) / (2 * 3**2))[None, None]
    moved = distorted(bell, STILL.changed(squeeze=0.2), 0.0, torch.Generator())[0, 0]
    down, across = ((moved.sum(axis) * squares).sum() / moved.sum() for axis in (1, 0))
    wanted = 1.2 if draw else 1 / 1.2
    assert across.sqrt().item() == pytest.approx(3 / wanted, rel=0.02)
    assert down.sqrt().item() == pytest.approx(3 * wanted, rel=0.02)
    assert moved.sum().item() == pytest.approx(bell.sum().item(), rel=0.005)


def test_a_squeezed_digit_is_shifted_by_as_many_pixels_as_drawn(monkeypatch):
    monkeypatch.setattr(augmentation.torch, "rand", lambda *shape, generator: torch.full(shape, 1.0))
    moved = distorted(square(), STILL.changed(squeeze=0.2, shift=3.0), -0.1, torch.Generator())[0, 0] + 0.1
    places = torch.arange(32) - 15.5
    for axis in (0, 1):
        assert ((moved.sum(axis) * places).sum() / moved.sum()).item() == pytest.approx(-3, abs=0.05)


def test_squeezes_go_both_ways_up_to_the_limit_and_flips_stay(seeded):
    recipe = STILL.changed(squeeze=0.25, horizontal_flip=0.5)
    across, down = draw_distortions(recipe, 4000, seeded)[:, 5:].unbind(1)
    torch.testing.assert_close((across * down).abs(), torch.ones(4000))
    assert across.abs().max().item() == pytest.approx(1.25, rel=0.001)
    assert across.abs().min().item() == pytest.approx(1 / 1.25, rel=0.001)
    shares = torch.maximum(across.abs(), down) - 1
    assert shares.mean().item() == pytest.approx(0.125, rel=0.05)
    assert (across.abs() > 1).double().mean().item() == pytest.approx(0.5, abs=0.03)
    assert (across < 0).double().mean().item() == pytest.approx(0.5, abs=0.03)
    assert (down > 0).all()


@pytest.mark.parametrize("draw", [0.0, 1.0], ids=["least", "most"])
@pytest.mark.parametrize(("name", "value"), [("rotation", 30.0), ("shear", 0.3)])
def test_a_bar_is_tilted_by_as_much_as_the_recipe_says(monkeypatch, name, value, draw):
    monkeypatch.setattr(augmentation.torch, "rand", lambda *shape, generator: torch.full(shape, draw))
    bar = torch.zeros(1, 1, 32, 32)
    bar[..., 6:26, 13:19] = 1
    ink = distorted(bar, STILL.changed(**{name: value}), 0.0, torch.Generator())[0, 0]
    places = torch.arange(32) - 15.5
    yy, xx = ((ink.sum(axis) * places.square()).sum() for axis in (1, 0))
    xy = (ink * places[:, None] * places).sum()
    # The bar's long axis turns with a rotation; a shear moves each row in proportion to its height.
    tilt = torch.atan2(2 * xy, yy - xx).rad2deg() / 2 if name == "rotation" else -xy / yy
    assert tilt.item() == pytest.approx((1 if draw else -1) * value, rel=0.03)


def test_what_comes_in_from_outside_is_background(seeded):
    plain = torch.full((5, 1, 32, 32), -0.1)
    recipe = STILL.changed(rotation=45.0, shift=10.0, scale=0.5, shear=0.5)
    torch.testing.assert_close(distorted(plain, recipe, -0.1, seeded), plain)


@pytest.mark.slow
def test_an_elastic_distortion_is_smooth_and_as_large_as_the_recipe_says(seeded):
    """The field of displacements, read off from images whose grey levels are the pixels' own places."""
    places = ((torch.arange(32) + 0.5) / 16 - 1).expand(32, 32)
    images = torch.stack([places, places.T])[None].repeat(400, 1, 1, 1)
    recipe = STILL.changed(elastic=1.5)
    moved = distorted(images, recipe, 0.0, seeded)[..., 6:-6, 6:-6] - images[..., 6:-6, 6:-6]
    pixels = moved * 16
    assert pixels.std().item() == pytest.approx(1.5, rel=0.05)
    assert pixels.mean().item() == pytest.approx(0, abs=0.05)
    steps = pixels.diff(dim=-1)
    assert steps.std().item() < 0.3 * pixels.std().item()
    # Every image is bent in its own way, and across and down independently.
    across, down = pixels[:, 0].flatten(1), pixels[:, 1].flatten(1)
    assert torch.corrcoef(torch.stack([across.flatten(), down.flatten()]))[0, 1].abs() < 0.05
    assert torch.corrcoef(across[:50]).fill_diagonal_(0).abs().mean() < 0.3


def test_an_elastic_distortion_bends_a_stroke(seeded):
    bar = torch.zeros(1, 1, 32, 32)
    bar[..., 6:26, 15:17] = 1
    bent = distorted(bar, STILL.changed(elastic=2.0), 0.0, seeded)[0, 0, 8:24]
    centres = (bent * torch.arange(32)).sum(1) / bent.sum(1)
    line = torch.linspace(centres[0].item(), centres[-1].item(), len(centres))
    assert (centres - line).abs().max() > 0.3


def test_drawn_distortions_name_what_they_hold(seeded):
    recipe = STILL.changed(rotation=90.0, scale=0.2, shear=0.1, shift=3.0)
    drawn = draw_distortions(recipe, 2000, seeded)
    limits = drawn.abs().max(0).values
    wanted = torch.tensor([torch.pi / 2, 0.2, 0.1, 3.0, 3.0, 1.0, 1.0])
    torch.testing.assert_close(limits, wanted, rtol=0.01, atol=0)
    assert draw_distortions(recipe.changed(elastic=1.0), 3, seeded).shape == (3, 7 + 2 * KNOTS**2)
    assert draw_distortions(recipe.changed(elastic=1.0, colour=0.1), 3, seeded).shape == (
        3,
        10 + 2 * KNOTS**2,
    )


@pytest.mark.parametrize("background", [None, -1.0])
@pytest.mark.parametrize(("name", "axis"), [("horizontal_flip", 3), ("vertical_flip", 2)])
def test_a_flip_changes_sides_and_nothing_else(seeded, name, axis, background):
    images = torch.rand(200, 3, 32, 32, generator=seeded) * 2 - 1
    flipped = distorted(images, STILL.changed(**{name: 0.25}), background, seeded)
    is_flipped = (flipped - images.flip(axis)).abs().amax((1, 2, 3)) < 1e-4
    torch.testing.assert_close(flipped[~is_flipped], images[~is_flipped], atol=1e-4, rtol=0)
    assert 0.15 < is_flipped.float().mean() < 0.35
    always = distorted(images, STILL.changed(**{name: 1.0}), background, seeded)
    torch.testing.assert_close(always, images.flip(axis), atol=1e-4, rtol=0)


def test_pictures_are_mirrored_at_their_edges(monkeypatch):
    monkeypatch.setattr(augmentation.torch, "rand", lambda *shape, generator: torch.ones(shape))
    images = torch.arange(32.0).expand(1, 3, 32, 32)
    moved = distorted(images, STILL.changed(shift=4.0), None, torch.Generator())
    wanted = torch.tensor([*range(4, 32), 31, 30, 29, 28]).float().expand(1, 3, 32, 32)
    torch.testing.assert_close(moved, wanted, atol=1e-3, rtol=0)


@pytest.mark.parametrize(("place", "share"), [(7, 0.3), (8, 0.5), (9, 0.5)])
def test_colours_change_as_drawn(seeded, place, share):
    images = torch.rand(6, 3, 32, 32, generator=seeded) * 2 - 1
    drawn = torch.cat([draw_distortions(STILL, 6, seeded), torch.zeros(6, 3)], 1)
    drawn[:, place] = share
    changed = distort(images, drawn, None)
    grey, middle = images.mean(1, keepdim=True), images.mean((1, 2, 3), keepdim=True)
    wanted = {
        7: images + share,  # brighter
        8: middle + (images - middle) * (1 + share),  # farther from the picture's mean
        9: grey + (images - grey) * (1 + share),  # farther from the pixel's grey
    }
    torch.testing.assert_close(changed, wanted[place], atol=1e-4, rtol=0)


def test_digits_draw_the_same_distortions_whatever_pictures_can_have_besides():
    recipe = STILL.changed(rotation=10.0, shift=2.0, elastic=0.5)
    plain, more, squeezed = (
        draw_distortions(one, 50, torch.Generator().manual_seed(4))
        for one in (recipe, recipe.changed(horizontal_flip=0.5, colour=0.2), recipe.changed(squeeze=0.2))
    )
    assert torch.equal(plain[:, :5], more[:, :5])
    assert torch.equal(plain[:, 7:], more[:, 10:])
    assert torch.equal(plain[:, :5], squeezed[:, :5])
    assert torch.equal(plain[:, 7:], squeezed[:, 7:])
    assert not torch.equal(plain[:, 5:7], squeezed[:, 5:7])


def test_a_picture_has_the_same_flips_and_colours_whether_squeezed_or_not():
    recipe = STILL.changed(shift=2.0, horizontal_flip=0.5, colour=0.2)
    plain, squeezed = (
        draw_distortions(one, 50, torch.Generator().manual_seed(4))
        for one in (recipe, recipe.changed(squeeze=0.2))
    )
    assert torch.equal(plain[:, 5:7], squeezed[:, 5:7].sign())
    assert torch.equal(plain[:, 7:], squeezed[:, 7:])
