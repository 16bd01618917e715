"""What tests of widgets share: the widgets' JavaScript in node, networks and tables of other numbers."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from lenet_edu.network import paper

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="install node 18 or newer to run this test")
TESTS = Path(__file__).parent / "js"
BRIDGE = """
import { readFileSync } from "node:fs";
import { load } from LOAD;
const bytes = (text) => new DataView(Uint8Array.from(Buffer.from(text, "base64")).buffer);
const given = JSON.parse(readFileSync(0, "utf8"), (_, value) => value?.base64 ? bytes(value.base64) : value);
const answer = ((js, given) => { BODY })(await load(NAME), given);
process.stdout.write(JSON.stringify(answer, (_, value) => ArrayBuffer.isView(value) ? [...value] : value));
"""


def javascript(name: str, body: str, **given):
    """What `body` returns in node: `js` has a widget's functions, `given` the rest, bytes as DataViews."""
    words = {"LOAD": json.dumps((TESTS / "load.mjs").as_uri()), "NAME": json.dumps(name), "BODY": body}
    script = re.sub("LOAD|NAME|BODY", lambda word: words[word[0]], BRIDGE)
    text = json.dumps(given, default=lambda data: {"base64": base64.b64encode(data).decode()})
    node = [NODE, "--input-type=module", "-e", script]
    done = subprocess.run(node, input=text, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


THREE = [(70, 50), (150, 50), (110, 100), (150, 130), (140, 180), (70, 185)]


def draw(page, points) -> None:
    """Draw a line on the page's sheet with the mouse, through points in pixels."""
    box = page.locator(".lenet-sheet").bounding_box()
    (x, y), *rest = points
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=6)
    page.mouse.up()


def untrained(model, seed: int):
    model.reset_parameters(torch.Generator().manual_seed(seed))
    return model


def random_table(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(paper.C3_TABLE.shape) < 0.5


def floats(data: bytes) -> np.ndarray:
    return np.frombuffer(data, "<f4")
