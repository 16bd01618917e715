"""What the paper compares LeNet-5 with: classifiers that see a digit as one long row of pixels.

    outcome = nearest_neighbours(train, test, neighbours=3)
    outcome.test                           # percent of the test digits that are named wrongly

Section III-C, figure 9. Each is scikit-learn's in a few lines: fitted to one split, judged on another.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from lenet_edu.data.splits import Split, crop
from lenet_edu.network import paper
from lenet_edu.system.errors import LenetError, check_above_0, check_whole

# Section III-C: what "40 PCA + quadratic" and "784-300-10" are named after.
COMPONENTS = 40
HIDDEN_UNITS = 300

# Among what the one setting of each is chosen. PASSES: as many as LeNet-5's.
PENALTIES = (1, 10, 100, 1000, 10_000, 100_000)
NEIGHBOURS = (1, 3, 5, 7)
RATES = (0.01, 0.03, 0.1, 0.3)
PASSES = sum(passes for _, passes in paper.GLOBAL_RATES)

# Pixels this far below the background are no rounding error of a scaling.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class Outcome:
    """Errors in percent, and how often the weights were changed.

    training: None where it says nothing, since the training digits are what is looked up.
    updates: None where there is nothing to iterate.
    """

    test: float
    training: float | None = None
    updates: int | None = None


def deslant(images: Tensor, background: float = 0.0) -> Tensor:
    """Digits set upright: each row shifted sideways until ink's columns no longer vary with its rows.

    images: floats, (N, 1, H, W), nowhere below `background`; the same shape comes back. The second moments
    of inertia, weighted by ink, give the slant: columns a row. The centre of mass stays. Ink that leaves the
    frame is lost; an image without ink, or with ink in one row only, comes back as it is.

    Raises LenetError for other shapes, for integers, and for values below `background`.
    Section III-A, where it counts a pixel of ink as 1; grey ones count here as much as they are inked.
    """
    _check_images(images)
    if not len(images):
        return images
    ink = images - background
    if ink.min() < -_ROUNDING:
        raise LenetError(
            "Images to be set upright must hold nothing below their background of {background:g}; got "
            "{images:g}. Pass the background that they were scaled to.",
            background=background,
            images=images.min(),
        )
    slant, row = _slant(ink)
    height, width = ink.shape[-2:]
    # From a place in the result to one in the image, in halves of the image's sides: (N, 2, 3).
    matrices = ink.new_tensor([[1.0, 0, 0], [0, 1, 0]]).repeat(len(ink), 1, 1)
    matrices[:, 0, 1] = slant * height / width
    matrices[:, 0, 2] = slant * (height - 1 - 2 * row) / width
    grid = F.affine_grid(matrices, list(ink.shape), align_corners=False)
    return F.grid_sample(ink, grid, align_corners=False) + background


# The classifiers -------------------------------------------------------------------------------------
#
# train, test: splits of images of one size, (N, 1, H, W). All raise LenetError if one is empty, if the sizes
# differ, if there are not two classes to tell apart, and for settings outside what their docstring allows.


def least_squares(train: Split, test: Split, penalty: float) -> Outcome:
    """A weighted sum of the pixels for each class, and the largest names it: the paper's linear classifier.

    The weights make the mean squared distance to +1 (the class) and -1 (the others) least, plus `penalty`,
    above 0, times their squares.
    """
    from sklearn.linear_model import RidgeClassifier

    _check(train, test)
    check_above_0("penalty", penalty)
    return _outcome(RidgeClassifier(penalty, solver="cholesky"), train, test)


def logistic(train: Split, test: Split, penalty: float) -> Outcome:
    """The same sums, with weights that make the right class likeliest: cross-entropy in place of squares.

    penalty: above 0, on half the squared weights, beside the sum of the entropies.
    """
    from sklearn.linear_model import LogisticRegression

    _check(train, test)
    check_above_0("penalty", penalty)
    model = LogisticRegression(C=1 / penalty, max_iter=2000)
    outcome = _outcome(model, train, test, np.float32)
    return Outcome(outcome.test, outcome.training, updates=int(model.n_iter_.max()))


def nearest_neighbours(train: Split, test: Split, neighbours: int) -> Outcome:
    """The class of most of the `neighbours` nearest training digits, by Euclidean distance of pixels.

    neighbours: from 1 to the number of training digits. Of classes with equally many, the first.
    """
    from sklearn.neighbors import KNeighborsClassifier

    _check(train, test)
    check_whole("neighbours", neighbours, 1, len(train))
    model = KNeighborsClassifier(neighbours, algorithm="brute").fit(_rows(train), train.labels.numpy())
    return Outcome(_percent_wrong(model, _rows(test), test))


def quadratic(train: Split, test: Split, penalty: float, components: int = COMPONENTS) -> Outcome:
    """A polynomial of second degree of the first principal components, by least squares.

    That is `least_squares` on n components and their n(n+1)/2 products, squares among them.
    components: n, from 1 to the number of pixels or of training digits, whichever is less.
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    _check(train, test)
    check_above_0("penalty", penalty)
    check_whole("components", components, 1, min(len(train), train.images[0].numel()))
    model = make_pipeline(
        PCA(components, random_state=0),
        PolynomialFeatures(2, include_bias=False),
        RidgeClassifier(penalty, solver="cholesky"),
    )
    return _outcome(model, train, test)


