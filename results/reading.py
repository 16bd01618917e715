"""Measures how well pictures are read, and how true the probabilities are; writes reading.json.

    python -m results.reading development     made-up photos to tune by, and the temperatures that follow
    python -m results.reading held-out        made-up photos of other digits by other seeds, looked at once
    python -m results.reading clean           MNIST's test digits: as PNG files and as arrays; calibration

Photos show digits of MNIST's validation split: the development part every other one, the held-out part the
rest. A temperature is the one that makes the validation digits likeliest, raised in steps until few of the
mistakes on the development photos are told at 99 %, as long as the calibration error on the validation digits
stays small.
"""

import argparse
import io
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from lenet_edu.data.digits import load_digits
from lenet_edu.data.normalise import digits_from_picture
from lenet_edu.data.splits import PAPER_SCALING, Data, resize_for
from lenet_edu.network import paper
from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import read_json, write_json
from lenet_edu.training.checkpoints import SHIPPED, load_network, shipped_names
from lenet_edu.training.evaluation import calibration_error
from results.photos import KINDS, photo
from results.recording import open_record

FILE = Path(__file__).with_suffix(".json")
# Photos of each kind. The held-out part of seed 2 has been looked at, and is measured no more.
COUNT = 40
SEEDS = {"development": 1, "held-out": 3}
# Mistakes on development photos told at 99 %, and the calibration error on validation digits, at most.
FALSE_CERTAINTY, CALIBRATION, STEP = 0.05, 0.007, 1.05
CERTAIN = 0.99


def photos_of(part: str, kind: str, data: Data):
    """Yields each photo of one kind in a part, as the content of a file, and its label."""
    ink = data.scaling.undo(data.validation.images)[:, 0]
    border = (paper.IMAGE_SIZE - paper.MNIST_SIZE) // 2
    ink = ink[:, border:-border, border:-border].numpy()
    own = np.arange(list(SEEDS).index(part), len(ink), 2)
    rng = np.random.default_rng([SEEDS[part], list(KINDS).index(kind)])
    for place in rng.choice(own, COUNT, replace=False):
        yield photo(kind, ink[place], rng), data.validation.labels[place].item()


def read_all(pictures) -> tuple[Tensor, Tensor, int]:
    """Images (N, 1, 32, 32), labels, and how many pictures did not come to one digit: blank, label -1."""
    images, labels, lost = [], [], 0
    for content, label in pictures:
        try:
            digits = digits_from_picture(content)
        except LenetError:
            digits = torch.empty(0)
        lost += len(digits) != 1
        blank = torch.full((1, 1, paper.IMAGE_SIZE, paper.IMAGE_SIZE), paper.BACKGROUND)
        images.append(digits if len(digits) == 1 else blank)
        labels.append(label if len(digits) == 1 else -1)
    return torch.cat(images), torch.tensor(labels), lost


@torch.inference_mode()
def scores(model: Network, images: Tensor) -> Tensor:
    """(N, classes): class scores, the temperature left out."""
    seen = resize_for(model.architecture.input.size, images, PAPER_SCALING)
    return torch.cat([model.class_scores(batch) for batch in seen.split(1000)])


def told_as_certain(probabilities: Tensor, labels: Tensor) -> float:
    """The share of the mistakes that are told at 99 % or more."""
    surest, named = probabilities.max(1)
    wrong = (named != labels) & (labels >= 0)
    return (surest[wrong] >= CERTAIN).double().mean().item() if wrong.any() else 0.0


def choose_temperature(
    validation: Tensor, labels: Tensor, photographed: Tensor, photo_labels: Tensor
) -> float:
    """See above; class scores (N, classes) and labels of validation digits and of development photos."""
    tried = np.exp(np.linspace(np.log(0.05), np.log(40), 400))
    losses = [F.cross_entropy(validation / one, labels).item() for one in tried]
    best = float(tried[int(np.argmin(losses))])
    while (
        told_as_certain((photographed / best).softmax(1), photo_labels) > FALSE_CERTAINTY
        and calibration_error((validation / (best * STEP)).softmax(1), labels) <= CALIBRATION
    ):
        best *= STEP
    return round(best, 3)


