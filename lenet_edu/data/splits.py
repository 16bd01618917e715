"""Images as tensors in three splits, the scaling of their values, and how they fit a network's size.

A data set is one tensor on one device; a batch is an index into it.
"""

import re
from dataclasses import asdict, dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.data.byte_images import ByteImages
from lenet_edu.network import paper
from lenet_edu.system.errors import LenetError

DIGIT_CLASSES = tuple("0123456789")

# What the kinds of data are called in print; pictures from a folder are called by their classes.
NAMES = {
    "mnist": "MNIST",
    "embedded": "embedded digits (scikit-learn)",
    "cifar": "CIFAR-10's cats and dogs",
    "shapes": "drawn shapes",
}
_NONE_HELD_OUT = ", none held out"

# A digit of 20 pixels comes to 16, as LeNet-1 had it, if MNIST's frame comes to 22.
_LENET1_FRAME = 22
# The middle of MNIST's frame that is brought to 16 pixels for the network of 1989: a digit fills most of it.
_LENET1989_SIZE, _LENET1989_FRAME = 16, 24


@dataclass(frozen=True)
class Scaling:
    """What the network sees where there is no ink (`background`) and where there is most (`ink`)."""

    name: str
    background: float
    ink: float

    def apply(self, ink: Tensor) -> Tensor:
        """Ink from 0 to 1 -> values from `background` to `ink`, same shape."""
        return (ink * (self.ink - self.background)).add_(self.background)

    def undo(self, images: Tensor) -> Tensor:
        """The inverse of `apply`."""
        return (images - self.background) / (self.ink - self.background)

    def to_dict(self) -> dict:
        """The scaling for JSON; `Scaling(**scaling.to_dict())` gives it back."""
        return asdict(self)


PAPER_SCALING = Scaling("paper", paper.BACKGROUND, paper.FOREGROUND)
# Values from -1 to 1, as the tutorial has them for pictures in colour.
HALF_SCALING = Scaling("half", -1.0, 1.0)


def standard_scaling(ink: Tensor) -> Scaling:
    """The modern choice: mean 0 and variance 1 over all pixels of `ink` (N, 1, 32, 32), 0 to 1."""
    deviation, mean = torch.std_mean(ink, correction=0)
    return Scaling("standard", -(mean / deviation).item(), ((1 - mean) / deviation).item())


