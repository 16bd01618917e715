"""Notebook 05: resolution falls, maps rise, and how much a moved or bent digit matters."""

from lenet_edu.exercises.checking import Code, Explanation, Number
from lenet_edu.exercises.prediction import Estimate, Prediction
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.system.language import Text

_BOOK = ledger(lenet5())
_ROW = _BOOK["S4"]
_UNITS = {row.name: row.units.value for row in (_BOOK.input, *_BOOK.rows)}

PREDICTIONS = {
    "units": Prediction(
        Text("From C1 to S4 the number of maps grows from six to sixteen. What does the number of units do?"),
        right="c",
        choices={
            "a": (
                Text("it grows"),
                Text("there are more maps, but each has far fewer units: both sides of a map shrink."),
            ),
            "b": (
                Text("it stays about the same"),
                Text(
                    "there are less than three times as many maps, and each map loses nearly all its units."
                ),
            ),
            "c": (
                Text("it falls to less than a tenth"),
                Text("{c1:,} units in C1, {s4:,} in S4.", c1=_UNITS["C1"], s4=_UNITS["S4"]),
            ),
        },
    ),
    "invariance": Prediction(
        Text(
            "A digit moves by one pixel. In which layers is this change smallest, compared with the change "
            "to another digit?"
        ),
        right="c",
        choices={
            "a": (
                Text("in C1, whose maps are the finest"),
                Text("there a pixel is as much as it is in the image: the maps simply move along."),
            ),
            "b": (
                Text("in S2 and S4, which lower the resolution"),
                Text(
                    "they help a little. But a move by one pixel is half a place in S2 and a quarter of a place in "
                    "S4, and the numbers there change."
                ),
            ),
            "c": (
                Text("in C5 and F6"),
                Text(
                    "these layers see the whole digit, and training shows them digits that stand a little to the "
                    "left or to the right."
                ),
            ),
        },
    ),
    "rotation": Prediction(
        Text(
            "The network has been trained on upright digits. Every test digit is turned by 30 degrees. Of a "
            "hundred, how many does it misread?"
        ),
        right="b",
        choices={
            "a": (
                Text("about 1, as before"),
                Text("the paper estimates that it reads such digits accurately. Measured, it is worse."),
            ),
            "b": (
                Text("about 20"),
                Text(
                    "it depends on the direction: to one side fewer, to the other side more. See the second panel "
                    "from the right."
                ),
            ),
            "c": (Text("nearly all"), Text("it takes about twice that angle until most digits are misread.")),
        },
    ),
}


def field(layers: list[tuple[int, int]]) -> int:
    """(side of the kernel, stride) of each layer, the first one first -> side of the receptive field."""
    side = 1
    for kernel, stride in reversed(layers):
        side = (side - 1) * stride + kernel
    return side


def _stacks() -> list[tuple]:
    c1_to_s4 = [(5, 1), (2, 2), (5, 1), (2, 2)]
    return [(c1_to_s4,), (c1_to_s4[:2],), ([(3, 1), (3, 2), (7, 3)],)]


