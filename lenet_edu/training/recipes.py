"""Named hyper-parameters: everything that decides a training run besides network, data and seed."""

from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any

from lenet_edu.network import paper
from lenet_edu.network.architecture import Architecture, RBFSpec
from lenet_edu.system.errors import LenetError, check_choice, check_whole

# How initial weights can be drawn: to the layer's activation, or all as torch draws them.
STARTS = ("scaled", "torch")

DISTORTIONS = (
    "rotation",
    "shift",
    "scale",
    "shear",
    "elastic",
    "horizontal_flip",
    "vertical_flip",
    "colour",
    "squeeze",
)


@dataclass(frozen=True)
class Recipe:
    """Stochastic gradient descent with momentum, a schedule of learning rates, and distorted images.

    name: what the recipe is called, in records and on the command line.
    epochs: passes over the training split.
    batch_size: images a step.
    peak_rate: the highest learning rate; see `rate` for the schedule.
    momentum: the share of the running sum of gradients that each step keeps.
    weight_decay: the share of every parameter that is added to its gradient.
    warm_up: the share of all steps in which the rate rises from 0 to its peak, in a straight line; then it
        falls to 0 in a straight line. This is one cycle of Smith & Topin (2017) without its last phase.
    rotation: degrees, the most that a training image is turned either way. Like every distortion below, it is
        drawn anew for each image in each epoch, uniformly up to this limit unless something else is said.
    shift: pixels, the most that it is moved, across and down.
    scale: a share of its size, the most that it becomes larger or smaller.
    shear: a share of its height, the most that its top slides against its middle.
    elastic: pixels, the standard deviation of smooth random displacements, which bend strokes
        (Simard et al., 2003).
    smoothing: the share of each label that is spread over all classes; cross-entropy only
        (Szegedy et al., 2016).
    halve_every: epochs after which the rate is halved, from `peak_rate` on and without `warm_up`; 0: never.
    nesterov: True for Nesterov's momentum, in the form of Sutskever et al. (2013), False for the plain one.
    horizontal_flip: the probability that an image is mirrored.
    vertical_flip: the probability that an image is turned upside down.
    colour: a share, the most that brightness, contrast and saturation change.
    squeeze: a share, the most by which an image becomes lower and wider at once, or narrower and higher, with
        the same area (called squeezing in section III-B).
    start: how initial weights are drawn, "scaled" or "torch"; see `Network.reset_parameters`.

    Raises LenetError for a value out of range.
    """

    name: str
    epochs: int
    batch_size: int
    peak_rate: float
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warm_up: float = 0.25
    rotation: float = 0.0
    shift: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    smoothing: float = 0.0
    halve_every: int = 0
    nesterov: bool = True
    horizontal_flip: float = 0.0
    vertical_flip: float = 0.0
    colour: float = 0.0
    squeeze: float = 0.0
    start: str = "scaled"

    def __post_init__(self):
        for name, least in (("epochs", 1), ("batch_size", 1), ("halve_every", 0)):
            check_whole(name, getattr(self, name), least)
        check_choice("start", self.start, STARTS)
        limits = {
            "peak_rate": (0, float("inf")),
            "momentum": (0, 0.999),
            "weight_decay": (0, 1),
            "warm_up": (0, 1),
            "rotation": (0, 180),
            "shift": (0, paper.IMAGE_SIZE),
            "scale": (0, 0.9),
            "shear": (0, 1),
            "elastic": (0, paper.IMAGE_SIZE),
            "smoothing": (0, 0.9),
            "horizontal_flip": (0, 1),
            "vertical_flip": (0, 1),
            "colour": (0, 0.9),
            "squeeze": (0, 0.9),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not isfinite(value) or not low <= value <= high:
                raise LenetError(
                    "{name} must be a number from {low} to {high}; got {value!r}.",
                    name=name,
                    low=low,
                    high=high,
                    value=value,
                )

    def rate(self, progress: float) -> float:
        """The learning rate when the share `progress` (0 to 1) of all steps is done."""
        if self.halve_every:
            # A hair more, since an epoch that has just ended may come as 9.999999.
            return self.peak_rate * 0.5 ** int((progress * self.epochs + 1e-6) / self.halve_every)
        if progress < self.warm_up:
            return self.peak_rate * progress / self.warm_up
        return self.peak_rate * (1 - progress) / (1 - self.warm_up) if self.warm_up < 1 else self.peak_rate

    @property
    def distorts(self) -> bool:
        """True if training images are distorted."""
        return any(getattr(self, name) for name in DISTORTIONS)

    @property
    def is_for_pictures(self) -> bool:
        """True if it mirrors images or changes colours: a mirrored digit is no digit any more."""
        return bool(self.horizontal_flip or self.vertical_flip or self.colour)

    def to_dict(self) -> dict:
        """The recipe for JSON; `Recipe(**recipe.to_dict())` gives it back."""
        return asdict(self)

    def changed(self, **values) -> "Recipe":
        """A copy with some values replaced; those that are None stay."""
        return replace(self, **{name: value for name, value in values.items() if value is not None})


# Fewer training images than this count as few: the embedded digits, not MNIST.
MANY_IMAGES = 5_000

# Typed as Any, since a checker takes them for values of every field.
_STRONG: dict[str, Any] = {"rotation": 10.0, "shift": 1.5, "scale": 0.1, "shear": 0.15}
_SLIGHT: dict[str, Any] = {"rotation": 5.0, "shift": 1.0, "scale": 0.05, "shear": 0.075}
_LITTLE: dict[str, Any] = {"rotation": 3.0, "shift": 1.0, "scale": 0.03, "shear": 0.05}
_ELASTIC: dict[str, Any] = {"rotation": 8.0, "shift": 1.5, "scale": 0.08, "shear": 0.12, "elastic": 0.5}

_PICTURES: dict[str, Any] = {
    "horizontal_flip": 0.5,
    "shift": 3.0,
    "rotation": 10.0,
    "scale": 0.15,
    "colour": 0.2,
    "weight_decay": 0.002,
    "smoothing": 0.1,
}

# Equation 9 sums squared differences over the units of F6 where cross-entropy has one term: its
# gradients are that much larger, and the rate that much smaller.
_RBF_UNITS = paper.DIGIT_CODES[0].size

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("fast", epochs=5, batch_size=128, peak_rate=0.15, **_SLIGHT),
        Recipe("fast_rbf", epochs=10, batch_size=128, peak_rate=0.3 / _RBF_UNITS, weight_decay=0, **_SLIGHT),
        # 99% of MNIST's test digits within seconds; 99.5% in a minute or two; a little more in five.
        Recipe("sprint", epochs=2, batch_size=64, peak_rate=0.1, smoothing=0.05, **_LITTLE),
        Recipe("thorough", epochs=20, batch_size=128, peak_rate=0.15, **_ELASTIC),
        Recipe("best", epochs=60, batch_size=128, peak_rate=0.15, **_ELASTIC),
        Recipe("plain", epochs=5, batch_size=128, peak_rate=0.15),
        # The tutorial's settings for cats and dogs, without the slips of its script.
        Recipe(
            "tutorial",
            epochs=20,
            batch_size=32,
            peak_rate=0.01,
            weight_decay=0,
            halve_every=10,
            nesterov=False,
            vertical_flip=0.5,
            start="torch",
        ),
        # Pictures in colour: in a minute, and as far as it goes (results/cats_and_dogs.json).
        Recipe("pictures", epochs=20, batch_size=128, peak_rate=0.1, **_PICTURES),
        Recipe("pictures_best", epochs=100, batch_size=128, peak_rate=0.1, **_PICTURES),
        Recipe("small", epochs=40, batch_size=32, peak_rate=0.05, **_STRONG),
        Recipe("small_rbf", epochs=40, batch_size=32, peak_rate=0.1 / _RBF_UNITS, weight_decay=0, **_STRONG),
    )
}


