"""What the paper states: its tables, codes, constants and figures. No code of ours is judged by ours.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to Document
Recognition", Proceedings of the IEEE 86(11):2278-2324, November 1998.

The suite computes each of these figures again; the tests and the notebooks compare. Needs numpy only.
"""

from types import MappingProxyType

import numpy as np


def _picture(text: str) -> np.ndarray:
    """Boolean array of the lines of `text`: True where a line has `X` or `#`."""
    return np.array([[mark in "X#" for mark in line] for line in text.split()])


def _read_only(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array


# Section II-B: the image that the network sees, and the digit inside it, in pixels.
IMAGE_SIZE = 32
MNIST_SIZE = 28
GLYPH_SIZE = 20

# Section II-B: the grey levels of paper and ink after scaling.
BACKGROUND = -0.1
FOREGROUND = 1.175

# Appendix A: f(a) = A tanh(S a), equation 6.
SQUASH_AMPLITUDE = 1.7159
SQUASH_SLOPE = 2 / 3

# Appendix A: a unit with F inputs starts with weights drawn uniformly from +-2.4/F.
INITIAL_WEIGHT_RANGE = 2.4

# Table I: which maps of S2 (rows, 6) feed which maps of C3 (columns, 16). Boolean, (6, 16).
C3_TABLE = _read_only(
    _picture("""
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
""")
)

# Figure 3: the ten digits as bitmaps, 0 to 4 above, 5 to 9 below.
CODE_HEIGHT, CODE_WIDTH = 12, 7
_CODES = """
.#####. ...##.. .#####. ####### .#####.
....... ..###.. ....... .....## .......
..###.. .####.. .#####. ....##. .......
.##.##. ...##.. ##...## ...##.. .##..##
##...## ...##.. #....## ..####. .##..##
##...## ...##.. ....##. .....## ###..##
##...## ...##.. ..###.. .....## ##...##
##...## ...##.. .##.... .....## ##...##
.##.##. ...##.. ##..... ##...## ##..###
..###.. .###### ####### .#####. .######
....... ....... ....... ....... .....##
....... ....... ....... ....... .....##

.#####. ..####. ####### .#####. .#####.
....... .##.... .....## ##...## ##..###
####### ##..... .....## ##...## ##...##
##..... ##..... ....##. ##...## ##...##
##..... ######. ...##.. .#####. ##..###
.####.. ###..## ...##.. ##...## .######
..####. ##...## ..##... ##...## .....##
.....## ##...## ..##... ##...## .....##
##...## ###..## ..##... ##...## ....##.
.#####. .#####. ..##... .#####. .####..
....... ....... ....... ....... .......
....... ....... ....... ....... .......
"""


def _digit_codes() -> np.ndarray:
    bands = _picture(_CODES).reshape(2, CODE_HEIGHT, 5, CODE_WIDTH)
    return np.where(bands.transpose(0, 2, 1, 3).reshape(10, CODE_HEIGHT, CODE_WIDTH), 1, -1)


# Figure 3 as the target of F6: +1 for ink, -1 for paper. Integers, (10, 12, 7).
DIGIT_CODES = _read_only(_digit_codes())

# Section II-B: trainable parameters and connections of each layer, as printed.
PARAMETERS = MappingProxyType(
    {"C1": 156, "S2": 12, "C3": 1_516, "S4": 32, "C5": 48_120, "F6": 10_164, "OUTPUT": 0}
)
CONNECTIONS = MappingProxyType(
    {
        "C1": 122_304,
        "S2": 5_880,
        "C3": 151_600,
        "S4": 2_000,
        "C5": 48_120,
        "F6": 10_164,
        "OUTPUT": 840,
    }
)
TOTAL_PARAMETERS = 60_000
TOTAL_CONNECTIONS = 340_908

# Section III-B: LeNet-5 on MNIST, in percent: test error, training error, and with distortions.
TEST_ERROR = 0.95
TRAINING_ERROR = 0.35
TEST_ERROR_DISTORTED = 0.8
# Section III-B and figure 5: after how many passes the two errors are as above, "around" for the first.
TEST_ERROR_PASSES = 10
TRAINING_ERROR_PASSES = 19
# Figure 8: of all test digits that the network gets wrong, in its order, what was written and what was read.
_FIGURE_8 = """
4>6 3>5 8>2 2>1 5>3 4>8 2>8 3>5 6>5 7>3
9>4 8>0 7>8 5>3 8>7 0>6 3>7 2>7 8>3 9>4
8>2 5>3 4>8 3>9 6>0 9>8 4>9 6>1 9>4 9>1
9>4 2>0 6>1 3>5 3>2 9>5 6>0 6>0 6>0 6>8
4>6 7>3 9>4 4>6 2>7 9>7 4>3 9>4 9>4 9>4
8>7 4>2 8>4 3>5 8>4 6>5 8>5 3>8 3>8 9>8
1>5 9>8 6>3 0>2 6>5 9>5 0>7 1>6 4>9 2>1
2>8 8>5 4>9 7>2 7>2 6>5 9>7 6>1 5>6 5>0
4>9 2>8
"""
MISTAKES = tuple((int(pair[0]), int(pair[2])) for pair in _FIGURE_8.split())

# Section III-B and appendix C: the training of LeNet-5, one update a pattern. (rate, passes) in order.
GLOBAL_RATES = ((5e-4, 2), (2e-4, 3), (1e-4, 3), (5e-5, 4), (1e-5, 8))
SDLM_MU = 0.02
SDLM_PATTERNS = 500
# Section III-B: effective rates, that is rate / (mu + h), over all parameters in pass 1.
EFFECTIVE_RATES = (7e-5, 0.016)

# Section III-E: up to where LeNet-5 is estimated to read accurately, each about: the scale as a factor, the
# vertical shift up or down as a share of the character's height, the rotation either way in degrees.
ROBUST_UP_TO = MappingProxyType({"scale": 2.0, "shift": 0.5, "rotation": 30.0})

# Figure 9: how uncertain its error rates are, about, in percent of the test digits.
ERROR_UNCERTAINTY = 0.1
# Figure 9: test errors on MNIST in percent. "distorted": trained with distorted digits besides, "deslanted":
# digits set upright before. A network of full layers goes by its numbers of units.
PUBLISHED_ERRORS = MappingProxyType(
    {
        "linear": 12.0,
        "linear, deslanted": 8.4,
        "pairwise linear": 7.6,
        "K-NN Euclidean": 5.0,
        "K-NN Euclidean, deslanted": 2.4,
        "40 PCA + quadratic": 3.3,
        "1000 RBF + linear": 3.6,
        "tangent distance, 16x16": 1.1,
        "SVM poly 4": 1.1,
        "RS-SVM poly 5": 1.0,
        "V-SVM poly 9, distorted": 0.8,
        "784-300-10": 4.7,
        "784-300-10, distorted": 3.6,
        "784-300-10, deslanted": 1.6,
        "784-1000-10": 4.5,
        "784-1000-10, distorted": 3.8,
        "784-300-100-10": 3.05,
        "784-300-100-10, distorted": 2.5,
        "784-500-150-10": 2.95,
        "784-500-150-10, distorted": 2.45,
        "LeNet-1, 16x16": 1.7,
        "LeNet-4": 1.1,
        "LeNet-4 + local learning": 1.1,
        "LeNet-4 + K-NN": 1.1,
        "LeNet-5": TEST_ERROR,
        "LeNet-5, distorted": TEST_ERROR_DISTORTED,
        "Boosted LeNet-4, distorted": 0.7,
    }
)

# The family: units (with the input's), connections and parameters as each paper prints them.
# lenet1989: "Backpropagation Applied to Handwritten Zip Code Recognition", Neural Computation 1(4), 1989.
# lenet1: "Handwritten Digit Recognition with a Back-Propagation Network", NIPS 2, 1990.
# lenet4: section III-C of the paper of 1998, which says "about" of both.
FAMILY = MappingProxyType(
    {
        "lenet1989": MappingProxyType({"units": 1_256, "connections": 64_660, "parameters": 9_760}),
        "lenet1": MappingProxyType({"units": 4_635, "connections": 98_442, "parameters": 2_578}),
        "lenet4": MappingProxyType({"connections": 260_000, "parameters": 17_000}),
    }
)

# Neural Computation 1989: beyond a map's border stands a plane of this constant, the background of images
# that run from -1 to 1. Digits and passes; errors in percent at the end, of all digits, none rejected.
LENET1989_BORDER = -1.0
LENET1989_DIGITS = MappingProxyType({"training": 7_291, "test": 2_007})
LENET1989_PASSES = 23
LENET1989_TEST_ERROR = 5.0

# NIPS 2, abstract: the error rate in percent, and about how many percent of the digits are rejected for it.
LENET1_ERROR, LENET1_REJECTED = 1.0, 9.0

# NIPS 2: which maps of S2 (rows, 4; H2 there) feed which of C3 (columns, 12; H3 there). Boolean, (4, 12).
LENET1_TABLE = _read_only(
    _picture("""
XXX.XX......
.XXXXX......
......XXX.XX
.......XXXXX
""")
)

# Section III-C: LeNet-1, "about" both: multiplications with their additions for one digit, and parameters.
LENET1_MULTIPLY_ADDS = 100_000
LENET1_PARAMETERS = 2_600
