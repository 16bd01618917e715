"""The engine's door: the compiled file, the same bits each time, weights as files, and bad input."""

import gzip
import importlib.util
import json

import numpy as np
import pytest
import torch

from lenet_edu.engine.plan import plan
from lenet_edu.network.architecture import MODERN, NETWORKS, architecture, lenet5
from lenet_edu.network.models import LeNet5, build
from lenet_edu.training.checkpoints import SHIPPED, load_network, save_network, shipped_names
from tools import engine as compiler

from . import networks
from .networks import joined, material, stirred
from .node import ENGINE, needs_node, run

EVERY = {name: architecture({"network": name}) for name in NETWORKS}


# ---- the compiled file ----


@pytest.mark.skipif(importlib.util.find_spec("ziglang") is None, reason="install ziglang to run this test")
def test_wasm_is_what_the_source_compiles_to(tmp_path):
    compiler.build(tmp_path / "lenet.wasm")
    same = (tmp_path / "lenet.wasm").read_bytes() == (ENGINE / "lenet.wasm").read_bytes()
    assert same, "lenet.c has changed: run `make engine`"


def test_constants_are_those_of_python():
    same = (ENGINE / "constants.js").read_text("utf-8") == compiler.constants()
    assert same, "a number of Python's has changed: run `make engine`"


def test_wasm_is_small():
    wasm = (ENGINE / "lenet.wasm").read_bytes()
    assert len(wasm) <= 64 * 1024
    assert len(gzip.compress(wasm, 9)) <= 24 * 1024


# ---- plans ----


@needs_node
@pytest.mark.parametrize("name", EVERY)
def test_shapes_and_parameters_are_pythons(name):
    description = EVERY[name]
    shapes, parameters = run(
        "return [js.shapesOf(given.plan), js.parametersOf(given.plan)];", plan=plan(description)
    )
    assert {layer: tuple(shape) for layer, shape in shapes.items()} == description.shapes
    model = build(description.config)
    theirs = [(parameter, list(value.shape)) for parameter, value in model.named_parameters()]
    assert [(parameter["name"], parameter["shape"]) for parameter in parameters] == theirs


@needs_node
@pytest.mark.parametrize("table", [networks.GAPS, np.ones((6, 16), bool)], ids=["gaps", "full"])
def test_another_table_makes_pythons_plan(table):
    rows = ["".join("X" if mark else "." for mark in row) for row in table]
    changed = run("return js.withTable(given.plan, given.rows);", plan=plan(lenet5()), rows=rows)
    wanted = plan(lenet5(c3=table))
    assert {**changed, "name": wanted["name"]} == json.loads(json.dumps(wanted))


# ---- the same bits ----


@pytest.mark.slow
@needs_node
@pytest.mark.parametrize("name", networks.NETWORKS)
def test_an_image_alone_has_the_bits_that_it_has_in_a_batch(name):
    model = stirred(networks.NETWORKS[name])
    images, _ = material(model, 9)
    batch, alone = run(
        """
        const network = engine.network(given.plan);
        network.weights = given.weights;
        const pixels = given.images.length / 9;
        return [network.forward(given.images), network.forward(given.images.subarray(8 * pixels))];
        """,
        plan=plan(model.architecture),
        weights=joined(model.parameters()),
        images=images,
    )
    for layer, output in batch.items():
        assert np.array_equal(output[-len(alone[layer]) :], alone[layer]), layer


@pytest.mark.slow
@needs_node
def test_shards_put_together_in_order_are_one_sum():
    model = stirred(LeNet5)
    images, labels = material(model, 64)
    whole, parts = run(
        """
        const make = () => Object.assign(engine.network(given.plan), { weights: given.weights });
        const pixels = given.images.length / 64;
        const shard = (network, n) => network.learn(
          given.images.subarray(n * 32 * pixels, (n + 1) * 32 * pixels),
          given.labels.subarray(n * 32, (n + 1) * 32),
          { scale: 1 / 64 },
        );
        const one = make();
        for (const n of [0, 1]) {
          shard(one, n);
          one.addGradient(new Float32Array(one.size));
        }
        const collected = make();
        for (const n of [0, 1]) {
          const worker = make();
          shard(worker, n);
          collected.addGradient(worker.takeGradient());
        }
        return [one.gradient, collected.gradient];
        """,
        plan=plan(model.architecture),
        weights=joined(model.parameters()),
        images=images,
        labels=labels,
    )
    near = np.abs(whole - parts).max() / np.abs(whole).max()
    assert 0 <= near <= 1e-6


@needs_node
def test_loads_from_text_inside_a_page_and_from_bytes():
    counts = run(
        """
        const { readFileSync } = await import("node:fs");
        const bytes = readFileSync(given.wasm);
        const engines = [await js.loadEngine(bytes), await js.loadEngine(bytes.toString("base64"))];
        engines.push(new js.Engine(engine.module));
        return engines.map((one) => one.network(given.plan).size);
        """,
        plan=plan(lenet5()),
        wasm=str(ENGINE / "lenet.wasm"),
    )
    assert counts == [60_000] * 3


# ---- weights as files ----


