"""Notebook 11: losses, steps and epochs."""

from math import log

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Explanation, Number
from lenet_edu.exercises.prediction import Estimate, Prediction

_DIGITS, _BATCH = 54_996, 128

PREDICTIONS = {
    "first_loss": Prediction(
        "Untrained, the network gives all ten classes about the same probability. The loss is minus the logarithm of the probability of the right class. How large is it?",
        right=f"about {log(10):.1f}",
        choices={
            "about 0.1": "that is the probability. The loss is minus its logarithm.",
            "about 0.9": "that is the share of errors.",
            f"about {log(10):.1f}": "minus the logarithm of one tenth is the logarithm of ten.",
        },
    ),
    "rate": Prediction(
        "The same network, trained with ten times the learning rate. What does the loss do in this run?",
        right=f"it stays at {log(10):.1f}",
        choices={
            "it falls faster": "the steps are larger, but they go far beyond the place where the slope was measured.",
            "it falls more slowly": "a rate a little too large can do that. This one is ten times too large.",
            f"it stays at {log(10):.1f}": "in this run the first large steps switch the ReLUs off, for all digits and for good.",
        },
    ),
}


def step(parameter: Tensor, velocity: Tensor, gradient: Tensor, rate: float, momentum: float) -> Tensor:
    """One step of gradient descent with momentum, as torch takes it."""
    return parameter - rate * (momentum * velocity + gradient)


def _steps() -> list[tuple]:
    generator = torch.Generator().manual_seed(12)
    return [
        (*torch.randn(3, 4, generator=generator), 0.1, 0.9),
        (*torch.randn(3, 3, 2, generator=generator), 0.5, 0.5),
    ]


# With images of 28x28: 24, 12, 8 and 4 a side.
_SIDE = ((28 - 4) // 2 - 4) // 2

EXERCISES = {
    "steps": Number(
        right=-(-_DIGITS // _BATCH),
        because=f"{_DIGITS // _BATCH} full batches, and one of the {_DIGITS % _BATCH} digits that are left.",
        hints={
            _DIGITS // _BATCH: f"{_DIGITS % _BATCH} digits are left over. They make a last, smaller batch.",
            _DIGITS / _BATCH: "A step is a whole number: the last batch is just smaller.",
            _DIGITS: "That is one digit a step, as in 1998. Here 128 go through together.",
        },
    ),
    "momentum": Number(
        right=100,
        because="1 + 0.99 + 0.99² + ... = 1 / (1 - 0.99).",
        hints={
            10: "That is right for 0.9. With 0.99 older slopes count for longer.",
            0.99: "That is the share of the last step which is kept. Add up what all the steps before contribute.",
            1.99: "That is the second step. Go on: each step adds less, but it adds.",
        },
        tolerance=1e-6,
    ),
    "step": Code(
        right=step,
        cases=_steps,
        because="The velocity collects the slopes, and the parameter moves against it.",
        mistakes={
            "You go up: the gradient points to where the loss grows.": lambda p, v, g, rate, m: (
                p + rate * (m * v + g)
            ),
            "That is a running mean. Momentum is a sum: the new gradient counts in full.": lambda p, v, g, rate, m: (
                p - rate * (m * v + (1 - m) * g)
            ),
            "That is plain gradient descent: the velocity has no say.": lambda p, v, g, rate, m: p - rate * g,
            "The rate is missing: that is far too large a step.": lambda p, v, g, rate, m: p - (m * v + g),
            "The rate multiplies the new gradient only. It multiplies the whole velocity.": lambda p, v, g, rate, m: (
                p - (m * v + rate * g)
            ),
            "That is the new velocity. Where does the parameter arrive?": lambda p, v, g, rate, m: m * v + g,
        },
    ),
    "batches": Choice(
        right="a",
        because="Right answers are summed over all digits and divided once.",
        hints={
            "b": "They are, but that only makes an accuracy noisy, not wrong.",
            "c": "Take ten batches of 100 and one of 1, which is wrong: the mean of accuracies falls by a tenth.",
        },
    ),
    "smaller": Number(
        right=16 * _SIDE**2,
        because=f"28, 24, 12, 8, {_SIDE}: 16 maps of {_SIDE} x {_SIDE}.",
        hints={
            400: "That is for 32 by 32. Follow the side: 28, 24, ...",
            16 * 8**2: "That is before the second pooling.",
            _SIDE**2: "That is one map. There are 16.",
            16 * _SIDE: f"A map has {_SIDE} rows of {_SIDE}.",
        },
    ),
}

EXPLANATIONS = {
    "by_heart": Explanation(
        model="Training digits that are all right may simply be known by heart. What counts is how the network reads digits that it has never seen, so measure it on validation digits. If their loss rises while the training loss falls, it is overfitting.",
        points=(
            "A network can learn its training digits by heart.",
            "Measure on digits that it has not been trained on.",
            "Overfitting shows when the validation loss rises while the training loss falls.",
        ),
    ),
}

QUIZ = [
    Prediction(
        "S2 of LeNet-5 has 6 maps. How many parameters does it have?",
        right="12",
        choices={
            "0": "that would be the pooling of today. S2 has a coefficient and a bias for each map.",
            "6": "that is one a map. There is a coefficient and a bias.",
            "12": "a coefficient and a bias for each of the six maps.",
            "24": "the four values of a square are added before they are multiplied, so one coefficient is enough.",
        },
    ),
    Estimate(
        "How many connections does a map of C3 have that reads three maps of S2, with 10 by 10 units?",
        right=100 * (3 * 25 + 1),
        because="100 units, each with 3 x 25 inputs and a bias.",
        hints={
            76: "those are its parameters. Each is used at 100 places.",
            7500: "and the bias of each unit?",
        },
        factor=1.0,
    ),
    Prediction(
        "The output layer of 1998 gives ten distances. Which digit is the answer?",
        right="the one with the smallest distance",
        choices={
            "the one with the largest distance": "a distance is small where F6 looks like the code of that digit.",
            "the one with the smallest distance": "F6 is closest to the code of that digit.",
            "the one whose distance is nearest to 1": "1 has no special meaning for a distance.",
        },
    ),
    Prediction(
        "A weight has the slope +2. The rate is 0.1. What happens to the weight in one step without momentum?",
        right="it falls by 0.2",
        choices={
            "it rises by 0.2": "that is uphill: the loss grows with this weight.",
            "it falls by 0.2": "against the slope, by rate times slope.",
            "it falls by 2": "the slope is multiplied by the rate.",
        },
    ),
    Prediction(
        "You compare three learning rates. By which digits do you choose?",
        right="the validation digits",
        choices={
            "the training digits": "they favour the network that learns by heart.",
            "the validation digits": "they are for choosing, and the test digits stay untouched.",
            "the test digits": "then they have helped to choose, and nothing is left to show how well the chosen one reads.",
        },
    ),
    Prediction(
        "The first loss of a new network with 10 classes is 14. What do you conclude?",
        right="something is wrong with the start or the input",
        choices={
            "nothing, training will bring it down": f"it should be near {log(10):.1f}. Such a network is sure of wrong answers before it has seen anything.",
            "something is wrong with the start or the input": f"a network that knows nothing should give each class about the same probability, a loss near {log(10):.1f}.",
            "the learning rate is too large": "the first loss is measured before any step.",
        },
    ),
]
