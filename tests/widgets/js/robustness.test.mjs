// Robustness: amounts in words and the paper's estimate beside a slider.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { estimate, inWords } = await load("robustness");

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
