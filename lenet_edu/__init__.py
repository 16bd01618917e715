"""The LeNet-5 laboratory: take LeNet-5 apart, count everything in it, and train it.

What readers use is imported from here, as in `from lenet_edu import LeNet5, ledger, load_digits`. Each
name is loaded when it is first asked for, so that `import lenet_edu` itself costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from lenet_edu.system.compiler import leave_compiler_out
from lenet_edu.system.threads import limit_spinning

limit_spinning()  # here, since it counts only before torch is loaded
leave_compiler_out()

if TYPE_CHECKING:  # for editors; a test keeps these lines and the table below alike
    from lenet_edu import plots, widgets
    from lenet_edu.data.digits import describe_data, load_digits
    from lenet_edu.data.normalise import ink_of, normalise, scale_to_glyph
    from lenet_edu.data.picture_sets import load_cats_and_dogs, load_images
    from lenet_edu.data.splits import Split, crop, pad, resize_for
    from lenet_edu.exercises import ask, check, explain, quiz
    from lenet_edu.network import architecture, layers, paper
    from lenet_edu.network.architecture import MODERN, table_groups
    from lenet_edu.network.arithmetic import worked_sum
    from lenet_edu.network.layer_outputs import activations, saliency
    from lenet_edu.network.ledger import ledger, show_shape
    from lenet_edu.network.losses import map_loss, mean_distance_loss
    from lenet_edu.network.models import LeNet1, LeNet4, LeNet5, LeNet1989, RGBLeNet, count_parameters
    from lenet_edu.network.surface import Surface, find_weight, loss_surface
    from lenet_edu.system.devices import choose_device, describe_device
    from lenet_edu.system.files import read_json
    from lenet_edu.system.places import data_folder, read_results
    from lenet_edu.training.checkpoints import SHIPPED, load_network, save_network, shipped_names
    from lenet_edu.training.distortions import distort, draw_distortions
    from lenet_edu.training.evaluation import accuracy, confusion, evaluate, mistakes, probabilities, summary
    from lenet_edu.training.loop import fit
    from lenet_edu.training.reading import predict
    from lenet_edu.training.recipes import RECIPES, default_recipe
    from lenet_edu.training.sessions import Session
    from lenet_edu.widgets import (
        C3Table,
        Convolution,
        DigitCodes,
        DrawDigit,
        FeatureMaps,
        LossSurface,
        Robustness,
        Subsampling,
        TrainingPanel,
    )

_NAMES = {
    "data.digits": "describe_data load_digits",
    "data.picture_sets": "load_cats_and_dogs load_images",
    "data.normalise": "ink_of normalise scale_to_glyph",
    "data.splits": "Split crop pad resize_for",
    "exercises": "ask check explain quiz",
    "network": "architecture layers paper",
    "network.layer_outputs": "activations saliency",
    "network.arithmetic": "worked_sum",
    "network.architecture": "MODERN table_groups",
    "network.ledger": "ledger show_shape",
    "network.losses": "map_loss mean_distance_loss",
    "network.models": "LeNet1 LeNet4 LeNet5 LeNet1989 RGBLeNet count_parameters",
    "network.surface": "Surface find_weight loss_surface",
    "system.devices": "choose_device describe_device",
    "system.files": "read_json",
    "system.places": "data_folder read_results",
    "training.checkpoints": "SHIPPED load_network save_network shipped_names",
    "training.distortions": "distort draw_distortions",
    "training.evaluation": "accuracy confusion evaluate mistakes probabilities summary",
    "training.loop": "fit",
    "training.reading": "predict",
    "training.recipes": "RECIPES default_recipe",
    "training.sessions": "Session",
    "widgets": "C3Table Convolution DigitCodes DrawDigit FeatureMaps LossSurface Robustness Subsampling "
    "TrainingPanel",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = [*_MODULES, "plots", "widgets"]  # pyright: ignore[reportUnsupportedDunderAll]  # editors read the block above


def __getattr__(name: str):
    if name in ("plots", "widgets"):
        return import_module(f"lenet_edu.{name}")
    if name not in _MODULES:
        raise AttributeError(f"module 'lenet_edu' has no attribute {name!r}")
    module = import_module(f"lenet_edu.{_MODULES[name]}")
    value = getattr(module, name) if hasattr(module, name) else import_module(f"{module.__name__}.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
