"""Twelve questions for before and after the course: `questions()`, `score("abca...")`, `reasons("abca...")`.

Before the course only `score` is asked, so that the answers stay unknown until the second time.
"""

from html import escape

from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import Text, shown, translate

_BOOK = ledger(lenet5())
_C1 = _BOOK["C1"]
_PARAMETERS, _CONNECTIONS = _C1.parameters.value, _C1.connections.value

QUESTIONS = [
    Prediction(
        Text("Why does LeNet-5 not simply compare the pixels of an image with stored examples?"),
        right="b",
        choices={
            "a": (
                Text("storing examples takes too much memory"),
                Text(
                    "memory was short in 1998, but that is not the point: a moved digit would still look different."
                ),
            ),
            "b": (
                Text("a digit that is moved by two pixels has other pixels, but is the same digit"),
                Text("pixels at fixed places change completely when a digit moves. See notebook 00."),
            ),
            "c": (
                Text("pixels are too dark"),
                Text("the darkness of pixels can be scaled. A moved digit stays a problem."),
            ),
        },
    ),
    Prediction(
        Text(
            "A kernel of 5 by 5 slides over an image of 32 by 32, one place at a time, without a frame. How "
            "large is the feature map?"
        ),
        right="c",
        choices={
            "a": (
                Text("32 by 32"),
                Text("the kernel cannot stand at the edge unless there is a frame of extra pixels."),
            ),
            "b": (Text("27 by 27"), Text("32 - 5 is 27, but the first place counts too: 32 - 5 + 1.")),
            "c": (Text("28 by 28"), Text("32 - 5 + 1 places in each direction. See notebook 02.")),
        },
    ),
    Prediction(
        Text("C1 has six maps, with a kernel of 5 by 5 and a bias each. How many parameters does it have?"),
        right="a",
        choices={
            "a": (
                f"{_PARAMETERS}",
                Text("6 x (25 + 1): all places of a map share one kernel. See notebook 02."),
            ),
            "b": ("150", Text("each map has a bias, too.")),
            "c": (
                f"{_CONNECTIONS:,}",
                Text("those are its connections. Each parameter is used at many places."),
            ),
        },
    ),
    Prediction(
        Text("What happens to a feature map of C1 when the digit moves three pixels to the right?"),
        right="b",
        choices={
            "a": (
                Text("nothing"),
                Text("that would be invariance. A convolution moves along: equivariance."),
            ),
            "b": (
                Text("the pattern in the map moves three places to the right"),
                Text("the same kernel is used at every place. See notebook 02."),
            ),
            "c": (
                Text("the map must be learned again"),
                Text("the kernel is the same everywhere, so nothing has to be learned again."),
            ),
        },
    ),
    Prediction(
        Text("What is gained by making the maps smaller, as S2 and S4 do?"),
        right="b",
        choices={
            "a": (
                Text("the maps get sharper"),
                Text("they get coarser: exact positions are given up on purpose."),
            ),
            "b": (
                Text("a small shift of the digit changes less"),
                Text("the exact position of a stroke matters less. See notebooks 03 and 05."),
            ),
            "c": (
                Text("the network gets more parameters"),
                Text("these layers have hardly any parameters, and smaller maps mean fewer weights above."),
            ),
        },
    ),
    Prediction(
        Text("A map of C3 reads three maps of S2. How does it come from them?"),
        right="b",
        choices={
            "a": (
                Text("the three maps are averaged, then one kernel is applied"),
                Text("each of the three maps has a kernel of its own."),
            ),
            "b": (
                Text("one kernel for each of the three maps, everything added, plus one bias"),
                Text("3 x 25 weights and one bias. See notebook 04."),
            ),
            "c": (
                Text("three kernels and three biases give three maps"),
                Text("the three sums are added to a single map, with a single bias."),
            ),
        },
    ),
    Prediction(
        Text("What does the squash of a unit do to a very large weighted sum?"),
        right="b",
        choices={
            "a": (
                Text("it becomes 1 exactly"),
                Text(
                    "the limit of this squash is {limit}, and it is approached, not reached.",
                    limit=paper.SQUASH_AMPLITUDE,
                ),
            ),
            "b": (
                Text("the output stays close to a fixed limit"),
                Text("the squash is flat there: the unit is in saturation. See notebook 03."),
            ),
            "c": (Text("the output grows in proportion"), Text("that would be so without a squash.")),
        },
    ),
    Prediction(
        Text(
            "The output layer of 1998 compares the 84 numbers of F6 with ten fixed codes. Which digit is the "
            "answer?"
        ),
        right="a",
        choices={
            "a": (
                Text("the one whose code is nearest"),
                Text("the smallest distance wins. See notebook 08."),
            ),
            "b": (
                Text("the one whose distance is largest"),
                Text("a large distance means that F6 looks like something else."),
            ),
            "c": (
                Text("the one with the most numbers above zero"),
                Text("only the distance to the whole code counts."),
            ),
        },
    ),
    Prediction(
        Text(
            "The slope of the loss at a weight is negative. What does one step of training do to this weight?"
        ),
        right="b",
        choices={
            "a": (
                Text("it makes the weight smaller"),
                Text(
                    "with a negative slope the loss falls when the weight grows. A step goes against the slope."
                ),
            ),
            "b": (Text("it makes the weight larger"), Text("against the slope. See notebook 10.")),
            "c": (Text("it sets the weight to zero"), Text("zero has no special meaning for the loss.")),
        },
    ),
    Prediction(
        Text("What does back-propagation do?"),
        right="a",
        choices={
            "a": (
                Text("it computes the slopes of the loss in all weights, from the last layer to the first"),
                Text("one run backwards gives all of them. See notebook 10."),
            ),
            "b": (
                Text("it sends the image backwards through the network"),
                Text("slopes go backwards, not the image."),
            ),
            "c": (
                Text("it tries small changes of each weight and keeps the good ones"),
                Text("that would take two runs for each weight."),
            ),
        },
    ),
    Prediction(
        Text(
            "A network gets every training digit right and 90% of the validation digits. What is this called?"
        ),
        right="c",
        choices={
            "a": (Text("convergence"), Text("that says that the loss no longer falls, on whatever digits.")),
            "b": (Text("saturation"), Text("that is what happens to a unit at the flat end of its squash.")),
            "c": (Text("overfitting"), Text("it knows its training digits by heart. See notebook 11.")),
        },
    ),
    Prediction(
        Text(
            "You try five recipes and report the best one's accuracy on the very pictures by which you chose "
            "it. What is wrong?"
        ),
        right="c",
        choices={
            "a": (
                Text("nothing, if the pictures were not used for training"),
                Text("they were used for choosing. That is a kind of training."),
            ),
            "b": (
                Text("the number is too low"),
                Text("choosing the best of five makes it higher, not lower."),
            ),
            "c": (
                Text("the number is too high: part of it is luck"),
                Text("choose by validation pictures, and report test pictures. See notebooks 11 and 12."),
            ),
        },
    ),
]


