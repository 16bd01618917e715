"""Notebook 14: the training of 1998, its steps, and what a difference between runs is worth."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.system.language import Text

_RATE = paper.GLOBAL_RATES[0][0]
_SHORTEST, _LONGEST = paper.EFFECTIVE_RATES

PREDICTIONS = {
    "start": Prediction(
        Text(
            "The first weights are drawn ten times as large as in 1998. In its first passes the network will "
            "then learn"
        ),
        right="c",
        choices={
            "a": (
                Text("not at all: its squashes are saturated"),
                Text("at ten times they are not yet; at a hundred times they are."),
            ),
            "b": (
                Text("more slowly"),
                Text("the signal fades less on its way up, and so does the slope on its way down."),
            ),
            "c": (
                Text("faster"),
                Text(
                    "a start of plus or minus 2.4/F is a cautious one, and the signal all but fades on its way to F6."
                ),
            ),
        },
    ),
    "bend": Prediction(
        Text(
            "Along one parameter the loss bends ten times as strongly as along another. The slopes are the "
            "same. With SDLM the first parameter takes"
        ),
        right="b",
        choices={
            "a": (
                Text("the longer step: there is more to gain"),
                Text("where the loss bends strongly, the valley is narrow, and a long step jumps across it."),
            ),
            "b": (
                Text("the shorter step"),
                Text(
                    "where the loss bends strongly, the valley is narrow. The curvature stands below the rate."
                ),
            ),
            "c": (
                Text("the same step: the slopes are the same"),
                Text("plain gradient descent does that. SDLM divides by the curvature, too."),
            ),
        },
    ),
    "seeds": Prediction(
        Text(
            "You train a network once and get 1.0% of the test digits wrong. A friend trains with another "
            "recipe, once, and gets 0.9%. What do you conclude?"
        ),
        right="b",
        choices={
            "a": (
                Text("the other recipe is better"),
                Text("look at ten runs of one and the same recipe below: they differ by more than that."),
            ),
            "b": (
                Text("nothing yet: another seed may turn it round"),
                Text("ten runs of one and the same recipe differ by more than that."),
            ),
            "c": (
                Text("the two recipes are equally good"),
                Text("that is not shown either: one of them may well be better."),
            ),
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
        because=Text(
            "Long steps where the loss is flat, short ones where it bends, and never longer than rate / mu."
        ),
        mistakes={
            Text("Without mu the step has no bound where the loss is flat."): lambda p, g, h, rate, mu: (
                p - rate / h * g
            ),
            Text("That goes uphill: a step is against the gradient."): lambda p, g, h, rate, mu: (
                p + rate / (mu + h) * g
            ),
            Text(
                "Divide by the curvature itself: the root of a running square came later."
            ): lambda p, g, h, rate, mu: p - rate / (mu + h.sqrt()) * g,
            Text("That makes long steps where the loss bends most. Divide."): lambda p, g, h, rate, mu: (
                p - rate * (mu + h) * g
            ),
            Text("That is the step only. The new parameter is wanted."): lambda p, g, h, rate, mu: (
                -rate / (mu + h) * g
            ),
        },
    ),
    "curvature": Number(
        right=_RATE / _LONGEST - paper.SDLM_MU,
        because=Text(
            "{rate} / {longest} - {mu}: no parameter of their network had a smaller curvature.",
            rate=_RATE,
            longest=_LONGEST,
            mu=paper.SDLM_MU,
        ),
        hints={
            _RATE / _LONGEST: Text("That is mu + h. Take mu away."),
            _RATE / _LONGEST + paper.SDLM_MU: Text("mu stands below the rate beside h: take it away."),
            _RATE / _SHORTEST - paper.SDLM_MU: Text(
                "That belongs to the shortest step. The longest one is asked for."
            ),
            _RATE * _LONGEST: Text("The step is a quotient: rate / (mu + h)."),
        },
        tolerance=1e-3,
    ),
    "chance": Choice(
        right="c",
        because=Text("If chance alone decides, three coins fall alike once in four times."),
        hints={
            "a": Text("It may be better. How often would chance alone have done the same?"),
            "b": Text("They may differ, or not: a small difference is no proof that there is none."),
        },
    ),
}

EXPLANATIONS = {
    "large": Explanation(
        model=Text(
            "The weighted sums become so large that the squash is at its flat ends: the units are saturated "
            "from C1 on. There the slope of the squash is nearly zero, and back-propagation multiplies by it "
            "in each layer. So hardly any slope arrives at the weights, and they hardly move."
        ),
        points=(
            Text("Large weights make large sums, so the units are saturated."),
            Text("In saturation the slope of the squash is nearly zero."),
            Text("Slopes are multiplied on their way back, so the weights hardly move."),
        ),
    ),
}
