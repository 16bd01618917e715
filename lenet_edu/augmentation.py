"""Random distortions of whole batches, as tensor code on whatever device the images are."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.recipes import Recipe


def distort(images: Tensor, recipe: Recipe, background: float, generator: torch.Generator) -> Tensor:
    """Each image rotated, sheared, scaled and shifted at random, up to the recipe's limits.

    images: (N, maps, H, W), any device; generator: on the CPU, so that a seed means the same distortions
    on every device. What comes in from outside the frame is `background`.
    """
    matrices = _affine_matrices(len(images), images.shape[-1], recipe, generator)
    grid = F.affine_grid(matrices.to(images.device, images.dtype), list(images.shape), align_corners=False)
    return F.grid_sample(images - background, grid, align_corners=False) + background


def _affine_matrices(count: int, side: int, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """(count, 2, 3): from an output place to an input place, in units of half the image's side."""
    limits = (recipe.rotation, recipe.scale, recipe.shear, recipe.shift, recipe.shift)
    draws = (torch.rand(len(limits), count, generator=generator) * 2 - 1) * torch.tensor(limits)[:, None]
    angle, scale, shear = torch.deg2rad(draws[0]), 1 + draws[1], draws[2]
    across, down = draws[3:] * 2 / side
    cos, sin = angle.cos(), angle.sin()
    top = torch.stack([cos * scale, shear - sin * scale, across], 1)
    bottom = torch.stack([sin * scale, cos * scale, down], 1)
    return torch.stack([top, bottom], 1)