def measure_photos(part: str, data: Data) -> dict:
    """Read every photo once and ask every shipped network; the development part sets the temperatures."""
    read = {}
    for kind in KINDS:
        read[kind] = read_all(photos_of(part, kind, data))
        print(f"{part}, {kind}: {read[kind][2]} of {len(read[kind][1])} not one digit", flush=True)
    images, labels = (torch.cat([read[kind][i] for kind in KINDS]) for i in (0, 1))
    found = {"photos": len(labels), "not one digit": {kind: read[kind][2] for kind in KINDS}, "networks": {}}
    for name in shipped_names():
        model = load_network(name)
        if part == "development":
            model.temperature = set_temperature(name, model, data, scores(model, images), labels)
        chances = (scores(model, images) / model.temperature).softmax(1)
        right = chances.argmax(1) == labels
        parts = right.split([len(read[kind][1]) for kind in KINDS])
        kinds = {
            kind: round(100 * one.double().mean().item(), 1) for kind, one in zip(KINDS, parts, strict=True)
        }
        found["networks"][name] = {
            "right": round(100 * right.double().mean().item(), 2),
            "worst kind": min(kinds, key=kinds.get),
            "mistakes told at 99 %": round(told_as_certain(chances, labels), 3),
            "kinds": kinds,
        }
        print(
            name, {key: value for key, value in found["networks"][name].items() if key != "kinds"}, flush=True
        )
    return found


def set_temperature(
    name: str, model: Network, data: Data, photographed: Tensor, photo_labels: Tensor
) -> float:
    """Choose a shipped network's temperature and put it beside its weights."""
    chosen = choose_temperature(
        scores(model, data.validation.images), data.validation.labels, photographed, photo_labels
    )
    record = SHIPPED / f"{name}.json"
    write_json(record, read_json(record) | {"temperature": chosen})
    return chosen


def measure_clean(data: Data) -> dict:
    """MNIST's test digits as PNG files against the same as arrays, and how true the probabilities are."""
    border = (paper.IMAGE_SIZE - paper.MNIST_SIZE) // 2
    ink = data.scaling.undo(data.test.images)[:, 0, border:-border, border:-border]
    levels, labels = (255 * ink).round().byte().numpy(), data.test.labels

    def as_png(one) -> bytes:
        content = io.BytesIO()
        Image.fromarray(one).save(content, "PNG")
        return content.getvalue()

    images, read_labels, lost = read_all(
        (as_png(one), label) for one, label in zip(levels, labels.tolist(), strict=True)
    )
    found = {"digits": len(labels), "not one digit": lost, "networks": {}}
    for name in shipped_names():
        model = load_network(name)
        arrays, files = scores(model, data.test.images), scores(model, images)
        chances = (arrays / model.temperature).softmax(1)
        found["networks"][name] = {
            "temperature": model.temperature,
            "right, arrays": round(100 * (arrays.argmax(1) == labels).double().mean().item(), 2),
            "right, PNG files": round(100 * (files.argmax(1) == read_labels).double().mean().item(), 2),
            "calibration error": round(calibration_error(chances, labels), 4),
            "at temperature 1": round(calibration_error(arrays.softmax(1), labels), 4),
            "mistakes told at 99 %": round(told_as_certain(chances, labels), 3),
        }
        print(name, found["networks"][name], flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=(*SEEDS, "clean"))
    part, data = parser.parse_args().part, load_digits()
    if data.source.kind != "mnist":
        print(f"{data.note} There is nothing to measure without MNIST.", file=sys.stderr)
        return 2
    found = measure_clean(data) if part == "clean" else measure_photos(part, data)
    kept = open_record(FILE)
    kept["experiments"][part] = {"command": f"python -m results.reading {part}", "data": data.name, **found}
    write_json(FILE, kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