EXERCISES = {
    "step": Number(
        right=2 * _ROW.stride.value,
        because=Text("2 x 2 x 2: S2, S4 and S6 each halve the number of places."),
        hints={
            _ROW.stride.value: Text("That moves S4 by one place. S6 takes every second place of S4."),
            2 * 3: Text(
                "Each of the three layers takes every second place of the one below: multiply, do not add."
            ),
            16: Text("That is how far a unit of S4 sees. Its neighbour begins sooner."),
            2: Text("That moves S2 by one place. Two more layers behind it halve the number of places."),
        },
    ),
    "side": Number(
        right=((64 - 5 + 1) // 2 - 5 + 1) // 2,
        because=Text("64 - 5 + 1 = 60, halved 30, 30 - 5 + 1 = 26, halved 13."),
        hints={
            10: Text(
                "The side does not simply double with the image: each convolution takes away 4, whatever the size."
            ),
            16: Text("64 halved twice: you left out the convolutions, each of which takes away 4."),
            26: Text("That is C3. S4 halves it once more."),
            (64 - 4 - 4) // 4: Text("Both convolutions come before both halvings here. C3 comes after S2."),
        },
    ),
    "field": Code(
        right=field,
        cases=_stacks,
        because=Text("16 for the way from C1 to S4, as in the ledger."),
        mistakes={
            Text("You begin with the first layer; begin with the last one and go down."): lambda layers: (
                field(layers[::-1])
            ),
            Text("You leave out the strides."): lambda layers: field([(kernel, 1) for kernel, _ in layers]),
            Text(
                "You add the sides of the kernels. Each of them overlaps with its neighbour."
            ): lambda layers: sum(kernel for kernel, _ in layers),
            Text("Kernel and stride are exchanged: the kernel comes first in each pair."): lambda layers: (
                field([(stride, kernel) for kernel, stride in layers])
            ),
        },
    ),
}
EXPLANATIONS = {
    "invariance": Explanation(
        model=Text(
            "Equivariance means that the output moves along when the input moves: C1's maps do exactly that. "
            "Invariance means that the output stays the same although the input moves. F6 comes near to it: "
            "after a move by one pixel it gives nearly the same numbers."
        ),
        points=(
            Text("Equivariant: the output moves with the input, as in C1."),
            Text("Invariant: the output stays the same."),
            Text("F6, or C5, comes near to invariance, and only for small moves."),
        ),
    ),
}

QUIZ = {
    "moved": Prediction(
        Text(
            "Where is the same digit found more easily after it has moved: by comparing pixels, or in a map "
            "of C1?"
        ),
        right="b",
        choices={
            "a": (
                Text("by comparing pixels"),
                Text("after a move by two pixels hardly any stroke covers itself any more."),
            ),
            "b": (
                Text("in the map: it moves along"),
                Text("the same kernel stands at every place, so what it found is found again."),
            ),
            "c": (
                Text("it is equally hard"),
                Text("a map of C1 has the same numbers as before, at another place."),
            ),
        },
    ),
    "subsampling": Estimate(
        Text("Two maps are subsampled in squares of 2 by 2, as the paper does it. How many parameters?"),
        right=2 * 2,
        because=Text("a coefficient and a bias for each map."),
        hints={
            2 * 5: Text("the four inputs share one coefficient."),
            0: Text("that is pooling as it is today."),
        },
        factor=1.0,
    ),
    "five_maps": Estimate(
        Text(
            "A map of C3 reads five maps of S2, with kernels of 5 by 5. How many parameters does this one "
            "map have?"
        ),
        right=5 * 25 + 1,
        because=Text("5 x 25 + 1: a kernel for each map that it reads, and one bias."),
        hints={
            5 * 26: Text("it has one bias, however many maps it reads."),
            25 + 1: Text("it has a kernel for each of the five maps."),
        },
        factor=1.0,
    ),
    "saturation": Prediction(
        Text(
            "A unit's weighted sum is 5, far out on the squash. The sum grows to 6. What does its output do?"
        ),
        right="b",
        choices={
            "a": (Text("it grows by 1"), Text("that would be so without a squash.")),
            "b": (Text("it hardly changes"), Text("the squash is flat there: the unit is in saturation.")),
            "c": (Text("it falls"), Text("the squash never falls.")),
        },
    ),
    "trained_layers": Prediction(
        Text("Which of these layers have parameters?"),
        right="b",
        choices={
            "a": (
                Text("C1 and C3 only"),
                Text(
                    "S2 and S4 have a coefficient and a bias for each map. Only the pooling of today has none."
                ),
            ),
            "b": (
                Text("C1, S2, C3 and S4"),
                Text("kernels and biases in C1 and C3, coefficients and biases in S2 and S4."),
            ),
            "c": (
                Text("INPUT, C1, S2, C3 and S4"),
                Text("the input has nothing to learn, and is not counted as a layer."),
            ),
        },
    ),
    "side": Estimate(
        Text("An image of 48 by 48 goes through C1 and S2. What is the side of a map of S2?"),
        right=(48 - 5 + 1) // 2,
        because=Text("48 - 5 + 1 = 44, halved 22."),
        hints={48 // 2: Text("the convolution takes away 4 first."), 44: Text("that is C1. S2 halves it.")},
        factor=1.0,
    ),
}
