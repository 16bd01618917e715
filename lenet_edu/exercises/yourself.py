"""Twelve questions for before and after the course: `questions()`, `score("abca...")`, `reasons("abca...")`.

Before the course only `score` is asked, so that the answers stay unknown until the second time.
"""

from html import escape

from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.system.errors import LenetError

_BOOK = ledger(lenet5())
_C1 = _BOOK["C1"]
_PARAMETERS, _CONNECTIONS = _C1.parameters.value, _C1.connections.value

QUESTIONS = [
    Prediction(
        "Why does LeNet-5 not simply compare the pixels of an image with stored examples?",
        right="a digit that is moved by two pixels has other pixels, but is the same digit",
        choices={
            "storing examples takes too much memory": "memory was short in 1998, but that is not the point: a moved digit would still look different.",
            "a digit that is moved by two pixels has other pixels, but is the same digit": "pixels at fixed places change completely when a digit moves. See notebook 00.",
            "pixels are too dark": "the darkness of pixels can be scaled. A moved digit stays a problem.",
        },
    ),
    Prediction(
        "A kernel of 5 by 5 slides over an image of 32 by 32, one place at a time, without a frame. How large is the feature map?",
        right="28 by 28",
        choices={
            "32 by 32": "the kernel cannot stand at the edge unless there is a frame of extra pixels.",
            "27 by 27": "32 - 5 is 27, but the first place counts too: 32 - 5 + 1.",
            "28 by 28": "32 - 5 + 1 places in each direction. See notebook 02.",
        },
    ),
    Prediction(
        "C1 has six maps, with a kernel of 5 by 5 and a bias each. How many parameters does it have?",
        right=f"{_PARAMETERS}",
        choices={
            f"{_PARAMETERS}": "6 x (25 + 1): all places of a map share one kernel. See notebook 02.",
            "150": "each map has a bias, too.",
            f"{_CONNECTIONS:,}": "those are its connections. Each parameter is used at many places.",
        },
    ),
    Prediction(
        "What happens to a feature map of C1 when the digit moves three pixels to the right?",
        right="the pattern in the map moves three places to the right",
        choices={
            "nothing": "that would be invariance. A convolution moves along: equivariance.",
            "the pattern in the map moves three places to the right": "the same kernel is used at every place. See notebook 02.",
            "the map must be learned again": "the kernel is the same everywhere, so nothing has to be learned again.",
        },
    ),
    Prediction(
        "What is gained by making the maps smaller, as S2 and S4 do?",
        right="a small shift of the digit changes less",
        choices={
            "the maps get sharper": "they get coarser: exact positions are given up on purpose.",
            "a small shift of the digit changes less": "the exact position of a stroke matters less. See notebooks 03 and 05.",
            "the network gets more parameters": "these layers have hardly any parameters, and smaller maps mean fewer weights above.",
        },
    ),
    Prediction(
        "A map of C3 reads three maps of S2. How does it come from them?",
        right="one kernel for each of the three maps, everything added, plus one bias",
        choices={
            "the three maps are averaged, then one kernel is applied": "each of the three maps has a kernel of its own.",
            "one kernel for each of the three maps, everything added, plus one bias": "3 x 25 weights and one bias. See notebook 04.",
            "three kernels and three biases give three maps": "the three sums are added to a single map, with a single bias.",
        },
    ),
    Prediction(
        "What does the squash of a unit do to a very large weighted sum?",
        right="the output stays close to a fixed limit",
        choices={
            "it becomes 1 exactly": f"the limit of this squash is {paper.SQUASH_AMPLITUDE}, and it is approached, not reached.",
            "the output stays close to a fixed limit": "the squash is flat there: the unit is in saturation. See notebook 03.",
            "the output grows in proportion": "that would be so without a squash.",
        },
    ),
    Prediction(
        "The output layer of 1998 compares the 84 numbers of F6 with ten fixed codes. Which digit is the answer?",
        right="the one whose code is nearest",
        choices={
            "the one whose code is nearest": "the smallest distance wins. See notebook 08.",
            "the one whose distance is largest": "a large distance means that F6 looks like something else.",
            "the one with the most numbers above zero": "only the distance to the whole code counts.",
        },
    ),
    Prediction(
        "The slope of the loss at a weight is negative. What does one step of training do to this weight?",
        right="it makes the weight larger",
        choices={
            "it makes the weight smaller": "with a negative slope the loss falls when the weight grows. A step goes against the slope.",
            "it makes the weight larger": "against the slope. See notebook 10.",
            "it sets the weight to zero": "zero has no special meaning for the loss.",
        },
    ),
    Prediction(
        "What does back-propagation do?",
        right="it computes the slopes of the loss in all weights, from the last layer to the first",
        choices={
            "it computes the slopes of the loss in all weights, from the last layer to the first": "one run backwards gives all of them. See notebook 10.",
            "it sends the image backwards through the network": "slopes go backwards, not the image.",
            "it tries small changes of each weight and keeps the good ones": "that would take two runs for each weight.",
        },
    ),
    Prediction(
        "A network gets every training digit right and 90% of the validation digits. What is this called?",
        right="overfitting",
        choices={
            "convergence": "that says that the loss no longer falls, on whatever digits.",
            "saturation": "that is what happens to a unit at the flat end of its squash.",
            "overfitting": "it knows its training digits by heart. See notebook 11.",
        },
    ),
    Prediction(
        "You try five recipes and report the best one's accuracy on the very pictures by which you chose it. What is wrong?",
        right="the number is too high: part of it is luck",
        choices={
            "nothing, if the pictures were not used for training": "they were used for choosing. That is a kind of training.",
            "the number is too low": "choosing the best of five makes it higher, not lower.",
            "the number is too high: part of it is luck": "choose by validation pictures, and report test pictures. See notebooks 11 and 12.",
        },
    ),
]
_LETTERS = "abc"
_NO_LETTERS = (
    f"Not answered yet: put your {len(QUESTIONS)} letters between the quotes and run the cell again."
)


