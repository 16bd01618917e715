"""Notebook 11: losses, steps and epochs."""

from math import log

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Number
from lenet_edu.exercises.prediction import Prediction

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
        "The same network with ten times the learning rate. What does its loss do?",
        right=f"it stays at {log(10):.1f}",
        choices={
            "it falls faster": "larger steps, but far beyond where the slope was measured.",
            "it falls more slowly": "for small steps, yes; these are ten times too large.",
            f"it stays at {log(10):.1f}": "the first large steps switch most ReLUs off, for all digits and for good.",
        },
    ),
}


def step(parameter: Tensor, gradient: Tensor, rate: float) -> Tensor:
    """One step of gradient descent."""
    return parameter - rate * gradient


def _steps() -> list[tuple]:
    generator = torch.Generator().manual_seed(12)
    return [(*torch.randn(2, 4, generator=generator), 0.1), (*torch.randn(2, 3, 2, generator=generator), 0.5)]


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
    "step": Code(
        right=step,
        cases=_steps,
        because="Down the slope, by rate times gradient.",
        mistakes={
            "You go up: the gradient points to where the loss grows.": lambda parameter, gradient, rate: (
                parameter + rate * gradient
            ),
            "The rate is missing: that is far too large a step.": lambda parameter, gradient, rate: (
                parameter - gradient
            ),
            "That is how far to go. Where do you arrive?": lambda parameter, gradient, rate: -rate * gradient,
            "Take the rate times the gradient, not times the parameter.": lambda parameter, gradient, rate: (
                gradient - rate * parameter
            ),
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
}
