"""Random distortions of whole batches, as tensor code on whatever device the images are.

Drawing and distorting are two steps: what is drawn for an epoch depends on the seed alone, so that every
image has its distortion whatever the device, and wherever an interrupted epoch goes on.
"""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.training.recipes import Recipe

# An elastic distortion pulls at the knots of a grid this many knots wide and high; between them the field is
# smooth, as when random displacements are blurred with a Gaussian as wide as the distance of two knots.
KNOTS = 8
_AFFINE = 5  # rotation, scale, shear, shift across, shift down
_FACTORS = 2  # across and down: -1 where sides change places, times what squeezes
_COLOURS = 3  # brightness, contrast, saturation
_PLACES = _AFFINE + _FACTORS
_PULLS = 2 * KNOTS**2


def draw_distortions(recipe: Recipe, count: int, generator: torch.Generator) -> Tensor:
    """One distortion an image, up to the recipe's limits: (count, 7), 3 more for colour, 128 for elastic.

    Rotation in radians, scale and shear as shares, both shifts in pixels, each uniform up to its limit;
    two factors, across and down: -1 or 1 for each flip, times 1 + s and 1 / (1 + s), or the reverse, for a
    squeeze s, uniform; brightness, contrast and saturation as shares, uniform; then the pulls of the
    elastic grid in pixels, normal with deviation `recipe.elastic`. generator: on the CPU, so that a seed
    means the same distortions on every device.
    """
    limits = torch.tensor([recipe.rotation, recipe.scale, recipe.shear, recipe.shift, recipe.shift])
    limits[0].deg2rad_()
    affine = (torch.rand(count, _AFFINE, generator=generator) * 2 - 1) * limits
    factors, colours, pulls = torch.ones(count, _FACTORS), torch.empty(count, 0), torch.empty(count, 0)
    if recipe.elastic:
        pulls = torch.randn(count, _PULLS, generator=generator) * recipe.elastic
    if recipe.horizontal_flip or recipe.vertical_flip:
        likely = torch.tensor([recipe.horizontal_flip, recipe.vertical_flip])
        factors = 1 - 2 * (torch.rand(count, _FACTORS, generator=generator) < likely).float()
    if recipe.colour:
        colours = (torch.rand(count, _COLOURS, generator=generator) * 2 - 1) * recipe.colour
    if recipe.squeeze:
        squeeze = (torch.rand(count, 1, generator=generator) * 2 - 1) * recipe.squeeze
        across = torch.where(squeeze > 0, 1 + squeeze, 1 / (1 - squeeze))
        factors = factors * torch.cat([across, 1 / across], 1)
    return torch.cat([affine, factors, colours, pulls], 1)


def distort(images: Tensor, distortions: Tensor, background: float | None) -> Tensor:
    """Each image rotated, sheared, scaled, squeezed, shifted, flipped, recoloured, bent as drawn: same shape.

    images: (N, maps, H, W); distortions: from `draw_distortions`, on the same device.
    What comes in from outside the frame is `background`; or, if that is None, as with pictures that fill
    their frame, the picture's own mirror image.
    """
    side = images.shape[-1]
    places, rest = distortions[:, :_PLACES], distortions[:, _PLACES:]
    has_pulls, has_colours = divmod(rest.shape[1], _PULLS)
    matrices = _affine_matrices(places, side)
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    if has_pulls:
        pulls = rest[:, -_PULLS:].unflatten(1, (2, KNOTS, KNOTS))
        spread = _spread(side, images.device).to(pulls)
        grid = grid + (spread @ pulls @ spread.T).permute(0, 2, 3, 1) * (2 / side)
    if background is not None:
        moved = F.grid_sample(images - background, grid, align_corners=False) + background
    else:
        moved = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    return _recolour(moved, rest[:, :_COLOURS]) if has_colours else moved


def _recolour(images: Tensor, drawn: Tensor) -> Tensor:
    """Brighter, farther from the mean grey, and farther from each pixel's own grey, as was drawn."""
    brightness, contrast, saturation = drawn[:, :, None, None, None].unbind(1)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (1 + saturation)
    middle = grey.mean((2, 3), keepdim=True)
    return middle + (images - middle) * (1 + contrast) + brightness


def _affine_matrices(drawn: Tensor, side: int) -> Tensor:
    """(N, 7) -> (N, 2, 3): from an output place to an input place, in units of half the image's side."""
    angle, scale, shear = drawn[:, 0], 1 + drawn[:, 1], drawn[:, 2]
    across, down = drawn[:, 3] * 2 / side, drawn[:, 4] * 2 / side
    cos, sin = angle.cos(), angle.sin()
    top = torch.stack([cos * scale, shear - sin * scale, across], 1) * drawn[:, 5:6]
    bottom = torch.stack([sin * scale, cos * scale, down], 1) * drawn[:, 6:7]
    return torch.stack([top, bottom], 1)


@lru_cache
def _spread(side: int, device: torch.device) -> Tensor:
    """(side, KNOTS): from pulls at the knots to displacements of pixels, of the same deviation everywhere."""
    pixels = (torch.arange(side) + 0.5) / side * KNOTS - 0.5
    weights = torch.exp(-(pixels[:, None] - torch.arange(KNOTS)).square() / 2)
    return (weights / weights.norm(dim=1, keepdim=True)).to(device)
