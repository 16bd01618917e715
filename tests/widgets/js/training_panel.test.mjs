// TrainingPanel: rows of numbers, the line of figures, what is read.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { answerOf, bytes, classWord, duration, rows, summary } = await load("training_panel");

test("rows come as they were sent, and none is no row", () => {
  assert.deepEqual(rows(bytes([0.5, 2, 0.25, 1, 1.5, 0.75]), "curve"), [
    [0.5, 2, 0.25],
    [1, 1.5, 0.75],
  ]);
  assert.deepEqual(rows(bytes([]), "curve"), []);
  assert.deepEqual(rows(undefined, "curve"), []);
});

test("half a row is an error", () => {
  assert.throws(() => rows(bytes([1, 2, 3, 4]), "curve"), /curve/);
});

test("durations are read easily", () => {
  assert.deepEqual([0.2, 59, 60, 125].map(duration), ["1 s", "59 s", "1 min 0 s", "2 min 5 s"]);
});

test("the summary says what there is to say", () => {
  const done = { epochs_done: 1.254, epochs: 5, steps: 12, loss: 0.51234, validation: 0.9876 };
  const progress = { ...done, images_per_second: 12345.6, seconds_left: 3.2 };
  const line = "epoch 1.25 of 5 · step 12 · loss 0.512 · validation 98.76% · 12,346 images/s";
  assert.equal(summary(progress, "running"), `${line} · 4 s left`);
  assert.equal(summary(progress, "paused"), line);
  const nothing = { epochs_done: 0, epochs: 5, steps: 0, loss: null, validation: null, images_per_second: 0 };
  assert.equal(summary(nothing, "ready"), "epoch 0.00 of 5 · step 0");
});

test("the smallest distance wins, or the largest score", () => {
  assert.equal(answerOf([3, 1, 2], true), 1);
  assert.equal(answerOf(Float32Array.from([3, 1, 2]), false), 0);
});

test("digits are called digits, and other classes are not", () => {
  assert.equal(classWord(["0", "1", "9"]), "digit");
  assert.equal(classWord(["cat", "dog"]), "class");
  assert.equal(classWord(["10", "11"]), "class");
});
