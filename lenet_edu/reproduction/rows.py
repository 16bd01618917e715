"""The networks of figure 9: each row's network, its digits and its recipe, as its paper has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lenet_edu.network import architecture, paper
from lenet_edu.reproduction.passes import DISTORTED, OriginalRecipe


@dataclass(frozen=True)
class Row:
    """A network and its training.

    about: in a few words.
    network: an `Architecture.config`.
    recipe: how it is trained.
    digits: how many of the "training" and of the "test" digits; None: all.
    engine: of `train_original`.
    boosted: whether three such networks are trained, see `boosting`.
    seeds: how many are recorded.
    """

    about: str
    network: dict
    recipe: OriginalRecipe = field(default_factory=OriginalRecipe)
    digits: Mapping[str, int] | None = None
    engine: str = "compiled"
    boosted: bool = False
    seeds: int = 5


_LENET4 = architecture.lenet4().config
_LENET5 = architecture.lenet5().config
_SQUARED = OriginalRecipe(loss="squared", divisor=1.0)
# The paper prints the schedule of LeNet-5 alone. LeNet-1 goes on to learn for longer: this one did best on
# digits that were held out, beside shorter ones (results/family.json).
_LONG = ((5e-4, 40), (2e-4, 16), (1e-4, 12), (5e-5, 8), (1e-5, 4))
_LAST_RATE, _LAST_PASSES = paper.GLOBAL_RATES[-1]
_MORE = paper.LENET1989_PASSES - len(OriginalRecipe().rates)

# By their names in `paper.PUBLISHED_ERRORS`; that of 1989 has its own in `paper.LENET1989_TEST_ERROR`.
ROWS = {
    "LeNet 1989": Row(
        "the network of 1989, on as many digits as it had, of MNIST's; at the rates of 1998",
        architecture.lenet1989().config,
        replace(_SQUARED, schedule=(*paper.GLOBAL_RATES[:-1], (_LAST_RATE, _LAST_PASSES + _MORE))),
        digits=paper.LENET1989_DIGITS,
        engine="torch",
        seeds=3,
    ),
    "LeNet-1, 16x16": Row(
        "the network of 1990, in four times as many passes",
        architecture.lenet1().config,
        replace(_SQUARED, schedule=_LONG),
    ),
    "LeNet-4": Row("as section III-C describes it", _LENET4, _SQUARED),
    "LeNet-5": Row("as in 1998", _LENET5, seeds=10),
    "LeNet-5, distorted": Row(
        "with nine distorted versions of every digit", _LENET5, OriginalRecipe(distortions=DISTORTED)
    ),
    "Boosted LeNet-4, distorted": Row(
        "three of them, the second and third on what is hard for those before",
        _LENET4,
        # With a loss that is larger the second network, on its hard digits, is soon saturated.
        replace(_SQUARED, divisor=2.0, distortions=DISTORTED),
        boosted=True,
        seeds=3,
    ),
}


def slug(name: str) -> str:
    """A row's name as one word for the command line: "LeNet-5, distorted" is lenet-5-distorted."""
    return "-".join(re.findall(r"[\w.-]+", name.lower()))


def published_error(name: str) -> float:
    """The test error that is printed for a row, in percent."""
    return paper.LENET1989_TEST_ERROR if name == "LeNet 1989" else paper.PUBLISHED_ERRORS[name]