class Sheet:
    """The questions with lettered choices, without the answers."""

    def __repr__(self) -> str:
        return "\n\n".join(
            "\n".join(
                [
                    f"{place}. {shown(one.question)}",
                    *(f"   ({letter}) {shown(words)}" for letter, (words, _) in one.choices.items()),
                ]
            )
            for place, one in enumerate(QUESTIONS, start=1)
        )

    def _repr_html_(self) -> str:
        asked = []
        for one in QUESTIONS:
            choices = "".join(f"<li>{escape(shown(words))}</li>" for words, _ in one.choices.values())
            asked.append(f'<li>{escape(shown(one.question))}<ol type="a">{choices}</ol></li>')
        return f"<ol>{''.join(asked)}</ol>"


def questions() -> Sheet:
    """The twelve questions, for the screen or for paper."""
    return Sheet()


def score(letters: str) -> str:
    """How many of twelve letters, such as "abcabcabcabc", are right. Raises LenetError if they are not twelve."""
    if not letters:
        return _no_letters()
    right = [choice == one.right for one, choice in zip(QUESTIONS, _chosen(letters), strict=True)]
    return translate("{right} of {count} right", right=sum(right), count=len(QUESTIONS))


def reasons(letters: str) -> str:
    """The score, and for each wrong answer why it is wrong, and the right one. Raises LenetError as `score`."""
    if not letters:
        return _no_letters()
    lines = [score(letters)]
    for place, (one, choice) in enumerate(zip(QUESTIONS, _chosen(letters), strict=True), start=1):
        if choice != one.right:
            lines.append(f"{place}. {one.reason(choice)}")
            lines.append("   " + translate("It is {answer}", answer=one.answer))
    return "\n".join(lines)


def _no_letters() -> str:
    return translate(
        "Not answered yet: put your {count} letters between the quotes and run the cell again.",
        count=len(QUESTIONS),
    )


def _chosen(letters: str) -> str:
    """The letters alone; spaces and commas between them do not matter."""
    given = "".join(str(letters).lower().split()).replace(",", "").replace("，", "")
    if len(given) != len(QUESTIONS) or set(given) - set(QUESTIONS[0].choices):
        raise LenetError(
            "{count} letters a, b or c are wanted, one for each question; got {letters!r}.",
            count=len(QUESTIONS),
            letters=letters,
        )
    return given
