// TrainingPanel: curves, ticks, and the line of figures.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { bytes, duration, epochTicks, path, rows, span, summary, ticks } = await load("training_panel");

test("rows come as they were sent, and none is no row", () => {
  assert.deepEqual(rows(bytes([0.5, 2, 0.25, 1, 1.5, 0.75]), "curve"), [[0.5, 2, 0.25], [1, 1.5, 0.75]]);
  assert.deepEqual(rows(bytes([]), "curve"), []);
  assert.deepEqual(rows(undefined, "curve"), []);
});

test("half a row is an error", () => {
  assert.throws(() => rows(bytes([1, 2, 3, 4]), "curve"), /curve/);
});

test("ticks are ones, twos and fives of every power, within", () => {
  assert.deepEqual(ticks(0.04, 3), [0.05, 0.1, 0.2, 0.5, 1, 2]);
  assert.deepEqual(ticks(1, 10), [1, 2, 5, 10]);
});

test("epochs are marked whole, and not too often", () => {
  assert.deepEqual(epochTicks(5), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(epochTicks(40), [0, 10, 20, 30, 40]);
  for (const last of [1, 3, 7, 20, 90, 400, 3000]) assert.ok(epochTicks(last).length <= 8 && epochTicks(last).length >= 2);
});

test("a span holds all values, and never touches 0", () => {
  const [low, high] = span([2, 0, 5], 0.05);
  assert.ok(low > 0 && low < 0.05 && high > 5);
  const [only, more] = span([0], 0.05);
  assert.ok(more > only);
});

test("a path goes from left to right, larger values higher, on a logarithmic scale", () => {
  const points = path([[0, 1], [1, 10], [2, 100]], 2, [1, 100]).match(/[-\d.]+ [-\d.]+/g).map((pair) => pair.split(" ").map(Number));
  const [[x0, y0], [x1, y1], [x2, y2]] = points;
  assert.ok(x0 < x1 && Math.abs(x1 - x0 - (x2 - x1)) < 0.2);
  assert.ok(y0 > y1 && Math.abs(y0 - y1 - (y1 - y2)) < 0.2);
});

test("what lies outside is drawn at the edge", () => {
  const [[, low], [, high]] = path([[0, 1e-9], [1, 1e9]], 1, [1, 100]).match(/[-\d.]+ [-\d.]+/g).map((pair) => pair.split(" ").map(Number));
  assert.ok(low < 200 && high > 0);
});

test("durations are read easily", () => {
  assert.deepEqual([0.2, 59, 60, 125].map(duration), ["1 s", "59 s", "1 min 0 s", "2 min 5 s"]);
});

test("the summary says what there is to say", () => {
  const told = { epochs_done: 1.254, epochs: 5, steps: 12, loss: 0.51234, validation: 0.9876, images_per_second: 12345.6, seconds_left: 3.2 };
  assert.equal(summary(told, "running"), "epoch 1.25 of 5 · step 12 · loss 0.512 · validation 98.76% · 12,346 images/s · 4 s left");
  assert.ok(!summary(told, "paused").includes("left"));
  assert.equal(summary({ epochs_done: 0, epochs: 5, steps: 0, loss: null, validation: null, images_per_second: 0 }, "ready"), "epoch 0.00 of 5 · step 0");
});
