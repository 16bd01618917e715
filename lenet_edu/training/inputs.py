"""What `fit` is given, checked before it begins: a mistake is named here, not after minutes of training."""

from dataclasses import replace

import torch
from torch import Tensor

from lenet_edu.data.byte_images import ByteImages
from lenet_edu.data.splits import Data, Split
from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError


def check_data(model: Network, data: Data) -> Data:
    """The data with its labels as int64, if the network can be trained and validated on it.

    Raises LenetError for anything but `Data`, for images of another shape or with values that are no numbers,
    and for labels that are no class numbers of the network.
    """
    if not isinstance(data, Data):
        raise LenetError(
            "fit() trains on Data, which load_digits() and load_images() return; got {kind}. Data "
            "takes whole splits as tensors: Data(train=Split(images, labels), ...).",
            kind=type(data).__name__,
        )
    splits = {name: _check_split(model, name, getattr(data, name)) for name in ("train", "validation")}
    return replace(data, **splits)


def _check_split(model: Network, name: str, split: Split) -> Split:
    images, labels = split.images, split.labels
    if len(images) != len(labels) or not len(labels):
        raise LenetError(
            "The {name} split must have a label for each image, and at least one; got "
            "{images_count:,} images and {labels_count:,} labels.",
            name=name,
            images_count=len(images),
            labels_count=len(labels),
        )
    model.check_images(images)
    if not _all_finite(images):
        count = sum(not image.isfinite().all() for image in images)
        raise LenetError(
            "The images of the {name} split must be finite numbers; {count:,} of {images_count:,} "
            "have pixels that are nan or infinite. Replace these with images.nan_to_num(), or leave "
            "the images out.",
            name=name,
            count=count,
            images_count=len(images),
        )
    return Split(images, _check_labels(name, labels, model.architecture.classes))


def _check_labels(name: str, labels: Tensor, classes: int) -> Tensor:
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool or labels.ndim != 1:
        raise LenetError(
            "The labels of the {name} split must be whole numbers in one row, as torch.int64; got "
            "{dtype} of shape {shape}. Use labels.long().",
            name=name,
            dtype=labels.dtype,
            shape=tuple(labels.shape),
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        advice = " Subtract 1 from them." if (low, high) == (1, classes) else ""
        raise LenetError(
            "The labels of the {name} split must be from 0 to {classes}, one for each class of the "
            "network; they go from {low} to {high}.{advice}",
            name=name,
            classes=classes - 1,
            low=low,
            high=high,
            advice=advice,
        )
    return labels.long()


def _all_finite(images: Tensor) -> bool:
    if isinstance(images, ByteImages):
        images = images[:1]  # bytes are finite, so that all images are unless what scales them is not
    # A sum is many times as fast as a test of every value; it is finite unless one is not, or it overflows.
    return bool(images.sum().isfinite()) or bool(images.isfinite().all())
