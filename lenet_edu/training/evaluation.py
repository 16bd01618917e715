"""What a trained network gets right and wrong."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from lenet_edu.data.splits import Split
from lenet_edu.network.losses import criterion
from lenet_edu.network.models import Classifier

# A CPU is about as fast with few images at a time, and of a thousand each map of C1 takes megabytes.
_BATCH, _BATCH_ON_CPU = 1000, 250
# Of so many images one loss is computed.
_LOSS_OF = 1000


@dataclass(frozen=True)
class Mistake:
    """One image that the network got wrong: its place in the split, and how sure the network was."""

    index: int
    label: int
    predicted: int
    probability: float


@torch.inference_mode()
def probabilities(model: Classifier, images: Tensor, from_photos: bool = False) -> Tensor:
    """(N, classes) on the CPU, for any number of images; the model's weights are not touched.

    from_photos: see `Classifier.probabilities`.
    """
    device = next(model.parameters()).device
    return torch.cat([model.probabilities(some, from_photos).cpu() for some in _batches(images, device)])


def _batches(images: Tensor, device: torch.device) -> Iterator[Tensor]:
    """The images on the device, some at a time; one empty batch if there are none."""
    size = _BATCH_ON_CPU if device.type == "cpu" else _BATCH
    for start in range(0, max(len(images), 1), size):
        yield images[start : start + size].to(device)


def accuracy(model: Classifier, split: Split) -> float:
    """The share of the split's images that are given their right class, 0 to 1."""
    predicted = probabilities(model, split.images).argmax(1)
    return (predicted == split.labels.cpu()).double().mean().item()


@torch.inference_mode()
def evaluate(model: Classifier, split: Split) -> tuple[float, float]:
    """Mean loss and accuracy (0 to 1) over a whole split, every image counted once.

    The loss is the one that training makes small for this network, without smoothing; see `criterion`.
    """
    device, loss_of = next(model.parameters()).device, criterion(model)
    output = torch.cat([model(images) for images in _batches(split.images, device)])
    labels = split.labels.to(device)
    parts = zip(output.split(_LOSS_OF), labels.split(_LOSS_OF), strict=True)
    loss = sum(loss_of(some, their_labels).item() * len(some) for some, their_labels in parts)
    return loss / len(split), count_right(model, output, labels).item() / len(split)


def count_right(model: Classifier, output: Tensor, labels: Tensor) -> Tensor:
    """How many rows of the network's output name their label, as a tensor on the same device."""
    named = output.argmin(1) if model.has_rbf_output else output.argmax(1)
    return (named == labels).sum()


def confusion(model: Classifier, split: Split) -> Tensor:
    """Counts by actual class (rows) and predicted class (columns): integers, (classes, classes)."""
    predicted = probabilities(model, split.images).argmax(1)
    classes = model.architecture.classes
    return torch.bincount(split.labels.cpu() * classes + predicted, minlength=classes**2).view(
        classes, classes
    )


def mistakes(model: Classifier, split: Split) -> list[Mistake]:
    """Every image of the split that is given a wrong class, the most certain mistake first."""
    certainty, predicted = probabilities(model, split.images).max(1)
    labels = split.labels.cpu()
    wrong = (predicted != labels).nonzero()[:, 0]
    ordered = wrong[certainty[wrong].argsort(descending=True)]
    return [Mistake(i, int(labels[i]), int(predicted[i]), certainty[i].item()) for i in ordered.tolist()]


def summary(errors: list[float]) -> dict:
    """Mean, deviation, best and worst over runs by several seeds; the deviation of a single one is None."""
    return {
        "mean": round(statistics.mean(errors), 3),
        "deviation": round(statistics.stdev(errors), 3) if len(errors) > 1 else None,
        "best": min(errors),
        "worst": max(errors),
    }


def calibration_error(chances: Tensor, labels: Tensor, bins: int = 15) -> float:
    """Expected calibration error, 0 to 1: how far the best class's probability is from how often it is right.

    chances: (N, classes), they sum to 1; labels: (N,). Images are put into bins of equal width by the
    probability of their best class; the gaps between mean probability and accuracy are averaged over all
    images (Guo et al., 2017, section 2).
    """
    surest, named = chances.double().max(1)
    gaps = (named == labels).double() - surest
    place = (surest * bins).long().clamp(max=bins - 1)
    return torch.zeros(bins, dtype=torch.double).index_add(0, place, gaps).abs().sum().item() / len(labels)
