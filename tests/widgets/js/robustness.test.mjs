// Robustness: amounts in words, the paper's estimate beside a slider, bars, and a sheet's grey levels.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { barLengths, estimate, inWords, levelsOf } = await load("robustness");

test("an amount is said in its own words", () => {
  assert.equal(inWords("scale", 1.5), "× 1.50");
  assert.equal(inWords("shift", 0.25), "0.25 down");
  assert.equal(inWords("shift", -0.3), "0.30 up");
  assert.equal(inWords("rotation", 30), "30° left");
  assert.equal(inWords("rotation", -7), "7° right");
  assert.equal(inWords("noise", 0.08), "8 %");
  for (const kind of ["shift", "rotation"]) assert.equal(inWords(kind, 0), "none");
});

test("the estimate lies where its ends are on the slider, and not beyond it", () => {
  assert.deepEqual(estimate({ kind: "shift", min: -1, max: 1, paper: 0.5 }), [0.25, 0.75]);
  assert.deepEqual(estimate({ kind: "scale", min: 0.5, max: 2.5, paper: 2 }), [0, 0.75]);
  assert.deepEqual(estimate({ kind: "rotation", min: -20, max: 40, paper: 30 }), [0, 50 / 60]);
});

test("distances are drawn from nothing, scores from the lowest", () => {
  assert.deepEqual(barLengths([2, 4, 1], 1), [0.5, 1, 0.25]);
  assert.deepEqual(barLengths([-3, 1, -1], 0), [0, 1, 0.5]);
  assert.deepEqual(barLengths([5, 5], 0), [0, 0]);
});

test("a sheet is one byte a pixel, in order", () => {
  const found = levelsOf(Uint8ClampedArray.from([0, 0, 0, 255, 255, 255, 255, 255, 17, 17, 17, 255]));
  assert.ok(found instanceof Uint8Array);
  assert.deepEqual([...found], [0, 255, 17]);
});
