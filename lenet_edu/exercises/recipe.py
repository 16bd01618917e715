"""Notebook 14: the training of 1998, its steps, and what a difference between runs is worth."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper

_RATE = paper.GLOBAL_RATES[0][0]
_SHORTEST, _LONGEST = paper.EFFECTIVE_RATES
_BIASES = paper.DIGIT_CODES[0].size

PREDICTIONS = {
    "start": Prediction(
        "The first weights are drawn ten times as large as in 1998. In its first passes the network will then learn",
        right="faster",
        choices={
            "not at all: its squashes are saturated": "at ten times they are not yet; at a hundred times they are.",
            "more slowly": "the signal fades less on its way up, and so does the derivative on its way down.",
            "faster": "a start of plus or minus 2.4/F is a cautious one, and the signal all but fades on its way to F6.",
        },
    ),
    "steps": Prediction(
        f"Every one of the {paper.TOTAL_PARAMETERS:,} parameters has a step of its own. Before the first update, how many of these steps are shorter than the longest by more than a tenth?",
        right=f"{_BIASES}",
        choices={
            "none": "the biases of F6 are: whatever they do, the output does directly.",
            f"{_BIASES}": "the biases of F6. For all others the curvature is so small at the start that mu alone decides.",
            "about half of them": "so it becomes, after some passes. At the start hardly anything bends the loss.",
            "all but a few": "so it would be if the curvature were large compared with mu. At the start it is not.",
        },
    ),
    "seeds": Prediction(
        "Ten networks were trained alike; only the seed differs. The best gets less than 0.9% of the test digits wrong. And the worst?",
        right="about 1.1%",
        choices={
            "about 0.9%": "the seed matters more than that: it draws the start, the order, and the digits for the curvature.",
            "about 1.1%": "so a single run says little about a difference of a tenth of a percent.",
            "about 2%": "no: none of the ten fails.",
        },
    ),
}


def step(parameter: Tensor, gradient: Tensor, h: Tensor, rate: float, mu: float) -> Tensor:
    """One update of stochastic diagonal Levenberg-Marquardt (section III-B)."""
    return parameter - rate / (mu + h) * gradient


def _updates() -> list[tuple]:
    generator = torch.Generator().manual_seed(13)
    parameter, gradient = torch.randn(2, 6, generator=generator)
    h = torch.tensor([0.001, 0.01, 0.1, 0.5, 1.0, 2.0])
    return [(parameter, gradient, h, _RATE * 100, paper.SDLM_MU)]


EXERCISES = {
    "step": Code(
        right=step,
        cases=_updates,
        because="Long steps where the loss is flat, short ones where it bends, and never longer than rate / mu.",
        mistakes={
            "Without mu the step has no bound where the loss is flat.": lambda p, g, h, rate, mu: (
                p - rate / h * g
            ),
            "That goes uphill: a step is against the gradient.": lambda p, g, h, rate, mu: (
                p + rate / (mu + h) * g
            ),
            "Divide by the curvature itself: the root of a running square came later.": lambda p, g, h, rate, mu: (
                p - rate / (mu + h.sqrt()) * g
            ),
            "That makes long steps where the loss bends most. Divide.": lambda p, g, h, rate, mu: (
                p - rate * (mu + h) * g
            ),
            "That is the step only. The new parameter is wanted.": lambda p, g, h, rate, mu: (
                -rate / (mu + h) * g
            ),
        },
    ),
    "curvature": Number(
        right=_RATE / _LONGEST - paper.SDLM_MU,
        because=f"{_RATE} / {_LONGEST} - {paper.SDLM_MU}: not one parameter of theirs lay in flatter land than that.",
        hints={
            _RATE / _LONGEST: "That is mu + h. Take mu away.",
            _RATE / _LONGEST + paper.SDLM_MU: "mu stands below the rate beside h: take it away.",
            _RATE / _SHORTEST
            - paper.SDLM_MU: "That belongs to the shortest step. The longest one is asked for.",
            _RATE * _LONGEST: "The step is a quotient: rate / (mu + h).",
        },
        tolerance=1e-3,
    ),
    "chance": Choice(
        right="c",
        because="If chance alone decides, three coins fall alike once in four times.",
        hints={
            "a": "It may be better. How often would chance alone have done the same?",
            "b": "They may differ, or not: a small difference is no proof that there is none.",
        },
    ),
}