def one_hidden_layer(
    train: Split,
    test: Split,
    rate: float,
    passes: int,
    seed: int,
    units: int = HIDDEN_UNITS,
    batch_size: int = 10,
) -> Outcome:
    """A network of one hidden layer of tanh units, by plain gradient descent at one rate.

    The paper trains it on squares, one digit an update; here it is cross-entropy, a few digits an update.
    rate: above 0. passes, units, batch_size: from 1.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    _check(train, test)
    check_above_0("rate", rate)
    for name, count in (("passes", passes), ("units", units), ("batch_size", batch_size)):
        check_whole(name, count, 1)
    batch_size = min(batch_size, len(train))
    model = MLPClassifier(
        (units,),
        activation="tanh",
        solver="sgd",
        momentum=0,
        alpha=0,
        learning_rate_init=rate,
        batch_size=batch_size,  # pyright: ignore[reportArgumentType]  # scikit-learn's default is a word
        max_iter=passes,
        n_iter_no_change=passes,  # it never stops before
        random_state=seed,
    )
    with warnings.catch_warnings():
        # All passes were made, as asked; scikit-learn would have gone on.
        warnings.simplefilter("ignore", ConvergenceWarning)
        outcome = _outcome(model, train, test, np.float32)
    updates = model.n_iter_ * math.ceil(len(train) / batch_size)
    return Outcome(outcome.test, outcome.training, updates)


# The rows of figure 9 ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Experiment:
    """A row of figure 9 that a classifier of scikit-learn's is fitted for.

    row: its name in `paper.PUBLISHED_ERRORS`.
    what: the classifier, in a few words.
    classify: fits it to a first split and judges it on a second.
    setting: the name of the setting that is chosen on held-out digits.
    values: those among which it is chosen.
    fixed: the other settings.
    seeds: how many are recorded; 0 if the outcome depends on none.
    """

    row: str
    what: str
    classify: Callable[..., Outcome]
    setting: str
    values: tuple[float, ...]
    fixed: dict = field(default_factory=dict)
    seeds: int = 0

    @property
    def deslanted(self) -> bool:
        """Whether it sees digits set upright, as its row is named."""
        return self.row.endswith("deslanted")


def experiments() -> dict[str, Experiment]:
    """All of them by name."""
    network = {"passes": PASSES, "units": HIDDEN_UNITS, "batch_size": 10}
    by_name = {}
    for row in ("linear", "linear, deslanted"):
        for way, classify in (("least squares", least_squares), ("logistic", logistic)):
            by_name[f"{row}, {way}"] = Experiment(row, f"linear, {way}", classify, "penalty", PENALTIES)
    for row in ("K-NN Euclidean", "K-NN Euclidean, deslanted"):
        by_name[row] = Experiment(row, "nearest neighbours", nearest_neighbours, "neighbours", NEIGHBOURS)
    by_name["40 PCA + quadratic"] = Experiment(
        "40 PCA + quadratic",
        "polynomial of second degree, least squares",
        quadratic,
        "penalty",
        PENALTIES,
        {"components": COMPONENTS},
    )
    by_name["784-300-10"] = Experiment(
        "784-300-10", "one hidden layer of tanh units", one_hidden_layer, "rate", RATES, network, seeds=3
    )
    return by_name


def preprocess(split: Split, what: Experiment, background: float) -> Split:
    """The digits as the classifier reads them: 28x28; or upright, 20x20 (section III-A)."""
    if not what.deslanted:
        return Split(crop(split.images, paper.MNIST_SIZE), split.labels)
    return Split(crop(deslant(split.images, background), paper.GLYPH_SIZE), split.labels)


def choose(what: Experiment, train: Split, held_out: Split) -> list[dict]:
    """The error on the digits that are held out with each value of the setting; of a network, seed 0's."""
    seed = {"seed": 0} if what.seeds else {}
    tried = []
    for value in what.values:
        outcome = what.classify(train, held_out, **{what.setting: value}, **what.fixed, **seed)
        tried.append({what.setting: value, "error": round(outcome.test, 3)})
    return tried


