// The table of runs: what differs between them, and how far they are.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { COMPARED_COLOURS, compareSettings, stateInWords } = await load("run_table");

const run = (values) => ({
  name: "a",
  state: "finished",
  network: "LeNet-5 modern",
  data: "mnist",
  recipe: "fast",
  peak_rate: 0.15,
  momentum: 0.9,
  batch_size: 128,
  epochs: 5,
  seed: 0,
  epochs_done: 5,
  accuracy: 0.98,
  ...values,
});
const damaged = { name: "b", state: "damaged" };

test("runs are told apart by the settings that differ", () => {
  const runs = [run({}), run({ peak_rate: 0.3, seed: 1 }), damaged];
  const { differ, common } = compareSettings(runs);
  assert.deepEqual(differ, ["peak_rate", "seed"]);
  assert.deepEqual(common, ["network", "data", "recipe", "momentum", "batch_size", "epochs"]);
});

test("where no run can be read there is nothing to compare", () => {
  assert.deepEqual(compareSettings([damaged]), { differ: [], common: [] });
});

test("a run's state is said in words", () => {
  assert.equal(stateInWords(run({})), "finished");
  assert.equal(stateInWords(run({ state: "paused", epochs_done: 1.254 })), "paused at epoch 1.25 of 5");
  assert.equal(stateInWords(run({ state: "interrupted", epochs_done: 0 })), "interrupted at epoch 0.00 of 5");
  assert.equal(stateInWords(damaged), "damaged");
});

test("each run that is compared has a colour of its own", () => {
  assert.equal(new Set(COMPARED_COLOURS).size, 4);
});
