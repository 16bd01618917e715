"""Notebook 10: slopes, back-propagation, and steps downhill."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Explanation, Number
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.system.language import Text

_BOOK = ledger(lenet5())
_C1 = _BOOK["C1"]
_PLACES = _C1.output_shape[1] * _C1.output_shape[2]
_TOTAL = _BOOK.totals["parameters"]
# A product for the slope of each weight, and one for the slope of each input; the image needs no slopes.
_FORWARD = sum(row.multiply_adds.value for row in _BOOK.rows)
_BACKWARD = 2 * _FORWARD - _C1.multiply_adds.value
_RATIO = _BACKWARD / _FORWARD

PREDICTIONS = {
    "direction": Prediction(
        Text(
            "This weight is negative, and the slope of the loss at it is negative, too. To make the loss "
            "smaller, the weight must:"
        ),
        right="a",
        choices={
            "a": (
                Text("rise"),
                Text(
                    "a negative slope means that the loss falls when the weight rises. One always moves against the "
                    "slope."
                ),
            ),
            "b": (
                Text("fall, as the sign of the slope says"),
                Text("that is uphill. Where the slope is negative, the loss grows towards smaller values."),
            ),
            "c": (
                Text("move towards 0, whatever the slope says"),
                Text(
                    "0 is nothing special for the loss. Here it happens to lie in the right direction; the slope is "
                    "what tells you."
                ),
            ),
        },
    ),
    "cost": Prediction(
        Text(
            "LeNet-5 has {weights:,} weights. Back-propagation finds the slopes of all of them in one run "
            "backwards through the network. How much work is that, measured in runs forwards?",
            weights=_TOTAL,
        ),
        right="c",
        choices={
            "a": (
                Text("about {weights:,} runs, one for each weight", weights=_TOTAL),
                Text("that is what measuring them one by one would cost, or twice as much."),
            ),
            "b": (
                Text("about {layers} runs, one for each layer", layers=len(_BOOK.rows)),
                Text("the run backwards passes each layer once, as the run forwards does."),
            ),
            "c": (
                Text("about two runs"),
                Text(
                    "each multiplication of the run forwards comes back twice: once for the slope of its weight, "
                    "once for the slope of its input. Counted exactly: {backward:,} to {forward:,} multiply-adds, "
                    "{ratio:.2f} times as many.",
                    backward=_BACKWARD,
                    forward=_FORWARD,
                    ratio=_RATIO,
                ),
            ),
        },
    ),
    "rate": Prediction(
        Text(
            "With the rate 0.1 the ball reaches the bottom in a few dozen steps. What happens with a rate "
            "ten times as large?"
        ),
        right="b",
        choices={
            "a": (
                Text("it arrives ten times as soon"),
                Text(
                    "only if the slope stayed the same on the whole way. It is measured at one place, and far from "
                    "there it says little."
                ),
            ),
            "b": (
                Text("it jumps across the valley, and may leave the map"),
                Text(
                    "the step goes as far as the slope and the rate say, also if the valley ends long before."
                ),
            ),
            "c": (
                Text("it stops higher up, since it skips the small steps"),
                Text(
                    "the steps shrink by themselves where the slope is small, but the ball does not get there."
                ),
            ),
        },
    ),
}


def back_maximum(x: Tensor, slope: Tensor) -> Tensor:
    """Slopes in the inputs (N, maps, H, W) of max pooling by 2x2, from those of its outputs."""
    best = F.max_pool2d(x, 2, return_indices=True)[1]
    return F.max_unpool2d(slope, best, [2, 2], output_size=x.shape)


def _maps() -> list[tuple]:
    generator = torch.Generator().manual_seed(10)
    return [(torch.randn(2, 3, 4, 6, generator=generator), torch.randn(2, 3, 2, 3, generator=generator))]


def _spread(slope: Tensor) -> Tensor:
    return slope.repeat_interleave(2, 2).repeat_interleave(2, 3)


def back_linear(c5: Tensor, f6: Tensor, slope: Tensor, weight: Tensor) -> Tensor:
    """Slopes in C5 (N, 120) from those in F6's outputs (N, 84), with F6's outputs and weights (84, 120)."""
    return (slope * _squash_slope(f6)) @ weight


def _squash_slope(x: Tensor) -> Tensor:
    amplitude = paper.SQUASH_AMPLITUDE
    return paper.SQUASH_SLOPE * (amplitude - x**2 / amplitude)


def _layer() -> list[tuple]:
    generator = torch.Generator().manual_seed(11)
    c5 = torch.randn(3, 8, generator=generator)
    weight, slope = torch.randn(5, 8, generator=generator), torch.randn(3, 5, generator=generator)
    return [(c5, paper.SQUASH_AMPLITUDE * torch.tanh(paper.SQUASH_SLOPE * (c5 @ weight.T)), slope, weight)]


EXERCISES = {
    "step": Number(
        right=0.8,
        because=Text("0.5 - 0.1 x (-3) = 0.8: minus times minus is plus, and the weight rises."),
        hints={
            0.2: Text("You went with the slope, and that is uphill. Subtract rate times slope."),
            0.3: Text("That is the change. Add it to the weight as it was."),
            3.5: Text("The rate is missing: take a tenth of the slope."),
        },
        tolerance=1e-6,
    ),
    "shared": Number(
        right=_PLACES,
        because=Text(
            "The weight is used at {height} x {width} = {places} places of its map, and each use adds one "
            "product of an input and a slope.",
            height=_C1.output_shape[1],
            width=_C1.output_shape[2],
            places=_PLACES,
        ),
        hints={
            25: Text("That is how many weights a kernel has. How many units use each of them?"),
            1: Text("That would be so in F6, where each weight has one connection. Here units share it."),
            _C1.units.value: Text(
                "Those are the units of all six maps. A weight of one kernel is used in one map only."
            ),
            32 * 32: Text(
                "There is a product for each place where the kernel can stand, and it must stand inside the image."
            ),
        },
    ),
    "maximum": Code(
        right=back_maximum,
        cases=_maps,
        because=Text(
            "Only the largest of the four has reached the output, so only it can change it: it takes the "
            "whole slope, the other three get 0."
        ),
        mistakes={
            Text(
                "You give the slope to all four. Three of them had no influence on the output."
            ): lambda x, slope: _spread(slope),
            Text("That is the way back through a mean. Here only one of the four counts."): lambda x, slope: (
                _spread(slope) / 4
            ),
            Text(
                "The slope is not multiplied by the input: the output is the largest input itself, times 1."
            ): lambda x, slope: x * back_maximum(x, slope),
            Text(
                "You give the slope to the largest absolute value. The largest value is meant with its sign."
            ): lambda x, slope: back_maximum(x.abs(), slope),
        },
    ),
    "fault": Code(
        right=back_linear,
        cases=_layer,
        because=Text(
            "The slope must pass the squash before it passes the weights. Its own weights came out right "
            "because they did use delta."
        ),
        mistakes={
            Text(
                "That is the function as it was: the line for C5 still uses the slope from before the squash."
            ): lambda c5, f6, slope, weight: slope @ weight,
            Text(
                "That is the slope of the squash computed from C5. The squash is F6's."
            ): lambda c5, f6, slope, weight: slope @ weight * _squash_slope(c5),
            Text(
                "Those are the slopes of F6's weights. You need the slopes in C5, one for each of its units."
            ): lambda c5, f6, slope, weight: (slope * _squash_slope(f6)).T @ c5,
            Text(
                "You multiply by F6's output. Multiply by the slope of the squash there."
            ): lambda c5, f6, slope, weight: (slope * f6) @ weight,
        },
    ),
    "flat": Choice(
        right="b",
        because=Text(
            "Every slope that passes the unit is multiplied by the slope of its squash. Far out that is "
            "nearly 0, so its weights hardly move, and neither does anything below that has no other way up."
        ),
        hints={
            "a": Text(
                "The loss may well be large, if the unit stands at the wrong end. What is multiplied on the way "
                "back?"
            ),
            "c": Text(
                "The rate is the same for all weights here. Look at the slope of the squash where the unit stands."
            ),
        },
    ),
}

EXPLANATIONS = {
    "blame": Explanation(
        model=Text(
            "For each weight one asks how the loss would change if this weight were a little larger. "
            "Back-propagation answers that for all weights at once: it starts at the loss and goes back "
            "layer by layer, and multiplies the slopes on the way. Then each weight moves a little against "
            "its own slope."
        ),
        points=(
            Text("Each weight has a slope: how the loss changes when this weight changes a little."),
            Text("The slopes are found from the last layer back to the first, by multiplying along the way."),
            Text("Every weight moves against its slope, by a small step."),
        ),
    ),
}
