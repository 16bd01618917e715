"""The project at the end of the course: a small network of the reader's own, trained on the small digits."""

from dataclasses import dataclass

import torch
from torch import nn

from lenet_edu.data.digits import load_digits
from lenet_edu.exercises.checking import Conditions
from lenet_edu.network.ledger import ledger
from lenet_edu.network.models import Network, count_parameters
from lenet_edu.system.language import Text

MOST_PARAMETERS = 30_000
LEAST_ACCURACY = 0.95

PREDICTIONS: dict = {}


@dataclass(frozen=True)
class Result:
    """What a network costs and how well it reads.

    parameters: by the ledger for a network of this package, else counted. accuracy: on the validation digits of
    the small digits, 0 to 1. reads_beside: the same for digits that were moved by a pixel to the right.
    """

    parameters: int
    convolutions: int
    accuracy: float
    reads_beside: float


def measure(network: nn.Module) -> Result:
    """Measure a trained network that takes images (N, 1, 32, 32) and gives ten scores for each.

    Raises what the network raises if it cannot read such images.
    """
    digits = load_digits("embedded").validation
    network.eval()

    def share_right(images) -> float:
        if isinstance(network, Network):
            answers = network.classes_of(images)
        else:
            with torch.inference_mode():
                answers = network(images).argmax(1)
        return (answers == digits.labels).double().mean().item()

    own = isinstance(network, Network)
    return Result(
        parameters=ledger(network).totals["parameters"] if own else count_parameters(network),
        convolutions=sum(
            name.endswith("weight") and weight.dim() == 4 for name, weight in network.named_parameters()
        ),
        accuracy=share_right(digits.images),
        reads_beside=share_right(digits.images.roll(1, dims=3)),
    )


EXERCISES = {
    "network": Conditions(
        convert=measure,
        wanted=Text(
            "A trained network that takes images of the shape (N, 1, 32, 32) and gives ten scores for each"
        ),
        conditions={
            Text(
                "It has more than {most:,} parameters. Where are most of them? Ask the ledger.",
                most=MOST_PARAMETERS,
            ): (lambda result: result.parameters <= MOST_PARAMETERS),
            Text("It has no convolution. Then a digit that is moved is another digit to it."): (
                lambda result: result.convolutions > 0
            ),
            Text(
                "It reads fewer than {least:.0%} of the validation digits. Is it trained? Look at its curves.",
                least=LEAST_ACCURACY,
            ): (lambda result: result.accuracy >= LEAST_ACCURACY),
        },
        because=Text(
            "At most {most:,} parameters, and at least {least:.0%} of the validation digits. Now go through "
            "the rubric.",
            most=MOST_PARAMETERS,
            least=LEAST_ACCURACY,
        ),
    ),
}
