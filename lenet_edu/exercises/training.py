"""Notebook 11: losses, steps and epochs."""

from math import log

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Explanation, Number
from lenet_edu.exercises.prediction import Estimate, Prediction
from lenet_edu.system.language import Text

_DIGITS, _BATCH = 54_996, 128

PREDICTIONS = {
    "first_loss": Prediction(
        Text(
            "Untrained, the network gives all ten classes about the same probability. The loss is minus the "
            "logarithm of the probability of the right class. How large is it?"
        ),
        right="c",
        choices={
            "a": (Text("about 0.1"), Text("that is the probability. The loss is minus its logarithm.")),
            "b": (Text("about 0.9"), Text("that is the share of errors.")),
            "c": (
                Text("about {loss:.1f}", loss=log(10)),
                Text("minus the logarithm of one tenth is the logarithm of ten."),
            ),
        },
    ),
    "rate": Prediction(
        Text(
            "The same network, trained with ten times the learning rate. What does the loss do in this run?"
        ),
        right="c",
        choices={
            "a": (
                Text("it falls faster"),
                Text("the steps are larger, but they go far beyond the place where the slope was measured."),
            ),
            "b": (
                Text("it falls more slowly"),
                Text("a rate a little too large can do that. This one is ten times too large."),
            ),
            "c": (
                Text("it stays at {loss:.1f}", loss=log(10)),
                Text("in this run the first large steps switch the ReLUs off, for all digits and for good."),
            ),
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
        because=Text(
            "{batches} full batches, and one of the {rest} digits that are left.",
            batches=_DIGITS // _BATCH,
            rest=_DIGITS % _BATCH,
        ),
        hints={
            _DIGITS // _BATCH: Text(
                "{rest} digits are left over. They make a last, smaller batch.", rest=_DIGITS % _BATCH
            ),
            _DIGITS / _BATCH: Text("A step is a whole number: the last batch is just smaller."),
            _DIGITS: Text("That is one digit a step, as in 1998. Here 128 go through together."),
        },
    ),
    "momentum": Number(
        right=100,
        because=Text("1 + 0.99 + 0.99² + ... = 1 / (1 - 0.99)."),
        hints={
            10: Text("That is right for 0.9. With 0.99 older slopes count for longer."),
            0.99: Text(
                "That is the share of the last step which is kept. Add up what all the steps before contribute."
            ),
            1.99: Text("That is the second step. Go on: each step adds less, but it adds."),
        },
        tolerance=1e-6,
    ),
    "step": Code(
        right=step,
        cases=_steps,
        because=Text("The velocity collects the slopes, and the parameter moves against it."),
        mistakes={
            Text("You go up: the gradient points to where the loss grows."): lambda p, v, g, rate, m: (
                p + rate * (m * v + g)
            ),
            Text(
                "That is a running mean. Momentum is a sum: the new gradient counts in full."
            ): lambda p, v, g, rate, m: p - rate * (m * v + (1 - m) * g),
            Text("That is plain gradient descent: the velocity is not used."): lambda p, v, g, rate, m: (
                p - rate * g
            ),
            Text("The rate is missing: that is far too large a step."): lambda p, v, g, rate, m: (
                p - (m * v + g)
            ),
            Text(
                "The rate multiplies the new gradient only. It multiplies the whole velocity."
            ): lambda p, v, g, rate, m: p - (m * v + rate * g),
            Text("That is the new velocity. Where does the parameter arrive?"): lambda p, v, g, rate, m: (
                m * v + g
            ),
        },
    ),
    "batches": Choice(
        right="a",
        because=Text("Right answers are summed over all digits and divided once."),
        hints={
            "b": Text("They are, but that is no reason why the mean should be wrong."),
            "c": Text(
                "Take ten batches of 100 and one of 1, which is wrong: the mean of accuracies falls by a tenth."
            ),
        },
    ),
    "smaller": Number(
        right=16 * _SIDE**2,
        because=Text("28, 24, 12, 8, {side}: 16 maps of {side} x {side}.", side=_SIDE),
        hints={
            400: Text("That is for 32 by 32. Follow the side: 28, 24, ..."),
            16 * 8**2: Text("That is before the second pooling."),
            _SIDE**2: Text("That is one map. There are 16."),
            16 * _SIDE: Text("A map has {side} rows of {side}.", side=_SIDE),
        },
    ),
}

