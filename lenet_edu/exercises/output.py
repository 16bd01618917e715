"""Notebook 08: distances to the codes, and the two losses."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Code, Explanation, Number
from lenet_edu.exercises.prediction import Estimate, Prediction
from lenet_edu.network import paper
from lenet_edu.network.losses import map_loss
from lenet_edu.system.language import Text

_CODES = torch.tensor(paper.DIGIT_CODES).flatten(1).float()
_HAMMING = (_CODES[:, None] != _CODES).sum(2)
_APART = _HAMMING[_HAMMING > 0]

PREDICTIONS = {
    "kind": Prediction(
        Text(
            "OUTPUT gives ten numbers for an image, one for each digit. The image is a clear 3. How do the "
            "ten numbers look?"
        ),
        right="c",
        choices={
            "a": (
                Text("the number of the 3 is the largest"),
                Text(
                    "so it is in most networks today. Here the numbers measure how far F6 is from each code."
                ),
            ),
            "b": (
                Text("the number of the 3 is near 1, the others are near 0"),
                Text(
                    "those would be probabilities. The paper uses them in equation 9: they can be computed from "
                    "these ten numbers."
                ),
            ),
            "c": (
                Text("the number of the 3 is the smallest"),
                Text("each unit tells how far F6 is from its code, and F6 looks like the code of the 3."),
            ),
        },
    ),
    "nearest": Prediction(
        Text("Which two of these codes are most alike?"),
        right="c",
        choices={
            "a": (Text("1 and 7"), Text("they differ in {pixels} of 84 pixels.", pixels=_HAMMING[1, 7])),
            "b": (Text("3 and 8"), Text("they differ in {pixels} of 84 pixels.", pixels=_HAMMING[3, 8])),
            "c": (Text("6 and 8"), Text("they differ in {pixels} of 84 pixels only.", pixels=_HAMMING[6, 8])),
        },
    ),
    "collapse": Prediction(
        Text(
            "Let the codes learn too, and train with equation 8, which asks only that F6 be near the right "
            "code. The loss:"
        ),
        right="b",
        choices={
            "a": (
                Text("goes to zero, and digits are read better than ever"),
                Text("the loss does not ask that wrong codes be far away."),
            ),
            "b": (
                Text("goes to zero, and the codes become equal"),
                Text("if all codes are one point and F6 is always there, every distance is zero."),
            ),
            "c": (
                Text("stays high: the codes run away from F6"),
                Text("both move towards each other: that is what lowers the loss."),
            ),
        },
    ),
}


def distances(x: Tensor, codes: Tensor) -> Tensor:
    """(N, 84) and (10, 84) -> (N, 10): squared Euclidean distances (equation 7)."""
    return (x[:, None] - codes).square().sum(2)


def _points() -> list[tuple]:
    generator = torch.Generator().manual_seed(9)
    return [(_CODES[[3, 5, 8]] + 0.5 * torch.randn(3, 84, generator=generator), _CODES)]


def loss(y: Tensor, d: int, j: float) -> Tensor:
    """Equation 9 for one image: distances (10,), right class, the distance of rubbish."""
    return map_loss(y[None], torch.tensor([d]), j)


def _loss_without_rubbish(y: Tensor, d: int, j: float) -> Tensor:
    return y[d] + (-y).logsumexp(0)


def _distance_cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(10)
    return [(5 * torch.rand(10, generator=generator), d, j) for d, j in ((3, 1.0), (7, 0.1))]


EXERCISES = {
    "corners": Number(
        right=4 * int(_APART.min()),
        because=Text(
            "Where two codes differ, one has 1 and the other -1: a difference of 2, squared 4, {pixels} times.",
            pixels=_APART.min(),
        ),
        hints={
            int(_APART.min()): Text(
                "That is the number of pixels that differ. How far apart are 1 and -1, squared?"
            ),
            2 * int(_APART.min()): Text("Each difference is 2. Equation 7 squares it."),
            int(_APART.max()) * 4: Text("That is the distance of codes that are least alike."),
        },
    ),
    "safe": Number(
        right=int(_APART.min()),
        because=Text(
            "Half of the way between two codes is half of their straight distance, and squared that is a "
            "quarter. It says which code is the nearest, not that the answer is right."
        ),
        hints={
            2 * int(_APART.min()): Text("Half of a straight distance is a quarter of its square."),
            4 * int(_APART.min()): Text("At that distance F6 may stand on the other code."),
            int(_APART.min()) ** 0.5: Text("That is the straight distance. OUTPUT gives its square."),
        },
    ),
    "products": Code(
        right=distances,
        cases=_points,
        because=Text(
            "The square of F6, minus twice the product with the code, plus the square of the code: one "
            "matrix product does most of the work. The code's part is 84 for every code, so a larger product "
            "means a smaller distance."
        ),
        mistakes={
            Text("The factor 2 before the product is missing."): lambda x, codes: (
                x.square().sum(1, keepdim=True) - x @ codes.T + codes.square().sum(1)
            ),
            Text(
                "The square of F6 is missing. The order of the codes is right, the distances are not."
            ): lambda x, codes: codes.square().sum(1) - 2 * x @ codes.T,
            Text("The square of the code is missing: 84, since every pixel is 1 or -1."): lambda x, codes: (
                x.square().sum(1, keepdim=True) - 2 * x @ codes.T
            ),
            Text("The sign before the product is wrong."): lambda x, codes: (
                x.square().sum(1, keepdim=True) + 2 * x @ codes.T + codes.square().sum(1)
            ),
            Text("Images in rows and digits in columns, please: yours is transposed."): lambda x, codes: (
                distances(x, codes).T
            ),
        },
    ),
    "loss": Code(
        right=loss,
        cases=_distance_cases,
        because=Text("The first term pulls towards the right code, the second pushes away from the others."),
        mistakes={
            Text(
                "The class of rubbish is missing: add e to the power of -j inside the logarithm."
            ): _loss_without_rubbish,
            Text("That is equation 8, which only pulls."): lambda y, d, j: y[d],
            Text("The sign of the second term is wrong: it is added."): lambda y, d, j: (
                2 * y[d] - loss(y, d, j)
            ),
            Text("Inside the logarithm stands e to the power of *minus* the distances."): lambda y, d, j: (
                y[d] + torch.log(torch.exp(torch.tensor(-j)) + y.exp().sum())
            ),
            Text("The logarithm is missing."): lambda y, d, j: (
                y[d] + torch.exp(torch.tensor(-j)) + (-y).exp().sum()
            ),
        },
    ),
}

EXPLANATIONS = {
    "cure": Explanation(
        model=Text(
            "If all codes were one point, all ten distances would be equal, and the second term of equation "
            "9 would be at least the logarithm of 10. Only codes that stay apart can make it smaller: then "
            "the wrong distances are large and hardly count in the sum. Equation 8 has no such term, so "
            "nothing speaks against one common point."
        ),
        points=(
            Text("At one common point all distances are equal."),
            Text("Then the second term of equation 9 is large, at least log 10."),
            Text("Equation 8 asks only for a small distance to the right code, and a common point gives it."),
        ),
    ),
}

# Spaced recall: this notebook and those before it.
QUIZ = {
    "sharing": Prediction(
        Text("C1 has 6 maps of 28 by 28 units and 156 parameters. Why so few?"),
        right="b",
        choices={
            "a": (
                Text("each unit reads only one pixel"),
                Text("each unit reads 25 pixels, a square of 5 by 5."),
            ),
            "b": (
                Text("all units of a map share one kernel and one bias"),
                Text("6 kernels of 25 weights, and 6 biases."),
            ),
            "c": (Text("most of its weights are zero"), Text("all of them are used, at every place.")),
        },
    ),
    "subsampling": Prediction(
        Text("A unit of S2 adds its four inputs. What comes next?"),
        right="c",
        choices={
            "a": (
                Text("divided by four, and that is all"),
                Text("that is average pooling, which has no parameters. S2 has twelve."),
            ),
            "b": (
                Text("the largest of the four goes on"),
                Text("that is max pooling, which came into use later."),
            ),
            "c": (
                Text("times one coefficient, plus one bias, then the squash"),
                Text("coefficient and bias are trained, one of each for a map."),
            ),
        },
    ),
    "table": Prediction(
        Text("C3's maps do not all read the same maps of S2. What does the paper want from that?"),
        right="b",
        choices={
            "a": (
                Text("a larger receptive field"),
                Text("that depends on the kernel's size and the layers below, not on the table."),
            ),
            "b": (
                Text("fewer connections, and maps that must differ"),
                Text("maps with different inputs are led to find different things."),
            ),
            "c": (Text("that the digit may move"), Text("kernels and subsampling are for that.")),
        },
    ),
    "field": Estimate(
        Text("A unit of C3 sees a square of the image. How many pixels long is its side?"),
        right=14,
        because=Text(
            "it reads 5 units of S2 in a row, 2 pixels apart, and each of them sees 6 pixels: 4 x 2 + 6."
        ),
        hints={
            5: Text("those are units of S2. Each of them sees more than one pixel."),
            10: Text("S2's units overlap: each sees 6 pixels."),
        },
        factor=1.05,
    ),
    "larger": Prediction(
        Text("You give LeNet-5 an image of 64 by 64, up to C5. What happens?"),
        right="b",
        choices={
            "a": (Text("it fails: the weights do not fit"), Text("kernels fit images of any size.")),
            "b": (
                Text("C5 gives maps of 9 by 9, with the same weights"),
                Text("one place for each window of 32 by 32, every four pixels."),
            ),
            "c": (
                Text("C5 needs four times as many weights"),
                Text("a kernel does not grow with the image."),
            ),
        },
    ),
    "distance": Prediction(
        Text("F6 of an image lies at distance 9 from the code of 6. What is sure?"),
        right="b",
        choices={
            "a": (
                Text("the image shows a 6"),
                Text(
                    "a 0 or even noise can come near the code of 6. The distance says how F6 looks, no more."
                ),
            ),
            "b": (
                Text("no other code is nearer"),
                Text(
                    "two codes are at least {distance} apart, and 9 is below a quarter of that.",
                    distance=4 * int(_APART.min()),
                ),
            ),
            "c": (
                Text("the probability of the 6 is above 90%"),
                Text(
                    "a distance is no probability. That needs a temperature that was chosen on digits of the same kind."
                ),
            ),
        },
    ),
}