@dataclass(frozen=True)
class Split:
    """images: floats, (N, maps, size, size); labels: integers, (N,); both on one device.

    Images of large data sets are kept as bytes, and become floats when they are indexed; see `ByteImages`.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, which: Tensor | slice) -> "Split":
        """Some of them: by indices, by a mask or by a slice."""
        images = self.images
        some = images.subset(which) if isinstance(images, ByteImages) else images[which]
        return Split(some, self.labels[which])

    def one_of_each(self) -> "Split":
        """The first image of each class, in the order of the classes: what the notebooks follow."""
        first = torch.stack([(self.labels == label).nonzero()[0, 0] for label in self.labels.unique()])
        return Split(self.images[first], self.labels[first])

    def to(self, device: torch.device | str) -> "Split":
        """The split on another device."""
        is_there = self.images.device == torch.device(device)
        return Split(self.images if is_there else self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Source:
    """Where data came from: all that `picture_sets.load_again` needs to load the same data once more.

    kind: one of `NAMES`, or "folder" (of pictures), or any other word for data of one's own, which cannot be
    loaded again.
    held_out: True if some training images were held out as the validation split. If False, the validation
    split is the test split, so nothing may be chosen by it and then reported on the test split.
    root: the folder of the pictures. Sources are equal wherever their pictures lie.
    key: for a folder, a fingerprint of the names and contents of its pictures: 8 hexadecimal digits.
    """

    kind: str
    held_out: bool = True
    root: str = field(default="", compare=False)
    key: str = ""

    def to_dict(self) -> dict:
        """The source for JSON, without `root`: the pictures may be moved."""
        return {"kind": self.kind, "held_out": self.held_out, "key": self.key}

    @classmethod
    def from_notes(cls, notes: dict) -> "Source":
        """The source that a run or a checkpoint has written down.

        Older ones have only the data's name, as "pictures of cat, dog (1a2b3c4d), none held out".
        """
        root = notes.get("root", "")
        if "source" in notes:
            return cls(**notes["source"], root=root)
        name: str = notes.get("data", "")
        held_out, plain = not name.endswith(_NONE_HELD_OUT), name.removesuffix(_NONE_HELD_OUT)
        pictures = re.fullmatch(r"pictures of .* \(([0-9a-f]{8})\)", plain, re.DOTALL)
        if pictures:
            return cls("folder", held_out, root, pictures[1])
        kinds: dict[str, str] = {name: kind for kind, name in NAMES.items()}
        return cls(kinds.get(plain, plain), held_out, root)


@dataclass(frozen=True)
class Data:
    """Three splits of images on one device.

    train: what a network learns from.
    validation: what settings and the best epoch are chosen by.
    test: what a trained network is measured by, once.
    scaling: how the values of the images are scaled.
    source: where the images came from.
    note: a sentence for the reader if other data was wanted, else empty.
    classes: what the labels 0, 1, ... mean.
    """

    train: Split
    validation: Split
    test: Split
    scaling: Scaling
    source: Source
    note: str = ""
    classes: tuple[str, ...] = DIGIT_CLASSES

    @property
    def name(self) -> str:
        """What the data is called in print, as "MNIST" or "pictures of cat, dog (1a2b3c4d)"."""
        kind = self.source.kind
        plain = f"pictures of {', '.join(self.classes)} ({self.source.key})" if kind == "folder" else ""
        return (plain or NAMES.get(kind, kind)) + ("" if self.source.held_out else _NONE_HELD_OUT)

    @property
    def background(self) -> float | None:
        """What surrounds an image: paper around a digit, nothing around pictures, which fill their frame."""
        return self.scaling.background if self.train.images.shape[1] == 1 else None

    def to(self, device: torch.device | str) -> "Data":
        """The same on another device."""
        splits = {name: getattr(self, name).to(device) for name in ("train", "validation", "test")}
        return replace(self, **splits)


def hold_out(images: Tensor, labels: Tensor, every: int):
    """Two pairs (images, labels): what stays, and every `every`-th image of each class.

    Of a class with a single image none is held out.
    """
    held = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        places = (labels == label).nonzero()[:, 0]
        if len(places) > 1:
            held[places[::every]] = True
    return (images[~held], labels[~held]), (images[held], labels[held])


def pad(images: Tensor, background: float = 0.0) -> Tensor:
    """Extend images with background on all sides to the paper's 32x32: (..., H, W) -> (..., 32, 32).

    An odd pixel goes to the right or below. Raises LenetError if they are larger than that.
    """
    height, width = images.shape[-2:]
    down, across = paper.IMAGE_SIZE - height, paper.IMAGE_SIZE - width
    if down < 0 or across < 0:
        raise LenetError(
            "Images of {height}x{width} do not fit into a frame of {image_size}x{image_size}. Scale "
            "them down first.",
            height=height,
            width=width,
            image_size=paper.IMAGE_SIZE,
        )
    frame = (across // 2, across - across // 2, down // 2, down - down // 2)
    return F.pad(images, frame, value=background)


def crop(images: Tensor, size: int) -> Tensor:
    """The middle of images, `pad` undone: (..., H, W) -> (..., size, size).

    An odd pixel is left out on the right or below. Raises LenetError if they are smaller than that.
    """
    height, width = images.shape[-2:]
    if not 1 <= size <= min(height, width):
        raise LenetError(
            "The middle of {height}x{width} pixels can be up to that size; got {size}.",
            height=height,
            width=width,
            size=size,
        )
    down, across = (height - size) // 2, (width - size) // 2
    return images[..., down : down + size, across : across + size]


def resize_for(size: int, images: Tensor, scaling: Scaling) -> Tensor:
    """Digits in frames of 32x32 as a network with a smaller input reads them: (N, 1, size, size).

    size 32: as they are. 28: digits of 16 pixels in a frame of 28 (LeNet-1, section III-C). 16: digits that
    fill the frame, from -1 to 1 (the network of 1989). Raises LenetError for another size.
    """
    if size == paper.IMAGE_SIZE:
        return images
    if size == paper.MNIST_SIZE:
        small = _resize(crop(images, paper.MNIST_SIZE), _LENET1_FRAME)
        return F.pad(small, ((size - _LENET1_FRAME) // 2,) * 4, value=scaling.background)
    if size == _LENET1989_SIZE:
        return scaling.undo(_resize(crop(images, _LENET1989_FRAME), size)) * 2 - 1
    sizes = ", ".join(map(str, (paper.IMAGE_SIZE, paper.MNIST_SIZE, _LENET1989_SIZE)))
    raise LenetError("Digits are read at one of these sizes: {sizes}; got {size}.", sizes=sizes, size=size)


def _resize(images: Tensor, size: int) -> Tensor:
    return F.interpolate(images, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