EXPLANATIONS = {
    "by_heart": Explanation(
        model=Text(
            "Training digits that are all right may simply be known by heart. What counts is how the network "
            "reads digits that it has never seen, so measure it on validation digits. If their loss rises "
            "while the training loss falls, it is overfitting."
        ),
        points=(
            Text("A network can learn its training digits by heart."),
            Text("Measure on digits that it has not been trained on."),
            Text("Overfitting shows when the validation loss rises while the training loss falls."),
        ),
    ),
}

QUIZ = {
    "s2": Prediction(
        Text("S2 of LeNet-5 has 6 maps. How many parameters does it have?"),
        right="c",
        choices={
            "a": (
                "0",
                Text("that would be the pooling of today. S2 has a coefficient and a bias for each map."),
            ),
            "b": ("6", Text("that is one a map. There is a coefficient and a bias.")),
            "c": ("12", Text("a coefficient and a bias for each of the six maps.")),
            "d": (
                "24",
                Text(
                    "the four values of a square are added before they are multiplied, so one coefficient is enough."
                ),
            ),
        },
    ),
    "connections": Estimate(
        Text("A map of C3 has 10 by 10 units and reads three maps of S2. How many connections does it have?"),
        right=100 * (3 * 25 + 1),
        because=Text("100 units, each with 3 x 25 inputs and a bias."),
        hints={
            76: Text("those are its parameters. Each is used at 100 places."),
            7500: Text("and the bias of each unit?"),
        },
        factor=1.0,
    ),
    "distances": Prediction(
        Text("The output layer of 1998 gives ten distances. Which digit is the answer?"),
        right="b",
        choices={
            "a": (
                Text("the one with the largest distance"),
                Text("a distance is small where F6 looks like the code of that digit."),
            ),
            "b": (
                Text("the one with the smallest distance"),
                Text("F6 is closest to the code of that digit."),
            ),
            "c": (
                Text("the one whose distance is nearest to 1"),
                Text("1 has no special meaning for a distance."),
            ),
        },
    ),
    "slope": Prediction(
        Text(
            "A weight has the slope +2. The rate is 0.1. What happens to the weight in one step without "
            "momentum?"
        ),
        right="b",
        choices={
            "a": (Text("it rises by 0.2"), Text("that is uphill: the loss grows with this weight.")),
            "b": (Text("it falls by 0.2"), Text("against the slope, by rate times slope.")),
            "c": (Text("it falls by 2"), Text("the slope is multiplied by the rate.")),
        },
    ),
    "choosing": Prediction(
        Text("You compare three learning rates. By which digits do you choose?"),
        right="b",
        choices={
            "a": (Text("the training digits"), Text("they favour the network that learns by heart.")),
            "b": (
                Text("the validation digits"),
                Text("they are for choosing, and the test digits stay untouched."),
            ),
            "c": (
                Text("the test digits"),
                Text(
                    "then they have helped to choose, and nothing is left to show how well the chosen one reads."
                ),
            ),
        },
    ),
    "first_loss": Prediction(
        Text("The first loss of a new network with 10 classes is 14. What do you conclude?"),
        right="b",
        choices={
            "a": (
                Text("nothing, training will bring it down"),
                Text(
                    "it should be near {loss:.1f}. Such a network is sure of wrong answers before it has seen anything.",
                    loss=log(10),
                ),
            ),
            "b": (
                Text("something is wrong with the start or the input"),
                Text(
                    "a network that knows nothing should give each class about the same probability, a loss near "
                    "{loss:.1f}.",
                    loss=log(10),
                ),
            ),
            "c": (
                Text("the learning rate is too large"),
                Text("the first loss is measured before any step."),
            ),
        },
    ),
}
