"""Notebook 00: first predictions, and why comparing pixels is not enough."""

from lenet_edu.exercises.checking import Explanation
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper
from lenet_edu.system.language import Text

PREDICTIONS = {
    "shift": Prediction(
        Text(
            "Every test digit moves two pixels to the right and two down, and is again compared with all "
            "examples. Of a hundred, how many are still read rightly?"
        ),
        right="c",
        choices={
            "a": (
                Text("about 95: the digits look the same"),
                Text(
                    "to you they do. But the sum compares the pixels at the same place, and the strokes are not "
                    "there any more."
                ),
            ),
            "b": (
                Text("about 80"),
                Text("that is so for a move to the right alone. With the move down, fewer are left."),
            ),
            "c": (
                Text("about 50"),
                Text(
                    "a stroke is only two or three pixels wide, so a digit that moves this far hardly covers itself "
                    "any more. Every second one is then nearer to some other digit."
                ),
            ),
        },
    ),
    "errors": Prediction(
        Text(
            "{parameters:,} parameters are fewer than a small photograph has pixels. Of a hundred digits "
            "that the network of 1998 has never seen, how many does it misread?",
            parameters=paper.TOTAL_PARAMETERS,
        ),
        right="a",
        choices={
            "a": (Text("about 1"), Text("and some of those you would misread yourself.")),
            "b": (
                Text("about 10"),
                Text("a single layer without kernels does about that. Seven layers do far better."),
            ),
            "c": (
                Text("about 30"),
                Text(
                    "so few parameters are enough if they are well arranged: the same kernel serves every place of "
                    "the image."
                ),
            ),
        },
    ),
}
EXERCISES = {}
EXPLANATIONS = {
    "pixels": Explanation(
        model=Text(
            "Comparing pixels asks whether the ink is at exactly the same places. When somebody writes the "
            "same digit a little further to the right, hardly any stroke covers the stored one, so a "
            "different digit may be nearer. A kernel that slides looks for small patterns at every place, so "
            "it finds them wherever they are."
        ),
        points=(
            Text("Comparing pixels depends on the exact place of each stroke."),
            Text("A small move makes the same digit look like a different one."),
            Text("A sliding kernel finds a pattern wherever it is."),
        ),
    ),
}
