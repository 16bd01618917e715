"""Notebook 13: fourteen faults in a script that trains. Letters name the lines of its fragments."""

import torch
from torch import Tensor

from lenet_edu.exercises.checking import Choice, Code, Explanation
from lenet_edu.exercises.prediction import Prediction
from lenet_edu.system.language import Text

PREDICTIONS = {
    "loudest": Prediction(
        Text("Fourteen fragments, each with one fault. How many of them stop with an error message?"),
        right="b",
        choices={
            "a": (Text("none"), Text("one does. The others run and print something that looks fine.")),
            "b": (
                Text("one"),
                Text(
                    "the others run and print something that looks fine. Most faults of this kind are silent."
                ),
            ),
            "c": (Text("about half"), Text("that would be convenient. Most faults of this kind are silent.")),
            "d": (Text("all"), Text("then they would be easy to find.")),
        },
    ),
}


def count(is_right: Tensor, batch_size: int) -> Tensor:
    """The share of True, whatever the size of a batch."""
    return torch.stack([batch.sum() for batch in is_right.split(batch_size)]).sum() / len(is_right)


def _answers() -> list[tuple]:
    generator = torch.Generator().manual_seed(13)
    return [
        (torch.arange(100) < 96, 32),
        (torch.rand(50, generator=generator) < 0.7, 16),
        (torch.arange(7) > 4, 3),
    ]


def _mean_of_means(is_right: Tensor, batch_size: int) -> Tensor:
    return torch.stack([batch.double().mean() for batch in is_right.split(batch_size)]).mean()


EXERCISES = {
    "schedule": Choice(
        right="b",
        because=Text("The schedule moves before the first update, so every rate comes an epoch early."),
        hints={
            "a": Text("Ten epochs at the full rate are what was wanted. Count how many there are."),
            "c": Text("That stands for the training itself. Count the epochs at each rate."),
        },
    ),
    "last": Choice(
        right="c",
        because=Text("No number equals itself minus one. The condition is never true, and nothing is said."),
        hints={
            "a": Text("The loop runs as often as it should."),
            "b": Text("The best weights are saved; the file is there."),
        },
    ),
    "batches": Choice(
        right="b",
        because=Text("A mean of means counts a picture of the small last batch for more than the others."),
        hints={
            "a": Text("That is right: the share of this batch. What is done with it?"),
            "c": Text("The division is by the number of batches. Is every batch worth the same?"),
        },
    ),
    "crop": Choice(
        right="b",
        because=Text("The comment promises a crop; the line turns pictures upside down."),
        hints={
            "a": Text("It brings every picture to one size, as it says."),
            "c": Text("That is what it says it is."),
        },
    ),
    "comments": Choice(
        right="b",
        because=Text("The second convolution reads the 16 maps that the first one makes, and makes 32."),
        hints={
            "a": Text("3 colours in, 16 maps out: so it is."),
            "c": Text("32 maps of 5x5 are 800 numbers: so it is."),
        },
    ),
    "linear": Choice(
        right="c",
        because=Text(
            "Nothing stands between the last two layers: together they are one linear layer, only with more "
            "parameters."
        ),
        hints={
            "a": Text("A ReLU follows it."),
            "b": Text("A ReLU follows it. Look for a layer that is followed by another one directly."),
        },
    ),
    "scaling": Choice(
        right="b",
        because=Text(
            "Training pictures go from -1 to 1, these from 0 to 1: the network has never seen such pale ones."
        ),
        hints={
            "a": Text("That is how the network's training pictures were made."),
            "c": Text("The comparison is right. Is it asked about the pictures that it learned from?"),
        },
    ),
    "shuffle": Choice(
        right="a",
        because=Text("The positions are those of the shuffled order, and next time there is another one."),
        hints={
            "b": Text("A wrong answer is one that differs from the label: so it is."),
            "c": Text("The names are in the order of the files. Are the answers?"),
        },
    ),
    "folder": Choice(
        right="c",
        because=Text("It is measured on the very pictures that it learned by heart."),
        hints={
            "a": Text("A fresh network, as it should be."),
            "b": Text("Thirty epochs are many for so few pictures, but a test would show it."),
        },
    ),
    "library": Choice(
        right="a",
        because=Text("It tells the runtime not to complain that it is there twice. It is still there twice."),
        hints={
            "b": Text("Importing is no fault. What was switched off before it?"),
            "c": Text("Looking is what should have been done first."),
        },
    ),
    "paths": Choice(
        right="a",
        because=Text("Only one machine has this folder."),
        hints={
            "b": Text("Joining folders this way works everywhere. What are they joined to?"),
            "c": Text("It reads what it is given."),
        },
    ),
    "wrapped": Choice(
        right="a",
        because=Text(
            "A Variable has been a plain tensor since 2018. It does not do what its author hoped: every step "
            "is still recorded."
        ),
        hints={
            "b": Text("Asking the network is right. What does it keep of the way there?"),
            "c": Text("The largest score names the class: so it is."),
        },
    ),
    "mode": Choice(
        right="b",
        because=Text(
            "The network is still in training mode: dropout silences half of F5, and chance has a say in the "
            "answer."
        ),
        hints={
            "a": Text("Training in training mode is right."),
            "c": Text("The accuracy is counted rightly. In what state is the network?"),
        },
    ),
    "leak": Choice(
        right="b",
        because=Text(
            "The pictures are split after they were doubled: most held-out pictures have their copy among "
            "the training pictures."
        ),
        hints={
            "a": Text("Shifted copies are a good idea. What happens to the two that belong together?"),
            "c": Text("Training on the training part is right. Does the other part not know it already?"),
        },
    ),
    "count": Code(
        right=count,
        cases=_answers,
        because=Text("Every picture counts once, in whatever batch it is."),
        mistakes={
            Text(
                "That is the mean of the batches' means: a picture of a small batch counts for more."
            ): _mean_of_means,
            Text(
                "That is the number of right answers. Divide it by the number of pictures."
            ): lambda is_right, size: is_right.sum(),
            Text("That leaves out the last, smaller batch."): lambda is_right, size: (
                is_right[: len(is_right) // size * size].double().mean()
            ),
        },
    ),
}

EXPLANATIONS = {
    "believe": Explanation(
        model=Text(
            "I check that the pictures were not among the training pictures, also not as copies. I check "
            "that they are scaled as in training and that the network is in evaluation mode. And I count the "
            "right answers once more over all pictures, with the weights loaded from the saved file."
        ),
        points=(
            Text("The pictures are not among the training pictures, not even as copies."),
            Text("They are prepared as in training, and the network is in evaluation mode."),
            Text(
                "The right answers are counted over all pictures, and the file of weights is the one meant."
            ),
        ),
    ),
}
