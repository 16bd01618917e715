"""Instruments for the notebooks, to draw, point and train with. Each is a class with plain traits that also
works without a browser, a script that paints in the browser, and its styles: NAME.py, NAME.js, NAME.css.
"""

from lenet_edu.widgets.c3_table import C3Table
from lenet_edu.widgets.convolution import Convolution
from lenet_edu.widgets.digit_codes import DigitCodes
from lenet_edu.widgets.draw_digit import DrawDigit
from lenet_edu.widgets.feature_maps import FeatureMaps
from lenet_edu.widgets.loss_surface import LossSurface
from lenet_edu.widgets.robustness import Robustness
from lenet_edu.widgets.subsampling import Subsampling
from lenet_edu.widgets.training_panel import TrainingPanel

__all__ = [
    "C3Table",
    "Convolution",
    "DigitCodes",
    "DrawDigit",
    "FeatureMaps",
    "LossSurface",
    "Robustness",
    "Subsampling",
    "TrainingPanel",
]
