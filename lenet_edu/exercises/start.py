"""Notebook 00: a first prediction."""

from lenet_edu.exercises.prediction import Prediction
from lenet_edu.network import paper

PREDICTIONS = {
    "errors": Prediction(
        f"The network of 1998 has {paper.TOTAL_PARAMETERS:,} trainable numbers, fewer than one photograph has pixels. Of a hundred digits that it has never seen, how many does it misread?",
        right="about 1",
        choices={
            "about 1": "and some of those you would misread yourself.",
            "about 10": "a single layer of linear units does about that. Seven layers do far better.",
            "about 30": "a photograph's worth of numbers is not needed. It is how they are arranged that counts.",
        },
    ),
}
EXERCISES = {}
