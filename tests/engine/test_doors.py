"""Bad input at the doors of a training, of data and of files of weights: a message names the thing."""

import pytest

from lenet_edu.data.splits import PAPER_SCALING
from lenet_edu.engine.plan import plan
from lenet_edu.network.architecture import MODERN, lenet5
from lenet_edu.reproduction.passes import OriginalRecipe
from lenet_edu.training.recipes import RECIPES

from .node import needs_node, run
from .test_training import SPAWN

pytestmark = needs_node

# What is attempted, and what the message says.
BAD = {
    "no plan": ("begin({ plan: undefined })", "A plan must have an input and layers; got undefined"),
    "a nameless input": ("network({ input: { maps: 1, size: 32 } })", "input of a plan must have a name"),
    "many layers": ("network({ layers: Array.from({ length: 40 }, linear) })", "can have 32 layers"),
    "a huge layer": ("network({ layers: [{ ...linear(0, 0), units: 2 ** 30 }] })", "not enough memory"),
    "no data": ("begin({ data: undefined })", "The train split must have bytes"),
    "no split": ("begin({ data: { ...data, test: undefined } })", "The test split must have bytes"),
    "an empty split": ("begin({ data: { ...data, validation: empty } })", "validation split must have bytes"),
    "too few labels": ("begin(train({ labels: labels.subarray(1) }))", "64 bytes for each of 1249 labels"),
    "another size": ("begin(train({ size: 9 }))", "81 bytes for each of 1250 labels; got 80000"),
    "too large": ("begin(train({ size: 64 }))", "reads images of 1 x 32 x 32; those .* are 1 x 64 x 64"),
    "colours": ("begin(train({ maps: 3 }))", "those of the train split are 3 x 8 x 8"),
    "labels": ("begin(train({ labels: labels.map(() => 11) }))", "must be from 0 to 9, .*; got 11"),
    "no scaling": ("begin({ scaling: undefined })", "background of the scaling .*; got undefined"),
    "scaling": ("begin({ scaling: { background: 0, ink: NaN } })", "ink of the scaling .*; got NaN"),
    "no recipe": ("begin({ recipe: undefined })", "A recipe must be an object with the fields of a Recipe"),
    "a negative seed": ("begin({ seed: -1 })", "A seed must be a whole number of at least 0; got -1"),
    "a large seed": ("begin({ seed: 2 ** 40 })", "A seed must be below 2\\^32"),
    "no workers": ("begin({ workers: 0 })", "workers must be a whole number of at least 1; got 0"),
    "passes": ("begin({ recipe: { ...original, schedule: [null] } })", "schedule must be pairs"),
    "mu": ("begin({ recipe: { ...original, mu: 0 } })", "mu must be a number above 0; got 0"),
    "no state": ("(await begin()).restore(undefined)", "kept in format 1; this one has undefined"),
    "weights of a state": ("restored({ weights: new Float32Array(61706).fill(NaN) })", "state .* is damaged"),
    "place of a state": ("restored({ seen: -5 })", "The state of this training is damaged"),
    "history of a state": ("restored({ history: null })", "The state of this training is damaged"),
    "a split": ("(await begin()).evaluate('tests')", "splits train, validation, test; got tests"),
    "images": ("(await begin()).forward(new Float32Array(5))", "takes images as a Float32Array of N x"),
    "a rate": ("(await begin()).changeRate('x')", 'peak_rate must be a number from 0 .*got "x"'),
    "steps": ("(await begin()).play({ steps: -1 })", "steps or epochs, a number above 0; got steps -1"),
    "until": ("(await begin()).play({ batches: 3 })", "steps or epochs, .*; got batches 3"),
    "no files": ("readMnist(null)", "must come as a list of files; got null"),
    "temperature": ("load(network({}).toSafetensors({ temperature: 'hot' }))", 'temperature .*got "hot"'),
    "weights of a file": ("load(diverged())", "file's weights are not all finite numbers"),
    "a picture": ("load(new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]))", "not a whole safetensors file"),
    "an empty file": ("load(new Uint8Array(0))", "not a whole safetensors file \\(0 bytes\\)"),
}  # fmt: skip

ATTEMPT = f"""
const {{ spawn }} = await import({SPAWN});
const {{ startTraining }} = await use("trainer.js");
const {{ loadEmbeddedDigits, readMnist }} = await use("data.js");
const data = await loadEmbeddedDigits();
const {{ labels }} = data.train;
const empty = {{ bytes: new Uint8Array(0), labels: new Uint8Array(0), size: 8 }};
const {{ original }} = given;
const trainings = [];
const begin = async (more = {{}}) => {{
  const {{ plan, recipe, scaling }} = given;
  const training = await startTraining({{ engine, plan, data, scaling, recipe, workers: 1, spawn, ...more }});
  trainings.push(training);
  return training;
}};
const train = (change) => ({{ data: {{ ...data, train: {{ ...data.train, ...change }} }} }});
const restored = async (change) => {{
  const training = await begin();
  await training.restore({{ ...(await training.state()), ...change }});
}};
const network = (change) => engine.network({{ ...given.plan, ...change }});
const linear = (_, n) => ({{ kind: "linear", name: `L${{n}}`, units: 3, activation: null }});
const load = (file) => network({{}}).loadSafetensors(file);
const diverged = () => {{
  const one = network({{}});
  one.weights = one.weights.fill(NaN);
  return one.toSafetensors();
}};
const messages = [];
for (const attempt of [ATTEMPTS]) {{
  messages.push(await attempt().then(() => "nothing was said", (error) => error.message));
}}
for (const training of trainings) training.close();
return messages;
"""


@pytest.mark.slow
def test_bad_input_is_named_at_every_door():
    attempts = ",".join(f"async () => {code}" for code, _ in BAD.values())
    messages = run(
        ATTEMPT.replace("ATTEMPTS", attempts),
        plan=plan(lenet5(**MODERN)),
        recipe=RECIPES["small"].to_dict(),
        original=OriginalRecipe(schedule=((0.0005, 1),)).to_dict(),
        scaling=PAPER_SCALING.to_dict(),
    )
    for (name, (_, wanted)), message in zip(BAD.items(), messages, strict=True):
        with pytest.raises(ValueError, match=wanted):
            raise ValueError(f"{name}: {message}")
