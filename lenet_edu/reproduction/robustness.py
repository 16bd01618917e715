"""How far a digit can be changed before it is misread: scale, shift, rotation and noise (section III-E).

    change(images, rotation=30.0, noise=0.1)
    errors_by_amount(model, data.test, "scale")       # in percent, for each of AMOUNTS["scale"]

Whole batches, as tensor code on whatever device the images are.
"""

import math
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from lenet_edu.data.splits import PAPER_SCALING, Scaling, Split
from lenet_edu.network import paper
from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError, check_above_0, check_choice
from lenet_edu.system.language import Text
from lenet_edu.training.distortions import distort
from lenet_edu.training.evaluation import accuracy

# The kinds of change, and the amount of each that changes nothing.
STILL = MappingProxyType({"scale": 1.0, "shift": 0.0, "rotation": 0.0, "noise": 0.0})

# The amounts that are measured, to beyond what the paper estimates; shifts are by whole pixels.
AMOUNTS = MappingProxyType(
    {
        "scale": (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5),
        "shift": tuple(pixels / paper.GLYPH_SIZE for pixels in range(-14, 15, 2)),
        "rotation": tuple(float(degrees) for degrees in range(-60, 61, 10)),
        "noise": (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6),
    }
)


def change(
    images: Tensor,
    scaling: Scaling = PAPER_SCALING,
    *,
    scale: float = STILL["scale"],
    shift: float = STILL["shift"],
    rotation: float = STILL["rotation"],
    noise: float = STILL["noise"],
    generator: torch.Generator | None = None,
) -> Tensor:
    """Digits (N, 1, size, size) scaled and turned about the middle, then shifted, then covered with noise.

    scale: a factor, above 1 is larger. shift: downwards, as a share of the 20 pixels that a digit is high;
    below 0 is upwards. rotation: in degrees, anticlockwise. noise, salt and pepper: each pixel becomes
    white with half this probability, black with the other half. Some are so already: the paper, which
    inverts pixels, changes about as many with half the share. scaling: what is white and what is black.
    generator: draws the noise, on the CPU, so that a seed means the same noise on every device; None: seed
    0. A larger share keeps the noise of a smaller one and adds to it.

    Between pixels it is interpolated; with no change the images come back as they are. What leaves the
    frame is lost: of a digit amid 32 pixels, some is from a scale of 1.6 or a shift of 0.3 on.

    Raises LenetError for images of another shape, and for amounts that are out of range.
    """
    if images.ndim != 4 or images.shape[1] != 1 or images.shape[2] != images.shape[3]:
        raise LenetError("images must be digits, (N, 1, size, size); got {shape}.", shape=tuple(images.shape))
    if not images.is_floating_point():
        raise LenetError(
            "images must be of floats, scaled as a network sees them; got {dtype}.", dtype=images.dtype
        )
    given = {"scale": scale, "shift": shift, "rotation": rotation, "noise": noise}
    for kind, amount in given.items():
        check_amount(kind, amount)
    if any(given[kind] != STILL[kind] for kind in ("scale", "shift", "rotation")):
        images = distort(
            images, _as_distortions(len(images), scale, shift, rotation).to(images), scaling.background
        )
    return _with_noise(images, noise, scaling, generator) if noise else images


def check_amount(kind: str, amount: float) -> None:
    """Raise LenetError unless this is a kind of change, and the amount one that it can have."""
    check_choice(Text("A change"), kind, STILL)
    if kind == "scale":
        return check_above_0(kind, amount)
    if not isinstance(amount, (int, float)) or not math.isfinite(amount):
        raise LenetError("{kind} must be a finite number; got {amount!r}.", kind=kind, amount=amount)
    if kind == "noise" and not 0 <= amount <= 1:
        raise LenetError("noise must be a share of the pixels, from 0 to 1; got {amount!r}.", amount=amount)
    return None


def errors_by_amount(
    model: Network,
    split: Split,
    kind: str,
    amounts: Sequence[float] | None = None,
    scaling: Scaling = PAPER_SCALING,
) -> list[float]:
    """The error in percent with each amount of one kind of change; the same noise on every call.

    amounts: by default those of AMOUNTS. scaling: that of the split. Raises LenetError for a kind that there
    is not, for an amount out of range, and for a network that reads images of another size.
    """
    check_choice(Text("A change"), kind, STILL)
    wanted, shape = model.architecture.input.output_shape, tuple(split.images.shape[1:])
    if wanted != shape:
        raise LenetError(
            "{name} reads images of {wanted}; these are {shape}.",
            name=model.architecture.name,
            wanted=wanted,
            shape=shape,
        )
    errors = []
    for amount in AMOUNTS[kind] if amounts is None else amounts:
        given: dict[str, Any] = {kind: amount}
        images = change(split.images, scaling, **given)
        errors.append(100 * (1 - accuracy(model, Split(images, split.labels))))
    return errors


def errors_on_record(record: dict) -> dict[str, dict[str, tuple[list[float], list[float]]]]:
    """Of each network on record, and each kind of change: the amounts, and the errors in percent.

    record: as results/robustness.json holds it. This is what `plots.robustness` draws.
    """
    return {
        name: {kind: (change["amounts"], change["errors"]) for kind, change in entry["changes"].items()}
        for name, entry in record["experiments"].items()
    }


def _as_distortions(count: int, scale: float, shift: float, rotation: float) -> Tensor:
    """The same distortion for all images, (count, 7), as `augmentation.distort` takes it."""
    angle, pixels = math.radians(rotation), shift * paper.GLYPH_SIZE
    # distort asks of an output place where it comes from: enlarging reads from nearer, and a shift in the
    # frame, undone first, is turned and scaled on the way.
    across, down = math.sin(angle) * pixels / scale, -math.cos(angle) * pixels / scale
    return torch.tensor([angle, 1 / scale - 1, 0, across, down, 1, 1]).expand(count, -1)


def _with_noise(images: Tensor, share: float, scaling: Scaling, generator: torch.Generator | None) -> Tensor:
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    if generator.device.type != "cpu":
        raise LenetError("generator must be on the CPU; got one on {device}.", device=generator.device)
    drawn = torch.rand(images.shape, generator=generator).to(images.device)
    white, black = drawn < share / 2, drawn >= 1 - share / 2
    return images.masked_fill(white, scaling.background).masked_fill(black, scaling.ink)
