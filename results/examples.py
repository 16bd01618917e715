"""Draws docs/reading.png: sheets that are drawn by code, and what the shipped modern network reads on them.

python -m results.examples
"""

import io
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from lenet_edu.system.errors import LenetError
from lenet_edu.training.checkpoints import load_network
from lenet_edu.training.reading import predict
from results.strokes import drawn

FILE = Path(__file__).parents[1] / "docs" / "reading.png"


def sheets() -> dict[str, Image.Image]:
    """The examples by what they show: first what is read rightly, then what is not."""
    rows, columns = np.mgrid[:200, :200] / 200
    shaded = np.asarray(drawn(2, ink=40)) * (1 - 0.6 * (rows + columns > 1.05))
    squared = drawn(8)
    box = drawn(5, loose=0.05)
    ImageDraw.Draw(box).rectangle([8, 8, 191, 191], outline=0, width=4)
    for place in range(12, 200, 34):
        ImageDraw.Draw(squared).line([(0, place), (199, place)], fill=190, width=2)
        ImageDraw.Draw(squared).line([(place, 0), (place, 199)], fill=190, width=2)
    pair = Image.new("L", (400, 200), 255)
    pair.paste(drawn(4), (0, 0))
    pair.paste(drawn(2), (200, 0))
    letter = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(letter).line([(50, 170), (100, 30), (150, 170)], fill=0, width=14, joint="curve")
    ImageDraw.Draw(letter).line([(68, 120), (132, 120)], fill=0, width=14)
    dot = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(dot).ellipse([85, 85, 115, 115], fill=0)
    touching = Image.new("L", (300, 200), 255)
    touching.paste(Image.eval(drawn(3).crop((40, 0, 160, 200)), int), (40, 0))
    touching.paste(drawn(3).crop((50, 0, 160, 200)), (142, 0))
    return {
        "a shadow": Image.fromarray(shaded.astype(np.uint8)),
        "squared paper": squared,
        "a box, a loose bar": box,
        "chalk": drawn(6, ink=235, paper=45).filter(ImageFilter.GaussianBlur(2)),
        "faint pencil": drawn(9, ink=170, paper=225, pen=0.025),
        "two digits": pair,
        "a letter": letter,
        "a dot": dot,
        "on its side": drawn(7).rotate(90),
        "digits that touch": touching,
    }


def answer(network, picture: Image.Image) -> str:
    content = io.BytesIO()
    picture.save(content, "PNG")
    try:
        return "\n".join(str(reading).split(", then")[0] for reading in predict(network, content.getvalue()))
    except LenetError:
        return "no digit"


def main() -> None:
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    network, examples = load_network("lenet5-modern"), sheets()
    figure, axes = plt.subplots(2, 5, figsize=(10, 5.2))
    for axis, (name, picture) in zip(axes.flat, examples.items(), strict=True):
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axis.set(title=name, xticks=[], yticks=[], xlabel=answer(network, picture))
        print(f"{name}: {answer(network, picture)}".replace("\n", "; "))
    figure.tight_layout()
    figure.savefig(FILE, dpi=80)


if __name__ == "__main__":
    main()