def measure(what: Experiment, value: float, seed: int | None, train: Split, test: Split) -> dict:
    """One run, on all training digits."""
    start = perf_counter()
    seeded = {} if seed is None else {"seed": seed}
    outcome = what.classify(train, test, **{what.setting: value}, **what.fixed, **seeded)
    return {
        "seed": seed,
        "test_error": round(outcome.test, 3),
        "training_error": None if outcome.training is None else round(outcome.training, 3),
        "updates": outcome.updates,
        "minutes": round((perf_counter() - start) / 60, 3),
    }


def _outcome(model, train: Split, test: Split, kind: type = np.float64) -> Outcome:
    # Least squares on products needs double precision: their variances differ by many orders of magnitude.
    rows = _rows(train).astype(kind)
    model.fit(rows, train.labels.numpy())
    training = _percent_wrong(model, rows, train)
    return Outcome(_percent_wrong(model, _rows(test).astype(kind), test), training)


def _percent_wrong(model, rows: np.ndarray, split: Split) -> float:
    return 100 * float((model.predict(rows) != split.labels.numpy()).mean())


def _rows(split: Split) -> np.ndarray:
    """(N, 1, H, W) -> (N, H * W)."""
    return split.images.flatten(1).numpy()


def _slant(ink: Tensor) -> tuple[Tensor, Tensor]:
    """Columns that ink drifts to the right a row further down, and the row it is balanced at: (N,) each."""
    height, width = ink.shape[-2:]
    share = ink[:, 0] / ink.sum((1, 2, 3)).clamp_min(1e-9)[:, None, None]  # (N, H, W)
    of_rows, of_columns = share.sum(2), share.sum(1)
    places = ink.new_tensor(range(max(height, width)))
    row, column = of_rows @ places[:height], of_columns @ places[:width]
    down, across = places[:height] - row[:, None], places[:width] - column[:, None]
    mixed = ((share @ across[:, :, None])[:, :, 0] * down).sum(1)
    vertical = (of_rows * down.square()).sum(1)
    slanted = vertical > _ROUNDING
    return mixed.where(slanted, 0) / vertical.where(slanted, 1), row


def _check_images(images: Tensor) -> None:
    if images.ndim != 4 or images.shape[1] != 1 or not images.is_floating_point():
        raise LenetError(
            "Digits must be floats of shape (N, 1, H, W); got {dtype} of shape {shape}.",
            dtype=images.dtype,
            shape=tuple(images.shape),
        )


def _check(train: Split, test: Split) -> None:
    for name, split in (("training", train), ("test", test)):
        _check_images(split.images)
        if not len(split):
            raise LenetError("There must be {name} digits; got none.", name=name)
    sizes = ["x".join(map(str, split.images.shape[2:])) for split in (train, test)]
    if sizes[0] != sizes[1]:
        raise LenetError(
            "Training and test digits must be of one size; got {train_size} and {test_size}. "
            "Crop both alike.",
            train_size=sizes[0],
            test_size=sizes[1],
        )
    if len(train.labels.unique()) < 2:
        raise LenetError(
            "There must be at least 2 classes to tell apart; all training digits are {labels}.",
            labels=train.labels[0],
        )
