"""A network and a picture file: what is read, and how surely.

predict("lenet5-1998", "photo.jpg")    # [Reading(3, 99.2%)]
"""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from lenet_edu.data.normalise import read_picture
from lenet_edu.data.picture_sets import decode
from lenet_edu.data.splits import DIGIT_CLASSES, HALF_SCALING, PAPER_SCALING, Scaling, resize_for
from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate
from lenet_edu.training.checkpoints import load_network
from lenet_edu.training.evaluation import probabilities

# Below this probability the best class is named as a guess.
SURE = 0.9


@dataclass(frozen=True, repr=False)
class Reading:
    """What a network takes one image for.

    image: as the network was given it, (maps, size, size). probabilities: (classes,), they sum to 1.
    classes: what these are called.
    """

    image: Tensor
    probabilities: Tensor
    classes: tuple[str, ...]

    @property
    def order(self) -> list[int]:
        """The classes' numbers, the likeliest first."""
        return self.probabilities.argsort(descending=True).tolist()

    @property
    def name(self) -> str:
        """What the likeliest class is called."""
        return self.classes[self.order[0]]

    @property
    def probability(self) -> float:
        """Of the likeliest class."""
        return self.probabilities.max().item()

    @property
    def is_sure(self) -> bool:
        """False if the likeliest class is no more than a guess."""
        return self.probability >= SURE

    def __str__(self) -> str:
        first, second = self.order[:2]
        chances = {
            "first": self.classes[first],
            "chance": self.probabilities[first].item(),
            "second": self.classes[second],
            "other": self.probabilities[second].item(),
        }
        if self.is_sure:
            return translate("{first} at {chance:.1%}, then {second} at {other:.1%}", **chances)
        return translate("{first} at {chance:.1%}, not sure, then {second} at {other:.1%}", **chances)

    def __repr__(self) -> str:
        return f"Reading({self.name}, {self.probability:.1%}{'' if self.is_sure else ', not sure'})"


def predict(network: Network | str | Path, picture: Path | str | bytes) -> list[Reading]:
    """What a network reads in a picture file: each digit, line by line from the left; or the one class.

    network: a trained one, or what `load_network` takes. picture: a file's path, or its content.
    Raises LenetError if the picture cannot be read, or shows no digit.
    """
    model = network if isinstance(network, Network) else load_network(network)
    images, is_photo = images_for(model, picture)
    chances, classes = probabilities(model, images, is_photo), class_names(model)
    return [Reading(image, row, classes) for image, row in zip(images, chances, strict=True)]


def images_for(model: Network, picture: Path | str | bytes) -> tuple[Tensor, bool]:
    """What a network is to be given for a picture file, (N, maps, size, size): each digit, or the picture.

    And whether its probabilities are to be those of a photo: of digits that had to be cleaned.
    """
    takes = model.architecture.input
    notes = getattr(model, "notes", {})
    if takes.maps == 1:
        scaling = Scaling(**notes["scaling"]) if "scaling" in notes else PAPER_SCALING
        digits, is_photo = read_picture(picture, scaling)
        return resize_for(takes.size, digits, scaling), is_photo
    scaling = Scaling(**notes["scaling"]) if "scaling" in notes else HALF_SCALING
    try:
        return scaling.apply(decode(picture, takes.size)[None] / 255), False
    except LenetError as error:
        name = translate("the picture") if isinstance(picture, bytes) else picture
        raise LenetError("{name} could not be read as a picture: {error}.", name=name, error=error) from error


def class_names(model: Network) -> tuple[str, ...]:
    """What a network's classes are called; those of digits go without saying."""
    classes = model.architecture.classes
    plain = DIGIT_CLASSES if model.architecture.input.maps == 1 else tuple(map(str, range(classes)))
    return tuple(getattr(model, "notes", {}).get("classes", plain))
