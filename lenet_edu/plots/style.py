"""How every figure of the suite looks: colours, type and colour maps, in one place."""

from functools import lru_cache
from pathlib import Path

# Okabe and Ito's colours, which colour-blind readers tell apart.
BLUE, SKY, GREEN, ORANGE, RED, PURPLE = "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7"
GREY, INK, SOFT_INK = "#9AA5B1", "#22313F", "#5D6D7E"
PALETTE = (BLUE, ORANGE, GREEN, RED, PURPLE, GREY)  # of lines, in this order

# Each layer keeps its colour in every figure; a convolution and the subsampling after it are of one kind.
LAYERS = {
    "INPUT": "#5D6D7E",
    "C1": BLUE,
    "S2": SKY,
    "C3": GREEN,
    "S4": "#66C2A5",
    "C5": ORANGE,
    "F5": ORANGE,
    "F6": RED,
    "F7": "#F0A878",
    "OUTPUT": PURPLE,
    # The hidden layers of 1989.
    "H1": BLUE,
    "H2": GREEN,
    "H3": ORANGE,
}

# Activations and weights: red is positive, blue negative, white zero. Images: ink on paper.
DIVERGING, PAPER = "RdBu_r", "gray_r"

# Looked for in this order: the first has most scripts but none of East Asia, whose fonts follow.
FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "Microsoft YaHei",
    "SimHei",
)
# These have the letters of China as Japan writes them, or not all of them: they stand in for other ones.
LAST_FONTS = ("Noto Sans CJK JP", "Arial Unicode MS", "Droid Sans Fallback")
# All letters of the package's own Chinese, for machines without one of `FONTS`: `python -m tools.font`.
BUNDLED_FONT = Path(__file__).parent / "fonts" / "lenet_edu_sc.otf"

RC = {
    "figure.facecolor": "white",
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "figure.titlesize": 10.5,
    "figure.titleweight": "bold",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


@lru_cache
def installed_fonts() -> list[str]:
    """Those of `FONTS` that this machine has, else the one that the package brings along; then `LAST_FONTS`.

    matplotlib warns of every other one that it is asked for.
    """
    from matplotlib import font_manager

    manager = font_manager.fontManager
    here = {font.name for font in manager.ttflist}
    names = [name for name in FONTS if name in here]
    if len(names) < 2:
        manager.addfont(BUNDLED_FONT)
        names.append(font_manager.get_font(BUNDLED_FONT).family_name)
    return [*names, *(name for name in LAST_FONTS if name in here)]


@lru_cache
def can_show(text: str) -> bool:
    """True if the installed fonts of `FONTS` together have every letter of the text."""
    from matplotlib import font_manager, ft2font

    missing = {ord(letter) for letter in text if not letter.isspace()}
    for name in installed_fonts():
        path = font_manager.findfont(font_manager.FontProperties(family=name))
        missing -= set(ft2font.FT2Font(path).get_charmap())
    return not missing


def layer_colour(name: str) -> str:
    """The colour of the layer of that name; grey for one that no network here has."""
    return LAYERS.get(name, GREY)


def pale(colour: str, share: float = 0.78) -> tuple[float, float, float]:
    """The colour, so much of the way to white."""
    red, green, blue = (
        1 - (1 - share) * (1 - int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5)
    )
    return red, green, blue