def recipe_names(plan: Architecture) -> list[str]:
    """The named recipes that suit what the network reads, digits or pictures in colour."""
    return [name for name, recipe in RECIPES.items() if plan.input.maps > 1 or not recipe.is_for_pictures]


def named_recipe(name: str, plan: Architecture | None = None) -> Recipe:
    """The recipe of that name; LenetError lists the names that there are, for `plan` if it is given."""
    names = tuple(RECIPES) if plan is None else recipe_names(plan)
    if plan is not None and name in RECIPES and name not in names:
        raise LenetError(
            "The recipe {name!r} is for pictures in colour: it mirrors images or changes colours, and "
            "{network} reads digits. Take one of {names}.",
            name=name,
            network=plan.name,
            names=", ".join(names),
        )
    check_choice("recipe", name, names)
    return RECIPES[name]


def choose_recipe(recipe: Recipe | str | None, plan: Architecture, images: int) -> Recipe:
    """What `fit` is to follow: a recipe, the one of a name, or by default that of `default_recipe`.

    Raises LenetError for a name that is unknown, and for one of pictures where the network reads digits.
    """
    if recipe is None:
        return default_recipe(plan, images)
    if isinstance(recipe, str):
        return named_recipe(recipe, plan)
    if not isinstance(recipe, Recipe):
        raise LenetError(
            "recipe must be a Recipe or the name of one ({plan}); got {recipe!r}.",
            plan=", ".join(recipe_names(plan)),
            recipe=recipe,
        )
    if recipe.name in RECIPES and recipe.is_for_pictures:
        named_recipe(recipe.name, plan)
    return recipe


def default_recipe(plan: Architecture, images: int) -> Recipe:
    """The quick recipe for a network and a number of training images: few images want more epochs."""
    if plan.input.maps > 1 and images >= MANY_IMAGES:
        return RECIPES["pictures"]
    size = "fast" if images >= MANY_IMAGES else "small"
    return RECIPES[f"{size}_rbf" if isinstance(plan.layers[-1], RBFSpec) else size]
