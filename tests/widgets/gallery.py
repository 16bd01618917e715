"""Every widget as a line of Python, for pages of tests."""

SETUP = """
from lenet_edu.network.layer_outputs import activations
from lenet_edu.training.checkpoints import load_network
from lenet_edu.data.digits import load_digits
from lenet_edu.data.picture_sets import draw_shapes
from lenet_edu.exercises import ask, check, explain, quiz
from lenet_edu.network.models import LeNet5, LeNet1989, RGBLeNet
from lenet_edu.network.surface import loss_surface
from lenet_edu.training.recipes import RECIPES
from lenet_edu.training.loop import fit
from lenet_edu.widgets import *
digits = load_digits("embedded").test.one_of_each()
shapes = draw_shapes(160)
network = load_network("lenet5-1998")
"""

SURFACE = (
    'LossSurface(loss_surface(network, digits, "C1.weight[2, 0, 0, 2]", "C1.weight[2, 0, 4, 2]", points=17))'
)
WIDGETS = {
    "FeatureMaps": "FeatureMaps(network, digits, digit=3)",
    "Convolution": "Convolution(digits.images[3], network.C1)",
    "C3Table": "C3Table()",
    "DigitCodes": "DigitCodes(network, digits, digit=3)",
    "Subsampling": 'Subsampling(activations(network, digits.images[3:4])["C1"][0])',
    "DrawDigit": "DrawDigit(network)",
    "Robustness": "Robustness(network, digits, digit=3)",
    "LossSurface": SURFACE,
    "Predict": 'ask("c1.parameters", "shown after")',
    "TrainingPanel": 'TrainingPanel(load_digits("embedded"), device="cpu", folder="runs")',
}