@pytest.mark.slow
@needs_node
@pytest.mark.parametrize("name", shipped_names())
def test_shipped_weights_answer_alike(name):
    model = load_network(name)
    images, _ = material(model, 5)
    ours = run(
        """
        const network = engine.network(given.plan);
        const notes = network.loadSafetensors(given.file);
        network.temperature = given.temperature;
        const { images } = given;
        return [network.output(images), network.classes(images), network.probabilities(images), notes];
        """,
        plan=plan(model.architecture),
        file=(SHIPPED / f"{name}.safetensors").read_bytes(),
        images=images,
        temperature=model.temperature,
    )
    with torch.no_grad():
        output = model(images).numpy().ravel()
        assert np.abs(ours[0] - output).max() <= max(1e-4, 1e-5 * np.abs(output).max())
        assert ours[1].tolist() == model.classes_of(images).tolist()
        np.testing.assert_allclose(ours[2], model.probabilities(images).numpy().ravel(), atol=1e-5)
    assert ours[3] == model.notes


@pytest.mark.slow
@needs_node
@pytest.mark.parametrize("name", networks.NETWORKS)
def test_python_loads_what_the_engine_wrote(name, tmp_path):
    model = stirred(networks.NETWORKS[name])
    file = run(
        """
        const network = engine.network(given.plan);
        network.weights = given.weights;
        return network.toSafetensors({ seed: 3, where: "in a browser, é" });
        """,
        plan=plan(model.architecture),
        weights=joined(model.parameters()),
    )
    path = tmp_path / "network.safetensors"
    path.write_bytes(file.tobytes())
    loaded = load_network(path)
    assert loaded.notes["seed"] == 3
    assert loaded.notes["where"] == "in a browser, é"
    assert np.array_equal(joined(loaded.parameters()), joined(model.parameters()))


# ---- bad input ----

BAD = {
    "no plan": ("engine.network(undefined)", "A plan must have an input and layers; got undefined"),
    "format": ("engine.network({ ...given.plan, format: 9 })", "must be of format 1; got 9"),
    "stride": (
        "engine.network(changed(0, { stride: 0 }))",
        "stride of C1 must be .* at least 1; got 0",
    ),
    "squash": (
        "engine.network(changed(0, { activation: 'gelu' }))",
        'activation of C1 must be.*got "gelu"',
    ),
    "kind": ("engine.network(changed(0, { kind: 'attention' }))", "kind of C1 must be one of"),
    "table": ("engine.network(changed(2, { table: ['X'] }))", "table of C3 must be 6 texts of 16 marks"),
    "codes": ("engine.network(changed(6, { codes: ['X'] }))", "codes of OUTPUT must be 10 texts of 84 marks"),
    "names": (
        "engine.network(changed(1, { name: 'C1' }))",
        "Layer 1 of LeNet-5 1998 must have a name",
    ),
    "too small": ("engine.network({ ...given.plan, input: { name: 'I', maps: 1, size: 8 } })", "has no room"),
    "weights": ("network.weights = new Float32Array(3)", "Float32Array of 60000; got Float32Array of 3"),
    "images": (
        "network.forward(new Float32Array(1000))",
        "N x 1 x 32 x 32 numbers; got Float32Array",
    ),
    "no floats": ("network.forward([0])", "takes images as a Float32Array"),
    "labels": ("network.learn(image, [10])", "Label 0 must be a whole number from 0 to 9; got 10"),
    "too few labels": ("network.learn(image, [])", "a label for each of 1 images; got Array of 0"),
    "loss": ("network.learn(image, [1], { loss: 'cross_entropy' })", "must be one of map, distance; got"),
    "option": ("network.learn(image, [1], { smooth: 1 })", "There is no option smooth"),
    "smoothing": ("network.learn(image, [1], { smoothing: 1 })", "smoothing must be from 0 to below 1"),
    "j": ("network.learn(image, [1], { j: 0 })", "j must be a number above 0"),
    "scale": ("network.learn(image, [1], { scale: NaN })", "scale must be a finite number; got NaN"),
    "rate": ("network.step({ rate: NaN })", "rate must be a finite number, zero or more; got NaN"),
    "order": ("network.trainPatterns(image, [1], [1])", "order must hold whole numbers from 0 to 0; got 1"),
    "pickle": ("network.loadSafetensors(new Uint8Array([0x80, 2]))", "This is a pickle"),
    "truncated": ("network.loadSafetensors(given.file.slice(0, 9000))", "not a whole safetensors file"),
    "another": ("network.loadSafetensors(given.other)", "weights are of another network"),
    "no file": ("network.loadSafetensors('lenet')", "must come as an ArrayBuffer or a Uint8Array"),
    "no wasm": ("await js.loadEngine(new Uint8Array(8))", "lenet.wasm could not be compiled"),
}


@needs_node
def test_bad_input_is_named(tmp_path):
    files = {}
    for name, model in {"file": LeNet5(), "other": LeNet5(**MODERN)}.items():
        save_network(tmp_path / name, model)
        files[name] = (tmp_path / name).read_bytes()
    attempts = ",".join(f"async () => {{ {code}; }}" for code, _ in BAD.values())
    messages = run(
        f"""
        const network = engine.network(given.plan);
        const image = new Float32Array(1024);
        const {{ layers }} = given.plan;
        const changed = (place, change) => {{
          const other = layers.map((layer, n) => n === place ? {{ ...layer, ...change }} : layer);
          return {{ ...given.plan, layers: other }};
        }};
        const answers = [];
        for (const attempt of [{attempts}]) {{
          const say = (error) => `${{error.name}}: ${{error.message}}`;
          answers.push(await attempt().then(() => "nothing was said", say));
        }}
        return answers;
        """,
        plan=plan(lenet5()),
        **files,
    )
    for (name, (_, wanted)), message in zip(BAD.items(), messages, strict=True):
        with pytest.raises(ValueError, match=f"EngineError: .*{wanted}"):
            raise ValueError(message)
        assert message.endswith((".", ")")), name