class Sheet:
    """The questions with lettered choices, without the answers."""

    def __repr__(self) -> str:
        return "\n\n".join(
            "\n".join(
                [f"{place}. {one.question}", *(f"   ({letter}) {choice}" for letter, choice in _offered(one))]
            )
            for place, one in enumerate(QUESTIONS, start=1)
        )

    def _repr_html_(self) -> str:
        asked = []
        for one in QUESTIONS:
            choices = "".join(f"<li>{escape(choice)}</li>" for _, choice in _offered(one))
            asked.append(f'<li>{escape(one.question)}<ol type="a">{choices}</ol></li>')
        return f"<ol>{''.join(asked)}</ol>"


def questions() -> Sheet:
    """The twelve questions, for the screen or for paper."""
    return Sheet()


def score(letters: str) -> str:
    """How many of twelve letters, such as "abcabcabcabc", are right. Raises LenetError if they are not twelve."""
    if not letters:
        return _NO_LETTERS
    right = [choice == one.right for one, choice in zip(QUESTIONS, _chosen(letters), strict=True)]
    return f"{sum(right)} of {len(QUESTIONS)} right"


def reasons(letters: str) -> str:
    """The score, and for each wrong answer why it is wrong, and the right one. Raises LenetError as `score`."""
    if not letters:
        return _NO_LETTERS
    lines = [score(letters)]
    for place, (one, choice) in enumerate(zip(QUESTIONS, _chosen(letters), strict=True), start=1):
        if choice != one.right:
            lines.append(f"{place}. “{choice}”: {one.choices[choice]}\n   It is {one.answer}")
    return "\n".join(lines)


def _offered(one: Prediction):
    return zip(_LETTERS, one.choices, strict=True)


def _chosen(letters: str) -> list[str]:
    """The choices that the letters name; spaces and commas between them do not matter."""
    given = "".join(str(letters).lower().split()).replace(",", "")
    if len(given) != len(QUESTIONS) or set(given) - set(_LETTERS):
        raise LenetError(
            "{count} letters a, b or c are wanted, one for each question; got {letters!r}.",
            count=len(QUESTIONS),
            letters=letters,
        )
    return [dict(_offered(one))[letter] for one, letter in zip(QUESTIONS, given, strict=True)]
