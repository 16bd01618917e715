"""The engine in node: what a few lines of JavaScript return there, with arrays there and back."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from lenet_edu import engine

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="install node 18 or newer to run this test")
ENGINE = Path(engine.__file__).parent
TYPES = {
    "Float32Array": np.float32,
    "Float64Array": np.float64,
    "Int32Array": np.int32,
    "Uint8Array": np.uint8,
}
SCRIPT = """
import { readFileSync } from "node:fs";
import * as js from ENGINE;
const revived = (_, value) => value?.array
  ? new globalThis[value.array](Uint8Array.from(Buffer.from(value.base64, "base64")).buffer) : value;
const base64 = ({ buffer, byteOffset, byteLength }) =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");
const replaced = (_, value) =>
  ArrayBuffer.isView(value) ? { array: value.constructor.name, base64: base64(value) } : value;
const given = JSON.parse(readFileSync(0, "utf8"), revived);
const engine = await js.loadEngine();
const use = (name) => import(new URL(name, ENGINE));
const answer = await (async () => { BODY })();
process.stdout.write(JSON.stringify(answer ?? null, replaced));
"""


def run(body: str, **given):
    """What `body` returns in node, where `js` is engine.js, `engine` loaded, and `given` holds the rest.

    `await use("random.js")` is another module of the engine.
    """
    script = SCRIPT.replace("ENGINE", json.dumps((ENGINE / "engine.js").as_uri())).replace("BODY", body)
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", script],
        input=json.dumps(given, default=_typed),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, object_hook=_array)


def _typed(value):
    if isinstance(value, bytes):
        value = np.frombuffer(value, np.uint8)
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    array = value.astype(np.int32) if value.dtype == np.int64 else value
    name = next(name for name, kind in TYPES.items() if array.dtype == kind)
    return {"array": name, "base64": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}


def _array(value: dict):
    if "array" not in value:
        return value
    return np.frombuffer(base64.b64decode(value["base64"]), TYPES[value["array"]])
