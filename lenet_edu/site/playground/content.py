"""What a training in a browser knows from Python: the networks' plans, the recipes, what is called how."""

import json
from itertools import product

from lenet_edu.data.splits import DIGIT_CLASSES, HALF_SCALING, PAPER_SCALING
from lenet_edu.engine.plan import plan
from lenet_edu.network import paper
from lenet_edu.network.architecture import (
    ACTIVATIONS,
    OUTPUTS,
    POOLINGS,
    Architecture,
    lenet1,
    lenet4,
    lenet5,
    lenet1989,
    rgb_lenet,
)
from lenet_edu.training.recipes import MANY_IMAGES, RECIPES


def content() -> dict:
    """All of it, ready for `json.dumps`."""
    return {
        "networks": networks(),
        "recipes": {name: recipe.to_dict() for name, recipe in RECIPES.items()},
        "manyImages": MANY_IMAGES,
        "classes": DIGIT_CLASSES,
        "scalings": {"digits": PAPER_SCALING.to_dict(), "pictures": HALF_SCALING.to_dict()},
        "squash": [paper.SQUASH_AMPLITUDE, paper.SQUASH_SLOPE],
    }


def architectures() -> list[Architecture]:
    """A network for every combination of switches; of tables the paper's and the full one."""
    switches = product(("table", "full"), POOLINGS, ACTIVATIONS, OUTPUTS)
    return [
        *(lenet5(*values) for values in switches),
        lenet4(),
        lenet1(),
        lenet1989(),
        *(rgb_lenet(f7=f7) for f7 in (True, False)),
    ]


def networks() -> dict:
    """`plans`, whose layers are places in `layers`: most networks share most of their layers."""
    layers: dict[str, int] = {}
    plans = []
    for architecture in architectures():
        described = plan(architecture)
        texts = [json.dumps(layer) for layer in described["layers"]]
        plans.append({**described, "layers": [layers.setdefault(text, len(layers)) for text in texts]})
    return {"layers": [json.loads(text) for text in layers], "plans": plans}
